"""What a mark dies with, and how that is broken: a value of a policy, a field of a model, or a function.

`policy:gtmc/deadlines/DL-03/limit/elapsed_minutes` leads through the fields of a shipped policy; an entry of a list is
called by its id, else by its first field, by itself or by its number. `field:schemas.contacts:ContactReceived.form` is a
field of a model, `function:services.routing.domain.judge:judge` a function or `Class.method`.
"""

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.common.runtime import files

POLICIES = Path("deploy/policies")
Function = ast.FunctionDef | ast.AsyncFunctionDef
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
EMPTY = {"bool", "bytes", "dict", "frozenset", "int", "list", "set", "str", "tuple"}
"""Types of which a call without arguments gives the empty value."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with something broken in it; `what` says so in a few letters."""

    file: Path
    content: str
    what: str


def mutants(target: str) -> Iterator[Mutant]:
    """The ways in which a target can be broken, the mildest first; LookupError where it names nothing."""
    kind, _, name = target.partition(":")
    if kind not in BREAKS:
        raise LookupError(f"{target}: should begin with one of {', '.join(BREAKS)}, and a colon")
    return BREAKS[kind](name)


def _of_policy(name: str) -> Iterator[Mutant]:
    folder, *names = name.split("/")
    path = next((path for path in sorted((POLICIES / folder).glob("*.yaml")) if _has(path, names)), None)
    if path is None:
        raise LookupError(f"{name}: no file of {POLICIES / folder} has {'/'.join(names[:1])!r}")
    return _changed(path, names)


def _has(path: Path, names: list[str]) -> bool:
    return bool(names) and names[0] in _read(path.resolve())


@cache
def _read(path: Path) -> Any:
    """What stands in a file; hundreds of marks name the same few."""
    return files.read(path)


def _changed(path: Path, names: list[str]) -> Iterator[Mutant]:
    whole = _read(path.resolve())
    keys = list(_keys(whole, names))
    node, last = _inner(whole, keys[:-1]), keys[-1]
    field = next(key for key in reversed(keys) if isinstance(key, str))
    for change, what in _changes(node, last, _values(whole, field)):
        broken = _copy(whole)
        change(_inner(broken, keys[:-1]))
        yield Mutant(path, yaml.dump(broken, Dumper=DUMPER, allow_unicode=True, sort_keys=False), what)


def _copy(node: Any) -> Any:
    """Each place by itself: anchors make one object of several, and only one of them is to be broken."""
    if isinstance(node, dict):
        return {key: _copy(value) for key, value in node.items()}
    return [_copy(value) for value in node] if isinstance(node, list) else node


def _keys(node: Any, names: list[str]) -> Iterator[Any]:
    for at, name in enumerate(names):
        key = _key(node, name)
        if key is None:
            raise LookupError(f"{'/'.join(names)}: nothing is called {'/'.join(names[: at + 1])!r}")
        yield key
        node = node[key]


def _key(node: Any, name: str) -> Any:
    if isinstance(node, dict):
        return name if name in node else None
    if not isinstance(node, list):
        return None
    called = (at for at, entry in enumerate(node) if name in {_name(entry), str(at + 1)})
    return next(called, None)


def _name(entry: Any) -> str:
    return str(entry.get("id", next(iter(entry.values())))) if isinstance(entry, dict) else str(entry)


def _inner(node: Any, keys: list[Any]) -> Any:
    for key in keys:
        node = node[key]
    return node


Change = Callable[[Any], None]


def _changes(node: Any, key: Any, others: Collection[str]) -> Iterator[tuple[Change, str]]:
    """What may be done to an entry of a mapping or list: it moves by one unit, goes, or is one of the others."""
    value = node[key]
    if isinstance(value, bool):
        yield _put(key, not value), f"{value} -> {not value}"
    elif isinstance(value, int):
        yield _put(key, value + 1), f"{value} -> {value + 1}"
    if isinstance(node, list) or not isinstance(value, str):
        yield _drop(key), "removed"
    if isinstance(value, str):
        yield from ((_put(key, other), f"{value} -> {other}") for other in sorted(others) if other != value)
    if isinstance(node, dict) and isinstance(value, str):
        yield _drop(key), "removed"


def _put(key: Any, value: Any) -> Change:
    def change(node: Any) -> None:
        node[key] = value

    return change


def _drop(key: Any) -> Change:
    def change(node: Any) -> None:
        del node[key]

    return change


def _values(node: Any, field: str) -> set[str]:
    """The texts that stand anywhere under a field of this name, by themselves or in a list."""
    if isinstance(node, list):
        return {value for entry in node for value in _values(entry, field)}
    if not isinstance(node, dict):
        return set()
    given = node.get(field)
    own = {value for value in (given if isinstance(given, list) else [given]) if isinstance(value, str)}
    return own.union(*(_values(value, field) for value in node.values()))


def _of_model(name: str) -> Iterator[Mutant]:
    path, qualified = _place(name)
    *classes, field = qualified
    found = next(
        (
            node
            for node in _body(path, classes)
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == field
        ),
        None,
    )
    if found is None:
        raise LookupError(f"{name}: {path} has no such field")
    yield _replaced(path, found, found, ["pass"], "removed")


def _of_function(name: str) -> Iterator[Mutant]:
    path, qualified = _place(name)
    *classes, function = qualified
    found = next(
        (node for node in _body(path, classes) if isinstance(node, Function) and node.name == function), None
    )
    if found is None:
        raise LookupError(f"{name}: {path} has no such function")
    yield _replaced(path, found.body[0], found.body[-1], _nothing(found), "does nothing")


def _nothing(function: Function) -> list[str]:
    """A body that does nothing and returns what callers can still work with, where that is plain."""
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function)):
        return ["return", "yield"]
    returns = ast.unparse(function.returns) if function.returns else "None"
    return [f"return {returns}()" if returns.partition("[")[0] in EMPTY else "return None"]


BREAKS: Mapping[str, Callable[[str], Iterator[Mutant]]] = {
    "policy": _of_policy,
    "field": _of_model,
    "function": _of_function,
}


def _place(name: str) -> tuple[Path, list[str]]:
    """The file of a module, and what is named in it."""
    module, _, qualified = name.partition(":")
    path = Path(*module.split(".")).with_suffix(".py")
    path = path if path.exists() else path.with_suffix("") / "__init__.py"
    if not path.exists() or not qualified:
        raise LookupError(f"{name}: should name a module and, after a colon, something in it")
    return path, qualified.split(".")


def _body(path: Path, classes: list[str]) -> list[ast.stmt]:
    body = ast.parse(path.read_text("utf-8")).body
    for name in classes:
        inner = (node.body for node in body if isinstance(node, ast.ClassDef) and node.name == name)
        body = next(inner, [])
    return body


def _replaced(path: Path, first: ast.stmt, last: ast.stmt, by: list[str], what: str) -> Mutant:
    lines = path.read_text("utf-8").splitlines()
    instead = [" " * first.col_offset + line for line in by]
    changed = [*lines[: first.lineno - 1], *instead, *lines[last.end_lineno :]]
    return Mutant(path, "\n".join(changed) + "\n", what)
