"""What people do with a case: an action of the policy is taken, or the rule that forbids it is said."""

from datetime import datetime
from uuid import UUID

from schemas.actions import ActionSpec
from schemas.base import Frozen
from schemas.cases import CaseActed
from services.common.store.decision import Change, Refusal
from services.routing.domain import steps
from services.routing.domain.case import Case, Done
from services.routing.domain.draft import Draft
from services.routing.domain.moments import Moment, holds
from services.routing.domain.permission import Rights
from services.routing.domain.seals import NOTHING, SealedForm
from services.routing.domain.world import World


class Act(Frozen):
    """Somebody wants to do something: an action of the case's policy, with what they filled into its form."""

    actor: str
    action: str
    said: SealedForm = NOTHING


def act(case: Case, asked: Act, cause: UUID, world: World) -> Change[Case] | Refusal:
    """The case after an action, or the rule that forbids it: first who, then when, then what."""
    spec, rights = world.policy(case).action[asked.action], Rights(case, asked.actor, world)
    if refused := rights.may(spec) or _not_now(asked, spec, rights):
        return refused
    draft = Draft.of(case, cause, asked.actor, world)
    return steps.attempt(draft, lambda: _take(draft, spec, asked, rights))


def _not_now(asked: Act, spec: ActionSpec, rights: Rights) -> Refusal | None:
    """What forbids an action as the case now is, whoever asks."""
    case, speaker = rights.case, rights.speaker
    if case.is_over if not spec.in_states else case.state not in spec.in_states:
        return speaker.from_state(spec)
    moment = Moment(said=asked.said, actor=asked.actor)
    forbidding = (rule for rule in spec.refused if holds(rule.when, case, moment, earlier=False))
    return next((speaker.refused(rule) for rule in forbidding), None)


def _take(draft: Draft, spec: ActionSpec, asked: Act, rights: Rights) -> None:
    """Remember it and take its steps; the event says of the case how the action has left it."""
    before, said, roles = draft.case, asked.said, rights.roles(spec)
    draft.set(done={**before.done, spec.id: _done(before.done.get(spec.id), asked.actor, draft.at)})
    draft.keep_form(spec.form, said)
    event = draft.publish(
        CaseActed, action=spec.id, role=roles[0], previous_state=before.state, form=spec.form, **said.facts()
    )
    draft.record_history(event.type, action=spec.id, role=roles[0], **said.sealed())
    moment = Moment(event=event, said=said, form=spec.form, actor=asked.actor, roles=roles)
    steps.take(draft, spec.steps, moment, rights.world)
    draft.update_header(event)


def _done(before: Done | None, actor: str, at: datetime) -> Done:
    by = dict.fromkeys((*(before.by if before else ()), actor))
    return Done(times=1 + (before.times if before else 0), at=at, by=tuple(by))


def allowed(case: Case, actor: str, world: World) -> list[str]:
    """The actions that somebody may take with a case, whether or not its state is right for it.

    None as long as the policy version it goes by is not known here: an action would have to wait for it.
    """
    if case.policy_key not in world.policies:
        return []
    rights = Rights(case, actor, world)
    return [spec.id for spec in world.policy(case).actions if rights.may(spec) is None]
