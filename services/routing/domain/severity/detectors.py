"""Finds the signals that the words of a complaint show by patterns; it knows no policy."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.routing.domain.severity.complaint_text import Reading
from services.routing.domain.severity.lexicon import Lexicon, expand_concepts, is_reference
from services.routing.domain.severity.patterns import Pattern, find_match, parse
from services.routing.domain.severity.spec import LexiconSpec


@dataclass(frozen=True, slots=True)
class Detector:
    """A pattern that shows a signal, by itself if it is strong."""

    name: str
    signal: str
    pattern: Pattern
    strong: bool
    is_fact: bool


@dataclass(frozen=True, slots=True)
class Match:
    """Where a detector found its signal: the words [start, end)."""

    detector: Detector
    words: tuple[int, int]


@dataclass(frozen=True)
class Detectors:
    """All detectors, each by the element that its pattern is looked up by, with the lexicon that they need."""

    lexicon: Lexicon
    by_key: Mapping[str, Sequence[Detector]]

    def find(self, reading: Reading) -> tuple[tuple[Match, ...], tuple[str, ...]]:
        """Returns the first match of each detector that the words satisfy, and the detectors that broke."""
        text, negation = reading.text, reading.negation
        matches: dict[str, Match] = {}
        broken: list[str] = []
        for element in text.mentions:
            for detector in self.by_key.get(element, ()):
                if detector.name in matches:
                    continue
                try:
                    negates = negation.negates_fact if detector.is_fact else negation.negates_act
                    words = find_match(detector.pattern, text, negates)
                except Exception:  # noqa: BLE001 - whatever breaks in one detector, the complaint is still judged
                    broken.append(detector.name)
                    continue
                if words is not None:
                    matches[detector.name] = Match(detector, words)
        return tuple(matches.values()), tuple(broken)


def compile_detectors(spec: LexiconSpec) -> Detectors:
    """Compiles a lexicon; raises ValueError naming the concept or detector that cannot be read."""
    concepts = expand_concepts(spec.concepts)
    by_key: dict[str, list[Detector]] = defaultdict(list)
    elements: dict[str, tuple[str, ...]] = {}
    for detector in _detectors(spec):
        by_key[detector.pattern.key].append(detector)
        for element, alternatives in detector.pattern.elements.items():
            elements[element] = tuple(_terms(alternatives, concepts, detector.name))
    return Detectors(Lexicon(spec.lemmas, {**elements, **concepts}), by_key)


def _detectors(spec: LexiconSpec) -> Iterator[Detector]:
    for signal, described in spec.signals.items():
        for patterns_by_name, strong in ((described.strong, True), (described.weak, False)):
            for name, patterns in patterns_by_name.items():
                for pattern in patterns:
                    parsed = parse(pattern)
                    full_name = f"{signal}.{name}" if strong else f"{signal}.{name}?"
                    yield Detector(full_name, signal, parsed, strong, described.asserts == "fact")


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
