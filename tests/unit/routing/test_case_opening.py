"""The first contact opens a case that belongs somewhere, is owned and is offered on."""

from typing import Any
from uuid import UUID

import pytest

from schemas.cases import CaseOpened, CaseTaskAccepted, CaseTaskSent
from schemas.contacts import Vehicle
from schemas.severity import Statement
from schemas.staffing import Directory
from services.common.store.decision import Cause, Change, Outgoing
from services.routing.domain import assessment
from services.routing.domain.case import Case
from services.routing.domain.decide import decide
from services.routing.domain.severity.detection import Detection
from services.routing.domain.severity.judge import judge
from tests.casework import Casework, gtmc, stored_contact
from tests.dealership import a_contact, directory_file, person

FIRE = "车子突然起火冒烟,必须给我一个说法"


def test_a_case_belongs_to_the_franchise_of_its_brand() -> None:
    case = Casework().receive(a_contact(shop="south", vehicle=Vehicle(brand="Other")))
    assert (case.shop, case.franchise, case.group, case.manufacturer) == (
        "south", "south-other", "rivers", "gtmc",
    )  # fmt: skip


def test_a_shop_with_one_franchise_needs_no_brand() -> None:
    case = Casework().receive(a_contact(vehicle=Vehicle()))
    assert (case.franchise, case.triage) == ("north-gtmc", ())


def test_a_case_is_decided_by_the_newest_version_of_its_policy() -> None:
    case = Casework().receive()
    assert (case.policy, case.policy_version) == ("gtmc", gtmc().version)


def test_whoever_received_the_contact_owns_the_case() -> None:
    case = Casework().receive(a_contact(received_by="sa-2"))
    assert (case.owner, case.owner_role) == ("sa-2", "sc_sa")


def test_without_a_receiver_the_least_loaded_first_receiver_owns_it() -> None:
    casework = Casework()
    owners = [casework.receive().owner for _ in range(4)]
    assert sorted(owners) == ["op-1", "op-1", "op-2", "op-2"]


@pytest.mark.parametrize(
    ("gone", "owner"),
    [
        (("op_1", "op_2"), "dm-service"),
        (("op_1", "op_2", "dm_service"), "gm-1"),
        (("op_1", "op_2", "dm_service", "gm_1"), "queue:north:operator"),
    ],
)
def test_with_nobody_of_the_role_whoever_stands_in_for_it_owns_it_else_its_queue(
    gone: tuple[str, ...], owner: str
) -> None:
    directory = Directory(directory_file(**dict.fromkeys(gone)).entries())
    case = Casework(directory=directory).receive()
    assert (case.owner, case.owner_role, case.triage) == (owner, "operator", ())


def test_a_new_case_is_offered_to_the_cr_manager_in_the_same_change() -> None:
    casework = Casework()
    case = casework.receive()
    opened, offered = casework.events()
    assert isinstance(opened, CaseOpened)
    assert isinstance(offered, CaseTaskSent)
    assert (opened.header.tasks, [task.to for task in offered.header.tasks]) == ((), ["cr-1"])
    assert (offered.task, offered.role, offered.place, offered.where, offered.via) == (
        "hand_over", "dealer_cr_manager", "north", "shop", "assignment",
    )  # fmt: skip
    assert (case.state, case.stage) == ("registered", "intake")


def test_what_the_operator_marked_stands_in_the_case_the_event_and_the_history() -> None:
    casework = Casework()
    flags = {"accident": True, "casualties": True, "fire": False}
    case = casework.receive(a_contact(flags=flags, ticks=("P5", "P99")))
    opened = casework.events()[0]
    assert isinstance(opened, CaseOpened)
    for kept in (case, case.contacts[0], opened):
        assert (kept.flags, kept.ticks) == (flags, ("P5", "P99"))
    facts = casework.facts[0][1]
    assert facts["flags"] == flags
    assert facts["ticks"] == ["P5", "P99"]


def test_what_nobody_marked_is_unknown_and_in_no_history() -> None:
    casework = Casework()
    assert casework.receive().flags == {}
    assert not {"flags", "ticks"} & casework.facts[0][1].keys()


def test_a_case_written_before_flags_were_kept_opens_with_them_unknown() -> None:
    written = Casework().receive(a_contact(flags={"fire": True}, ticks=("P5",))).model_dump(mode="json")
    for part in (written, *written["contacts"]):
        del part["flags"], part["ticks"]
    case = Case.model_validate(written)
    assert (case.flags, case.ticks, case.contacts[0].flags) == ({}, (), {})


def test_a_cr_manager_who_received_it_himself_has_accepted_it() -> None:
    casework = Casework()
    case = casework.receive(a_contact(received_by="cr-1"))
    assert (case.owner, case.hand_overs, case.state) == ("cr-1", [], "in_review")
    assert isinstance(casework.events()[-1], CaseTaskAccepted)


def test_the_history_says_by_which_step_somebody_was_chosen() -> None:
    casework = Casework()
    casework.receive()
    opened, offered = casework.facts
    assert opened[1]["step"] == "least loaded"
    assert (offered[1]["to"], offered[1]["among"], offered[1]["load"]) == ("cr-1", 1, 0)


def test_the_history_and_the_events_hold_no_words() -> None:
    casework = Casework()
    case = casework.receive(a_contact("刹车失灵,差点出事"))
    everything = (
        f"{case.model_dump_json()} {casework.facts} {[e.model_dump_json() for e in casework.events()]}"
    )
    assert "刹车失灵" not in everything
    assert "王女士" not in everything
    assert "13800000000" not in everything


def test_a_major_complaint_is_offered_to_the_manufacturer_beside_the_dealer() -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    assert case.severity == "major"
    assert [(task.task, task.to) for task in case.tasks] == [("hand_over", "cr-1"), ("support", "mfr-1")]
    assert case.owner.startswith("op-")


def test_what_the_manufacturer_must_see_is_told_on_the_public_feed() -> None:
    casework = Casework()
    casework.receive(a_contact(FIRE))
    assert casework.types("escalations") == casework.types()
    assert not {e.id for e in casework.events()} & {e.id for e in casework.events("escalations")}


def test_a_general_complaint_stays_with_the_dealer() -> None:
    casework = Casework()
    assert casework.receive().tasks_of("support") == []
    assert casework.events("escalations") == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shop": "nowhere"}, "unknown shop 'nowhere'"),
        ({"vehicle": Vehicle(brand="unheard-of")}, "no franchise for brand"),
        ({"received_by": "a-stranger"}, "nobody known as 'a-stranger'"),
        ({"ticks": ("G3", "P99")}, "criteria: 'P99' is unknown to policy 'gtmc'"),
        ({"flags": {"fire": False, "flood": False}}, "flags: 'flood' is unknown to policy 'gtmc'"),
        ({"kind": "praise"}, "franchise 'north-gtmc' has no policy for cases of kind 'praise'"),
    ],
)
def test_what_nobody_knows_opens_one_level_higher_for_triage(changes: dict[str, Any], reason: str) -> None:
    casework = Casework()
    case = casework.receive(a_contact(**changes))
    assert case.severity == "major_preliminary"
    assert any(reason in each for each in case.triage)
    assert casework.events()[0].header.triage


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"channel": "pigeon"}, "channel: 'pigeon' is unknown to policy 'gtmc'"),
        ({"department": "kitchen"}, "department: 'kitchen' is unknown to policy 'gtmc'"),
        ({"form": {"colour": "red"}}, "form.colour: no such field in policy 'gtmc'"),
    ],
)
def test_what_says_nothing_of_gravity_opens_as_it_is_and_is_named_for_triage(
    changes: dict[str, Any], reason: str
) -> None:
    case = Casework().receive(a_contact(**changes))
    assert (case.severity, case.triage) == ("general", (reason,))


def test_what_was_not_said_is_the_first_of_the_policy() -> None:
    case = Casework().receive(a_contact(kind="", department=""))
    assert (case.kind, case.department, case.triage) == ("complaint", "after_sales", ())


def test_a_policy_that_is_not_known_is_decided_by_the_default() -> None:
    file = directory_file()
    strange = tuple(one.model_copy(update={"policies": {"complaint": "lost"}}) for one in file.franchises)
    directory = Directory(file.model_copy(update={"franchises": strange}).entries())
    case = Casework(directory=directory).receive()
    assert (case.policy, case.severity) == ("gtmc", "major_preliminary")
    assert case.triage == ("unknown policy 'lost'",)


def test_a_judge_that_breaks_opens_the_case_higher_instead_of_losing_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(assessment, "judge", broken)
    case = Casework().receive()
    assert (case.severity, case.triage) == (
        "major_preliminary", ("severity could not be judged: RecursionError",),
    )  # fmt: skip


def test_a_failed_detector_lifts_the_level_once_only(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = judge(Statement(text=""), Detection({}), gtmc().content.severity)
    lifted = judged.model_copy(update={"failed": ("G3.noise",), "level": "major_preliminary"})
    monkeypatch.setattr(assessment, "judge", lambda *_: lifted)
    case = Casework().receive(a_contact(shop="nowhere"))
    assert case.severity == "major_preliminary"
    assert "detector G3.noise failed" in case.triage


def test_flags_and_ticks_of_the_operator_are_judged_too() -> None:
    assert Casework().receive(a_contact("空调不冷", flags={"injury": True})).severity == "major"
    assert Casework().receive(a_contact("空调不冷", ticks=("P9",))).severity == "major_preliminary"


def test_the_same_contact_decided_again_yields_the_same_events() -> None:
    casework, contact = Casework(), a_contact()
    cause = Cause(contact.case_id, contact.id, stored_contact(contact))
    first, second = (decide(None, cause, casework.world()) for _ in range(2))
    assert isinstance(first, Change)
    assert isinstance(second, Change)
    assert [event_ids(first)] == [event_ids(second)]


def event_ids(change: Change[Case]) -> list[UUID]:
    return [event.message.id for event in change.events if isinstance(event, Outgoing)]


def test_an_absent_cr_manager_is_stood_in_for() -> None:
    absence = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-09T00:00:00Z"}
    away = type(person("cr-1")).model_validate({**person("cr-1").model_dump(), "absences": [absence]})
    case = Casework(directory=Directory(directory_file(cr_1=away).entries())).receive()
    assert [(task.to, task.role) for task in case.hand_overs] == [("dm-service", "dealer_cr_manager")]
