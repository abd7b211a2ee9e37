"""What S3a asks for, by the policy faw_toyota: a lead at the dealer, and the manufacturer told at once."""

from datetime import timedelta
from typing import Any

import pytest

from tests.memory_stage import MemoryStage, opened
from tests.requirements.rows import shows

TABLE = "policy:faw_toyota/severity/criteria"
INVOLVED = "policy:faw_toyota/tasks/handle/hand_overs/complaint_lead/receivers"
ASSISTING = "policy:faw_toyota/tasks/assist/hand_overs/complaint_lead/receivers"


def led(**contact: Any) -> MemoryStage:
    """A case that its lead has accepted."""
    stage = opened("faw_toyota", "nangang.sa", **contact)
    stage.reply("nangang.lead", "accept", "hand_over")
    return stage


def name(stage: MemoryStage, action: str, role: str, person: str) -> None:
    at = person.split(".", maxsplit=1)[0]
    shop = "lanhe-motors" if at == "lanhe" else at
    stage.act("nangang.lead", action, shop=shop, role=role, person=person, note="请协助")


@pytest.mark.parametrize(
    "contact",
    [
        shows("TOY-03", f"{TABLE}/F7", {"narrative": "刹车失灵。"}),
        shows("TOY-03", f"{TABLE}/F7/flags/concerns_safety", {"flags": {"concerns_safety": True}}),
        shows("TOY-03", f"{TABLE}/F8", {"flags": {"injury": True}}),
        shows("TOY-04", f"{TABLE}/F9", {"flags": {"large_damage": True}}),
        shows("TOY-05", f"{TABLE}/F10/flags/media", {"flags": {"media": True}}),
        shows("TOY-05", f"{TABLE}/F10/flags/police", {"flags": {"police": True}}),
        shows("TOY-05", f"{TABLE}/F10/flags/public_body", {"flags": {"public_body": True}}),
        shows("TOY-05", f"{TABLE}/F10/signals/national_authority", {"narrative": "消防队来了"}),
        shows("TOY-05", f"{TABLE}/F11", {"flags": {"lawyer": True}}),
    ],
)
def test_safety_damage_and_outside_bodies_make_a_case_major(contact: dict[str, Any]) -> None:
    stage = opened("faw_toyota", "nangang.sa", **contact)
    assert stage.case.severity == "major"
    assert opened("faw_toyota", "nangang.sa").case.severity == "general"


@pytest.mark.parametrize(
    "contact",
    [
        shows("TOY-02", "policy:faw_toyota/reactions/graver/1", {"flags": {"lawyer": True}}),
        shows(
            "TOY-02", "policy:faw_toyota/reactions/graver/1/when/case/severity/possible_major",
            {"flags": {"may_become_major": True}},
        ),
        shows("TOY-02", f"{TABLE}/F4", {"flags": {"may_become_major": True}}),
    ],
)  # fmt: skip
def test_what_is_or_may_become_major_is_reported_to_the_manufacturer_at_once(contact: dict[str, Any]) -> None:
    stage = opened("faw_toyota", "nangang.sa", **contact)
    [task] = stage.case.tasks_of("support")
    assert (task.to, task.sent_at, task.moves_owner) == ("lanhe.cr", stage.case.opened_at, False)


@pytest.mark.shows("TOY-06", dies_with="policy:faw_toyota/reactions/opened/1")
@pytest.mark.shows("TOY-12", dies_with="policy:faw_toyota/deadlines/HO-01/limit/working_minutes")
def test_whoever_hears_a_complaint_reports_it_to_the_lead_who_takes_it_within_the_hour() -> None:
    stage = opened("faw_toyota", "nangang.sa")
    [task] = stage.case.tasks_of("hand_over")
    assert (task.to, task.sent_at, stage.due_in("HO-01")) == ("nangang.lead", stage.case.opened_at, 60)
    assert stage.case.owner == "nangang.sa"


@pytest.mark.shows("TOY-12", "TOY-13", dies_with="policy:faw_toyota/deadlines/HO-01/on_breach")
@pytest.mark.shows("TOY-13", dies_with="policy:faw_toyota/ladders/handling/rungs/dealer_gm")
def test_where_the_lead_does_not_act_their_superior_is_asked() -> None:
    stage = opened("faw_toyota", "nangang.sa", narrative="空调有异响。")
    stage.wait_until(stage.case.opened_at + timedelta(minutes=62))
    assert "nangang.gm" in stage.receivers("hand_over")


@pytest.mark.parametrize(
    ("role", "person"),
    [
        shows("TOY-10", f"{INVOLVED}/cr_manager", "cr_manager", "nangang.cr"),
        shows("TOY-10", f"{INVOLVED}/service_manager", "service_manager", "nangang.service"),
        shows("TOY-10", f"{INVOLVED}/service_advisor", "service_advisor", "nangang.sa"),
    ],
)
def test_those_mainly_responsible_handle_it(role: str, person: str) -> None:
    stage = led()
    name(stage, "involve", role, person)
    assert (stage.receivers("handle"), stage.case.owner) == ([person], "nangang.lead")


@pytest.mark.parametrize(
    ("role", "person"),
    [
        shows("TOY-11 TOY-09", f"{ASSISTING}/mfr_rep", "mfr_rep", "lanhe.rep"),
        shows("TOY-11", f"{ASSISTING}/salesperson", "salesperson", "nangang.sc"),
    ],
)
def test_those_responsible_in_the_second_place_assist(role: str, person: str) -> None:
    stage = led()
    name(stage, "ask_assistance", role, person)
    assert (stage.receivers("assist"), stage.case.owner) == ([person], "nangang.lead")


@pytest.mark.shows("TOY-08", dies_with="function:services.routing.domain.naming:_against_rules")
@pytest.mark.parametrize(("role", "person"), [("mfr_rep", "lanhe.rep"), ("mfr_cr", "lanhe.cr")])
def test_nobody_of_the_manufacturer_takes_the_lead(role: str, person: str) -> None:
    stage = led()
    name(stage, "transfer", role, person)
    assert stage.refusal is not None
    assert stage.receivers("hand_over") == []


@pytest.mark.shows("TOY-01", dies_with="policy:faw_toyota/actions/close/from")
@pytest.mark.shows("TOY-01", dies_with="policy:faw_toyota/actions/report_gm/steps/1")
@pytest.mark.shows("TOY-01", dies_with="policy:faw_toyota/deadlines/DL-21/stop")
def test_the_lead_tells_the_general_manager_how_it_ended_before_the_case_is_closed() -> None:
    stage = led()
    stage.act("nangang.lead", "contact")
    stage.act("nangang.lead", "resolve")
    stage.act("nangang.lead", "close")
    assert (stage.case.state, stage.refusal is None) == ("resolved", False)
    stage.told.clear()
    stage.act("nangang.lead", "report_gm")
    assert stage.case.deadlines["DL-21"].status == "met"
    assert any(each.startswith("nangang.gm ") for each in stage.told)
    stage.act("nangang.lead", "close")
    assert stage.case.state == "closed"


@pytest.mark.parametrize(
    ("amount", "approval"),
    [
        shows("TOY-14", "policy:faw_toyota/actions/compensate/steps/6", "1000", "approval_manager"),
        shows("TOY-14", "policy:faw_toyota/actions/compensate/steps/5/when/form/amount/over", "1001", "approval_gm"),
        shows("TOY-14", "policy:faw_toyota/actions/compensate/steps/3/when/form/amount/over", "10001", "approval_maker"),
    ],
)  # fmt: skip
def test_nobody_promises_more_than_they_may(amount: str, approval: str) -> None:
    stage = led()
    stage.act("nangang.lead", "contact")
    stage.act("nangang.lead", "compensate", amount=amount)
    assert stage.receivers(approval) == ["nangang.service"]
    stage.act("nangang.lead", "resolve")
    assert stage.rule == "resolve_after_approval"
