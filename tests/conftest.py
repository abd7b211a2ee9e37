"""Fixtures of all tests: one running stack for the whole session, and names of a test's own on it."""

import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local import Stack
from deploy.local import stack as running_stack
from deploy.local.addresses import given
from tests.stack import Names, own_names

E2E = Path(__file__).with_name("e2e")
NEED_SERVERS = {"stack", "ours"}


def pytest_configure() -> None:
    """Nothing that is imported and collected goes away: to look through it again and again takes a fifth of the time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on garbage is collected, but not looked for among what stays."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs Kafka or the store as real; `make unit` leaves it out."""
    for item in items:
        fixtures = set(item.fixturenames) if isinstance(item, pytest.Function) else set()
        if fixtures & NEED_SERVERS or item.path.is_relative_to(E2E):
            item.add_marker("real")


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    """Kafka and a durable store, shared by all tests of the session; leave both running."""
    async with running_stack() as running:
        yield running


@pytest.fixture
async def names(stack: Stack) -> AsyncIterator[Names]:
    """A topic prefix, a database and a group that no other test uses; the topics exist."""
    async with own_names(stack) as names:
        yield names


@pytest.fixture(scope="module")
async def module_names(stack: Stack) -> AsyncIterator[Names]:
    """The same, for all tests of a file together."""
    async with own_names(stack) as names:
        yield names


@pytest.fixture
def ours() -> None:
    """For whoever takes Kafka or the store away: where others run them, nobody may."""
    if given(os.environ):
        pytest.skip("takes Kafka or the store away; unset REDRESS_KAFKA and REDRESS_MONGO to have it run")
