"""What is suspected is confirmed by a person, and acts only then, or as a safety matter.

The policy names the task by which it is asked, and the roles in their order.
"""

from dataclasses import dataclass

from schemas.severity import Doubt, SeverityPolicy
from schemas.staffing import Queue
from schemas.tasks import TaskSpec
from schemas.vocabulary import Level
from services.routing.domain import judging, steps, tasks
from services.routing.domain.assessment import Assessment
from services.routing.domain.case import Case, Task
from services.routing.domain.draft import Draft
from services.routing.domain.world import World


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is to be confirmed: a graver level by these criteria, or without one the level as it is."""

    level: Level | None
    criteria: tuple[str, ...]
    doubts: tuple[Doubt, ...]

    def is_safety(self, policy: SeverityPolicy) -> bool:
        """Whether the safety of people may hang on it."""
        return any(criterion.safety for criterion in policy.criteria if criterion.id in self.criteria)


def request_confirmation(draft: Draft, assessment: Assessment, world: World) -> None:
    """Ask a person to confirm what a contact lets suspect, and nobody any more where it is certain by now."""
    policy = draft.policy.severity
    spec = draft.policy.task.get(policy.confirmed_by or "")
    task = next(iter(draft.case.tasks_of(policy.confirmed_by)), None)
    if task is not None and _is_certain(task, assessment, policy):
        draft.set(suspected=None)
        tasks.withdraw(draft, task, "certain")
        task = None
    suspicion = _suspicion(draft.case, assessment, task, policy)
    if spec is None or suspicion is None:
        return
    if task is not None:
        tasks.withdraw(draft, task, "widened")
    _ask(draft, suspicion, spec, world)


def _is_certain(task: Task, assessment: Assessment, policy: SeverityPolicy) -> bool:
    """Whether a case is by now at least what a task asks whether it is."""
    asked = task.suspected
    return asked is not None and policy.gravity(assessment.level) >= policy.gravity(asked)


def _suspicion(
    case: Case, assessment: Assessment, task: Task | None, policy: SeverityPolicy
) -> Suspicion | None:
    """What is to be confirmed, together with what the task asks; None where it asks that already, or nothing is."""
    suspected = assessment.suspected
    new = Suspicion(suspected, assessment.suspicions, assessment.doubts)
    if not new.doubts or (suspected is not None and not judging.is_graver(suspected, case.severity, policy)):
        return None
    if task is None:
        return new
    is_graver = suspected is not None and judging.is_graver(suspected, task.suspected, policy)
    if not is_graver and (task.safety or not new.is_safety(policy)):
        return None
    return Suspicion(
        suspected if is_graver else task.suspected,
        policy.rank((*task.criteria, *new.criteria)),
        tuple(dict.fromkeys((*task.doubts, *new.doubts))),
    )


def _ask(draft: Draft, suspicion: Suspicion, spec: TaskSpec, world: World) -> None:
    """Ask the first on duty; where nobody is, whoever comes first, and a safety matter acts at once."""
    case, policy = draft.case, draft.policy.severity
    is_open = suspicion.level is not None and judging.is_graver(suspicion.level, case.severity, policy)
    draft.set(suspected=suspicion.level if is_open else None, confirmed=False)
    chosen = steps.send(
        draft, spec, spec.to, world, safety=suspicion.is_safety(policy), suspected=suspicion.level,
        criteria=suspicion.criteria, doubts=suspicion.doubts, tells=policy.tells_suspected,
    )  # fmt: skip
    task = draft.case.tasks_of(spec.id)[-1]
    if Queue.named(chosen.person) is not None:
        judging.act_as_suspected(draft, task, "nobody_on_duty")
