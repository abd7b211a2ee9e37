"""Reads the programmes an operator wrote: one file each, with its severity and notices beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from schemas.policy import Profile
from services.routing.domain.courtesy import TOLD_OF
from services.routing.domain.programme import Programme
from services.routing.domain.severity.rules import compile_rules
from services.routing.settings.severity import load_model, load_policy

Loc = tuple[int | str, ...]


class PolicyError(ValueError):
    """A policy file is wrong; the text names every file, line and field."""


def profile_files(directory: Path) -> list[Path]:
    """One file per programme."""
    return sorted(directory.glob("*.yaml"))


def load_profile(path: Path) -> Profile:
    """The profile in `path`, with `severity/<id>.yaml` and, if there is one, `notices/<id>.yaml`."""
    notices = path.parent / "notices" / path.name
    parts = [path, notices] if notices.exists() else [path]
    read = [(part, _read(part)) for part in parts]
    whole: dict[str, Any] = {}
    for _, fields in read:
        whole |= fields
    try:
        severity = load_policy(path.stem, path.parent / "severity")
        profile = Profile.model_validate({**whole, "severity": severity})
    except ValidationError as wrong:
        raise PolicyError("\n".join(_complaints(wrong, read))) from None
    _check_courtesies(profile, path)
    return profile


def _check_courtesies(profile: Profile, path: Path) -> None:
    for at, notice in enumerate(profile.customer_notices):
        if notice.when.type != TOLD_OF or notice.when.where:
            raise PolicyError(f"{path}: customer_notices.{at}.when: should be {{type: {TOLD_OF}}}, no other")


def programme(profile: Profile, weights: Path) -> Programme:
    """The profile ready to decide by; raises ValueError naming a detector that cannot be read."""
    return Programme(profile, profile.version, compile_rules(profile.severity, load_model(weights)))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PolicyError(f"{path}: {error}") from None
    if not isinstance(content, dict):
        raise PolicyError(f"{path}:1: should be a mapping of fields")
    return content


def _complaints(wrong: ValidationError, read: list[tuple[Path, dict[str, Any]]]) -> Iterator[str]:
    for error in wrong.errors():
        field = ".".join(str(part) for part in error["loc"])
        path = next(
            (path for path, fields in read if error["loc"][:1] and error["loc"][0] in fields), read[0][0]
        )
        message = error["msg"].removeprefix("Value error, ")
        yield f"{path}:{line(path, error['loc'])}: {field}: {message}"


def line(path: Path, loc: Loc) -> int:
    """The line, counted from 1, where a field stands, or the nearest thing around it that does."""
    node: yaml.Node | None = yaml.compose(path.read_text("utf-8"))
    at = 0
    for part in loc:
        found = _child(node, part)
        if found is None:
            continue  # a tag of a union, or a field that is missing
        key, node = found
        at = key.start_mark.line
    return at + 1


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None
