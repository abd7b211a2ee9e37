"""Checks the responses of a service against its OpenAPI document."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

PLAIN: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
Schema = Mapping[str, Any]


def resolve(document: Mapping[str, Any], ref: str) -> Any:
    """The part of the document that a local reference names; KeyError when there is none."""
    at: Any = document
    for step in ref.removeprefix("#/").split("/"):
        at = at[step.replace("~1", "/").replace("~0", "~")]
    return at


@dataclass(frozen=True)
class OpenApi:
    """The OpenAPI document of a service."""

    document: Mapping[str, Any]

    async def check(self, answer: httpx.Response) -> None:
        """For a client's `event_hooks`: each answer of a declared operation is as declared, and what was taken as well."""
        operation = self.operation(answer.request)
        if operation is None:
            return
        await answer.aread()
        assert str(answer.status_code) in operation["responses"], f"{answer.request.url}: {answer.text}"
        declared = operation["responses"][str(answer.status_code)]
        if "content" not in declared:
            assert not answer.content, answer.text
            return
        [(media, content)] = declared["content"].items()
        assert answer.headers["Content-Type"] == media
        assert {name.lower() for name in declared.get("headers", {})} <= set(answer.headers)
        assert self.fits(answer.json(), content["schema"]), f"{content['schema']}: {answer.text}"
        if answer.is_success and "requestBody" in operation:
            sent = answer.request.content or b"{}"
            [content] = operation["requestBody"]["content"].values()
            assert self.fits(json.loads(sent), content["schema"]), f"{content['schema']}: {sent!r}"

    def operation(self, request: httpx.Request) -> Any:
        """What is declared for a request, or None."""
        for path, operations in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path):
                return operations.get(request.method.lower())
        return None

    def fits(self, value: Any, schema: Schema) -> bool:
        """Whether a value has the shape of a schema, as far as ours go."""
        if "$ref" in schema:
            return self.fits(value, resolve(self.document, schema["$ref"]))
        if "anyOf" in schema:
            return any(self.fits(value, each) for each in schema["anyOf"])
        match schema.get("type"):
            case "object":
                return isinstance(value, dict) and self._fits_object(value, schema)
            case "array":
                return isinstance(value, list) and self._fits_array(value, schema)
            case None:
                return True
            case plain:
                named = schema.get("enum", [schema.get("const", value)])
                return isinstance(value, PLAIN[plain]) and value in named

    def _fits_array(self, value: list[Any], schema: Schema) -> bool:
        if "prefixItems" in schema:
            each = schema["prefixItems"]
            return len(value) == len(each) and all(map(self.fits, value, each))
        return all(self.fits(one, schema["items"]) for one in value)

    def _fits_object(self, value: Mapping[str, Any], schema: Schema) -> bool:
        fits = all(self._fits_member(name, one, schema) for name, one in value.items())
        return fits and set(schema.get("required", ())) <= value.keys()

    def _fits_member(self, name: str, value: Any, schema: Schema) -> bool:
        if name in schema.get("properties", {}):
            return self.fits(value, schema["properties"][name])
        patterns = schema.get("patternProperties", {})
        if meant := [of for pattern, of in patterns.items() if re.search(pattern, name)]:
            return all(self.fits(value, of) for of in meant)
        others = schema.get("additionalProperties", False)
        return others is True or (bool(others) and self.fits(value, others))
