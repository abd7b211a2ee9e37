"""Notify killed in the middle of its work: nothing is lost, and only what was in hand may be doubled."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID

import pytest

from deploy.local import Stack
from deploy.local.provider import Received
from schemas.deliveries import DeliveryReported
from tests.e2e.test_notify import Far, far_end, opened, outreach
from tests.patience import patience
from tests.soak import rounds

KILLS = rounds(4, 40)
EVENTS = 15 * KILLS
AT_ONCE = 8


@pytest.fixture
async def far(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Far]:
    at_once = dict.fromkeys(("REDRESS_MAIL_AT_ONCE", "REDRESS_SMS_AT_ONCE"), str(AT_ONCE))
    async with far_end(stack, tmp_path_factory.mktemp("killed"), **at_once) as far:
        yield far


def counted(received: list[Received]) -> Counter[str]:
    return Counter(one.reference.partition("@")[0] for one in received)


async def test_kills_lose_nothing_and_double_only_what_was_in_hand(far: Far) -> None:
    events = [opened() for _ in range(EVENTS)]
    customers = [outreach("sms") for _ in range(EVENTS)]
    await far.publish("cases", *events)
    await far.publish("outreach", *customers)
    for _ in range(KILLS):
        before = len(far.mail.received())
        async with patience():
            while len(far.mail.received()) < before + random.randint(5, 30):
                await asyncio.sleep(0.01)
        await far.notify.kill()
        far.notify.runner.launch()
    settled = await results(far, {one.id for one in [*events, *customers]}, 9 * EVENTS)
    sent = {str(one.delivery): one for one in settled.values() if one.result == "sent"}
    mails, texts = counted(far.mail.received()), counted(far.sms.received())
    assert set(mails) | set(texts) == set(sent)
    # A provider that can be asked is never given a message twice.
    assert set(texts.values()) == {1}
    assert sum(mails.values()) - len(mails) <= KILLS * AT_ONCE
    assert all(sent[reference].copies >= count for reference, count in mails.items())


async def results(far: Far, events: set[UUID], count: int) -> dict[UUID, DeliveryReported]:
    """The results of these events by delivery; every delivery has one and the same."""
    found: dict[UUID, DeliveryReported] = {}
    async with patience(), aclosing(far.results()) as results:
        async for one in results:
            assert found.setdefault(one.delivery, one) == one
            assert one.event in events
            if len(found) == count:
                return found
    raise AssertionError("results ended")
