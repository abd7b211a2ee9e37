"""A further contact of a case: judged again, raised where it is graver, and never lost when all was over."""

from uuid import UUID

from schemas.cases import CaseContactAdded
from schemas.values import merged
from services.common.store.decision import Change
from services.routing.domain import judging, steps
from services.routing.domain.assessment import Assessment, assess
from services.routing.domain.case import Case
from services.routing.domain.confirmation import request_confirmation
from services.routing.domain.draft import Draft
from services.routing.domain.entry import ContactEntry, read_entry
from services.routing.domain.moments import Moment
from services.routing.domain.opening import StoredContact, case_contact, contact_facts, filled_entry
from services.routing.domain.reassignment import reassign_lost
from services.routing.domain.world import World


def add_contact(case: Case, stored: StoredContact, cause: UUID, world: World) -> Change[Case] | None:
    """Another contact under the same case; None for one the case already has."""
    if any(contact.id == stored.contact.id for contact in case.contacts):
        return None
    draft = Draft.of(case, cause, "further contact", world)
    entry = read_entry(stored.contact, stored.text, draft.policy)
    assessment = assess(stored.contact, stored.detection, draft.policy, entry.unread)
    triage = tuple(dict.fromkeys((*case.triage, *assessment.triage, *entry.unknown)))
    draft.set(contacts=(*case.contacts, case_contact(stored, assessment)), triage=triage)
    _mark(draft, stored, entry, world)
    event = _announce(draft, stored, entry, assessment)
    _raise(draft, assessment)
    if case.is_over:
        # Nobody looks after a case that is over: whoever owned it may have gone, and must not be taken to accept it.
        reassign_lost(draft, ["owner"], world)
    steps.take(draft, draft.policy.reactions.contact_added, Moment(event=event, said=entry.said), world)
    request_confirmation(draft, assessment, world)
    if _is_anew(case, draft.case):
        steps.react_graver(draft, world)
    return draft.change()


def _is_anew(before: Case, after: Case) -> bool:
    """Whether a case is of another level, or suspected of one, or was over."""
    return before.is_over or (before.severity, before.suspected) != (after.severity, after.suspected)


def _mark(draft: Draft, stored: StoredContact, entry: ContactEntry, world: World) -> None:
    """What the operator marked is added to what the case already had; nothing marked before is taken back."""
    case, contact = draft.case, stored.contact
    filled = filled_entry(stored, entry, draft.policy.opening.form, world)
    draft.set(
        flags=merged(case.flags, contact.flags),
        ticks=tuple(dict.fromkeys((*case.ticks, *contact.ticks))),
        filled={**case.filled, **filled},
    )


def _announce(
    draft: Draft, stored: StoredContact, entry: ContactEntry, assessment: Assessment
) -> CaseContactAdded:
    contact = stored.contact
    event = draft.publish(
        CaseContactAdded,
        contact=contact.id,
        channel=contact.channel,
        criteria=assessment.criteria,
        flags=contact.flags,
        ticks=contact.ticks,
        fields=entry.said.values,
    )
    draft.record_history(event.type, channel=contact.channel, **contact_facts(stored))
    return event


def _raise(draft: Draft, assessment: Assessment) -> None:
    """Only upwards; what a person had confirmed is provisional again."""
    policy = draft.policy.severity
    criteria = policy.rank((*draft.case.criteria, *assessment.criteria))
    draft.set(criteria=criteria)
    if judging.is_graver(assessment.level, draft.case.severity, policy):
        judging.raise_to(draft, assessment.level, criteria)
