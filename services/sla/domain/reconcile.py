"""Compares a replayed deadline with what was published of it: what to publish now, nothing twice or false."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.common.store.decision import Outgoing
from services.sla.domain.events import DeadlineEvents
from services.sla.domain.replay import Replay
from services.sla.domain.state import DeadlineState, Fired, PendingEscalation, Round, View

MOST_RETIRED = 60
RUNS = frozenset({"running", "paused"})


class Firing(NamedTuple):
    """A warning or breach to publish, and when its round is or was due."""

    fired: Fired
    due: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The next state of a deadline, the breaches that do not stand and those that are new."""

    before: DeadlineState
    after: DeadlineState
    withdrawn: Sequence[Fired] = ()
    firings: Sequence[Firing] = ()


@dataclass(slots=True)
class _Cycles:
    """Gives every round one cycle number; a round whose breach was withdrawn goes on under another."""

    count: int
    by_round: dict[Round, int] = field(default_factory=dict)

    def number(self, of: Round) -> int:
        if of not in self.by_round:
            self.count += 1
            self.by_round[of] = self.count
        return self.by_round[of]


def reconcile(deadline: DeadlineState, replayed: Replay, reached: int) -> Reconciliation:
    """Compare a run that was replayed up to `reached` with what was published of the deadline."""
    withdrawn = [
        fired for fired in deadline.fired if fired.level == 0 and (*fired.round, 0) not in replayed.firings
    ]
    retired = (*deadline.retired, *(fired.cycle for fired in withdrawn))
    cycles = _cycles(deadline, replayed, set(retired))
    valid = tuple(
        fired if fired.level == 0 else fired.model_copy(update={"cycle": cycles.number(fired.round)})
        for fired in deadline.fired
        if fired not in withdrawn
    )
    firings = tuple(_new_firings(replayed, valid, cycles))
    view = _view(replayed, cycles)
    after = deadline.model_copy(
        update={
            "reached": reached,
            "fired": (*valid, *(firing.fired for firing in firings)),
            "retired": retired[-MOST_RETIRED:],
            "view": view,
            "cycles": cycles.count,
            "escalation": _still_pending(deadline.escalation, view, withdrawn),
            "next_at": replayed.next_at(),
        }
    )
    return Reconciliation(deadline, after, withdrawn, firings)


def list_events(result: Reconciliation, make: DeadlineEvents) -> Iterator[Outgoing]:
    """What to publish. Withdrawals come first; a cycle starts before what it fires, and ends after it."""
    after = result.after.view
    present = after.cycle if after.status in RUNS else None
    yield from (make.withdrawn(breach) for breach in result.withdrawn)
    yield from (make.fired(*firing) for firing in result.firings if firing.fired.cycle != present)
    yield from _compare(result.before.view, after, make)
    yield from (make.fired(*firing) for firing in result.firings if firing.fired.cycle == present)


def _cycles(deadline: DeadlineState, replayed: Replay, retired: set[int]) -> _Cycles:
    """A round that runs on after its breach was withdrawn must not breach under the same number."""
    given = {fired.round: fired.cycle for fired in deadline.fired}
    if deadline.view.cycle:
        given[deadline.view.origin, deadline.view.renewal] = deadline.view.cycle
    present = {current for current in given if (*current, 0) in replayed.firings}
    if replayed.run.phase == "running":
        present.add(replayed.run.round)
    kept = {
        current: cycle for current, cycle in given.items() if current not in present or cycle not in retired
    }
    return _Cycles(deadline.cycles, kept)


def _new_firings(replayed: Replay, valid: Sequence[Fired], cycles: _Cycles) -> Iterator[Firing]:
    published = {(*fired.round, fired.level) for fired in valid}
    dues = {(origin, renewal): at for (origin, renewal, level), at in replayed.firings.items() if level == 0}
    for key, at in sorted(replayed.firings.items(), key=lambda item: item[1]):
        if key not in published:
            origin, renewal, level = key
            current = origin, renewal
            fired = Fired(origin=origin, renewal=renewal, cycle=cycles.number(current), level=level, at=at)
            yield Firing(fired, dues.get(current, replayed.due() or at))


def _view(replayed: Replay, cycles: _Cycles) -> View:
    run = replayed.run
    if run.phase == "idle":
        return View()
    return View(
        status=run.status,
        cycle=cycles.number(run.round),
        origin=run.origin,
        renewal=run.renewal,
        due=replayed.due(),
        provisional=run.provisional,
        ended=run.ended,
        late=run.late,
    )


def _still_pending(
    escalation: PendingEscalation | None, view: View, withdrawn: Sequence[Fired]
) -> PendingEscalation | None:
    """Nobody escalates for what was done meanwhile, begun anew, or never breached."""
    if escalation is None or escalation.origin != view.origin or view.status not in RUNS:
        return None
    return None if escalation.cycle in {fired.cycle for fired in withdrawn} else escalation


def _compare(before: View, after: View, make: DeadlineEvents) -> Iterable[Outgoing]:
    if after.status in RUNS:
        yield from _compare_running(before, after, make)
    elif after.status == "dormant":
        if before.status in RUNS:
            yield make.ended(before)
    elif _ending(before) != _ending(after):
        yield make.ended(after)


def _compare_running(before: View, after: View, make: DeadlineEvents) -> Iterable[Outgoing]:
    is_same = before.status in RUNS and before.cycle == after.cycle
    has_moved = before.status == "paused" or before.due != after.due
    if not is_same:
        yield make.started(after)
    elif has_moved and after.status == "running":
        yield make.moved(after)
    if after.status == "paused" and not (is_same and before.status == "paused"):
        yield make.paused(after)


def _ending(view: View) -> tuple[object, ...]:
    return view.status, view.cycle, view.ended, view.late
