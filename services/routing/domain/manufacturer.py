"""The manufacturer's track: it is asked to support, the dealer keeps the lead (S3a, D-16)."""

from dataclasses import dataclass

from schemas.cases import CaseHandedOver, Role, Via
from schemas.deadlines import DeadlineEscalationDue
from schemas.staffing import MANUFACTURER, Queue
from services.routing.domain.assignment import Chosen, Seat, queued
from services.routing.domain.case import Case, Support
from services.routing.domain.draft import Draft
from services.routing.domain.words import Sealed
from services.routing.domain.world import World

ROLE: Role = MANUFACTURER


@dataclass(frozen=True, slots=True)
class Ground:
    """What the manufacturer is asked for: an escalation with its rung, a person's request with his note, a rule."""

    via: Via
    due: DeadlineEscalationDue | None = None
    rung: int | None = None
    note: Sealed | None = None


def inform(draft: Draft, world: World) -> None:
    """Ask the manufacturer as soon as the severity demands it, once."""
    case = draft.case
    if case.support is None and case.severity in world.policy(case).content.escalate_to_manufacturer:
        ask(draft, pick(case, world, frozenset()), Ground("support"), world)


def pick(case: Case, world: World, not_by: frozenset[str]) -> Chosen:
    """Somebody of the manufacturer's side; else a queue."""
    return person(case, world, not_by) or queued(queue(case, world, not_by))


def person(case: Case, world: World, not_by: frozenset[str]) -> Chosen | None:
    """Somebody of the manufacturer's customer relations, or who reads what has none, who has not declined."""
    roster, barred = world.roster(), _barred(case, not_by)
    found = (roster.person(Seat(one.at, one.role, None, barred)) for one in _queues(case, world))
    return next(filter(None, found), None)


def queue(case: Case, world: World, not_by: frozenset[str]) -> Queue:
    """The one that is asked where nobody is in person: the first with others than those who declined."""
    queues, barred = _queues(case, world), _barred(case, not_by)
    others = (one for one in queues if any(each.id not in barred for each in world.directory.staff(*one)))
    return next(others, queues[0])


def _barred(case: Case, not_by: frozenset[str]) -> frozenset[str]:
    return not_by | declined(case)


def declined(case: Case) -> frozenset[str]:
    """Who has declined to support it."""
    return frozenset(case.support.declined if case.support else ())


def _queues(case: Case, world: World) -> list[Queue]:
    return world.directory.readers(case.manufacturer) or [Queue(case.manufacturer or case.shop, ROLE)]


def ask(draft: Draft, chosen: Chosen, ground: Ground, world: World) -> None:
    """HandOver the case to the manufacturer's side, beside whatever is offered at the dealer's."""
    case, due, note, rung = draft.case, ground.due, ground.note, ground.rung
    support = Support(
        to=chosen.person, via=ground.via, at=draft.at, rung_before=case.rung, before=case.state,
        breach=due and due.breach, previous=case.support and case.support.model_copy(update={"previous": None}),
        declined=case.support.declined if case.support else (),
        post=world.post(case, chosen.person, ROLE),
    )  # fmt: skip
    draft.set(support=support, **({} if rung is None else {"rung": rung, "state": "escalated"}))
    told = {"to": chosen.person, "via": ground.via, "deadline": due and due.deadline}
    draft.tell(
        CaseHandedOver, role=ROLE, tier="manufacturer", rung=draft.case.rung, note=note and note.id, **told
    )
    said = {"text": note and str(note.id), "text_seal": note and note.seal}
    draft.note("case.handed_over", step=chosen.step, **told, **chosen.facts, **said)
