"""Replies to one of several tasks of a case: to that which is asked of somebody."""

from services.common.store.decision import Change
from services.routing.domain.case import Case, Task
from services.routing.domain.replies import TaskReply, Verb
from tests.casework import Casework


def task_to(case: Case, name: str) -> Task:
    """What is asked of somebody, last."""
    return [task for task in case.tasks if task.to == name][-1]


def replied(casework: Casework, case: Case, name: str, verb: Verb) -> TaskReply:
    """The reply of somebody to what is asked of them, with what its form needs."""
    task = task_to(case, name)
    return casework.replied(case.model_copy(update={"tasks": (task,)}), name, verb, task.task)


def reply(casework: Casework, case: Case, name: str, verb: Verb) -> Case:
    """Somebody replies to what is asked of them."""
    casework.later(minutes=1)
    decision = casework.decide(case, case.id, replied(casework, case, name, verb))
    assert isinstance(decision, Change), f"not taken: {decision}"
    return decision.state
