"""Judges how severe a contact is; trouble lifts the level by one and never loses the contact."""

from dataclasses import dataclass

from schemas.contacts import ContactReceived
from schemas.severity import FLAGS, Doubt, Judgement, Level, Signal, Statement
from services.routing.domain.policies import CompiledPolicy
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
    contact: ContactReceived, detection: Detection, policy: CompiledPolicy, missing: tuple[str, ...]
) -> Assessment:
    """Returns how severe a contact is, given what was detected in its words; where anything was `missing`, is unknown or broke, it is one level higher."""
    unknown = (*missing, *_unknown_ticks(contact, policy))
    try:
        judged = judge(build_statement(contact), detection, policy.content.severity)
    except Exception as error:  # noqa: BLE001 - a contact that passed intake is never poison
        failed = (*unknown, f"severity could not be judged: {type(error).__name__}")
        return _unjudged(policy, failed)
    reasons = (*unknown, *(f"detector {name} failed" for name in judged.failed))
    raised = bool(unknown) and not judged.failed  # where a detector failed the judge has raised it already
    if judged.certain or policy.task("confirm") is None:
        return Assessment(
            _level(judged.level, policy, raised=raised), judged.criteria, judged.signals, reasons
        )
    level = _level(judged.confirmed, policy, raised=raised)
    return _to_confirm(judged, policy, level, reasons)


def _unknown_ticks(contact: ContactReceived, policy: CompiledPolicy) -> tuple[str, ...]:
    """Intake knows no policy, so a tick of the operator may mean nothing in this one."""
    unknown = [
        tick for tick in dict.fromkeys(contact.ticks) if policy.content.severity.criterion(tick) is None
    ]
    return tuple(f"ticked criterion {tick!r} is unknown to policy {policy.content.id!r}" for tick in unknown)


def _level(level: Level, policy: CompiledPolicy, *, raised: bool) -> Level:
    return policy.content.severity.raise_level(level) if raised else level


def _to_confirm(
    judged: Judgement, policy: CompiledPolicy, level: Level, triage: tuple[str, ...]
) -> Assessment:
    """What is certain acts at `level`; criteria of which no signal is certain are suspected."""
    gravity = policy.content.severity.gravity
    is_graver = judged.suspected is not None and gravity(judged.suspected) > gravity(level)
    return Assessment(
        level,
        tuple(name for name in judged.criteria if name not in judged.suspicions)
        or (policy.content.severity.default.id,),
        judged.signals,
        triage,
        judged.suspected if is_graver else None,
        judged.suspicions if is_graver else (),
        judged.doubts if is_graver or judged.suspected is None else (),
    )


def _unjudged(policy: CompiledPolicy, triage: tuple[str, ...]) -> Assessment:
    default = policy.content.severity.default
    return Assessment(_level(default.level, policy, raised=True), (default.id,), (), triage)


def build_statement(contact: ContactReceived) -> Statement:
    """What of a contact is judged."""
    return Statement(
        text=join_texts(contact.narrative, contact.demand),
        channel=contact.channel,
        flags=frozenset(flag for flag in FLAGS if getattr(contact.flags, flag)),
        ticks=frozenset(contact.ticks),
    )


def join_texts(narrative: str, demand: str) -> str:
    """The text in which the spans of evidence count: narrative, line feed, demand."""
    return f"{narrative}\n{demand}" if demand else narrative
