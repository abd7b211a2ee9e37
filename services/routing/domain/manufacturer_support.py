"""The manufacturer's support: it is asked to stand by, the dealer keeps the lead (S3a, D-16)."""

from dataclasses import dataclass

from schemas.cases import CaseHandedOver, Via
from schemas.deadlines import DeadlineEscalationDue
from schemas.staffing import MANUFACTURER, Queue
from services.routing.domain.assignment import Chosen, Seat, queued
from services.routing.domain.case import Case, Support
from services.routing.domain.draft import Draft
from services.routing.domain.seals import Sealed
from services.routing.domain.world import World


@dataclass(frozen=True, slots=True)
class SupportRequest:
    """Why support is requested: an escalation to a rung, a person's request with a note, a rule."""

    via: Via
    due: DeadlineEscalationDue | None = None
    rung: int | None = None
    note: Sealed | None = None


def request_where_severe(draft: Draft, world: World) -> None:
    """Request support as soon as the severity demands it, or a suspicion of which the manufacturer hears at once; once."""
    case = draft.case
    level = world.policy(case).content.severity.level(case.severity)
    tells = {level.tells, *(task.tells for task in case.tasks)}
    if case.support is None and "manufacturer" in tells:
        request_support(draft, choose_supporter(case, world, frozenset()), SupportRequest("support"), world)


def choose_supporter(case: Case, world: World, not_by: frozenset[str]) -> Chosen:
    """Somebody of the manufacturer's side; else a queue."""
    return supporting_person(case, world, not_by) or queued(supporting_queue(case, world, not_by))


def supporting_person(case: Case, world: World, not_by: frozenset[str]) -> Chosen | None:
    """Somebody of the manufacturer's customer relations, or who reads what has none, who has not declined."""
    roster, barred = world.roster(), not_by | declined_support(case)
    chosen = (roster.person(Seat(queue.at, queue.role, None, barred)) for queue in _queues(case, world))
    return next(filter(None, chosen), None)


def supporting_queue(case: Case, world: World, not_by: frozenset[str]) -> Queue:
    """The queue that is asked where nobody is in person: the first with others than those who declined."""
    queues, barred = _queues(case, world), not_by | declined_support(case)
    others = (queue for queue in queues if any(one.id not in barred for one in world.directory.staff(*queue)))
    return next(others, queues[0])


def declined_support(case: Case) -> frozenset[str]:
    """Who has declined to support it."""
    return frozenset(case.support.declined if case.support else ())


def _queues(case: Case, world: World) -> list[Queue]:
    return world.directory.readers(case.manufacturer) or [Queue(case.manufacturer or case.shop, MANUFACTURER)]


def request_support(draft: Draft, chosen: Chosen, request: SupportRequest, world: World) -> None:
    """Hand the case over to the manufacturer's side, beside whatever hand-over the dealer has."""
    case, due, note, rung = draft.case, request.due, request.note, request.rung
    support = Support(
        to=chosen.person, via=request.via, at=draft.at, rung_before=case.rung, before=case.state,
        breach=due and due.breach, previous=case.support and case.support.model_copy(update={"previous": None}),
        declined=case.support.declined if case.support else (),
        post=world.post(case, chosen.person, MANUFACTURER),
    )  # fmt: skip
    draft.set(support=support, **({} if rung is None else {"rung": rung, "state": "escalated"}))
    facts = {"to": chosen.person, "via": request.via, "deadline": due and due.deadline}
    draft.publish(
        CaseHandedOver,
        role=MANUFACTURER,
        tier="manufacturer",
        rung=draft.case.rung,
        note=note and note.id,
        **facts,
    )
    text = {"text": note and str(note.id), "text_seal": note and note.seal}
    draft.record_history("case.handed_over", step=chosen.step, **facts, **chosen.facts, **text)
