"""Decides what the deadlines of a case do: when something happened to the case, and when time has passed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.cases import CaseEvent, CaseOpened, CaseSnapshot
from schemas.policies import Policy
from services.common.store.decision import Change, Outgoing
from services.sla.domain.escalation import DeadlineStates, chosen, escalated, hurried
from services.sla.domain.instants import to_ms
from services.sla.domain.state import Deadlines, DeadlineState
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
    """Let every deadline of the policy hear an event of its case, at the time it occurred.

    Raises ValueError when the case was neither opened nor described before.
    """
    read = to_ms(now)
    state = _heading(state, event)
    state = state.model_copy(update={"deadlines": hurried(state.deadlines, event.header, read)})
    occasion = Occasion(
        case=event.case_id,
        header=event.header,
        now=read,
        at=min(to_ms(event.occurred_at), read),
        why=event.type.removeprefix("case."),
        mark=str(event.seq),
        late=catch_up,
    )
    deadlines, events = dict(state.deadlines), list[Outgoing]()
    calendar = calendar_of(state.calendar, rules.announced)
    for spec in rules.policy.deadlines:
        heard = Turn.of(spec, state, calendar, occasion).hear(event)
        if heard is not None:
            deadlines[spec.id] = heard[0]
            events += heard[1]
    return Change(_summed(state, deadlines, rules.policy), tuple(events))


def decide_tick(state: Deadlines | None, case: UUID, tick: Tick, rules: Rules) -> Change[Deadlines] | None:
    """Fire everything due up to the moment of the tick, and at most one escalation; None when nothing is."""
    if state is None:
        return None
    upto, policy = to_ms(tick.upto), rules.policy
    calendar = calendar_of(state.calendar, rules.announced)
    occasion = Occasion(case, state.header, upto, upto, "calendar", late=tick.catch_up)
    deadlines, events = dict(state.deadlines), list[Outgoing]()
    for spec in policy.deadlines:
        if wants(deadlines.get(spec.id), upto):
            deadlines[spec.id], said = Turn.of(spec, state, calendar, occasion).pass_time()
            events += said
    if (escalation := chosen(policy.deadlines, deadlines, upto)) is not None:
        events.append(Voice(escalation[0], occasion).escalation_due(escalation[1]))
    if not events and deadlines == state.deadlines:
        return None
    return Change(_summed(state, escalated(deadlines, upto), policy), tuple(events))


def _heading(state: Deadlines | None, event: CaseEvent) -> Deadlines:
    if isinstance(event, CaseOpened | CaseSnapshot):
        return Deadlines(
            header=event.header,
            received_at=to_ms(event.received_at),
            calendar=event.calendar.model_dump_json(),
            deadlines=state.deadlines if state else {},
        )
    if state is None:
        raise ValueError(f"{event.type}: should come after case.opened or case.snapshot of its case")
    return state.model_copy(update={"header": event.header})


def _summed(state: Deadlines, deadlines: DeadlineStates, policy: Policy) -> Deadlines:
    """The state with the earliest moment to look at it; deadlines the policy no longer has are dropped."""
    kept = {spec.id: deadlines[spec.id] for spec in policy.deadlines if spec.id in deadlines}
    return state.model_copy(
        update={
            "deadlines": kept,
            "next_due": _earliest(kept.values()),
            "armed": sum(deadline.view.status == "running" for deadline in kept.values()),
            "provisional": any(deadline.view.provisional for deadline in kept.values()),
        }
    )


def _earliest(deadlines: Iterable[DeadlineState]) -> int | None:
    moments = [deadline.next_at for deadline in deadlines if deadline.next_at is not None]
    moments += [deadline.escalation.at for deadline in deadlines if deadline.escalation is not None]
    return min(moments, default=None)
