"""A further contact of a case: judged again, raised where it is graver, and never lost when all was over."""

from uuid import UUID

from schemas.cases import CaseContactAdded, CaseSeverityRaised
from schemas.staffing import MANUFACTURER
from services.common.store.decision import Change
from services.routing.domain.assessment import Assessment, assess
from services.routing.domain.assignment import Chosen
from services.routing.domain.case import ENDED, Case
from services.routing.domain.confirmation import request_confirmation
from services.routing.domain.draft import Draft
from services.routing.domain.manufacturer_support import (
    SupportRequest,
    request_support,
    request_where_severe,
)
from services.routing.domain.opening import StoredContact, case_contact, contact_facts, first_hand_over
from services.routing.domain.policies import CompiledPolicy
from services.routing.domain.reassignment import reassign_lost
from services.routing.domain.world import World


def add_contact(case: Case, stored: StoredContact, cause: UUID, world: World) -> Change[Case] | None:
    """Another contact under the same case; None for one the case already has."""
    if any(contact.id == stored.contact.id for contact in case.contacts):
        return None
    policy = world.policy(case)
    assessment = assess(stored.contact, stored.detection, policy, ())
    draft = Draft.of(case, cause, "further contact", world.now)
    triage = tuple(dict.fromkeys((*case.triage, *assessment.triage)))
    draft.set(contacts=(*case.contacts, case_contact(stored, assessment)), triage=triage)
    _mark(draft, stored)
    _announce(draft, stored, assessment)
    _raise(draft, assessment, policy)
    _reopen(draft, policy, world)
    request_confirmation(draft, assessment, world)
    request_where_severe(draft, world)
    return draft.change()


def _mark(draft: Draft, stored: StoredContact) -> None:
    """What the operator marked is added to what the case already had; nothing marked before is taken back."""
    case, contact = draft.case, stored.contact
    draft.set(
        flags=case.flags.merged(contact.flags), ticks=tuple(dict.fromkeys((*case.ticks, *contact.ticks)))
    )


def _announce(draft: Draft, stored: StoredContact, assessment: Assessment) -> None:
    contact = stored.contact
    draft.publish(
        CaseContactAdded,
        contact=contact.id,
        channel=contact.channel,
        criteria=assessment.criteria,
        flags=contact.flags,
        ticks=contact.ticks,
    )
    draft.record_history("case.contact_added", channel=contact.channel, **contact_facts(stored))


def _raise(draft: Draft, assessment: Assessment, policy: CompiledPolicy) -> None:
    """Only upwards; what a person had confirmed is provisional again."""
    case, gravity = draft.case, policy.content.severity.gravity
    draft.set(criteria=policy.content.severity.rank((*case.criteria, *assessment.criteria)))
    if gravity(assessment.level) <= gravity(case.severity):
        return
    draft.set(severity=assessment.level, confirmed=False)
    draft.publish(
        CaseSeverityRaised, severity=assessment.level, previous=case.severity, criteria=draft.case.criteria
    )
    draft.record_history("case.severity_raised", severity=assessment.level, previous=case.severity)


def _reopen(draft: Draft, policy: CompiledPolicy, world: World) -> None:
    """A customer who speaks again is not done: a closed case starts over with the first hand-over."""
    case = draft.case
    if case.state == "resolved":
        draft.set(state="in_progress", resolved_at=None)
    elif case.state == "closed":
        draft.set(
            state="registered",
            resolved_at=None,
            closed_at=None,
            rung=0,
            declined_by=(),
            contacted_at=None,
            attempts=0,
        )
        # Nobody looks after a closed case: whoever owned it may have gone, and must not be taken to accept it.
        reassign_lost(draft, ["owner"], world)
        first_hand_over(draft, policy, world)
    if case.state in ENDED and case.support is not None and case.support.accepted_at is None:
        # Its deadline ended with the case; requested anew, it runs again.
        supporter = Chosen(case.support.to, "supporter", {"role": MANUFACTURER})
        request_support(draft, supporter, SupportRequest("support"), world)
