"""Judges how severe a complaint is: the criteria of the policy that it meets, and the gravest level of them.

`judge` shows the whole way, and each step is a file here: `tokenize` cuts the text into words, `lexicon` finds the
concepts they mention, `patterns` match these unless `negation` says that they do not count, and `classifier` reviews the
result by `features` of the text. What is found is a signal of a criterion; the policy gives each criterion its level.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.severity import (
    CriterionSpec,
    Flag,
    Judgement,
    LexiconSpec,
    SeverityPolicy,
    Signal,
    Statement,
)
from services.routing.domain.severity.classifier import DETECTOR, Classifier, Weights
from services.routing.domain.severity.features import MarkedText
from services.routing.domain.severity.lexicon import Lexicon, Text, expand_concepts, is_reference
from services.routing.domain.severity.negation import Negation
from services.routing.domain.severity.patterns import Pattern, find_match, parse
from services.routing.domain.severity.tokenize import tokenize

LONGEST = 22_001
"""Characters that are judged: a narrative and a demand as intake takes them, and the line feed between them."""


@dataclass(frozen=True, slots=True)
class Detector:
    """A pattern that is evidence for a criterion; a suspicion is evidence only beside a flag that corroborates it."""

    id: str
    criterion: str
    pattern: Pattern
    suspicion: bool


@dataclass(frozen=True)
class Rules:
    """A severity policy compiled for judging; `detectors` stand by the element their pattern is looked up by."""

    policy: SeverityPolicy
    criteria: Mapping[str, CriterionSpec]
    lexicon: Lexicon
    detectors: Mapping[str, Sequence[Detector]]
    classifier: Classifier | None

    def rank(self, criteria: Iterable[str]) -> tuple[str, ...]:
        """Returns those of the criteria that the policy has, gravest first, then in the order of its table."""
        met = set(criteria)
        table = [criterion for criterion in self.criteria.values() if criterion.id in met]
        gravest_first = sorted(table, key=lambda criterion: -self.policy.gravity(criterion.level))
        return tuple(criterion.id for criterion in gravest_first)


def judge(statement: Statement, rules: Rules) -> Judgement:
    """Returns the gravest level that a complaint reaches, with the criteria it meets and all evidence.

    A step that breaks is named in `failed` and the level is one higher: better too grave than lost.
    """
    tokens = tokenize(statement.text[:LONGEST], rules.lexicon.normalizer)
    text = rules.lexicon.read(tokens)
    negation = Negation(text)
    matched, broken = match_patterns(text, negation, statement.flags, rules)
    reviewed, unreviewed = _review_signals(text, negation, matched, rules)
    signals = [*_read_marks(statement, rules), *reviewed] or _default_signals(rules)
    criteria = rules.rank(signal.criterion for signal in signals)
    failed = (*_check_length(statement, text), *broken, *unreviewed)
    level = rules.criteria[criteria[0]].level
    level = rules.policy.raise_level(level) if failed else level
    return Judgement(
        level=level,
        confirmed=level,
        criteria=criteria,
        deciding=criteria[0],
        signals=tuple(sorted(signals, key=lambda signal: criteria.index(signal.criterion))),
        failed=failed,
    )


def match_patterns(
    text: Text, negation: Negation, flags: frozenset[Flag], rules: Rules
) -> tuple[tuple[Signal, ...], tuple[str, ...]]:
    """Returns a signal for each detector that the words satisfy, and the detectors that broke."""
    signals: dict[str, Signal] = {}
    broken: list[str] = []
    for detector in _select_detectors(text, flags, rules):
        is_fact = rules.criteria[detector.criterion].asserts == "fact"
        try:
            match = find_match(
                detector.pattern, text, negation.negates_fact if is_fact else negation.negates_act
            )
        except Exception:  # noqa: BLE001 - whatever breaks in one detector, the complaint is still judged
            broken.append(detector.id)
            continue
        if match is not None and detector.id not in signals:
            start, end = text.locate(match)
            signals[detector.id] = Signal(
                criterion=detector.criterion, detector=detector.id, start=start, end=end
            )
    return tuple(signals.values()), tuple(broken)


def _select_detectors(text: Text, flags: frozenset[Flag], rules: Rules) -> Iterator[Detector]:
    """The detectors whose key is mentioned; suspicions only beside a flag that corroborates them."""
    for element in text.mentions:
        for detector in rules.detectors.get(element, ()):
            by = rules.criteria[detector.criterion].corroborated_by
            if not detector.suspicion or flags.intersection(by):
                yield detector


def _review_signals(
    text: Text, negation: Negation, signals: tuple[Signal, ...], rules: Rules
) -> tuple[tuple[Signal, ...], tuple[str, ...]]:
    """Returns the signals as the classifier leaves them, and its name if it broke."""
    if rules.classifier is None or not text.words:
        return signals, ()
    try:
        return rules.classifier.review(MarkedText(text, negation), signals), ()
    except Exception:  # noqa: BLE001 - if the classifier breaks, the patterns judge alone
        return signals, (DETECTOR,)


def _check_length(statement: Statement, text: Text) -> tuple[str, ...]:
    """Names the length of a text whose end was not judged."""
    return ("length",) if text.words and len(statement.text) > LONGEST else ()


def _read_marks(statement: Statement, rules: Rules) -> Iterator[Signal]:
    """Yields a signal for every criterion that a tick of the operator, the channel or a flag sets."""
    for criterion in rules.criteria.values():
        if criterion.id in statement.ticks:
            yield Signal(criterion=criterion.id, detector="operator")
        if statement.channel in criterion.channels:
            yield Signal(criterion=criterion.id, detector=f"channel:{statement.channel}")
        for flag in criterion.flags:
            if flag in statement.flags:
                yield Signal(criterion=criterion.id, detector=f"flag:{flag}")


def _default_signals(rules: Rules) -> list[Signal]:
    table = rules.criteria.values()
    return [Signal(criterion=criterion.id, detector="default") for criterion in table if criterion.default]


def compile_rules(policy: SeverityPolicy, weights: Weights | None = None) -> Rules:
    """Compiles a policy; raises ValueError naming the concept or detector that cannot be read."""
    criteria = {criterion.id: criterion for criterion in policy.criteria}
    concepts = expand_concepts(policy.lexicon.concepts)
    detectors: dict[str, list[Detector]] = defaultdict(list)
    elements: dict[str, tuple[str, ...]] = {}
    for detector in _detectors(policy.lexicon, criteria):
        detectors[detector.pattern.key].append(detector)
        for element, alternatives in detector.pattern.elements.items():
            elements[element] = tuple(_terms(alternatives, concepts, detector.id))
    lexicon = Lexicon(policy.lexicon.lemmas, {**elements, **concepts})
    # What was learned of criteria that the policy does not have says nothing of those it has.
    is_learned = weights is not None and weights.criteria.keys() <= criteria.keys()
    classifier = Classifier(weights, policy) if weights and is_learned else None
    return Rules(policy, criteria, lexicon, detectors, classifier)


def _detectors(lexicon: LexiconSpec, criteria: Mapping[str, CriterionSpec]) -> Iterator[Detector]:
    for section, suspicion in ((lexicon.detectors, False), (lexicon.suspicions, True)):
        for criterion, named in section.items():
            if criterion not in criteria:
                raise ValueError(f"detectors.{criterion}: no such criterion; one of {', '.join(criteria)}")
            for name, patterns in named.items():
                for pattern in patterns:
                    yield Detector(f"{criterion}.{name}", criterion, parse(pattern), suspicion)


def _terms(
    alternatives: Iterable[str], concepts: Mapping[str, Sequence[str]], detector: str
) -> Iterator[str]:
    """The terms by which an element of a pattern may be mentioned."""
    for alternative in alternatives:
        if not is_reference(alternative):
            yield alternative
        elif alternative[1:-1] in concepts:
            yield from concepts[alternative[1:-1]]
        else:
            raise ValueError(f"detector {detector}: unknown concept {alternative}")
