"""Speaking with the customer, following up, and not reaching him."""

from schemas.cases import CaseContacted, CaseFollowedUp, CaseMessage, CaseNotReached, State
from services.routing.domain.actions.action import FollowUp, LogContact
from services.routing.domain.draft import Draft
from services.routing.domain.words import Sealed

UNDER_WAY: frozenset[State] = frozenset({"assessed", "in_progress", "not_reached"})


def log_contact(draft: Draft, action: LogContact) -> None:
    """The customer was reached: the case is in progress once its nature is judged."""
    draft.set(contacted_at=draft.at, state=_state(draft, "in_progress"))
    _tell(draft, CaseContacted, action.note)


def follow_up(draft: Draft, action: FollowUp) -> None:
    """A follow-up, or an attempt that is no contact."""
    if action.reached:
        draft.set(followed_up_at=draft.at)
        _tell(draft, CaseFollowedUp, action.note)
    else:
        draft.set(attempts=draft.case.attempts + 1, state=_state(draft, "not_reached"))
        _tell(draft, CaseNotReached, action.note)


def _state(draft: Draft, then: State) -> State:
    return then if draft.case.state in UNDER_WAY else draft.case.state


def _tell(draft: Draft, kind: type[CaseMessage], note: Sealed) -> None:
    draft.set(notes=draft.case.notes + 1)
    draft.tell(kind, note=note.id)
    draft.note(kind.model_fields["type"].default, text=str(note.id), text_seal=note.seal)
