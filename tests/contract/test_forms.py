"""The document of routing says what people fill in for each action and reply, by every policy that is published."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from schemas.base import Bilingual
from schemas.forms import FieldSpec, FormSpec
from schemas.policies import Policy
from services.common.runtime.files import folders
from services.routing.api import install
from services.routing.domain.policies import CompiledPolicy
from services.routing.settings import POLICIES as SHIPPED
from services.routing.settings import Settings
from services.routing.store.policy_files import load_policy
from tests.casework import POLICIES, gtmc
from tests.memory_routing import MemoryRouting
from tests.openapi import OpenApi
from tests.signing import keyring

ACTIONS, TASKS = "/v1/cases/{case}/actions/", "/v1/cases/{case}/tasks/{task}/"
TITLE = Bilingual(zh="", en="Another")


def starting(policies: Path) -> FastAPI:
    """Routing's interface before it has started."""
    app = FastAPI()
    install(app, Settings(policies=policies), keyring())
    return app


def desk(routing: MemoryRouting) -> FastAPI:
    """Routing's interface, the policy gtmc being published."""
    app = starting(POLICIES)
    app.state.dependencies = routing.dependencies
    return app


@pytest.fixture
def app() -> FastAPI:
    return desk(MemoryRouting())


def body(app: FastAPI, path: str) -> Any:
    """What the document says of the body of a path: whether it has to be sent, and its schema."""
    sent = app.openapi()["paths"][path]["post"]["requestBody"]
    return sent["required"], sent["content"]["application/json"]["schema"]


def takes(app: FastAPI, path: str, value: Any) -> bool:
    return OpenApi(app.openapi()).fits(value, body(app, path)[1])


def another() -> Policy:
    """A policy that has an action of its own, a longer note, and other levels."""
    policy = gtmc().content
    forms = {form.id: form for form in policy.forms}
    place = FieldSpec(id="place", title=TITLE, kind="code")
    forms["note"] = FormSpec(id="note", title=TITLE, fields=(*forms["note"].fields, place))
    thank = policy.action["close"].model_copy(update={"id": "thank", "form": None})
    changes = {"id": "another", "forms": tuple(forms.values()), "actions": (*policy.actions, thank)}
    return policy.model_copy(update=changes)


@pytest.mark.whole
@pytest.mark.parametrize("folder", folders(SHIPPED), ids=lambda folder: folder.name)
def test_every_action_of_a_shipped_policy_is_described_with_the_fields_of_its_form(folder: Path) -> None:
    policy, document = load_policy(folder), starting(SHIPPED).openapi()
    for action in policy.actions:
        operation = document["paths"][ACTIONS + action.id]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        form = policy.form.get(action.form or "")
        fields = [field.id for field in form.fields] if form else []
        needed = [field.id for field in form.fields if field.required] if form else []
        forms = [(list(one["properties"]), one.get("required", [])) for one in schema.get("anyOf", [schema])]
        assert (fields, needed) in forms, action.id


def test_a_body_says_the_fields_of_the_form_the_levels_and_roles_of_the_policy_and_what_is_needed(
    app: FastAPI,
) -> None:
    needed, schema = body(app, ACTIONS + "judge")
    assert (needed, schema["required"], schema["additionalProperties"]) == (True, ["severity"], False)
    assert schema["properties"]["severity"]["enum"] == ["general", "major_preliminary", "major"]
    assert schema["properties"]["severity"]["description"] == "Complaint type"
    roles = body(app, ACTIONS + "transfer")[1]["properties"]["role"]["enum"]
    assert roles == list(gtmc().content.role)


def test_a_reply_takes_the_form_of_whichever_task_it_is_for(app: FastAPI) -> None:
    assert takes(app, TASKS + "answer", {"severity": "major"})
    assert takes(app, TASKS + "answer", {})
    assert takes(app, TASKS + "refuse", {"reason": "no"})
    assert not takes(app, TASKS + "accept", {"reason": "no"})
    assert body(app, TASKS + "accept")[0] is False


def test_the_document_follows_what_is_published_and_says_each_form_once() -> None:
    routing = MemoryRouting()
    app = desk(routing)
    assert ACTIONS + "thank" not in app.openapi()["paths"]
    assert not takes(app, ACTIONS + "contact", {"note": "called", "place": "yard"})
    policy = another()
    routing.casework.policies.follow(CompiledPolicy(policy, policy.version))
    needed, nothing = body(app, ACTIONS + "thank")
    assert (needed, nothing["properties"], nothing["additionalProperties"]) == (False, {}, False)
    assert takes(app, ACTIONS + "contact", {"note": "called", "place": "yard"})
    whose = [one["description"] for one in body(app, ACTIONS + "contact")[1]["anyOf"]]
    assert whose == ["Note (gtmc)", "Another (another)"]
    assert body(app, ACTIONS + "resolve")[1]["description"] == "Course and result (gtmc, another)"


def test_every_operation_has_an_id_and_a_title_of_its_own(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    told = [paths[path]["post"] for path in paths if path.startswith((ACTIONS, TASKS))]
    assert len({one["operationId"] for one in told}) == len(told) == len(gtmc().content.actions) + 3
    assert paths[ACTIONS + "contact"]["post"]["summary"] == "speak with the customer"


def test_a_wrong_file_is_left_out_and_without_any_policy_every_body_may_be_sent(tmp_path: Path) -> None:
    shutil.copytree(POLICIES / "gtmc", tmp_path / "gtmc")
    shutil.copytree(POLICIES / "gtmc", tmp_path / "broken")
    assert ACTIONS + "judge" in starting(tmp_path).openapi()["paths"]
    shutil.rmtree(tmp_path / "gtmc")
    paths = starting(tmp_path).openapi()["paths"]
    assert ACTIONS + "judge" not in paths
    assert "requestBody" not in paths[ACTIONS + "{action}"]["post"]
