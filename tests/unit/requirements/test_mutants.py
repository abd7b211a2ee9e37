"""What a mark names is found, broken by one unit or entry, and the marked test dies with it or does not."""

from pathlib import Path

import pytest
import yaml

from tests.requirements.marks import Mark
from tests.requirements.mutants import Fate, Workspace
from tests.requirements.targets import mutants

POLICY = """
limit: {minutes: 60, same_day: true}
steps: [{send: support}, {send: hand_over}]
entries: [{id: first, to: [owner, guest]}, {id: second, to: [guest]}]
shared: [&one {id: a}, *one]
"""
MODULE = '''
class Shape:
    sides: int = 4
    name: str = "square"


def double(number):
    """Twice as much."""
    twice = number * 2
    return twice


def count(most):
    for number in range(most):
        yield number


def names(shapes) -> list[str]:
    return [shape.name for shape in shapes]


def middle(shapes):
    return shapes[len(shapes) // 2]
'''
TESTS = """
import pytest
from services.shapes import Shape, double, middle, names

def test_of_the_double(): assert double(2) == 4
def test_of_nothing(): assert double is not None
def test_of_the_sides(): assert Shape.sides == 4
def test_of_names(): assert names([Shape])[:1] == ["square"]
def test_that_stumbles(): assert middle([Shape]).sides == 4
def test_of_an_error():
    with pytest.raises(IndexError): middle([])

@pytest.fixture
def doubled(): return double(2) + 1
def test_that_cannot_begin(doubled): assert doubled == 5
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    for path, text in {
        "deploy/policies/quay/policy.yaml": POLICY,
        "services/shapes.py": MODULE,
        "test_shapes.py": TESTS,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


@pytest.mark.parametrize(
    ("target", "what", "inner", "left"),
    [
        ("limit/minutes", "60 -> 61", "limit", {"minutes": 61, "same_day": True}),
        ("limit/same_day", "True -> False", "limit", {"minutes": 60, "same_day": False}),
        ("steps/2", "removed", "steps", [{"send": "support"}]),
        ("steps/support/send", "support -> hand_over", "steps", [{"send": "hand_over"}] * 2),
        ("entries/first/to/guest", "removed", "entries", [{"id": "first", "to": ["owner"]}, {"id": "second", "to": ["guest"]}]),
        ("entries/second", "removed", "entries", [{"id": "first", "to": ["owner", "guest"]}]),
        ("shared/1/id", "a -> first", "shared", [{"id": "first"}, {"id": "a"}]),
    ],
)  # fmt: skip
def test_a_value_of_a_policy_moves_by_one_unit_or_goes(
    workspace: Workspace, target: str, what: str, inner: str, left: object
) -> None:
    mutant = next(mutants(f"policy:quay/{target}"))
    assert mutant.what == what
    assert yaml.safe_load(mutant.content)[inner] == left


@pytest.mark.parametrize(
    ("target", "left"),
    [
        ("function:services.shapes:count", "def count(most):\n    return\n    yield\n"),
        ("function:services.shapes:double", "def double(number):\n    return None\n"),
        ("function:services.shapes:names", "def names(shapes) -> list[str]:\n    return list[str]()\n"),
        ("field:services.shapes:Shape.name", "class Shape:\n    sides: int = 4\n    pass\n"),
    ],
)
def test_a_function_does_nothing_and_a_field_goes(workspace: Workspace, target: str, left: str) -> None:
    [mutant] = mutants(target)
    assert left in mutant.content


@pytest.mark.parametrize(
    "target",
    [
        "policy:quay/limit/hours", "policy:quay/steps/3", "policy:nowhere/limit", "policy:quay",
        "field:services.shapes:Shape.colour", "field:services.shapes:Line.sides", "field:services.lines:Line.sides",
        "function:services.shapes:treble", "function:services.shapes", "limit",
    ],
)  # fmt: skip
def test_what_names_nothing_is_an_error(workspace: Workspace, target: str) -> None:
    with pytest.raises(LookupError):
        next(mutants(target))


@pytest.mark.whole
@pytest.mark.parametrize(
    ("test", "target", "fate"),
    [
        ("test_of_the_double", "function:services.shapes:double", "dies"),
        ("test_of_nothing", "function:services.shapes:double", "survives"),
        ("test_of_the_sides", "field:services.shapes:Shape.sides", "dies"),
        ("test_of_names", "function:services.shapes:names", "dies"),
        ("test_of_an_error", "function:services.shapes:middle", "dies"),
        ("test_that_stumbles", "function:services.shapes:middle", "cannot be broken"),
        ("test_that_cannot_begin", "function:services.shapes:double", "cannot be broken"),
        ("test_of_nothing", "policy:quay/limit/minutes", "cannot be broken"),
    ],
)
def test_a_test_dies_with_what_it_depends_on_alone(
    workspace: Workspace, test: str, target: str, fate: Fate
) -> None:
    mark = Mark(f"test_shapes.py::{test}", ("A-1",), target)
    assert workspace.outcome(mark).fate == fate
    assert (workspace.folder / "services" / "shapes.py").read_text("utf-8") == MODULE
