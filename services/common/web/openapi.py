"""What the framework cannot find out about a service's HTTP interface: schemas, tokens, headers and refusals."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from services.common.web.problems import MEDIA_TYPE, ProblemDocument

JSON = "application/json"
SCHEMA = "#/components/schemas/{model}"
SIGNED = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Says who asks."}
}
IN_SESSION = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "redress_session",
        "description": "Says who is signed in.",
    }
}
REFUSED = {
    400: "A header is missing or malformed.",
    401: "Who is asking is not known.",
    403: "Whoever asks may not, or is not in the directory; `rule` says which.",
    404: "Nothing of that id is known to whoever asks.",
    408: "The body did not come in time.",
    409: "A rule forbids it now; `rule` names it.",
    412: "It has changed since it was seen.",
    413: "The body is too large.",
    415: "The body is said to be something else than JSON in UTF-8.",
    422: "Fields are not valid and named in `errors`, or a rule forbids it, named in `rule`.",
    428: "If-Match is missing.",
    503: "A part is away. What was asked may still be carried out: ask again with the same key.",
}
HEADERS = {
    "ETag": "The revision that is shown, for If-Match.",
    "Idempotency-Key": "The key it goes by, also when one was drawn.",
    "Location": "Where to look.",
    "Retry-After": "Seconds to wait.",
    "WWW-Authenticate": "How to sign in.",
}
SENT = {401: ("WWW-Authenticate",), 412: ("ETag",), 503: ("Retry-After",)}

Responses = dict[int | str, dict[str, Any]]


def response(description: str, model: type[BaseModel], *headers: str, media: str = JSON) -> dict[str, Any]:
    """A response: its body and the headers it comes with."""
    described = {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in headers}
    content = {media: {"schema": _ref(model)}}
    return {"description": description, "content": content} | ({"headers": described} if described else {})


def refused(
    *statuses: int, model: type[BaseModel] = ProblemDocument, headers: Iterable[str] = ()
) -> Responses:
    """Answers as problem documents; `model` where it has members of its own."""
    return {
        status: response(REFUSED[status], model, *SENT.get(status, ()), *headers, media=MEDIA_TYPE)
        for status in statuses
    }


def request(
    body: type[BaseModel] | None = None,
    *headers: Mapping[str, Any],
    signed: Mapping[str, Any] = SIGNED,
) -> dict[str, Any]:
    """What an operation takes: something that says who asks, headers, and perhaps a body."""
    taken = {"requestBody": _body(body)} if body else {}
    return {"security": [{name: []} for name in signed], "parameters": list(headers), **taken}


def header(name: str, description: str, *, required: bool, **schema: Any) -> dict[str, Any]:
    """A header that an operation reads."""
    text = {"type": "string", **schema}
    return {"name": name, "in": "header", "required": required, "description": description, "schema": text}


def complete(app: FastAPI, models: Iterable[type[BaseModel]], signed: Mapping[str, Any] = SIGNED) -> None:
    """Add to the document of `app` the models that its operations refer to, and how it knows who asks."""
    framework = app.openapi
    every: list[type[BaseModel]] = [*models, ProblemDocument]
    named: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in every]
    schemas = models_json_schema(named, ref_template=SCHEMA)[1]["$defs"]

    def openapi() -> dict[str, Any]:
        document = framework()
        components = document.setdefault("components", {})
        components["schemas"] = {**components.get("schemas", {}), **schemas}
        components["securitySchemes"] = dict(signed)
        return document

    app.openapi = openapi  # type: ignore[method-assign] # the framework's own way to say more


def _body(model: type[BaseModel]) -> dict[str, Any]:
    needed = any(field.is_required() for field in model.model_fields.values())
    return {"required": needed, "content": {JSON: {"schema": _ref(model)}}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": SCHEMA.format(model=model.__name__)}
