"""One clock's turn: it hears an event or time passes, and what it must say comes of it."""

from dataclasses import dataclass, replace

from schemas.cases import CaseEvent, CaseHeader, CaseSnapshot
from schemas.clocks import ClockSpec
from services.common.decision import Outgoing
from services.sla.domain.climbing import awaiting
from services.sla.domain.course import Course, course_of
from services.sla.domain.hearing import added, beginning, signal_of
from services.sla.domain.settling import settle
from services.sla.domain.state import ClockState, Deadlines
from services.sla.domain.telling import Occasion, Voice
from services.sla.domain.terms import Terms
from services.sla.domain.worktime import Calendar

MOST_BREACHES = 20
"""Of one clock in one pass; the rest follows in the next."""

REMEMBERED = 60
FORGOTTEN_TO = 30


@dataclass(frozen=True, slots=True)
class Turn:
    """A clock of a case, as it was before; `known` is None for one that had no part in the case yet."""

    terms: Terms
    known: ClockState | None
    occasion: Occasion

    @classmethod
    def of(cls, spec: ClockSpec, state: Deadlines, calendar: Calendar, occasion: Occasion) -> "Turn":
        terms = Terms(spec, calendar, state.received_at)
        return cls(terms, state.clocks.get(spec.id), occasion)

    def hear(self, event: CaseEvent) -> tuple[ClockState, list[Outgoing]] | None:
        """None when the event means nothing to the clock."""
        clock = self.known or _unknown(self.terms.spec, event.header)
        run = course_of(self.terms, clock.base, clock.signals).run
        signal = signal_of(self.terms.spec, self.known, run, event, max(self.occasion.at, clock.floor))
        if signal is None:
            return None
        clock = clock.model_copy(update={"signals": added(clock.signals, signal)})
        course = course_of(self.terms, clock.base, clock.signals)
        # What falls due at the very moment of the last event is left to the next tick.
        reached = max(clock.reached, clock.signals[-1].at - 1)
        course.until(reached)
        # What was missed may have been answered as well: a gap breaks no promise.
        missed = self.known is None and isinstance(event, CaseSnapshot) and course.firings
        return None if missed else self._settled(clock, course, reached)

    def pass_time(self) -> tuple[ClockState, list[Outgoing]]:
        """Fire what is due, at most so much at once."""
        clock, upto = self.known or ClockState(), self.occasion.now
        course = course_of(self.terms, clock.base, clock.signals)
        course.until(clock.reached)
        reached = course.until(max(upto, clock.reached), MOST_BREACHES)
        return self._settled(clock, course, reached)

    def _settled(self, clock: ClockState, course: Course, reached: int) -> tuple[ClockState, list[Outgoing]]:
        settlement = settle(clock, course, reached)
        after = awaiting(self.terms, settlement, self.occasion.header, self.occasion.now)
        told = list(Voice(self.terms.spec, self.occasion).told(settlement))
        return _trimmed(self.terms, after), told


def _unknown(spec: ClockSpec, header: CaseHeader) -> ClockState:
    return ClockState(signals=(beginning(spec, header),))


def wants(clock: ClockState | None, upto: int) -> bool:
    """Whether time means anything to a clock."""
    if clock is None:
        return False
    # Holidays may have been published since: what is provisional is worked out again.
    return (clock.next_at is not None and clock.next_at <= upto) or clock.view.provisional


def _trimmed(terms: Terms, clock: ClockState) -> ClockState:
    """A clock that has seen much forgets how it came to where it stood some thirty moments ago."""
    if len(clock.signals) + len(clock.fired) <= REMEMBERED:
        return clock
    moments = sorted([signal.at for signal in clock.signals] + [one.at for one in clock.fired])
    floor = moments[-FORGOTTEN_TO]
    course = course_of(terms, clock.base, [signal for signal in clock.signals if signal.at <= floor])
    course.until(floor)
    return clock.model_copy(
        update={
            # Worked out anew from here on: public days may be announced that move it.
            "base": replace(course.run, due=None),
            "floor": floor,
            "signals": tuple(signal for signal in clock.signals if signal.at > floor),
            "fired": tuple(one for one in clock.fired if one.at > floor or one.mark == course.run.mark),
        }
    )
