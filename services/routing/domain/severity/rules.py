"""The compiled policy: lexicon, detectors and criteria in the form a judge uses."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.severity import CriterionSpec, Learned, LexiconSpec, SeverityPolicy
from services.routing.domain.severity.lexicon import Lexicon
from services.routing.domain.severity.linear import Scorer, Weights
from services.routing.domain.severity.patterns import Pattern, parse

Section = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Detector:
    """One way of saying that a criterion is met; a suspicion needs corroboration."""

    id: str
    criterion: str
    pattern: Pattern
    suspicion: bool


@dataclass(frozen=True)
class Rules:
    """What one policy judges by; build it once with `compile_rules` and keep it."""

    criteria: Mapping[str, CriterionSpec]
    lexicon: Lexicon
    detectors: Mapping[str, Sequence[Detector]]
    learned: Learned
    scorer: Scorer | None


def compile_rules(policy: SeverityPolicy, weights: Weights | None = None) -> Rules:
    """Compiles `policy`; raises ValueError naming the detector whose pattern cannot be read."""
    criteria = {criterion.id: criterion for criterion in policy.criteria}
    concepts = {name: tuple(_flat(name, policy.lexicon, ())) for name in policy.lexicon.concepts}
    detectors = [
        *_detectors(policy.lexicon.detectors, criteria, concepts, suspicion=False),
        *_detectors(policy.lexicon.suspicions, criteria, concepts, suspicion=True),
    ]
    by_key: dict[str, list[Detector]] = defaultdict(list)
    for detector in detectors:
        by_key[detector.pattern.key].append(detector)
    lexicon = Lexicon(policy.lexicon.lemmas, concepts)
    return Rules(criteria, lexicon, by_key, policy.learned, Scorer(weights) if weights else None)


def _flat(name: str, lexicon: LexiconSpec, above: tuple[str, ...]) -> Iterator[str]:
    if name not in lexicon.concepts or name in above:
        raise ValueError(
            f"concept {name}: unknown or circular (reached through {' > '.join(above) or 'itself'})"
        )
    for term in lexicon.concepts[name]:
        if is_reference(term):
            yield from _flat(term[1:-1], lexicon, (*above, name))
        else:
            yield term


def _detectors(
    section: Section,
    criteria: Mapping[str, CriterionSpec],
    concepts: dict[str, tuple[str, ...]],
    *,
    suspicion: bool,
) -> Iterator[Detector]:
    for criterion, named in section.items():
        if criterion not in criteria:
            raise ValueError(f"detectors.{criterion}: no such criterion; one of {', '.join(criteria)}")
        for name, sources in named.items():
            for source in sources:
                pattern = parse(source)
                for part in (*pattern.needs, *pattern.vetoes):
                    concepts.setdefault(part, tuple(_terms(part, concepts, name)))
                yield Detector(f"{criterion}.{name}", criterion, pattern, suspicion)


def _terms(part: str, concepts: Mapping[str, tuple[str, ...]], detector: str) -> Iterator[str]:
    for choice in _choices(part):
        if not is_reference(choice):
            yield choice
        elif choice[1:-1] in concepts:
            yield from concepts[choice[1:-1]]
        else:
            raise ValueError(f"detector {detector}: unknown concept {choice}")


def words(pattern: Pattern) -> Iterator[str]:
    """The terms that stand in a pattern itself, beside the concepts that it names."""
    for part in (*pattern.needs, *pattern.vetoes):
        yield from (choice for choice in _choices(part) if not is_reference(choice))


def is_reference(term: str) -> bool:
    """Whether a term stands for a concept."""
    return term.startswith("<") and term.endswith(">")


def _choices(part: str) -> Iterator[str]:
    depth, choice = 0, ""
    for sign in part:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            yield choice.strip()
            choice = ""
        else:
            choice += sign
    yield choice.strip()
