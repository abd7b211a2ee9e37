"""Where partitions end is asked of the real broker, also one that fell silent for a while."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import TopicPartition

from deploy.local import Stack
from services.common.kafka.watermarks import Watermarks
from services.common.runtime.failures import TRANSIENT, retry
from tests.patience import SECONDS
from tests.stack import Names, produce


@pytest.fixture
async def watermarks(stack: Stack) -> AsyncIterator[Watermarks]:
    watermarks = Watermarks(stack.addresses.kafka)
    yield watermarks
    await watermarks.stop()


async def total(watermarks: Watermarks, topic: str) -> int:
    """What is said at once; raises a transient failure where a crowded broker is too slow."""
    return sum((await watermarks.of({TopicPartition(topic, number) for number in range(12)})).values())


async def final_total(watermarks: Watermarks, topic: str) -> int:
    """What is said in the end."""
    return await retry(lambda: total(watermarks, topic), "ask for ends", patience=SECONDS)


async def test_the_end_is_where_the_next_record_will_stand(
    stack: Stack, names: Names, watermarks: Watermarks
) -> None:
    topic = names.topic("contacts")
    assert await final_total(watermarks, topic) == 0
    await produce(stack, topic, [(str(number).encode(), b"{}") for number in range(7)])
    assert await final_total(watermarks, topic) == 7
    assert await watermarks.of(set()) == {}


@pytest.mark.usefixtures("ours")
async def test_a_silent_broker_is_away_and_answers_again_when_it_speaks(
    stack: Stack, names: Names, watermarks: Watermarks
) -> None:
    topic = names.topic("contacts")
    await produce(stack, topic, [(b"key", b"{}")])
    assert await final_total(watermarks, topic) == 1
    stack.kafka.pause()
    try:
        with pytest.raises(TRANSIENT):
            await total(watermarks, topic)
        with pytest.raises(TRANSIENT):
            await total(watermarks, topic)
    finally:
        stack.kafka.resume()
    assert await final_total(watermarks, topic) == 1
