"""Whoever works where: on one escalation nobody is offered the case twice, and it ends with the manufacturer."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cases import CaseHandedOver, Role
from schemas.directory import Absence, LastResort, Person, Post
from schemas.staffing import Directory, Queue
from services.routing.domain.actions.answering import Accept, Return
from services.routing.domain.actions.permission import is_receiver
from services.routing.domain.actions.table import allowed
from services.routing.domain.case import Case
from tests.casework import Casework, sealed
from tests.dealership import directory_file

DEALER: list[Role] = ["operator", "dealer_cr_manager", "sc_sa", "dept_manager", "dealer_gm"]
NAMES = ["ann", "ben", "cid", "dan"]
AWAY = Absence(since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime(2090, 1, 1, tzinfo=UTC))
ESCALATIONS_COUNTED = 6


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    """Up to six people with any roles at one shop and a manufacturer, some away, some with deputies."""
    found = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        roles = draw(st.sets(st.sampled_from(DEALER)))
        posts = [Post(at="north", role=role) for role in sorted(roles)]
        posts += [Post(at="gtmc", role="mfr_cr")] if draw(st.booleans()) else []
        deputy = draw(st.none() | st.sampled_from([other for other in NAMES if other != name]))
        away = (AWAY,) if draw(st.booleans()) else ()
        found.append(Person(id=name, name=name, posts=tuple(posts), deputy=deputy, absences=away))
    for name in draw(st.sets(st.sampled_from(["mfr-1", "mfr-2"]))):
        away = (AWAY,) if draw(st.booleans()) else ()
        found.append(Person(id=name, name=name, posts=(Post(at="gtmc", role="mfr_cr"),), absences=away))
    return found


def reached(casework: Casework, case: Case, name: str) -> set[str]:
    """Everyone who is offered what is offered to a person or a queue: they, or who answers for it."""
    directory, queue = casework.directory, Queue.named(name)
    if queue is None:
        return {name}
    line = directory.line(case, casework.world().ladder(case), queue, casework.now)
    answering = (*directory.staff(*queue), *directory.attending(line, case.department, casework.now))
    return {one.id for one in answering}


def dealership(staff: list[Person], last: Role | None = None) -> Casework:
    others = [entry for entry in directory_file().entries() if not isinstance(entry, Person)]
    resort = [LastResort(at="north", role=last)] if last else []
    return Casework(directory=Directory((*others, *staff, *resort)))


def undeclined(casework: Casework, case: Case, queue: Queue) -> set[str]:
    """The members of a queue who have not declined: they are still asked after another has."""
    staff = {one.id for one in casework.directory.staff(*queue)}
    return staff.difference(case.support.declined if case.support else ())


def untold(casework: Casework, case: Case, published: set[str], had: set[str]) -> set[str]:
    """Who of the manufacturer's side has not had it and stands in for nobody who has, where none of them is told."""
    directory, now = casework.directory, casework.now
    side = {one.id for queue in directory.readers(case.manufacturer) for one in directory.staff(*queue)}
    others = {name for name in side if had.isdisjoint(directory.represented(name, now))}
    return set() if others & published else others


@settings(max_examples=300, deadline=None)
@given(st.data(), people(), st.none() | st.sampled_from(DEALER))
def test_nobody_is_offered_a_case_twice_on_one_escalation(
    data: st.DataObject, staff: list[Person], last: Role | None
) -> None:
    casework = dealership(staff, last)
    case = casework.receive()
    assert case.hand_over is not None or case.state == "in_review"
    owners = Queue.named(case.owner)
    had = {one.id for one in casework.directory.staff(*owners)} if owners else {case.owner}
    had |= reached(casework, case, case.hand_over.to) if case.hand_over else set()
    rungs = [case.rung]
    for _ in range(ESCALATIONS_COUNTED):
        before = len(casework.events())
        if data.draw(st.booleans()):
            case = _declined(casework, case)
        accountable = (
            case.hand_over.role if case.hand_over and case.hand_over.via == "escalation" else "operator"
        )
        case, _ = casework.breach(case, "HO-01", accountable=accountable)
        for event in casework.events()[before:]:
            if isinstance(event, CaseHandedOver):
                now = reached(casework, case, event.to)
                queued = event.tier == "manufacturer" and Queue.named(event.to)
                if not (queued and event.via == "return" and undeclined(casework, case, queued)):
                    had_it = now & had
                    assert not had_it or (queued and not untold(casework, case, now, had)), f"{had_it} had it"
                had |= now
        rungs.append(case.rung)
    assert rungs == sorted(rungs)
    assert case.rung == len(casework.world().ladder(case)) - 1
    assert case.support is not None


def _declined(casework: Casework, case: Case) -> Case:
    """Somebody who may returns what is offered; the next breach is of another who is on the ladder."""
    for name in casework.directory.people:
        if "return" in allowed(case, name, casework.world()):
            casework.later(minutes=1)
            return casework.act(case, Return(actor=name, reason=sealed()))
    return case


@settings(max_examples=100, deadline=None)
@given(people())
def test_a_case_that_was_accepted_escalates_afresh(staff: list[Person]) -> None:
    casework = dealership(staff)
    case, _ = casework.breach(casework.receive(), "DL-01")
    for name in casework.directory.people:
        if is_receiver(case, name, casework.world()):
            case = casework.act(case, Accept(actor=name))
            assert (case.declined_by, case.hand_over, case.owner) == ((), None, name)


def test_the_same_person_in_every_office_is_asked_once_and_the_manufacturer_next() -> None:
    posts = tuple(Post(at="north", role=role) for role in DEALER[1:])
    chief = Person(id="chief", name="chief", posts=posts)
    others = [entry for entry in directory_file().entries() if getattr(entry, "kind", "") != "person"]
    mfr = Person(id="mfr-1", name="mfr-1", posts=(Post(at="gtmc", role="mfr_cr"),))
    clerk = Person(id="clerk", name="clerk", posts=(Post(at="north", role="operator"),))
    casework = Casework(directory=Directory((*others, chief, mfr, clerk)))
    case = casework.receive()
    assert (case.owner, case.hand_over and case.hand_over.to) == ("clerk", "chief")
    case, _ = casework.breach(case, "DL-01")
    assert (case.rung, case.support and case.support.to) == (3, "mfr-1")
    casework.later(hours=timedelta(days=1).total_seconds() / 3600)
    hand_overs = [event.to for event in casework.events() if isinstance(event, CaseHandedOver)]
    assert hand_overs == ["chief", "mfr-1"]
