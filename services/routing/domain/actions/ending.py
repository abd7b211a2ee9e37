"""Resolving a case and closing it."""

from schemas.cases import CaseClosed, CaseMessage, CaseResolved, State
from services.common.store.decision import Refusal
from services.routing.domain.actions.action import Close, Resolve
from services.routing.domain.draft import Draft
from services.routing.domain.words import Sealed


def resolve(draft: Draft, action: Resolve) -> Refusal | None:
    """Done, after somebody tried to speak with the customer; pending hand_overs lapse."""
    case = draft.case
    if case.contacted_at is None and not case.attempts:
        detail = "nobody has spoken with the customer: log a contact, or an attempt that did not reach him"
        return Refusal(409, "resolve_after_contact", detail)
    if not case.confirmed and case.severity != "general":
        return Refusal(
            409, "resolve_after_judgement", f"severity {case.severity} is not confirmed: judge nature"
        )
    draft.set(resolved_at=draft.at)
    _end(draft, "resolved", CaseResolved, action.note)
    return None


def close(draft: Draft, action: Close) -> Refusal | None:
    """Only what is resolved can be closed."""
    if draft.case.state != "resolved":
        return Refusal(409, "close_after_resolve", f"the case is {draft.case.state}, not resolved")
    draft.set(closed_at=draft.at)
    _end(draft, "closed", CaseClosed, action.note)
    return None


def _end(draft: Draft, state: State, kind: type[CaseMessage], note: Sealed) -> None:
    draft.set(state=state, hand_over=None, declined_by=(), notes=draft.case.notes + 1)
    draft.tell(kind, note=note.id)
    draft.note(kind.model_fields["type"].default, text=str(note.id), text_seal=note.seal)
