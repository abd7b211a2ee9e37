"""The manufacturer's track: it is asked to support, the dealer keeps the lead (S3a, D-16)."""

from dataclasses import dataclass

from schemas.cases import CaseHandedOver, Role, Via
from schemas.deadlines import DeadlineClimbDue
from schemas.staffing import MANUFACTURER, Queue
from services.routing.domain.assignment import Chosen, Seat, queued
from services.routing.domain.case import Case, Support
from services.routing.domain.draft import Draft
from services.routing.domain.words import Sealed
from services.routing.domain.world import World

ROLE: Role = MANUFACTURER


@dataclass(frozen=True, slots=True)
class Ground:
    """What the manufacturer is asked for: a climb with its rung, a person's request with his note, a rule."""

    via: Via
    due: DeadlineClimbDue | None = None
    rung: int | None = None
    note: Sealed | None = None


def inform(draft: Draft, world: World) -> None:
    """Ask the manufacturer as soon as the severity demands it, once."""
    case = draft.case
    if case.support is None and case.severity in world.programme(case).profile.escalate_to_manufacturer:
        ask(draft, pick(case, world, frozenset()), Ground("support"), world)


def pick(case: Case, world: World, not_by: frozenset[str]) -> Chosen:
    """Somebody of the manufacturer's customer relations, or who reads what has none; else a queue."""
    roster, queues = world.roster(), _queues(case, world)
    found = (roster.person(Seat(one.at, one.role, None, not_by)) for one in queues)
    return next(filter(None, found), None) or queued(queues[0])


def _queues(case: Case, world: World) -> list[Queue]:
    known = world.directory.last_resorts(case.manufacturer, world.now)
    return known or [Queue(case.manufacturer or case.shop, ROLE)]


def queue(case: Case, world: World) -> Queue:
    """The one that is asked where nobody is in person."""
    return _queues(case, world)[0]


def ask(draft: Draft, chosen: Chosen, ground: Ground, world: World) -> None:
    """Offer the case to the manufacturer's side, beside whatever is offered at the dealer's."""
    case, due, note, rung = draft.case, ground.due, ground.note, ground.rung
    support = Support(
        to=chosen.person, via=ground.via, at=draft.at, rung_before=case.rung, before=case.state,
        breach=due and due.breach, over=case.support and case.support.model_copy(update={"over": None}),
        post=world.directory.post(chosen.person, case.manufacturer, ROLE),
    )  # fmt: skip
    draft.set(support=support, **({} if rung is None else {"rung": rung, "state": "escalated"}))
    told = {"to": chosen.person, "via": ground.via, "clock": due and due.clock}
    draft.tell(
        CaseHandedOver, role=ROLE, tier="manufacturer", rung=draft.case.rung, note=note and note.id, **told
    )
    said = {"text": note and str(note.id), "text_seal": note and note.seal}
    draft.note("case.handed_over", step=chosen.step, **told, **chosen.facts, **said)
