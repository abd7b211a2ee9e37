"""What people may do with a case, when, and what comes of it."""

from datetime import timedelta

import pytest

from schemas.cases import CaseActed, CaseJudged, CaseTaskRefused, CaseTaskSent, CaseTaskWithdrawn
from schemas.directory import Person, Post
from schemas.staffing import Directory
from schemas.vocabulary import Department
from services.common.store.decision import Change
from services.routing.domain import acting, replies
from services.routing.domain.case import Case
from tests.casework import Casework
from tests.dealership import a_contact, directory_file, person

FIRE = "车子突然起火冒烟,必须给我一个说法"
TO_MANAGER = {"shop": "north", "role": "dept_manager", "person": "dm-service"}
TO_ADVISOR = {"shop": "north", "role": "sc_sa", "person": "sa-1"}
TO_MANUFACTURER = {"shop": "gtmc", "role": "mfr_cr", "person": "mfr-2"}


def reviewed(
    casework: Casework, narrative: str = "空调有异响", department: Department = "after_sales"
) -> Case:
    case = casework.receive(a_contact(narrative, department=department))
    return casework.reply(case, "cr-1", "accept")


def handed_over(casework: Casework, narrative: str = "空调有异响") -> Case:
    return casework.act(reviewed(casework, narrative), "cr-1", "transfer", **TO_MANAGER)


def with_manager(casework: Casework, narrative: str = "空调有异响") -> Case:
    return casework.reply(handed_over(casework, narrative), "dm-service", "accept")


def judged(casework: Casework) -> Case:
    return casework.act(with_manager(casework), "dm-service", "judge", severity="general")


def test_the_owner_stays_owner_until_the_offer_is_accepted() -> None:
    casework = Casework()
    case = casework.receive()
    assert case.owner.startswith("op-")
    case = casework.reply(case, "cr-1", "accept")
    assert (case.owner, case.owner_role, case.hand_overs, case.state) == (
        "cr-1", "dealer_cr_manager", [], "in_review",
    )  # fmt: skip


def test_only_the_one_it_is_offered_to_accepts() -> None:
    casework = Casework()
    case = casework.receive()
    refusal = casework.refused(case, casework.replied(case, "dm-service", "accept"))
    assert (refusal.status, refusal.rule) == (409, "asked")
    assert "cr-1" in refusal.detail


def test_a_queue_is_everybody_of_its_role() -> None:
    casework = Casework()
    case = casework.receive()
    [task] = case.hand_overs
    queued = task.model_copy(update={"to": "queue:north:dealer_cr_manager"})
    case = case.model_copy(update={"tasks": (queued,)})
    assert casework.refused(case, casework.replied(case, "cr-south", "accept")).rule == "asked"
    assert casework.reply(case, "cr-1", "accept").owner == "cr-1"


def test_what_is_refused_stays_with_its_owner() -> None:
    casework = Casework()
    before = reviewed(casework)
    case = casework.act(before, "cr-1", "transfer", **TO_MANAGER)
    case = casework.reply(case, "dm-service", "refuse")
    assert (case.owner, case.hand_overs, case.state, case.rungs) == ("cr-1", [], "in_review", before.rungs)
    assert isinstance(casework.events()[-1], CaseTaskRefused)


def test_whoever_has_two_roles_hands_over_as_either() -> None:
    both = tuple(Post(at="north", role=role) for role in ("dealer_cr_manager", "dealer_gm"))
    casework = Casework(directory=Directory(directory_file(cr_1=person("cr-1", posts=both)).entries()))
    case = casework.act(reviewed(casework), "cr-1", "transfer", **TO_ADVISOR)
    assert [task.to for task in case.hand_overs] == ["sa-1"]


def test_a_cr_manager_hands_over_to_a_sales_or_after_sales_manager() -> None:
    casework = Casework()
    case = handed_over(casework)
    acted, sent = casework.events()[-2:]
    assert isinstance(acted, CaseActed)
    assert isinstance(sent, CaseTaskSent)
    assert (acted.action, acted.role, acted.fields) == ("transfer", "dealer_cr_manager", TO_MANAGER)
    assert (sent.to, sent.via, sent.moves_owner, sent.note) == ("dm-service", "transfer", True, acted.note)
    assert (case.rungs, case.state) == ({"handling": 1}, "transferred")


def test_a_cr_manager_hands_over_to_nobody_else() -> None:
    casework = Casework()
    case = reviewed(casework)
    refusal = casework.refused(case, casework.request(case, "cr-1", "transfer", **TO_ADVISOR))
    assert (refusal.status, refusal.rule) == (422, "named_receiver")
    assert "CR经理只能转交给销售/售后经理" in refusal.detail


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"person": "a-stranger"}, "named_person"),
        ({"person": "sa-1"}, "named_role"),
        ({"shop": "south"}, "named_role"),
        ({"shop": "nowhere"}, "named_place"),
        ({"role": "dealer_cr_manager", "person": "cr-1"}, "to_another"),
    ],
)
def test_a_hand_over_names_store_role_and_person(changes: dict[str, str], rule: str) -> None:
    casework = Casework()
    case = reviewed(casework)
    refusal = casework.refused(case, casework.request(case, "cr-1", "transfer", **{**TO_MANAGER, **changes}))
    assert (refusal.status, refusal.rule) == (422, rule)


def test_a_hand_over_by_name_replaces_the_one_that_waits() -> None:
    casework = Casework()
    before = reviewed(casework)
    case = casework.act(before, "cr-1", "transfer", **TO_MANAGER)
    case = casework.act(case, "cr-1", "transfer", **{**TO_MANAGER, "person": "dm-sales"})
    assert ([task.to for task in case.hand_overs], case.state) == (["dm-sales"], "transferred")
    withdrawn, sent = casework.events()[-2:]
    assert isinstance(withdrawn, CaseTaskWithdrawn)
    assert isinstance(sent, CaseTaskSent)
    assert (withdrawn.to, withdrawn.because, sent.to) == ("dm-service", "replaced", "dm-sales")
    case = casework.reply(case, "dm-sales", "refuse")
    assert (case.owner, case.state, case.rungs) == ("cr-1", before.state, before.rungs)


def test_the_case_follows_the_department_of_its_manager() -> None:
    casework = Casework()
    to_sales = {**TO_MANAGER, "person": "dm-sales"}
    assert casework.act(reviewed(casework), "cr-1", "transfer", **to_sales).department == "sales"


def test_a_manager_accepts_before_he_judges() -> None:
    casework = Casework()
    case = handed_over(casework)
    refusal = casework.refused(case, casework.request(case, "dm-service", "judge", severity="general"))
    assert (refusal.status, refusal.rule) == (409, "accept_first")


def test_the_manager_judges_the_nature() -> None:
    casework = Casework()
    case = judged(casework)
    assert (case.state, case.confirmed) == ("assessed", True)
    assert isinstance(casework.events()[-1], CaseJudged)


def test_an_action_is_told_of_the_case_as_it_left_it() -> None:
    casework = Casework()
    judged(casework)
    acted = casework.events()[-2]
    assert isinstance(acted, CaseActed)
    assert (acted.previous_state, acted.header.state, acted.header.confirmed) == (
        "transferred", "assessed", True,
    )  # fmt: skip


def test_a_cr_manager_does_not_judge() -> None:
    casework = Casework()
    case = reviewed(casework)
    refusal = casework.refused(case, casework.request(case, "cr-1", "judge", severity="general"))
    assert (refusal.status, refusal.rule) == (422, "who_may")
    assert "gm-1" in refusal.detail


def test_severity_is_lowered_only_with_a_reason() -> None:
    casework = Casework()
    case = with_manager(casework, FIRE)
    refusal = casework.refused(case, casework.request(case, "dm-service", "judge", severity="general"))
    assert (refusal.status, refusal.rule) == (422, "lower_with_reason")
    case = casework.act(case, "dm-service", "judge", severity="general", reason="误报")
    assert case.severity == "general"


def test_a_case_judged_graver_goes_to_the_manufacturer() -> None:
    casework = Casework()
    case = casework.act(with_manager(casework), "dm-service", "judge", severity="major")
    assert len(case.tasks_of("support")) == 1
    assert casework.types()[-4:] == ["case.acted", "case.severity_raised", "case.judged", "case.task_sent"]


def test_the_manufacturer_supports_and_the_dealer_keeps_the_lead() -> None:
    casework = Casework()
    before = casework.receive(a_contact(FIRE))
    case = casework.reply(before, "mfr-1", "accept", "support")
    [support] = case.tasks_of("support")
    assert (case.owner, case.hand_overs, support.accepted) == (before.owner, before.hand_overs, True)


def test_a_manufacturer_who_refuses_it_leaves_it_to_a_colleague() -> None:
    casework = Casework()
    case = casework.reply(casework.receive(a_contact(FIRE)), "mfr-1", "refuse", "support")
    [support] = case.tasks_of("support")
    assert (support.to, support.via, support.declined) == ("mfr-2", "anew", ("mfr-1",))


def test_a_general_manager_asks_the_manufacturer_for_support() -> None:
    casework = Casework()
    case = casework.act(judged(casework), "gm-1", "transfer", **TO_MANUFACTURER)
    [support] = case.tasks_of("support")
    assert (case.owner, support.to, case.state) == ("dm-service", "mfr-2", "escalated")
    assert casework.reply(case, "mfr-2", "accept", "support").state == "in_progress"


def test_what_is_said_to_the_manufacturer_stands_in_the_history() -> None:
    casework = Casework()
    case = judged(casework)
    asked = casework.request(case, "gm-1", "transfer", **TO_MANUFACTURER)
    assert asked.said.note is not None
    assert isinstance(casework.decide(case, case.id, asked), Change)
    event, facts = casework.facts[-1]
    assert (event, facts["text"]) == ("case.task_sent", str(asked.said.note.id))
    sent = casework.events()[-1]
    assert isinstance(sent, CaseTaskSent)
    assert (sent.note, [task.to for task in sent.header.tasks]) == (asked.said.note.id, ["mfr-2"])


def test_reaching_the_customer_brings_a_judged_case_in_progress() -> None:
    casework = Casework()
    case = casework.act(judged(casework), "dm-service", "contact")
    done = case.done["contact"]
    assert (case.state, done.times, done.at, done.by) == ("in_progress", 1, casework.now, ("dm-service",))


def test_an_attempt_that_reached_nobody_is_no_contact() -> None:
    casework = Casework()
    case = casework.act(judged(casework), "cr-1", "try_to_reach")
    assert (case.state, case.done["try_to_reach"].times, "contact" in case.done) == ("not_reached", 1, False)
    event = casework.events()[-1]
    assert isinstance(event, CaseActed)
    assert event.action == "try_to_reach"


def test_how_often_something_was_done_and_by_whom_is_counted() -> None:
    casework = Casework()
    case = judged(casework)
    for actor in ("cr-1", "op-1", "cr-1"):
        case = casework.act(case, actor, "try_to_reach")
    assert (case.done["try_to_reach"].times, case.done["try_to_reach"].by) == (3, ("cr-1", "op-1"))


def test_a_reader_is_told_what_his_part_lets_him_do() -> None:
    casework = Casework()
    case = casework.receive()
    [task] = case.hand_overs
    world = casework.world()
    assert acting.allowed(case, "cr-1", world) == ["contact", "try_to_reach", "follow_up", "close"]
    assert replies.allowed(case, "cr-1", world) == {task.task_id: ["accept", "refuse"]}
    assert acting.allowed(case, "cr-south", world) == []
    assert replies.allowed(case, "cr-south", world) == {}


def test_an_action_moves_the_revision_and_says_what_changed() -> None:
    casework = Casework()
    case = reviewed(casework)
    assert [each.revision for each in case.revisions] == [1, 2]
    assert set(case.revisions[-1].fields) == {"owner", "owner_role", "tasks", "state"}
    assert case.revisions[-1].by == "cr-1"


def test_an_operator_speaking_to_the_customer_is_no_contact_by_the_department() -> None:
    casework = Casework()
    case = casework.receive()
    assert casework.refused(case, casework.request(case, case.owner, "contact")).rule == "who_may"


def test_a_deputy_does_what_the_absent_may() -> None:
    casework = Casework()
    absence = {"since": casework.now, "until": casework.now + timedelta(days=1)}
    away = Person.model_validate({**person("cr-1").model_dump(), "absences": [absence], "deputy": "op-2"})
    casework.directory = Directory(directory_file(cr_1=away).entries())
    case = casework.receive()
    assert "close" in acting.allowed(case, "op-2", casework.world())
    assert "close" not in acting.allowed(case, "op-1", casework.world())
    assert casework.reply(case, "op-2", "accept").owner_role == "dealer_cr_manager"
