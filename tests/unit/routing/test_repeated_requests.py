"""An escalation to whom it is asked of already asks them once more, and nobody else."""

from schemas.cases import CaseEscalated, CaseTaskSent
from services.routing.domain.case import Case
from tests.asking import reply
from tests.casework import Casework
from tests.dealership import a_contact

FIRE = "车子突然起火冒烟,必须给我一个说法"
UP = ("DL-01", "HO-01", "HO-01")


def escalated(casework: Casework, case: Case) -> Case:
    for deadline in UP:
        case, _ = casework.breach(case, deadline)
    return case


def sent(casework: Casework) -> list[CaseTaskSent]:
    events = [event for event in casework.events() if isinstance(event, CaseTaskSent)]
    return [event for event in events if event.task == "support"]


def led(casework: Casework) -> Case:
    """A case that the general manager owns and handles."""
    case = reply(casework, casework.receive(), "cr-1", "accept")
    for deadline in ("DL-02", "HO-01"):
        case, _ = casework.breach(case, deadline, accountable="dealer_cr_manager")
    return reply(casework, case, "gm-1", "accept")


def test_it_is_the_same_task_and_the_same_person_now_for_the_breach() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    [before] = case.tasks_of("support")
    case = escalated(casework, case)
    [task] = case.tasks_of("support")
    assert (task.task_id, task.to, task.via) == (before.task_id, before.to, "assignment")
    first, second = sent(casework)
    assert {(event.task_id, event.to) for event in (first, second)} == {(task.task_id, "mfr-1")}
    assert (first.via, first.ladder, first.deadline) == ("assignment", None, None)
    assert (second.via, second.ladder, second.deadline) == ("escalation", "handling", "HO-01")
    assert case.rungs == {"handling": 3}
    assert casework.types("escalations")[-1] == "case.task_sent"


def test_it_is_accepted_once() -> None:
    casework = Casework()
    case = escalated(casework, casework.receive(a_contact(FIRE)))
    case = reply(casework, case, "mfr-1", "accept")
    assert [(task.to, task.accepted) for task in case.tasks_of("support")] == [("mfr-1", True)]


def test_whoever_has_accepted_already_is_told_that_it_is_their_turn_and_asked_nothing() -> None:
    casework = Casework()
    case = reply(casework, casework.receive(a_contact(FIRE)), "mfr-1", "accept")
    case = escalated(casework, case)
    asked = [(task.to, task.via, task.accepted) for task in case.tasks_of("support")]
    assert asked == [("mfr-1", "assignment", True)]
    [told] = [event for event in casework.events() if isinstance(event, CaseEscalated)]
    assert (told.to, told.role, told.deadline) == ("mfr-1", "mfr_cr", "HO-01")
    assert case.rungs == {"handling": 3}


def test_what_was_asked_by_name_before_stays_asked_and_escalated_when_the_breach_falls() -> None:
    casework = Casework()
    case = led(casework)
    case = casework.act(case, "gm-1", "transfer", shop="gtmc", role="mfr_cr", person="mfr-2")
    [named] = case.tasks_of("support")
    before = case
    case, breach = casework.breach(case, "DL-03", accountable="dealer_cr_manager")
    assert [task.task_id for task in case.tasks_of("support")] == [named.task_id]
    assert case.rungs == {"handling": 3}
    case = casework.fold(case, casework.withdrawn(case, breach))
    assert (case.tasks, case.rungs, case.state) == (before.tasks, before.rungs, "escalated")


def test_what_was_asked_by_name_and_by_the_ladder_leaves_nothing_escalated_when_it_is_declined() -> None:
    casework = Casework()
    case = led(casework)
    assert case.state == "in_progress"
    case = casework.act(case, "gm-1", "transfer", shop="gtmc", role="mfr_cr", person="mfr-2")
    case, _ = casework.breach(case, "DL-03", accountable="dealer_cr_manager")
    case = reply(casework, case, "mfr-2", "refuse")
    assert [(task.to, task.via) for task in case.tasks_of("support")] == [("mfr-1", "anew")]
    assert case.state == "in_progress"
