"""Whoever works where: as a case escalates nobody is asked twice to take it, and it ends with the manufacturer."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cases import CaseTaskSent
from schemas.directory import Absence, LastResort, Person, Post
from schemas.staffing import Directory, Queue
from schemas.vocabulary import Role
from services.common.store.decision import Change
from services.routing.domain import replies
from services.routing.domain.case import Case, Task
from services.routing.domain.permission import is_assigned
from services.routing.domain.replies import Verb
from tests.casework import Casework, gtmc
from tests.dealership import directory_file
from tests.soak import rounds

DEALER: list[Role] = ["operator", "dealer_cr_manager", "sc_sa", "dept_manager", "dealer_gm"]
NAMES = ["ann", "ben", "cid", "dan"]
AWAY = Absence(since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime(2090, 1, 1, tzinfo=UTC))
ESCALATIONS_COUNTED = 6
TOP = len(gtmc().content.ladder["handling"].rungs) - 1


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
    """Everyone who is asked what is asked of a person or a queue: they, or who answers for it."""
    directory, queue = casework.directory, Queue.named(name)
    if queue is None:
        return {name}
    line = directory.line(case, casework.world().policy(case), queue, casework.now)
    answering = (*directory.staff(*queue), *directory.attending(line, case.department, casework.now))
    return {one.id for one in answering}


def dealership(staff: list[Person], last: Role | None = None) -> Casework:
    others = [entry for entry in directory_file().entries() if not isinstance(entry, Person)]
    resort = [LastResort(at="north", role=last)] if last else []
    return Casework(directory=Directory((*others, *staff, *resort)))


def undeclined(casework: Casework, case: Case, queue: Queue) -> set[str]:
    """The members of a queue who have not declined: they are still asked after another has."""
    staff = {one.id for one in casework.directory.staff(*queue)}
    return staff.difference(name for task in case.tasks_of("support") for name in task.declined)


def untold(casework: Casework, case: Case, published: set[str], had: set[str]) -> set[str]:
    """Who of the manufacturer's side has not had it and stands in for nobody who has, where none of them is told."""
    directory, now = casework.directory, casework.now
    readers = directory.readers(case.manufacturer, "mfr_cr")
    side = {one.id for queue in readers for one in directory.staff(*queue)}
    others = {name for name in side if had.isdisjoint(directory.represented(name, now))}
    return set() if others & published else others


def answered(casework: Casework, case: Case, name: str, task: Task, verb: Verb) -> Case:
    alone = case.model_copy(update={"tasks": (task,)})
    casework.later(minutes=1)
    decision = casework.decide(case, case.id, casework.replied(alone, name, verb, task.task))
    assert isinstance(decision, Change), f"not taken: {decision}"
    return decision.state


def double_receivers(casework: Casework, case: Case, event: CaseTaskSent, had: set[str]) -> set[str]:
    """Who is asked what they had let pass, although somebody else could be."""
    now = reached(casework, case, event.to)
    queued = Queue.named(event.to) if event.task == "support" else None
    if queued and event.via == "anew" and undeclined(casework, case, queued):
        return set()
    return set() if queued and not untold(casework, case, now, had) else now & had


@settings(max_examples=rounds(100, 1_500), deadline=None)
@given(st.data(), people(), st.none() | st.sampled_from(DEALER))
def test_nobody_is_asked_twice_as_a_case_escalates(
    data: st.DataObject, staff: list[Person], last: Role | None
) -> None:
    casework = dealership(staff, last)
    case = casework.receive()
    assert case.hand_overs or case.state == "in_review"
    owners = Queue.named(case.owner)
    had = {one.id for one in casework.directory.staff(*owners)} if owners else {case.owner}
    had |= {name for task in case.hand_overs for name in reached(casework, case, task.to)}
    rungs = [case.rungs.get("handling", 0)]
    for _ in range(ESCALATIONS_COUNTED):
        before = len(casework.events())
        if data.draw(st.booleans()):
            case = _declined(casework, case)
        newest = case.hand_overs[-1] if case.hand_overs else None
        accountable = newest.role if newest and newest.via == "escalation" else "operator"
        case, _ = casework.breach(case, "HO-01", accountable=accountable)
        for event in casework.events()[before:]:
            if isinstance(event, CaseTaskSent):
                twice = double_receivers(casework, case, event, had)
                assert not twice, f"{twice} had it"
                had |= reached(casework, case, event.to)
        rungs.append(case.rungs.get("handling", 0))
    assert rungs == sorted(rungs)
    assert rungs[-1] == TOP
    assert case.tasks_of("support")


def _declined(casework: Casework, case: Case) -> Case:
    """Somebody who may refuses the newest of what is asked; the next breach is of another who is on the ladder."""
    for task in reversed(case.tasks):
        for name in casework.directory.people:
            if "refuse" in replies.allowed(case, name, casework.world()).get(task.task_id, ()):
                return answered(casework, case, name, task, "refuse")
    return case


@settings(max_examples=rounds(50, 500), deadline=None)
@given(people())
def test_a_case_that_was_accepted_escalates_afresh(staff: list[Person]) -> None:
    casework = dealership(staff)
    case, _ = casework.breach(casework.receive(), "DL-01")
    for name in casework.directory.people:
        mine = [task for task in case.hand_overs if is_assigned(case, task, name, casework.world())]
        if mine:
            case = answered(casework, case, name, mine[-1], "accept")
            assert (case.declined_by, case.hand_overs, case.owner) == ((), [], name)


def test_the_same_person_in_every_office_is_asked_once_and_the_manufacturer_next() -> None:
    posts = tuple(Post(at="north", role=role) for role in DEALER[1:])
    chief = Person(id="chief", name="chief", posts=posts)
    others = [entry for entry in directory_file().entries() if getattr(entry, "kind", "") != "person"]
    mfr = Person(id="mfr-1", name="mfr-1", posts=(Post(at="gtmc", role="mfr_cr"),))
    clerk = Person(id="clerk", name="clerk", posts=(Post(at="north", role="operator"),))
    casework = Casework(directory=Directory((*others, chief, mfr, clerk)))
    case = casework.receive()
    assert (case.owner, [task.to for task in case.hand_overs]) == ("clerk", ["chief"])
    case, _ = casework.breach(case, "DL-01")
    assert (case.rungs, [task.to for task in case.tasks_of("support")]) == ({"handling": 3}, ["mfr-1"])
    asked = [event.to for event in casework.events() if isinstance(event, CaseTaskSent)]
    assert asked == ["chief", "mfr-1"]
