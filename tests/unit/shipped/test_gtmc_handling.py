"""How people of gtmc take a case from review over hand-overs and judging to its result and its end."""

from typing import Any

import pytest

from tests.memory_stage import MemoryStage, opened
from tests.requirements.rows import shows
from tests.unit.shipped.forms import missing

GENERAL, PRELIMINARY, MAJOR = "空调有异响。", "这车我不要了,给我退车。", "车自燃了。"


def with_cr(narrative: str = GENERAL, **contact: Any) -> MemoryStage:
    stage = opened("gtmc", "tianhe.op", narrative=narrative, **contact)
    stage.reply("tianhe.cr", "accept", "hand_over")
    return stage


def hand_over(stage: MemoryStage, giver: str, role: str, to: str, shop: str = "tianhe") -> None:
    stage.act(giver, "transfer", shop=shop, role=role, person=to, note="请对应")


def with_manager(narrative: str = GENERAL) -> MemoryStage:
    stage = with_cr(narrative)
    hand_over(stage, "tianhe.cr", "dept_manager", "tianhe.service")
    stage.reply("tianhe.service", "accept", "hand_over")
    return stage


def with_adviser(narrative: str = GENERAL) -> MemoryStage:
    stage = with_manager(narrative)
    stage.act("tianhe.service", "judge", severity="general")
    hand_over(stage, "tianhe.service", "sc_sa", "tianhe.sa")
    stage.reply("tianhe.sa", "accept", "hand_over")
    return stage


def resolved() -> MemoryStage:
    stage = with_adviser()
    stage.act("tianhe.sa", "contact")
    stage.act("tianhe.sa", "handle_ok", root_cause="technique")
    return stage


@pytest.mark.parametrize(
    "narrative",
    [
        shows("ICROP-30 ICROP-04", "policy:gtmc/reactions/opened/1", GENERAL),
        shows("ICROP-30", "policy:gtmc/reactions/opened", PRELIMINARY),
        shows("ICROP-30", "policy:gtmc/reactions/opened/1/send/task", MAJOR),
    ],
)
def test_every_complaint_goes_to_the_cr_manager_in_the_moment_it_is_recorded(narrative: str) -> None:
    stage = opened("gtmc", "tianhe.op", narrative=narrative)
    [task] = stage.case.tasks_of("hand_over")
    assert (task.to, task.sent_at) == ("tianhe.cr", stage.case.opened_at)


@pytest.mark.shows("ICROP-05", dies_with="policy:gtmc/severity/criteria/P11/channels/third_party")
def test_dealer_manufacturer_and_outside_bodies_are_told_apart() -> None:
    stage = opened("gtmc", "tianhe.op", channel="third_party")
    assert (stage.case.owner_where, stage.case.owner_place) == ("shop", "tianhe")
    assert [(task.where, task.place) for task in stage.case.tasks_of("support")] == [
        ("manufacturer", "hanlu-motors")
    ]


@pytest.mark.shows("ICROP-48", dies_with="policy:gtmc/tasks/hand_over/accepted/1")
@pytest.mark.shows("ICROP-48", dies_with="policy:gtmc/actions/review/from/in_review")
def test_what_the_operator_passes_on_waits_for_a_review() -> None:
    stage = with_cr()
    assert stage.case.state == "in_review"
    stage.act("tianhe.op", "review", keywords="异响")
    assert stage.refusal is not None
    stage.act("tianhe.cr", "review", keywords="异响")
    assert stage.refusal is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        shows("ICROP-76 ICROP-86", "policy:gtmc/forms/review/fields/category", "category", "price"),
        shows("ICROP-86", "policy:gtmc/actions/review/form", "category", "price"),
        shows("ICROP-88", "policy:gtmc/forms/review/fields/mileage", "mileage", 12_000),
        shows("ICROP-89", "policy:gtmc/forms/review/fields/activity_result", "activity_result", "continue_followup"),
        shows(
            "ICROP-90", "policy:gtmc/forms/review/fields/activity_result/options/not_reached_continue",
            "activity_result", "not_reached_continue",
        ),
    ],
)  # fmt: skip
def test_what_the_cr_manager_corrects_stands_beside_what_the_operator_entered(field: str, value: Any) -> None:
    stage = with_cr(form={"category": "product_quality"})
    stage.act("tianhe.cr", "review", **{field: value})
    assert stage.case.filled["review"].values == {field: value}
    assert stage.case.filled["complaint_entry"].values == {"category": "product_quality"}
    assert (stage.case.filled["review"].by, stage.case.filled["complaint_entry"].by) == (
        "tianhe.cr",
        "tianhe.op",
    )


@pytest.mark.shows(
    "ICROP-47", "ICROP-92", "ICROP-94", dies_with="policy:gtmc/forms/hand_over/fields/note/required"
)
def test_a_hand_over_names_shop_role_and_person_and_has_a_note() -> None:
    assert missing("gtmc", "hand_over") == {"shop", "role", "person", "note"}
    stage = with_cr()
    hand_over(stage, "tianhe.cr", "dept_manager", "panyu.service", "panyu")
    tasks = [(task.place, task.role, task.to) for task in stage.case.hand_overs]
    assert tasks == [("panyu", "dept_manager", "panyu.service")]


@pytest.mark.parametrize(
    ("giver", "receiver"),
    [
        shows("ICROP-78", "policy:gtmc/tasks/hand_over/hand_overs/dealer_cr_manager", "tianhe.cr", "tianhe.service"),
        shows("ICROP-78", "policy:gtmc/tasks/hand_over/hand_overs/dealer_cr_manager", "tianhe.cr", "tianhe.sales"),
        shows("ICROP-91", "policy:gtmc/actions/transfer/by/owner", "tianhe.cr", "tianhe.service"),
        shows("ICROP-91", "policy:gtmc/actions/transfer/steps/3", "tianhe.cr", "tianhe.service"),
    ],
)  # fmt: skip
def test_the_cr_manager_hands_over_to_the_manager_of_either_department(giver: str, receiver: str) -> None:
    stage = with_cr()
    hand_over(stage, giver, "dept_manager", receiver)
    assert (stage.refusal, stage.receivers("hand_over")) == (None, [receiver])
    assert stage.case.owner == giver


@pytest.mark.parametrize(("role", "person"), [("sc_sa", "tianhe.sa"), ("dealer_gm", "tianhe.gm")])
@pytest.mark.shows("ICROP-93", dies_with="function:services.routing.domain.naming:_against_rules")
def test_the_cr_manager_hands_over_to_nobody_else(role: str, person: str) -> None:
    stage = with_cr()
    hand_over(stage, "tianhe.cr", role, person)
    assert stage.refusal is not None
    assert stage.receivers("hand_over") == []


@pytest.mark.shows("ICROP-77", dies_with="policy:gtmc/actions/transfer/steps/1")
def test_the_cr_manager_who_hands_over_rings_the_department_up_as_well() -> None:
    stage = with_cr()
    hand_over(stage, "tianhe.cr", "dept_manager", "tianhe.service")
    assert (stage.receivers("phone_call"), stage.due_in("TK-03")) == (["tianhe.cr"], 30)


@pytest.mark.shows("ICROP-100", dies_with="policy:gtmc/actions/judge/steps/4")
@pytest.mark.shows("ICROP-100", dies_with="policy:gtmc/actions/set_approach/from")
def test_a_manager_judges_before_they_set_an_approach() -> None:
    stage = with_manager()
    stage.act("tianhe.service", "set_approach")
    assert (stage.case.state, stage.refusal is None) == ("transferred", False)
    stage.act("tianhe.service", "judge", severity="general")
    stage.act("tianhe.service", "set_approach")
    assert (stage.case.state, stage.refusal) == ("in_progress", None)


@pytest.mark.shows("ICROP-101", dies_with="policy:gtmc/actions/set_approach/steps/1")
@pytest.mark.shows("ICROP-101", "ICROP-23", dies_with="policy:gtmc/actions/handle_ok/steps/1")
def test_a_general_complaint_is_confirmed_gets_an_approach_and_is_handled() -> None:
    stage = with_manager()
    states = []
    for action, form in {
        "judge": {"severity": "general"},
        "set_approach": {},
        "contact": {},
        "handle_ok": {},
    }.items():
        stage.act("tianhe.service", action, **form)
        states.append(stage.case.state)
    assert states == ["assessed", "in_progress", "in_progress", "resolved"]
    assert (stage.case.severity, stage.case.confirmed) == ("general", True)


@pytest.mark.parametrize(
    "field",
    [
        shows("ICROP-23", "policy:gtmc/forms/result/fields/course/required", "course"),
        shows("ICROP-23", "policy:gtmc/forms/result/fields/result/required", "result"),
    ],
)
def test_who_handled_a_case_writes_course_and_result_down(field: str) -> None:
    assert field in missing("gtmc", "result")
    assert resolved().case.filled["result"].note is not None


@pytest.mark.parametrize(
    ("severity", "receivers"),
    [
        shows("ICROP-102", "policy:gtmc/actions/judge/steps/1", "major", ["hanlu.cr1"]),
        shows("ICROP-102 ICROP-12 ICROP-07", "policy:gtmc/reactions/graver/1", "major_preliminary", ["hanlu.cr1"]),
    ],
)  # fmt: skip
def test_what_is_judged_graver_goes_to_the_manufacturer_at_once(severity: str, receivers: list[str]) -> None:
    stage = with_manager()
    assert stage.receivers("support") == []
    stage.act("tianhe.service", "judge", severity=severity)
    assert stage.receivers("support") == receivers
    [task] = stage.case.tasks_of("support")
    assert task.sent_at == stage.casework.now


@pytest.mark.parametrize(
    ("severity", "receivers"),
    [
        shows("ICROP-102", "policy:gtmc/actions/handle_ng/steps/2", "major", {"hand_over": ["tianhe.gm"]}),
        shows("ICROP-11", "policy:gtmc/actions/handle_ng/steps/1", "general", {"hand_over": ["tianhe.gm"]}),
    ],
)
def test_what_a_manager_cannot_settle_goes_to_the_general_manager(
    severity: str, receivers: dict[str, list[str]]
) -> None:
    stage = with_manager()
    stage.act("tianhe.service", "judge", severity=severity)
    stage.act("tianhe.service", "handle_ng")
    assert {kind: stage.receivers(kind) for kind in receivers} == receivers


@pytest.mark.shows("ICROP-09", "ICROP-10", dies_with="policy:gtmc/ladders/general_ladder/rungs/dept_manager")
@pytest.mark.shows("ICROP-09", "ICROP-11", dies_with="policy:gtmc/ladders/general_ladder/rungs/dealer_gm")
@pytest.mark.shows("ICROP-09", "ICROP-12", dies_with="policy:gtmc/ladders/general_ladder/rungs/mfr_cr")
@pytest.mark.shows("ICROP-24", dies_with="policy:gtmc/actions/handle_ng/steps/1")
def test_what_an_adviser_cannot_settle_climbs_rung_by_rung_to_the_manufacturer() -> None:
    stage, climbed = with_adviser(), list[str]()
    for who, kind in {
        "tianhe.sa": "hand_over",
        "tianhe.service": "hand_over",
        "tianhe.gm": "support",
    }.items():
        stage.act(who, "handle_ng")
        [asked] = stage.case.tasks_of(kind)
        climbed.append(asked.to)
        stage.reply(asked.to, "accept", kind)
    assert climbed == ["tianhe.service", "tianhe.gm", "hanlu.cr1"]
    assert stage.case.owner == "tianhe.gm"


@pytest.mark.shows("ICROP-07", "ICROP-12", dies_with="policy:gtmc/actions/ask_support/steps/1")
def test_the_dealer_asks_the_manufacturer_for_support_whenever_it_needs_it() -> None:
    stage = with_cr()
    stage.act("tianhe.cr", "ask_support", support="请派技术人员")
    assert (stage.receivers("support"), stage.due_in("HO-02")) == (["hanlu.cr1"], 120)


@pytest.mark.parametrize(
    ("who", "action"),
    [
        shows("ICROP-27", "policy:gtmc/actions/follow_up/by/dealer_cr_manager", "tianhe.cr", "follow_up"),
        shows("ICROP-27", "function:schemas.readers:keys", "tianhe.cr", "follow_up"),
        shows("ICROP-75", "policy:gtmc/actions/urge/by/dealer_cr_manager", "tianhe.cr", "urge"),
        shows("ICROP-75", "policy:gtmc/notices/urged", "tianhe.cr", "urge"),
    ],
)
def test_the_cr_manager_follows_and_urges_while_others_handle(who: str, action: str) -> None:
    stage = with_adviser()
    assert stage.casework.may_read(who, stage.case)
    stage.told.clear()
    stage.act(who, action)
    assert (stage.refusal, stage.case.owner) == (None, "tianhe.sa")
    assert ("tianhe.sa urged" in stage.told) == (action == "urge")


@pytest.mark.shows("ICROP-25", dies_with="policy:gtmc/actions/call_back/steps/1")
@pytest.mark.shows("ICROP-26", dies_with="policy:gtmc/actions/close/refused/close_after_confirmation")
@pytest.mark.shows("ICROP-26", dies_with="policy:gtmc/actions/confirm_result/by/dealer_cr_manager")
def test_a_case_ends_only_after_a_call_back_that_somebody_has_confirmed() -> None:
    stage, states = resolved(), list[str]()
    for who, action, form in (
        ("tianhe.cr", "close", {}),
        ("tianhe.cr", "tidy", {}),
        ("tianhe.cr", "close", {}),
        ("tianhe.op", "call_back", {"outcome": "satisfied"}),
        ("tianhe.cr", "close", {}),
        ("tianhe.cr", "confirm_result", {}),
        ("tianhe.cr", "close", {}),
    ):
        stage.act(who, action, **form)
        states.append(stage.case.state)
    waiting, called = "callback_pending", "callback_confirmed"
    assert states == ["resolved", waiting, waiting, called, called, called, "closed"]


@pytest.mark.shows("TOY-62", dies_with="policy:gtmc/forms/goodwill/fields/measure/options/gift")
@pytest.mark.shows("TOY-62", dies_with="policy:gtmc/forms/goodwill/fields/measure/kind")
def test_what_is_given_in_compensation_is_kept_as_a_list() -> None:
    stage = with_manager()
    stage.act("tianhe.service", "judge", severity="general")
    stage.act("tianhe.service", "offer_goodwill", measure=["gift", "apology"], amount="1000")
    assert set(stage.case.filled["goodwill"].values["measure"]) == {"gift", "apology"}  # type: ignore[arg-type]
    assert stage.receivers("goodwill_approval") == []


@pytest.mark.shows("TOY-56", dies_with="policy:gtmc/actions/send_notice/steps/1")
@pytest.mark.shows("TOY-56", dies_with="policy:gtmc/tasks/handling_notice/to/dealer_cr_manager")
def test_the_manufacturer_sends_the_dealer_a_notice_to_handle_it() -> None:
    stage = with_cr(MAJOR)
    stage.reply("hanlu.cr1", "accept", "support")
    stage.act("hanlu.cr1", "send_notice", support="请尽快处理")
    assert (stage.receivers("handling_notice"), stage.due_in("TK-05")) == (["tianhe.cr"], 24 * 60)
