"""Every cause a case may change for, and the decision it takes: the service's table of contents."""

from typing import Any
from uuid import UUID

from schemas.cases import CaseSnapshot
from schemas.deadlines import DeadlineEscalationDue, DeadlineMessage
from schemas.deliveries import DeliveryReported
from schemas.identity import settling_cause
from services.common.store.decision import Cause, Change, Decision
from services.routing.domain import contact_added, folding, opening
from services.routing.domain.acting import Act, act
from services.routing.domain.case import Case
from services.routing.domain.draft import Draft
from services.routing.domain.location import calendar
from services.routing.domain.opening import StoredContact
from services.routing.domain.reassignment import Reassign, keep_responsible, reassign
from services.routing.domain.rebase import Rebase, rebase
from services.routing.domain.replies import TaskReply, reply
from services.routing.domain.revealing import Reveal, reveal
from services.routing.domain.world import World


class NoSuchCaseError(LookupError):
    """A record names a case that was never opened here."""


class Resync:
    """Publish the case as it is, for a service that has missed something."""


def decide(case: Case | None, cause: Cause[Any], world: World) -> Decision[Case]:
    """What a cause does to a case; pure but for the workload it reads."""
    if isinstance(cause.message, Reassign):
        return _decide_reassignment(case, cause.id, world)
    decision = _decide(case, cause, world)
    if not isinstance(decision, Change) or isinstance(cause.message, Resync):
        return decision
    # Under a cause of its own: both halves may publish events of one type, whose ids derive from the cause.
    return keep_responsible(decision, settling_cause(cause.id), world)


def _decide_reassignment(case: Case | None, cause: UUID, world: World) -> Decision[Case]:
    """One that is being opened is looked at again: whom it is given to is known only then."""
    if case is None:
        return None
    return world.policies.wait_for(case.policy_key) or reassign(case, cause, world)


def _decide(case: Case | None, cause: Cause[Any], world: World) -> Decision[Case]:  # noqa: C901, PLR0911 - a table of contents
    message = cause.message
    if case is None:
        if isinstance(message, StoredContact):
            return opening.open_case(message, cause.id, world)
        raise NoSuchCaseError(str(cause.key))
    if isinstance(message, Resync):
        return snapshot(case, cause, world)
    if wait := world.policies.wait_for(case.policy_key):
        return wait
    match message:
        case StoredContact():
            return contact_added.add_contact(case, message, cause.id, world)
        case DeadlineEscalationDue():
            return folding.escalate(case, message, cause.id, world)
        case DeadlineMessage():
            return folding.fold_deadline(case, message, cause.id, world)  # type: ignore[arg-type]
        case DeliveryReported():
            return folding.count_delivery(case, message, cause.id, world)
        case Act():
            return act(case, message, cause.id, world)
        case Rebase():
            return rebase(case, message, cause.id, world)
        case TaskReply():
            return reply(case, message, cause.id, world)
        case Reveal():
            return reveal(case, message, cause.id, world)
    raise TypeError(f"no case changes for a {type(message).__name__}")


def snapshot(case: Case, cause: Cause[Any], world: World) -> Change[Case]:
    """The case as it is; it changes nothing but the place in the sequence from which others go on."""
    draft = Draft.of(case, cause.id, "resync", world)
    draft.publish(CaseSnapshot, received_at=case.received_at, calendar=calendar(world.directory, case.shop))
    draft.record_history("case.snapshot")
    return draft.change()
