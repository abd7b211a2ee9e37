"""Judges how severe a contact is; trouble lifts the level by one and never loses the contact."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.contacts import ContactReceived
from schemas.policies import Policy
from schemas.severity import Doubt, Judgement, Signal, Statement
from schemas.vocabulary import Level
from services.routing.domain.severity.detection import Detection
from services.routing.domain.severity.judge import judge


@dataclass(frozen=True, slots=True)
class Assessment:
    """The level that acts at once, with its evidence; with any of `triage` a person has to look at the case.

    With any of `doubts` a person has to confirm it: `suspected` is the graver level, `suspicions` are the criteria that
    speak for it.
    """

    level: Level
    criteria: tuple[str, ...]
    signals: tuple[Signal, ...]
    triage: tuple[str, ...]
    suspected: Level | None = None
    suspicions: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def assess(
    contact: ContactReceived, detection: Detection, policy: Policy, missing: tuple[str, ...]
) -> Assessment:
    """Returns how severe a contact is, given what was detected in its words; where anything was `missing`, is unknown or broke, it is one level higher."""
    try:
        judged = judge(build_statement(contact), detection, policy.severity)
    except Exception as error:  # noqa: BLE001 - a contact that passed intake is never poison
        failed = (*missing, f"severity could not be judged: {type(error).__name__}")
        return _unjudged(policy, failed)
    reasons = (*missing, *(f"detector {name} failed" for name in judged.failed))
    raised = bool(missing) and not judged.failed  # where a detector failed the judge has raised it already
    if judged.certain or policy.severity.confirmed_by is None:
        return Assessment(
            _level(judged.level, policy, raised=raised), judged.criteria, judged.signals, reasons
        )
    level = _level(judged.confirmed, policy, raised=raised)
    return _to_confirm(judged, policy, level, reasons)


def _level(level: Level, policy: Policy, *, raised: bool) -> Level:
    return policy.severity.raise_level(level) if raised else level


def _to_confirm(judged: Judgement, policy: Policy, level: Level, triage: tuple[str, ...]) -> Assessment:
    """What is certain acts at `level`; criteria of which no signal is certain are suspected."""
    gravity = policy.severity.gravity
    is_graver = judged.suspected is not None and gravity(judged.suspected) > gravity(level)
    return Assessment(
        level,
        tuple(name for name in judged.criteria if name not in judged.suspicions)
        or (policy.severity.default.id,),
        judged.signals,
        triage,
        judged.suspected if is_graver else None,
        judged.suspicions if is_graver else (),
        judged.doubts if is_graver or judged.suspected is None else (),
    )


def _unjudged(policy: Policy, triage: tuple[str, ...]) -> Assessment:
    default = policy.severity.default
    return Assessment(_level(default.level, policy, raised=True), (default.id,), (), triage)


def build_statement(contact: ContactReceived) -> Statement:
    """What of a contact is judged."""
    return Statement(
        text=join_texts(contact.narrative, contact.demand, *_free_texts(contact)),
        channel=contact.channel,
        flags=frozenset(flag for flag, is_so in contact.flags.items() if is_so),
        ticks=frozenset(contact.ticks),
    )


def _free_texts(contact: ContactReceived) -> Iterator[str]:
    """What was filled in as text: the customer's words may stand there as well."""
    yield from (said for said in contact.form.values() if isinstance(said, str))


def join_texts(narrative: str, *others: str) -> str:
    """The text in which the spans of evidence count: narrative, demand and what else was filled in, each on a line."""
    return "\n".join((narrative, *filter(None, others)))
