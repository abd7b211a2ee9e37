"""What S3c asks for, by the policy toyota_general: whoever hears it first, the head of a department, the general manager."""

from typing import Any

import pytest

from deploy.plays.story import ZONE
from tests.memory_stage import MemoryStage, opened
from tests.requirements.rows import shows
from tests.unit.shipped.forms import missing

POLICY = "policy:toyota_general"
TABLE = f"{POLICY}/severity/criteria"
MAJOR: dict[str, Any] = {"flags": {"public_body": True}}


def a_case(**contact: Any) -> MemoryStage:
    return opened("toyota_general", "wuchang.desk", **contact)


def appoint(stage: MemoryStage, who: str, action: str = "appoint", person: str = "wuchang.sa2") -> None:
    stage.act(who, action, shop="wuchang", role="direct_responsible", person=person, note="请应对")


@pytest.mark.parametrize(
    "contact",
    [
        shows("TOY-26", f"{TABLE}/T4", {"flags": {"quality_disputed": True}}),
        shows("TOY-26", f"{TABLE}/T5", {"flags": {"fire": True}}),
        shows("TOY-26", f"{TABLE}/T6", {"flags": {"injury": True}}),
        shows("TOY-26", f"{TABLE}/T7", {"narrative": "刹车失灵。"}),
        shows("TOY-26", f"{TABLE}/T8", {"flags": {"policy_questioned": True}}),
        shows("TOY-28", f"{TABLE}/T9/flags/public_body", MAJOR),
        shows("TOY-28", f"{TABLE}/T9/channels/third_party", {"channel": "third_party"}),
        shows("TOY-28", f"{TABLE}/T10", {"flags": {"lawyer": True}}),
        shows("TOY-25 TOY-28", f"{POLICY}/reactions/graver/1", MAJOR),
        shows("TOY-25", f"{POLICY}/tasks/report_gm/to/dealer_gm", {"flags": {"quality_disputed": True}}),
    ],
)
def test_major_problems_go_straight_to_the_general_manager(contact: dict[str, Any]) -> None:
    stage = a_case(**contact)
    [task] = stage.case.tasks
    assert (stage.case.severity, task.task, task.to) == ("major", "report_gm", "wuchang.gm")
    assert task.sent_at == stage.case.opened_at


@pytest.mark.shows("TOY-25", dies_with=f"{POLICY}/actions/report_major/steps/1")
def test_whoever_is_asked_first_reports_what_nothing_detects() -> None:
    stage = a_case()
    stage.act("wuchang.desk", "report_major", severity="major")
    assert (stage.case.severity, stage.receivers("report_gm")) == ("major", ["wuchang.gm"])


@pytest.mark.shows("TOY-20", dies_with=f"{POLICY}/kinds/grievance")
@pytest.mark.shows("TOY-20", dies_with=f"{POLICY}/actions/answer_customer/by/owner")
def test_a_grumble_is_dealt_with_by_whoever_hears_it() -> None:
    stage = a_case(kind="grievance")
    assert (stage.case.kind, stage.case.triage) == ("grievance", ())
    assert (stage.case.owner, stage.case.tasks) == ("wuchang.desk", ())
    stage.act("wuchang.desk", "answer_customer")
    stage.act("wuchang.desk", "resolve")
    assert stage.case.state == "resolved"


@pytest.mark.shows("TOY-21", dies_with=f"{POLICY}/actions/beyond_authority/steps/2")
@pytest.mark.shows("TOY-21", dies_with=f"{POLICY}/actions/appoint/steps/1")
@pytest.mark.shows("TOY-21", dies_with=f"{POLICY}/deadlines/DL-15/limit/working_minutes")
def test_what_is_beyond_ones_authority_goes_to_the_head_who_appoints_somebody() -> None:
    stage = a_case()
    stage.act("wuchang.desk", "beyond_authority")
    assert (stage.receivers("beyond_authority"), stage.due_in("DL-15")) == (["wuchang.service"], 60)
    stage.reply("wuchang.service", "accept", "beyond_authority")
    appoint(stage, "wuchang.service")
    stage.reply("wuchang.sa2", "accept", "hand_over")
    assert (stage.case.owner, stage.case.state) == ("wuchang.sa2", "in_progress")


@pytest.mark.shows(
    "TOY-22", dies_with=f"{POLICY}/tasks/hand_over/hand_overs/first_contact/receivers/direct_responsible"
)
def test_a_complaint_at_the_dealers_goes_to_whoever_is_directly_responsible() -> None:
    stage = a_case()
    appoint(stage, "wuchang.desk", "transfer", "wuchang.sa")
    stage.reply("wuchang.sa", "accept", "hand_over")
    assert (stage.case.owner, stage.case.owner_role) == ("wuchang.sa", "direct_responsible")


@pytest.mark.shows("TOY-23", dies_with=f"{POLICY}/actions/appoint/by/dept_head")
def test_a_head_authorises_somebody_without_taking_the_case_over() -> None:
    stage = a_case()
    appoint(stage, "wuchang.service")
    assert (stage.refusal, stage.case.owner, stage.receivers("hand_over")) == (
        None, "wuchang.desk", ["wuchang.sa2"],
    )  # fmt: skip


@pytest.mark.shows("TOY-23", dies_with="function:schemas.staffing:Directory.on_duty")
def test_a_head_who_is_away_is_stood_in_for_by_their_deputy() -> None:
    stage = opened("toyota_general", "hanyang.desk")
    stage.act("hanyang.desk", "beyond_authority")
    assert stage.receivers("beyond_authority") == ["hanyang.foreman"]


@pytest.mark.shows("TOY-24", dies_with="function:services.sla.domain.due.limits:_due_in_calendar")
@pytest.mark.shows("TOY-24", dies_with=f"{POLICY}/deadlines/DL-10/on_breach/1")
def test_a_general_complaint_is_settled_before_the_day_is_over() -> None:
    stage = a_case()
    due = stage.case.deadlines["DL-10"].due_at.astimezone(ZONE)
    assert (due.date(), due.hour) == (stage.case.received_at.astimezone(ZONE).date(), 18)
    stage.later(hours=24)
    assert stage.case.deadlines["DL-10"].status == "breached"
    assert stage.receivers("beyond_authority") == ["wuchang.service"]


@pytest.mark.parametrize(
    ("deadline", "day", "accountable"),
    [
        shows("TOY-29", f"{POLICY}/deadlines/DL-11/limit/working_days", "DL-11", 5, "dealer_gm"),
        shows("TOY-29", f"{POLICY}/deadlines/DL-11/accountable", "DL-11", 5, "dealer_gm"),
        shows("TOY-30", f"{POLICY}/deadlines/DL-12/limit/working_days", "DL-12", 7, "dealer_gm"),
        shows("TOY-30", f"{POLICY}/deadlines/DL-12/accountable", "DL-12", 7, "dealer_gm"),
        shows("TOY-16 TOY-19", f"{POLICY}/deadlines/PR-01/limit/working_days", "PR-01", 3, "first_contact"),
    ],
)
def test_a_major_complaint_has_so_many_working_days(deadline: str, day: int, accountable: str) -> None:
    running = a_case(**MAJOR).case.deadlines[deadline]
    due = running.due_at.astimezone(ZONE)
    assert (due.date().isoformat(), running.accountable) == (f"2026-03-{day:02}", accountable)


@pytest.mark.parametrize(
    ("deadline", "action"),
    [
        shows("TOY-29", f"{POLICY}/deadlines/DL-11/stop", "DL-11", "give_opinion"),
        shows("TOY-30", f"{POLICY}/deadlines/DL-12/stop", "DL-12", "answer_customer"),
    ],
)
def test_what_is_asked_for_ends_its_deadline(deadline: str, action: str) -> None:
    stage = a_case(**MAJOR)
    stage.act("wuchang.gm", action)
    assert stage.case.deadlines[deadline].status == "met"


@pytest.mark.shows("TOY-16", "TOY-19", dies_with=f"{POLICY}/deadlines/PR-01/restart")
@pytest.mark.shows("TOY-16", dies_with=f"{POLICY}/actions/progress/by/dealer_cr")
def test_the_customer_is_told_how_it_goes_every_working_day() -> None:
    stage = a_case(**MAJOR)
    stage.later(hours=20)
    stage.act("wuchang.cr", "progress")
    due = stage.case.deadlines["PR-01"].due_at.astimezone(ZONE)
    assert due.date().isoformat() == "2026-03-04"


@pytest.mark.shows("TOY-27", dies_with=f"{POLICY}/actions/inform_manufacturer/steps/1")
@pytest.mark.shows("TOY-27", dies_with=f"{POLICY}/deadlines/DL-14/limit/elapsed_minutes")
@pytest.mark.shows("TOY-27", dies_with=f"{POLICY}/actions/set_approach/by/dealer_gm")
def test_the_general_manager_sets_the_approach_and_lets_the_manufacturer_know_soon() -> None:
    stage = a_case(**MAJOR)
    assert stage.due_in("DL-14") == 120
    stage.act("wuchang.gm", "set_approach")
    assert stage.refusal is None
    stage.act("wuchang.gm", "inform_manufacturer")
    assert (stage.receivers("support"), stage.case.deadlines["DL-14"].status) == (["yunze.cr"], "met")


@pytest.mark.shows("TOY-31", dies_with=f"{POLICY}/reactions/opened/1/when/case/channel/telephone")
def test_complaints_by_telephone_go_straight_to_customer_relations() -> None:
    assert a_case(channel="telephone").receivers("hand_over") == ["wuchang.cr"]
    assert a_case(channel="onsite").receivers("hand_over") == []


@pytest.mark.shows(
    "TOY-18", dies_with=f"{POLICY}/actions/answer_customer/refused/no_promise_beyond_authority"
)
@pytest.mark.shows("TOY-18", dies_with=f"{POLICY}/actions/compensate/steps/6")
def test_nobody_promises_what_is_beyond_their_authority() -> None:
    stage = a_case()
    stage.act("wuchang.desk", "compensate", amount="1")
    assert stage.receivers("approval_head") == ["wuchang.service"]
    stage.act("wuchang.desk", "answer_customer")
    assert stage.rule == "no_promise_beyond_authority"


@pytest.mark.shows("TOY-17", dies_with=f"{POLICY}/actions/resolve/refused/resolve_after_answer")
@pytest.mark.shows("TOY-32", dies_with=f"{POLICY}/actions/resolve/steps/1/send")
@pytest.mark.shows("TOY-32", dies_with=f"{POLICY}/tasks/file_summary/to/dealer_cr")
@pytest.mark.shows("TOY-33", dies_with=f"{POLICY}/tasks/file_summary/answered/1")
@pytest.mark.shows("TOY-34", dies_with=f"{POLICY}/actions/close/refused/close_after_follow_up")
@pytest.mark.shows("TOY-34", dies_with=f"{POLICY}/actions/feedback/steps/1")
def test_the_customer_is_answered_customer_relations_file_the_result_and_ask_how_it_was() -> None:
    stage = a_case()
    stage.act("wuchang.desk", "resolve")
    assert stage.rule == "resolve_after_answer"
    stage.act("wuchang.desk", "answer_customer")
    stage.act("wuchang.desk", "resolve")
    assert stage.receivers("file_summary") == ["wuchang.cr"]
    stage.reply("wuchang.cr", "answer", "file_summary")
    stage.act("wuchang.cr", "close")
    assert (stage.case.state, stage.rule) == ("filed", "close_after_follow_up")
    stage.act("wuchang.cr", "feedback", outcome="satisfied")
    assert stage.case.state == "closed"


@pytest.mark.shows("TOY-63", dies_with=f"{POLICY}/forms/file_summary/fields/improvement")
def test_the_summary_has_room_for_what_could_be_better() -> None:
    stage = a_case()
    stage.act("wuchang.desk", "answer_customer")
    stage.act("wuchang.desk", "resolve")
    stage.reply("wuchang.cr", "answer", "file_summary", improvement="接待时先告知工时费")
    assert missing("toyota_general", "file_summary") == {"problem_and_result"}
    assert stage.case.state == "filed"
