"""A policy with criteria and levels of its own beside the shipped one: its cases are judged by what it says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.cases import CaseSeverityRaised
from schemas.contacts import Flags, Language
from schemas.severity import SeverityPolicy, Statement
from schemas.staffing import Directory
from services.common.store.versions import Versions
from services.notify.domain.facts import FactWriter
from services.notify.domain.rules import Origin, Rulebook
from services.notify.domain.texts import find, render
from services.notify.store import NoticeFiles
from services.routing.domain.actions.answering import Accept
from services.routing.domain.actions.ending import Resolve
from services.routing.domain.actions.judging import JudgeForm, JudgeNature
from services.routing.domain.actions.progress import LogContact
from services.routing.domain.case import Case
from services.routing.domain.policies import CompiledPolicy, Policies
from services.routing.domain.severity.detection import compile_reader
from services.routing.domain.severity.judge import judge
from services.routing.domain.severity.spec import LexiconSpec
from services.routing.store.policy_files import compile_policy, load_policy
from tests.casework import Casework, gtmc, patterns, sealed
from tests.dealership import a_contact, directory_file
from tests.unit.sla.story import Story

DATA = Path(__file__).parents[1] / "data" / "policies"
SOUTH = {"shop": "south", "received_by": "op-south"}
DAY = 24 * 60


def quay() -> CompiledPolicy:
    return compile_policy(load_policy(DATA / "quay.yaml"))


def people() -> Directory:
    """Both shops, of which the southern one goes by the second policy."""
    file = directory_file()
    franchises = [
        franchise.model_copy(update={"policy": "quay"}) if franchise.shop == "south" else franchise
        for franchise in file.franchises
    ]
    return Directory(file.model_copy(update={"franchises": tuple(franchises)}).entries())


@pytest.fixture
def casework() -> Casework:
    published = Policies(default="gtmc")
    for policy in (gtmc(), quay()):
        published.follow(policy)
    return Casework(directory=people(), policies=published)


def a_case(casework: Casework, **marked: bool) -> Case:
    return casework.receive(a_contact(**SOUTH, flags=Flags(**marked)))


def add_contact(casework: Casework, case: Case, **marked: bool) -> Case:
    again = a_contact(f"客户又来电：{sorted(marked)}", case_id=case.id, **SOUTH, flags=Flags(**marked))
    return casework.receive(again, case)


def test_each_shop_judges_by_its_own_policy(casework: Casework) -> None:
    north = casework.receive(a_contact(flags=Flags(injury=True)))
    south = a_case(casework, injury=True)
    assert (north.policy, north.severity, north.criteria[0]) == ("gtmc", "major", "P10")
    assert (south.policy, south.severity, south.criteria) == ("quay", "critical", ("harm",))


@pytest.mark.parametrize(
    ("narrative", "north", "south"),
    [
        ("车子自燃了。", ("major", "M1"), ("critical", "blaze")),
        ("The brakes failed completely.", ("major", "M4"), ("grave", "crash")),
        ("再不解决我就去法院起诉。", ("major_preliminary", "P3"), ("elevated", "outsider")),
        ("这车我不要了,给我退车。", ("major_preliminary", "P7"), ("minor", "anything")),
    ],
)
def test_the_same_signal_meets_the_criteria_of_either_policy(
    casework: Casework, narrative: str, north: tuple[str, str], south: tuple[str, str]
) -> None:
    for place, judged in ({}, north), (SOUTH, south):
        case = casework.receive(a_contact(narrative, **place))
        assert (case.severity, case.criteria[0], case.triage) == (*judged, ())


@pytest.mark.parametrize("policy", [gtmc, quay])
def test_without_detectors_no_complaint_is_lifted(policy: Callable[[], CompiledPolicy]) -> None:
    table = policy().content.severity
    [detection] = compile_reader(LexiconSpec(), None).detect(["车子自燃了。"])
    judged = judge(Statement(text="车子自燃了。"), detection, table)
    assert (judged.level, judged.criteria, judged.failed) == (
        table.level_ids[0], (table.default.id,), (),
    )  # fmt: skip
    assert judged.certain


def test_a_policy_may_name_signals_that_nothing_finds_yet() -> None:
    table = quay().content.severity
    unknown = table.criteria[0].model_copy(update={"signals": ("what_a_later_release_finds",)})
    changed = table.model_copy(update={"criteria": (unknown, *table.criteria[1:])})
    again = SeverityPolicy.model_validate(changed.model_dump())
    [detection] = patterns().detect(["孩子的手被车门夹伤,缝了三针。"])
    judged = judge(Statement(text=""), detection, again)
    assert (judged.level, judged.criteria) == ("minor", ("anything",))


def test_what_meets_no_criterion_meets_the_default_one(casework: Casework) -> None:
    case = a_case(casework)
    assert (case.severity, case.criteria, case.triage, case.support) == ("minor", ("anything",), (), None)


def test_what_cannot_be_read_is_one_level_higher(casework: Casework) -> None:
    case = casework.receive(a_contact(**SOUTH, ticks=("M1",)))
    assert (case.severity, case.triage) == (
        "elevated",
        ("ticked criterion 'M1' is unknown to policy 'quay'",),
    )


def test_a_further_contact_raises_it_and_the_level_says_who_is_told(casework: Casework) -> None:
    case = add_contact(casework, a_case(casework), accident=True)
    assert (case.severity, case.criteria) == ("grave", ("crash", "anything"))
    assert case.support is not None
    case = add_contact(casework, case, injury=True)
    assert (case.severity, case.criteria[0]) == ("critical", "harm")
    assert casework.types().count("case.severity_raised") == 2


def test_a_milder_contact_lowers_nothing(casework: Casework) -> None:
    case = add_contact(casework, a_case(casework, injury=True), accident=True)
    assert case.severity == "critical"


def test_a_person_judges_within_the_levels_of_the_policy(casework: Casework) -> None:
    case = a_case(casework, accident=True)
    refusal = casework.refused(case, JudgeNature(actor="gm-south", severity="major"))
    assert (refusal.status, refusal.rule) == (422, "judge_by_levels")
    assert refusal.detail == "severity: should be one of minor, elevated, grave, critical"
    refusal = casework.refused(case, JudgeNature(actor="gm-south", severity="elevated"))
    assert refusal.rule == "lower_with_reason"
    case = casework.act(case, JudgeNature(actor="gm-south", severity="elevated", reason=sealed()))
    assert (case.severity, case.confirmed) == ("elevated", True)


def test_the_form_takes_the_levels_of_every_policy_and_no_other_text() -> None:
    assert JudgeForm(severity="critical").severity == "critical"
    with pytest.raises(ValidationError, match="should be an identifier"):
        JudgeForm(severity="very grave")


def spoken_with(casework: Casework, case: Case) -> Case:
    case = casework.act(case, Accept(actor="cr-south"))
    return casework.act(case, LogContact(actor="cr-south", reached=True, note=sealed()))


def test_the_level_says_whether_somebody_judges_before_it_is_resolved(casework: Casework) -> None:
    resolve = Resolve(actor="cr-south", note=sealed())
    grave = spoken_with(casework, a_case(casework, accident=True))
    assert casework.refused(grave, resolve).rule == "resolve_after_judgement"
    minor = spoken_with(casework, a_case(casework))
    assert casework.act(minor, resolve).state == "resolved"


def opened(severity: str) -> Story:
    story = Story(quay().content)
    story.happens("opened", 0, header_severity=severity)
    return story


def test_the_level_says_whether_an_escalation_waits_for_the_shop_to_open() -> None:
    waits, goes = opened("grave"), opened("critical")
    assert waits.passes(600) == ["breached"]
    assert waits.passes(DAY - 30) == ["escalation_due"]
    assert goes.passes(DAY - 31) == ["breached", "escalation_due"]


def test_a_deadline_follows_the_levels_that_it_names() -> None:
    story = opened("minor")
    assert story.passes(DAY) == []
    story = opened("elevated")
    assert story.due_in("Q-1") == 600
    story.happens("severity_raised", 10, severity="critical", previous="elevated")
    assert story.due_in("Q-1") == 480
    assert story.happens("judged", 20, severity="minor", previous="critical") == ["cancelled"]


SAYS: dict[Language, str] = {
    "en": "was a minor matter and is a critical matter.",
    "zh": "由小事升为危急事项",
}


@pytest.mark.parametrize("language", SAYS)
def test_a_notice_names_the_titles_of_the_levels(casework: Casework, language: Language) -> None:
    add_contact(casework, a_case(casework), injury=True)
    [raised] = [event for event in casework.events() if isinstance(event, CaseSeverityRaised)]
    policy, directory = quay(), casework.directory
    book = Rulebook(Versions({policy.key: policy.content}), directory)
    assert [one.person for one in book.deliveries(raised, Origin(0, 0)) if one.medium == "email"] == [
        "op-south"
    ]
    facts = FactWriter(policy.content, directory, language).of_event(raised)
    assert SAYS[language] in render(find(policy.content, "raised"), "email", language, facts).body


def test_its_texts_render_and_fit_with_the_longest_title() -> None:
    assert NoticeFiles(DATA).unusable() == {}


def test_a_published_version_reads_back_as_it_was() -> None:
    policy = quay().content
    again = type(policy).model_validate_json(policy.model_dump_json())
    assert (again, again.version) == (policy, policy.version)
