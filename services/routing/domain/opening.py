"""The first contact opens a case: its place, severity, owner, and the first hand-over."""

from dataclasses import dataclass
from uuid import UUID

from schemas.cases import CaseAccepted, CaseHandedOver, CaseOpened, Role, tier
from schemas.contacts import ContactReceived
from services.common.store.decision import Change
from services.routing.domain.assessment import Assessment, assess
from services.routing.domain.assignment import Chosen, Seat
from services.routing.domain.case import Case, Contact, HandOver
from services.routing.domain.courtesy import unusable
from services.routing.domain.directory import Place, locate
from services.routing.domain.draft import Draft
from services.routing.domain.manufacturer import inform
from services.routing.domain.policies import CompiledPolicy
from services.routing.domain.words import Sealed
from services.routing.domain.world import World


@dataclass(frozen=True, slots=True)
class Heard:
    """A contact whose words are already kept."""

    contact: ContactReceived
    text: Sealed
    customer: Sealed


@dataclass(frozen=True, slots=True)
class Opening:
    """What is settled about a new case before anybody owns it."""

    heard: Heard
    place: Place
    policy: CompiledPolicy
    found: Assessment


def opened(heard: Heard, cause: UUID, world: World) -> Change[Case]:
    """A new case, owned by its first receiver and offered to whom the policy says."""
    contact = heard.contact
    place = locate(world.directory, contact.shop, _brand(contact))
    policy, unknown = world.policies.current(place.policy)
    missing = (*place.missing, *unknown, *_unknown_receiver(contact, world))
    opening = Opening(heard, place, policy, assess(contact, policy, missing))
    owner, role, facts = _owner(opening, world)
    draft = Draft(None, _case(opening, owner, role, world), cause, "opening", world.now)
    draft.set(owner_post=world.post(draft.case, owner, role))
    _announce(draft, opening)
    triage = list(draft.case.triage) or None
    draft.note("case.opened", owner=owner, **facts, **remembered(heard), triage=triage)
    first_hand_over(draft, policy, world)
    inform(draft, world)
    return draft.change()


def _brand(contact: ContactReceived) -> str:
    """One that cannot be used decides nothing, and does not stand in what others are told."""
    return "" if "vehicle.brand" in (contact.refused or ()) else contact.vehicle.brand


def _unknown_receiver(contact: ContactReceived, world: World) -> tuple[str, ...]:
    receiver = contact.received_by
    known = not receiver or world.directory.roles(receiver, contact.shop)
    return () if known else (f"nobody known as {receiver!r} works at shop {contact.shop!r}",)


def _owner(opening: Opening, world: World) -> tuple[str, Role, dict[str, object]]:
    """Whoever was asked first owns it (S3c, S3e): the receiver, else somebody of the role."""
    contact, wanted = opening.heard.contact, opening.policy.content.first_receiver
    roles = world.directory.roles(contact.received_by or "", contact.shop)
    if contact.received_by and roles:
        role = wanted if wanted in roles else roles[0]
        return contact.received_by, role, {"step": "received by", "role": role}
    chosen = world.roster().choose(Seat(contact.shop, wanted, contact.department))
    return chosen.person, wanted, {"step": chosen.step, **chosen.facts}


def _case(opening: Opening, owner: str, role: Role, world: World) -> Case:
    contact, place, found = opening.heard.contact, opening.place, opening.found
    return Case(
        id=contact.case_id,
        number=contact.case_number,
        kind=contact.kind,
        channel=contact.channel,
        shop=contact.shop,
        franchise=place.franchise,
        group=place.group,
        manufacturer=place.manufacturer,
        department=contact.department,
        policy=opening.policy.content.id,
        policy_version=opening.policy.version,
        severity=found.level,
        criteria=found.criteria,
        flags=contact.flags,
        ticks=contact.ticks,
        triage=found.triage,
        owner=owner,
        owner_role=role,
        owned_at=world.now,
        contacts=(kept(opening.heard, found),),
        received_at=contact.received_at,
        opened_at=world.now,
        updated_at=world.now,
    )


def kept(heard: Heard, found: Assessment) -> Contact:
    """What the case remembers of a contact: ids and evidence, no words."""
    return Contact(
        id=heard.contact.id,
        channel=heard.contact.channel,
        received_at=heard.contact.received_at,
        text=heard.text.id,
        customer=heard.customer.id,
        severity=found.level,
        criteria=found.criteria,
        signals=found.signals,
        flags=heard.contact.flags,
        ticks=heard.contact.ticks,
        unusable=unusable(heard.contact),
    )


def remembered(heard: Heard) -> dict[str, object]:
    """The facts of a contact for the history: what was marked or is unusable, and what stands for personal words."""
    return {
        "flags": heard.contact.flags.known() or None,
        "ticks": list(heard.contact.ticks) or None,
        "unusable": list(unusable(heard.contact)) or None,
        "text": str(heard.text.id),
        "text_seal": heard.text.seal,
        "customer": str(heard.customer.id),
        "customer_seal": heard.customer.seal,
    }


def _announce(draft: Draft, opening: Opening) -> None:
    draft.tell(
        CaseOpened,
        channel=draft.case.channel,
        received_at=draft.case.received_at,
        calendar=opening.place.calendar,
        criteria=opening.found.criteria,
        signals=opening.found.signals,
        flags=draft.case.flags,
        ticks=draft.case.ticks,
        triage_reasons=opening.found.triage,
    )


def first_hand_over(draft: Draft, policy: CompiledPolicy, world: World) -> None:
    """PendingHandOver to the first hand-over's role; an owner who has that role has accepted already."""
    role = policy.content.first_hand_over
    if draft.case.owner_role == role:
        hand_over(draft, Chosen(draft.case.owner, "owner", {"role": role}), role, world)
        draft.set(hand_over=None, state="in_review")
        draft.tell(CaseAccepted, role=role, tier=tier(role))
    else:
        _hand_over_to_role(draft, role, policy, world)


def _hand_over_to_role(draft: Draft, role: Role, policy: CompiledPolicy, world: World) -> None:
    """HandOver the case to somebody of a role at its shop, or to one who stands in for him."""
    case = draft.case
    stand_ins = policy.stand_ins(role)
    chosen = world.roster().choose(Seat(case.shop, role, case.department, frozenset({case.owner}), stand_ins))
    hand_over(draft, chosen, role, world)


def hand_over(draft: Draft, chosen: Chosen, role: Role, world: World) -> None:
    """HandOver by assignment: no person chose the receiver."""
    case, to = draft.case, chosen.person
    offered = HandOver(
        to=to, role=role, via="assignment", rung=case.rung, at=draft.at, giver=case.owner,
        before=case.state, rung_before=case.rung, post=world.post(case, to, role),
    )  # fmt: skip
    draft.set(hand_over=offered)
    draft.tell(CaseHandedOver, to=to, role=role, tier=tier(role), via="assignment", rung=case.rung)
    draft.note("case.handed_over", to=to, via="assignment", step=chosen.step, **chosen.facts)
