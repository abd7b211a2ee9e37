"""What people reply to a task: they accept it, answer it, or refuse it with a reason."""

from typing import Literal, get_args
from uuid import UUID

from schemas.base import Frozen
from schemas.cases import CaseMessage
from schemas.policies import Policy
from schemas.tasks import TaskSpec, after
from schemas.vocabulary import FormName
from services.common.store.decision import Change, Refusal
from services.routing.domain import ladder, steps, tasks
from services.routing.domain.case import Case, Task
from services.routing.domain.draft import Draft
from services.routing.domain.moments import Moment
from services.routing.domain.permission import Rights
from services.routing.domain.seals import NOTHING, SealedForm
from services.routing.domain.world import World

Verb = Literal["accept", "answer", "refuse"]
VERBS: tuple[Verb, ...] = get_args(Verb)


class TaskReply(Frozen):
    """Somebody replies to a task, with what they filled into the form for it."""

    actor: str
    task_id: UUID
    verb: Verb
    said: SealedForm = NOTHING


def form_of(policy: Policy, task: Task, verb: Verb) -> FormName | None:
    """The form that is filled in for a reply."""
    return form_for(policy.task[task.task], verb)


def form_for(spec: TaskSpec, verb: Verb) -> FormName | None:
    """The form that is filled in for a reply to a task of a kind."""
    return {"accept": None, "answer": spec.answer, "refuse": spec.refusal}[verb]


def never(spec: TaskSpec, verb: Verb) -> str | None:
    """The rule by which no task of a kind is replied to so; None where one can be."""
    never: dict[Verb, tuple[str, bool]] = {
        "accept": ("not_accepted", not spec.is_accepted),
        "answer": ("not_answered", spec.moves_owner),
        "refuse": ("not_refused", spec.refusal is None),
    }
    rule, holds = never[verb]
    return rule if holds else None


def reply(case: Case, asked: TaskReply, cause: UUID, world: World) -> Change[Case] | Refusal:
    """The case after a reply, or the rule that forbids it."""
    task, rights = case.task(asked.task_id), Rights(case, asked.actor, world)
    if task is None:
        return rights.speaker.refusal("task_done", 409)
    if refused := _forbidden(task, rights) or _unfit(asked.verb, task, rights):
        return refused
    draft = Draft.of(case, cause, asked.actor, world)
    decide = {"accept": _accept, "answer": _answer, "refuse": _refuse}[asked.verb]
    return steps.attempt(draft, lambda: decide(draft, task, asked, world))


def _forbidden(task: Task, rights: Rights) -> Refusal | None:
    """Why a task is not for somebody to reply to."""
    if not rights.may_answer(task):
        return rights.speaker.about("asked", task)
    by_another = rights.world.policy(rights.case).task[task.task].by_another
    if by_another and task.giver in rights.represented:
        return rights.speaker.about("by_another", task)
    if not rights.represented.isdisjoint(task.answered_by):
        return rights.speaker.about("not_twice", task)
    return None


def _unfit(verb: Verb, task: Task, rights: Rights) -> Refusal | None:
    """Why this is no reply to a task as it is."""
    spec = rights.world.policy(rights.case).task[task.task]
    rule = never(spec, verb)
    if rule is None and verb == "accept" and task.accepted:
        rule = "is_accepted"
    if rule is None and verb == "answer" and spec.is_accepted and not task.accepted:
        rule = "accepted_before"
    return rights.speaker.about(rule, task) if rule else None


def _accept(draft: Draft, task: Task, asked: TaskReply, world: World) -> None:
    spec, post = draft.policy.task[task.task], world.post(draft.case, asked.actor, task.role)
    if spec.moves_owner:
        draft.set(
            owner=asked.actor, owner_role=task.role, owner_where=task.where, owner_place=task.place,
            owned_at=draft.at, owner_post=post, declined_by=(),
        )  # fmt: skip
        _take_back_others(draft, task)
    event = tasks.accept(draft, task, asked.actor, post)
    if spec.moves_owner:
        ladder.stand(draft, task.role)
    steps.take(draft, spec.accepted, _moment(event, asked, task), world)
    draft.update_header(event)


def _moment(event: CaseMessage, asked: TaskReply, task: Task, form: FormName | None = None) -> Moment:
    return Moment(event, asked.said, asked.actor, form, (task.role,), task)


def _take_back_others(draft: Draft, task: Task) -> None:
    """Nobody else is asked to take the case, but who a ladder had asked before it was handed on below them."""
    earlier = True
    for other in draft.case.hand_overs:
        earlier = earlier and other.task_id != task.task_id
        escaped = task.via == "transfer" and earlier and ladder.is_above(draft.policy, other, [task.role])
        if other.task_id != task.task_id and not escaped:
            tasks.withdraw(draft, other, "taken")


def _refuse(draft: Draft, task: Task, asked: TaskReply, world: World) -> None:
    """The owner keeps the case; what follows else is policy."""
    spec = draft.policy.task[task.task]
    if spec.moves_owner:
        declined = dict.fromkeys((*draft.case.declined_by, task.to, asked.actor))
        draft.set(declined_by=tuple(declined))
    draft.keep_form(None, asked.said)
    event = tasks.refuse(draft, task, asked.said)
    moment = _moment(event, asked, task, spec.refusal)
    steps.take(draft, spec.refused, moment, world)
    draft.update_header(event)


def _answer(draft: Draft, task: Task, asked: TaskReply, world: World) -> None:
    """What was asked is done; where others have to answer in turn, the next of them is asked."""
    spec, said = draft.policy.task[task.task], asked.said
    draft.keep_form(spec.answer, said)
    others = after(spec.to, task.role) if spec.in_order else ()
    event = tasks.answer(draft, task, said)
    if others:
        answered_by = tuple(
            dict.fromkeys((*task.answered_by, *_answering(draft.case, task, asked.actor, world)))
        )
        steps.send(draft, spec, others, world, giver=task.giver, answered_by=answered_by)
    else:
        steps.take(draft, spec.answered, _moment(event, asked, task, spec.answer), world)
    draft.update_header(event)


def _answering(case: Case, task: Task, actor: str, world: World) -> list[str]:
    """Who answers a task, first in person, then in whose place: of who was asked, and of the role where they have it not."""
    staff = {one.id for one in world.staff(case, task.role)}
    asked = {task.to} if actor in staff else {task.to, *staff}
    return [actor, *sorted(asked & world.directory.represented(actor, world.now) - {actor})]


def allowed(case: Case, actor: str, world: World) -> dict[UUID, list[Verb]]:
    """What somebody may reply to which tasks."""
    if case.policy_key not in world.policies:
        return {}
    rights = Rights(case, actor, world)
    return {
        task.task_id: [verb for verb in VERBS if _unfit(verb, task, rights) is None]
        for task in case.tasks
        if _forbidden(task, rights) is None
    }
