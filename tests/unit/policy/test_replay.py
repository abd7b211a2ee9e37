"""`redress policy replay` says which past cases another version would have judged, assigned or timed otherwise."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.policy.past_cases import PastCase
from deploy.policy.replay import ERASED, UNPUBLISHED, Replay, Replayed
from schemas.contacts import ContactReceived
from schemas.staffing import Directory
from services.routing.domain.case import Case
from services.routing.store.policy_files import compile_policy, load_policy
from tests.casework import Casework, gtmc, patterns
from tests.dealership import a_contact, directory_file
from tests.policy_folder import PolicyFolder

LAWSUIT = "刹车异响修了三次，我要起诉你们"
RATTLE = "空调有异响"
REPLAY = Replay(Directory(directory_file().entries()), (), patterns())


@pytest.fixture
def changed(tmp_path: Path) -> PolicyFolder:
    return PolicyFolder(tmp_path)


def past(case: Case, *contacts: ContactReceived, received_by: str | None = None) -> PastCase:
    """A case with what rests of its contacts."""
    pairs = list(zip(case.contacts, contacts, strict=True))
    texts = {str(kept.text): {"narrative": one.narrative, "demand": one.demand} for kept, one in pairs}
    customers = {str(kept.customer): {"vehicle": one.vehicle.model_dump()} for kept, one in pairs}
    return PastCase(case, received_by, texts, customers)


def opened(narrative: str, *more: str) -> PastCase:
    casework = Casework()
    contacts = [a_contact(narrative, received_by="op-2")]
    case = casework.receive(contacts[0])
    for text in more:
        contacts.append(a_contact(text, case_id=case.id))
        case = casework.receive(contacts[-1], case)
    return past(case, *contacts, received_by="op-2")


def replayed(cases: Sequence[PastCase], folder: PolicyFolder) -> Replayed:
    other = compile_policy(load_policy(folder.folder))
    return REPLAY.compare(cases, {gtmc().key: gtmc()}, other)


@pytest.mark.parametrize("narrative", [RATTLE, LAWSUIT])
def test_by_its_own_version_a_case_opens_as_it_did(narrative: str) -> None:
    [kept] = [opened(narrative)]
    contacts = kept.contacts(gtmc().content)
    assert contacts is not None
    detections = patterns().detect([one.narrative for one in contacts])
    outcome = REPLAY.outcome(kept.case, contacts, detections, gtmc())
    case = kept.case
    [judged] = outcome.contacts
    assert (judged.level, judged.suspected, judged.criteria) == (case.severity, case.suspected, case.criteria)
    assert outcome.owner_role == case.owner_role
    assert outcome.tasks == tuple((task.task, task.role) for task in case.tasks)
    assert "DL-02" in outcome.due


def test_the_same_rules_change_nothing(changed: PolicyFolder) -> None:
    result = replayed([opened(RATTLE), opened(LAWSUIT, RATTLE)], changed)
    assert (result.lines, result.compared, result.otherwise) == ([], 2, 0)
    assert list(result.summary()) == [
        "0 of 2 cases would have gone otherwise: 0 judged, 0 assigned, 0 timed otherwise"
    ]


def test_another_level_is_named_with_what_follows_from_it(changed: PolicyFolder) -> None:
    changed.change("id: P3, level: major_preliminary", "id: P3, level: major", "severity.yaml")
    rattle, lawsuit = opened(RATTLE), opened(LAWSUIT)
    result = replayed([rattle, lawsuit], changed)
    assert (result.compared, result.otherwise, result.kinds["judged"]) == (2, 1, 1)
    number = lawsuit.case.number
    assert result.lines[0] == f"{number}: is judged major (P3, G3); before major_preliminary (P3, G3)"


def test_a_further_contact_is_judged_as_well(changed: PolicyFolder) -> None:
    changed.change("id: P3, level: major_preliminary", "id: P3, level: general", "severity.yaml")
    result = replayed([opened(RATTLE, LAWSUIT)], changed)
    [line] = result.lines
    assert "contact 2 is judged general" in line


def test_another_limit_is_named_with_both_due_times(changed: PolicyFolder) -> None:
    changed.change("limit: {elapsed_minutes: 120}", "limit: {elapsed_minutes: 90}")
    result = replayed([opened(RATTLE)], changed)
    [line] = result.lines
    assert line.endswith("DL-02 is due 2026-03-02T03:30:00+00:00; before 2026-03-02T04:00:00+00:00")
    assert (result.kinds["timed"], result.kinds["judged"]) == (1, 0)


def test_another_first_receiver_of_the_task_is_named(changed: PolicyFolder) -> None:
    changed.change(
        "task: hand_over, to: [dealer_cr_manager]", "task: hand_over, to: [dealer_gm]", "policy.yaml"
    )
    result = replayed([opened(RATTLE)], changed)
    assert "asks dealer_gm for hand_over; before dealer_cr_manager for hand_over" in result.lines[0]
    assert result.kinds["assigned"] == 1


def test_what_cannot_be_replayed_is_counted_with_why(changed: PolicyFolder) -> None:
    kept = opened(RATTLE)
    erased = PastCase(kept.case, None, {}, {})
    gone = PastCase(kept.case.model_copy(update={"policy_version": "gone"}), None, kept.texts, kept.customers)
    result = replayed([erased, gone], changed)
    assert (result.compared, result.left_out) == (0, {ERASED: 1, UNPUBLISHED: 1})
    assert list(result.summary())[1:] == [
        f"1 cases are left out: {why}" for why in sorted((ERASED, UNPUBLISHED))
    ]


def test_what_is_only_called_otherwise_changes_nothing(changed: PolicyFolder) -> None:
    """The flag of an accident has another name in the other version, which says so."""
    casework = Casework()
    contact = a_contact(RATTLE, received_by="op-2", flags={"accident": True})
    kept = past(casework.receive(contact), contact, received_by="op-2")
    severity = changed.folder / "severity.yaml"
    severity.write_text(severity.read_text("utf-8").replace("accident", "crash"), "utf-8")
    unnamed = replayed([kept], changed)
    (changed.folder / "rebase.yaml").write_text("rebase:\n  flags: {accident: crash}\n", "utf-8")
    assert (unnamed.otherwise, replayed([kept], changed).otherwise) == (1, 0)
