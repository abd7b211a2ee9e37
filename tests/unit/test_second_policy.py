"""A policy that shares no name with the shipped one beside it: its cases are handled by what it says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.cases import CaseSeverityRaised
from schemas.contacts import Language
from schemas.directory import Person, Post
from schemas.policies import ADAPTER, PublishedPolicy
from schemas.severity import SeverityPolicy, Statement
from schemas.staffing import Directory
from services.common.store.versions import Versions
from services.notify.domain.facts import FactWriter
from services.notify.domain.rules import Origin, Rulebook
from services.notify.domain.texts import find, render
from services.notify.store import NoticeFiles
from services.routing.domain.case import Case
from services.routing.domain.policies import CompiledPolicy, Policies
from services.routing.domain.severity.detection import compile_reader
from services.routing.domain.severity.judge import judge
from services.routing.domain.severity.spec import LexiconSpec
from services.routing.store.policy_files import compile_policy, load_policy
from tests.casework import Casework, gtmc, patterns
from tests.dealership import a_contact, directory_file, person
from tests.policy_ids import ids_of, policy_folders
from tests.unit.sla.story import Story

DATA = Path(__file__).parents[1] / "data" / "policies"
SOUTH = {"shop": "south", "received_by": "op-south", "channel": "counter"}
POSTS = {
    "op-south": ("south", "clerk"),
    "cr-south": ("south", "foreman"),
    "gm-south": ("south", "harbour_master"),
    "mfr-2": ("gtmc", "head_office"),
}
DAY = 24 * 60


def quay() -> CompiledPolicy:
    return compile_policy(load_policy(DATA / "quay"))


def people() -> Directory:
    """Both shops, of which the southern one goes by the second policy, in its roles."""
    posts = {name: (Post(at=at, role=role),) for name, (at, role) in POSTS.items()}
    changed: dict[str, Person] = {
        name.replace("-", "_"): person(name, posts=post) for name, post in posts.items()
    }
    file = directory_file(**changed)
    franchises = [
        franchise.model_copy(update={"policies": {"gripe": "quay"}})
        if franchise.shop == "south"
        else franchise
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
    return casework.receive(a_contact(**SOUTH, flags=marked))


def add_contact(casework: Casework, case: Case, **marked: bool) -> Case:
    again = a_contact(f"客户又来电：{sorted(marked)}", case_id=case.id, **SOUTH, flags=marked)
    return casework.receive(again, case)


def test_it_shares_no_name_with_another() -> None:
    others = [folder for folder in policy_folders() if folder.name != "quay"]
    assert len(others) >= 5
    assert {name for folder in others for name in ids_of(folder)} & ids_of(DATA / "quay") == set()


def test_a_case_of_it_opens_in_its_own_words(casework: Casework) -> None:
    case = a_case(casework)
    assert (case.policy, case.kind, case.department, case.state) == ("quay", "gripe", "deck", "noted")
    assert (case.owner, case.owner_role) == ("op-south", "clerk")
    assert [(task.task, task.to, task.role) for task in case.tasks] == [("pass_on", "cr-south", "foreman")]
    assert case.triage == ()


def test_each_shop_judges_by_its_own_policy(casework: Casework) -> None:
    north = casework.receive(a_contact(flags={"injury": True}))
    south = a_case(casework, wounded=True)
    assert (north.policy, north.severity, north.criteria[0]) == ("gtmc", "major", "P10")
    assert (south.policy, south.severity, south.criteria) == ("quay", "dire", ("harm",))


@pytest.mark.parametrize(
    ("narrative", "north", "south"),
    [
        ("车子自燃了。", ("major", "M1"), ("dire", "blaze")),
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
    assert (case.severity, case.criteria, case.tasks_of("back_up")) == ("minor", ("anything",), [])


def test_a_channel_meets_the_criterion_that_names_it(casework: Casework) -> None:
    case = casework.receive(a_contact(**{**SOUTH, "channel": "Outsider"}))
    assert (case.severity, case.criteria[0], case.triage) == ("elevated", "outsider", ())


@pytest.mark.parametrize("tick", ["crash", "CRASH"])
def test_a_criterion_is_ticked_in_small_letters_or_capitals(casework: Casework, tick: str) -> None:
    case = casework.receive(a_contact(**SOUTH, ticks=(tick,)))
    assert (case.severity, case.criteria[0], case.triage) == ("grave", "crash", ())


@pytest.mark.parametrize(
    ("marked", "named"),
    [({"ticks": ("M1",)}, "criteria: 'M1'"), ({"flags": {"fire": True}}, "flags: 'fire'")],
)
def test_a_mark_that_cannot_be_read_makes_it_one_level_higher(
    casework: Casework, marked: dict[str, Any], named: str
) -> None:
    case = casework.receive(a_contact(**SOUTH, **marked))
    assert (case.severity, case.triage) == ("elevated", (f"{named} is unknown to policy 'quay'",))


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"channel": "onsite"}, "channel: 'onsite'"),
        ({"department": "sales"}, "department: 'sales'"),
    ],
)
def test_what_says_nothing_grave_is_only_named_for_triage(
    casework: Casework, said: dict[str, str], named: str
) -> None:
    case = casework.receive(a_contact(**{**SOUTH, **said}))
    assert (case.severity, case.triage) == ("minor", (f"{named} is unknown to policy 'quay'",))


def test_a_further_contact_raises_it_and_the_policy_says_who_is_asked(casework: Casework) -> None:
    case = add_contact(casework, a_case(casework), collision=True)
    assert (case.severity, case.criteria) == ("grave", ("crash", "anything"))
    assert [(task.to, task.role) for task in case.tasks_of("back_up")] == [("mfr-2", "head_office")]
    case = add_contact(casework, case, wounded=True)
    assert (case.severity, case.criteria[0]) == ("dire", "harm")
    assert casework.types().count("case.severity_raised") == 2


def test_a_milder_contact_lowers_nothing(casework: Casework) -> None:
    case = add_contact(casework, a_case(casework, wounded=True), collision=True)
    assert case.severity == "dire"


def test_a_person_judges_within_the_levels_of_the_policy(casework: Casework) -> None:
    case = a_case(casework, collision=True)
    with pytest.raises(ValidationError, match="minor"):
        casework.request(case, "gm-south", "weigh", weight="major")
    refusal = casework.refused(case, casework.request(case, "gm-south", "weigh", weight="elevated"))
    assert (refusal.status, refusal.rule) == (422, "lower_with_reason")
    case = casework.act(case, "gm-south", "weigh", weight="elevated", grounds="…")
    assert (case.severity, case.confirmed) == ("elevated", True)


def spoken_with(casework: Casework, case: Case) -> Case:
    case = casework.reply(case, "cr-south", "accept", task="pass_on")
    return casework.act(case, "cr-south", "speak")


def test_the_policy_says_what_is_done_before_it_is_settled(casework: Casework) -> None:
    unheard = casework.reply(a_case(casework), "cr-south", "accept", task="pass_on")
    refusal = casework.refused(unheard, casework.request(unheard, "cr-south", "settle_up"))
    assert (refusal.rule, refusal.detail) == ("unheard", "尚无人与客户交谈。")
    grave = spoken_with(casework, a_case(casework, collision=True))
    assert casework.refused(grave, casework.request(grave, "cr-south", "settle_up")).rule == "unweighed"
    minor = spoken_with(casework, a_case(casework))
    assert casework.act(minor, "cr-south", "settle_up").state == "settled"


def test_whoever_settled_it_does_not_file_it(casework: Casework) -> None:
    case = casework.act(spoken_with(casework, a_case(casework)), "cr-south", "settle_up")
    assert casework.refused(case, casework.request(case, "cr-south", "shelve")).rule == "not_by_the_same"
    assert casework.refused(case, casework.request(case, "gm-south", "shelve")).rule == "who_may"


def test_it_escalates_by_its_own_ladder(casework: Casework) -> None:
    case, _ = casework.breach(a_case(casework, collision=True), "Q-1", accountable="clerk")
    assert [(task.to, task.via, task.ladder) for task in case.hand_overs] == [
        ("cr-south", "assignment", None), ("gm-south", "escalation", "gangway"),
    ]  # fmt: skip
    case, _ = casework.breach(case, "Q-1", accountable="clerk", cycle=2)
    assert [(task.to, task.ladder) for task in case.tasks_of("back_up")] == [("mfr-2", "gangway")]


def opened(casework: Casework, severity: str) -> Story:
    story = Story(quay().content, header=a_case(casework).header)
    story.happens("opened", 0, header_severity=severity)
    return story


def test_the_level_says_whether_an_escalation_waits_for_the_shop_to_open(casework: Casework) -> None:
    waits, goes = opened(casework, "grave"), opened(casework, "dire")
    assert waits.passes(600) == ["breached Q-1"]
    assert waits.passes(DAY - 30) == ["escalation_due Q-1"]
    assert goes.passes(DAY - 31) == ["breached Q-1", "escalation_due Q-1"]


def test_a_deadline_follows_the_levels_that_it_names(casework: Casework) -> None:
    story = opened(casework, "minor")
    assert story.passes(DAY) == []
    story = opened(casework, "elevated")
    assert story.due_in("Q-1") == 600
    story.happens("severity_raised", 10, severity="dire", previous="elevated")
    assert story.due_in("Q-1") == 480
    assert story.happens("judged", 20, severity="minor", previous="dire") == ["cancelled Q-1"]


SAYS: dict[Language, str] = {
    "en": "was a minor matter and is a dire matter.",
    "zh": "由小事升为危急事项",
}


@pytest.mark.parametrize("language", SAYS)
def test_a_notice_names_the_titles_of_the_levels(casework: Casework, language: Language) -> None:
    add_contact(casework, a_case(casework), wounded=True)
    [raised] = [event for event in casework.events() if isinstance(event, CaseSeverityRaised)]
    policy, directory = quay(), casework.directory
    book = Rulebook(Versions({policy.key: policy.content}), directory)
    assert [one.person for one in book.deliveries(raised, Origin(0, 0)) if one.medium == "email"] == [
        "op-south"
    ]
    facts = FactWriter(policy.content, directory, language).of_event(raised)
    assert SAYS[language] in render(find(policy.content, "raised"), "email", language, facts).body


def test_its_texts_render_and_fit_with_the_longest_title() -> None:
    assert {NoticeFiles(DATA).fault(path) for path in NoticeFiles(DATA).folders()} == {""}


@pytest.mark.parametrize("policy", [gtmc, quay])
def test_a_published_version_reads_back_as_it_was(policy: Callable[[], CompiledPolicy]) -> None:
    content = policy().content
    published = PublishedPolicy(version=content.version, policy=content)
    again = ADAPTER.validate_json(published.model_dump_json())
    assert isinstance(again, PublishedPolicy)
    assert (again, again.policy.version) == (published, content.version)
