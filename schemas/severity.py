"""Severity as data: the policy that says how complaints are judged, what is judged, and the judgement."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from schemas.base import Bilingual, Count, Identifier, Strict
from schemas.contacts import Channel
from schemas.faults import FILLED, Fault, Place, must_be_among, once, refuse

Level = Identifier
"""How severe a case is, by an id that its policy gives."""

Flag = Literal["injury", "accident", "casualties", "fire"]
FLAGS: tuple[Flag, ...] = get_args(Flag)
Probability = Annotated[float, Field(ge=0, le=1)]


def _terms(value: object) -> object:
    """Terms may be written as one text, separated by commas."""
    return (
        tuple(term.strip() for term in value.split(",") if term.strip()) if isinstance(value, str) else value
    )


Terms = Annotated[tuple[str, ...], BeforeValidator(_terms)]


class LevelSpec(Strict):
    """One level of severity, and what it asks for besides the deadlines and notices that name it."""

    id: Level
    title: Bilingual
    tells: Literal["manufacturer"] | None = Field(
        default=None, description="whose support is requested as soon as a case is of this level"
    )
    tells_suspected: Literal["manufacturer"] | None = Field(
        default=None, description="whose support is requested although it is only suspected"
    )
    outside_hours: bool = Field(default=False, description="an escalation does not wait for the shop to open")
    must_be_judged: bool = Field(default=False, description="a person judges the case before it is resolved")


class CriterionSpec(Strict):
    """One line of the severity table, and what sets it besides the words of the complaint.

    `asserts` says how the words must be meant: a `fact` must have happened in this case, an `act` may
    also be announced on a condition ("if nothing is done I shall sue").
    """

    id: str
    level: Level
    title: Bilingual
    source: str
    asserts: Literal["fact", "act"] = "fact"
    channels: tuple[Channel, ...] = ()
    flags: tuple[Flag, ...] = ()
    corroborated_by: tuple[Flag, ...] = Field(
        default=(), description="flags that turn a suspicion into a signal"
    )
    default: bool = Field(default=False, description="holds when no other criterion does")
    safety: bool = Field(default=False, description="the safety of people may hang on it")


class LexiconSpec(Strict):
    """Terms by concept, and the patterns of concepts that are signals of a criterion.

    Terms and patterns are described in deploy/policies/severity/README.md.
    """

    lemmas: dict[str, str] = {}
    concepts: dict[str, Terms] = {}
    detectors: dict[str, dict[str, tuple[str, ...]]] = {}
    suspicions: dict[str, dict[str, tuple[str, ...]]] = {}


EVEN: Probability = 0.5


class Thresholds(Strict):
    """How far the classifier is trusted; all are probabilities of a level or a graver one.

    From what `raises` says of a level on it raises a complaint to it by itself, and from one half on where that says
    nothing; below `doubt` it overrules a pattern of that level. What is of the highest level with the probability
    `suspect` is at least of the second lowest.
    """

    raises: dict[Level, Probability] = {}
    suspect: Probability = 1
    doubt: Probability = 0
    alone: Probability = Field(default=0, description="how much surer one passage of a long text must be")

    @model_validator(mode="after")
    def _no_threshold_undoes_another(self) -> Self:
        refuse(_thwarted(self))
        return self


def _thwarted(thresholds: Thresholds) -> Iterator[Fault]:
    lowest = min(thresholds.raises.values(), default=EVEN)
    if thresholds.doubt > lowest:
        yield ("doubt",), f"should be at most {lowest}: from there on it raises what it would overrule"
    if lowest <= thresholds.suspect < 1:
        yield ("suspect",), f"should be less than {lowest}, where it is raised anyway, or 1 to do without"


class SeverityPolicy(Strict):
    """Everything a judge needs, as an operator writes it; levels lowest first."""

    levels: Annotated[tuple[LevelSpec, ...], FILLED, once("id")]
    criteria: Annotated[tuple[CriterionSpec, ...], once("id")]
    lexicon: LexiconSpec = LexiconSpec()
    learned: Thresholds = Thresholds()

    @property
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

    @model_validator(mode="after")
    def _levels_are_there(self) -> Self:
        refuse(_unknown_levels(self))
        return self

    @model_validator(mode="after")
    def _every_complaint_meets_a_criterion(self) -> Self:
        defaults = [at for at, criterion in enumerate(self.criteria) if criterion.default]
        if not defaults:
            refuse([(("criteria",), "should have one criterion with default: true")])
        refuse((("criteria", at, "default"), "should be true of one criterion only") for at in defaults[1:])
        return self

    @model_validator(mode="after")
    def _suspicions_can_be_corroborated(self) -> Self:
        refuse(_uncorroborated(self))
        return self


def _unknown_levels(policy: SeverityPolicy) -> Iterator[Fault]:
    named: list[tuple[Place, Level]] = [
        *((("criteria", at, "level"), criterion.level) for at, criterion in enumerate(policy.criteria)),
        *((("learned", "raises", level), level) for level in policy.learned.raises),
    ]
    for place, level in named:
        if level not in policy.level_ids:
            yield place, must_be_among(policy.level_ids)


def _uncorroborated(policy: SeverityPolicy) -> Iterator[Fault]:
    for at, criterion in enumerate(policy.criteria):
        suspected = criterion.id in policy.lexicon.suspicions
        if suspected and not criterion.corroborated_by:
            yield ("criteria", at), "should have corroborated_by, since the lexicon has suspicions of it"
        if criterion.corroborated_by and not suspected:
            place = ("criteria", at, "corroborated_by")
            yield place, "should be left out: the lexicon has no suspicions of it"


class Statement(Strict):
    """What of a complaint is judged: the customer's words, the channel, and what the operator marked."""

    text: str
    channel: str | None = None
    flags: frozenset[Flag] = frozenset()
    ticks: frozenset[str] = frozenset()


class Signal(Strict):
    """Evidence for a criterion: which detector found it, and where (character offsets, end exclusive).

    `start` and `end` are None when the evidence is not in the text: a tick, a flag, the channel. What is not
    `certain` is evidence of a suspicion, which a person has to confirm.
    """

    criterion: str
    detector: str
    start: Count | None = None
    end: Count | None = None
    certain: bool = True


Doubt = Literal["pattern_alone", "learned_alone", "cut", "unreadable", "unsupported_language"]
"""Why a judgement is to be confirmed: a pattern that the classifier speaks against, a finding of the classifier without
a pattern, or a text that was not read to its end, is no language, or is in one that is not supported."""


class Judgement(Strict):
    """The level, the criteria met (gravest first), the deciding one, and the evidence.

    `level` is the likeliest. `confirmed` is what the signals that are certain say; it acts at once. `suspected` is the
    gravest that anything speaks for, where that is graver; a person then has to confirm, and `doubts` says why.
    `failed` names detectors that broke: the case then opens one level higher and is marked for triage.
    """

    level: Level
    confirmed: Level
    suspected: Level | None = None
    criteria: tuple[str, ...]
    deciding: str
    signals: tuple[Signal, ...]
    doubts: tuple[Doubt, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether nobody has to confirm it."""
        return not self.doubts
