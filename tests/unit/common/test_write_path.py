"""The write path, sentence by sentence, over the fake store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from schemas.base import Frozen
from services.common.kafka.outbox import OutboxPublisher
from services.common.store import history
from services.common.store.backlog import KeptRecord
from services.common.store.decision import Outcome
from services.common.store.write_path import Store
from tests.fakes import MemoryDocuments, MemoryLog
from tests.sums import KEYS, NOON, Added, Sum, Total, added, decide, revive

KEY, OTHER = KEYS[:2]


class Bench:
    """A store over fakes, and what came out of it."""

    def __init__(self) -> None:
        self.documents, self.log = MemoryDocuments(), MemoryLog()
        self.now = NOON
        self.conflicts = 0
        self.store = Store(
            Sum,
            self.documents,
            OutboxPublisher(self.log),
            lambda: self.now,
            self._conflicted,
            revive,
            wall=lambda: self.now,
        )

    def _conflicted(self) -> None:
        self.conflicts += 1

    def published(self) -> list[Total]:
        return [Total.model_validate_json(value) for _, value in self.log.topics.get("cases", [])]

    async def given_up(self) -> list[tuple[bytes, str]]:
        """What one pass writes as dead letters."""
        letters: list[tuple[bytes, str]] = []

        async def write_dead_letter(_key: UUID, record: KeptRecord) -> None:
            letters.append((record["raw"].encode(), record.get("reason", "gap")))

        await self.store.give_up(write_dead_letter)
        return letters

    def state(self) -> Frozen:
        return Sum.model_validate(self.documents.documents[KEY]["state"])


@pytest.fixture
def bench() -> Bench:
    return Bench()


def kinds(outcomes: list[Outcome[Sum, Added]]) -> list[str]:
    return [outcome.kind for outcome in outcomes]


def kept(bench: Bench) -> list[KeptRecord]:
    """The records that the document keeps until their turn."""
    stored = bench.documents.documents[KEY]
    return [*stored["pending"], *stored["waiting"]]


async def test_a_change_is_written_and_then_published_with_a_sequence(bench: Bench) -> None:
    await bench.store.change_many([added(KEY, 1, 5), added(KEY, 2, 7)], decide)
    await bench.store.publisher.flush()
    assert bench.state() == Sum(total=12)
    assert [(event.seq, event.total) for event in bench.published()] == [(1, 5), (2, 12)]
    assert bench.documents.documents[KEY]["outbox"] == []


async def test_several_messages_of_one_document_are_one_write(bench: Bench) -> None:
    await bench.store.change_many([added(key, n, 1) for n in range(1, 6) for key in KEYS], decide)
    assert bench.documents.commands == 2  # one read, one bulk write
    assert {stored["version"] for stored in bench.documents.documents.values()} == {1}


async def test_what_was_applied_is_not_applied_again(bench: Bench) -> None:
    await bench.store.change(added(KEY, 1, 5), decide)
    assert kinds(await bench.store.change(added(KEY, 1, 5), decide)) == ["duplicate"]
    await bench.store.change(added(KEY, 9, 5, seq=False), decide)
    assert kinds(await bench.store.change(added(KEY, 9, 5, seq=False), decide)) == ["duplicate"]
    assert bench.state() == Sum(total=10)


async def test_a_record_out_of_turn_waits_for_the_one_before_it(bench: Bench) -> None:
    assert kinds(await bench.store.change(added(KEY, 3, 100), decide)) == ["pending"]
    assert kinds(await bench.store.change(added(KEY, 2, 10), decide)) == ["pending"]
    assert kinds(await bench.store.change(added(KEY, 1, 1), decide)) == ["applied"] * 3
    assert bench.state() == Sum(total=111)


async def test_a_record_that_waited_ten_minutes_for_another_is_given_up(bench: Bench) -> None:
    await bench.store.change(added(KEY, 3, 100), decide)
    bench.now += timedelta(minutes=9)
    await bench.store.change(added(KEY, 4, 100), decide)
    assert await bench.given_up() == []
    bench.now += timedelta(minutes=1)
    assert await bench.given_up() == [(added(KEY, 3, 100).raw, "gap")]
    assert await bench.given_up() == []
    assert [record["seq"] for record in kept(bench)] == [4]


async def test_a_record_is_kept_until_it_lies_elsewhere(bench: Bench) -> None:
    await bench.store.change(added(KEY, 3, 100), decide)
    bench.now += timedelta(minutes=10)

    async def away(_key: UUID, _record: KeptRecord) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await bench.store.give_up(away)
    assert await bench.given_up() == [(added(KEY, 3, 100).raw, "gap")]


async def test_what_another_process_kept_is_given_up_as_well(bench: Bench) -> None:
    await bench.store.change(added(KEY, 3, 100), decide)
    bench.store.pending_since.clear()  # the process that kept it died
    bench.now += timedelta(minutes=10)
    assert await bench.given_up() == []
    await bench.store.look_after_leftovers()
    assert await bench.given_up() == [(added(KEY, 3, 100).raw, "gap")]


async def test_a_document_that_cannot_be_read_keeps_no_other_from_its_turn(bench: Bench) -> None:
    await bench.store.change_many([added(KEY, 3, 100), added(OTHER, 3, 7)], decide)
    bench.documents.documents[KEY]["state"] = {"total": "lost"}
    bench.now += timedelta(minutes=10)
    assert await bench.given_up() == [(added(OTHER, 3, 7).raw, "gap")]
    assert await bench.store.waiting({KEY, OTHER}) == []
    await bench.store.release(KEY, "any")
    await bench.store.unpark({KEY: {}})
    assert [record["seq"] for record in kept(bench)] == [3]


async def test_a_record_whose_turn_came_while_it_was_given_up_stays_applied(bench: Bench) -> None:
    await bench.store.change(added(KEY, 2, 100), decide)
    bench.now += timedelta(minutes=10)

    async def meanwhile(_key: UUID, _record: KeptRecord) -> None:
        await bench.store.change(added(KEY, 1, 1), decide)

    await bench.store.give_up(meanwhile)
    assert bench.state() == Sum(total=101)
    assert await bench.given_up() == []
    assert bench.conflicts == 1


async def test_a_pending_record_that_fails_in_its_turn_is_kept_until_it_lies_elsewhere(bench: Bench) -> None:
    poison = added(KEY, 2, 13)
    assert kinds(await bench.store.change(poison, decide)) == ["pending"]
    assert kinds(await bench.store.change(added(KEY, 1, 1), decide)) == ["applied"]
    assert kinds(await bench.store.change(added(KEY, 1, 1), decide)) == ["duplicate"]
    bench.now += timedelta(minutes=10)
    assert await bench.given_up() == [(poison.raw, "failed")]
    assert kept(bench) == []


async def test_what_was_sent_while_a_record_is_given_up_is_not_owed_for_long(bench: Bench) -> None:
    await bench.store.change_many([added(KEY, 1, 5), added(KEY, 3, 100)], decide)
    bench.now += timedelta(minutes=10)

    async def meanwhile(_key: UUID, _record: KeptRecord) -> None:
        await bench.store.publisher.flush()

    await bench.store.give_up(meanwhile)
    await bench.store.publisher.flush()
    assert bench.documents.documents[KEY]["outbox"] == []


async def test_at_most_fifty_records_wait(bench: Bench) -> None:
    outcomes = await bench.store.change_many([added(KEY, n, 1) for n in range(2, 54)], decide)
    assert kinds(outcomes) == ["pending"] * 50 + ["gap"] * 2


async def test_a_failing_decision_leaves_the_document_as_it_was(bench: Bench) -> None:
    outcomes = await bench.store.change_many([added(KEY, 1, 5), added(KEY, 2, 13), added(KEY, 3, 7)], decide)
    assert kinds(outcomes) == ["applied", "failed", "pending"]
    assert bench.state() == Sum(total=5)


async def test_a_document_that_no_store_can_hold_fails_alone(bench: Bench) -> None:
    bench.documents.unfit = KEYS[2]
    causes = [added(key, number, 1) for number in range(1, 9) for key in KEYS]
    outcomes = await bench.store.change_isolated(causes, decide)
    failed = {outcome.cause.key for outcome in outcomes if outcome.kind == "failed"}
    assert failed == {KEYS[2]}
    assert all(isinstance(one.error, OverflowError) for one in outcomes if one.kind == "failed")
    sums = {key: stored["state"]["total"] for key, stored in bench.documents.documents.items()}
    assert sums == {key: 8 for key in KEYS if key != KEYS[2]}


async def test_a_refusal_changes_nothing_and_names_its_rule(bench: Bench) -> None:
    await bench.store.change(added(KEY, 1, 5, seq=False), decide)
    [outcome] = await bench.store.change(added(KEY, 2, -5, seq=False), decide)
    assert (outcome.kind, outcome.refusal and outcome.refusal.rule) == ("refused", "no-debts")
    assert bench.documents.documents[KEY]["version"] == 1


async def test_a_refused_record_does_not_hold_up_those_after_it(bench: Bench) -> None:
    outcomes = await bench.store.change_many([added(KEY, 1, -5), added(KEY, 2, 7)], decide)
    assert kinds(outcomes) == ["refused", "applied"]
    assert bench.state() == Sum(total=7)


async def test_an_actor_who_saw_another_revision_is_told_so(bench: Bench) -> None:

    await bench.store.change(added(KEY, 1, 5, seq=False), decide)
    stale = replace(added(KEY, 2, 5, seq=False), revision=0)
    assert kinds(await bench.store.change(stale, decide)) == ["stale"]
    assert kinds(await bench.store.change(replace(stale, revision=1), decide)) == ["applied"]


async def test_one_key_with_another_body_is_not_the_same_action(bench: Bench) -> None:

    action = replace(added(KEY, 1, 5, seq=False), digest="a")
    await bench.store.change(action, decide)
    assert kinds(await bench.store.change(replace(action, digest="b"), decide)) == ["reused"]


async def test_an_event_that_kafka_did_not_take_is_sent_later_and_in_order(bench: Bench) -> None:
    bench.log.away = True
    await bench.store.change(added(KEY, 1, 5), decide)
    with pytest.raises(TimeoutError):
        await bench.store.publisher.flush()
    await bench.store.change(added(KEY, 2, 7), decide)
    bench.log.away = False
    await bench.store.publisher.flush()
    assert [event.seq for event in bench.published()] == [1, 2]
    assert bench.store.publisher.unsent == {}


async def test_what_a_crash_left_in_the_outbox_is_sent_when_the_record_comes_again(bench: Bench) -> None:
    await bench.store.change(added(KEY, 1, 5), decide)
    bench.store.publisher.unsent.clear()  # the process that wrote it died before it published
    assert kinds(await bench.store.change(added(KEY, 1, 5), decide)) == ["duplicate"]
    await bench.store.publisher.flush()
    assert [event.total for event in bench.published()] == [5]


async def test_the_history_keeps_the_newest_fifty_and_pages_the_rest(bench: Bench) -> None:
    for number in range(1, 76):
        await bench.store.change(added(KEY, number, 1), decide)
    stored = bench.documents.documents[KEY]["history"]
    past = await bench.documents.past(KEY)
    entries = [*past, *stored["entries"]]
    assert [entry["number"] for entry in entries] == list(range(1, 76))
    assert 50 <= len(stored["entries"]) < 60
    assert history.broken(entries, stored["head"]) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda entries: entries[3]["facts"].update(amount=2),
        lambda entries: entries.pop(4),
        lambda entries: entries.pop(),
        lambda entries: entries.reverse(),
    ],
)
async def test_a_history_that_was_tampered_with_does_not_verify(
    bench: Bench, spoil: Callable[[list[dict[str, object]]], object]
) -> None:
    await bench.store.change_many([added(KEY, number, 1) for number in range(1, 11)], decide)
    stored = bench.documents.documents[KEY]["history"]
    spoil(stored["entries"])
    assert history.broken(stored["entries"], stored["head"]) is not None
