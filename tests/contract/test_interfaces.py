"""The exported documents are whole: every reference leads somewhere, every refusal and topic is described."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.documents import documents as export
from tests.openapi import resolve

NAMES = ("openapi-intake", "openapi-routing", "openapi-desk", "asyncapi")
Document = dict[str, Any]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    folder = tmp_path_factory.mktemp("documents")
    assert CliRunner().invoke(export, [str(folder)]).exit_code == 0
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.iterdir()}


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (part["$ref"],) if isinstance(part.get("$ref"), str) else ()
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from references(each)


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere(exported: dict[str, Document], name: str) -> None:
    refs = set(references(exported[name]))
    assert refs
    for ref in refs:
        assert ref.startswith("#/"), ref
        assert resolve(exported[name], ref), ref


@pytest.mark.parametrize("name", NAMES[:2])
def test_every_operation_of_these_asks_for_a_token(exported: dict[str, Document], name: str) -> None:
    assert exported[name]["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert {str(operation["security"]) for _, operation in operations(exported[name])} == {
        str([{"token": []}])
    }


def test_every_operation_of_desk_but_signing_in_asks_for_a_session(exported: dict[str, Document]) -> None:
    assert exported["openapi-desk"]["components"]["securitySchemes"]["session"]["in"] == "cookie"
    asked = {path: operation["security"] for path, operation in operations(exported["openapi-desk"])}
    signing_in = ("post /v1/session", "get /v1/oidc", "get /v1/oidc/return")
    assert [asked.pop(path) for path in signing_in] == [[], [], []]
    assert asked.pop("get /v1/cases") == [{"token": []}, {"session": []}]
    assert list(asked.values()) == [[{"session": []}]] * len(asked)
    assert len(asked) > 5


@pytest.mark.parametrize("name", NAMES[:3])
def test_every_operation_refuses_with_problem_documents(exported: dict[str, Document], name: str) -> None:
    for path, operation in operations(exported[name]):
        for status, answer in operation["responses"].items():
            media = ["application/json"] if int(status) < 400 else ["application/problem+json"]
            assert list(answer.get("content", media)) == media, (path, status)
            assert "content" in answer or status in {"204", "302"}, (path, status)


def operations(document: Document) -> list[tuple[str, Any]]:
    """Every operation of a service by its method and path."""
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_actions_declare_the_headers_without_which_they_are_refused(exported: dict[str, Document]) -> None:
    paths = exported["openapi-routing"]["paths"]
    actions = {
        path: operations["post"]
        for path, operations in paths.items()
        if re.match("/v1/cases/{case}/(actions|tasks)/", path)
    }
    [look] = [one for one in paths["/v1/cases/{case}/reveal"]["post"]["parameters"] if one["in"] == "header"]
    assert (look["name"], look["required"]) == ("Idempotency-Key", True)
    assert {"/v1/cases/{case}/actions/judge", "/v1/cases/{case}/tasks/{task}/accept"} <= actions.keys()
    for path, operation in actions.items():
        needed = {each["name"] for each in operation["parameters"] if each["required"]}
        places = set(re.findall(r"{(\w+)}", path))
        assert needed == {"Idempotency-Key", "If-Match"} | places, path
        assert places <= {"case", "task"}, path


def test_every_topic_says_what_it_carries(exported: dict[str, Document]) -> None:
    assert exported["asyncapi"]["channels"].keys() >= {"contacts", "cases", "routing.dead"}
    for topic, channel in exported["asyncapi"]["channels"].items():
        carried = {"record", "unreadable", "replayed"} if topic.endswith(".dead") else {"record"}
        assert carried <= channel["messages"].keys(), topic
        assert set(references(channel["messages"]["record"])), topic


def test_a_dead_topic_names_what_its_service_reads_and_why_it_was_set_aside(
    exported: dict[str, Document],
) -> None:
    record = exported["asyncapi"]["channels"]["notify.dead"]["messages"]["record"]
    read = {ref.rpartition(".")[2] for ref in references(record)}
    assert read == {"cases", "deadlines", "outreach"}
    assert set(record["headers"]["required"]) == {"redress-reason", "redress-origin", "redress-error"}
