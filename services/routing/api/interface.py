"""What the interface's document says of actions and replies: it follows the published policies."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, get_args

from fastapi import FastAPI

from schemas.policies import Policy
from schemas.vocabulary import FormName
from services.common.runtime.files import folders
from services.common.web.openapi import JSON
from services.routing.api.actions import router
from services.routing.api.dependencies import Dependencies
from services.routing.domain.policies import CompiledPolicy
from services.routing.domain.replies import Verb, form_for, never
from services.routing.settings import Settings
from services.routing.store.policy_files import compile_policy, load_policy

ACT, REPLY = (f"{router.prefix}/{{case}}/{path}" for path in ("actions/{action}", "tasks/{task}/{reply}"))

Asked = tuple[str, Policy, FormName | None]
"""A form that is filled in for something, by which policy, and what of the policy asks for it."""
Operation = dict[str, Any]


def describe(app: FastAPI, settings: Settings) -> None:
    """Let the document have a path for each action and reply, with the forms of all policies that are published.

    Before the service has started it goes by the files that are to be published.
    """
    framework = app.openapi

    def openapi() -> dict[str, Any]:
        document = framework()
        ready: Dependencies | None = getattr(app.state, "dependencies", None)
        policies = tuple(ready.cases.world().policies.ready.values()) if ready else _of_files(settings)
        return {**document, "paths": _paths(document["paths"], policies)} if policies else document

    app.openapi = openapi  # type: ignore[method-assign] # the framework's own way to say more


def _of_files(settings: Settings) -> tuple[CompiledPolicy, ...]:
    """The policies in our own files; one that is wrong is told of where it is published."""
    found = []
    for folder in folders(settings.policies):
        with suppress(ValueError):
            found.append(compile_policy(load_policy(folder)))
    return tuple(found)


def _paths(paths: Mapping[str, Any], policies: tuple[CompiledPolicy, ...]) -> dict[str, Any]:
    """The paths, of which those of any action and of any reply are told apart."""
    told = {
        **_paths_of(ACT, "action", paths[ACT]["post"], policies),
        **_paths_of(REPLY, "reply", paths[REPLY]["post"], policies),
    }
    return told | {path: operations for path, operations in paths.items() if path not in {ACT, REPLY}}


def _paths_of(
    path: str, name: str, any_of_them: Operation, policies: tuple[CompiledPolicy, ...]
) -> dict[str, Any]:
    """A path for each of what `name` stands for in `path`."""
    return {
        path.replace(f"{{{name}}}", one): {
            "post": {
                **any_of_them,
                "summary": title,
                "operationId": f"{name}_{one}",
                "parameters": [each for each in any_of_them["parameters"] if each["name"] != name],
                "requestBody": body,
            }
        }
        for one, title, body in _bodies(name, policies)
    }


@lru_cache(maxsize=2)
def _bodies(name: str, policies: tuple[CompiledPolicy, ...]) -> tuple[tuple[str, str, Operation], ...]:
    """Each action, or each reply, with its title and the body that it takes; described once, they may be many."""
    contents = [policy.content for policy in policies]
    found = dict(_actions(contents) if name == "action" else _replies(contents))
    return tuple((one, title, _body(asked)) for one, (title, asked) in found.items())


def _actions(policies: Iterable[Policy]) -> Iterator[tuple[str, tuple[str, list[Asked]]]]:
    titles: dict[str, str] = {}
    asked: dict[str, list[Asked]] = defaultdict(list)
    for policy in policies:
        for action in policy.actions:
            titles.setdefault(action.id, action.title.en)
            asked[action.id].append((policy.id, policy, action.form))
    yield from ((action, (titles[action], forms)) for action, forms in asked.items())


def _replies(policies: Iterable[Policy]) -> Iterator[tuple[str, tuple[str, list[Asked]]]]:
    every = [(policy, task) for policy in policies for task in policy.tasks]
    for verb in get_args(Verb):
        asked: list[Asked] = [
            (f"{policy.id} {task.id}", policy, form_for(task, verb))
            for policy, task in every
            if never(task, verb) is None
        ]
        yield verb, (f"{verb} a task", asked)


def _body(asked: Iterable[Asked]) -> Operation:
    """A body that is one of the forms, each said once; `anyOf`, for what fits one policy's may fit another's as well."""
    whose: dict[str, list[str]] = defaultdict(list)
    schemas: dict[str, dict[str, Any]] = {}
    for name, policy, form in asked:
        schema = policy.model(form).model_json_schema()
        schemas[str(schema)] = schema
        whose[str(schema)] += [name] if name not in whose[str(schema)] else []
    forms = [
        {**schema, "description": f"{schema['description']} ({', '.join(whose[key])})"}
        for key, schema in schemas.items()
    ]
    schema = forms[0] if len(forms) == 1 else {"anyOf": forms}
    needed = bool(forms) and all(form.get("required") for form in forms)
    return {"required": needed, "content": {JSON: {"schema": schema if forms else {"type": "object"}}}}
