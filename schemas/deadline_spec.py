"""The deadlines of a policy: what starts, pauses and ends them, their limits and what follows a breach."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import MOST, MOST_MINUTES, Bilingual, Key, Strict
from schemas.calendar import ElapsedMinutes, Limit, WorkingMinutes
from schemas.conditions import CaseWhen, HeaderWanted
from schemas.faults import FILLED, Fault, refuse
from schemas.steps import Step
from schemas.vocabulary import Level, Names, TaskKind

SENT, ACCEPTED = "case.task_sent", "case.task_accepted"
ASKED = "asked"
Accountable = Annotated[str, Names("roles", besides=("owner", ASKED))]
"""Whose deadline it is: a role, that of the owner, or that which a task asks."""


class Warn(Strict):
    """A warning before the due time: when this share of the limit has passed, or minutes before."""

    percent: Annotated[int, Field(gt=0, lt=100)] | None = None
    minutes_before: Annotated[int, Field(gt=0, le=MOST_MINUTES)] | None = None

    @model_validator(mode="after")
    def _has_single_moment(self) -> Self:
        if (self.percent is None) == (self.minutes_before is None):
            raise ValueError("should have exactly one of percent and minutes_before")
        return self


class DeadlineSpec(Strict):
    """One deadline: when it starts, pauses and stops, its limit, and what follows a breach.

    It runs while `applies` holds for the case header. A recurring deadline starts its next cycle at
    each due time, and anew at an event of `restart`. `on_breach` is what follows a breach; an escalation of it waits
    for the shop's hours. After `repeats` breaches a recurring deadline goes on at the pace of `then`. Only minutes can pause, and
    never those that a law counts. One `per_task` runs for each of these tasks by itself: it starts when the
    task is sent or accepted, and an event of another task means nothing to it. Of such a one the role that is asked can be
    accountable.
    """

    id: Key
    title: Bilingual
    source: str
    per_task: TaskKind | None = None
    accountable: Accountable
    limit: Limit
    limit_by_severity: dict[Level, Limit] = {}
    starts_from: Literal["event", "receipt"] = "event"
    applies: HeaderWanted = {}
    start: Annotated[tuple[CaseWhen, ...], FILLED]
    pause: tuple[CaseWhen, ...] = ()
    resume: tuple[CaseWhen, ...] = ()
    stop: tuple[CaseWhen, ...] = ()
    cancel: tuple[CaseWhen, ...] = ()
    restart: tuple[CaseWhen, ...] = ()
    recurring: bool = False
    repeats: Annotated[int, Field(gt=0, le=MOST)] | None = None
    then: Limit | None = None
    warnings: tuple[Warn, ...] = (Warn(percent=75),)
    on_breach: tuple[Step, ...] = ()
    statutory: bool = False

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        refuse([*_repeating(self), *_pausing(self), *_warning(self), *_by_severity(self), *_per_task(self)])
        return self

    @property
    def escalates(self) -> bool:
        """Whether a breach escalates the case by a rung."""
        return any(step.escalate for step in self.on_breach)


def _limits(deadline: DeadlineSpec) -> Iterator[tuple[tuple[str, ...], Limit]]:
    """Every limit it may have, by the field it stands in."""
    yield ("limit",), deadline.limit
    yield from ((("limit_by_severity", level), limit) for level, limit in deadline.limit_by_severity.items())
    if deadline.then is not None:
        yield ("then",), deadline.then


def _minutes(limit: Limit) -> int | None:
    match limit:
        case ElapsedMinutes(elapsed_minutes=minutes) | WorkingMinutes(working_minutes=minutes):
            return minutes
    return None


def _repeating(deadline: DeadlineSpec) -> Iterator[Fault]:
    if deadline.repeats is not None and not deadline.recurring:
        yield ("repeats",), "should stand only where recurring is true"
    if deadline.then is not None and deadline.repeats is None:
        yield ("then",), "should stand beside repeats, the number of breaches after which it holds"
    if deadline.repeats == 1 and deadline.then is None:
        yield ("repeats",), "should be 2 or more, or stand beside then: after one breach nothing would recur"
    for place, limit in _limits(deadline) if deadline.recurring else ():
        if _minutes(limit) == 0:
            yield place, "should be more than 0 minutes in a deadline that recurs"


def _pausing(deadline: DeadlineSpec) -> Iterator[Fault]:
    if deadline.pause and not deadline.resume:
        yield ("pause",), "should stand beside resume, or the deadline would stand still for ever"
    if deadline.resume and not deadline.pause:
        yield ("resume",), "should stand beside pause, which alone it could end"
    if deadline.pause and deadline.statutory:
        yield ("pause",), "should be left out: nobody can pause a statutory deadline"
    for place, limit in _limits(deadline) if deadline.pause else ():
        if _minutes(limit) is None:
            yield place, "should be in minutes, elapsed or working: no other limit can pause"


def _warning(deadline: DeadlineSpec) -> Iterator[Fault]:
    for at, warn in enumerate(deadline.warnings):
        before, field = warn.minutes_before, ("warnings", at, "minutes_before")
        for place, limit in _limits(deadline):
            minutes = _minutes(limit)
            if before is not None and minutes is not None and before >= minutes:
                yield field, f"should be less than the {minutes} of {'.'.join(place)}"


def _by_severity(deadline: DeadlineSpec) -> Iterator[Fault]:
    levels = deadline.applies.get("severity", tuple(deadline.limit_by_severity))
    for level in deadline.limit_by_severity:
        if level not in levels:
            named = ", ".join(map(str, levels))
            yield ("limit_by_severity", level), f"should be for {named}, as applies says"


def _per_task(deadline: DeadlineSpec) -> Iterator[Fault]:
    if deadline.accountable == ASKED and deadline.per_task is None:
        yield ("accountable",), "should be asked only beside per_task, which says of which task"
    for at, when in enumerate(deadline.start if deadline.per_task else ()):
        if when.type not in {SENT, ACCEPTED}:
            yield (
                ("start", at, "type"),
                f"should be {SENT} or {ACCEPTED}, with which a deadline per task starts",
            )
