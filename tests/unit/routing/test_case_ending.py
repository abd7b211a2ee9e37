"""When a case is resolved and closed, and that nothing more is done with it then."""

from uuid import uuid4

import pytest

from services.routing.domain.case import Case
from services.routing.domain.replies import TaskReply
from tests.casework import Casework
from tests.unit.routing.test_case_actions import FIRE, TO_ADVISOR, TO_MANAGER, judged, with_manager


def resolved(casework: Casework) -> Case:
    case = casework.act(judged(casework), "dm-service", "contact")
    return casework.act(case, "dm-service", "resolve")


def test_a_case_is_resolved_only_after_somebody_tried_to_reach_the_customer() -> None:
    casework = Casework()
    case = judged(casework)
    refusal = casework.refused(case, casework.request(case, "dm-service", "resolve"))
    assert (refusal.status, refusal.rule) == (409, "resolve_after_contact")
    for action in ("contact", "try_to_reach"):
        tried = casework.act(case, "dm-service", action)
        assert casework.act(tried, "dm-service", "resolve").state == "resolved"


def test_a_grave_case_is_resolved_only_once_its_nature_is_judged() -> None:
    casework = Casework()
    case = casework.act(with_manager(casework, FIRE), "dm-service", "contact")
    refusal = casework.refused(case, casework.request(case, "dm-service", "resolve"))
    assert (refusal.status, refusal.rule) == (409, "resolve_after_judgement")
    case = casework.act(case, "dm-service", "judge", severity="major")
    assert casework.act(case, "dm-service", "resolve").state == "resolved"


def test_the_cr_manager_closes_what_is_resolved() -> None:
    casework = Casework()
    case = casework.act(judged(casework), "dm-service", "contact")
    refusal = casework.refused(case, casework.request(case, "cr-1", "close"))
    assert (refusal.status, refusal.rule) == (409, "from_state")
    case = casework.act(case, "dm-service", "resolve")
    assert casework.refused(case, casework.request(case, "dm-service", "close")).rule == "who_may"
    case = casework.act(case, "cr-1", "close")
    assert (case.state, case.stage, case.is_over, case.ended_at) == ("closed", "over", True, casework.now)
    assert casework.open_cases.cases == {}


@pytest.mark.parametrize(
    ("actor", "action", "form"),
    [
        ("gm-1", "transfer", TO_MANAGER),
        ("gm-1", "judge", {"severity": "major"}),
        ("dm-service", "resolve", {}),
    ],
)
def test_what_is_resolved_is_handled_no_more(actor: str, action: str, form: dict[str, str]) -> None:
    casework = Casework()
    case = resolved(casework)
    refusal = casework.refused(case, casework.request(case, actor, action, **form))
    assert (refusal.status, refusal.rule) == (409, "from_state")


@pytest.mark.parametrize("action", ["contact", "try_to_reach", "follow_up", "resolve", "close"])
def test_nothing_more_is_done_once_it_is_over(action: str) -> None:
    casework = Casework()
    case = casework.act(resolved(casework), "cr-1", "close")
    refusal = casework.refused(case, casework.request(case, "cr-1" if action == "close" else "gm-1", action))
    assert (refusal.status, refusal.rule) == (409, "from_state")


def test_an_offer_that_the_resolution_took_back_is_accepted_by_nobody() -> None:
    casework = Casework()
    case = casework.act(judged(casework), "dm-service", "transfer", **TO_ADVISOR)
    accepting = casework.replied(case, "sa-1", "accept")
    case = casework.act(case, "dm-service", "contact")
    case = casework.act(case, "dm-service", "resolve")
    assert case.hand_overs == []
    refusal = casework.refused(case, accepting)
    assert (refusal.status, refusal.rule) == (409, "task_done")
    unheard = TaskReply(actor="sa-1", task_id=uuid4(), verb="refuse")
    assert casework.refused(case, unheard).rule == "task_done"
