"""What an event of the case means to a clock: which of its conditions it meets."""

from collections.abc import Iterable

from schemas.cases import CaseEvent, CaseHeader, CaseSnapshot
from schemas.clocks import ClockSpec
from schemas.conditions import When, matches, satisfies
from services.sla.domain.state import ClockState, Deed, Run, Signal


def signal_of(
    spec: ClockSpec, clock: ClockState | None, run: Run, event: CaseEvent, at: int
) -> Signal | None:
    """The signal of an event, or None when the clock has no use for it.

    `run` is the clock as its last signals leave it. A severity is told only to clocks that it moves.
    """
    deeds = (*_arming(spec, run, event.header), *_deeds(spec, clock, event))
    severity = event.header.severity if spec.limit_by_severity else None
    if severity == run.severity:
        severity = None
    if not deeds and severity is None:
        return None
    return Signal(at=at, seq=event.seq, deeds=deeds, severity=severity)


def beginning(spec: ClockSpec, header: CaseHeader) -> Signal:
    """What holds for a clock from ever: whether it applies, and by which severity."""
    armed = satisfies(spec.applies, header)
    return Signal(at=0, seq=0, deeds=("arm" if armed else "disarm",), severity=header.severity)


def added(signals: tuple[Signal, ...], signal: Signal) -> tuple[Signal, ...]:
    """The signals in order of occurrence; what a later event says of the header holds from then on."""
    about_header = [deed for deed in signal.deeds if deed in {"arm", "disarm"}]
    kept = [
        _silenced(old, arming=bool(about_header), severity=signal.severity is not None)
        if old.at > signal.at
        else old
        for old in signals
    ]
    return tuple(sorted([*kept, signal], key=lambda one: (one.at, one.seq)))


def _silenced(signal: Signal, *, arming: bool, severity: bool) -> Signal:
    deeds = tuple(deed for deed in signal.deeds if not arming or deed not in {"arm", "disarm"})
    return signal.model_copy(update={"deeds": deeds, "severity": None if severity else signal.severity})


def _arming(spec: ClockSpec, run: Run, header: CaseHeader) -> Iterable[Deed]:
    applies = not spec.applies or satisfies(spec.applies, header)
    if applies != run.armed:
        yield "arm" if applies else "disarm"


def _deeds(spec: ClockSpec, clock: ClockState | None, event: CaseEvent) -> Iterable[Deed]:
    """In the order in which one event does several: an end comes before the next beginning."""
    for deed, conditions in _conditions(spec):
        if any(_meets(when, event, new=clock is None) for when in conditions):
            yield deed


def _conditions(spec: ClockSpec) -> Iterable[tuple[Deed, tuple[When, ...]]]:
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
