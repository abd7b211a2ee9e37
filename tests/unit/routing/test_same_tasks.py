"""Several tasks of one kind, asked by one decision: each is a task by itself."""

from schemas.policies import Policy, Reactions
from schemas.steps import Send, Step
from services.routing.domain.policies import Policies
from services.routing.store.policy_files import compile_policy
from tests.casework import Casework, gtmc


def asking(*roles: str) -> Casework:
    """A dealership whose policy asks each of the roles for support, as soon as a case opens."""
    opened = tuple(Step(send=Send(task="support", to=(role,))) for role in roles)
    policy = gtmc().content.model_copy(update={"reactions": Reactions(opened=opened)})
    published = Policies(default="gtmc")
    published.follow(compile_policy(Policy.model_validate(policy.model_dump())))
    return Casework(policies=published)


def test_each_is_accepted_and_refused_by_itself() -> None:
    casework = asking("mfr_cr", "dealer_gm")
    case = casework.receive()
    first, second = case.tasks
    assert (first.to, second.to) == ("mfr-1", "gm-1")
    assert first.task_id != second.task_id
    ids = [event.id for event in casework.events()]
    assert len(ids) == len(set(ids))
    accepted = casework.reply(case, "gm-1", "accept", task="support")
    assert [task.accepted for task in accepted.tasks] == [False, True]
    refused = casework.reply(accepted, "gm-1", "refuse", task="support")
    assert first in refused.tasks
    assert second.task_id not in [task.task_id for task in refused.tasks]
