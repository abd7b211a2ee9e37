"""Measures how often complaints are judged as they were labelled, and how far the judgement may be trusted."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np

from deploy.severity.labelled import Labelled
from deploy.severity.training import cut_windows, gather_examples, learn, learned_signals
from schemas.severity import Judgement, SeverityPolicy, Statement
from services.routing.domain.severity.classifier import Classifier
from services.routing.domain.severity.detection import Detection, Reader
from services.routing.domain.severity.judge import judge

BATCH = 100
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Measured:
    """A labelled complaint, what was found in it, and how it was judged."""

    complaint: Labelled
    detection: Detection
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with the interval (Wilson) that holds the true share in 95 % of cases."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        if not self.of:
            return 0.0, 1.0
        share, spread = self.hits / self.of, _Z**2 / self.of
        middle = (share + spread / 2) / (1 + spread)
        reach = _Z * sqrt(share * (1 - share) / self.of + spread / self.of / 4) / (1 + spread)
        return max(middle - reach, 0.0), min(middle + reach, 1.0)

    def __str__(self) -> str:
        if not self.of:
            return "none"
        low, high = self.interval
        return f"{self.hits / self.of:6.1%} [{low:.1%}, {high:.1%}] {self.hits} of {self.of}"


def measure_shipped(complaints: Sequence[Labelled], reader: Reader, policy: SeverityPolicy) -> list[Measured]:
    """Judges every complaint with what is shipped."""
    batches = (complaints[at : at + BATCH] for at in range(0, len(complaints), BATCH))
    return [measured for batch in batches for measured in _measure_batch(batch, reader, policy)]


def _measure_batch(
    complaints: Sequence[Labelled], reader: Reader, policy: SeverityPolicy
) -> Iterator[Measured]:
    found = reader.detect([complaint.text for complaint in complaints])
    for complaint, detection in zip(complaints, found, strict=True):
        yield Measured(complaint, detection, judge(Statement(text=complaint.text), detection, policy))


def measure_folds(
    shipped: Sequence[Labelled],
    complaints: Sequence[Labelled],
    reader: Reader,
    policy: SeverityPolicy,
    folds: int,
) -> list[Measured]:
    """Judges every complaint by what was learned from the shipped texts and from the folds that it is not in."""
    examples = gather_examples(shipped, complaints, policy)
    windows = cut_windows([example.text for example in examples], reader.detectors.lexicon)
    numbers = assign_folds(complaints, policy, folds)
    number = np.r_[np.full(len(shipped), -1), numbers]
    measured: list[Measured] = []
    for fold in range(folds):
        learned_from = np.flatnonzero(number != fold)
        trained = [examples[at] for at in learned_from]
        weights = learn(trained, windows.take(learned_from), learned_signals(policy), {})
        left_out = [complaint for complaint, own in zip(complaints, numbers, strict=True) if own == fold]
        measured += measure_shipped(left_out, Reader(reader.detectors, Classifier(weights)), policy)
    return measured


def assign_folds(complaints: Sequence[Labelled], policy: SeverityPolicy, folds: int) -> list[int]:
    """The fold of each complaint: as many of each language and level in every fold, whatever the order."""

    def place(at: int) -> tuple[str, int, str]:
        complaint = complaints[at]
        drawn = hashlib.sha256(complaint.text.encode()).hexdigest()
        return complaint.language, policy.gravity(complaint.level(policy)), drawn

    assigned = [0] * len(complaints)
    for position, at in enumerate(sorted(range(len(complaints)), key=place)):
        assigned[at] = position % folds
    return assigned


def select_clear(measured: Sequence[Measured]) -> list[Measured]:
    """Those of which honest readers agree how they are to be judged."""
    return [item for item in measured if not item.complaint.tricky]


def figures(measured: Sequence[Measured], policy: SeverityPolicy) -> dict[str, Share]:
    """What a reader of the judgements wants to know, of those where honest readers agree."""
    lowest, gravest = policy.level_ids[0], policy.level_ids[-1]
    clear = select_clear(measured)
    certain = [item for item in clear if item.judgement.certain]
    grave = [item for item in clear if item.complaint.level(policy) == gravest]
    ordinary = [item for item in clear if item.complaint.level(policy) == lowest]

    def share(of: Sequence[Measured], hits: Callable[[Measured], bool]) -> Share:
        return Share(sum(map(hits, of)), len(of))

    def is_certainly(level: str) -> Callable[[Measured], bool]:
        return lambda item: item.judgement.certain and item.judgement.level == level

    def is_exact(item: Measured) -> bool:
        return item.judgement.level == item.complaint.level(policy)

    return {
        "exact": share(clear, is_exact),
        "certain": share(clear, lambda item: item.judgement.certain),
        "exact among certain": share(certain, is_exact),
        f"{gravest} judged so or to confirm": share(
            grave, lambda item: item.judgement.level == gravest or not item.judgement.certain
        ),
        f"{gravest} judged certainly {lowest}": share(grave, is_certainly(lowest)),
        f"{lowest} judged certainly {gravest}": share(ordinary, is_certainly(gravest)),
    }


def confusion(measured: Sequence[Measured], policy: SeverityPolicy) -> Mapping[tuple[str, str, bool], int]:
    """How many clear complaints of a level were judged of which, certainly or to confirm."""
    return Counter(
        (item.complaint.level(policy), item.judgement.level, item.judgement.certain)
        for item in select_clear(measured)
    )


def by_language(measured: Sequence[Measured]) -> dict[str, list[Measured]]:
    """The measured complaints of each language that there is."""
    groups = {
        language: [item for item in measured if item.complaint.language == language]
        for language in ("zh", "en")
    }
    return {language: group for language, group in groups.items() if group}


def _groups(measured: Sequence[Measured]) -> dict[str, list[Measured]]:
    """The measured complaints of each language, and of both together."""
    return {**by_language(measured), "both": list(measured)}


def describe(measured: Sequence[Measured], policy: SeverityPolicy) -> Iterator[str]:
    """Yields lines for people: figures and a table of levels, for each language and for both."""
    for language, group in _groups(measured).items():
        yield f"{language}: {len(select_clear(group))} clear complaints of {len(group)}"
        for name, share in figures(group, policy).items():
            yield f"  {name:36} {share}"
        yield from _describe_confusion(confusion(group, policy), policy)


def _describe_confusion(counts: Mapping[tuple[str, str, bool], int], policy: SeverityPolicy) -> Iterator[str]:
    yield "  labelled, then judged certainly / to confirm:"
    yield "  " + " " * 20 + "".join(f"{level:>20}" for level in policy.level_ids)
    for labelled in policy.level_ids:
        cells = (
            f"{counts.get((labelled, judged, True), 0)} / {counts.get((labelled, judged, False), 0)}"
            for judged in policy.level_ids
        )
        yield f"  {labelled:20}" + "".join(f"{cell:>20}" for cell in cells)


def as_json(measured: Sequence[Measured], policy: SeverityPolicy) -> dict[str, Any]:
    """The figures of each language as JSON."""
    return {
        language: {
            name: {**asdict(share), "interval": share.interval}
            for name, share in figures(group, policy).items()
        }
        for language, group in _groups(measured).items()
    }
