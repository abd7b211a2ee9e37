"""`redress policy`: check, compare and publish the rules of a manufacturer."""

import asyncio
import getpass
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from deploy.policy.difference import describe_change
from deploy.policy.past_cases import read_past_cases
from deploy.policy.rebase import rebase_cases
from deploy.policy.replay import Replay, Replayed
from deploy.policy.source import load, reading_policies, version_of
from deploy.severity.overreach import find_overreach, ordinary_texts
from schemas import directory, policies
from schemas.policies import Policy, PublishedPolicy
from schemas.staffing import Directory
from services.common.runtime.connections import connected
from services.common.runtime.failures import PATIENCE
from services.common.runtime.files import folders
from services.common.store.mongo import MongoDocuments
from services.notify.domain.texts import TextError
from services.notify.store import NoticeFiles
from services.routing.domain.current_version import Publication
from services.routing.settings import POLICIES, Settings
from services.routing.store.announced import (
    COLLECTION,
    PAGES,
    PEOPLE,
    PublishedPolicies,
    make_current,
    policies_in_use,
    publish_version,
    read_policies,
)
from services.routing.store.policy_files import compile_policy, load_policy
from services.routing.store.severity_files import load_lexicon, load_reader, load_severity
from services.sla.settings import load_public_days

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
BY = click.option(
    "--by", default=getpass.getuser, help="Who decides so; kept as well. By default who is logged in."
)


@click.group()
def policy() -> None:
    """Policies: the rules of a manufacturer as data."""


@policy.command()
@click.argument("paths", metavar="[FOLDER]...", nargs=-1, type=FOLDER)
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...]) -> None:
    """Check the policy in each FOLDER; without FOLDER all that are shipped, and the lexicon.

    Prints every mistake.
    """
    mistakes = [mistake for path in paths or folders(POLICIES) for mistake in _mistakes(path)]
    mistakes += [] if paths else _lexicon_mistakes()
    for mistake in mistakes:
        click.echo(mistake, err=True)
    context.exit(bool(mistakes))


def _mistakes(path: Path) -> Iterator[str]:
    """What routing would refuse of a policy, then what notify could not send; prints the version if there is nothing."""
    try:
        loaded = load_policy(path)
        NoticeFiles(path.parent).check(path)
    except (ValueError, TextError) as error:
        yield str(error)
    else:
        click.echo(f"{path}: {loaded.id}@{loaded.version}")


def _lexicon_mistakes() -> Iterator[str]:
    """What cannot be read of the lexicon, or else what of it finds grave matters in ordinary complaints."""
    try:
        severity = load_severity()
        yield from find_overreach(load_lexicon(), severity, ordinary_texts(severity))
    except ValueError as error:
        yield str(error)


@policy.command()
@click.argument("new")
@click.argument("old", required=False)
def diff(new: str, old: str | None) -> None:
    """Say in words what changes for people with NEW.

    NEW and OLD are folders, published versions as ID@VERSION, or ID for the version that new cases of a policy follow.
    Without OLD, NEW is compared with the version that new cases of its policy follow.
    """
    own = {name: load(Path(name)) for name in (new, old) if name and Path(name).is_dir()}
    before, after = asyncio.run(_both(Settings(), own, new, old))
    for sentence in describe_change(before, after) or ["They are the same version."]:
        click.echo(sentence)


async def _both(
    settings: Settings, own: Mapping[str, Policy], new: str, old: str | None
) -> tuple[Policy, Policy]:
    if new in own and old and old in own:
        return own[old], own[new]
    async with reading_policies(settings) as (_, published):
        after = own.get(new) or version_of(new, published).policy
        return own.get(old or "") or version_of(old or after.id, published).policy, after


@policy.command("list")
def list_() -> None:
    """Which version new cases of each policy follow, since when, by whom and why; then how it came to that."""
    for line in asyncio.run(_listed(Settings())):
        click.echo(line)


async def _listed(settings: Settings) -> Sequence[str]:
    async with reading_policies(settings) as (parts, published):
        documents = MongoDocuments(parts.database, COLLECTION, PAGES)
        stored = [one async for one in documents.find({}, ["history.entries"])]
        histories = [[*await documents.past(UUID(one["_id"])), *one["history"]["entries"]] for one in stored]
        lines = [
            f"{current.key}\tcurrent since {current.at.isoformat()}\tby {current.by}: {current.reason}"
            for _, current in sorted(published.current.items())
        ]
        lines += [unannounced(policy, published) for policy in sorted(published.unannounced())]
        moves = sorted((entry for entries in histories for entry in entries), key=lambda one: one["at"])
    return [*lines, *map(_move, moves)]


def unannounced(policy: str, published: PublishedPolicies) -> str:
    announced = published.announced.get(policy)
    says = f"{announced.key} is announced instead" if announced else "nothing is announced of it"
    return f"{policy}\tis not followed yet: {says}; announce it: redress policy publish {published.current[policy].key}"


def _move(entry: Mapping[str, Any]) -> str:
    facts = entry["facts"]
    before = facts["previous"] or "none"
    return f"{facts['policy']}\t{entry['at']}\t{before} → {facts['version']}\tby {entry['actor']}: {facts['reason']}"


@policy.command()
@click.argument("name", metavar="ID")
@click.option("--reason", required=True, help="Why new cases are to follow it; kept with it.")
@BY
def publish(name: str, reason: str, by: str) -> None:
    """Let new cases follow another version of policy ID: that of its folder, or with ID@VERSION one that is published.

    Checks it, says what changes for people, and records who decided so, when and why. Running services go by it at once;
    open cases keep the version they go by. What new cases follow already is announced once more.
    """
    asyncio.run(_publish(Settings(), name, by, reason))


async def _publish(settings: Settings, name: str, by: str, reason: str) -> None:
    own = None if "@" in name else _checked(settings.policies / name)
    async with reading_policies(settings) as (parts, published):
        wanted = (
            PublishedPolicy(version=own.version, policy=own) if own else published_before(name, published)
        )
        _show(wanted.policy, published)
        await publish_version(parts, wanted)
        asked = Publication(wanted.policy.id, wanted.version, by, reason)
        current = await make_current(await policies_in_use(parts), asked)
        await parts.publisher.flush()
    before = published.current.get(wanted.policy.id)
    if before is not None and before.number == current.number:
        click.echo(f"new cases follow {current.key} already; announced once more")
    else:
        click.echo(f"new cases follow {current.key}; before {current.previous or 'none'}")


def published_before(name: str, published: PublishedPolicies) -> PublishedPolicy:
    """The published version of this name; raises ClickException where it says less than the engine now asks."""
    version = version_of(name, published)
    if version.is_outdated:
        raise click.ClickException(
            f"{name}: is of an earlier release, and new cases cannot follow it: publish the folder of the policy"
        )
    return version


def _checked(folder: Path) -> Policy:
    """The policy in a folder without any mistake."""
    if not folder.is_dir():
        there = ", ".join(path.name for path in folders(folder.parent)) or "none"
        raise click.ClickException(f"{folder}: no such folder; there are: {there}")
    if mistakes := list(_mistakes(folder)):
        raise click.ClickException("\n".join(mistakes))
    return load_policy(folder)


def _show(wanted: Policy, published: PublishedPolicies) -> None:
    """Say what changes for people against what new cases follow now."""
    if wanted.id in published.current and published.current[wanted.id].key in published.versions:
        for sentence in describe_change(version_of(wanted.id, published).policy, wanted):
            click.echo(sentence)


@policy.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--last", type=click.IntRange(1, 10_000), default=200, show_default=True, help="How many cases."
)
def replay(folder: Path, last: int) -> None:
    """Say which of the newest cases of a policy would have gone otherwise under the version in FOLDER.

    The contacts of each case are judged anew by the version it goes by and by that in FOLDER, and its opening is decided
    and timed by both: severity of each contact, whose it is at first, who is asked, and when is due what starts with the
    opening. What people did later is not replayed. Both are decided by what is known today: directory, public days,
    lexicon; with the shop and department the case has now, and by roles, since who was on duty is not kept. Cases of which
    a text was erased, or whose version is not published, are counted and left out. Nothing is written.
    """
    replayed = asyncio.run(_replayed(Settings(), load(folder), last))
    for line in (*replayed.lines, *replayed.summary()):
        click.echo(line)


async def _replayed(settings: Settings, other: Policy, last: int) -> Replayed:
    topics = [policies.TOPIC, directory.TOPIC]
    async with connected("routing", settings, topics, PATIENCE) as parts:
        people = await parts.table(PEOPLE)
        await people.stop()
        published = await read_policies(parts)
        cases = await read_past_cases(parts, other.id, last)
        versions = published.compile({one.case.policy_key for one in cases})
        announced = load_public_days(settings.policies)
        replay = Replay(Directory(people.entries.values()), announced, load_reader(settings.severity))
        return replay.compare(cases, versions, compile_policy(other))


@policy.command()
@click.argument("name", metavar="ID")
@click.option(
    "--cases", multiple=True, metavar="CASE", help="Only these, by number or id; give it once for each."
)
@click.option("--reason", required=True, help="Why; kept in the history of each case.")
@BY
def rebase(name: str, cases: tuple[str, ...], reason: str, by: str) -> None:
    """Let open cases of policy ID go on by the version that new cases follow.

    What names of the version of before are called now stands under `rebase` in the policy. A case of which something has
    no counterpart is refused with its name and stays as it is. Limits that would lie in the past start now; breaches that
    occurred stand.
    """
    if refused := asyncio.run(_rebase(name, cases, by, reason)):
        raise click.ClickException(f"{refused} cases stay as they are")


async def _rebase(name: str, cases: tuple[str, ...], by: str, reason: str) -> int:
    """How many were refused."""
    count = refused = 0
    async for number, why in rebase_cases(Settings(), name, cases, by, reason):
        click.echo(f"{number}: {why}" if why else number, err=bool(why))
        count, refused = count + 1, refused + bool(why)
    click.echo(f"{count - refused} of {count} cases go on by the current version of {name}")
    return refused


commands: list[click.Command] = [policy]
