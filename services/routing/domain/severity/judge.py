"""Judges how severe a complaint is: a policy says which criteria its signals meet, and which level each has.

What is certain acts at once; the rest is for a person to confirm. A strong pattern is certain unless the classifier
speaks against it; a weak one where the classifier is nearly sure, or suspects it beside a flag that the policy names;
what the classifier finds alone never is. Nothing here reads words: `detection` did, and knows no policy.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.severity import (
    CriterionSpec,
    Doubt,
    Judgement,
    SeverityPolicy,
    Signal,
    Statement,
    Thresholds,
)
from schemas.vocabulary import Flag, Level
from services.routing.domain.severity.detection import Detection, SignalEvidence, Span


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signal for a criterion; what is not `likely` is only suspected."""

    signal: Signal
    criterion: CriterionSpec
    likely: bool = True


def judge(statement: Statement, detection: Detection, policy: SeverityPolicy) -> Judgement:
    """Returns the likeliest level, what of it is certain and what is suspected, with the criteria and all evidence.

    What broke is named in `failed` and the level is one higher: better too grave than lost.
    """
    evidence = [*_read_marks(statement, policy), *_read_signals(statement, detection, policy)]
    likely = [item for item in evidence if item.likely] or [_default(policy)]
    confirmed = _gravest((item for item in likely if item.signal.certain), policy)
    graver = [item for item in evidence if policy.gravity(item.criterion.level) > policy.gravity(confirmed)]
    criteria = policy.rank({item.criterion.id for item in likely})
    return Judgement(
        level=_raised(_gravest(likely, policy), detection, policy),
        confirmed=_raised(confirmed, detection, policy),
        suspected=_gravest(graver, policy) if graver else None,
        criteria=criteria,
        suspicions=policy.rank({item.criterion.id for item in graver}),
        deciding=criteria[0],
        signals=_sort([*likely, *(item for item in graver if not item.likely)], policy),
        doubts=tuple(dict.fromkeys((*detection.doubts, *_doubts(graver)))),
        failed=detection.failed,
    )


def _doubts(evidence: Iterable[Evidence]) -> Iterator[Doubt]:
    return (item.signal.doubt for item in evidence if item.signal.doubt)


def _default(policy: SeverityPolicy) -> Evidence:
    return Evidence(Signal(criterion=policy.default.id, detector="default"), policy.default)


def _gravest(evidence: Iterable[Evidence], policy: SeverityPolicy) -> Level:
    return max((item.criterion.level for item in evidence), key=policy.gravity, default=policy.level_ids[0])


def _raised(level: Level, detection: Detection, policy: SeverityPolicy) -> Level:
    return policy.raise_level(level) if detection.failed else level


def _sort(evidence: Iterable[Evidence], policy: SeverityPolicy) -> tuple[Signal, ...]:
    """The signals, those of the gravest criteria first."""
    signals = [item.signal for item in evidence]
    order = policy.rank({signal.criterion for signal in signals})
    return tuple(sorted(signals, key=lambda signal: order.index(signal.criterion)))


def _read_marks(statement: Statement, policy: SeverityPolicy) -> Iterator[Evidence]:
    """Yields what a tick of the operator, the channel or a flag says: all of it is certain."""
    ticks = {tick.casefold() for tick in statement.ticks}
    for criterion in policy.criteria:
        marks = [f"flag:{flag}" for flag in criterion.flags if flag in statement.flags]
        if ticks and criterion.id.casefold() in ticks:
            marks.append("tick")
        if statement.channel in criterion.channels:
            marks.append(f"channel:{statement.channel}")
        for mark in marks:
            yield Evidence(Signal(criterion=criterion.id, detector=mark), criterion)


def _read_signals(statement: Statement, detection: Detection, policy: SeverityPolicy) -> Iterator[Evidence]:
    for criterion in policy.criteria:
        for name in criterion.signals:
            if (found := detection.signals.get(name)) is not None:
                yield from _apply_thresholds(
                    found, criterion, policy.thresholds(criterion.level), statement.flags
                )


def _apply_thresholds(
    found: SignalEvidence, criterion: CriterionSpec, trusted: Thresholds, flags: frozenset[Flag]
) -> Iterator[Evidence]:
    """Yields the evidence of one signal for a criterion, by what patterns and classifier say together."""
    learned = found.learned
    probability = learned.probability if learned else None
    suspected = _reaches(probability, trusted.suspects_weak)
    corroborated = (suspected or learned is None) and not flags.isdisjoint(criterion.corroborated_by)
    places: tuple[Span, ...]
    doubt: Doubt | None = None
    if found.strong:
        places = found.strong
        doubt = "pattern_alone" if probability is not None and probability < trusted.doubts else None
    elif found.weak and (corroborated or _reaches(probability, trusted.agrees)):
        places = found.weak
    elif found.weak and suspected:
        places, doubt = found.weak, "weak_pattern"
    elif learned is not None and _reaches(probability, trusted.suspects):
        places, doubt = (learned.place,), "learned_alone"
    else:
        return
    likely = bool(found.strong) or doubt is None or _reaches(probability, trusted.raises)
    for place in places:
        yield Evidence(_signal(found, place, criterion, doubt), criterion, likely=likely)


def _reaches(probability: float | None, threshold: float) -> bool:
    return probability is not None and probability >= threshold


def _signal(found: SignalEvidence, place: Span, criterion: CriterionSpec, doubt: Doubt | None) -> Signal:
    return Signal(
        criterion=criterion.id,
        detector=place.detector,
        start=place.start,
        end=place.end,
        certain=doubt is None,
        doubt=doubt,
        probability=round(found.learned.probability, 3) if found.learned else None,
    )
