"""Finds the signals in texts, a batch at once: by patterns and by what was learned. It knows no policy.

`detect` shows the whole way, and each step is a file here. `complaint_text` reads a text: `normalize` brings it into one
form, `tokenize` cuts it into words, `lexicon` finds the concepts they mention, `negation` says which of them do not
count. Then `patterns` match the concepts, and `classifier` says how probable each signal is. `judge` tells by a policy
how severe that is.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from schemas.severity import Doubt
from services.routing.domain.severity.classifier import Classifier, Learned, Weights
from services.routing.domain.severity.complaint_text import Reading, read
from services.routing.domain.severity.detectors import Detectors, Match, compile_detectors
from services.routing.domain.severity.lexicon import Text
from services.routing.domain.severity.spec import LexiconSpec
from services.routing.domain.severity.tokenize import stem

LONGEST = 22_001
"""Characters that are read: a narrative and a demand as intake takes them, and the line feed between them."""
CLASSIFIER = "classifier"
"""What the classifier is called where detectors are named."""
_COMMON = """
the a an and or of to in on at for with from by as than is be was were been are am has had have it its i me my we our us
you your he his him she her they them their this that these those there here who what which when while where why how not
no never nothing none nobody do did does can will would could should may might must if but because so then after before
since until again still just only also too very more most same all any every each other another one two three first last
out up down off over under above below into back about year month week day time car vehicle dealer shop please thank
hello dear regards sincerely
"""
_ENGLISH = frozenset(map(stem, _COMMON.split()))
"""Words without their endings by which English is recognised."""
_ENOUGH_WORDS = 9
"""How many words a text has at least before its language is told by them."""
_FOREIGN = re.compile(r"[^\W\d_a-z\u4e00-\u9fff]")
"""Letters that are neither plain Latin ones nor common Chinese characters."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a detector found a signal: characters [start, end) of the text as it was given."""

    detector: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LearnedSignal:
    """How probable the classifier finds a signal, and the words that speak most for it."""

    probability: float
    place: Span


@dataclass(frozen=True, slots=True)
class SignalEvidence:
    """What was found of one signal: by strong patterns, by weak ones, and by what was learned of it, if anything."""

    strong: tuple[Span, ...] = ()
    weak: tuple[Span, ...] = ()
    learned: LearnedSignal | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found in one text: `doubts` say why it may not have been understood, `failed` names what broke."""

    signals: Mapping[str, SignalEvidence]
    doubts: tuple[Doubt, ...] = ()
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reader:
    """The detectors and, if anything was learned, the classifier."""

    detectors: Detectors
    classifier: Classifier | None

    def detect(self, texts: Sequence[str]) -> list[Detection]:
        """Returns what is found in each text. What breaks in one step is named, and the others still count."""
        readings = [read(text[:LONGEST], self.detectors.lexicon) for text in texts]
        learned, unlearned = self._classify(readings)
        return [
            self._detect(given, reading, of_text, unlearned)
            for given, reading, of_text in zip(texts, readings, learned, strict=True)
        ]

    def _classify(
        self, readings: Sequence[Reading]
    ) -> tuple[Sequence[Mapping[str, Learned]], tuple[str, ...]]:
        if self.classifier is None:
            return [{}] * len(readings), ()
        try:
            return self.classifier.classify([reading.mark_unasserted() for reading in readings]), ()
        except Exception:  # noqa: BLE001 - if the classifier breaks, the patterns judge alone
            return [{}] * len(readings), (CLASSIFIER,)

    def _detect(
        self, given: str, reading: Reading, learned: Mapping[str, Learned], failed: tuple[str, ...]
    ) -> Detection:
        matches, broken = self.detectors.find(reading)
        return Detection(
            signals=dict(_collect(reading.text, matches, learned)),
            doubts=tuple(_doubts(given, reading.normalized.text, reading.text)),
            failed=(*broken, *failed),
        )


def compile_reader(spec: LexiconSpec, weights: Weights | None) -> Reader:
    """Compiles what finds signals; raises ValueError naming the concept or detector that cannot be read."""
    return Reader(compile_detectors(spec), Classifier(weights) if weights else None)


def _collect(
    text: Text, matches: Sequence[Match], learned: Mapping[str, Learned]
) -> Iterator[tuple[str, SignalEvidence]]:
    """Yields each signal with all that was found of it."""
    strong: dict[str, list[Span]] = defaultdict(list)
    weak: dict[str, list[Span]] = defaultdict(list)
    for match in matches:
        (strong if match.detector.strong else weak)[match.detector.signal].append(_place(text, match))
    for signal in {**strong, **weak, **learned}:
        yield (
            signal,
            SignalEvidence(
                tuple(strong[signal]), tuple(weak[signal]), _learned(text, signal, learned.get(signal))
            ),
        )


def _place(text: Text, match: Match) -> Span:
    return Span(match.detector.name, *text.locate(match.words))


def _learned(text: Text, signal: str, learned: Learned | None) -> LearnedSignal | None:
    if learned is None:
        return None
    return LearnedSignal(learned.probability, Span(f"{signal}.learned", *text.locate(learned.words)))


def _doubts(given: str, normalized: str, text: Text) -> list[Doubt]:
    """Why a text may not have been understood."""
    doubts: list[Doubt] = []
    if len(given.rstrip()) > LONGEST:
        doubts.append("cut")
    letters = sum(map(str.isalpha, normalized))
    if given.strip() and not letters:
        doubts.append("unreadable")
    elif not _is_supported(letters, _FOREIGN.findall(normalized), text):
        doubts.append("unsupported_language")
    return doubts


def _is_supported(letters: int, others: Sequence[str], text: Text) -> bool:
    """Whether a text is Chinese or English: of enough words in plain letters a third are English or in the lexicon.

    `others` are those of its letters that are neither plain nor common Chinese characters.
    """
    if sum(not _is_han(letter) for letter in others) * 5 > letters:
        return False
    plain = [at for at, word in enumerate(text.words) if word.isascii() and word.isalpha()]
    if len(plain) * 2 < len(text.words) or len(plain) < _ENOUGH_WORDS:
        return True
    odd = {at for at in plain if text.words[at] not in _ENGLISH}
    if len(odd) * 3 > len(plain) * 2:
        for start, end in chain.from_iterable(text.mentions.values()):
            odd.difference_update(range(start, end))
    return len(odd) * 3 <= len(plain) * 2


def _is_han(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CJK")
