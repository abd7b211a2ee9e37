"""The steps of a policy, taken: one table of all that a step can do.

What a policy lets follow is taken when somebody acts (`acting`), replies to a task (`replies`), a deadline passes
(`folding`) or the customer speaks (`opening`, `contact_added`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from schemas.cases import CaseActed, CaseTaskSent
from schemas.deadlines import DeadlineEscalationDue, DeadlineMessage
from schemas.ladders import LadderSpec
from schemas.staffing import Queue, place
from schemas.steps import ACTOR, Step
from schemas.tasks import TaskSpec, after
from schemas.vocabulary import Role
from services.common.store.decision import Change, Refusal
from services.routing.domain import judging, ladder, naming, tasks
from services.routing.domain.assignment import Chosen
from services.routing.domain.case import PASSED, Case, Task
from services.routing.domain.draft import Draft
from services.routing.domain.moments import Moment, holds
from services.routing.domain.naming import NamedReceiver
from services.routing.domain.seals import NOTHING, SealedForm
from services.routing.domain.world import World

CARRIED = ("giver", "safety", "suspected", "criteria", "doubts", "tells", "declined", "roles", "answered_by")
"""What goes on with a task that is asked of somebody else."""
NOT_AGAIN = ("declined", "answered_by")
"""Those of whom a task is not asked once more."""


class ForbiddenError(Exception):
    """A rule forbids what somebody wanted to do, as shows only on the way."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def attempt(draft: Draft, decide: Callable[[], None]) -> Change[Case] | Refusal:
    """What was decided, or the rule that forbids it as shows only on the way."""
    try:
        decide()
    except ForbiddenError as forbidden:
        return forbidden.refusal
    return draft.change()


def take(draft: Draft, steps: Sequence[Step], moment: Moment, world: World) -> bool:
    """Take those of the steps whose conditions held before the first of them; raises ForbiddenError.

    True where one of them let the case go to a state, even to that in which it was.
    """
    case, chosen = draft.case, list[Step]()
    for step in steps:
        if holds(step.when, case, moment, earlier=bool(chosen)):
            chosen.append(step)
    for step in chosen:
        for name, effect in EFFECTS.items():
            if getattr(step, name):
                effect(draft, step, moment, world)
    return any(step.to for step in chosen)


def react_graver(draft: Draft, world: World) -> None:
    """What follows where a case is of a level, or suspected of one."""
    take(draft, draft.policy.reactions.graver, Moment(), world)


def ask(draft: Draft, task: Task, chosen: Chosen, world: World, said: SealedForm = NOTHING) -> None:
    """Ask somebody, and let the case go where the policy says that it then goes."""
    before = draft.case
    event = tasks.add(draft, task, chosen, said)
    _follow(draft, task, event, before, world)


def _follow(draft: Draft, task: Task, event: CaseTaskSent, before: Case, world: World) -> None:
    """Let the case go where it goes once somebody is asked, and the task remember what it has moved."""
    went = take(draft, draft.policy.task[task.task].sent, Moment(event=event, task=task), world)
    moves = task.moves_owner and task.ladder is None
    ladders = [
        one for one in draft.policy.ladders if one.id == task.ladder or (moves and one.asks_by(task.task))
    ]
    if ladders:
        draft.set(rungs={**draft.case.rungs, **{one.id: one.position(task.role) or 0 for one in ladders}})
    tasks.keep_moves(draft, task, before, went=went)


def _send(draft: Draft, step: Step, moment: Moment, world: World) -> None:
    """Ask whom the form names, or the first on duty of the roles."""
    if step.send is None:
        return
    spec = draft.policy.task[step.send.task]
    who = None if step.send.to else naming.named(draft.policy.form.get(moment.form or ""), moment)
    if spec.moves_owner and isinstance(moment.event, CaseActed):
        # Whoever declined what was asked before has not declined this.
        draft.set(declined_by=())
    if who is not None:
        _send_by_name(draft, spec, who, moment, world)
    elif ACTOR in step.send.to and moment.actor:
        _send_to_actor(draft, spec, moment.actor, moment, world)
    else:
        giver = {"giver": moment.actor} if moment.actor else {}
        send(draft, spec, step.send.to or spec.to, world, said=moment.said, **giver)


def _send_to_actor(draft: Draft, spec: TaskSpec, actor: str, moment: Moment, world: World) -> None:
    """Ask whoever has acted, in the role in which they did."""
    role, chosen = moment.roles[0], Chosen(actor, "named", {})
    seat = _seat(draft.case, role, chosen, world)
    task = tasks.new(draft, spec, seat, chosen, world, via="rule", giver=actor, roles=(role,))
    ask(draft, task, chosen, world, moment.said)


def _send_by_name(draft: Draft, spec: TaskSpec, who: NamedReceiver, moment: Moment, world: World) -> None:
    if refusal := naming.forbidden(draft.case, spec, who, moment, world):
        raise ForbiddenError(refusal)
    for task in draft.case.tasks_of(spec.id):
        waits = (spec.moves_owner or spec.single) and not task.accepted
        is_replaced = waits and (
            task.to == who.person or not ladder.is_above(draft.policy, task, moment.roles)
        )
        if is_replaced or task.to == moment.actor:
            tasks.withdraw(draft, task, "replaced")
    moved: dict[str, str] = {}
    if spec.moves_owner:
        moved = naming.move(draft, who, world)
    chosen, seat = Chosen(who.person, "named", moved), Queue(who.at, who.role)
    giver = moment.actor or draft.case.owner
    task = tasks.new(draft, spec, seat, chosen, world, via="transfer", giver=giver, roles=(who.role,))
    ask(draft, task, chosen, world, moment.said)


def send(
    draft: Draft,
    spec: TaskSpec,
    roles: Sequence[Role],
    world: World,
    /,
    said: SealedForm = NOTHING,
    **carried: Any,
) -> Chosen:
    """Ask the first on duty of the roles, else who stands in for one, else the queue of the first.

    None of `not_by` is asked. An owner who has the role already has accepted.
    """
    case = draft.case
    if spec.moves_owner and case.owner_role in roles:
        return _keep(draft, spec, world)
    roles, barred = _now(spec, roles), _barred(case, spec, carried, carried.pop("not_by", ()))
    role, chosen = world.first(case, roles, barred)
    seat = _seat(case, role, chosen, world)
    facts = {"via": "assignment", "roles": tuple(roles), **carried}
    task = tasks.new(draft, spec, seat, chosen, world, **facts)
    ask(draft, task, chosen, world, said)
    return chosen


def _now(spec: TaskSpec, roles: Sequence[Role]) -> Sequence[Role]:
    """Those of the roles of whom it is asked now: in turn means that none is left out."""
    return roles[:1] if spec.in_order else roles


def _barred(
    case: Case, spec: TaskSpec, carried: Mapping[str, Any], not_by: Collection[str] = ()
) -> frozenset[str]:
    """Of whom a task is not asked."""
    barred = frozenset(not_by).union(*(carried.get(name, ()) for name in NOT_AGAIN))
    barred |= {carried["giver"]} if spec.by_another and "giver" in carried else set()
    return barred | ({case.owner} if spec.moves_owner else set())


def _keep(draft: Draft, spec: TaskSpec, world: World) -> Chosen:
    """What is asked of the owner in their own role is accepted as soon as it is asked."""
    case = draft.case
    chosen = Chosen(case.owner, "owner", {"role": case.owner_role})
    task = tasks.new(draft, spec, Queue(case.owner_place, case.owner_role), chosen, world, via="assignment")
    ask(draft, task, chosen, world)
    event = tasks.accept(draft, task, case.owner, case.owner_post)
    take(draft, spec.accepted, Moment(event=event, task=task), world)
    return chosen


def _seat(case: Case, role: Role, chosen: Chosen, world: World) -> Queue:
    """The place and role in which somebody is asked; a queue of last resort in the role that is needed."""
    queue = Queue.named(chosen.person)
    return Queue(queue.at if queue else place(case, world.policy(case).role[role].at), role)


def _withdraw(draft: Draft, step: Step, _moment: Moment, _world: World) -> None:
    for task in draft.case.tasks:
        if task.task in step.withdraw:
            tasks.withdraw(draft, task, "over")


def _move(draft: Draft, step: Step, moment: Moment, _world: World) -> None:
    if step.to is not None:
        draft.move(step.to)
        if not isinstance(moment.event, CaseTaskSent):
            tasks.forget_moves(draft)


def _judge(draft: Draft, step: Step, moment: Moment, world: World) -> None:
    if step.judge is None:
        return
    level = str(moment.said.values[step.judge.level])
    if refusal := judging.judge(draft, level, step.judge.reason, moment, world):
        raise ForbiddenError(refusal)
    react_graver(draft, world)


def _as_suspected(draft: Draft, _step: Step, moment: Moment, world: World) -> None:
    task = moment.task and draft.case.task(moment.task.task_id)
    if task and judging.act_as_suspected(draft, task, "not_in_time"):
        react_graver(draft, world)


def _ask(draft: Draft, step: Step, moment: Moment, world: World) -> None:
    """Ask others: of the same roles, where somebody has declined; of those after it, where nobody has answered."""
    task = moment.task
    if task is None:
        return
    spec = draft.policy.task[task.task]
    carried = {name: getattr(task, name) for name in CARRIED}
    if step.ask == "others":
        in_person = () if Queue.named(task.to) else (task.to,)
        declined = dict.fromkeys((*task.declined, *in_person, *filter(None, (moment.actor,))))
        carried |= {"via": "anew", "declined": tuple(declined), "not_by": ladder.passed(draft.case, world)}
        send(draft, spec, [task.role], world, said=SealedForm(values=task.values), **carried)
        return
    roles = _now(spec, after(spec.to if spec.in_order else task.roles or spec.to, task.role))
    barred = _barred(draft.case, spec, carried)
    if any(world.person(draft.case, role, barred) for role in roles):
        tasks.withdraw(draft, task, "unanswered")
        send(draft, spec, roles, world, said=SealedForm(values=task.values), **{**carried, "via": "anew"})


def _escalate(draft: Draft, step: Step, moment: Moment, world: World) -> None:
    """One rung up a ladder, once per pass: whoever is next is asked to take over or stand by, or only told."""
    case, spec = draft.case, draft.policy.ladder[step.escalate or ""]
    if case.is_over or (spec.asks and case.stage in PASSED):
        return
    due = moment.event if isinstance(moment.event, DeadlineMessage) else None
    if isinstance(due, DeadlineEscalationDue) and _is_same_pass(case, spec, due):
        _answer_as_well(draft, spec, due)
        return
    accountable = due.accountable if due else case.owner_role
    if not spec.asks:
        ladder.notify_supervisor(draft, spec, accountable, due, world)
    elif (step_up := ladder.next_rung(case, spec, accountable, world)) is not None:
        _ask_rung(draft, spec, step_up, moment, world)
    draft.set(passes={**draft.case.passes, spec.id: draft.at})


def _is_same_pass(case: Case, spec: LadderSpec, due: DeadlineEscalationDue) -> bool:
    """What was found due no later than the last escalation is answered by it: one rung, not two."""
    last = case.passes.get(spec.id)
    return last is not None and due.occurred_at <= last


def _answer_as_well(draft: Draft, spec: LadderSpec, due: DeadlineEscalationDue) -> None:
    """Let the last escalation stand for this breach too."""
    sent = [task for task in draft.case.tasks if task.breaches and task.ladder == spec.id]
    if sent:
        tasks.replace(draft, sent[-1].task_id, breaches=(*sent[-1].breaches, due.breach))


def _ask_rung(draft: Draft, spec: LadderSpec, up: ladder.Next, moment: Moment, world: World) -> None:
    due = moment.event if isinstance(moment.event, DeadlineEscalationDue) else None
    breaches, deadline = ((due.breach,), due.deadline) if due else ((), None)
    before, asked = draft.case, draft.policy.task[up.rung.task or ""]
    theirs = [task for task in before.tasks_of(asked.id) if task.to == up.chosen.person]
    if theirs and theirs[-1].accepted:
        # They have taken it on already: that it is their turn is for them to know.
        ladder.notify(draft, spec, up.rung.role, up.chosen, due)
        tasks.keep_notified(draft, theirs[-1], spec.id, up.at, breaches)
        return
    if theirs:
        more = {"ladder": spec.id, "breaches": (*theirs[-1].breaches, *breaches), "deadline": deadline}
        task = theirs[-1].model_copy(update=more)
        _follow(draft, task, tasks.ask_again(draft, task), before, world)
        return
    declined = tuple(name for one in before.tasks_of(asked.id) for name in one.declined)
    seat = _seat(before, up.rung.role, up.chosen, world)
    facts = {"ladder": spec.id, "breaches": breaches, "declined": declined, "deadline": deadline}
    task = tasks.new(draft, asked, seat, up.chosen, world, via="escalation", roles=(up.rung.role,), **facts)
    ask(draft, task, up.chosen, world, NOTHING if due else moment.said)


EFFECTS: dict[str, Callable[[Draft, Step, Moment, World], None]] = {
    "judge": _judge,
    "as_suspected": _as_suspected,
    "withdraw": _withdraw,
    "to": _move,
    "send": _send,
    "escalate": _escalate,
    "ask": _ask,
}
"""By the field of a step, in the order in which what one step says is done."""
