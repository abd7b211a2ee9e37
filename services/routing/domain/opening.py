"""The first contact opens a case: its location, severity, owner, and the first hand-over."""

from dataclasses import dataclass
from uuid import UUID

from schemas.cases import CaseOpened
from schemas.contacts import ContactReceived
from schemas.staffing import place
from schemas.vocabulary import Role
from services.common.store.decision import Change, Wait
from services.routing.domain import steps
from services.routing.domain.assessment import Assessment, assess
from services.routing.domain.case import Case, Contact, FormRecord
from services.routing.domain.confirmation import request_confirmation
from services.routing.domain.customer_notices import unusable
from services.routing.domain.draft import Draft
from services.routing.domain.entry import ContactEntry, read_entry
from services.routing.domain.location import Location, locate
from services.routing.domain.moments import Moment
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
    entry: ContactEntry
    assessment: Assessment


def open_case(stored: StoredContact, cause: UUID, world: World) -> Change[Case] | Wait:
    """A new case, owned by its first receiver, and whatever the policy lets follow."""
    contact = stored.contact
    location = locate(world.directory, contact.shop, _brand(contact), contact.kind)
    if wait := world.policies.wait_for_current(location.policy):
        return wait
    policy, unknown = world.policies.choose(location.policy)
    entry = read_entry(contact, stored.text, policy.content)
    missing = (*location.missing, *unknown, *entry.unread, *_unknown_receiver(contact, location, world))
    assessment = assess(contact, stored.detection, policy.content, missing)
    opening = OpeningCase(stored, location, policy, entry, assessment)
    draft = Draft(None, _case(opening, world), cause, "opening", world.now, policy.content)
    facts = _give_owner(draft, contact, world)
    event = _announce(draft, opening)
    triage = list(draft.case.triage) or None
    draft.record_history(event.type, owner=draft.case.owner, **facts, **contact_facts(stored), triage=triage)
    steps.take(draft, policy.content.reactions.opened, Moment(event=event, said=entry.said), world)
    request_confirmation(draft, assessment, world)
    steps.react_graver(draft, world)
    return draft.change()


def _brand(contact: ContactReceived) -> str:
    """One that cannot be used decides nothing, and does not stand in what others are told."""
    return "" if "vehicle.brand" in (contact.refused or ()) else contact.vehicle.brand


def _unknown_receiver(contact: ContactReceived, location: Location, world: World) -> tuple[str, ...]:
    receiver = contact.received_by
    if not receiver or any(world.directory.roles(receiver, at) for at in _places(location)):
        return ()
    return (f"nobody known as {receiver!r} works at shop {contact.shop!r}",)


def _places(location: Location) -> tuple[str, ...]:
    """Where somebody may work who takes a contact: nearest first."""
    return tuple(filter(None, (location.shop, location.group, location.region, location.manufacturer)))


def _give_owner(draft: Draft, contact: ContactReceived, world: World) -> dict[str, object]:
    """Who received it owns it (S3c, S3e), wherever they work for the case; else somebody of the role that the policy names."""
    wanted = draft.policy.opening.owner
    receiver = contact.received_by
    if receiver and (held := _roles(draft, receiver, world)):
        role = wanted if wanted in held else _first_role(receiver, held, world)
        _own(draft, receiver, role, world)
        return {"step": "received by", "role": role}
    chosen = world.choose(draft.case, wanted)
    _own(draft, chosen.person, wanted, world)
    return {"step": chosen.step, **chosen.facts}


def _roles(draft: Draft, person: str, world: World) -> list[Role]:
    """The roles that somebody has for the case, in the policy's order."""
    roles, of = draft.policy.roles, world.directory.roles
    return [role.id for role in roles if role.id in of(person, place(draft.case, role.at))]


def _first_role(person: str, held: list[Role], world: World) -> Role:
    """The first of somebody's posts that counts."""
    posts = world.directory.people[person].posts
    return next(post.role for post in posts if post.role in held)


def _own(draft: Draft, owner: str, role: Role, world: World) -> None:
    where = draft.policy.role[role].at
    at, post = place(draft.case, where), world.post(draft.case, owner, role)
    draft.set(owner=owner, owner_role=role, owner_where=where, owner_place=at, owner_post=post)


def _case(opening: OpeningCase, world: World) -> Case:
    contact, location, assessment = opening.stored.contact, opening.location, opening.assessment
    policy, entry = opening.policy, opening.entry
    first, role = policy.content.states[0], policy.content.opening.owner
    return Case(
        id=contact.case_id,
        number=contact.case_number,
        kind=location.kind or policy.content.kinds[0].id,
        channel=contact.channel,
        shop=contact.shop,
        franchise=location.franchise,
        group=location.group,
        region=location.region,
        manufacturer=location.manufacturer,
        department=entry.department,
        policy=policy.content.id,
        policy_version=policy.version,
        state=first.id,
        stage=first.stage,
        severity=assessment.level,
        suspected=assessment.suspected,
        criteria=assessment.criteria,
        flags=contact.flags,
        ticks=contact.ticks,
        triage=(*assessment.triage, *entry.unknown),
        owner="",
        owner_role=role,
        owner_where=policy.content.role[role].at,
        owner_place="",
        owned_at=world.now,
        contacts=(case_contact(opening.stored, assessment),),
        filled=filled_entry(opening.stored, entry, policy.content.opening.form, world),
        received_at=contact.received_at,
        opened_at=world.now,
        updated_at=world.now,
    )


def filled_entry(
    stored: StoredContact, entry: ContactEntry, form: str | None, world: World
) -> dict[str, FormRecord]:
    """The form as whoever took the contact filled it in; nothing where they did not."""
    said = entry.said
    if form is None or (not said.values and said.note is None):
        return {}
    by = stored.contact.received_by or stored.contact.caller
    return {form: FormRecord(by=by, at=world.now, values=said.values, note=said.note and said.note.id)}


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
        "flags": stored.contact.flags or None,
        "ticks": list(stored.contact.ticks) or None,
        "unusable": list(unusable(stored.contact)) or None,
        "text": str(stored.text.id),
        "text_seal": stored.text.seal,
        "customer": str(stored.customer.id),
        "customer_seal": stored.customer.seal,
    }


def _announce(draft: Draft, opening: OpeningCase) -> CaseOpened:
    return draft.publish(
        CaseOpened,
        channel=draft.case.channel,
        received_at=draft.case.received_at,
        calendar=opening.location.calendar,
        criteria=opening.assessment.criteria,
        signals=opening.assessment.signals,
        flags=draft.case.flags,
        ticks=draft.case.ticks,
        fields=opening.entry.said.values,
        triage_reasons=draft.case.triage,
    )
