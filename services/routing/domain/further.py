"""A further contact of a case: judged again, raised where it is graver, and never lost when all was over."""

from uuid import UUID

from schemas.cases import CaseContactAdded, CaseSeverityRaised
from schemas.severity import gravity
from services.common.store.decision import Change
from services.routing.domain.assessment import Assessment, assess
from services.routing.domain.assignment import Chosen
from services.routing.domain.case import ENDED, Case
from services.routing.domain.draft import Draft
from services.routing.domain.manufacturer import ROLE, Ground, ask, inform
from services.routing.domain.opening import Heard, first_hand_over, kept, remembered
from services.routing.domain.policies import CompiledPolicy
from services.routing.domain.reassignment import hand_over_lost
from services.routing.domain.world import World


def added(case: Case, heard: Heard, cause: UUID, world: World) -> Change[Case] | None:
    """Another contact under the same case; None for one the case already has."""
    if any(contact.id == heard.contact.id for contact in case.contacts):
        return None
    policy = world.policy(case)
    found = assess(heard.contact, policy, ())
    draft = Draft.of(case, cause, "further contact", world.now)
    triage = tuple(dict.fromkeys((*case.triage, *found.triage)))
    draft.set(contacts=(*case.contacts, kept(heard, found)), triage=triage)
    _mark(draft, heard)
    _announce(draft, heard, found)
    _raise(draft, found, policy)
    _reopen(draft, policy, world)
    inform(draft, world)
    return draft.change()


def _mark(draft: Draft, heard: Heard) -> None:
    """What the operator marked is added to what the case already had; nothing told before is taken back."""
    case, contact = draft.case, heard.contact
    draft.set(
        flags=case.flags.merged(contact.flags), ticks=tuple(dict.fromkeys((*case.ticks, *contact.ticks)))
    )


def _announce(draft: Draft, heard: Heard, found: Assessment) -> None:
    contact = heard.contact
    draft.tell(
        CaseContactAdded,
        contact=contact.id,
        channel=contact.channel,
        criteria=found.criteria,
        flags=contact.flags,
        ticks=contact.ticks,
    )
    draft.note("case.contact_added", channel=contact.channel, **remembered(heard))


def _raise(draft: Draft, found: Assessment, policy: CompiledPolicy) -> None:
    """Only upwards; what a person had confirmed is provisional again."""
    case = draft.case
    draft.set(criteria=policy.rules.rank((*case.criteria, *found.criteria)))
    if gravity(found.level) <= gravity(case.severity):
        return
    draft.set(severity=found.level, confirmed=False)
    draft.tell(CaseSeverityRaised, severity=found.level, previous=case.severity, criteria=draft.case.criteria)
    draft.note("case.severity_raised", severity=found.level, previous=case.severity)


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
        hand_over_lost(draft, ["owner"], world)
        first_hand_over(draft, policy, world)
    if case.state in ENDED and case.support is not None and case.support.accepted_at is None:
        # Its deadline ended with the case; asked anew, it runs again.
        ask(draft, Chosen(case.support.to, "supporter", {"role": ROLE}), Ground("support"), world)
