"""One vocabulary: functions, classes, modules and folders say what they mean in the words of the glossary."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.syntax import parsed

FOLDERS = ("schemas", "services", "deploy", "tests")

NAMED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

# A word that is not used in a name, and what to say instead. Names are read word by word: `hand` stands
# against actions of people, and hand_over is no such.
INSTEAD = {
    "profile|profiles|programme|programmes": "policy",
    "promise|promises|promised|timer|timers": "deadline",
    "finding|findings|hearing|heard|hear|hears": "signal, or apply and handle for messages",
    "telling|tell|tells|told|teller": "event, message or notice, or publish, notify and report",
    "said|say|says": "event, or describe and publish",
    "hand(?! over| overs)|hands|asked": "action, request or task",
    "offer|offers|offered": "hand over, receiver",
    "climb|climbs|climbed": "escalate, escalation",
    "relay|relays|owe|owes|owed|owing|settle|settles|settled": "outbox, publish, acknowledge, final",
    "casualty|casualties|aside": "dead letter, failed record",
    "shelf|shelves|keeper|keepers|book|books": "repository, projection, row",
    "agenda": "schedule",
    "stance|weigh|weighs|weighed|weighing": "negation, features, classifier, threshold",
    "ends|held": "watermarks, assigned, pending",
    "office|shown": "request, response, handler, dependency",
    "room|rooms|hallway": "service",
    "known|found|each|one|ones|further|merely": "what it is: loaded, existing, result, row ...",
    "parts|words|lives|standing": "what it is: connections, texts, open ...",
    "waits": "log_retry, is_waiting",
    "leash|leashed|mourner|temper|course|turn|courtesy|ground|voice|cast|tape|quiet": "what it is or does",
}


# Every service has a class of each of these names, and it is its own.
EVERY_SERVICE = frozenset({"Settings", "Handler"})
SERVICES = sorted(path.parent for path in Path("services").glob("*/__init__.py"))
PACKAGES = [*SERVICES, Path("schemas"), *sorted(path.parent for path in Path("deploy").glob("*/__init__.py"))]


def python_files(folder: str) -> list[Path]:
    return sorted(Path(folder).rglob("*.py"))


def names(path: Path) -> Iterator[tuple[int, str]]:
    """Every function and class of a file and the file itself, with its line; tests are sentences and left out.

    So are the fields that a protocol asks for: they are written as functions, and are none.
    """
    yield 1, path.parent.name if path.stem == "__init__" else path.stem
    nodes = list(ast.walk(parsed(path)))
    fields = {id(field) for node in nodes if isinstance(node, ast.ClassDef) for field in fields_of(node)}
    for node in nodes:
        if isinstance(node, NAMED) and not node.name.startswith("test_") and id(node) not in fields:
            yield node.lineno, node.name


def fields_of(protocol: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    if any(isinstance(base, ast.Name) and base.id == "Protocol" for base in protocol.bases):
        for node in protocol.body:
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                yield node


def spelled(name: str) -> str:
    """A name as words: `_handOver`, `HandOver` and `hand_over` are "hand over"."""
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)).lower()


def violations(path: Path) -> Iterator[str]:
    for line, name in names(path):
        for pattern, instead in INSTEAD.items():
            if match := re.search(rf"\b(?:{pattern})\b", spelled(name)):
                yield f"{path}:{line} {name}: not {match[0]!r}, say {instead}"


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("_told", "event"),
        ("ShelfOfCases", "repository"),
        ("handOf", "action"),
        ("hand_over", None),
        ("HandOver", None),
    ],
)
def test_a_private_word_is_seen_in_every_way_of_writing_a_name(
    tmp_path: Path, name: str, instead: str | None
) -> None:
    file = tmp_path / "module.py"
    file.write_text(f"def {name}(): ...\n")
    reports = list(violations(file))
    assert len(reports) == (1 if instead else 0)
    assert all(instead and instead in report for report in reports)


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_are_in_the_vocabulary(folder: str) -> None:
    assert python_files(folder)
    assert [report for path in python_files(folder) for report in violations(path)] == []


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_no_two_files_of_a_service_have_one_name(package: Path) -> None:
    by_name = defaultdict(list)
    for path in python_files(str(package)):
        if path.stem != "__init__":
            by_name[path.stem].append(str(path))
    assert [paths for paths in by_name.values() if len(paths) > 1] == []


def test_no_two_classes_have_one_name() -> None:
    by_name = defaultdict(list)
    for folder in ("schemas", "services"):
        for path in python_files(folder):
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.ClassDef):
                    by_name[node.name].append(f"{path}:{node.lineno}")
    twice = {name: places for name, places in by_name.items() if len(places) > 1}
    assert {name: places for name, places in twice.items() if name not in EVERY_SERVICE} == {}
