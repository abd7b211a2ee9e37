"""What S3d and S3e ask for, by the policy toyota_dealer: the cause at once, the workshop, the emergency team."""

from typing import Any

import pytest

from tests.memory_stage import MemoryStage, opened
from tests.requirements.rows import shows

POLICY = "policy:toyota_dealer"
FINDING: dict[str, Any] = {
    "finding": "defect",
    "apologised": True,
    "within_warranty": False,
    "returned_repair": False,
}
OWN_CAUSE: dict[str, Any] = {"flags": {"repeated_own_cause": True}}


def a_case(who: str = "qingyang.handler", **contact: Any) -> MemoryStage:
    return opened("toyota_dealer", who, **contact)


def checked(**finding: Any) -> MemoryStage:
    stage = a_case()
    stage.act("qingyang.handler", "check_cause", **{**FINDING, **finding})
    return stage


@pytest.mark.shows("TOY-35", dies_with=f"{POLICY}/severity/criteria/C4")
@pytest.mark.shows("TOY-35", dies_with=f"{POLICY}/severity/criteria/C4/level")
def test_what_comes_again_by_the_dealers_own_cause_is_major() -> None:
    assert (a_case(**OWN_CAUSE).case.severity, a_case().case.severity) == ("major", "general")


@pytest.mark.shows("TOY-43", dies_with=f"{POLICY}/reactions/graver/1")
@pytest.mark.shows("TOY-43", dies_with=f"{POLICY}/reactions/graver/2")
@pytest.mark.shows("TOY-43", dies_with=f"{POLICY}/deadlines/DL-34/limit/elapsed_minutes")
@pytest.mark.shows("TOY-39", dies_with=f"{POLICY}/tasks/emergency_dealer/to/dealer_gm")
def test_dealer_and_manufacturer_form_one_emergency_team_for_a_major_complaint() -> None:
    stage = a_case(**OWN_CAUSE)
    assert stage.receivers("emergency_dealer") == ["qingyang.gm"]
    assert stage.receivers("emergency_maker") == ["xulan.cr"]
    assert (stage.due_in("DL-34"), stage.due_in("DL-34-maker")) == (30, 30)


@pytest.mark.shows("TOY-39", dies_with=f"{POLICY}/deadlines/DL-30/accountable")
@pytest.mark.shows("TOY-39", dies_with=f"{POLICY}/ladders/handling/rungs/dealer_gm")
def test_the_general_manager_answers_for_every_complaint_in_the_first_place() -> None:
    assert a_case().case.deadlines["DL-30"].accountable == "dealer_gm"
    stage = a_case("qingyang.desk")
    stage.later(days=2)
    assert "qingyang.gm" in stage.receivers("hand_over")


@pytest.mark.shows("TOY-40", dies_with=f"{POLICY}/channels/dealer_hotline")
def test_the_dealer_has_a_complaint_line_of_its_own() -> None:
    stage = a_case(channel="dealer_hotline")
    assert (stage.case.channel, stage.case.triage) == ("dealer_hotline", ())


@pytest.mark.parametrize(
    ("returned", "deadline", "minutes"),
    [
        shows("TOY-45", f"{POLICY}/deadlines/DL-32-first/limit/working_minutes", True, "DL-32-first", 30),  # noqa: FBT003
        shows("TOY-49", f"{POLICY}/deadlines/DL-32/limit/working_minutes", False, "DL-32", 60),  # noqa: FBT003
    ],
)  # fmt: skip
def test_a_car_that_comes_back_is_first_in_line(*, returned: bool, deadline: str, minutes: int) -> None:
    stage = checked(returned_repair=returned)
    assert (stage.receivers("job"), stage.due_in(deadline)) == (["qingyang.shop1"], minutes)


@pytest.mark.shows("TOY-46", dies_with=f"{POLICY}/actions/check_cause/steps/3")
@pytest.mark.shows("TOY-46", dies_with=f"{POLICY}/deadlines/DL-33/limit/working_minutes")
def test_what_the_warranty_manual_covers_is_arranged_at_once() -> None:
    stage = checked(within_warranty=True)
    [task] = stage.case.tasks_of("warranty")
    assert (task.to, task.sent_at, stage.due_in("DL-33")) == ("qingyang.desk", stage.casework.now, 120)
    assert checked().receivers("warranty") == []


@pytest.mark.parametrize(
    ("who", "receiver"),
    [
        shows("TOY-47", f"{POLICY}/reactions/opened/1", "qingyang.service", "qingyang.handler"),
        shows(
            "TOY-47", f"{POLICY}/roles/complaint_handler/stand_ins/reception_supervisor", "wuhou.service", "wuhou.desk"
        ),
    ],
)  # fmt: skip
def test_the_handler_or_else_the_reception_supervisor_receives_the_customer(who: str, receiver: str) -> None:
    assert a_case(who).receivers("hand_over") == [receiver]


@pytest.mark.parametrize(
    "finding",
    [
        shows("TOY-48", f"{POLICY}/forms/finding/fields/finding/options/discontent", "discontent"),
        shows("TOY-48", f"{POLICY}/forms/finding/fields/finding/options/customer_fault", "customer_fault"),
        shows("TOY-48", f"{POLICY}/deadlines/DL-31/limit/working_minutes", "defect"),
    ],
)
def test_the_cause_is_looked_for_at_once_and_is_one_of_three(finding: str) -> None:
    assert a_case().due_in("DL-31") == 60
    stage = checked(finding=finding)
    assert stage.case.filled["finding"].values["finding"] == finding
    assert (stage.case.state, stage.case.deadlines["DL-31"].status) == ("cause_found", "met")


@pytest.mark.shows("TOY-49", dies_with=f"{POLICY}/actions/check_cause/refused/apologise_first")
@pytest.mark.shows("TOY-49", dies_with=f"{POLICY}/actions/check_cause/steps/2")
def test_for_a_defect_the_dealer_apologises_and_sends_the_car_to_the_workshop() -> None:
    stage = checked(apologised=False)
    assert (stage.rule, stage.receivers("job")) == ("apologise_first", [])
    stage.act("qingyang.handler", "check_cause", **FINDING)
    assert (stage.rule, stage.receivers("job")) == (None, ["qingyang.shop1"])


@pytest.mark.parametrize(
    "category",
    [
        shows(
            "TOY-50",
            f"{POLICY}/forms/complaint_entry/fields/category/options/product_quality",
            "product_quality",
        ),
        shows(
            "TOY-50",
            f"{POLICY}/forms/complaint_entry/fields/category/options/repair_technique",
            "repair_technique",
        ),
        shows(
            "TOY-50",
            f"{POLICY}/forms/complaint_entry/fields/category/options/service_quality",
            "service_quality",
        ),
        shows(
            "TOY-50", f"{POLICY}/forms/complaint_entry/fields/category/options/parts_supply", "parts_supply"
        ),
        shows("TOY-50", f"{POLICY}/forms/complaint_entry/fields/category/options/price", "price"),
    ],
)
def test_a_complaint_is_of_one_of_five_kinds(category: str) -> None:
    stage = a_case(form={"category": category})
    assert (stage.case.filled["complaint_entry"].values, stage.case.triage) == ({"category": category}, ())


@pytest.mark.shows("TOY-51", dies_with=f"{POLICY}/actions/close/refused/close_after_follow_through")
@pytest.mark.shows("TOY-51", dies_with=f"{POLICY}/actions/confirm_result/steps/1")
def test_the_customer_is_followed_up_before_the_case_ends() -> None:
    stage = checked(finding="discontent")
    stage.act("qingyang.handler", "resolve", root_cause="not_the_dealer")
    stage.act("qingyang.handler", "close")
    assert (stage.case.state, stage.rule) == ("resolved", "close_after_follow_through")
    stage.act("qingyang.handler", "confirm_result", outcome="satisfied")
    assert stage.case.state == "closed"


@pytest.mark.shows("TOY-15", dies_with="function:services.routing.domain.entry:_unknown")
def test_whatever_the_complaint_somebody_deals_with_it_at_once() -> None:
    stage = a_case(channel="pigeon", form={"shoe_size": 42})
    assert (stage.case.owner, stage.case.severity) == ("qingyang.handler", "general")
    assert {each.split(":")[0] for each in stage.case.triage} == {"channel", "form.shoe_size"}
