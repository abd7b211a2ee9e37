"""The marks in the tests: which requirements each shows, and what it dies with."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

NAME = "shows"
TESTS = Path("tests")


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A test by its id in pytest, the requirements that it shows, and the target with which it dies."""

    test: str
    ids: tuple[str, ...]
    dies_with: str


@dataclass
class Collector:
    """A plugin of pytest that keeps the marks of what it collects; `wrong` are those that say something else."""

    marks: list[Mark] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for mark in item.iter_markers(NAME):
                self._keep(item.nodeid, mark)

    def _keep(self, test: str, mark: pytest.Mark) -> None:
        dies_with = mark.kwargs.get("dies_with")
        if not mark.args or not isinstance(dies_with, str) or len(mark.kwargs) > 1:
            self.wrong.append(f'{test}: a mark should read shows("ID", ..., dies_with="...")')
        else:
            self.marks.append(Mark(test, mark.args, dies_with))


def collect() -> Collector:
    """The marks of every test; raises RuntimeError with what pytest prints when tests cannot be collected."""
    collector, printed = Collector(), io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = pytest.main(
            ["--collect-only", "-p", "no:cacheprovider", *_marked_files()], plugins=[collector]
        )
    if code != pytest.ExitCode.OK:
        raise RuntimeError(printed.getvalue())
    return collector


def _marked_files() -> Iterator[str]:
    """Files with marks: to collect the others as well takes a while and brings nothing."""
    for path in sorted(TESTS.rglob("test_*.py")):
        if f"{NAME}(" in path.read_text("utf-8"):
            yield str(path)
