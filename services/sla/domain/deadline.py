"""Decides what the deadlines of a case do: when something happened to the case, and when time has passed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from schemas.cases import CaseEvent, CaseOpened, CaseRebased, CaseSnapshot
from schemas.policies import Policy
from services.common.store.decision import Change, Outgoing
from services.sla.domain.due.instants import to_ms
from services.sla.domain.due.terms import DeadlineRules, Terms, calendar_of
from services.sla.domain.due.worktime import Calendar
from services.sla.domain.escalation import (
    bring_forward,
    choose_escalation,
    clear_escalations,
    plan_escalation,
)
from services.sla.domain.events import RESTARTED, DeadlineEvents, Trigger
from services.sla.domain.instances import DeadlineStates, Instance, affected_by, list_instances
from services.sla.domain.occurrences import first_occurrence, insert, occurrence_of
from services.sla.domain.reconcile import RUNS, list_events, reconcile
from services.sla.domain.replay import Firings, Replay, compact, replay, replay_into_base, under_other_terms
from services.sla.domain.state import Deadlines, DeadlineState, Occurrence

MOST_BREACHES = 20
"""Of one deadline in one pass; the rest follows in the next."""

Decided = tuple[DeadlineState, list[Outgoing]]
"""A deadline as it is now, and its events."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed up to `upto`; `catch_up` when it passed while nobody looked."""

    upto: datetime
    catch_up: bool = False


def decide_event(
    state: Deadlines | None, event: CaseEvent, rules: DeadlineRules, now: datetime, *, catch_up: bool = False
) -> Change[Deadlines]:
    """What an event of the case does to every deadline of its policy, at the time it occurred.

    Raises ValueError when the case was neither opened nor described before.
    """
    read = to_ms(now)
    state = _with_header(state, event)
    outside_hours = rules.escalates_outside_hours(event.header)
    if outside_hours:
        state = state.model_copy(update={"deadlines": bring_forward(state.deadlines, read)})
    trigger = Trigger(
        case=event.case_id,
        header=event.header,
        now=read,
        at=min(to_ms(event.occurred_at), read),
        reason=event.type.removeprefix("case."),
        seq=event.seq,
        late=catch_up,
        outside_hours=outside_hours,
    )
    calendar = calendar_of(state.calendar, rules.announced)
    deadlines, restarted, events = _leave_before(state, rules, calendar, trigger)
    for instance in affected_by(event, rules.policy, deadlines):
        terms = Terms(instance.spec, calendar, state.received_at)
        own = replace(trigger, reason=RESTARTED) if instance.name in restarted else trigger
        decided = _on_event(terms, instance, deadlines.get(instance.name), event, own)
        if decided is not None:
            deadlines[instance.name] = decided[0]
            events += decided[1]
    return Change(_with_deadlines(state, deadlines, rules.policy), tuple(events))


def decide_tick(
    state: Deadlines | None, case: UUID, tick: Tick, rules: DeadlineRules
) -> Change[Deadlines] | None:
    """Fire everything due up to the moment of the tick, and at most one escalation; None when nothing is."""
    if state is None:
        return None
    upto, policy = to_ms(tick.upto), rules.policy
    outside_hours = rules.escalates_outside_hours(state.header)
    trigger = Trigger(
        case, state.header, upto, upto, "calendar", late=tick.catch_up, outside_hours=outside_hours
    )
    deadlines, events = dict(state.deadlines), list[Outgoing]()
    calendar = calendar_of(state.calendar, rules.announced)
    instances = list(list_instances(policy, state.deadlines))
    for instance in instances:
        deadline = deadlines[instance.name]
        if _is_due(deadline, upto):
            terms = Terms(instance.spec, calendar, state.received_at)
            deadlines[instance.name], fired = _on_tick(terms, deadline, trigger)
            events += fired
    if (escalation := choose_escalation(instances, deadlines, upto)) is not None:
        events.append(DeadlineEvents(escalation[0], trigger).escalation_due(escalation[1]))
    if not events and deadlines == state.deadlines:
        return None
    return Change(_with_deadlines(state, clear_escalations(deadlines, upto), policy), tuple(events))


def _leave_before(
    state: Deadlines, rules: DeadlineRules, calendar: Calendar, trigger: Trigger
) -> tuple[dict[str, DeadlineState], set[str], list[Outgoing]]:
    """What the deadlines have come to by the version before: another changes nothing of it, and ends those it has not.

    Also the names of those whose limit would lie in the past, and starts now.
    """
    deadlines, restarted, events = dict(state.deadlines), set[str](), list[Outgoing]()
    kept = {
        one.name: Terms(one.spec, calendar, state.received_at)
        for one in list_instances(rules.policy, deadlines)
    }
    for instance in list_instances(rules.before, deadlines) if rules.before else ():
        terms, deadline = Terms(instance.spec, calendar, state.received_at), deadlines[instance.name]
        replayed = replay(terms, deadline.base, deadline.occurrences)
        reached = replayed.fire_until(max(deadline.reached, trigger.at - 1))
        deadline, fired = _publish(deadline, replayed, reached, trigger)
        settled = replay_into_base(terms, deadline, max(trigger.at, deadline.floor))
        deadlines[instance.name], starts = under_other_terms(settled, kept.get(instance.name), trigger.header)
        restarted |= {instance.name} if starts else set()
        events += fired
        if instance.name not in kept and deadline.view.status in RUNS:
            events.append(DeadlineEvents(instance, trigger).ended(deadline.view))
    return deadlines, restarted, events


def _on_event(
    terms: Terms, instance: Instance, before: DeadlineState | None, event: CaseEvent, trigger: Trigger
) -> Decided | None:
    """None when the event means nothing to the deadline; `before` is None when nothing did so far."""
    deadline = before or _new(instance, event)
    run = replay(terms, deadline.base, deadline.occurrences).run
    occurrence = occurrence_of(instance, before, run, event, max(trigger.at, deadline.floor))
    if occurrence is None:
        return None
    decided, firings = _replayed(terms, deadline, occurrence, trigger)
    if before is None and firings and isinstance(event, CaseSnapshot):
        # What was missed may have been answered as well: a gap breaches no deadline.
        return None
    if before is None and isinstance(event, CaseRebased) and any(level == 0 for *_, level in firings):
        anew = occurrence.model_copy(update={"again": True})
        decided, _ = _replayed(terms, deadline, anew, replace(trigger, reason=RESTARTED))
    return decided


def _replayed(
    terms: Terms, deadline: DeadlineState, occurrence: Occurrence, trigger: Trigger
) -> tuple[Decided, Firings]:
    """The deadline with one occurrence more, and what of it has fired by then."""
    deadline = deadline.model_copy(update={"occurrences": insert(deadline.occurrences, occurrence)})
    replayed = replay(terms, deadline.base, deadline.occurrences)
    # What falls due at the very moment of the last event is left to the next tick.
    reached = max(deadline.reached, deadline.occurrences[-1].at - 1)
    replayed.fire_until(reached)
    return _publish(deadline, replayed, reached, trigger), replayed.firings


def _new(instance: Instance, event: CaseEvent) -> DeadlineState:
    first = first_occurrence(instance.spec, event.header)
    return DeadlineState(task_id=instance.task_id, occurrences=(first,))


def _on_tick(terms: Terms, deadline: DeadlineState, trigger: Trigger) -> Decided:
    """Fire what is due, at most so much at once."""
    replayed = replay(terms, deadline.base, deadline.occurrences)
    replayed.fire_until(deadline.reached)
    reached = replayed.fire_until(max(trigger.now, deadline.reached), MOST_BREACHES)
    return _publish(deadline, replayed, reached, trigger)


def _publish(deadline: DeadlineState, replayed: Replay, reached: int, trigger: Trigger) -> Decided:
    """The deadline after a replay up to `reached`, and the events by which others learn of it."""
    terms, result = replayed.terms, reconcile(deadline, replayed, reached)
    instance = Instance(terms.spec, deadline.task_id)
    after = plan_escalation(terms, result, trigger.now, outside_hours=trigger.outside_hours)
    return compact(terms, after), list(list_events(result, DeadlineEvents(instance, trigger)))


def _is_due(deadline: DeadlineState, upto: int) -> bool:
    # Holidays may have been published since: what is provisional is worked out again.
    return (deadline.next_at is not None and deadline.next_at <= upto) or deadline.view.provisional


def _with_header(state: Deadlines | None, event: CaseEvent) -> Deadlines:
    if isinstance(event, CaseOpened | CaseRebased | CaseSnapshot):
        return Deadlines(
            header=event.header,
            received_at=to_ms(event.received_at),
            calendar=event.calendar.model_dump_json(),
            deadlines=state.deadlines if state else {},
        )
    if state is None:
        raise ValueError(f"{event.type}: should come after case.opened or case.snapshot of its case")
    return state.model_copy(update={"header": event.header})


def _with_deadlines(state: Deadlines, deadlines: DeadlineStates, policy: Policy) -> Deadlines:
    """The state with the earliest moment to look at it; deadlines the policy no longer has are dropped."""
    kept = {one.name: deadlines[one.name] for one in list_instances(policy, deadlines)}
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
