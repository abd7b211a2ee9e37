"""Lets open cases go on by the version that new cases follow: explicitly, each recorded, or refused by name."""

from collections.abc import AsyncIterator, Collection, Sequence
from uuid import uuid4

import click

from deploy.policy.source import version_of
from schemas import cases, directory, policies
from schemas.staffing import Directory
from services.common.runtime.connections import Connections, connected
from services.common.runtime.error_texts import describe
from services.common.runtime.failures import PATIENCE
from services.common.store.decision import Cause, Outcome
from services.common.store.mongo import MongoDocuments
from services.common.store.write_path import Store
from services.routing.commands.forecast import warn_of_outdated
from services.routing.domain.case import Case
from services.routing.domain.draft import ESCALATIONS
from services.routing.domain.open_cases import OpenCase, OpenCases
from services.routing.domain.policies import Policies
from services.routing.domain.rebase import Rebase
from services.routing.domain.world import World
from services.routing.handlers import revive
from services.routing.settings import Settings
from services.routing.store.announced import PEOPLE, PublishedPolicies, read_policies
from services.routing.store.cases import Cases, read_open_cases

AT_ONCE = 100
TOPICS = (cases.TOPIC, ESCALATIONS, directory.TOPIC, policies.TOPIC)


async def rebase_cases(
    settings: Settings, policy: str, names: Collection[str], by: str, reason: str
) -> AsyncIterator[tuple[str, str]]:
    """Each case with why it was refused, empty where it goes on by the current version of its policy.

    `names` are ids or numbers; without them, all open cases of the policy that go by another version.
    """
    async with connected("routing", settings, list(TOPICS), PATIENCE) as parts:
        published = await read_policies(parts)
        current = current_of(policy, published)
        documents = MongoDocuments(parts.database, "cases", "case_history")
        await warn_of_outdated(documents)
        open_cases, chosen = await _chosen(documents, policy, current, names)
        changing = await _changing(parts, settings, documents, published, open_cases)
        rebase = Rebase(policy_key=current, by=by, reason=reason)
        for at in range(0, len(chosen), AT_ONCE):
            # An operator's command has no cause before it, hence one of its own each time.
            causes = [Cause(one.id, uuid4(), rebase) for one in chosen[at : at + AT_ONCE]]
            for outcome in await changing.change_apart(causes):
                yield _name(outcome), _why_not(outcome)
            await parts.publisher.flush()


def current_of(policy: str, published: PublishedPolicies) -> str:
    """The name of the version that new cases of a policy follow; raises ClickException where there is none to go by."""
    if policy not in published.current:
        there = ", ".join(sorted(published.current)) or "none"
        raise click.ClickException(
            f"{policy}: should be a policy of which a version is current, as its id: {there}"
        )
    version_of(policy, published)
    return published.current[policy].key


async def _chosen(
    documents: MongoDocuments, policy: str, current: str, names: Collection[str]
) -> tuple[OpenCases, Sequence[OpenCase]]:
    """All open cases, and those of them that are to be re-based; raises ClickException where a name is none."""
    open_cases, wanted = OpenCases(lambda _case: True), await _ids(documents, names)
    async for case in read_open_cases(documents):
        open_cases.put(case)
    of_policy = [one for one in open_cases.cases.values() if one.policy_key.startswith(f"{policy}@")]
    there = {str(one.id) for one in of_policy}
    if missing := sorted(name for name, key in wanted.items() if key not in there):
        raise click.ClickException(f"no open cases of policy {policy}: {', '.join(missing)}")
    ids = set(wanted.values())
    behind = (one for one in of_policy if one.policy_key != current)
    return open_cases, [one for one in behind if not names or str(one.id) in ids]


async def _ids(documents: MongoDocuments, names: Collection[str]) -> dict[str, str]:
    """The ids of cases that are named by id or number."""
    numbers = {name.strip().upper(): name for name in names}
    query = {"state.number": {"$in": sorted(numbers)}}
    by_number = {
        numbers[stored["state"]["number"]]: stored["_id"]
        async for stored in documents.find(query, ["state.number"])
    }
    return {name: by_number.get(name, name) for name in names}


async def _changing(
    parts: Connections,
    settings: Settings,
    documents: MongoDocuments,
    published: PublishedPolicies,
    open_cases: OpenCases,
) -> Cases:
    """The one write path of cases, deciding as routing does."""
    people = await parts.table(PEOPLE)
    await people.stop()
    known = Policies(default=settings.default_policy)
    wanted = {one.policy_key for one in open_cases.cases.values()}
    wanted |= {one.key for one in published.current.values()}
    for name, version in published.compile(wanted).items():
        known.put(name, version)
    directory = Directory(people.entries.values())

    def world() -> World:
        return World(directory, known, open_cases.workload, parts.clock.now())

    store = Store(Case, documents, parts.publisher, parts.clock.now, parts.conflicted, revive)
    return Cases(store, world, open_cases)


def _name(outcome: Outcome[Case, Rebase]) -> str:
    return outcome.state.number if outcome.state else str(outcome.cause.key)


def _why_not(outcome: Outcome[Case, Rebase]) -> str:
    """Why a case does not go on by the version; empty where it does."""
    if outcome.refusal is not None:
        return outcome.refusal.detail
    if outcome.error is not None:
        return describe(outcome.error)
    if outcome.kind == "waiting":
        return f"the version {outcome.awaits} by which it goes is not published"
    return "" if outcome.kind == "applied" else "it is over, or goes by that version already"
