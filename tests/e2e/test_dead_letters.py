"""Too many records that fail, too large ones, and the ways out, on the real stack."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from click.testing import CliRunner

from deploy.dead import dead
from deploy.local import Stack
from services.common.kafka import client as kafka
from services.common.kafka import dead_letters
from services.common.kafka.dead_letters import HEAD, ORIGIN, DeadLetter
from services.common.kafka.partitioner import partition_of
from tests.e2e.test_consumer import NUMBERS, ROOM, Service, broken, record
from tests.patience import until
from tests.stack import Names
from tests.sums import KEYS, added

PACKED = 5_000_000


@pytest.fixture
async def service(stack: Stack, names: Names) -> AsyncIterator[Service]:
    broken["fault"] = False
    service = Service(stack, names)
    await service.open()
    yield service
    await service.close()


async def redress_dead(service: Service, *words: str) -> list[str]:
    env = service.names.environment(service.stack)
    said = await asyncio.to_thread(CliRunner().invoke, dead, words, env=env)
    assert said.exit_code == 0, said.output
    return said.output.splitlines()


async def stands(service: Service) -> None:
    async def stopped() -> bool:
        return "dead letters" in service.health.troubles

    await until(stopped)


async def sums_to(service: Service, *totals: int) -> None:
    async def done() -> bool:
        return await service.totals() == {str(KEYS[at]): total for at, total in enumerate(totals) if total}

    await until(done)


async def dead_letters_of(service: Service, count: int) -> list[DeadLetter]:
    async def there() -> bool:
        return len(await service.dead()) == count

    await until(there)
    return await service.dead()


async def replayed(service: Service, letters: list[DeadLetter]) -> None:
    async with kafka.producer(service.settings.kafka) as producer:
        await dead_letters.replay(producer, ROOM, letters, service.names.prefix)


async def test_a_partition_with_too_much_poison_stands_and_the_others_go_on(service: Service) -> None:
    await service.send(record(0, 1, 5), *[b"poison"] * 40, record(0, 2, 7))
    await stands(service)
    assert "21 records in a row failed" in service.health.troubles["dead letters"]
    assert f"redress dead skip {ROOM}" in service.health.troubles["dead letters"]
    assert len(await service.dead()) == 20
    others = [at for at in (1, 2, 3) if partition(KEYS[at].int) != partition(KEYS[0].int)]
    await service.send(*(record(at, 1, 3) for at in others))

    async def went_on() -> bool:
        totals = await service.totals()
        return all(totals.get(str(KEYS[at])) == 3 for at in others)

    await until(went_on)


def partition(key: int) -> int:
    return partition_of(UUID(int=key), 12)


async def marked_by_a_stranger(service: Service) -> None:
    """What says nothing must not end whoever looks for what is said."""
    async with kafka.producer(service.settings.kafka) as producer:
        for mark in (b"", b"a/b", b"a/b/c", b"\xff", b"a/1/2/3"):
            headers = [(dead_letters.SKIP, mark)]
            await producer.send_and_wait(
                service.names.topic(dead_letters.dead_topic(ROOM)), b"", headers=headers
            )


async def test_whoever_skips_sets_aside_what_fails_with_their_name_and_the_rest_is_handled(
    service: Service,
) -> None:
    await service.send(record(0, 1, 5), *[b"poison"] * 40, record(0, 2, 7))
    await stands(service)
    await marked_by_a_stranger(service)
    [said] = await redress_dead(service, "skip", ROOM, "--reason", "garbage of a test", "--by", "li")
    assert said.startswith(service.names.topic(NUMBERS))
    await sums_to(service, 12)
    letters = await dead_letters_of(service, 40)
    assert {letter.value for letter in letters} == {b"poison"}
    marked = [dict(letter.headers) for letter in letters if dead_letters.SKIPPED_BY in dict(letter.headers)]
    assert len(marked) == 20
    assert {(one[dead_letters.SKIPPED_BY], one[dead_letters.SKIPPED_FOR]) for one in marked} == {
        (b"li", b"garbage of a test")
    }

    async def ready() -> bool:
        return not service.health.troubles

    await until(ready)
    await service.send(*[b"poison"] * 21)
    await stands(service)  # what was said holds for what was there then, and for nothing later


async def test_a_batch_beyond_the_limit_does_not_come_back_for_ever(service: Service) -> None:
    await service.send(record(0, 1, 5), *[b"poison"] * 30, record(0, 2, 7))
    await stands(service)
    await service.close()
    again = Service(service.stack, service.names)
    await again.open()
    await sums_to(again, 12)
    await dead_letters_of(again, 30)
    await again.close()


async def test_replays_do_not_count(service: Service) -> None:
    await service.send(*[b"poison"] * 10, record(0, 1, 5))
    letters = await dead_letters_of(service, 10)
    for _ in range(3):
        await replayed(service, letters)

        async def all_back(before: list[DeadLetter] = letters) -> bool:
            now = await service.dead()
            return len(now) == 10 and not {one.place for one in now} & {one.place for one in before}

        await until(all_back)
        letters = await service.dead()
    await service.send(record(0, 2, 7))
    await sums_to(service, 12)
    assert service.health.troubles == {}
    assert service.subscription.partitions.stops == {}


async def test_too_many_of_a_hundred_stand_as_well_and_the_limit_is_a_setting(
    stack: Stack, names: Names
) -> None:
    broken["fault"] = False
    service = Service(stack, names)
    service.settings = service.settings.model_copy(update={"dead_of_hundred": 1, "dead_in_a_row": 2})
    await service.open()
    await service.send(b"poison", *(record(0, number, 1) for number in range(1, 120)), b"poison", b"poison")
    await stands(service)
    assert len(await service.dead()) == 2
    await service.close()


async def packed(
    service: Service, value: bytes, key: bytes, *headers: tuple[str, bytes], by: str = "gzip"
) -> None:
    """Sent as small as can be: Kafka's limit is on what is packed."""
    producer = AIOKafkaProducer(
        bootstrap_servers=service.settings.kafka, compression_type=by, max_request_size=4 * PACKED
    )
    async with producer:
        await producer.send_and_wait(service.names.topic(NUMBERS), value, key, headers=list(headers))


@pytest.mark.parametrize("part", ["value", "header"])
async def test_what_is_too_large_leaves_its_head_size_hash_and_place(service: Service, part: str) -> None:
    key, large = str(KEYS[0]).encode(), b"x" * PACKED
    value = large if part == "value" else b"poison"
    await packed(service, value, key, *([] if part == "value" else [("note", large)]))
    await service.send(record(0, 1, 5))
    await sums_to(service, 5)
    [letter] = await dead_letters_of(service, 1)
    headers = dict(letter.headers)
    assert letter.value == value[:HEAD]
    assert headers[dead_letters.SIZE] == str(len(value)).encode()
    assert headers[dead_letters.DIGEST].decode() == hashlib.sha256(value).hexdigest()
    assert letter.origin.startswith(service.names.topic(NUMBERS) + "/")
    [shown] = [
        line for line in await redress_dead(service, "show", ROOM, letter.place) if "redress-size" in line
    ]
    assert str(len(value)) in shown


@pytest.mark.parametrize("by", ["gzip", "lz4", "snappy", "zstd"])
async def test_records_are_read_by_whatever_they_are_packed(service: Service, by: str) -> None:
    await packed(service, record(0, 1, 5), str(KEYS[0]).encode(), by=by)
    await sums_to(service, 5)


def padded(number: int) -> bytes:
    """A good record, too large to be sent again as it is."""
    return added(KEYS[0], number, 7).raw + b" " * PACKED


async def test_what_is_too_large_is_read_again_at_its_place_when_it_is_replayed(service: Service) -> None:
    broken["fault"] = True
    await packed(service, padded(1), str(KEYS[0]).encode())
    await dead_letters_of(service, 1)
    broken["fault"] = False
    assert await redress_dead(service, "replay", ROOM) == [f"1 records handed to {ROOM} again"]
    await sums_to(service, 7)
    assert await service.dead() == []


async def test_a_replay_says_when_the_rest_of_a_large_record_is_gone(service: Service) -> None:
    broken["fault"] = True
    await packed(service, padded(1), str(KEYS[0]).encode())
    [letter] = await dead_letters_of(service, 1)
    await emptied(service)
    said = await redress_dead(service, "replay", ROOM)
    assert any("0 records handed" in line for line in said)
    assert any(f"{letter.origin} is gone" in line for line in said)
    await replayed(service, [letter])  # past the command: the service says so as well
    [gone] = await dead_letters_of(service, 1)
    assert (gone.reason, gone.origin) == ("gone", letter.origin)


async def emptied(service: Service) -> None:
    """Kafka's retention, at once."""
    admin = AIOKafkaAdminClient(bootstrap_servers=service.settings.kafka)
    await admin.start()
    parts = [TopicPartition(service.names.topic(NUMBERS), number) for number in range(12)]
    await admin.delete_records({part: RecordsToDelete(before_offset=-1) for part in parts})
    await admin.close()


async def test_a_forged_origin_is_not_believed(service: Service) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=service.settings.kafka)
    async with producer:
        forged = [(ORIGIN, b"elsewhere/0/1"), (dead_letters.REPLAYED, b"0/0"), (dead_letters.DIGEST, b"x")]
        for value in (b"poison", record(0, 1, 5)):
            await producer.send_and_wait(
                service.names.topic(NUMBERS), value, str(KEYS[0]).encode(), headers=forged
            )
    await sums_to(service, 5)
    [letter] = await dead_letters_of(service, 1)
    assert letter.origin.startswith(service.names.topic(NUMBERS) + "/")
    assert dead_letters.REPLAYED not in dict(letter.headers)
    assert dead_letters.DIGEST not in dict(letter.headers)
