"""Severity as data: the policy that says how complaints are judged, what is judged, and the judgement."""

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from schemas.base import Bilingual, Count, Identifier, Strict
from schemas.faults import FILLED, Fault, Place, must_be_among, once, refuse
from schemas.vocabulary import Channel, Flag, Level, TaskKind
from schemas.whole import Unread, checked

Probability = Annotated[float, Field(ge=0, le=1)]


class LevelSpec(Strict):
    """One level of severity; steps, deadlines and notices of the policy name it."""

    id: Identifier
    title: Bilingual
    outside_hours: bool = Field(default=False, description="an escalation does not wait for the shop to open")


class CriterionSpec(Strict):
    """One line of the severity table: the signals in a complaint that meet it, and what does so besides its words."""

    id: str
    level: Level
    title: Bilingual
    source: str
    signals: tuple[Identifier, ...] = Field(
        default=(), description="signals that detectors find in the words"
    )
    channels: tuple[Channel, ...] = ()
    flags: tuple[Flag, ...] = ()
    corroborated_by: tuple[Flag, ...] = Field(
        default=(), description="flags with which a weak pattern of a suspected signal is enough"
    )
    default: bool = Field(default=False, description="holds when no other criterion does")
    safety: bool = Field(default=False, description="the safety of people may hang on it")


class FlagSpec(Strict):
    """A fact that is asked for when a complaint is taken, answered by yes or no."""

    id: Identifier
    title: Bilingual


class Thresholds(Strict):
    """How far the classifier is trusted with the criteria of one level; all are probabilities of a signal.

    From `suspects` on a signal is suspected without any pattern, beside a weak one from `suspects_weak` on; from `raises`
    on it is likely, and from `agrees` on a weak pattern is enough to be certain. Below `doubts` even a strong pattern is to
    be confirmed. They are chosen from the curves that `make severity` draws.
    """

    raises: Probability = 0.5
    agrees: Probability = 0.5
    suspects: Probability = 0.5
    suspects_weak: Probability = 0.5
    doubts: Probability = 0

    @model_validator(mode="after")
    def _no_threshold_undoes_another(self) -> Self:
        refuse(_thwarted(self))
        return self


def _thwarted(thresholds: Thresholds) -> Iterator[Fault]:
    if thresholds.suspects > thresholds.raises:
        yield ("suspects",), f"should be at most {thresholds.raises}, where it is likely anyway"
    if thresholds.suspects_weak > thresholds.suspects:
        yield (
            ("suspects_weak",),
            f"should be at most {thresholds.suspects}: from there on it is suspected without a weak pattern",
        )
    if thresholds.doubts > thresholds.raises:
        yield (
            ("doubts",),
            f"should be at most {thresholds.raises}: from there on it is likely without a pattern",
        )


_THRESHOLDS = Thresholds()
"""What holds for a level of which a policy says nothing."""


class SeverityPolicy(Strict):
    """How severe which signals are, as an operator writes it; levels lowest first."""

    levels: Annotated[tuple[LevelSpec, ...], FILLED, once("id")]
    flags: Annotated[tuple[FlagSpec, ...], once("id")] = ()
    confirmed_by: TaskKind | None = Field(
        default=None, description="the task by which a person is asked what is only suspected"
    )
    tells_suspected: bool = Field(
        default=False, description="the manufacturer hears of what is only suspected, as possible"
    )
    criteria: Annotated[tuple[CriterionSpec, ...], once("id")]
    learned: dict[Level, Thresholds] = {}

    @cached_property
    def level_ids(self) -> tuple[Level, ...]:
        """The levels by their ids, lowest first."""
        return tuple(level.id for level in self.levels)

    def level(self, name: Level) -> LevelSpec:
        """The level of this id; raises ValueError where there is none."""
        return self.levels[self.gravity(name)]

    def gravity(self, level: Level) -> int:
        """The place of a level among the levels, 0 for the lowest; raises ValueError where there is none of this id."""
        return self.level_ids.index(level)

    def raise_level(self, level: Level) -> Level:
        """The level above; the highest stays."""
        return self.level_ids[min(self.gravity(level) + 1, len(self.levels) - 1)]

    def criterion(self, name: str) -> CriterionSpec | None:
        """The criterion of this id, if there is one."""
        return next((criterion for criterion in self.criteria if criterion.id == name), None)

    @property
    def default(self) -> CriterionSpec:
        """The criterion that holds when no other does."""
        return next(criterion for criterion in self.criteria if criterion.default)

    def thresholds(self, level: Level) -> Thresholds:
        """How far the classifier is trusted with criteria of a level."""
        return self.learned.get(level, _THRESHOLDS)

    def rank(self, criteria: Collection[str]) -> tuple[str, ...]:
        """Returns those of the criteria that the table has, gravest first, then in its order."""
        table = [criterion for criterion in self.criteria if criterion.id in criteria]
        gravest_first = sorted(table, key=lambda criterion: -self.gravity(criterion.level))
        return tuple(criterion.id for criterion in gravest_first)

    @model_validator(mode="wrap")
    @classmethod
    def _every_complaint_is_of_a_level(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        return checked(cls, given, read, _unmet)


def _unmet(policy: SeverityPolicy) -> Iterator[Fault]:
    """Levels that there are not, and what leaves a complaint without a criterion."""
    defaults = [at for at, criterion in enumerate(policy.criteria) if criterion.default]
    if not defaults and not isinstance(policy.criteria, Unread):
        yield ("criteria",), "should have one criterion with default: true"
    yield from ((("criteria", at, "default"), "should be true of one criterion only") for at in defaults[1:])
    if policy.levels:
        yield from _unknown_levels(policy)


def _unknown_levels(policy: SeverityPolicy) -> Iterator[Fault]:
    named: list[tuple[Place, Level]] = [
        *((("criteria", at, "level"), criterion.level) for at, criterion in enumerate(policy.criteria)),
        *((("learned", level), level) for level in policy.learned),
    ]
    for place, level in named:
        if level is not None and level not in policy.level_ids:
            yield place, must_be_among(policy.level_ids)


class Statement(Strict):
    """What of a complaint is judged: the customer's words, the channel, and what the operator marked."""

    text: str
    channel: str | None = None
    flags: frozenset[Flag] = frozenset()
    ticks: frozenset[str] = frozenset()


Doubt = Literal["pattern_alone", "weak_pattern", "learned_alone", "cut", "unreadable", "unsupported_language"]
"""Why a judgement is to be confirmed: a pattern that the classifier speaks against, one that is too weak for what the
classifier makes of it, a finding of the classifier without a pattern, or a text that was not read to its end, is no language, or is in one that is not supported."""
DOUBTS: dict[Doubt, Bilingual] = {
    "pattern_alone": Bilingual(
        zh="词句相符，但分类器认为可能性不大",
        en="the words fit a pattern, but the classifier finds it unlikely",
    ),
    "weak_pattern": Bilingual(
        zh="词句只是略微相符，分类器也没有把握",
        en="the words only hint at it, and the classifier is not sure",
    ),
    "learned_alone": Bilingual(
        zh="只有分类器这样认为，没有相符的词句", en="only the classifier says so, no pattern fits the words"
    ),
    "cut": Bilingual(zh="文字过长，只读了前面的部分", en="the text is too long and was not read to its end"),
    "unreadable": Bilingual(zh="文字无法辨认", en="the text holds nothing that can be read"),
    "unsupported_language": Bilingual(
        zh="文字既非中文也非英文", en="the text is neither Chinese nor English"
    ),
}
"""Each doubt in the words of people."""


class Signal(Strict):
    """Evidence for a criterion: which detector found it, and where (character offsets, end exclusive).

    `start` and `end` are None when the evidence is not in the text: a tick, a flag, the channel. What is not
    `certain` is evidence of a suspicion, which a person has to confirm, and `doubt` says why. `probability` is what the
    classifier gives the signal, if it has learned it.
    """

    criterion: str
    detector: str
    start: Count | None = None
    end: Count | None = None
    certain: bool = True
    doubt: Doubt | None = None
    probability: Probability | None = None


class Judgement(Strict):
    """The level, the criteria met (gravest first), the deciding one, and the evidence.

    `level` is the likeliest. `confirmed` is what the signals that are certain say; it acts at once. `suspected` is the
    gravest that anything speaks for, where that is graver, and `suspicions` are the criteria that do; a person then has
    to confirm, and `doubts` says why.
    `failed` names detectors that broke: the case then opens one level higher and is marked for triage.
    """

    level: Level
    confirmed: Level
    suspected: Level | None = None
    criteria: tuple[str, ...]
    suspicions: tuple[str, ...] = ()
    deciding: str
    signals: tuple[Signal, ...]
    doubts: tuple[Doubt, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether nobody has to confirm it."""
        return not self.doubts
