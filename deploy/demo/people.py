"""The simulated staff: each reads the messages that arrive for them and acts, on time, late or never."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Container, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Literal

from deploy.demo.client import Client
from deploy.demo.duties import Colleague, Duty
from deploy.local.provider import FILE, Provider, Received
from deploy.local.tail import Tail
from schemas.directory import DirectoryFile, Person
from schemas.media import MEDIA
from services.common.runtime.clock import Clock

NUMBER = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-Z*~$=]")
PAUSE = 0.1

Manner = Literal["on time", "late", "never"]
USUAL: dict[Manner, float] = {"on time": 0.82, "late": 0.11, "never": 0.07}
NEGLECT: dict[Manner, float] = {"on time": 0.05, "late": 0.10, "never": 0.85}
Matter = tuple[str, str]
"""A person and a case number."""


@dataclass(frozen=True, slots=True)
class Habits:
    """The draws of one run. At the dealers' hardly anybody cares for a case whose number is `neglected`."""

    seed: int
    neglected: Container[str]

    def delay(self, person: Person, number: str, duty: Duty, nth: int) -> timedelta | None:
        """Business time until a person does a duty that is theirs for the `nth` time; None when they do not."""
        draws = Random(f"{self.seed}:{person.id}:{number}:{duty.action}:{nth}")
        shares = NEGLECT if number in self.neglected and _is_of_a_dealer(person) else USUAL
        [manner] = draws.choices(list(shares), list(shares.values()))
        match manner:
            case "on time":
                return duty.early + (duty.punctual - duty.early) * draws.random()
            case "late":
                return duty.late * (0.8 + 0.4 * draws.random())
            case "never":
                return None


def _is_of_a_dealer(person: Person) -> bool:
    return all(post.role != "mfr_cr" for post in person.posts)


@dataclass(slots=True)
class Staff:
    """Everybody, with the cases they attend to. `done` counts actions, `refused` the rules that forbade some."""

    client: Client
    clock: Clock
    directory: DirectoryFile
    habits: Habits
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _due: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _matters: dict[Matter, "asyncio.Task[None]"] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)

    async def work(self, providers: Sequence[Provider]) -> None:
        """Read and act until cancelled."""
        people = ((address, person) for person in self.directory.people for address in _addresses(person))
        by_address = dict(people)
        async with asyncio.TaskGroup() as group:
            async for address, number in arrivals(providers):
                if address in by_address:
                    self._take_up(group.create_task, by_address[address], number)

    def _take_up(self, start: Callable[..., "asyncio.Task[None]"], person: Person, number: str) -> None:
        """One task for each person and case; what arrives meanwhile is seen when they look at the case."""
        matter = person.id, number
        if matter not in self._matters or self._matters[matter].done():
            self._matters[matter] = start(self._attend(Colleague(person, self.directory.people), number))

    async def _attend(self, colleague: Colleague, number: str) -> None:
        """Do one duty after the other, until there is none or it is ignored."""
        case = await self._look(colleague, number)
        while case is not None and (duty := colleague.duty(case, self.clock.now())):
            delay = self._delay(colleague, number, duty)
            if delay is None:
                self.done["ignored"] += 1
                return
            await asyncio.sleep(self.clock.wall_seconds(delay))
            case = await self._do(colleague, number, duty)

    def _delay(self, colleague: Colleague, number: str, duty: Duty) -> timedelta | None:
        key = colleague.person.id, number, duty.action
        self._due[key] += 1
        return self.habits.delay(colleague.person, number, duty, self._due[key])

    async def _look(self, colleague: Colleague, number: str) -> dict[str, Any] | None:
        if number not in self._ids:
            case = await self.client.find(colleague.person.id, number)
            if case is None:
                return None
            self._ids[number] = case
        return await self.client.case(colleague.person.id, self._ids[number])

    async def _do(self, colleague: Colleague, number: str, meant: Duty) -> dict[str, Any] | None:
        """The case after the duty, or as it is when the duty has become pointless or was refused."""
        case = await self._look(colleague, number)
        duty = colleague.duty(case, self.clock.now()) if case is not None else None
        if case is None or duty is None or duty.action != meant.action:
            return case
        response = await self.client.act(colleague.person.id, case, duty.path, duty.body)
        body: dict[str, Any] = response.json()
        if response.is_success:
            self.done[duty.action] += 1
            return body
        self.refused[f"{duty.action}: {response.status_code} {body.get('rule', '')}".strip()] += 1
        return await self._look(colleague, number)


def _addresses(person: Person) -> list[str]:
    addresses = (getattr(person, spec.field) for spec in MEDIA.values())
    return [address.text for address in addresses if address]


async def arrivals(providers: Sequence[Provider]) -> AsyncIterator[tuple[str, str]]:
    """Address and case number of each message, as it arrives; never ends."""
    mailboxes = [Tail(provider.data / FILE) for provider in providers]
    while True:
        for line in (line for mailbox in mailboxes for line in mailbox.lines()):
            message = Received.model_validate_json(line)
            for number in dict.fromkeys(NUMBER.findall(f"{message.subject}\n{message.text}")):
                yield message.to, number
        await asyncio.sleep(PAUSE)
