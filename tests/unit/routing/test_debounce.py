"""One load of a directory is heeded as a whole, in whatever order its entries come."""

import itertools
import random
from collections.abc import Sequence

import pytest

from schemas.directory import Entry, Post, key
from schemas.staffing import Directory
from services.common.runtime.debounce import LATEST_SECONDS, QUIET_SECONDS, Debounced
from services.common.store.decision import Change
from services.routing.domain.case import Case
from services.routing.domain.reassignment import Reassign
from tests.casework import Casework
from tests.dealership import directory_file, person

SOUTH = (Post(at="south", role="dealer_cr_manager"),)
NORTH = (Post(at="north", role="dealer_cr_manager"),)
CHANGES: dict[str, Sequence[Entry]] = {
    "swapped": (person("cr-1", posts=SOUTH), person("cr-south", posts=NORTH)),
    "followed": (person("cr-1", posts=SOUTH), person("sa-1", posts=NORTH)),
    "leaves": (person("cr-1", status="leaving"), person("sa-1", posts=NORTH)),
}


class Announced:
    """Entries that come one by one, at times that are told."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {key(entry): entry for entry in directory_file().entries()}
        self.at = 0.0
        self.settled = Debounced(lambda: Directory(self.entries.values()), lambda: self.at)

    def put(self, entry: Entry) -> None:
        self.settled.outdate()
        self.entries[key(entry)] = entry

    def pass_over(self, seconds: float) -> None:
        self.at += seconds


def _looked_at(casework: Casework, announced: Announced, case: Case) -> Case:
    casework.directory = announced.settled.value()
    decision = casework.decide(case, case.id, Reassign())
    return decision.state if isinstance(decision, Change) else case


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_case_goes_where_the_whole_load_says(change: str, *, backwards: bool) -> None:
    casework, announced = Casework(), Announced()
    case = casework.receive()
    published = len(casework.sent)
    for entry in reversed(CHANGES[change]) if backwards else CHANGES[change]:
        announced.put(entry)
        announced.pass_over(QUIET_SECONDS * 0.9)
        assert _looked_at(casework, announced, case) == case
    announced.pass_over(QUIET_SECONDS * 0.2)
    moved = _looked_at(casework, announced, case)
    [hand_over] = moved.hand_overs
    assert hand_over.to == ("cr-south" if change == "swapped" else "sa-1")
    assert casework.types()[published:] == ["case.reassigned"]


@pytest.mark.parametrize("seed", range(5))
def test_a_load_of_everybody_anew_alarms_at_no_queue_before_it_is_whole(seed: int) -> None:
    casework, announced = Casework(), Announced()
    case = casework.receive()
    entries = [*announced.entries.values()]
    random.Random(seed).shuffle(entries)
    announced.entries.clear()
    for entry in entries:
        announced.put(entry)
        assert _looked_at(casework, announced, case) == case
    announced.pass_over(QUIET_SECONDS)
    assert _looked_at(casework, announced, case) == case
    assert announced.settled.value().people.keys() == {one.id for one in directory_file().people}


def test_announcements_without_a_pause_are_heeded_after_a_while() -> None:
    announced = Announced()
    for _ in itertools.takewhile(lambda _: announced.at < LATEST_SECONDS, itertools.count()):
        announced.put(person("cr-1", posts=SOUTH))
        assert announced.settled.value().people["cr-1"].posts == NORTH
        announced.pass_over(QUIET_SECONDS / 2)
    assert announced.settled.value().people["cr-1"].posts == SOUTH


async def test_whoever_waits_goes_on_when_all_is_heeded() -> None:
    entries = {key(entry): entry for entry in directory_file().entries()}
    settled = Debounced(lambda: Directory(entries.values()))
    await settled.wait()
    gone = entries.pop("person:cr-1")
    settled.outdate()
    assert gone.id in settled.value().people
    await settled.wait()
    assert gone.id not in settled.value().people
