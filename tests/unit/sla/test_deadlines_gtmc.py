"""The shipped deadlines of gtmc, as complaints; minutes after Monday 09:00 in Shanghai."""

from typing import Any

from tests.unit.sla.story import Story, at, gtmc

DAY = 24 * 60


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
    story.happens("handed_over", 10, role="dealer_cr_manager")
    story.happens("handed_over", 60, role="dept_manager", to="p2")
    story.happens("judged", 100)
    story.happens("contacted", 300)
    story.happens("resolved", 2 * DAY)
    story.happens("closed", 2 * DAY + 10)
    assert {one.deadline for one in story.of("met")} == {"DL-01", "DL-02", "DL-03", "DL-04"}
    assert story.passes(100 * DAY) == []
    assert not story.of("breached")


def test_the_daily_follow_up_takes_over_from_the_weekly_one_when_severity_rises() -> None:
    story = a_complaint()
    done = story.happens("severity_raised", 3 * 60, severity="major_preliminary")
    assert done == ["cancelled DL-05", "started DL-06"]
    assert story.due_in("DL-06") == DAY


def test_the_contact_deadline_warns_at_twenty_hours() -> None:
    story = a_complaint(received=0)
    story.happens("handed_over", 10)
    story.happens("handed_over", 20, role="dept_manager")
    story.happens("judged", 30)
    story.passes(21 * 60)
    assert [(one.deadline, one.occurred_at) for one in story.of("warned")] == [("DL-03", at(20 * 60))]


def test_an_idle_manager_lets_the_case_escalate_and_the_next_person_gets_his_own_deadline() -> None:
    story = a_complaint()
    story.happens("handed_over", 10)
    story.happens("handed_over", 60, role="dept_manager")
    assert "breached DL-04" in story.passes(180)
    assert story.passes(270) == ["escalation_due DL-04"]  # 13:30, after lunch
    escalates: dict[str, Any] = {"via": "escalation", "role": "dealer_gm", "deadline": "DL-04"}
    done = story.happens("handed_over", 271, **escalates, header_hand_over_role="dealer_gm")
    assert done == ["started HO-01"]
    assert (story.due_in("HO-01"), story.of("started")[-1].accountable) == (391, "dealer_gm")
    assert story.happens("accepted", 300, role="dealer_gm") == ["met HO-01"]


def test_a_manufacturer_who_does_not_accept_is_reminded_three_times_then_daily() -> None:
    story = a_complaint(header_severity="major")
    story.happens("handed_over", 1, role="mfr_cr", tier="manufacturer", via="support")
    story.passes(3 * DAY)
    reminders = [one.due_at for one in story.of("breached") if one.deadline == "HO-02"]
    assert reminders == [at(121), at(241), at(361), at(361 + DAY), at(361 + 2 * DAY)]


def test_a_escalation_to_the_manufacturer_that_is_taken_back_leaves_it_nothing_to_accept() -> None:
    story = a_complaint()
    story.happens("handed_over", 1, role="mfr_cr", tier="manufacturer", via="escalation")
    taken: dict[str, Any] = {"tier": "manufacturer", "deadline": "DL-01"}
    assert story.happens("escalation_withdrawn", 2, **taken, again=True) == []
    assert story.happens("escalation_withdrawn", 3, **taken) == ["cancelled HO-02"]


def test_a_escalation_within_the_dealer_that_stands_again_is_still_to_be_accepted() -> None:
    story = a_complaint()
    story.happens("handed_over", 1, via="escalation", role="dealer_gm", header_hand_over_role="dealer_gm")
    assert story.happens("escalation_withdrawn", 2, again=True) == []
    assert story.happens("escalation_withdrawn", 3) == ["cancelled HO-01"]


def test_a_closed_complaint_that_comes_up_again_is_followed_up_again() -> None:
    story = a_complaint()
    story.happens("resolved", DAY)
    story.happens("closed", DAY + 10)
    done = story.happens("contact_added", 20 * DAY, header_state="closed")
    assert (done, story.due_in("DL-05")) == (["started DL-05"], 27 * DAY)
    assert story.happens("contact_added", 21 * DAY, header_state="registered") == []
