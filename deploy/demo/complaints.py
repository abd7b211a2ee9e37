"""The labelled complaints, the contacts that operators make of them, and how these are posted."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from pydantic import TypeAdapter

from deploy.demo.client import Client
from schemas.base import Frozen, instant, stamp
from schemas.contacts import Language
from schemas.directory import DirectoryFile, Franchise
from schemas.vocabulary import Channel, Department, Level
from services.common.runtime.clock import Clock

FILE = Path(__file__).with_name("complaints.json")
SPOKEN: frozenset[Channel] = frozenset({"call_centre_new", "call_centre_repeat", "onsite"})
# Most are typed in while the customer speaks; some lay in a drawer, and some came by slow mail.
AGES = (
    (0.82, timedelta(minutes=1), timedelta(minutes=25)),
    (0.10, timedelta(hours=2), timedelta(hours=6)),
    (0.08, timedelta(hours=14), timedelta(hours=22)),
)
POSTED_TWICE = 10


class NotAcceptedError(Exception):
    """Intake refused a contact that is in order."""


class Complaint(Frozen):
    """One complaint in two languages, with the severity that it should be judged as."""

    id: str
    channel: Channel
    level: Level
    criteria: tuple[str, ...]
    narrative_zh: str
    narrative_en: str


@dataclass(frozen=True, slots=True)
class Contact:
    """One complaint in one language, received at one shop; `age` is how long ago the customer spoke."""

    complaint: Complaint
    language: Language
    franchise: Franchise
    department: Department
    operator: str | None
    age: timedelta

    @property
    def name(self) -> str:
        return f"{self.complaint.id}-{self.language}"

    @property
    def caller(self) -> str:
        """Who posts it: the operator who received it, or the machine that took it in."""
        return self.operator or "demo-inbox"

    def body(self, received_at: str, number: int) -> dict[str, Any]:
        """What is posted; the customer and the telephone number are invented."""
        chinese = self.language == "zh"
        return {
            "channel": self.complaint.channel,
            "shop": self.franchise.shop,
            "department": self.department,
            "received_at": received_at,
            "received_by": self.operator,
            "customer": {
                "name": f"顾客{number:03d}" if chinese else f"Customer {number:03d}",
                "phone": f"+86 100 0001 {number:04d}",
                "email": f"customer{number:03d}@redress.example" if number % 3 else "",
                "language": self.language,
            },
            "vehicle": {"brand": self.franchise.brand, "plate": f"DEMO-{number:03d}"},
            "narrative": self.complaint.narrative_zh if chinese else self.complaint.narrative_en,
        }


@dataclass(frozen=True, slots=True)
class Accepted:
    """A contact with the id and the number of its case."""

    contact: Contact
    case_id: str
    number: str


def complaints(file: Path = FILE) -> tuple[Complaint, ...]:
    """All labelled complaints."""
    return TypeAdapter(tuple[Complaint, ...]).validate_python(json.loads(file.read_text("utf-8")))


def draw_contacts(directory: DirectoryFile, draws: Random) -> Iterator[Contact]:
    """Every complaint in Chinese and in English, in mixed order, at shops drawn by chance."""
    languages: tuple[Language, ...] = ("zh", "en")
    pairs = [(complaint, language) for complaint in complaints() for language in languages]
    draws.shuffle(pairs)
    for complaint, language in pairs:
        franchise = draws.choice(directory.franchises)
        department: Department = draws.choice(("sales", "after_sales", "after_sales"))
        operators = _operators(directory, franchise.shop)
        operator = draws.choice(operators) if complaint.channel in SPOKEN else None
        yield Contact(complaint, language, franchise, department, operator, _draw_age(draws))


def _operators(directory: DirectoryFile, shop: str) -> list[str]:
    return [
        person.id
        for person in directory.people
        for post in person.posts
        if (post.at, post.role) == (shop, "operator")
    ]


def _draw_age(draws: Random) -> timedelta:
    [(_, youngest, oldest)] = draws.choices(AGES, [share for share, _, _ in AGES])
    return youngest + (oldest - youngest) * draws.random()


async def post(
    client: Client, clock: Clock, contacts: Sequence[Contact], gap: float
) -> AsyncIterator[Accepted]:
    """Each acceptance as it comes; `gap` seconds lie between two contacts.

    Every tenth is posted again with the same key, as by somebody who did not trust the first answer.
    """
    for number, contact in enumerate(contacts, start=1):
        body = contact.body(stamp(instant(clock.now() - contact.age)), number)
        for _ in range(2 if number % POSTED_TWICE == 0 else 1):
            key = {"Idempotency-Key": contact.name}
            response = await client.request(contact.caller, "POST", "/v1/contacts", key, json=body)
            if response.status_code != 202:
                raise NotAcceptedError(f"{contact.name}: {response.status_code} {response.text}")
            answer = response.json()
            yield Accepted(contact, answer["case_id"], answer["case_number"])
        await asyncio.sleep(gap)
