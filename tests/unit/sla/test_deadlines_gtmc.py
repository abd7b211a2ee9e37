"""The deadlines of a whole policy, as complaints meet them; minutes after Monday 09:00 in Shanghai."""

from typing import Any

from tests.unit.sla.asking import FIRST, SECOND, Asking
from tests.unit.sla.story import Story, at, gtmc

DAY = 24 * 60
ESCALATED: dict[str, Any] = {"task": "hand_over", "role": "dealer_gm", "to": "gm-1", "via": "escalation"}
BY_RULE: dict[str, Any] = {"task": "support", "via": "assignment"}


def a_complaint(received: float = -5, **fields: Any) -> Story:
    story = Story(gtmc())
    story.happens("opened", 0, received_at=at(received), **fields)
    return story


def test_a_general_complaint_starts_its_first_deadlines() -> None:
    story = a_complaint()
    assert {one.deadline for one in story.of("started")} == {"DL-01", "DL-03", "DL-05"}
    assert (story.due_in("DL-01"), story.due_in("DL-03"), story.due_in("DL-05")) == (55, 1435, 7 * DAY)


def test_a_complaint_handled_in_time_meets_every_deadline() -> None:
    story = a_complaint()
    story.happens("task_sent", 10, role="dealer_cr_manager")
    story.happens("task_sent", 60, role="dept_manager", to="p2")
    story.happens("judged", 100)
    story.happens("contact", 300)
    story.happens("resolve", 2 * DAY)
    story.happens("close", 2 * DAY + 10)
    assert {one.deadline for one in story.of("met")} == {"DL-01", "DL-02", "DL-03", "DL-04"}
    assert story.passes(100 * DAY) == []
    assert not story.of("breached")


def test_a_manager_who_declines_gives_the_cr_manager_two_hours_again() -> None:
    story = a_complaint()
    story.happens("task_sent", 10, role="dealer_cr_manager")
    story.happens("task_sent", 60, role="dept_manager", to="p2")
    done = story.happens("task_refused", 70, role="dept_manager", to="p2")
    assert done == ["started DL-02", "cancelled DL-04"]
    assert story.due_in("DL-02") == 190


def test_a_resolved_case_waits_for_no_hand_over_any_more_but_is_still_followed_up() -> None:
    story = a_complaint()
    story.happens("task_sent", 10, role="dealer_cr_manager")
    story.happens("task_sent", 20, role="dept_manager", to="p2")
    assert story.happens("resolve", 30) == ["cancelled DL-04"]
    assert (story.status("DL-05"), story.happens("close", 40)) == (
        "running",
        ["cancelled DL-03", "cancelled DL-05"],
    )


def test_the_daily_follow_up_takes_over_from_the_weekly_one_when_severity_rises() -> None:
    story = a_complaint()
    done = story.happens("severity_raised", 3 * 60, severity="major_preliminary")
    assert done == ["cancelled DL-05", "started DL-06"]
    assert story.due_in("DL-06") == DAY


def test_the_contact_deadline_warns_at_twenty_hours() -> None:
    story = a_complaint(received=0)
    story.happens("task_sent", 10)
    story.happens("task_sent", 20, role="dept_manager")
    story.happens("judged", 30)
    story.passes(21 * 60)
    assert [(one.deadline, one.occurred_at) for one in story.of("warned")] == [("DL-03", at(20 * 60))]


def test_an_idle_manager_lets_the_case_escalate_and_the_next_person_gets_his_own_deadline() -> None:
    story = a_complaint()
    story.happens("task_sent", 10)
    story.happens("task_sent", 60, role="dept_manager")
    assert "breached DL-04" in story.passes(180)
    assert story.passes(270) == ["escalation_due DL-04"]  # 13:30, after lunch
    case = Asking(story)
    assert case.sent(FIRST, 271, **ESCALATED) == ["started HO-01"]
    assert (case.due(FIRST, "HO-01"), story.of("started")[-1].accountable) == (391, "dealer_gm")
    assert case.accepted(FIRST, 300) == ["met HO-01"]


def test_a_hand_over_that_is_no_escalation_has_no_deadline_to_be_accepted() -> None:
    case = Asking(a_complaint())
    assert "started HO-01" not in case.sent(FIRST, 10, "hand_over", via="transfer")
    assert "started HO-01" not in case.sent(SECOND, 20, "hand_over", via="assignment")


def test_of_two_who_are_asked_to_take_over_each_has_their_own_two_hours_and_the_first_who_accepts_ends_both() -> (
    None
):
    case = Asking(a_complaint())
    case.sent(FIRST, 10, "hand_over", via="escalation")
    case.sent(SECOND, 70, **ESCALATED)
    assert (case.due(FIRST, "HO-01"), case.due(SECOND, "HO-01")) == (130, 190)
    assert case.ended(FIRST, 80, "task_withdrawn", because="taken") == ["cancelled HO-01"]
    assert case.accepted(SECOND, 80) == ["met HO-01"]
    case.story.passes(5 * DAY)
    assert not [one for one in case.story.of("breached") if one.deadline == "HO-01"]


def test_an_escalation_that_was_not_late_after_all_takes_back_its_own_deadline_alone() -> None:
    case = Asking(a_complaint())
    case.sent(FIRST, 10, "hand_over", via="escalation")
    case.sent(SECOND, 20, **ESCALATED)
    assert case.ended(SECOND, 30, "task_withdrawn") == ["cancelled HO-01"]
    assert (case.status(FIRST, "HO-01"), case.due(FIRST, "HO-01")) == ("running", 130)


def test_a_hand_over_that_nobody_accepts_escalates_and_who_was_asked_is_accountable() -> None:
    case = Asking(a_complaint())
    case.sent(FIRST, 10, **ESCALATED)
    case.story.passes(100)
    assert case.story.passes(130) == ["breached HO-01", "escalation_due HO-01"]
    escalation = case.story.of("escalation_due")[-1]
    assert (escalation.task_id, escalation.accountable) == (FIRST, "dealer_gm")


def test_a_manufacturer_who_does_not_accept_is_reminded_three_times_then_daily() -> None:
    case = Asking(a_complaint(header_severity="major"))
    assert case.sent(FIRST, 1, **BY_RULE) == ["started HO-02"]
    case.story.passes(3 * DAY)
    reminders = [one for one in case.story.of("breached") if one.deadline == "HO-02"]
    assert [one.due_at for one in reminders] == [
        at(121), at(241), at(361), at(361 + DAY), at(361 + 2 * DAY)
    ]  # fmt: skip
    assert {one.accountable for one in reminders} == {"mfr_cr"}
    assert not [one for one in case.story.of("escalation_due") if one.deadline == "HO-02"]


def test_a_manufacturer_who_accepts_or_declines_is_reminded_no_more() -> None:
    case = Asking(a_complaint())
    case.sent(FIRST, 1, **BY_RULE)
    assert case.accepted(FIRST, 30) == ["met HO-02"]
    assert case.tasks[FIRST].accepted
    case.sent(SECOND, 40, **BY_RULE)
    assert case.ended(SECOND, 50, "task_refused") == ["cancelled HO-02"]


def test_an_escalation_to_the_manufacturer_that_is_taken_back_leaves_it_nothing_to_accept() -> None:
    case = Asking(a_complaint())
    case.sent(FIRST, 1, "support", via="escalation")
    assert case.ended(FIRST, 2, "task_withdrawn", via="escalation", deadline="DL-01") == ["cancelled HO-02"]


def test_a_suspected_safety_matter_has_half_an_hour_and_another_two_hours() -> None:
    case = Asking(a_complaint())
    assert case.sent(FIRST, 0, safety=True) == ["started TK-01"]
    assert case.sent(SECOND, 0) == ["started TK-02"]
    assert (case.due(FIRST, "TK-01"), case.due(SECOND, "TK-02")) == (30, 120)


def test_a_closed_complaint_that_comes_up_again_is_followed_up_again() -> None:
    story = a_complaint()
    story.happens("resolve", DAY)
    story.happens("close", DAY + 10)
    again = {"state": "registered", "stage": "intake"}
    story.header = story.header.model_copy(update=again)
    assert (story.happens("reopened", 20 * DAY), story.due_in("DL-05")) == (["started DL-05"], 27 * DAY)
    assert story.happens("contact_added", 21 * DAY) == []
