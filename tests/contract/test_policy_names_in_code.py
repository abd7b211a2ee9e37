"""No code knows a name that a policy gives: every id of every policy, shipped and of tests, is looked for in Python."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.policy_ids import ids_of, policy_folders

CODE = [path for folder in ("schemas", "services", "deploy") for path in sorted(Path(folder).rglob("*.py"))]
FORMATS = Path("schemas/formats")
"""What earlier releases had by name in their code is called by these names here, and nowhere else."""
PREFIXES = ("owner:", "task:", "fields.")
"""What stands before a name where a policy says more of it."""

OURS = {
    "contact": "what a customer tells, and the field of an event that names it",
    "email": "a medium, and the field of a person or a customer with its address",
    "gtmc": "the policy that is taken where nobody names one: the default of a setting",
    "handling": "a stage, whatever a policy calls its states",
    "judge": "a step of policies, and what does it",
    "note": "the field of an event that names the words beside it",
    "outcome": "the label of metrics that says how something ended",
    "person": "a kind of entry of the directory, and of field by which a form names one",
    "reason": "why something failed, in dead letters, logs and metrics, and the field of a judgement",
    "role": "a kind of field of a form, and the field of an event with the role of whoever it is about",
    "severity": "the field of a case with its level, and the file and the command about it",
    "shop": "a place where roles work, and a kind of field by which a form names one",
    "transfer": "a way in which somebody came to be asked: by name",
}
"""Words of the engine's own that policies say as well, and what they are to the engine."""


def names() -> set[str]:
    return {name for folder in policy_folders() for name in ids_of(folder)}


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """The string constants of a file with their lines, each without what stands before a name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = node.value
            yield node.lineno, next((said[len(p) :] for p in PREFIXES if said.startswith(p)), said)


def names_in(paths: list[Path]) -> Iterator[tuple[str, str]]:
    """Every name of a policy that a file says, with its place."""
    given = names()
    for path in paths:
        if not path.is_relative_to(FORMATS):
            yield from ((name, f"{path}:{line}") for line, name in strings(path) if name in given)


def test_no_code_says_a_name_of_a_policy() -> None:
    assert len(names()) > 400
    assert [f"{place} says {name!r}" for name, place in names_in(CODE) if name not in OURS] == []


def test_every_word_of_our_own_is_said_by_code_and_by_a_policy() -> None:
    assert OURS.keys() - {name for name, _ in names_in(CODE)} == set()


@pytest.mark.parametrize(
    "code",
    [
        "x = 'sc_sa'",
        "f(by='owner:sc_sa')",
        "match x:\n    case 'sc_sa':\n        pass",
        "T = L['sc_sa', 'b']",
    ],
)
def test_a_name_is_seen_wherever_it_stands(tmp_path: Path, code: str) -> None:
    file = tmp_path / "module.py"
    file.write_text(code)
    assert [name for name, _ in names_in([file])] == ["sc_sa"]
