"""Which version new cases follow is moved by people, and recorded; a start only begins where none is current."""

from uuid import uuid4

from schemas.policies import key
from services.common.store.decision import Announced, Cause, Change
from services.routing.domain.current_version import FIRST, STARTED, PolicyInUse, Publication, publish
from tests.dealership import MONDAY

BEGINS = Publication("gtmc", "1", begins=True)


def moved(before: PolicyInUse | None, asked: Publication) -> Change[PolicyInUse]:
    change = publish(before, Cause(uuid4(), uuid4(), asked), MONDAY)
    [announced] = change.events
    assert isinstance(announced, Announced)
    assert (announced.key, announced.value) == ("gtmc@current", change.state.current)
    assert key(change.state.current) == announced.key
    return change


def test_the_first_version_that_a_start_publishes_becomes_current() -> None:
    change = moved(None, BEGINS)
    assert (change.state.current.version, change.state.current.previous) == ("1", None)
    [entry] = change.history
    assert (entry.actor, entry.event, entry.facts["reason"]) == (STARTED, "policy.published", FIRST)


def test_a_start_moves_nothing_and_announces_what_is_current() -> None:
    before = moved(None, BEGINS).state
    change = moved(before, Publication("gtmc", "2", begins=True))
    assert (change.state, change.history) == (before, ())


def test_a_person_moves_it_with_name_time_and_reason() -> None:
    before = moved(None, BEGINS).state
    change = moved(before, Publication("gtmc", "2", "li", "ninety minutes"))
    current = change.state.current
    assert (current.version, current.previous, current.by, current.at) == ("2", "1", "li", MONDAY)
    [entry] = change.history
    assert (entry.actor, entry.facts["previous"], entry.facts["version"]) == ("li", "1", "2")
    assert entry.facts["reason"] == current.reason == "ninety minutes"


def test_every_move_has_a_higher_number() -> None:
    first = moved(None, BEGINS).state
    second = moved(first, Publication("gtmc", "2", "li", "ninety minutes")).state
    back = moved(second, Publication("gtmc", "1", "wang", "as it was")).state
    assert [one.current.number for one in (first, second, back)] == [1, 2, 3]


def test_what_is_current_already_is_not_moved_and_announced_once_more() -> None:
    before = moved(None, BEGINS).state
    change = moved(before, Publication("gtmc", "1", "li", "again"))
    assert (change.state, change.history, change.visible) == (before, (), False)
