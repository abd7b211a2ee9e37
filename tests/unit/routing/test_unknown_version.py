"""A case whose policy version is not known here yet is read as before, and waits with all that is decided about it."""

from uuid import uuid4

import pytest

from services.common.store.decision import Cause, Wait
from services.common.store.document import Document
from services.routing.api.responses import case_response
from services.routing.domain import acting, replies
from services.routing.domain.case import Case
from services.routing.domain.decide import decide
from services.routing.domain.policies import CompiledPolicy, Policies
from services.routing.domain.reassignment import Reassign
from tests.announcing import move
from tests.casework import Casework, gtmc, stored_contact
from tests.dealership import MONDAY, a_contact, directory_file, person
from tests.unit.routing.test_reassignment import FIRE, reload

STAFF = ("op-1", "op-2", "cr-1", "dm-service", "dm-sales", "sa-1", "sa-2", "gm-1")
NOBODY_OF_THE_ROLE = {"operator": ("op-1", "op-2"), "reviewer": ("cr-1",), "dealer": STAFF[:-1]}


def unknown(casework: Casework, case: Case) -> None:
    casework.policies = Policies(default="gtmc")
    assert case.policy_key not in casework.policies


def test_a_contact_of_a_policy_without_a_version_to_go_by_opens_no_case_by_another_and_waits() -> None:
    casework = Casework()
    casework.policies = Policies(default="quay")
    other = CompiledPolicy(gtmc().content.model_copy(update={"id": "quay"}), "1")
    casework.policies.follow(other)
    casework.policies.move(move("later", 1))
    assert casework.decide(None, uuid4(), stored_contact(a_contact())) == Wait("gtmc@current")
    casework.policies.put("gtmc@later", CompiledPolicy(gtmc().content, "later"))
    assert casework.receive().policy_version == "later"


@pytest.mark.parametrize("name", [one.id for one in directory_file().people])
@pytest.mark.parametrize("without", NOBODY_OF_THE_ROLE)
@pytest.mark.parametrize("narrative", ["空调有异响", FIRE])
def test_anybody_reads_it_and_may_do_nothing_yet(name: str, without: str, narrative: str) -> None:
    casework = Casework()
    reload(casework, without=NOBODY_OF_THE_ROLE[without])
    case = casework.receive(a_contact(narrative))
    unknown(casework, case)
    shown = case_response(case, 1, person(name), casework.world())
    assert (shown["number"], shown["actions"], shown["replies"]) == (case.number, [], {})


def test_it_shows_again_what_may_be_done_once_the_version_is_known() -> None:
    casework = Casework()
    known = casework.policies
    case = casework.receive()
    [task] = case.hand_overs
    unknown(casework, case)
    assert acting.allowed(case, "cr-1", casework.world()) == []
    assert replies.allowed(case, "cr-1", casework.world()) == {}
    casework.policies = known
    assert "contact" in acting.allowed(case, "cr-1", casework.world())
    assert replies.allowed(case, "cr-1", casework.world()) == {task.task_id: ["accept", "refuse"]}


def test_an_action_repeated_is_answered_with_the_case() -> None:
    casework = Casework()
    case = casework.receive()
    document = Document[Case](case.id, state=case)
    asked = Cause(case.id, uuid4(), casework.replied(case, "cr-1", "accept"), digest="said")
    outcomes = [document.take(asked, lambda now, cause: decide(now, cause, casework.world()), MONDAY)]
    unknown(casework, case)
    outcomes += [document.take(asked, lambda now, cause: decide(now, cause, casework.world()), MONDAY)]
    assert [one.kind for one in outcomes] == ["applied", "duplicate"]
    assert outcomes[1].state is not None
    assert case_response(outcomes[1].state, 1, person("cr-1"), casework.world())["owner"] == "cr-1"


@pytest.mark.parametrize("gone", ["owner", "hand_over", "support"])
def test_whose_it_was_is_left_until_the_version_is_known(gone: str) -> None:
    casework = Casework()
    case = casework.receive(a_contact(FIRE))
    names = {"owner": case.owner, **{task.task: task.to for task in case.tasks}}
    reload(casework, without=[names[gone]])
    unknown(casework, case)
    assert casework.decide(case, case.id, Reassign()) == Wait(case.policy_key)
