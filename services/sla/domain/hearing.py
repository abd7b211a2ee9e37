"""What an event of the case means to a deadline: which of its conditions it meets."""

from collections.abc import Iterable

from schemas.cases import CaseEvent, CaseHeader, CaseSnapshot
from schemas.conditions import When, matches, satisfies
from schemas.deadline_spec import DeadlineSpec
from services.sla.domain.state import DeadlineState, Effect, Occurrence, Run


def occurrence_of(
    spec: DeadlineSpec, deadline: DeadlineState | None, run: Run, event: CaseEvent, at: int
) -> Occurrence | None:
    """The occurrence of an event, or None when the deadline has no use for it.

    `run` is the deadline as its last occurrences leave it. A severity is told only to deadlines that it moves.
    """
    effects = (*_arming(spec, run, event.header), *_effects(spec, deadline, event))
    severity = event.header.severity if spec.limit_by_severity else None
    if severity == run.severity:
        severity = None
    if not effects and severity is None:
        return None
    return Occurrence(at=at, seq=event.seq, effects=effects, severity=severity)


def beginning(spec: DeadlineSpec, header: CaseHeader) -> Occurrence:
    """What holds for a deadline from ever: whether it applies, and by which severity."""
    armed = satisfies(spec.applies, header)
    return Occurrence(at=0, seq=0, effects=("arm" if armed else "disarm",), severity=header.severity)


def added(occurrences: tuple[Occurrence, ...], occurrence: Occurrence) -> tuple[Occurrence, ...]:
    """The occurrences in order of occurrence; what a later event says of the header holds from then on."""
    about_header = [effect for effect in occurrence.effects if effect in {"arm", "disarm"}]
    kept = [
        _silenced(old, arming=bool(about_header), severity=occurrence.severity is not None)
        if old.at > occurrence.at
        else old
        for old in occurrences
    ]
    return tuple(sorted([*kept, occurrence], key=lambda one: (one.at, one.seq)))


def _silenced(occurrence: Occurrence, *, arming: bool, severity: bool) -> Occurrence:
    effects = tuple(effect for effect in occurrence.effects if not arming or effect not in {"arm", "disarm"})
    return occurrence.model_copy(
        update={"effects": effects, "severity": None if severity else occurrence.severity}
    )


def _arming(spec: DeadlineSpec, run: Run, header: CaseHeader) -> Iterable[Effect]:
    applies = not spec.applies or satisfies(spec.applies, header)
    if applies != run.armed:
        yield "arm" if applies else "disarm"


def _effects(spec: DeadlineSpec, deadline: DeadlineState | None, event: CaseEvent) -> Iterable[Effect]:
    """In the order in which one event does several: an end comes before the next beginning."""
    for effect, conditions in _conditions(spec):
        if any(_meets(when, event, new=deadline is None) for when in conditions):
            yield effect


def _conditions(spec: DeadlineSpec) -> Iterable[tuple[Effect, tuple[When, ...]]]:
    yield "cancel", spec.cancel
    yield "stop", spec.stop
    yield "pause", spec.pause
    yield "resume", spec.resume
    yield "restart", spec.restart
    yield "start", spec.start


def _meets(when: When, event: CaseEvent, *, new: bool) -> bool:
    if isinstance(event, CaseSnapshot):
        return _stands_for(when, event, new=new) and satisfies(when.where, event)
    return matches(when, event)


def _stands_for(when: When, snapshot: CaseSnapshot, *, new: bool) -> bool:
    """A snapshot opens a case that was not known, and tells of its end."""
    return (new and when.type == "case.opened") or when.type == f"case.{snapshot.header.state}"
