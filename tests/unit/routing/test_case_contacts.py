"""Further contacts of a case: judged again, raised, never lowered, never lost."""

from collections.abc import Sequence

import pytest

from schemas.cases import CaseContactAdded, CaseTaskSent
from services.routing.domain.case import Case
from tests.casework import Casework, gtmc, stored_contact
from tests.dealership import a_contact
from tests.unit.routing.test_reassignment import reload

FIRE = "车子突然起火冒烟,必须给我一个说法"


def test_a_further_contact_is_kept_with_its_own_words() -> None:
    casework = Casework()
    case = casework.receive()
    case = casework.receive(a_contact("空调还是有异响", case_id=case.id), case)
    first, second = case.contacts
    assert first.text != second.text
    assert casework.types()[-1] == "case.contact_added"


def test_a_graver_contact_raises_the_severity_and_asks_the_manufacturer() -> None:
    casework = Casework()
    case = casework.receive()
    case = casework.receive(a_contact(FIRE, case_id=case.id), case)
    assert (case.severity, case.confirmed) == ("major", False)
    assert len(case.tasks_of("support")) == 1
    assert casework.types()[-3:] == ["case.contact_added", "case.severity_raised", "case.task_sent"]
    assert case.criteria[0] == "M1"


def test_a_milder_contact_never_lowers_it() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    case = casework.receive(a_contact("谢谢,没事了", case_id=case.id), case)
    assert case.severity == "major"
    assert "case.severity_raised" not in casework.types()


def test_a_tick_that_the_policy_does_not_know_raises_the_case_for_triage() -> None:
    casework = Casework()
    case = casework.receive()
    case = casework.receive(a_contact("空调还是有异响", case_id=case.id, ticks=("P99",)), case)
    assert (case.severity, case.criteria) == ("major_preliminary", ("G3",))
    assert case.triage == ("criteria: 'P99' is unknown to policy 'gtmc'",)


def test_a_contact_the_case_has_already_is_left_out() -> None:
    casework, contact = Casework(), a_contact()
    case = casework.receive(contact)
    assert casework.decide(case, case.id, stored_contact(contact)) is None


@pytest.mark.parametrize(
    "published",
    [
        (None, None, None), (None, False, False), (False, None, False), (False, False, False),
        (False, True, True), (True, False, True), (True, None, True), (None, True, True), (True, True, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("flag", [flag.id for flag in gtmc().content.severity.flags])
def test_a_further_contact_adds_its_flags_and_takes_none_back(
    flag: str, published: tuple[bool | None, ...]
) -> None:
    """Told by the first contact, by the second, and what then stands in the case."""
    before, after, merged = ({flag: answer} if answer is not None else {} for answer in published)
    casework = Casework()
    case = casework.receive(a_contact(flags=before))
    case = casework.receive(a_contact("请回电话", case_id=case.id, flags=after), case)
    assert case.flags == merged
    assert [each.flags for each in case.contacts] == [before, after]


def test_what_was_marked_with_a_further_contact_is_told_remembered_and_seen() -> None:
    casework = Casework()
    case = casework.receive(a_contact(flags={"accident": True}, ticks=("P5",)))
    marked = a_contact("请回电话", case_id=case.id, flags={"fire": True, "injury": False}, ticks=("P7", "P5"))
    case = casework.receive(marked, case)
    assert case.flags == {"accident": True, "fire": True, "injury": False}
    assert (case.ticks, case.contacts[1].ticks) == (("P5", "P7"), ("P7", "P5"))
    [added] = [event for event in casework.events() if isinstance(event, CaseContactAdded)]
    assert (added.flags, added.ticks) == ({"fire": True, "injury": False}, ("P7", "P5"))
    [facts] = [facts for event, facts in casework.facts if event == "case.contact_added"]
    assert (facts["flags"], facts["ticks"]) == ({"fire": True, "injury": False}, ["P7", "P5"])
    assert {"flags", "ticks"} <= set(case.revisions[-1].fields)


def closed(casework: Casework, narrative: str = "空调有异响", owner: str = "dm-service") -> Case:
    """A case taken to its end by the manager of its department, or by the CR manager himself."""
    case = casework.reply(casework.receive(a_contact(narrative)), "cr-1", "accept")
    if owner != "cr-1":
        case = casework.act(case, "cr-1", "transfer", shop="north", role="dept_manager", person=owner)
        case = casework.reply(case, owner, "accept")
    case = casework.act(case, "gm-1", "judge", severity=case.severity)
    case = casework.act(case, owner, "contact")
    case = casework.act(case, owner, "resolve")
    return casework.act(case, "cr-1", "close")


def again(casework: Casework, case: Case) -> Case:
    return casework.receive(a_contact("又坏了", case_id=case.id), case)


def test_a_customer_who_speaks_again_reopens_what_was_resolved() -> None:
    casework = Casework()
    case = closed(casework).model_copy(update={"state": "resolved", "stage": "closing"})
    case = again(casework, case)
    assert (case.state, case.stage) == ("in_progress", "handling")


def test_a_customer_who_speaks_again_reopens_what_was_closed() -> None:
    casework = Casework()
    case = again(casework, closed(casework))
    assert (case.state, case.stage, case.ended_at) == ("registered", "intake", None)
    assert [task.to for task in case.hand_overs] == ["cr-1"]
    assert casework.types()[-3:] == ["case.contact_added", "case.reopened", "case.task_sent"]


def test_what_was_done_and_how_far_it_was_escalated_counts_no_more_once_it_is_reopened() -> None:
    casework = Casework()
    before = closed(casework)
    assert before.done.keys() == {"transfer", "judge", "contact", "resolve", "close"}
    assert before.rungs == {"handling": 1}
    case = again(casework, before)
    assert (case.done, case.rungs, case.passes) == ({}, {"handling": 0}, {})


def test_a_case_reopened_is_not_resolved_before_somebody_speaks_with_the_customer_again() -> None:
    casework = Casework()
    case = again(casework, closed(casework))
    refusal = casework.refused(case, casework.request(case, "dm-service", "resolve"))
    assert refusal.rule == "resolve_after_contact"


def test_the_nature_of_a_case_reopened_is_judged_anew() -> None:
    casework = Casework()
    before = closed(casework)
    case = again(casework, before)
    assert (before.confirmed, case.confirmed) == (True, False)
    case = casework.reply(case, "cr-1", "accept")
    fields = {"shop": "north", "role": "dept_manager", "person": "dm-service"}
    case = casework.reply(casework.act(case, "cr-1", "transfer", **fields), "dm-service", "accept")
    assert case.state == "transferred"


def test_a_case_reopened_in_the_hands_of_the_cr_manager_stays_there() -> None:
    casework = Casework()
    case = again(casework, closed(casework, owner="cr-1"))
    assert (case.owner, case.hand_overs, case.state) == ("cr-1", [], "in_review")


def test_a_manufacturer_who_had_not_accepted_is_asked_anew_when_the_case_reopens() -> None:
    casework = Casework()
    case = closed(casework, FIRE)
    published = len(casework.events())
    case = again(casework, case)
    asked = [event for event in casework.events()[published:] if isinstance(event, CaseTaskSent)]
    [support] = case.tasks_of("support")
    assert [(each.task, each.to, each.where) for each in asked] == [
        ("hand_over", "cr-1", "shop"), ("support", support.to, "manufacturer"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("gone", "follows"),
    [
        (["cr-1"], "dm-service"),
        (["cr-1", "dm-service", "dm-sales"], "gm-1"),
        (["cr-1", "dm-service", "dm-sales", "gm-1"], "queue:north:dealer_cr_manager"),
    ],
)
def test_whoever_left_accepts_nothing_when_the_case_reopens(gone: Sequence[str], follows: str) -> None:
    casework = Casework()
    before = closed(casework, owner="cr-1")
    reload(casework, without=gone)
    published = len(casework.events())
    case = again(casework, before)
    events = casework.events()[published:]
    assert case.owner == follows
    owners = [event.header.owner for event in events if event.type != "case.contact_added"]
    assert set(owners) == {follows}
    assert not {event.to for event in events if isinstance(event, CaseTaskSent)} & set(gone)
