"""What people may do with a case, when, and what comes of it."""

from datetime import timedelta

import pytest

from schemas.cases import CaseHandedOver, CaseJudged, CaseReturned
from schemas.contacts import Department
from schemas.directory import Person
from schemas.staffing import Directory
from services.routing.domain.actions.action import Action
from services.routing.domain.actions.answering import Accept, Return
from services.routing.domain.actions.ending import Close, Resolve
from services.routing.domain.actions.judging import JudgeNature
from services.routing.domain.actions.progress import FollowUp, LogContact
from services.routing.domain.actions.table import allowed
from services.routing.domain.actions.transfer import Transfer
from services.routing.domain.case import Case
from tests.casework import Casework, sealed
from tests.dealership import a_contact, directory_file, person

FIRE = "车子突然起火冒烟,必须给我一个说法"


def reviewed(
    casework: Casework, narrative: str = "空调有异响", department: Department = "after_sales"
) -> Case:
    case = casework.receive(a_contact(narrative, department=department))
    return casework.act(case, Accept(actor="cr-1"))


def to_manager(person: str = "dm-service") -> Transfer:
    return Transfer(actor="cr-1", shop="north", role="dept_manager", person=person, note=sealed())


def with_manager(casework: Casework, narrative: str = "空调有异响") -> Case:
    case = casework.act(reviewed(casework, narrative), to_manager())
    return casework.act(case, Accept(actor="dm-service"))


def judged(casework: Casework) -> Case:
    return casework.act(with_manager(casework), JudgeNature(actor="dm-service", severity="general"))


def test_the_owner_stays_owner_until_the_offer_is_accepted() -> None:
    casework = Casework()
    case = casework.receive()
    assert case.owner.startswith("op-")
    case = casework.act(case, Accept(actor="cr-1"))
    assert (case.owner, case.owner_role, case.hand_over, case.state) == (
        "cr-1", "dealer_cr_manager", None, "in_review",
    )  # fmt: skip


def test_only_the_one_it_is_offered_to_accepts() -> None:
    casework = Casework()
    refusal = casework.refused(casework.receive(), Accept(actor="dm-service"))
    assert (refusal.status, refusal.rule) == (422, "who_may_accept")


def test_a_desk_is_everybody_of_its_role() -> None:
    casework = Casework()
    case = casework.receive()
    assert case.hand_over is not None
    case = case.model_copy(
        update={"hand_over": case.hand_over.model_copy(update={"to": "queue:north:dealer_cr_manager"})}
    )
    assert casework.refused(case, Accept(actor="cr-south")).rule == "who_may_accept"
    assert casework.act(case, Accept(actor="cr-1")).owner == "cr-1"


def test_what_is_returned_stays_with_its_owner() -> None:
    casework = Casework()
    case = casework.act(reviewed(casework), to_manager())
    case = casework.act(case, Return(actor="dm-service", reason=sealed()))
    assert (case.owner, case.hand_over, case.state, case.rung) == ("cr-1", None, "in_review", 0)
    assert isinstance(casework.events()[-1], CaseReturned)


def test_a_cr_manager_hands_over_to_a_sales_or_after_sales_manager() -> None:
    casework = Casework()
    case = casework.act(reviewed(casework), to_manager())
    offered = casework.events()[-1]
    assert isinstance(offered, CaseHandedOver)
    assert (offered.to, offered.via, offered.rung, case.state) == ("dm-service", "transfer", 1, "transferred")


def test_a_cr_manager_hands_over_to_nobody_else() -> None:
    casework = Casework()
    to_advisor = Transfer(actor="cr-1", shop="north", role="sc_sa", person="sa-1", note=sealed())
    refusal = casework.refused(reviewed(casework), to_advisor)
    assert (refusal.status, refusal.rule) == (422, "hand_over_by_dealer_cr_manager")
    assert "dept_manager" in refusal.detail


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"person": "a-stranger"}, "transfer_named_person"),
        ({"person": "sa-1"}, "transfer_named_role"),
        ({"shop": "south"}, "transfer_within_case"),
    ],
)
def test_a_hand_over_names_store_role_and_person(changes: dict[str, str], rule: str) -> None:
    casework = Casework()
    assert casework.refused(reviewed(casework), to_manager().model_copy(update=changes)).rule == rule


def test_the_case_follows_the_department_of_its_manager() -> None:
    casework = Casework()
    assert casework.act(reviewed(casework), to_manager("dm-sales")).department == "sales"


def test_a_manager_accepts_before_he_judges() -> None:
    casework = Casework()
    case = casework.act(reviewed(casework), to_manager())
    refusal = casework.refused(case, JudgeNature(actor="dm-service", severity="general"))
    assert (refusal.status, refusal.rule) == (409, "accept_first")


def test_the_manager_judges_the_nature() -> None:
    casework = Casework()
    case = judged(casework)
    assert (case.state, case.confirmed) == ("assessed", True)
    assert isinstance(casework.events()[-1], CaseJudged)


def test_a_cr_manager_does_not_judge() -> None:
    casework = Casework()
    refusal = casework.refused(reviewed(casework), JudgeNature(actor="cr-1", severity="general"))
    assert refusal.rule == "who_may_judge"


def test_severity_is_lowered_only_with_a_reason() -> None:
    casework = Casework()
    case = with_manager(casework, FIRE)
    refusal = casework.refused(case, JudgeNature(actor="dm-service", severity="general"))
    assert (refusal.status, refusal.rule) == (422, "lower_with_reason")
    case = casework.act(case, JudgeNature(actor="dm-service", severity="general", reason=sealed()))
    assert case.severity == "general"


def test_a_case_judged_graver_goes_to_the_manufacturer() -> None:
    casework = Casework()
    case = casework.act(with_manager(casework), JudgeNature(actor="dm-service", severity="major"))
    assert case.support is not None
    assert casework.types()[-2:] == ["case.judged", "case.handed_over"]


def test_the_manufacturer_supports_and_the_dealer_keeps_the_lead() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    owner = case.owner
    case = casework.act(case, Accept(actor="mfr-1"))
    assert case.support is not None
    assert (case.owner, case.support.accepted_at) == (owner, casework.now)


def test_a_manufacturer_who_returns_it_leaves_it_to_a_colleague() -> None:
    casework = Casework()
    case = casework.act(casework.receive(a_contact(FIRE)), Return(actor="mfr-1", reason=sealed()))
    assert case.support is not None
    assert (case.support.to, case.support.via) == ("mfr-2", "return")


def test_a_general_manager_asks_the_manufacturer_for_support() -> None:
    casework = Casework()
    ask = Transfer(actor="gm-1", shop="gtmc", role="mfr_cr", person="mfr-2", note=sealed())
    case = casework.act(judged(casework), ask)
    assert case.support is not None
    assert (case.owner, case.support.to, case.state) == ("dm-service", "mfr-2", "escalated")
    assert casework.act(case, Accept(actor="mfr-2")).state == "in_progress"


def test_what_is_said_to_the_manufacturer_stands_in_the_history() -> None:
    casework, said = Casework(), sealed()
    ask = Transfer(actor="gm-1", shop="gtmc", role="mfr_cr", person="mfr-2", note=said)
    casework.act(judged(casework), ask)
    event, facts = casework.facts[-1]
    assert (event, facts["text"]) == ("case.handed_over", str(said.id))
    handed = casework.events()[-1]
    assert isinstance(handed, CaseHandedOver)
    assert (handed.note, handed.header.support_to) == (said.id, "mfr-2")


def test_reaching_the_customer_brings_a_judged_case_in_progress() -> None:
    casework = Casework()
    case = casework.act(judged(casework), LogContact(actor="dm-service", note=sealed()))
    assert (case.state, case.contacted_at) == ("in_progress", casework.now)


def test_an_attempt_that_reached_nobody_is_no_contact() -> None:
    casework = Casework()
    case = casework.act(judged(casework), FollowUp(actor="cr-1", note=sealed(), reached=False))
    assert (case.state, case.attempts, case.contacted_at) == ("not_reached", 1, None)
    assert casework.types()[-1] == "case.not_reached"


def test_a_case_is_resolved_only_after_somebody_tried_to_reach_the_customer() -> None:
    casework = Casework()
    case = judged(casework)
    refusal = casework.refused(case, Resolve(actor="dm-service", note=sealed()))
    assert (refusal.status, refusal.rule) == (409, "resolve_after_contact")
    case = casework.act(case, LogContact(actor="dm-service", note=sealed()))
    assert casework.act(case, Resolve(actor="dm-service", note=sealed())).state == "resolved"


def test_a_grave_case_is_resolved_only_once_its_nature_is_judged() -> None:
    casework = Casework()
    case = casework.act(with_manager(casework, FIRE), LogContact(actor="dm-service", note=sealed()))
    refusal = casework.refused(case, Resolve(actor="dm-service", note=sealed()))
    assert (refusal.status, refusal.rule) == (409, "resolve_after_judgement")


def test_the_cr_manager_closes_what_is_resolved() -> None:
    casework = Casework()
    case = casework.act(judged(casework), LogContact(actor="dm-service", note=sealed()))
    assert casework.refused(case, Close(actor="cr-1", note=sealed())).rule == "close_after_resolve"
    case = casework.act(case, Resolve(actor="dm-service", note=sealed()))
    assert casework.refused(case, Close(actor="dm-service", note=sealed())).rule == "who_may_close"
    case = casework.act(case, Close(actor="cr-1", note=sealed()))
    assert (case.state, case.closed_at, casework.open_cases.cases) == ("closed", casework.now, {})


@pytest.mark.parametrize(
    "action", [Accept(actor="cr-1"), to_manager(), Resolve(actor="dm-service", note=sealed())]
)
def test_nothing_more_is_decided_once_it_is_over(action: Action) -> None:
    casework = Casework()
    case = casework.act(judged(casework), LogContact(actor="dm-service", note=sealed()))
    case = casework.act(case, Resolve(actor="dm-service", note=sealed()))
    assert casework.refused(case, action).status in {409, 422}


def test_a_reader_is_told_what_his_part_lets_him_do() -> None:
    casework = Casework()
    case = casework.receive()
    assert allowed(case, "cr-1", casework.world()) == [
        "accept",
        "return",
        "contacts",
        "follow-ups",
        "close",
    ]
    assert allowed(case, "cr-south", casework.world()) == []


def test_an_action_moves_the_revision_and_says_what_changed() -> None:
    casework = Casework()
    case = reviewed(casework)
    assert [each.revision for each in case.revisions] == [1, 2]
    assert set(case.revisions[-1].fields) == {"owner", "owner_role", "hand_over", "state"}
    assert case.revisions[-1].by == "cr-1"


def test_an_operator_speaking_to_the_customer_is_no_contact_by_the_department() -> None:
    casework = Casework()
    case = casework.receive()
    assert casework.refused(case, LogContact(actor=case.owner, note=sealed())).rule == "who_may_contacts"


def test_a_deputy_does_what_the_absent_may() -> None:
    casework = Casework()
    absence = {"since": casework.now, "until": casework.now + timedelta(days=1)}
    away = Person.model_validate({**person("cr-1").model_dump(), "absences": [absence], "deputy": "op-2"})
    casework.directory = Directory(directory_file(cr_1=away).entries())
    case = casework.receive()
    assert "close" in allowed(case, "op-2", casework.world())
    assert "close" not in allowed(case, "op-1", casework.world())
    assert casework.act(case, Accept(actor="op-2")).owner_role == "dealer_cr_manager"
