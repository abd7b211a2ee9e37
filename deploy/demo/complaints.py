"""The labelled complaints, and the contacts that operators make of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from pydantic import TypeAdapter

from schemas.base import Frozen
from schemas.contacts import Channel, Department, Language
from schemas.directory import DirectoryFile, Franchise
from schemas.severity import Level

FILE = Path(__file__).with_name("complaints.json")
SPOKEN: frozenset[Channel] = frozenset({"call_centre_new", "call_centre_repeat", "onsite", "verbal"})
# Most are typed in while the customer speaks; some lay in a drawer, and some came by slow mail.
AGES = (
    (0.82, timedelta(minutes=1), timedelta(minutes=25)),
    (0.10, timedelta(hours=2), timedelta(hours=6)),
    (0.08, timedelta(hours=14), timedelta(hours=22)),
)


class Complaint(Frozen):
    """One complaint told in two languages, with what it should be judged as."""

    id: str
    channel: Channel
    level: Level
    criteria: tuple[str, ...]
    narrative_zh: str
    narrative_en: str


@dataclass(frozen=True, slots=True)
class Telling:
    """One complaint in one language, told at one shop; `age` is how long ago the customer spoke."""

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
        """Who posts it: the operator who heard it, or the machine that took it in."""
        return self.operator or "demo-inbox"

    def body(self, received_at: str, number: int) -> dict[str, Any]:
        """What is posted; the customer is as fictional as his telephone number."""
        return {
            "channel": self.complaint.channel,
            "shop": self.franchise.shop,
            "department": self.department,
            "received_at": received_at,
            "received_by": self.operator,
            "customer": {
                "name": f"顾客{number:03d}" if self.language == "zh" else f"Customer {number:03d}",
                "phone": f"+86 100 0001 {number:04d}",
                "email": f"customer{number:03d}@redress.example" if number % 3 else "",
                "language": self.language,
            },
            "vehicle": {"brand": self.franchise.brand, "plate": f"DEMO-{number:03d}"},
            "narrative": self.complaint.narrative_zh
            if self.language == "zh"
            else self.complaint.narrative_en,
        }


def complaints(file: Path = FILE) -> tuple[Complaint, ...]:
    """All labelled complaints."""
    return TypeAdapter(tuple[Complaint, ...]).validate_python(json.loads(file.read_text("utf-8")))


def tellings(directory: DirectoryFile, draws: Random) -> Iterator[Telling]:
    """Every complaint in Chinese and in English, in mixed order, at shops drawn by chance."""
    languages: tuple[Language, ...] = ("zh", "en")
    told = [(complaint, language) for complaint in complaints() for language in languages]
    draws.shuffle(told)
    for complaint, language in told:
        franchise = draws.choice(directory.franchises)
        department: Department = draws.choice(("sales", "after_sales", "after_sales"))
        heard = complaint.channel in SPOKEN
        operator = draws.choice(_operators(directory, franchise.shop)) if heard else None
        yield Telling(complaint, language, franchise, department, operator, _age(draws))


def _operators(directory: DirectoryFile, shop: str) -> list[str]:
    return [
        one.id for one in directory.people for post in one.posts if (post.at, post.role) == (shop, "operator")
    ]


def _age(draws: Random) -> timedelta:
    [(_, youngest, oldest)] = draws.choices(AGES, [share for share, _, _ in AGES])
    return youngest + (oldest - youngest) * draws.random()
