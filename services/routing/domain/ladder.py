"""The rungs of a ladder: whom a case goes to next, who is notified, and what is taken back."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from schemas.cases import CaseEscalated
from schemas.deadlines import DeadlineMessage
from schemas.ladders import LadderSpec, Rung
from schemas.policies import Policy
from schemas.staffing import Queue, place
from schemas.vocabulary import Role
from services.routing.domain import tasks
from services.routing.domain.assignment import Chosen
from services.routing.domain.case import Case, Task
from services.routing.domain.draft import Draft
from services.routing.domain.world import World


class Next(NamedTuple):
    """The rung that a case goes to, by its place on the ladder, and who of it is asked."""

    at: int
    rung: Rung
    chosen: Chosen


def next_rung(case: Case, ladder: LadderSpec, accountable: Role, world: World) -> Next | None:
    """The next rung with somebody on duty who has not let it pass, else one whose queue has others; None at the top.

    Whom it names is asked; the owner stays who it is until they accept.

    Counted from who missed the time; a role that is not on the ladder counts as its lowest rung, who works below it.
    """
    start = max(case.rungs.get(ladder.id, 0), ladder.position(accountable) or 0)
    above = [
        (at, rung) for at, rung in enumerate(ladder.rungs) if at > start and _has_place(case, rung, world)
    ]
    barred = passed(case, world)
    for at, rung in above:
        if (chosen := _of_rung(case, rung, barred, world)) is not None:
            return Next(at, rung, chosen)
    return _queue(case, above, barred, world) if above else None


def notify_supervisor(
    draft: Draft, spec: LadderSpec, accountable: Role, due: DeadlineMessage | None, world: World
) -> None:
    """Tell on somebody of a role who has let a time pass, as often as that was so."""
    case, missed = draft.case, due and (due.deadline, due.task_id)
    repeats = [one.repeats for one in case.breaches if (one.deadline, one.task_id) == missed]
    role, chosen = choose_supervisor(case, spec, accountable, repeats[-1] if repeats else 0, world)
    notify(draft, spec, role, chosen, due)


def notify(draft: Draft, spec: LadderSpec, role: Role, chosen: Chosen, due: DeadlineMessage | None) -> None:
    """Somebody is told that a time has passed, and nothing asked of them."""
    facts = {"ladder": spec.id, "to": chosen.person, "role": role, "deadline": due.deadline if due else ""}
    draft.publish(CaseEscalated, **facts)
    draft.record_history("case.escalated", step=chosen.step, **{**chosen.facts, **facts})


def choose_supervisor(
    case: Case, ladder: LadderSpec, accountable: Role, repeats: int, world: World
) -> tuple[Role, Chosen]:
    """Who is told that somebody of a role has let a time pass: their superior, and one rung higher with every repeat.

    Where nobody else than those of the role is that, it is who is next above, if anybody. Where the case belongs to no
    place of the ladder, it is whoever reads what nobody else does.
    """
    placed = [rung.role for rung in ladder.rungs if _has_place(case, rung, world)]
    rungs = placed or [rung.role for rung in ladder.rungs]
    first = rungs.index(accountable) + 1 if accountable in rungs else 0
    above = rungs[min(first + repeats, len(rungs) - 1) :]
    late = _late(case, accountable, world)
    for role in above:
        if (found := world.present(case, [role], late)) is not None:
            return found
    return world.first(case, above[:1])


def _late(case: Case, accountable: Role, world: World) -> frozenset[str]:
    """Everybody whose time may have passed."""
    own = (case.owner,) if case.owner_role == accountable else ()
    return frozenset((*own, *(one.id for one in world.staff(case, accountable))))


def _has_place(case: Case, rung: Rung, world: World) -> bool:
    return bool(place(case, world.policy(case).role[rung.role].at))


def _of_rung(case: Case, rung: Rung, barred: frozenset[str], world: World) -> Chosen | None:
    """Somebody on duty; whoever has a task of the rung's kind in its role already goes before others."""
    same = [task for task in case.tasks_of(rung.task) if task.role == rung.role and not task.moves_owner]
    asked = [task.to for task in same if Queue.named(task.to) is None]
    if asked and asked[-1] not in barred:
        return Chosen(asked[-1], "supporter", {"role": rung.role})
    declined = (name for task in case.tasks_of(rung.task) for name in task.declined)
    return world.person(case, rung.role, barred.union(declined))


def _queue(case: Case, above: list[tuple[int, Rung]], barred: frozenset[str], world: World) -> Next:
    """The first queue for which only others answer, one with members before one without; else the highest."""
    queues = [Next(at, rung, world.queue(case, rung.role, barred)) for at, rung in above]
    others = [one for one in queues if barred.isdisjoint(_answering(case, _named(one), world))]
    staffed = (one for one in others if world.directory.staff(*_named(one)))
    return next(staffed, (others or queues[-1:])[0])


def _named(one: Next) -> Queue:
    queue = Queue.named(one.chosen.person)
    if queue is None:
        raise ValueError(f"{one.chosen.person} is no queue")
    return queue


def _answering(case: Case, queue: Queue, world: World) -> Iterator[str]:
    """Whoever would be notified of a case in a queue, and may take it."""
    directory, now = world.directory, world.now
    line = directory.line(case, world.policy(case), queue, now)
    for member in (*directory.staff(*queue), *directory.attending(line, case.department, now)):
        yield from (one.id for one in directory.stand_ins(member, queue.at, now))


def passed(case: Case, world: World) -> frozenset[str]:
    """Who is not asked once more: the owner, whoever it is handed over to, and who declined since it was taken."""
    passed_by = {*case.declined_by, *(task.to for task in case.hand_overs)}
    queues = [queue for name in passed_by if (queue := Queue.named(name))]
    own = Queue.named(case.owner)
    owners = (one.id for one in world.directory.staff(*own)) if own else (case.owner,)
    answering = (one for queue in queues for one in _answering(case, queue, world))
    return frozenset((*owners, *passed_by, *answering))


def is_above(policy: Policy, task: Task, roles: Iterable[Role]) -> bool:
    """Whether a ladder sent a task to somebody above these roles: what they decide does not end it."""
    spec = policy.ladder.get(task.ladder or "")
    if spec is None:
        return False
    return (spec.position(task.role) or 0) > max((spec.position(role) or 0 for role in roles), default=0)


def stand(draft: Draft, role: Role) -> None:
    """The next escalation counts from whoever has accepted (D-20) on each ladder that they are on, or from who is still asked above."""
    for spec in draft.policy.ladders:
        if (at := spec.position(role)) is not None:
            asked = (spec.position(task.role) or 0 for task in draft.case.tasks if _stays(spec, task))
            draft.set(rungs={**draft.case.rungs, spec.id: max((at, *asked))})


def _stays(spec: LadderSpec, task: Task) -> bool:
    return task.ladder == spec.id and task.moves_owner


def withdraw(draft: Draft, breach: UUID, deadline: str) -> None:
    """Take back what a breach escalated, unless somebody has accepted it since or another breach stands for it."""
    for task in draft.case.tasks:
        if breach in task.breaches:
            left = tuple(one for one in task.breaches if one != breach)
            tasks.replace(draft, task.task_id, breaches=left)
            if not left and (task.notified_of is not None or not task.accepted):
                _take_back(draft, task, deadline)


def _take_back(draft: Draft, task: Task, deadline: str) -> None:
    """Of a task that was asked for another reason as well, only what the breach had moved.

    What was found due by then is answered no more, but by an escalation that stands.
    """
    if task.notified_of is not None:
        tasks.take_back_notified(draft, task)
    elif task.via == "escalation":
        tasks.withdraw(draft, task, "not_late", deadline)
    else:
        tasks.take_back_moves(draft, task)
    stand = [one.sent_at for one in draft.case.tasks if one.ladder == task.ladder and one.breaches]
    passes = {name: at for name, at in draft.case.passes.items() if name != task.ladder}
    draft.set(passes={**passes, task.ladder: max(stand)} if task.ladder and stand else passes)
