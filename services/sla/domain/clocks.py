"""Decides what the clocks of a case do: when something happened to the case, and when time has passed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.cases import CaseEvent, CaseOpened, CaseSnapshot
from schemas.policy import Profile
from services.common.decision import Change, Outgoing
from services.sla.domain.climbing import Clocks, chosen, climbed, hurried
from services.sla.domain.instants import to_ms
from services.sla.domain.state import ClockState, Deadlines
from services.sla.domain.telling import Occasion, Voice
from services.sla.domain.terms import Rules, calendar_of
from services.sla.domain.turn import Turn, wants


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed up to `upto`; `catch_up` when it passed while nobody looked."""

    upto: datetime
    catch_up: bool = False


def decide_event(
    state: Deadlines | None, event: CaseEvent, rules: Rules, now: datetime, *, catch_up: bool = False
) -> Change[Deadlines]:
    """Let every clock of the profile hear an event of its case, at the time it occurred.

    Raises ValueError when the case was neither opened nor described before.
    """
    read = to_ms(now)
    state = _heading(state, event)
    state = state.model_copy(update={"clocks": hurried(state.clocks, event.header, read)})
    occasion = Occasion(
        case=event.case_id,
        header=event.header,
        now=read,
        at=min(to_ms(event.occurred_at), read),
        why=event.type.removeprefix("case."),
        mark=str(event.seq),
        late=catch_up,
    )
    clocks, events = dict(state.clocks), list[Outgoing]()
    calendar = calendar_of(state.calendar, rules.announced)
    for spec in rules.profile.clocks:
        heard = Turn.of(spec, state, calendar, occasion).hear(event)
        if heard is not None:
            clocks[spec.id] = heard[0]
            events += heard[1]
    return Change(_summed(state, clocks, rules.profile), tuple(events))


def decide_tick(state: Deadlines | None, case: UUID, tick: Tick, rules: Rules) -> Change[Deadlines] | None:
    """Fire everything due up to the moment of the tick, and at most one climb; None when nothing is."""
    if state is None:
        return None
    upto, profile = to_ms(tick.upto), rules.profile
    calendar = calendar_of(state.calendar, rules.announced)
    occasion = Occasion(case, state.header, upto, upto, "calendar", late=tick.catch_up)
    clocks, events = dict(state.clocks), list[Outgoing]()
    for spec in profile.clocks:
        if wants(clocks.get(spec.id), upto):
            clocks[spec.id], said = Turn.of(spec, state, calendar, occasion).pass_time()
            events += said
    if (climb := chosen(profile.clocks, clocks, upto)) is not None:
        events.append(Voice(climb[0], occasion).climb_due(climb[1]))
    if not events and clocks == state.clocks:
        return None
    return Change(_summed(state, climbed(clocks, upto), profile), tuple(events))


def _heading(state: Deadlines | None, event: CaseEvent) -> Deadlines:
    if isinstance(event, CaseOpened | CaseSnapshot):
        return Deadlines(
            header=event.header,
            received_at=to_ms(event.received_at),
            calendar=event.calendar.model_dump_json(),
            clocks=state.clocks if state else {},
        )
    if state is None:
        raise ValueError(f"{event.type}: should come after case.opened or case.snapshot of its case")
    return state.model_copy(update={"header": event.header})


def _summed(state: Deadlines, clocks: Clocks, profile: Profile) -> Deadlines:
    """The state with the earliest moment to look at it; clocks the profile no longer has are dropped."""
    kept = {spec.id: clocks[spec.id] for spec in profile.clocks if spec.id in clocks}
    return state.model_copy(
        update={
            "clocks": kept,
            "next_due": _earliest(kept.values()),
            "armed": sum(clock.view.status == "running" for clock in kept.values()),
            "provisional": any(clock.view.provisional for clock in kept.values()),
        }
    )


def _earliest(clocks: Iterable[ClockState]) -> int | None:
    moments = [clock.next_at for clock in clocks if clock.next_at is not None]
    moments += [clock.climb.at for clock in clocks if clock.climb is not None]
    return min(moments, default=None)
