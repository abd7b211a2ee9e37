"""Runs marked tests in a copy of the code in which something is broken."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from services.common.runtime.files import FileError
from services.routing.store.policy_files import load_policy
from tests.requirements.marks import Mark
from tests.requirements.targets import POLICIES, Mutant, mutants

COPIED = ("schemas", "services", "deploy", "tests", "docs", "pyproject.toml")
RESULTS = "results.xml"
NOTICED = ("assert ", "AssertionError", "Failed: ")
"""How the message begins with which a test fails that has looked at something and found it wrong."""
Fate = Literal["dies", "survives", "cannot be broken"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a marked test when what it dies with was broken, and how that was."""

    mark: Mark
    fate: Fate
    what: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A copy of the code, in which files may be changed for a while."""

    folder: Path

    @classmethod
    def of_here(cls, folder: Path) -> "Workspace":
        """A copy of what stands in the working directory."""
        for name in COPIED:
            if Path(name).is_dir():
                shutil.copytree(name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(name, folder / name)
        return cls(folder)

    def run(self, tests: Sequence[str]) -> tuple[int, str]:
        """Pytest's exit code after these tests, and what it printed; a test that is skipped is none that passes."""
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={RESULTS}", *tests],
            cwd=self.folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        is_skipped = done.returncode == pytest.ExitCode.OK and "skipped" in done.stdout
        return pytest.ExitCode.NO_TESTS_COLLECTED if is_skipped else done.returncode, done.stdout

    @contextmanager
    def broken(self, mutant: Mutant) -> Iterator[None]:
        """Let a file be the broken one as long as the block runs."""
        path = self.folder / mutant.file
        before = path.read_bytes()
        path.write_text(mutant.content, "utf-8")
        try:
            yield
        finally:
            path.write_bytes(before)

    def is_sound(self, mutant: Mutant) -> bool:
        """Whether a policy can still be read: one that cannot fails every test and shows nothing."""
        if not mutant.file.is_relative_to(POLICIES):
            return True
        try:
            load_policy(self.folder / mutant.file.parent)
        except FileError:
            return False
        return True

    def outcome(self, mark: Mark) -> Outcome:
        """Break what a marked test dies with in the first way that is fair, and run the test."""
        for mutant in mutants(mark.dies_with):
            with self.broken(mutant):
                fate = self._fate(mark) if self.is_sound(mutant) else None
            if fate is not None:
                return Outcome(mark, fate, mutant.what)
        return Outcome(mark, "cannot be broken")

    def _fate(self, mark: Mark) -> Fate | None:
        """What becomes of a test, or None where its failure shows nothing.

        Nothing is shown where it could not begin, or where it stumbles over a function that returns nothing.
        """
        code = self.run([mark.test])[0]
        if code == pytest.ExitCode.OK:
            return "survives"
        if code != pytest.ExitCode.TESTS_FAILED:
            return None
        results = ET.parse(self.folder / RESULTS)
        failures = [failure.get("message", "") for failure in results.iter("failure")]
        if mark.dies_with.startswith("function:"):
            failures = [message for message in failures if message.startswith(NOTICED)]
        return "dies" if failures else None


def outcomes(marks: Sequence[Mark], folder: Path) -> Iterator[Outcome]:
    """What becomes of each marked test; raises RuntimeError when they do not pass as long as nothing is broken."""
    workspace = Workspace.of_here(folder)
    code, printed = workspace.run(sorted({mark.test for mark in marks}))
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"{printed}\nthe marked tests should pass as long as nothing is broken")
    yield from map(workspace.outcome, marks)
