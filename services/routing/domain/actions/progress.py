"""Speaking with the customer, following up, and not reaching them."""

from pydantic import Field

from schemas.cases import CaseContacted, CaseFollowedUp, CaseMessage, CaseNotReached, State
from services.routing.domain.actions.action import NOT_CLOSED, Action, NoteForm
from services.routing.domain.draft import Draft
from services.routing.domain.seals import Sealed
from services.routing.domain.world import World

UNDER_WAY: frozenset[State] = frozenset({"assessed", "in_progress", "not_reached"})
# What an operator says to the customer is no contact by the department (D-8).
DEPARTMENT = frozenset({"sc_sa", "dept_manager", "dealer_cr_manager", "dealer_gm"})


class ContactForm(NoteForm):
    """The customer was reached."""

    def action(self, actor: str, texts: Sealed) -> Action:
        return LogContact(actor=actor, note=texts)


class LogContact(Action):
    """The department spoke with the customer: the case is in progress once its nature is judged."""

    name = "contacts"
    form = ContactForm
    by = DEPARTMENT | {f"owner as {role}" for role in DEPARTMENT}
    from_states = NOT_CLOSED

    note: Sealed

    def apply(self, draft: Draft, world: World) -> None:  # noqa: ARG002
        draft.set(contacted_at=draft.at, state=_state(draft, "in_progress"))
        _publish(draft, CaseContacted, self.note)


class FollowUpForm(NoteForm):
    reached: bool = Field(default=True, description="False: they were tried and not reached.")

    def action(self, actor: str, texts: Sealed) -> Action:
        return FollowUp(actor=actor, note=texts, reached=self.reached)


class FollowUp(Action):
    """Progress was checked; or the customer was tried and not reached, which is no contact."""

    name = "follow-ups"
    form = FollowUpForm
    by = frozenset({"owner", "operator", "dealer_cr_manager", "dealer_gm"})
    from_states = NOT_CLOSED

    note: Sealed
    reached: bool = True

    def apply(self, draft: Draft, world: World) -> None:  # noqa: ARG002
        if self.reached:
            draft.set(followed_up_at=draft.at)
            _publish(draft, CaseFollowedUp, self.note)
        else:
            draft.set(attempts=draft.case.attempts + 1, state=_state(draft, "not_reached"))
            _publish(draft, CaseNotReached, self.note)


def _state(draft: Draft, then: State) -> State:
    return then if draft.case.state in UNDER_WAY else draft.case.state


def _publish(draft: Draft, kind: type[CaseMessage], note: Sealed) -> None:
    draft.set(notes=draft.case.notes + 1)
    draft.publish(kind, note=note.id)
    draft.record_history(kind.model_fields["type"].default, text=str(note.id), text_seal=note.seal)
