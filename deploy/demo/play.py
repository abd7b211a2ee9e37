"""The play in its acts: calls come in, people act, services are killed, clocks run out, everything is audited."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from deploy.demo.api import Api, signer
from deploy.demo.calls import Accepted, post
from deploy.demo.cast import Cast
from deploy.demo.complaints import Telling
from deploy.demo.evidence import Evidence, gather
from deploy.demo.progress import Progress
from deploy.demo.quiet import quiet
from deploy.demo.stage import Stage
from deploy.demo.tape import Tape, followed
from deploy.demo.temper import Temper
from schemas import cases, deadlines, deliveries
from schemas.directory import DirectoryFile

EVERY_NEGLECTED = 8
CALLING = 0.45
ACTING = 0.88
KILLS = ((0.06, "intake"), (0.16, "routing"), (0.3, "notify"), (0.5, "sla"))
GLANCE = 0.5
ZONE = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Script:
    """Who complains, who works there, and how long the play goes on in business time.

    Calls come in during the share CALLING of it, people act until ACTING; then clocks run on alone.
    """

    told: Sequence[Telling]
    directory: DirectoryFile
    span: timedelta
    seed: int


@dataclass(slots=True)
class Play:
    """A running play."""

    script: Script
    stage: Stage
    tape: Tape
    progress: Progress
    neglected: set[str] = field(default_factory=set)
    accepted: list[Accepted] = field(default_factory=list)
    cast: Cast | None = None

    async def acts(self) -> Evidence:
        """From the first call to the last message; what happened comes out."""
        async with followed(self.tape), self.shown():
            await self._days()
            await self.stage.services["sla"].stop()
            await quiet(self.stage)
        self.progress.done("clocks stopped, all that was to be said has arrived")
        people = frozenset(one.id for one in self.script.directory.people)
        evidence = await gather(self.stage, self.tape, self.accepted, people)
        await asyncio.gather(
            *(service.stop() for name, service in self.stage.services.items() if name != "sla")
        )
        self.progress.done("topics, store and messages read; services ended in order")
        return evidence

    async def _days(self) -> None:
        async with (
            httpx.AsyncClient(base_url=self.stage.services["intake"].url, timeout=10) as door,
            httpx.AsyncClient(base_url=self.stage.services["routing"].url, timeout=10) as desk,
        ):
            sign = signer(self.stage.token)
            temper = Temper(self.script.seed, self.neglected)
            self.cast = Cast(Api(desk, sign), self.stage.clock, self.script.directory, temper)
            async with asyncio.TaskGroup() as group:
                living = group.create_task(self.cast.live((self.stage.mail, self.stage.sms)))
                group.create_task(self._calls(Api(door, sign)))
                group.create_task(self._kills())
                await self._wait(ACTING)
                living.cancel()
            self.progress.done("people acted: " + _counts(self.cast.done))
        await self._wait(1 - ACTING)
        self.progress.done("nobody acted any more, clocks ran on")

    async def _wait(self, share: float) -> None:
        await asyncio.sleep(self._seconds(share))

    def _seconds(self, share: float) -> float:
        return self.stage.clock.wall_seconds(self.script.span * share)

    async def _calls(self, api: Api) -> None:
        gap = self._seconds(CALLING) / len(self.script.told)
        async for one in post(api, self.stage.clock, self.script.told, gap):
            self.accepted.append(one)
            if len(self.accepted) % EVERY_NEGLECTED == 3:
                self.neglected.add(one.number)
        self.progress.say(f"{len(self.script.told)} complaints accepted")

    async def _kills(self) -> None:
        passed = 0.0
        for share, name in KILLS:
            await self._wait(share - passed)
            passed = share
            self.progress.say(f"kill -9 {name}")
            await self.stage.kill(name)
            self.progress.say(f"{name} is back")

    def numbers(self) -> str:
        """The present numbers in one line."""
        records = self.tape.records
        told = Counter(one.type for topic in (cases.TOPIC, deadlines.TOPIC) for one in records[topic])
        sent = sum(one.result == "sent" for one in records[deliveries.TOPIC])
        acts = self.cast.done.total() - self.cast.done["ignored"] if self.cast else 0
        return (
            f"{self.stage.clock.now() + ZONE:%a %H:%M}: {told['case.opened']} cases, {acts} actions, "
            f"clocks {told['deadline.met']} met {told['deadline.breached']} breached, {sent} messages"
        )

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """The numbers are told while the block runs."""
        task = asyncio.create_task(self._tell())
        try:
            yield
        finally:
            task.cancel()

    async def _tell(self) -> None:
        while True:
            self.progress.now(self.numbers())
            await asyncio.sleep(GLANCE)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
