"""The people of the directory: each reads what arrives for him and acts as himself, on time, late or never."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from deploy.demo.api import Api
from deploy.demo.duties import Colleague, Duty
from deploy.demo.mailbox import arrivals
from deploy.demo.temper import Temper
from deploy.local.provider import Provider
from schemas.directory import DirectoryFile, Person
from services.common.runtime.clock import Clock

Matter = tuple[str, str]
"""A person and a case number."""


@dataclass(slots=True)
class Cast:
    """Everybody, with what each has in hand. `done` counts actions, `refused` the rules that forbade some."""

    api: Api
    clock: Clock
    directory: DirectoryFile
    temper: Temper
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _asked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _matters: dict[Matter, "asyncio.Task[None]"] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)

    async def live(self, providers: Sequence[Provider]) -> None:
        """Read and act until cancelled."""
        known = ((address, one) for one in self.directory.people for address in (one.email, one.phone))
        by_address = {address.text: one for address, one in known if address}
        async with asyncio.TaskGroup() as group:
            async for address, number in arrivals(providers):
                if address in by_address:
                    self._take_up(group.create_task, by_address[address], number)

    def _take_up(self, start: Callable[..., "asyncio.Task[None]"], person: Person, number: str) -> None:
        """One thing at a time for each case; what arrives meanwhile is seen when he looks."""
        matter = person.id, number
        if matter not in self._matters or self._matters[matter].done():
            self._matters[matter] = start(self._attend(Colleague(person, self.directory.people), number))

    async def _attend(self, one: Colleague, number: str) -> None:
        """Do one duty after the other, until there is none or he lets it lie."""
        case = await self._look(one, number)
        while case is not None and (duty := one.duty(case, self.clock.now())):
            wait = self._wait(one, number, duty)
            if wait is None:
                self.done["ignored"] += 1
                return
            await asyncio.sleep(self.clock.wall_seconds(wait))
            case = await self._do(one, number, duty)

    def _wait(self, one: Colleague, number: str, duty: Duty) -> timedelta | None:
        asked = one.person.id, number, duty.action
        self._asked[asked] += 1
        return self.temper.wait(one.person, number, duty, self._asked[asked])

    async def _look(self, one: Colleague, number: str) -> dict[str, Any] | None:
        if number not in self._ids:
            found = await self.api.find(one.person.id, number)
            if found is None:
                return None
            self._ids[number] = found
        return await self.api.case(one.person.id, self._ids[number])

    async def _do(self, one: Colleague, number: str, meant: Duty) -> dict[str, Any] | None:
        """The case after what he meant to do, or as it is when that has become pointless."""
        case = await self._look(one, number)
        duty = one.duty(case, self.clock.now()) if case is not None else None
        if case is None or duty is None or duty.action != meant.action:
            return case
        answer = await self.api.act(one.person.id, case, duty.action, duty.body)
        told: dict[str, Any] = answer.json()
        if answer.is_success:
            self.done[duty.action] += 1
            return told
        self.refused[f"{duty.action}: {answer.status_code} {told.get('rule', '')}".strip()] += 1
        return await self._look(one, number)
