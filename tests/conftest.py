"""What every test may ask for: one running stack for the whole session, and names of its own on it."""

import os
from collections.abc import AsyncIterator

import pytest

from deploy.local import Stack
from deploy.local import stack as running_stack
from deploy.local.addresses import given
from tests.stack import Names


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    """Kafka and a durable store, shared by all tests of the session; leave both running."""
    async with running_stack() as running:
        yield running


@pytest.fixture
async def names(stack: Stack) -> Names:
    """A topic prefix, a database and a group that no other test uses; the topics exist."""
    names = Names.fresh()
    await names.create_topics(stack)
    return names


@pytest.fixture
def ours() -> None:
    """For whoever takes Kafka or the store away: where others run them, nobody may."""
    if given(os.environ):
        pytest.skip("takes Kafka or the store away; unset REDRESS_KAFKA and REDRESS_MONGO to have it run")
