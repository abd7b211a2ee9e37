"""Judging the nature of a complaint: a named person confirms the severity, and lowers it only with a reason."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from schemas.cases import CaseJudged, CaseSeverityRaised, State
from schemas.faults import must_be_among
from schemas.severity import Level
from services.common.store.decision import Refusal
from services.routing.domain.actions.action import Action, Form, Text
from services.routing.domain.confirmation import conclude
from services.routing.domain.draft import Draft
from services.routing.domain.manufacturer_support import request_where_severe
from services.routing.domain.seals import Sealed
from services.routing.domain.world import World

UNJUDGED: frozenset[State] = frozenset({"registered", "in_review", "transferred"})


class JudgeForm(Form):
    severity: Level
    reason: Text | None = Field(
        None, description="Needed for less than the severity, or than what is suspected."
    )

    def texts(self) -> Mapping[str, Any]:
        return {"reason": self.reason} if self.reason else {}

    def action(self, actor: str, texts: Sealed) -> Action:
        return JudgeNature(actor=actor, severity=self.severity, reason=texts if self.reason else None)


class ConfirmForm(JudgeForm):
    """The severity of a case, as somebody was asked to confirm it."""

    def action(self, actor: str, texts: Sealed) -> Action:
        return Confirm(actor=actor, severity=self.severity, reason=texts if self.reason else None)


class JudgeNature(Action):
    """The severity is confirmed, and whoever was asked to need not be any more.

    The manufacturer's support is requested where the severity now demands it.
    """

    name = "judge"
    form = JudgeForm
    by = frozenset({"owner as dept_manager", "owner as dealer_gm", "dealer_gm"})

    severity: Level
    reason: Sealed | None = None

    def apply(self, draft: Draft, world: World) -> Refusal | None:
        case, reason = draft.case, self.reason
        policy = world.policy(case).content.severity
        if self.severity not in policy.level_ids:
            return Refusal(422, "judge_by_levels", f"severity: {must_be_among(policy.level_ids)}")
        present = case.suspected or case.severity
        if policy.gravity(self.severity) < policy.gravity(present) and reason is None:
            detail = f"reason: is needed to lower the severity from {present} to {self.severity}"
            return Refusal(422, "lower_with_reason", detail)
        state: State = "assessed" if case.state in UNJUDGED else case.state
        notes = case.notes + (reason is not None)
        draft.set(severity=self.severity, confirmed=True, state=state, notes=notes)
        conclude(draft, self.severity, world)
        if policy.gravity(self.severity) > policy.gravity(case.severity):
            draft.publish(
                CaseSeverityRaised,
                severity=self.severity,
                previous=case.severity,
                criteria=draft.case.criteria,
            )
        draft.publish(CaseJudged, severity=self.severity, previous=case.severity, reason=reason and reason.id)
        draft.record_history(
            "case.judged",
            severity=self.severity,
            previous=case.severity,
            text=reason and str(reason.id),
            text_seal=reason and reason.seal,
        )
        request_where_severe(draft, world)
        return None


class Confirm(JudgeNature):
    """What somebody was asked to confirm: they, or whoever could have been asked, judge it."""

    name = "confirm"
    form = ConfirmForm
    by = frozenset({"confirmer"})
