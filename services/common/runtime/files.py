"""What people write for Redress: YAML files, read with every mistake named by file, line and field."""

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from schemas.faults import Place, describe
from services.common.web.strict_json import LARGEST, TOO_LARGE

M = TypeVar("M", bound=BaseModel)
Fields = dict[str, Any]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Leaves dates as text: a model that reads them can say where a wrong one stands, this parser cannot.

    A field given twice is a mistake: the parser alone would keep the last and lose the other without a word.
    """

    yaml_implicit_resolvers = {
        sign: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
        for sign, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - theirs
        names = [str(key.value) for key, _ in node.value]
        for at, (key, _) in enumerate(node.value):
            if names[at] in names[:at]:
                raise yaml.MarkedYAMLError(
                    problem=f"{names[at]}: is given twice", problem_mark=key.start_mark
                )
        return super().construct_mapping(node, deep)


def _number(loader: Any, node: yaml.ScalarNode, kind: str) -> float:
    """A number that every reader and the store can hold; the parser alone knows NaN and thousands of digits."""
    try:
        value: float = getattr(yaml.SafeLoader, f"construct_yaml_{kind}")(loader, node)
    except ValueError:
        value = math.inf
    if not -LARGEST <= value <= LARGEST:
        raise yaml.MarkedYAMLError(problem=TOO_LARGE, problem_mark=node.start_mark)
    return value


for _kind in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", partial(_number, kind=_kind))


AGAIN_SECONDS = 2.0
"""How long after another a file that cannot be used is looked at, in case it was mended."""


class FileError(ValueError):
    """A file is wrong; the text names every file, line and field."""


def read(path: Path) -> Fields:
    """The fields of a file, not yet checked."""
    try:
        content = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - builds plain values only
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FileError(f"{path}:{at}: {error.problem}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FileError(f"{path}: {error}") from None
    if not isinstance(content, dict):
        raise FileError(f"{path}:1: should be a mapping of fields")
    return content


def load(path: Path, model: type[M]) -> M:
    """What a file says."""
    return checked({path: read(path)}, model, {})


MAIN = "policy.yaml"
"""The file that makes a folder one whose files are read together."""


def folders(directory: Path) -> list[Path]:
    """The folders whose files are read together."""
    return sorted(file.parent for file in directory.glob(f"*/{MAIN}"))


def load_folder(folder: Path, model: type[M], called: str = "") -> M:
    """What all files of a folder say together; a field that two of them give is a mistake.

    The field `called`, where one is named, says the folder's own name.
    """
    parts = _read_all(sorted(folder.glob("*.yaml")))
    if folder / MAIN not in parts:
        raise FileError(f"{folder}: should hold {MAIN}")
    complaints = [*_given_twice(parts), *_misnamed(folder, parts, called)]
    try:
        read_whole = checked(parts, model, {})
    except FileError as wrong:
        raise FileError("\n".join((*complaints, str(wrong)))) from None
    if complaints:
        raise FileError("\n".join(complaints))
    return read_whole


def _read_all(paths: Iterable[Path]) -> dict[Path, Fields]:
    parts: dict[Path, Fields] = {}
    wrong: list[str] = []
    for path in paths:
        try:
            parts[path] = read(path)
        except FileError as error:
            wrong.append(str(error))
    if wrong:
        raise FileError("\n".join(wrong))
    return parts


def _given_twice(parts: Mapping[Path, Fields]) -> Iterator[str]:
    given: dict[str, Path] = {}
    for path, fields in parts.items():
        for name in fields:
            if given.setdefault(name, path) != path:
                yield f"{path}:{line(path, (name,))}: {name}: stands in {given[name].name} already"


def _misnamed(folder: Path, parts: Mapping[Path, Fields], called: str) -> Iterator[str]:
    for path, fields in parts.items():
        if fields.get(called, folder.name) != folder.name:
            yield f"{path}:{line(path, (called,))}: {called}: should be {folder.name!r}, the folder's own name"


def checked(parts: Mapping[Path, Fields], model: type[M], more: Fields) -> M:
    """What several files say together, with `more` fields that stand in none of them; of two the first holds."""
    whole = {
        name: value for fields in (more, *reversed(list(parts.values()))) for name, value in fields.items()
    }
    try:
        return model.model_validate(whole)
    except ValidationError as wrong:
        raise FileError("\n".join(_complaints(wrong, parts))) from None


def _complaints(wrong: ValidationError, parts: Mapping[Path, Fields]) -> Iterator[str]:
    first = next(iter(parts))
    for error in wrong.errors():
        place = error["loc"]
        path = next((path for path, fields in parts.items() if place[:1] and place[0] in fields), first)
        field = ".".join(str(part) for part in place)
        yield f"{path}:{line(path, place)}: {field}: {describe(error)}"


def line(path: Path, loc: Place) -> int:
    """The line, counted from 1, where a field stands, or the nearest thing around it that does."""
    at, node = 0, _composed(path)
    for part in loc:
        found = _child(node, part)
        if found is None:
            continue  # a tag of a union, or a field that is missing
        key, node = found
        at = key.start_mark.line
    return at + 1


def _composed(path: Path) -> yaml.Node | None:
    """What a file holds; None where it can be read no more: somebody may be saving it."""
    try:
        return yaml.compose(path.read_text("utf-8"), _Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None
