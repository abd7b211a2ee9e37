"""The first contact opens a case: its location, severity, owner, and the first hand-over."""

from dataclasses import dataclass
from uuid import UUID

from schemas.cases import CaseAccepted, CaseHandedOver, CaseOpened, Role, tier
from schemas.contacts import ContactReceived
from services.common.store.decision import Change
from services.routing.domain.assessment import Assessment, assess
from services.routing.domain.assignment import Chosen, Seat
from services.routing.domain.case import Case, Contact, HandOver
from services.routing.domain.confirmation import request_confirmation
from services.routing.domain.customer_notices import unusable
from services.routing.domain.draft import Draft
from services.routing.domain.location import Location, locate
from services.routing.domain.manufacturer_support import request_where_severe
from services.routing.domain.policies import CompiledPolicy
from services.routing.domain.seals import Sealed
from services.routing.domain.severity.detection import Detection
from services.routing.domain.world import World


@dataclass(frozen=True, slots=True)
class StoredContact:
    """A contact whose texts are stored already, under a seal, and what was detected in its words."""

    contact: ContactReceived
    detection: Detection
    text: Sealed
    customer: Sealed


@dataclass(frozen=True, slots=True)
class OpeningCase:
    """What is decided about a new case before anybody owns it."""

    stored: StoredContact
    location: Location
    policy: CompiledPolicy
    assessment: Assessment


def open_case(stored: StoredContact, cause: UUID, world: World) -> Change[Case]:
    """A new case, owned by its first receiver and handed over to whom the policy says."""
    contact = stored.contact
    location = locate(world.directory, contact.shop, _brand(contact))
    policy, unknown = world.policies.current(location.policy)
    missing = (*location.missing, *unknown, *_unknown_receiver(contact, world))
    opening = OpeningCase(stored, location, policy, assess(contact, stored.detection, policy, missing))
    owner, role, facts = _owner(opening, world)
    draft = Draft(None, _case(opening, owner, role, world), cause, "opening", world.now)
    draft.set(owner_post=world.post(draft.case, owner, role))
    _announce(draft, opening)
    triage = list(draft.case.triage) or None
    draft.record_history("case.opened", owner=owner, **facts, **contact_facts(stored), triage=triage)
    first_hand_over(draft, policy, world)
    request_confirmation(draft, opening.assessment, world)
    request_where_severe(draft, world)
    return draft.change()


def _brand(contact: ContactReceived) -> str:
    """One that cannot be used decides nothing, and does not stand in what others are told."""
    return "" if "vehicle.brand" in (contact.refused or ()) else contact.vehicle.brand


def _unknown_receiver(contact: ContactReceived, world: World) -> tuple[str, ...]:
    receiver = contact.received_by
    works_there = not receiver or world.directory.roles(receiver, contact.shop)
    return () if works_there else (f"nobody known as {receiver!r} works at shop {contact.shop!r}",)


def _owner(opening: OpeningCase, world: World) -> tuple[str, Role, dict[str, object]]:
    """Who received it owns it (S3c, S3e); else somebody of the role."""
    contact, wanted = opening.stored.contact, opening.policy.content.first_receiver
    roles = world.directory.roles(contact.received_by or "", contact.shop)
    if contact.received_by and roles:
        role = wanted if wanted in roles else roles[0]
        return contact.received_by, role, {"step": "received by", "role": role}
    chosen = world.roster().choose(Seat(contact.shop, wanted, contact.department))
    return chosen.person, wanted, {"step": chosen.step, **chosen.facts}


def _case(opening: OpeningCase, owner: str, role: Role, world: World) -> Case:
    contact, location, assessment = opening.stored.contact, opening.location, opening.assessment
    return Case(
        id=contact.case_id,
        number=contact.case_number,
        kind=contact.kind,
        channel=contact.channel,
        shop=contact.shop,
        franchise=location.franchise,
        group=location.group,
        manufacturer=location.manufacturer,
        department=contact.department,
        policy=opening.policy.content.id,
        policy_version=opening.policy.version,
        severity=assessment.level,
        suspected=assessment.suspected,
        criteria=assessment.criteria,
        flags=contact.flags,
        ticks=contact.ticks,
        triage=assessment.triage,
        owner=owner,
        owner_role=role,
        owned_at=world.now,
        contacts=(case_contact(opening.stored, assessment),),
        received_at=contact.received_at,
        opened_at=world.now,
        updated_at=world.now,
    )


def case_contact(stored: StoredContact, assessment: Assessment) -> Contact:
    """What the case keeps of a contact: ids and evidence, no text."""
    return Contact(
        id=stored.contact.id,
        channel=stored.contact.channel,
        received_at=stored.contact.received_at,
        text=stored.text.id,
        customer=stored.customer.id,
        severity=assessment.level,
        suspected=assessment.suspected,
        criteria=assessment.criteria,
        signals=assessment.signals,
        doubts=assessment.doubts,
        flags=stored.contact.flags,
        ticks=stored.contact.ticks,
        unusable=unusable(stored.contact),
    )


def contact_facts(stored: StoredContact) -> dict[str, object]:
    """The facts of a contact for the history: what was marked or is unusable, and the seals of its texts."""
    return {
        "flags": stored.contact.flags.answered() or None,
        "ticks": list(stored.contact.ticks) or None,
        "unusable": list(unusable(stored.contact)) or None,
        "text": str(stored.text.id),
        "text_seal": stored.text.seal,
        "customer": str(stored.customer.id),
        "customer_seal": stored.customer.seal,
    }


def _announce(draft: Draft, opening: OpeningCase) -> None:
    draft.publish(
        CaseOpened,
        channel=draft.case.channel,
        received_at=draft.case.received_at,
        calendar=opening.location.calendar,
        criteria=opening.assessment.criteria,
        signals=opening.assessment.signals,
        flags=draft.case.flags,
        ticks=draft.case.ticks,
        triage_reasons=opening.assessment.triage,
    )


def first_hand_over(draft: Draft, policy: CompiledPolicy, world: World) -> None:
    """Hand over to the first role the policy names; an owner who has that role has accepted already."""
    role = policy.content.first_hand_over
    if draft.case.owner_role == role:
        hand_over(draft, Chosen(draft.case.owner, "owner", {"role": role}), role, world)
        draft.set(hand_over=None, state="in_review")
        draft.publish(CaseAccepted, role=role, tier=tier(role))
    else:
        _hand_over_to_role(draft, role, policy, world)


def _hand_over_to_role(draft: Draft, role: Role, policy: CompiledPolicy, world: World) -> None:
    """Hand the case over to somebody of a role at its shop, or to one who stands in for them."""
    case = draft.case
    stand_ins = policy.stand_ins(role)
    chosen = world.roster().choose(Seat(case.shop, role, case.department, frozenset({case.owner}), stand_ins))
    hand_over(draft, chosen, role, world)


def hand_over(draft: Draft, chosen: Chosen, role: Role, world: World) -> None:
    """Hand over by assignment: no person chose the receiver."""
    case, to = draft.case, chosen.person
    pending = HandOver(
        to=to, role=role, via="assignment", rung=case.rung, at=draft.at, giver=case.owner,
        before=case.state, rung_before=case.rung, post=world.post(case, to, role),
    )  # fmt: skip
    draft.set(hand_over=pending)
    draft.publish(CaseHandedOver, to=to, role=role, tier=tier(role), via="assignment", rung=case.rung)
    draft.record_history("case.handed_over", to=to, via="assignment", step=chosen.step, **chosen.facts)
