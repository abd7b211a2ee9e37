"""Judges how severe a contact is; trouble lifts the level by one and never loses the contact."""

from dataclasses import dataclass

from schemas.contacts import ContactReceived
from schemas.severity import FLAGS, Judgement, Level, Signal, Statement
from services.routing.domain.policies import CompiledPolicy
from services.routing.domain.severity.judge import judge


@dataclass(frozen=True, slots=True)
class Assessment:
    """The level with its evidence; with any of `triage` a person has to look at the case."""

    level: Level
    criteria: tuple[str, ...]
    signals: tuple[Signal, ...]
    triage: tuple[str, ...]


def assess(contact: ContactReceived, policy: CompiledPolicy, missing: tuple[str, ...]) -> Assessment:
    """Returns how severe a contact is; where anything was `missing`, is unknown or broke, it is one level higher."""
    unknown = (*missing, *_unknown_ticks(contact, policy))
    try:
        judged = judge(build_statement(contact), policy.rules)
    except Exception as error:  # noqa: BLE001 - a contact that passed intake is never poison
        failed = (*unknown, f"severity could not be judged: {type(error).__name__}")
        return _unjudged(policy, failed)
    reasons = (*unknown, *(f"detector {name} failed" for name in judged.failed))
    return Assessment(_level(judged, unknown, policy), judged.criteria, judged.signals, reasons)


def _unknown_ticks(contact: ContactReceived, policy: CompiledPolicy) -> tuple[str, ...]:
    """Intake knows no policy, so a tick of the operator may mean nothing in this one."""
    unknown = [tick for tick in dict.fromkeys(contact.ticks) if tick not in policy.rules.criteria]
    return tuple(f"ticked criterion {tick!r} is unknown to policy {policy.content.id!r}" for tick in unknown)


def _level(judged: Judgement, unknown: tuple[str, ...], policy: CompiledPolicy) -> Level:
    """The level; where a detector failed the judge has lifted it already."""
    raised = unknown and not judged.failed
    return policy.content.severity.raise_level(judged.level) if raised else judged.level


def _unjudged(policy: CompiledPolicy, triage: tuple[str, ...]) -> Assessment:
    severity = policy.content.severity
    default = next(criterion for criterion in severity.criteria if criterion.default)
    return Assessment(severity.raise_level(default.level), (default.id,), (), triage)


def build_statement(contact: ContactReceived) -> Statement:
    """What of a contact is judged; spans of evidence count in this text: narrative, line feed, demand."""
    return Statement(
        text=f"{contact.narrative}\n{contact.demand}" if contact.demand else contact.narrative,
        channel=contact.channel,
        flags=frozenset(flag for flag in FLAGS if getattr(contact.flags, flag)),
        ticks=frozenset(contact.ticks),
    )
