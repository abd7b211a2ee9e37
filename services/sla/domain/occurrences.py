"""What an event of the case means to a deadline: the occurrence with the effects whose conditions it meets."""

from collections.abc import Iterable

from schemas.cases import CaseEvent, CaseHeader, CaseRebased, CaseSnapshot, OpenTask
from schemas.conditions import When, matches, satisfies
from schemas.deadline_spec import DeadlineSpec
from services.sla.domain.instances import Instance
from services.sla.domain.state import DeadlineState, Effect, Occurrence, Run

OPENED, ACTED = "case.opened", "case.acted"
SENT, ACCEPTED, WITHDRAWN = "case.task_sent", "case.task_accepted", "case.task_withdrawn"
TASK_EVENTS = frozenset({SENT, ACCEPTED, WITHDRAWN})

ARMING = frozenset[Effect]({"arm", "disarm"})
ENDING = frozenset[Effect]({"cancel", "stop"})


def first_occurrence(spec: DeadlineSpec, header: CaseHeader) -> Occurrence:
    """What holds for a deadline from the start: whether it applies, and by which severity."""
    armed = satisfies(spec.applies, header)
    return Occurrence(at=0, seq=0, effects=("arm" if armed else "disarm",), severity=header.severity)


def occurrence_of(
    instance: Instance, deadline: DeadlineState | None, run: Run, event: CaseEvent, at: int
) -> Occurrence | None:
    """The occurrence that an event at a moment is, or None when it means nothing to the deadline.

    `run` follows from the occurrences before. A severity stands only in occurrences of deadlines that it moves.
    """
    spec = instance.spec
    effects = (*_arming(spec, run, event), *_effects(instance, event, is_new=deadline is None))
    severity = event.header.severity if spec.limit_by_severity else None
    if severity == run.severity:
        severity = None
    if not effects and severity is None:
        return None
    return Occurrence(at=at, seq=event.seq, effects=effects, severity=severity)


def insert(occurrences: tuple[Occurrence, ...], occurrence: Occurrence) -> tuple[Occurrence, ...]:
    """The occurrences in order of occurrence; what a later event says of the header holds from its time on."""
    is_arming = bool(ARMING.intersection(occurrence.effects))
    has_severity = occurrence.severity is not None
    kept = [
        _without_header(old, arming=is_arming, severity=has_severity) if old.at > occurrence.at else old
        for old in occurrences
    ]
    return tuple(sorted([*kept, occurrence], key=lambda kept: (kept.at, kept.seq)))


def _without_header(occurrence: Occurrence, *, arming: bool, severity: bool) -> Occurrence:
    """An occurrence without what an event read later says of the header."""
    effects = tuple(effect for effect in occurrence.effects if not arming or effect not in ARMING)
    return occurrence.model_copy(
        update={"effects": effects, "severity": None if severity else occurrence.severity}
    )


def _arming(spec: DeadlineSpec, run: Run, event: CaseEvent) -> Iterable[Effect]:
    """Of a case that goes on by another version, anew: its limits hold from that moment on."""
    applies = not spec.applies or satisfies(spec.applies, event.header)
    if applies != run.armed or isinstance(event, CaseRebased):
        yield "arm" if applies else "disarm"


def _effects(instance: Instance, event: CaseEvent, *, is_new: bool) -> Iterable[Effect]:
    """In the order in which one event has several: an end comes before the next beginning."""
    spec = instance.spec
    conditions: tuple[tuple[Effect, tuple[When, ...]], ...] = (
        ("cancel", spec.cancel),
        ("stop", spec.stop),
        ("pause", spec.pause),
        ("resume", spec.resume),
        ("restart", spec.restart),
        ("start", spec.start),
    )
    effects = [
        effect
        for effect, whens in conditions
        if any(_is_met(when, event, instance, is_new=is_new) for when in whens)
    ]
    # A snapshot tells of no order: what it shows to be over has not begun with it.
    is_over = isinstance(event, CaseSnapshot | CaseRebased) and not ENDING.isdisjoint(effects)
    return [effect for effect in effects if effect != "start" or not is_over]


def _is_met(when: When, event: CaseEvent, instance: Instance, *, is_new: bool) -> bool:
    if not isinstance(event, CaseSnapshot | CaseRebased):
        return matches(when, event)
    if instance.task_id is not None and when.type in TASK_EVENTS:
        task = instance.task(event.header)
        return _is_task_described(when, task, is_new=is_new) and satisfies(when.where, task)
    return _is_described(when, is_new=is_new) and satisfies(when.where, event)


def _is_described(when: When, *, is_new: bool) -> bool:
    """Whether a snapshot stands for the event: it opens a case that is new here, and shows how far one has come."""
    if when.type == ACTED:
        return bool(when.where) and all(path.startswith("header.") for path in when.where)
    return is_new and when.type == OPENED


def _is_task_described(when: When, task: OpenTask | None, *, is_new: bool) -> bool:
    """Whether a snapshot stands for the event of a task: it sends one that is new here, and shows what has become of it."""
    if task is None:
        return when.type == WITHDRAWN
    return is_new if when.type == SENT else when.type == ACCEPTED and task.accepted
