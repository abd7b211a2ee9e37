"""`redress policy`: check, compare and publish the rules of a manufacturer."""

import asyncio
import getpass
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from deploy.policy.difference import describe_change
from deploy.policy.source import load, reading_policies, version_of
from deploy.severity.overreach import find_overreach, ordinary_texts
from schemas.policies import Policy, PublishedPolicy, key
from services.common.runtime.files import folders
from services.common.store.mongo import MongoDocuments
from services.notify.domain.texts import TextError
from services.notify.store import NoticeFiles
from services.routing.domain.current_version import Publication
from services.routing.settings import POLICIES, Settings
from services.routing.store.announced import (
    COLLECTION,
    PublishedPolicies,
    make_current,
    policies_in_use,
    publish_version,
)
from services.routing.store.policy_files import load_policy
from services.routing.store.severity_files import load_lexicon, load_severity

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
        after = own.get(new) or version_of(new, published)
        return own.get(old or "") or version_of(old or after.id, published), after


@policy.command("list")
def list_() -> None:
    """Which version new cases of each policy follow, since when, by whom and why; then how it came to that."""
    for line in asyncio.run(_listed(Settings())):
        click.echo(line)


async def _listed(settings: Settings) -> Sequence[str]:
    async with reading_policies(settings) as (parts, published):
        documents = MongoDocuments(parts.database, COLLECTION)
        histories = [one["history"]["entries"] async for one in documents.find({}, ["history.entries"])]
        lines = [
            f"{current.key}\tcurrent since {current.at.isoformat()}\tby {current.by}: {current.reason}"
            for _, current in sorted(published.current.items())
        ]
        moves = sorted((entry for entries in histories for entry in entries), key=lambda one: one["at"])
    return [*lines, *map(_move, moves)]


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
    open cases keep the version they go by.
    """
    asyncio.run(_publish(Settings(), name, by, reason))


async def _publish(settings: Settings, name: str, by: str, reason: str) -> None:
    own = None if "@" in name else _checked(settings.policies / name)
    async with reading_policies(settings) as (parts, published):
        wanted = own or version_of(name, published)
        version = wanted.version if own else name.partition("@")[2]
        _show(wanted, published)
        announced = PublishedPolicy(version=version, policy=wanted)
        if key(announced) not in published.versions:
            await publish_version(parts, announced)
        asked = Publication(wanted.id, version, by, reason)
        current = await make_current(await policies_in_use(parts), asked)
        await parts.publisher.flush()
    if current is None:
        click.echo(f"new cases follow {key(announced)} already")
    else:
        click.echo(f"new cases follow {current.key}; before {current.previous or 'none'}")


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
        for sentence in describe_change(version_of(wanted.id, published), wanted):
            click.echo(sentence)


commands: list[click.Command] = [policy]
