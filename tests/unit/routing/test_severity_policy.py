"""How a policy turns signals into a judgement: what is certain, what is to be confirmed, and what nothing can undo."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.severity import Judgement, SeverityPolicy, Statement
from schemas.vocabulary import Flag
from services.routing.domain.severity.detection import Detection, LearnedSignal, SignalEvidence, Span
from services.routing.domain.severity.judge import judge

TITLE = {"zh": "题", "en": "title"}
STRONG, WEAK, LEARNED = Span("fire.flames", 2, 6), Span("fire.smell?", 0, 4), Span("fire.learned", 0, 9)


def policy(*criteria: Mapping[str, Any], **learned: Mapping[str, float]) -> SeverityPolicy:
    """Three levels, a default of the lowest, and these criteria before it; `learned` has thresholds by level."""
    rest = {"id": "rest", "level": "low", "default": True}
    fields = {"title": TITLE, "source": "test"}
    return SeverityPolicy.model_validate(
        {
            "levels": [{"id": level, "title": TITLE} for level in ("low", "middle", "high")],
            "criteria": [{**fields, **criterion} for criterion in (*criteria, rest)],
            "learned": learned,
        }
    )


TABLE = policy(
    {"id": "blaze", "level": "high", "signals": ["fire"], "corroborated_by": ["fire"]},
    {"id": "threat", "level": "middle", "signals": ["lawsuit"], "channels": ["hotline_800"], "flags": ["accident"]},
    high={"raises": 0.6, "suspects": 0.3, "suspects_weak": 0.1, "doubts": 0.2},
)  # fmt: skip


def signal(*, strong: bool = False, weak: bool = False, learned: float | None = None) -> SignalEvidence:
    return SignalEvidence(
        strong=(STRONG,) * strong,
        weak=(WEAK,) * weak,
        learned=None if learned is None else LearnedSignal(learned, LEARNED),
    )


def judged(fire: SignalEvidence, *, table: SeverityPolicy = TABLE, **marks: Any) -> Judgement:
    statement = Statement.model_validate({"text": "some words", **marks})
    return judge(statement, Detection({"fire": fire}), table)


@pytest.mark.parametrize("learned", [None, 0.2, 0.5, 1.0])
def test_a_strong_pattern_that_nothing_speaks_against_is_certain(learned: float | None) -> None:
    judgement = judged(signal(strong=True, learned=learned))
    assert (judgement.level, judgement.confirmed, judgement.suspected) == ("high", "high", None)
    assert (judgement.certain, judgement.doubts, judgement.criteria) == (True, (), ("blaze",))
    [evidence] = judgement.signals
    assert (evidence.detector, evidence.start, evidence.end, evidence.certain) == ("fire.flames", 2, 6, True)


def test_one_that_the_classifier_speaks_against_is_to_be_confirmed_and_never_deleted() -> None:
    judgement = judged(signal(strong=True, learned=0.19))
    assert (judgement.level, judgement.confirmed, judgement.suspected) == ("high", "low", "high")
    assert (judgement.doubts, judgement.suspicions) == (("pattern_alone",), ("blaze",))
    assert [(one.detector, one.certain) for one in judgement.signals] == [("fire.flames", False)]


def test_what_is_learned_without_a_pattern_is_never_certain_however_likely() -> None:
    for probability in (0.6, 1.0):
        judgement = judged(signal(learned=probability))
        assert (judgement.level, judgement.confirmed, judgement.suspected) == ("high", "low", "high")
        assert judgement.doubts == ("learned_alone",)
        assert [(one.detector, one.start, one.end) for one in judgement.signals] == [("fire.learned", 0, 9)]


def test_what_is_less_likely_is_suspected_and_below_that_it_is_nothing() -> None:
    suspected, nothing = judged(signal(learned=0.3)), judged(signal(learned=0.29))
    assert (suspected.level, suspected.suspected, suspected.suspicions) == ("low", "high", ("blaze",))
    assert (suspected.criteria, suspected.certain) == (("rest",), False)
    assert (nothing.level, nothing.suspected, nothing.certain) == ("low", None, True)


def test_a_weak_pattern_counts_where_the_classifier_speaks_for_it() -> None:
    assert judged(signal(weak=True)).level == "low"
    assert judged(signal(weak=True, learned=0.09)).certain
    agreeing = judged(signal(weak=True, learned=0.6))
    assert (agreeing.confirmed, agreeing.certain) == ("high", True)
    assert [one.detector for one in agreeing.signals] == ["fire.smell?"]


def test_or_where_a_flag_does_that_the_criterion_names() -> None:
    flagged = judged(signal(weak=True, learned=0.1), flags=["fire"])
    assert (flagged.confirmed, flagged.certain) == ("high", True)
    assert judged(signal(weak=True, learned=0.09), flags=["fire"]).level == "low"
    assert judged(signal(weak=True), flags=["fire"]).certain
    assert judged(signal(weak=True), flags=["injury"]).level == "low"


def test_a_weak_pattern_is_suspected_sooner_than_nothing_at_all() -> None:
    hinted, nothing = judged(signal(weak=True, learned=0.1)), judged(signal(learned=0.1))
    assert (hinted.level, hinted.suspected, hinted.doubts) == ("low", "high", ("weak_pattern",))
    assert [(one.detector, one.certain) for one in hinted.signals if one.criterion == "blaze"] == [
        ("fire.smell?", False)
    ]
    assert (nothing.level, nothing.certain) == ("low", True)


@pytest.mark.parametrize(
    ("marks", "detector"),
    [
        ({"flags": ["accident"]}, "flag:accident"),
        ({"channel": "hotline_800"}, "channel:hotline_800"),
        ({"ticks": ["threat"]}, "tick"),
    ],
)
def test_what_is_marked_is_certain(marks: dict[str, Any], detector: str) -> None:
    judgement = judged(signal(), **marks)
    assert (judgement.level, judgement.certain, judgement.deciding) == ("middle", True, "threat")
    assert [one.detector for one in judgement.signals] == [detector]


def test_nothing_is_to_be_confirmed_that_is_no_graver_than_what_is_certain() -> None:
    judgement = judged(signal(strong=True, learned=0.1), ticks=["blaze"])
    assert (judgement.confirmed, judgement.suspected, judgement.certain) == ("high", None, True)
    suspected = judged(signal(learned=0.4), ticks=["threat"])
    assert (suspected.level, suspected.confirmed, suspected.suspected) == ("middle", "middle", "high")


@pytest.mark.parametrize("doubt", ["cut", "unreadable", "unsupported_language"])
def test_a_text_that_was_not_understood_is_to_be_confirmed_whatever_was_found(doubt: Any) -> None:
    for fire in (signal(), signal(strong=True)):
        judgement = judge(Statement(text="words"), Detection({"fire": fire}, doubts=(doubt,)), TABLE)
        assert not judgement.certain
        assert doubt in judgement.doubts


def test_what_broke_raises_by_one_level_what_is_likely_and_what_is_certain() -> None:
    broke = Detection({}, failed=("fire.flames",))
    judgement = judge(Statement(text="words"), broke, TABLE)
    assert (judgement.level, judgement.confirmed, judgement.failed) == ("middle", "middle", ("fire.flames",))
    highest = judge(Statement(text="words", ticks=frozenset({"blaze"})), broke, TABLE)
    assert highest.level == "high"


def test_thresholds_are_of_the_level_that_a_policy_gives_the_criterion() -> None:
    lower = policy(
        {"id": "blaze", "level": "middle", "signals": ["fire"]},
        high={"raises": 0.6, "suspects": 0.3, "suspects_weak": 0.3},
    )
    assert judged(signal(learned=0.4), table=lower).certain
    assert not judged(signal(learned=0.5), table=lower).certain


def test_a_signal_that_no_criterion_names_is_nothing() -> None:
    judgement = judged(signal(strong=True, learned=1.0), table=policy())
    assert (judgement.level, judgement.certain, judgement.criteria) == ("low", True, ("rest",))


FLAGS: tuple[Flag, ...] = ("fire", "accident", "injury")
NAMES = ("fire", "lawsuit", "injury", "noise")
PLACES = st.builds(
    lambda name, start, length: Span(name, start, start + length),
    st.sampled_from(["a", "b"]), st.integers(0, 9), st.integers(1, 9),
)  # fmt: skip
PROBABILITY = st.floats(0, 1)
SIGNALS = st.builds(
    SignalEvidence,
    strong=st.lists(PLACES, max_size=2).map(tuple),
    weak=st.lists(PLACES, max_size=2).map(tuple),
    learned=st.none() | st.builds(LearnedSignal, PROBABILITY, PLACES),
)
DETECTIONS = st.builds(
    Detection,
    signals=st.dictionaries(st.sampled_from(NAMES), SIGNALS),
    doubts=st.sampled_from([(), ("cut",), ("unreadable",)]),
    failed=st.sampled_from([(), ("a",)]),
)
FLAG_SETS = st.frozensets(st.sampled_from(FLAGS), max_size=2)
THRESHOLDS = st.tuples(PROBABILITY, PROBABILITY, PROBABILITY).map(
    lambda drawn: {
        "raises": drawn[0],
        "suspects": min(drawn[0], drawn[1]),
        "suspects_weak": min(drawn[0], drawn[1], drawn[2]),
        "doubts": min(drawn[0], drawn[2]),
    }
)


@st.composite
def policies(draw: st.DrawFn) -> SeverityPolicy:
    levels = ("low", "middle", "high")
    criteria = [
        {
            "id": f"c{number}",
            "level": draw(st.sampled_from(levels)),
            "signals": draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True)),
            "flags": draw(FLAG_SETS),
            "corroborated_by": draw(FLAG_SETS),
        }
        for number in range(draw(st.integers(0, 4)))
    ]
    return policy(*criteria, **draw(st.dictionaries(st.sampled_from(levels), THRESHOLDS)))


@given(DETECTIONS, policies(), FLAG_SETS, st.frozensets(st.sampled_from(["c0", "c1", "unknown"])))
def test_nothing_deletes_a_strong_pattern_and_what_is_certain_is_least(
    detection: Detection, table: SeverityPolicy, flags: frozenset[Flag], ticks: frozenset[str]
) -> None:
    statement = Statement(text="0123456789" * 2, flags=flags, ticks=ticks)
    judgement, gravity = judge(statement, detection, table), table.gravity
    for criterion in table.criteria:
        found = [detection.signals[name] for name in criterion.signals if name in detection.signals]
        if any(one.strong for one in found):
            assert gravity(judgement.level) >= gravity(criterion.level)
            assert criterion.id in judgement.criteria
        if flags.intersection(criterion.flags) or criterion.id in ticks:
            assert gravity(judgement.confirmed) >= gravity(criterion.level)
    assert gravity(judgement.confirmed) <= gravity(judgement.level)
    if judgement.suspected is not None:
        assert judgement.doubts
    if judgement.suspected is not None and not detection.failed:  # what broke raises the other two
        assert gravity(judgement.confirmed) < gravity(judgement.suspected)
        assert gravity(judgement.level) <= gravity(judgement.suspected)
    assert judgement.certain == (not judgement.doubts)
    assert set(detection.doubts) <= set(judgement.doubts)
    assert judgement.deciding == judgement.criteria[0]
    assert judgement.signals


@given(DETECTIONS, policies())
def test_only_a_person_and_what_agrees_is_certain(detection: Detection, table: SeverityPolicy) -> None:
    judgement = judge(Statement(text=""), detection, table)
    for one in judgement.signals:
        found = [
            detection.signals[name]
            for criterion in table.criteria
            if criterion.id == one.criterion
            for name in criterion.signals
            if name in detection.signals
        ]
        if one.certain and one.detector != "default":
            assert any(each.strong or each.weak for each in found)


@given(DETECTIONS, policies(), FLAG_SETS)
def test_the_same_is_judged_the_same(
    detection: Detection, table: SeverityPolicy, flags: frozenset[Flag]
) -> None:
    statement = Statement(text="words", flags=flags)
    assert judge(statement, detection, table) == judge(statement, detection, table)
