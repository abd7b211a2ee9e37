"""What a directory that is not loaded yet would do to open cases."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import click

from schemas.directory import Entry
from schemas.staffing import Directory
from services.common.runtime.connections import Connections
from services.common.store.codec import from_stored, readable
from services.common.store.decision import Entry as HistoryEntry
from services.common.store.mongo import MongoDocuments
from services.routing.domain.case import Case
from services.routing.domain.open_cases import OpenCase, OpenCases
from services.routing.domain.policies import Policies
from services.routing.domain.reassignment import reassign
from services.routing.domain.responsibilities import is_misplaced
from services.routing.domain.world import World
from services.routing.settings import Settings
from services.routing.store.announced import read_policies
from services.routing.store.cases import read_open_cases

AT_ONCE = 100
NOBODYS = ("case.unattended", "owner")


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """What would become of the case of a number; `is_nobodys` where its owner would be a queue without members."""

    number: str
    what: str
    is_nobodys: bool = False

    def __str__(self) -> str:
        return f"{self.number}: {self.what}"


async def forecast(parts: Connections, settings: Settings, entries: Iterable[Entry]) -> list[Move]:
    """Each case that would move, from whom to whom and why, in the order of their numbers."""
    directory, open_cases = Directory(entries), OpenCases(lambda _case: True)
    documents, affected = MongoDocuments(parts.database, "cases"), []
    await warn_of_outdated(documents)
    async for case in read_open_cases(documents):
        open_cases.put(case)
        if is_misplaced(case.responsibilities, directory):
            affected.append(case.id)
    world = World(
        directory, Policies(default=settings.default_policy), open_cases.workload, parts.clock.now()
    )
    expected: list[Move] = []
    for at in range(0, len(affected), AT_ONCE):
        cases = await load_cases(documents, affected[at : at + AT_ONCE])
        await compile_versions(world.policies, parts, cases)
        expected += [move for case in cases for move in moves(case, world, open_cases)]
    return sorted(expected)


async def warn_of_outdated(documents: MongoDocuments) -> None:
    """Say where cases are left out because routing has not brought them to the present format."""
    async for _ in documents.outdated():
        click.echo("warning: some cases are in an earlier format and left out: start routing first", err=True)
        return


async def load_cases(documents: MongoDocuments, keys: Sequence[UUID]) -> list[Case]:
    """The cases of these keys; one that cannot be read is left out, and logged."""
    stored = await documents.load(keys)
    found = (readable(str(key), partial(from_stored, stored[key], Case)) for key in keys if key in stored)
    return [document.state for document in found if document and document.state]


async def compile_versions(policies: Policies, parts: Connections, cases: Sequence[Case]) -> None:
    """Compile the policy versions that the cases name."""
    wanted = {case.policy_key for case in cases} - policies.ready.keys()
    if not wanted:
        return
    for key, version in (await read_policies(parts)).compile(wanted).items():
        policies.put(key, version)


def moves(case: Case, world: World, open_cases: OpenCases) -> Iterator[Move]:
    """What would become of a case; the next is decided as if it were written."""
    if case.policy_key not in world.policies:
        yield Move(case.number, f"waits for its policy {case.policy_key}, which is not published")
        return
    change = reassign(case, case.id, world)
    if change is None:
        return
    open_cases.put(OpenCase.of(change.state))
    for entry in change.history:
        if what := _describe(entry):
            yield Move(case.number, what, (entry.event, entry.facts.get("part")) == NOBODYS)


def _describe(entry: HistoryEntry) -> str:
    """What an entry of the history says of who has the case; nothing of others."""
    facts = entry.facts
    match entry.event:
        case "case.reassigned":
            why = facts["why"].replace("_", " ")
            return f"{facts['part']} {facts['predecessor']} → {facts['to']} ({why}, {facts['step']})"
        case "case.task_sent":
            return f"task {facts['task']} → {facts['to']} ({facts['step']})"
        case "case.unattended":
            return f"{facts['part']} {facts['to']} has no members"
    return ""
