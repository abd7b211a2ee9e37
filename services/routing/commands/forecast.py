"""What a directory that is not loaded yet would do to open cases."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from schemas.directory import Entry
from schemas.staffing import Directory
from services.common.runtime.connections import Connections
from services.common.store.codec import from_stored
from services.common.store.mongo import MongoDocuments
from services.routing.domain.case import Case
from services.routing.domain.holding import misplaced
from services.routing.domain.ledger import Ledger
from services.routing.domain.policies import Policies
from services.routing.domain.reassignment import reassigned
from services.routing.domain.world import World
from services.routing.settings.environment import Settings
from services.routing.settings.policies import compile_policy
from services.routing.settings.severity import WEIGHTS
from services.routing.store import VERSIONS, held

AT_ONCE = 100


async def forecast(parts: Connections, settings: Settings, entries: Iterable[Entry]) -> list[str]:
    """Each case that would move, with its number, from whom to whom and why, in the order of their numbers."""
    directory, ledger = Directory(entries), Ledger(lambda _case: True)
    documents, affected = MongoDocuments(parts.database, "cases"), []
    async for one in held(documents):
        ledger.note(one.case, one.holds, one.at, one.running)
        if misplaced(one.holds, directory):
            affected.append(one.case)
    world = World(directory, Policies(default=settings.default_policy), ledger.workload, parts.clock.now())
    told: list[str] = []
    for at in range(0, len(affected), AT_ONCE):
        cases = await _cases(documents, affected[at : at + AT_ONCE])
        await _learn(world.policies, parts, settings, cases)
        told += [line for case in cases for line in moves(case, world, ledger)]
    return sorted(told)


async def _cases(documents: MongoDocuments, keys: Sequence[UUID]) -> list[Case]:
    stored = await documents.load(keys)
    found = (from_stored(stored[key], Case).state for key in keys if key in stored)
    return [case for case in found if case]


async def _learn(policies: Policies, parts: Connections, settings: Settings, cases: Sequence[Case]) -> None:
    """Compile the policy versions that the cases name."""
    wanted = {case.policy_key for case in cases} - policies.ready.keys()
    if not wanted:
        return
    table = await parts.table(VERSIONS)
    await table.stop()
    for key in wanted & table.entries.keys():
        published, weights = table.entries[key], settings.policies / "severity" / WEIGHTS
        policies.put(key, compile_policy(published.policy, weights, published.version))


def moves(case: Case, world: World, ledger: Ledger) -> Iterator[str]:
    """What would become of a case, in words; the next is decided with this one in other hands."""
    if case.policy_key not in world.policies:
        yield f"{case.number}: waits for its policy {case.policy_key}, which is not published"
        return
    change = reassigned(case, case.id, world)
    if change is None:
        return
    ledger.follow(change.state)
    for entry in change.history:
        said = entry.facts
        if entry.event == "case.reassigned":
            why = said["why"].replace("_", " ")
            yield f"{case.number}: {said['part']} {said['predecessor']} → {said['to']} ({why}, {said['step']})"
        elif entry.event == "case.unattended":
            yield f"{case.number}: {said['part']} {said['to']} has no members"
