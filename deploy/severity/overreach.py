"""Finds words of the lexicon that reach too far: they show a grave signal in complaints that are ordinary."""

from collections import Counter
from collections.abc import Iterator, Sequence

from deploy.severity.labelled import read_shipped
from deploy.severity.training import learned_signals
from schemas.severity import SeverityPolicy
from services.routing.domain.severity.complaint_text import read
from services.routing.domain.severity.detectors import compile_detectors
from services.routing.domain.severity.spec import LexiconSpec

FEW = 3
"""In so many ordinary complaints the same words may be mistaken."""


def ordinary_texts(policy: SeverityPolicy) -> list[str]:
    """The shipped complaints that meet none but criteria of the lowest level."""
    return [
        complaint.text
        for complaint in read_shipped(policy)
        if complaint.level(policy) == policy.level_ids[0] and not complaint.partial
    ]


def find_overreach(lexicon: LexiconSpec, policy: SeverityPolicy, ordinary: Sequence[str]) -> Iterator[str]:
    """Yields a line for the words by which a strong pattern finds a grave signal in more than a few ordinary complaints."""
    detectors = compile_detectors(lexicon)
    grave = frozenset(learned_signals(policy))
    hits: Counter[tuple[str, str]] = Counter()
    for text in ordinary:
        reading = read(text, detectors.lexicon)
        matches, _ = detectors.find(reading)
        hits.update(
            (match.detector.name, " ".join(reading.text.words[slice(*match.words)]))
            for match in matches
            if match.detector.strong and match.detector.signal in grave
        )
    for (detector, words), count in hits.most_common():
        if count > FEW:
            yield (
                f"{detector}: `{words}` is in {count} of {len(ordinary)} ordinary complaints;"
                f" a strong pattern should be in {FEW} at most: make it narrower, or weak"
            )
