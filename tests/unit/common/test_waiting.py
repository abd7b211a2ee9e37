"""Records that wait for an announcement: in order, without a bound, each applied once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from services.common.store.backlog import BACKLOG_BYTES, MOST_WAITING, RECORD_BYTES
from services.common.store.decision import Cause, Change, Outcome, Refusal, Wait
from tests.sums import KEYS, NOON, Added, Sum, added, decide
from tests.unit.common.test_write_path import Bench, kept, kinds

KEY = KEYS[0]
NAMED = "rules@1"


class Rules:
    """Decides once it is `known`; until then everything but nothing waits."""

    def __init__(self) -> None:
        self.known = False

    def __call__(self, state: Sum | None, cause: Cause[Added]) -> Change[Sum] | Refusal | Wait | None:
        return decide(state, cause) if self.known else Wait(NAMED)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def rules() -> Rules:
    return Rules()


def contact(number: int, amount: int = 1) -> Cause[Added]:
    """A record of a stream without a sequence."""
    return replace(added(KEY, number, amount, seq=False), stream="contacts")


def waited(*causes: Cause[Added]) -> list[Cause[Added]]:
    return [replace(cause, waited=True) for cause in causes]


async def waiting(bench: Bench) -> list[str]:
    return [record["id"] for _, record in await bench.store.waiting({KEY})]


@pytest.mark.parametrize("record", [lambda n: added(KEY, n, n), lambda n: contact(n, n)])
async def test_what_cannot_be_decided_waits_without_the_bound_of_a_gap_and_is_applied_in_order(
    bench: Bench, rules: Rules, record: Any
) -> None:
    causes = [record(number) for number in range(1, 11)]
    assert kinds(await bench.store.change_many(causes[:5], rules)) == ["waiting"] * 5
    assert kinds(await bench.store.change_many(causes[3:], rules)) == ["duplicate"] * 2 + ["waiting"] * 5
    bench.now = NOON + timedelta(days=400)
    assert await bench.given_up() == []
    rules.known = True
    assert await waiting(bench) == [str(cause.id) for cause in causes]
    assert kinds(await bench.store.change_many(waited(*causes), rules)) == ["applied"] * 10
    assert bench.state() == Sum(total=55)
    assert kept(bench) == []
    assert bench.store.awaiting == {}
    assert kinds(await bench.store.change_many([*causes, *waited(*causes)], rules)) == ["duplicate"] * 20


async def test_a_later_record_does_not_overtake_those_that_wait(bench: Bench, rules: Rules) -> None:
    await bench.store.change_many([contact(1), contact(2)], rules)
    rules.known = True
    assert kinds(await bench.store.change_many([contact(3)], rules)) == ["waiting"]
    assert await waiting(bench) == [str(contact(number).id) for number in (1, 2, 3)]


async def test_another_document_goes_on(bench: Bench, rules: Rules) -> None:
    await bench.store.change_many([added(KEY, 1, 1)], rules)
    rules.known = True
    assert kinds(await bench.store.change_many([added(KEYS[1], 1, 1)], rules)) == ["applied"]
    assert bench.store.awaiting == {KEY: (NAMED, -1)}


async def test_those_beyond_fifty_wait_elsewhere_and_behind(bench: Bench, rules: Rules) -> None:
    causes = [contact(number) for number in range(1, MOST_WAITING + 11)]
    found = kinds(await bench.store.change_many(causes, rules))
    assert found == ["waiting"] * MOST_WAITING + ["parked"] * 10
    rules.known = True
    assert kinds(await bench.store.change_many(waited(causes[-1]), rules)) == ["waiting"]
    assert (
        kinds(await bench.store.change_many(waited(*causes[:MOST_WAITING]), rules))
        == ["applied"] * MOST_WAITING
    )
    newest = contact(MOST_WAITING + 11)
    assert kinds(await bench.store.change_many([newest], rules)) == ["parked"]
    elsewhere = waited(*causes[MOST_WAITING:], newest)
    assert kinds(await bench.store.change_many(elsewhere[:4], rules)) == ["applied"] * 4
    again = kinds(await bench.store.change_many(elsewhere, rules))  # after a kill, from the beginning
    assert again == ["duplicate"] * 4 + ["applied"] * 7
    await bench.store.unpark(await bench.store.parked({KEY}))
    assert bench.store.awaiting == {}
    assert kinds(await bench.store.change_many(elsewhere, rules)) == ["duplicate"] * 11
    assert kinds(await bench.store.change_many([contact(MOST_WAITING + 12)], rules)) == ["applied"]


async def test_of_what_is_personal_only_its_place_and_its_hash_wait(bench: Bench, rules: Rules) -> None:
    cause = replace(contact(1), personal=True, place="3/56")
    assert kinds(await bench.store.change_many([cause], rules)) == ["waiting"]
    [record] = kept(bench)
    assert (record["place"], record["sha256"]) == ("3/56", sha256(cause.raw).hexdigest())
    assert cause.raw.decode() not in str(bench.documents.documents)


async def test_those_elsewhere_are_not_forgotten_while_another_joins_them(bench: Bench, rules: Rules) -> None:
    causes = [contact(number) for number in range(1, MOST_WAITING + 4)]
    await bench.store.change_many(causes[:-1], rules)
    rules.known = True
    await bench.store.change_many(waited(*causes[:MOST_WAITING]), rules)
    marks = await bench.store.parked({KEY})
    await bench.store.change_many(waited(*causes[MOST_WAITING:-1]), rules)
    assert kinds(await bench.store.change_many(causes[-1:], rules)) == ["parked"]
    await bench.store.unpark(marks)
    assert bench.store.awaiting == {KEY: (NAMED, -1)}
    assert kinds(await bench.store.change_many(waited(*causes[-1:]), rules)) == ["applied"]


@pytest.mark.parametrize("doubled", range(MOST_WAITING, MOST_WAITING + 10))
async def test_one_parked_once_more_takes_none_behind_it_along(
    bench: Bench, rules: Rules, doubled: int
) -> None:
    """After a kill, or sent twice: the topic has it twice."""
    causes = [contact(number) for number in range(1, MOST_WAITING + 11)]
    await bench.store.change_many(causes, rules)
    assert kinds(await bench.store.change_many([causes[doubled]], rules)) == ["parked"]
    rules.known = True
    await bench.store.change_many(waited(*causes, causes[doubled]), rules)
    assert bench.state() == Sum(total=MOST_WAITING + 10)


@pytest.mark.parametrize("early", [2, 3, MOST_WAITING, MOST_WAITING + 2, MOST_WAITING + 11])
async def test_a_record_pending_for_the_one_before_it_is_applied_before_those_that_wait(
    bench: Bench, rules: Rules, early: int
) -> None:
    causes = {number: added(KEY, number, 1) for number in range(1, MOST_WAITING + 12)}
    assert kinds(await bench.store.change_many([causes.pop(early)], rules)) == ["pending"]
    await bench.store.change_many(list(causes.values()), rules)
    rules.known = True
    await bench.store.change_many(waited(*causes.values()), rules)
    assert bench.state() == Sum(total=MOST_WAITING + 11)
    assert kept(bench) == []


async def test_a_record_pending_for_the_one_before_it_waits_before_the_others(bench: Bench) -> None:
    known: set[str] = set()

    def rules(state: Sum | None, cause: Cause[Added]) -> Change[Sum] | Refusal | Wait | None:
        named = "B" if cause.seq == 2 else "A"
        return decide(state, cause) if named in known else Wait(named)

    causes = [added(KEY, number, number) for number in (2, 1, 3)]
    await bench.store.change_many(causes, rules)
    known.add("A")
    assert kinds(await bench.store.change_many(waited(*causes[1:]), rules)) == [
        "applied",
        "waiting",
        "waiting",
    ]
    assert bench.store.awaiting == {KEY: ("B", -1)}
    known.add("B")
    assert await waiting(bench) == [str(causes[0].id), str(causes[2].id)]
    assert kinds(await bench.store.change_many(waited(causes[0], causes[2]), rules)) == ["applied"] * 2


@pytest.mark.parametrize("ahead", [1, MOST_WAITING, MOST_WAITING + 1, MOST_WAITING + 5])
async def test_what_waits_for_something_else_in_its_turn_is_known_to_and_not_overtaken(
    bench: Bench, ahead: int
) -> None:
    known: set[str] = set()

    def rules(state: Sum | None, cause: Cause[Added]) -> Change[Sum] | Refusal | Wait | None:
        named = "B" if cause.message.amount == 2 else "A"
        return decide(state, cause) if named in known else Wait(named)

    causes = [contact(number, 1 + (number == ahead + 1)) for number in range(1, MOST_WAITING + 10)]
    await bench.store.change_many(causes, rules)
    known.add("A")
    found = kinds(await bench.store.change_many(waited(*causes), rules))
    assert found == ["applied"] * ahead + ["waiting"] * (len(causes) - ahead)
    assert bench.store.awaiting == {KEY: ("B", -1)}
    known.add("B")
    found = kinds(await bench.store.change_many(waited(*causes), rules))
    assert found == ["duplicate"] * ahead + ["applied"] * (len(causes) - ahead)


def large(number: int, size: int, *, seq: bool = False) -> Cause[Added]:
    cause = added(KEY, number, 1) if seq else contact(number)
    return replace(cause, raw=cause.raw + b" " * (size - len(cause.raw)))


@pytest.mark.parametrize("size", [RECORD_BYTES + 1, 17_000_000])
async def test_a_record_too_large_for_its_document_is_not_kept_there(
    bench: Bench, rules: Rules, size: int
) -> None:
    assert kinds(await bench.store.change(large(3, size, seq=True), decide)) == ["gap"]
    assert kinds(await bench.store.change_many([large(1, size), contact(2)], rules)) == ["parked"] * 2


@pytest.mark.parametrize("size", [RECORD_BYTES, BACKLOG_BYTES // 40])
async def test_all_that_a_document_holds_stays_below_what_the_store_takes(
    bench: Bench, rules: Rules, size: int
) -> None:
    fit = BACKLOG_BYTES // size
    causes = [large(number, size, seq=True) for number in range(2, fit + 4)]
    assert kinds(await bench.store.change_many(causes, decide)) == ["pending"] * fit + ["gap"] * 2
    assert kinds(await bench.store.change_many([large(1, size)], rules)) == ["parked"]


async def test_what_fails_in_its_turn_waits_until_it_lies_elsewhere_and_then_the_next_has_its_turn(
    bench: Bench, rules: Rules
) -> None:
    poison, after = contact(1, 13), contact(2)
    await bench.store.change_many([poison, after], rules)
    rules.known = True
    assert kinds(await bench.store.change_many(waited(poison, after), rules)) == ["failed", "waiting"]
    await bench.store.release(KEY, str(poison.id))
    assert kinds(await bench.store.change_many(waited(after), rules)) == ["applied"]


async def test_whoever_acts_is_told_and_nothing_is_kept_of_it(bench: Bench, rules: Rules) -> None:
    [outcome] = await bench.store.change(added(KEY, 1, 5, seq=False), rules)
    assert (outcome.kind, outcome.awaits) == ("waiting", NAMED)
    assert KEY not in bench.documents.documents


async def test_what_another_process_left_waiting_is_known_after_the_next_look(
    bench: Bench, rules: Rules
) -> None:
    await bench.store.change_many([contact(1)], rules)
    bench.store.awaiting.clear()
    await bench.store.look_after_leftovers()
    assert bench.store.awaiting == {KEY: (NAMED, -1)}


async def test_a_document_written_before_anything_could_wait_opens(bench: Bench, rules: Rules) -> None:
    await bench.store.change(added(KEY, 3, 5), decide)
    stored = bench.documents.documents[KEY]
    for name in ("format", "parked", "waiting"):
        del stored[name]
    stored["seen"], stored["seqs"] = stored.pop("recent"), stored.pop("published")
    pending = stored.pop("pending")
    stored["held"] = [{name: one[name] for name in ("stream", "seq", "raw", "at")} for one in pending]
    rules.known = True
    outcomes: Sequence[Outcome[Sum, Added]] = await bench.store.change_many(
        [added(KEY, 1, 1), added(KEY, 2, 1)], rules
    )
    assert kinds(list(outcomes)) == ["applied"] * 3
    assert bench.state() == Sum(total=7)


async def test_a_gap_behind_those_that_waited_is_a_gap_from_then_on(bench: Bench, rules: Rules) -> None:
    causes = [added(KEY, 1, 1), added(KEY, 3, 3)]
    await bench.store.change_many(causes, rules)
    rules.known = True
    bench.now += timedelta(days=1)
    assert kinds(await bench.store.change_many(waited(*causes), rules)) == ["applied", "pending"]
    assert await bench.given_up() == []
    assert kinds(await bench.store.change_many([added(KEY, 2, 2)], rules)) == ["applied"] * 2
    assert bench.state() == Sum(total=6)
