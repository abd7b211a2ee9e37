"""Judging the nature of a complaint: a named person settles the severity, and lowers it only with a reason."""

from schemas.cases import CaseJudged, State
from schemas.severity import gravity
from services.common.store.decision import Refusal
from services.routing.domain.actions.action import JudgeNature
from services.routing.domain.draft import Draft
from services.routing.domain.manufacturer import inform
from services.routing.domain.world import World

UNJUDGED: frozenset[State] = frozenset({"registered", "in_review", "transferred"})


def judge_nature(draft: Draft, action: JudgeNature, world: World) -> Refusal | None:
    """The severity is confirmed; the manufacturer is asked where it now has to be."""
    case, reason = draft.case, action.reason
    if gravity(action.severity) < gravity(case.severity) and reason is None:
        detail = f"reason: is needed to lower the severity from {case.severity} to {action.severity}"
        return Refusal(422, "lower_with_reason", detail)
    state: State = "assessed" if case.state in UNJUDGED else case.state
    draft.set(severity=action.severity, confirmed=True, state=state, notes=case.notes + (reason is not None))
    draft.tell(CaseJudged, severity=action.severity, previous=case.severity, reason=reason and reason.id)
    draft.note(
        "case.judged",
        severity=action.severity,
        previous=case.severity,
        text=reason and str(reason.id),
        text_seal=reason and reason.seal,
    )
    inform(draft, world)
    return None
