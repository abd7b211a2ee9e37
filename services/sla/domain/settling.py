"""Settles what a deadline should have said against what it has said: nothing twice, nothing false."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.sla.domain.course import Course
from services.sla.domain.state import DeadlineState, Fired, Mark, PendingEscalation, Run, View

KEPT = 60
DROPPED = 30


class Firing(NamedTuple):
    """A warning or breach to publish."""

    fired: Fired
    due: int


@dataclass(slots=True)
class Settlement:
    """The next state of a deadline with what must be said of it, in this order."""

    before: DeadlineState
    after: DeadlineState
    withdrawn: Sequence[Fired] = ()
    firings: Sequence[Firing] = ()


@dataclass(slots=True)
class _Numbers:
    """Gives every round one cycle number; a round whose breach was withdrawn goes on under another."""

    given: int
    known: dict[Mark, int] = field(default_factory=dict)

    def of(self, mark: Mark) -> int:
        if mark not in self.known:
            self.given += 1
            self.known[mark] = self.given
        return self.known[mark]


def settle(deadline: DeadlineState, course: Course, reached: int) -> Settlement:
    """Compare a course that was followed up to `reached` with what stands."""
    withdrawn = [one for one in deadline.fired if one.level == 0 and (*one.mark, 0) not in course.firings]
    retired = (*deadline.retired, *(one.cycle for one in withdrawn))
    numbers = _numbers(deadline, course, set(retired))
    standing = tuple(
        one if one.level == 0 else one.model_copy(update={"cycle": numbers.of(one.mark)})
        for one in deadline.fired
        if one not in withdrawn
    )
    firings = tuple(_new(course, standing, numbers))
    view = _view(course, numbers)
    after = deadline.model_copy(
        update={
            "reached": reached,
            "fired": (*standing, *(firing.fired for firing in firings)),
            "retired": retired[-KEPT:],
            "view": view,
            "cycles": numbers.given,
            "escalation": _still_waiting(deadline.escalation, view, withdrawn),
            "next_at": course.next_at(),
        }
    )
    return Settlement(deadline, after, withdrawn, firings)


def _numbers(deadline: DeadlineState, course: Course, retired: set[int]) -> _Numbers:
    """A round that runs on after its breach was withdrawn must not breach under the same number."""
    known = {one.mark: one.cycle for one in deadline.fired}
    if deadline.view.cycle:
        known[deadline.view.origin, deadline.view.renewal] = deadline.view.cycle
    lives = {mark for mark in known if (*mark, 0) in course.firings}
    if course.run.course == "running":
        lives.add(course.run.mark)
    kept = {mark: cycle for mark, cycle in known.items() if mark not in lives or cycle not in retired}
    return _Numbers(deadline.cycles, kept)


def _new(course: Course, standing: Sequence[Fired], numbers: _Numbers) -> Iterator[Firing]:
    said = {(*one.mark, one.level) for one in standing}
    dues = {(origin, renewal): at for (origin, renewal, level), at in course.firings.items() if level == 0}
    for key, at in sorted(course.firings.items(), key=lambda item: item[1]):
        if key not in said:
            origin, renewal, level = key
            mark = origin, renewal
            fired = Fired(origin=origin, renewal=renewal, cycle=numbers.of(mark), level=level, at=at)
            yield Firing(fired, dues.get(mark, course.due() or at))


def _view(course: Course, numbers: _Numbers) -> View:
    run: Run = course.run
    if run.course == "idle":
        return View()
    return View(
        status=run.status,
        cycle=numbers.of(run.mark),
        origin=run.origin,
        renewal=run.renewal,
        due=course.due(),
        provisional=run.provisional,
        ended=run.ended,
        late=run.late,
    )


def _still_waiting(
    escalation: PendingEscalation | None, view: View, withdrawn: Sequence[Fired]
) -> PendingEscalation | None:
    """Nobody escalates for what was done meanwhile, begun anew, or never broken."""
    if escalation is None or escalation.origin != view.origin or view.status not in {"running", "paused"}:
        return None
    return None if escalation.cycle in {one.cycle for one in withdrawn} else escalation
