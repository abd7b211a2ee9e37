"""One deadline's turn: it hears an event or time passes, and what it must say comes of it."""

from dataclasses import dataclass, replace

from schemas.cases import CaseEvent, CaseHeader, CaseSnapshot
from schemas.deadline_spec import DeadlineSpec
from services.common.store.decision import Outgoing
from services.sla.domain.course import Course, course_of
from services.sla.domain.escalation import awaiting
from services.sla.domain.hearing import added, beginning, occurrence_of
from services.sla.domain.settling import settle
from services.sla.domain.state import Deadlines, DeadlineState
from services.sla.domain.telling import Occasion, Voice
from services.sla.domain.terms import Terms
from services.sla.domain.worktime import Calendar

MOST_BREACHES = 20
"""Of one deadline in one pass; the rest follows in the next."""

REMEMBERED = 60
FORGOTTEN_TO = 30


@dataclass(frozen=True, slots=True)
class Turn:
    """A deadline of a case, as it was before; `known` is None for one that had no part in the case yet."""

    terms: Terms
    known: DeadlineState | None
    occasion: Occasion

    @classmethod
    def of(cls, spec: DeadlineSpec, state: Deadlines, calendar: Calendar, occasion: Occasion) -> "Turn":
        terms = Terms(spec, calendar, state.received_at)
        return cls(terms, state.deadlines.get(spec.id), occasion)

    def hear(self, event: CaseEvent) -> tuple[DeadlineState, list[Outgoing]] | None:
        """None when the event means nothing to the deadline."""
        deadline = self.known or _unknown(self.terms.spec, event.header)
        run = course_of(self.terms, deadline.base, deadline.occurrences).run
        occurrence = occurrence_of(
            self.terms.spec, self.known, run, event, max(self.occasion.at, deadline.floor)
        )
        if occurrence is None:
            return None
        deadline = deadline.model_copy(update={"occurrences": added(deadline.occurrences, occurrence)})
        course = course_of(self.terms, deadline.base, deadline.occurrences)
        # What falls due at the very moment of the last event is left to the next tick.
        reached = max(deadline.reached, deadline.occurrences[-1].at - 1)
        course.until(reached)
        # What was missed may have been answered as well: a gap breaks no deadline.
        missed = self.known is None and isinstance(event, CaseSnapshot) and course.firings
        return None if missed else self._settled(deadline, course, reached)

    def pass_time(self) -> tuple[DeadlineState, list[Outgoing]]:
        """Fire what is due, at most so much at once."""
        deadline, upto = self.known or DeadlineState(), self.occasion.now
        course = course_of(self.terms, deadline.base, deadline.occurrences)
        course.until(deadline.reached)
        reached = course.until(max(upto, deadline.reached), MOST_BREACHES)
        return self._settled(deadline, course, reached)

    def _settled(
        self, deadline: DeadlineState, course: Course, reached: int
    ) -> tuple[DeadlineState, list[Outgoing]]:
        settlement = settle(deadline, course, reached)
        after = awaiting(self.terms, settlement, self.occasion.header, self.occasion.now)
        told = list(Voice(self.terms.spec, self.occasion).told(settlement))
        return _trimmed(self.terms, after), told


def _unknown(spec: DeadlineSpec, header: CaseHeader) -> DeadlineState:
    return DeadlineState(occurrences=(beginning(spec, header),))


def wants(deadline: DeadlineState | None, upto: int) -> bool:
    """Whether time means anything to a deadline."""
    if deadline is None:
        return False
    # Holidays may have been published since: what is provisional is worked out again.
    return (deadline.next_at is not None and deadline.next_at <= upto) or deadline.view.provisional


def _trimmed(terms: Terms, deadline: DeadlineState) -> DeadlineState:
    """A deadline that has seen much forgets how it came to where it stood some thirty moments ago."""
    if len(deadline.occurrences) + len(deadline.fired) <= REMEMBERED:
        return deadline
    moments = sorted(
        [occurrence.at for occurrence in deadline.occurrences] + [one.at for one in deadline.fired]
    )
    floor = moments[-FORGOTTEN_TO]
    course = course_of(
        terms, deadline.base, [occurrence for occurrence in deadline.occurrences if occurrence.at <= floor]
    )
    course.until(floor)
    return deadline.model_copy(
        update={
            # Worked out anew from here on: public days may be announced that move it.
            "base": replace(course.run, due=None),
            "floor": floor,
            "occurrences": tuple(occurrence for occurrence in deadline.occurrences if occurrence.at > floor),
            "fired": tuple(one for one in deadline.fired if one.at > floor or one.mark == course.run.mark),
        }
    )
