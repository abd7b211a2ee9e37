"""What is suspected is confirmed by a person and acts only then, a safety matter also where nobody answers.

The task goes to the first on duty of the roles that the policy names, and to the next of them where it is not answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.cases import CaseSeverityRaised, Role, Unconfirmed
from schemas.identity import task_id
from schemas.severity import Doubt, Level, SeverityPolicy
from schemas.staffing import Queue, place
from services.routing.domain.assessment import Assessment
from services.routing.domain.assignment import queued
from services.routing.domain.case import Case, Task
from services.routing.domain.draft import Draft
from services.routing.domain.manufacturer_support import request_where_severe
from services.routing.domain.policies import CompiledPolicy
from services.routing.domain.tasks import answer, find_task, first_on_duty, send, withdraw
from services.routing.domain.world import World


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is to be confirmed: a graver level by these criteria, or without one the level as it is."""

    level: Level | None
    criteria: tuple[str, ...]
    doubts: tuple[Doubt, ...]

    @staticmethod
    def of(task: Task) -> "Suspicion":
        return Suspicion(task.suspected, task.criteria, task.doubts)

    def is_safety(self, policy: SeverityPolicy) -> bool:
        """Whether the safety of people may hang on it."""
        return any(criterion.safety for criterion in policy.criteria if criterion.id in self.criteria)


def request_confirmation(draft: Draft, assessment: Assessment, world: World) -> None:
    """Ask a person to confirm what a contact lets suspect, and nobody any more where it is certain by now."""
    policy, task = world.policy(draft.case), find_task(draft.case, "confirm")
    if task is not None and task.suspected is not None:
        gravity = policy.content.severity.gravity
        if gravity(assessment.level) >= gravity(task.suspected):
            draft.set(suspected=None)
            withdraw(draft, task, "certain")
            task = None
    suspicion = _suspicion(draft.case, assessment, task, world)
    spec = policy.task("confirm")
    if spec is None or suspicion is None:
        return
    if task is not None:
        withdraw(draft, task, "widened")
    _ask(draft, suspicion, spec.to, world)


def _suspicion(case: Case, assessment: Assessment, task: Task | None, world: World) -> Suspicion | None:
    """What is to be confirmed, together with what the task asks; None where it asks that already, or nothing is."""
    policy, suspected = world.policy(case), assessment.suspected
    new = Suspicion(suspected, assessment.suspicions, assessment.doubts)
    if not new.doubts or (suspected is not None and not _is_graver(suspected, case.severity, policy)):
        return None
    if task is None:
        return new
    is_graver = suspected is not None and _is_graver(suspected, task.suspected, policy)
    if not is_graver and (task.safety or not new.is_safety(policy.content.severity)):
        return None
    criteria = policy.content.severity.rank((*task.criteria, *new.criteria))
    return Suspicion(
        suspected if is_graver else task.suspected,
        criteria,
        tuple(dict.fromkeys((*task.doubts, *new.doubts))),
    )


def _is_graver(level: Level, other: Level | None, policy: CompiledPolicy) -> bool:
    gravity = policy.content.severity.gravity
    return other is None or gravity(level) > gravity(other)


def _ask(draft: Draft, suspicion: Suspicion, roles: Sequence[Role], world: World) -> None:
    """Ask the first on duty; where nobody is, whoever comes first, and a safety matter acts at once."""
    case, policy = draft.case, world.policy(draft.case)
    chosen = first_on_duty(case, roles, world)
    role, person = chosen or (roles[0], queued(Queue(place(case, roles[0]), roles[0])))
    level = suspicion.level and policy.content.severity.level(suspicion.level)
    task = Task(
        task_id=task_id(draft.cause, "confirm"), task="confirm", to=person.person, role=role,
        safety=suspicion.is_safety(policy.content.severity), at=draft.at,
        post=world.post(case, person.person, role), suspected=suspicion.level, criteria=suspicion.criteria,
        doubts=suspicion.doubts, tells=level.tells_suspected if level else None,
    )  # fmt: skip
    is_open = suspicion.level is not None and _is_graver(suspicion.level, case.severity, policy)
    draft.set(suspected=suspicion.level if is_open else None, confirmed=False)
    send(draft, task, person)
    if chosen is None:
        _act_unconfirmed(draft, task, "nobody_on_duty", world)


def conclude(draft: Draft, level: Level, world: World) -> None:
    """A person has said how severe the case is: what was suspected up to that level holds, the rest does not."""
    task, policy = find_task(draft.case, "confirm"), world.policy(draft.case)
    if task is None:
        return
    table = policy.content.severity
    upheld = [
        criterion.id
        for criterion in table.criteria
        if criterion.id in task.criteria and not _is_graver(criterion.level, level, policy)
    ]
    draft.set(suspected=None, criteria=table.rank((*draft.case.criteria, *upheld)))
    answer(draft, task)


def lapse(draft: Draft, task_id: UUID, world: World) -> None:
    """Nobody has answered in time: a safety matter acts, and the next of the roles is asked who is on duty."""
    task = next((one for one in draft.case.tasks if one.task_id == task_id), None)
    if task is None:
        return
    _act_unconfirmed(draft, task, "not_in_time", world)
    spec = world.policy(draft.case).task(task.task)
    above = spec.to[spec.to.index(task.role) + 1 :] if spec else ()
    if first_on_duty(draft.case, above, world) is not None:
        withdraw(draft, task, "unanswered")
        _ask(draft, Suspicion.of(task), above, world)


def ask_others(draft: Draft, name: str, world: World) -> None:
    """Ask others what was asked of somebody who has gone."""
    for task in draft.case.tasks:
        spec = world.policy(draft.case).task(task.task)
        if task.to == name and spec is not None:
            withdraw(draft, task, "unanswered")
            _ask(draft, Suspicion.of(task), spec.to, world)


def _act_unconfirmed(draft: Draft, task: Task, why: Unconfirmed, world: World) -> None:
    """Let a safety matter act as what it is suspected to be; a person has still to confirm it."""
    case = draft.case
    if not task.safety or case.suspected is None:
        return
    criteria = world.policy(case).content.severity.rank((*case.criteria, *task.criteria))
    draft.set(severity=case.suspected, suspected=None, criteria=criteria)
    change = {"severity": case.suspected, "previous": case.severity, "unconfirmed": why}
    draft.publish(CaseSeverityRaised, criteria=criteria, **change)
    draft.record_history("case.severity_raised", **change)
    request_where_severe(draft, world)
