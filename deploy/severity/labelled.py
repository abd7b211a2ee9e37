"""Reads labelled complaints of any origin: JSON Lines, or one JSON array."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, TypeAdapter, ValidationError

from schemas.base import Frozen
from schemas.faults import describe
from schemas.severity import SeverityPolicy
from schemas.vocabulary import Channel, Level
from services.common.runtime.files import FileError
from services.common.web import strict_json
from services.routing.domain.severity.tokenize import is_chinese

TRAINING = Path(__file__).parents[1] / "training"
BOTH_LANGUAGES = TRAINING / "complaints.json"
Language = Literal["zh", "en"]


class Complaint(Frozen):
    """One complaint in two languages, with the severity that it should be judged as."""

    id: str
    channel: Channel
    level: Level
    criteria: tuple[str, ...]
    narrative_zh: str
    narrative_en: str


class Labelled(Frozen):
    """A complaint with all criteria it meets, or if it is `partial` only the one that decides its level.

    Where honest readers could differ it is `tricky`.
    """

    id: Any = None
    text: str = Field(min_length=1)
    criteria: tuple[str, ...] = Field(
        min_length=1, validation_alias=AliasChoices("criteria", "expected_criteria")
    )
    expected_level: Level | None = None
    tricky: bool = False
    partial: bool = False

    @property
    def language(self) -> Language:
        """The language it is written in: Chinese where it has more Chinese characters than words of letters."""
        characters = sum(map(is_chinese, self.text))
        return "zh" if characters > len(self.text.split()) else "en"

    def level(self, policy: SeverityPolicy) -> Level:
        """The level it was labelled with, or else the gravest of its criteria."""
        levels = (criterion.level for criterion in policy.criteria if criterion.id in self.criteria)
        return self.expected_level or max(levels, key=policy.gravity)

    def signals(self, policy: SeverityPolicy) -> frozenset[str]:
        """The signals that its criteria stand for."""
        met = (criterion for criterion in policy.criteria if criterion.id in self.criteria)
        return frozenset(signal for criterion in met for signal in criterion.signals)

    def unknown_signals(self, policy: SeverityPolicy) -> frozenset[str]:
        """The signals of which nobody has said whether it shows them: any that would not raise its level."""
        gravity = policy.gravity(self.level(policy))
        open_to = (criterion for criterion in policy.criteria if policy.gravity(criterion.level) <= gravity)
        unknown = frozenset(signal for criterion in open_to for signal in criterion.signals)
        return unknown - self.signals(policy) if self.partial else frozenset()


def training_files() -> list[Path]:
    """The training texts that are shipped."""
    return sorted(TRAINING.glob("*.jsonl"))


def read_shipped(policy: SeverityPolicy) -> list[Labelled]:
    """The training texts that are shipped, and the complaints that are there in either language."""
    return [
        *(complaint for path in training_files() for complaint in read_labelled(path, policy)),
        *(
            Labelled(text=text, criteria=complaint.criteria)
            for complaint in _in_both_languages()
            for text in (complaint.narrative_zh, complaint.narrative_en)
            if not _is_met_by_channel(complaint, policy)
        ),
    ]


def _in_both_languages() -> tuple[Complaint, ...]:
    return TypeAdapter(tuple[Complaint, ...]).validate_python(json.loads(BOTH_LANGUAGES.read_text("utf-8")))


def _is_met_by_channel(complaint: Complaint, policy: SeverityPolicy) -> bool:
    """Whether its channel alone meets a criterion: that no words can teach."""
    return any(complaint.channel in criterion.channels for criterion in policy.criteria)


def read_labelled(path: Path, policy: SeverityPolicy) -> list[Labelled]:
    """Returns the complaints of a file; raises FileError naming file, line (or entry) and field of every mistake."""
    complaints: list[Labelled] = []
    mistakes: list[str] = []
    for place, entry in _entries(path):
        try:
            complaints.append(_check(entry, policy))
        except ValidationError as wrong:
            mistakes += (
                f"{path}:{place}: {_field(error['loc'])}: {describe(error)}" for error in wrong.errors()
            )
        except ValueError as wrong:
            mistakes.append(f"{path}:{place}: {wrong}")
    if mistakes:
        raise FileError("\n".join(mistakes))
    return complaints


def fingerprint(paths: Sequence[Path]) -> dict[str, int]:
    """How many texts each file holds, by the hash of its content: what weights say of what they were trained on."""
    return {_hash(path): sum(1 for _ in _entries(path)) for path in paths}


def _hash(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"


def _entries(path: Path) -> Iterator[tuple[str, bytes | Any]]:
    """Yields every complaint with its place: a line still to be read, or an entry of an array."""
    try:
        content = path.read_bytes()
        if content.lstrip().startswith(b"["):
            yield from ((f"entry {at}", entry) for at, entry in enumerate(strict_json.read(content), start=1))
            return
    except (OSError, ValueError) as wrong:
        raise FileError(f"{path}: {wrong}") from None
    for at, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            yield str(at), line


def _check(entry: bytes | Any, policy: SeverityPolicy) -> Labelled:
    complaint = Labelled.model_validate(strict_json.read_line(entry) if isinstance(entry, bytes) else entry)
    for criterion in complaint.criteria:
        if policy.criterion(criterion) is None:
            raise ValueError(f"criteria: {criterion} is none of the policy")
    if complaint.expected_level not in (None, *policy.level_ids):
        raise ValueError(f"expected_level: should be one of {', '.join(policy.level_ids)}")
    return complaint


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place)) or "entry"
