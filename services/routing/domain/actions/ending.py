"""Resolving a case and closing it."""

from collections.abc import Mapping
from typing import Any

from schemas.cases import CaseClosed, CaseMessage, CaseResolved, State
from services.common.store.decision import Refusal
from services.routing.domain.actions.action import NOT_CLOSED, Action, Form, NoteForm, Text
from services.routing.domain.draft import Draft
from services.routing.domain.seals import Sealed
from services.routing.domain.tasks import find_task
from services.routing.domain.world import World


class ResolveForm(Form):
    course: Text
    result: Text

    def texts(self) -> Mapping[str, Any]:
        return {"course": self.course, "result": self.result}

    def action(self, actor: str, texts: Sealed) -> Action:
        return Resolve(actor=actor, note=texts)


class Resolve(Action):
    """Course and result are recorded, after somebody tried to speak with the customer; pending hand-overs lapse."""

    name = "resolve"
    form = ResolveForm
    by = frozenset({"owner", "dealer_gm"})

    note: Sealed

    def apply(self, draft: Draft, world: World) -> Refusal | None:
        case = draft.case
        if case.contacted_at is None and not case.attempts:
            detail = (
                "nobody has spoken with the customer: log a contact, or an attempt that did not reach them"
            )
            return Refusal(409, "resolve_after_contact", detail)
        level = world.policy(case).content.severity.level(case.severity)
        if not case.confirmed and level.must_be_judged:
            detail = f"severity {case.severity} is not confirmed: judge nature"
            return Refusal(409, "resolve_after_judgement", detail)
        if find_task(case, "confirm") is not None:
            detail = f"somebody is asked to confirm whether it is {case.suspected or case.severity}"
            return Refusal(409, "resolve_after_confirmation", detail)
        draft.set(resolved_at=draft.at)
        _end(draft, "resolved", CaseResolved, self.note)
        return None


class CloseForm(NoteForm):
    """The call-back is confirmed."""

    def action(self, actor: str, texts: Sealed) -> Action:
        return Close(actor=actor, note=texts)


class Close(Action):
    """The call-back is confirmed: only what is resolved can be closed."""

    name = "close"
    form = CloseForm
    by = frozenset({"dealer_cr_manager", "owner as dealer_cr_manager"})
    from_states = NOT_CLOSED

    note: Sealed

    def apply(self, draft: Draft, world: World) -> Refusal | None:  # noqa: ARG002
        if draft.case.state != "resolved":
            return Refusal(409, "close_after_resolve", f"the case is {draft.case.state}, not resolved")
        draft.set(closed_at=draft.at)
        _end(draft, "closed", CaseClosed, self.note)
        return None


def _end(draft: Draft, state: State, kind: type[CaseMessage], note: Sealed) -> None:
    draft.set(state=state, hand_over=None, declined_by=(), notes=draft.case.notes + 1)
    draft.publish(kind, note=note.id)
    draft.record_history(kind.model_fields["type"].default, text=str(note.id), text_seal=note.seal)
