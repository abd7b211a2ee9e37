"""Which policy is meant at the console: a folder, a published version, or what new cases follow now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from schemas import policies
from schemas.policies import Policy, PublishedPolicy
from services.common.runtime.connections import Connections, connected
from services.common.runtime.failures import PATIENCE
from services.routing.settings import Settings
from services.routing.store.announced import PublishedPolicies, read_policies
from services.routing.store.policy_files import load_policy


@asynccontextmanager
async def reading_policies(settings: Settings) -> AsyncIterator[tuple[Connections, PublishedPolicies]]:
    """The connections of a command, and what stands on topic `policies`."""
    async with connected("routing", settings, [policies.TOPIC], PATIENCE) as parts:
        yield parts, await read_policies(parts)


def load(folder: Path) -> Policy:
    """The policy in a folder; raises ClickException with every mistake by file, line and field."""
    try:
        return load_policy(folder)
    except ValueError as wrong:
        raise click.ClickException(str(wrong)) from None


def version_of(name: str, published: PublishedPolicies) -> PublishedPolicy:
    """The version of this name, `<id>@<version>`, or that which new cases of policy `<id>` follow."""
    key = name if "@" in name or name not in published.current else published.current[name].key
    if key not in published.versions:
        there = ", ".join(sorted(published.versions)) or "none"
        raise click.ClickException(f"{name}: should be a folder, or a version that is published: {there}")
    return published.versions[key]
