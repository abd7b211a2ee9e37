"""What a directory that is not loaded yet would do to open cases."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import click

from schemas.directory import Entry
from schemas.staffing import Directory
from services.common.runtime.connections import Connections
from services.common.store.codec import from_stored
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


async def forecast(parts: Connections, settings: Settings, entries: Iterable[Entry]) -> list[str]:
    """Each case that would move, with its number, from whom to whom and why, in the order of their numbers."""
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
    lines: list[str] = []
    for at in range(0, len(affected), AT_ONCE):
        cases = await _cases(documents, affected[at : at + AT_ONCE])
        await compile_versions(world.policies, parts, cases)
        lines += [line for case in cases for line in moves(case, world, open_cases)]
    return sorted(lines)


async def warn_of_outdated(documents: MongoDocuments) -> None:
    """Say where cases are left out because routing has not brought them to the present format."""
    async for _ in documents.outdated():
        click.echo("warning: some cases are in an earlier format and left out: start routing first", err=True)
        return


async def _cases(documents: MongoDocuments, keys: Sequence[UUID]) -> list[Case]:
    stored = await documents.load(keys)
    states = (from_stored(stored[key], Case).state for key in keys if key in stored)
    return [case for case in states if case]


async def compile_versions(policies: Policies, parts: Connections, cases: Sequence[Case]) -> None:
    """Compile the policy versions that the cases name."""
    wanted = {case.policy_key for case in cases} - policies.ready.keys()
    if not wanted:
        return
    for key, version in (await read_policies(parts)).compile(wanted).items():
        policies.put(key, version)


def moves(case: Case, world: World, open_cases: OpenCases) -> Iterator[str]:
    """What would become of a case, for people to read; the next is decided as if it were written."""
    if case.policy_key not in world.policies:
        yield f"{case.number}: waits for its policy {case.policy_key}, which is not published"
        return
    change = reassign(case, case.id, world)
    if change is None:
        return
    open_cases.put(OpenCase.of(change.state))
    yield from (f"{case.number}: {line}" for entry in change.history if (line := _describe(entry)))


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
