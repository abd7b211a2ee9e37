"""`redress history verify` and `redress resync`: one case by its id or number."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import click

from schemas import cases, directory
from schemas.staffing import Directory
from services.common.runtime.connections import Connections, connected
from services.common.runtime.error_texts import describe
from services.common.runtime.failures import PATIENCE
from services.common.store import history as chain
from services.common.store.codec import from_stored
from services.common.store.decision import Cause
from services.common.store.document import Document
from services.common.store.mongo import MongoDocuments, MongoRecords
from services.common.store.write_path import Store
from services.routing.commands.forecast import AT_ONCE, compile_versions, load_cases
from services.routing.domain.assignment import Workload
from services.routing.domain.case import Case
from services.routing.domain.decide import Resync, decide
from services.routing.domain.policies import Policies
from services.routing.domain.seals import seal
from services.routing.domain.world import World
from services.routing.handlers import revive
from services.routing.settings import Settings
from services.routing.store.announced import PEOPLE, VERSIONS
from services.routing.store.texts import Records


@click.group()
def history() -> None:
    """What happened to a case, entry by entry."""


@history.command()
@click.argument("case")
def verify(case: str) -> None:
    """Check every hash of the history of CASE, and that its texts are those that were sealed."""
    count, wrong = asyncio.run(_verify(Settings(), case))
    if wrong:
        raise click.ClickException("\n".join(wrong))
    click.echo(f"{case}: {count} entries verify")


@click.command()
@click.argument("case", required=False)
@click.option("--all", "everything", is_flag=True, help="Every case, instead of one.")
def resync(case: str | None, *, everything: bool) -> None:
    """Publish CASE, or with --all every case, as it is to every service, after one of them missed something."""
    if bool(case) == everything:
        raise click.ClickException("give a CASE, by its id or number, or --all")
    count, failed = asyncio.run(_resync(Settings(), case or ""))
    if failed:
        raise click.ClickException("\n".join([f"{count} cases published anew, but not these:", *failed]))
    click.echo(f"{case or f'{count} cases'}: published anew")


async def _verify(settings: Settings, name: str) -> tuple[int, list[str]]:
    async with connected("routing", settings, [], PATIENCE) as parts:
        documents = _documents(parts)
        document = await _find(documents, name)
        entries = {entry["number"]: entry for entry in await documents.past(document.key)}
        whole = [*(entries | {entry["number"]: entry for entry in document.history.entries}).values()]
        broken = chain.broken(whole, document.history.head)
        wrong = [] if broken is None else [f"{name}: entry {broken} does not verify"]
        for kind in ("text", "customer"):
            wrong += await _unsealed(MongoRecords(parts.database, f"{kind}s"), whole, kind)
    return len(whole), wrong


async def _unsealed(records: Records, entries: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    """Texts that are not what was sealed; those erased are nobody's to check any more."""
    sealed = {entry["facts"][kind]: entry for entry in entries if kind in entry["facts"]}
    kept = await records.get(list(sealed))
    return [
        f"entry {sealed[key]['number']}: the {kind} kept is not the one that was sealed"
        for key, record in kept.items()
        if seal(bytes.fromhex(record["key"]), record["words"]) != sealed[key]["facts"][f"{kind}_seal"]
    ]


async def _resync(settings: Settings, name: str) -> tuple[int, list[str]]:
    """How many cases were published anew, and which could not be, each with why; all of them where none is named."""
    topics = [cases.TOPIC, directory.TOPIC, VERSIONS.topic]
    async with connected("routing", settings, topics, PATIENCE) as parts:
        documents, policies = _documents(parts), Policies()
        keys = [(await _find(documents, name)).key] if name else await _keys(documents)
        async with asyncio.timeout(PATIENCE):
            people = await parts.table(PEOPLE)
        await people.stop()
        world = World(Directory(people.entries.values()), policies, Workload(), parts.clock.now())
        store = Store(Case, documents, parts.publisher, parts.clock.now, parts.conflicted, revive)
        failed: list[str] = []
        for at in range(0, len(keys), AT_ONCE):
            loaded = await load_cases(documents, keys[at : at + AT_ONCE])
            await compile_versions(policies, parts, loaded)
            failed += [
                f"{case.number}: its policy {case.policy_key} is not published"
                for case in loaded
                if case.policy_key not in policies
            ]
            causes = [Cause(case.id, uuid4(), Resync()) for case in loaded if case.policy_key in policies]
            outcomes = await store.change_many(causes, lambda case, cause: decide(case, cause, world))
            failed += [f"{one.cause.key}: {describe(one.error)}" for one in outcomes if one.error]
        await parts.publisher.flush()
    return len(keys) - len(failed), failed


async def _keys(documents: MongoDocuments) -> list[UUID]:
    return [UUID(stored["_id"]) async for stored in documents.find({}, ["_id"])]


def _documents(parts: Connections) -> MongoDocuments:
    return MongoDocuments(parts.database, "cases", "case_history")


async def _find(documents: MongoDocuments, name: str) -> Document[Case]:
    try:
        query: dict[str, str] = {"_id": str(UUID(name))}
    except ValueError:
        query = {"state.number": name.strip().upper()}
    async for stored in documents.find(query, ["_id"]):
        key = UUID(stored["_id"])
        return from_stored((await documents.load([key]))[key], Case)
    raise click.ClickException(f"{name}: no such case; give its id or its number")
