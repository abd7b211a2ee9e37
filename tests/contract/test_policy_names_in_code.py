"""No code knows a name that a policy gives: every id of every policy, shipped and of tests, is looked for in Python."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.policy_ids import ids_of, policy_folders
from tests.syntax import parsed

CODE = [path for folder in ("schemas", "services", "deploy") for path in sorted(Path(folder).rglob("*.py"))]
FORMATS = Path("schemas/formats")
"""What earlier releases had by name in their code is called by these names here, and nowhere else."""
WORD = re.compile(r"[\w-]+")

OURS = {
    "contact": "what a customer tells, and the field of an event that names it",
    "email": "a medium, and the field of a person or a customer with its address",
    "gtmc": "the policy that is taken where nobody names one: the default of a setting",
    "handling": "a stage, whatever a policy calls its states",
    "judge": "a step of policies, and what does it",
    "escalated": "an event of a case",
    "escalation_withdrawn": "an event of a case",
    "measure": "the module that measures a round of the benchmark",
    "note": "the field of an event that names the words beside it",
    "outcome": "the label of metrics that says how something ended",
    "person": "a kind of entry of the directory, and of field by which a form names one",
    "reassigned": "an event of a case",
    "received": "the event of a contact",
    "reported": "the event of a delivery",
    "reason": "why something failed, in dead letters, logs and metrics, and the field of a judgement",
    "role": "a kind of field of a form, and the field of an event with the role of whoever it is about",
    "severity": "the field of a case with its level, and the file and the command about it",
    "shop": "a place where roles work, and a kind of field by which a form names one",
    "task_answered": "an event of a case",
    "told": "what a story expects people to be sent",
    "transfer": "a way in which somebody came to be asked: by name",
    "unattended": "an event of a case",
}
"""Words of the engine's own that policies say as well, and what they are to the engine."""

OUR_IDENTIFIERS = {"hand_over": "says in words who may ask whom by name"}
"""What code has that is called as something of a policy is; in strings it may not be said."""


def names() -> set[str]:
    return {name for folder in policy_folders() for name in ids_of(folder)}


def strings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The words of every string constant, also of those in f-strings, with their lines.

    In a sentence a plain word is English, whatever policies call by it; one such as `hand_over` is none.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_sentence = len(node.value.split()) > 1
            for word in WORD.findall(node.value):
                if not (is_sentence and word.isalpha()):
                    yield word, node.lineno


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The names of attributes, arguments and variables that are no plain words, with their lines."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Attribute(attr=name, lineno=line)
                | ast.keyword(arg=str(name), lineno=line)
                | ast.arg(arg=name, lineno=line)
                | ast.Name(id=name, lineno=line)
            ) if not name.isalpha():
                yield name, line


def names_in(paths: list[Path]) -> Iterator[tuple[str, str]]:
    """Every name of a policy that a file says, with its place."""
    policies = names()
    for path in paths:
        if not path.is_relative_to(FORMATS):
            yield from ((name, f"{path}:{line}") for name, line in _named(path) if name in policies)


def _named(path: Path) -> Iterator[tuple[str, int]]:
    tree = parsed(path)
    yield from strings(tree)
    yield from ((name, line) for name, line in identifiers(tree) if name not in OUR_IDENTIFIERS)


@cache
def names_in_code() -> tuple[tuple[str, str], ...]:
    return tuple(names_in(CODE))


def test_no_code_says_a_name_of_a_policy() -> None:
    assert len(names()) > 400
    assert [f"{place} says {name!r}" for name, place in names_in_code() if name not in OURS] == []


def test_every_word_of_our_own_is_said_by_code_and_by_a_policy() -> None:
    assert OURS.keys() - {name for name, _ in names_in_code()} == set()
    written = {name for path in CODE for name, _ in identifiers(parsed(path))}
    assert OUR_IDENTIFIERS.keys() - written == set()
    assert OUR_IDENTIFIERS.keys() - names() == set()


@pytest.mark.parametrize(
    "code",
    [
        "x = 'sc_sa'",
        "f(by='owner:sc_sa')",
        "match x:\n    case 'sc_sa':\n        pass",
        "T = L['sc_sa', 'b']",
        "f'queue:{at}:sc_sa'",
        "x = 'task.sc_sa'",
        "x = 'goes to sc_sa if nobody else is there'",
        "f(sc_sa=1)",
        "people.sc_sa",
        "def f(sc_sa): ...",
    ],
)
def test_a_name_is_seen_wherever_it_stands(tmp_path: Path, code: str) -> None:
    file = tmp_path / "module.py"
    file.write_text(code)
    assert [name for name, _ in names_in([file])] == ["sc_sa"]
