"""The play: contacts come in, people act, services are killed, deadlines pass, and everything is audited."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from deploy.demo.client import Client, signer
from deploy.demo.complaints import Accepted, Contact, post
from deploy.demo.environment import Environment
from deploy.demo.evidence import Evidence, gather
from deploy.demo.idle import watching
from deploy.demo.people import Habits, Staff
from deploy.demo.progress import Progress
from deploy.demo.recorder import Recorder, following
from schemas import cases, deadlines, deliveries
from schemas.directory import DirectoryFile

NEGLECTED = 8
POSTING = 0.45
ACTING = 0.88
KILLS = ((0.06, "intake"), (0.16, "routing"), (0.3, "notify"), (0.5, "sla"))
PAUSE = 0.5
ZONE = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Script:
    """Who complains, who works there, and how long the play goes on in business time.

    Contacts come in during the share POSTING of it, people act until ACTING; then deadlines pass unanswered.
    """

    contacts: Sequence[Contact]
    directory: DirectoryFile
    span: timedelta
    seed: int


@dataclass(slots=True)
class Play:
    """A running play."""

    script: Script
    environment: Environment
    recorder: Recorder
    progress: Progress
    neglected: set[str] = field(default_factory=set)
    accepted: list[Accepted] = field(default_factory=list)
    staff: Staff | None = None

    async def run(self) -> Evidence:
        """Everything that happened, from the first contact to the last message."""
        services = self.environment.services
        async with following(self.recorder), self._showing_numbers():
            await self._days()
            await services["sla"].stop()
            async with watching(self.environment) as idle:
                await idle.wait(stopped=("sla",))
        self.progress.done("sla stopped, every event is handled and every message has arrived")
        people = frozenset(person.id for person in self.script.directory.people)
        evidence = await gather(self.environment, self.recorder, self.accepted, people)
        await asyncio.gather(*(service.stop() for name, service in services.items() if name != "sla"))
        self.progress.done("topics, store and messages read; services ended in order")
        return evidence

    async def _days(self) -> None:
        services = self.environment.services
        async with (
            httpx.AsyncClient(base_url=services["intake"].url, timeout=10) as intake,
            httpx.AsyncClient(base_url=services["routing"].url, timeout=10) as routing,
        ):
            sign = signer(self.environment.token)
            habits = Habits(self.script.seed, self.neglected)
            self.staff = Staff(Client(routing, sign), self.environment.clock, self.script.directory, habits)
            async with asyncio.TaskGroup() as group:
                working = group.create_task(self.staff.work((self.environment.mail, self.environment.sms)))
                group.create_task(self._post(Client(intake, sign)))
                group.create_task(self._kill())
                await self._wait(ACTING)
                working.cancel()
            self.progress.done("people acted: " + _counts(self.staff.done))
        await self._wait(1 - ACTING)
        self.progress.done("nobody acted any more, deadlines passed")

    async def _wait(self, share: float) -> None:
        await asyncio.sleep(self._seconds(share))

    def _seconds(self, share: float) -> float:
        return self.environment.clock.wall_seconds(self.script.span * share)

    async def _post(self, client: Client) -> None:
        gap = self._seconds(POSTING) / len(self.script.contacts)
        async for accepted in post(client, self.environment.clock, self.script.contacts, gap):
            self.accepted.append(accepted)
            if len(self.accepted) % NEGLECTED == 3:
                self.neglected.add(accepted.number)
        self.progress.note(f"{len(self.script.contacts)} complaints accepted")

    async def _kill(self) -> None:
        passed = 0.0
        for share, name in KILLS:
            await self._wait(share - passed)
            passed = share
            self.progress.note(f"kill -9 {name}")
            await self.environment.kill(name)
            self.progress.note(f"{name} is back")

    @asynccontextmanager
    async def _showing_numbers(self) -> AsyncIterator[None]:
        """Show the present numbers while the block runs."""
        task = asyncio.create_task(self._show_numbers())
        try:
            yield
        finally:
            task.cancel()

    async def _show_numbers(self) -> None:
        while True:
            self.progress.show(self._numbers())
            await asyncio.sleep(PAUSE)

    def _numbers(self) -> str:
        """The present numbers in one line."""
        records = self.recorder.records
        events = Counter(event.type for topic in (cases.TOPIC, deadlines.TOPIC) for event in records[topic])
        sent = sum(event.result == "sent" for event in records[deliveries.TOPIC])
        actions = self.staff.done.total() - self.staff.done["ignored"] if self.staff else 0
        return (
            f"{self.environment.clock.now() + ZONE:%a %H:%M}: {events['case.opened']} cases, {actions} actions, "
            f"deadlines {events['deadline.met']} met {events['deadline.breached']} breached, {sent} messages"
        )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
