"""Copies of a policy and of the shipped lexicon that a test changes, to see what is refused and how."""

import shutil
from pathlib import Path

import pytest

from services.common.runtime.files import FileError
from services.routing.store.policy_files import load_policy
from services.routing.store.severity_files import DETECTION, load_reader
from tests.casework import POLICIES

Change = tuple[str, str, str, str]
"""Old text, new text, the field that is then wrong, and a part of the message."""


class ChangedFolder:
    """A folder whose files can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def change(self, old: str, new: str, file: str) -> int:
        """Replace old text by new; the line on which the new text ends."""
        path = self.folder / file
        before, match, after = path.read_text("utf-8").partition(old)
        assert match, f"{file} has no {old!r}"
        path.write_text(before + new + after, "utf-8")
        return (before + new).count("\n") + 1


class PolicyFolder(ChangedFolder):
    """A copy of the policy by which tests decide, its files beside one another."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Path(shutil.copytree(POLICIES / "gtmc", folder / "gtmc")))

    def change(self, old: str, new: str, file: str = "deadlines.yaml") -> int:
        """Replace old text by new; the line on which the new text ends."""
        return super().change(old, new, file)

    def refused(self) -> str:
        """Every error of the policy, a line each."""
        with pytest.raises(FileError) as caught:
            load_policy(self.folder)
        return str(caught.value)

    def refuses(self, change: Change, file: str = "deadlines.yaml") -> None:
        """The change is the only error, and is reported with file, line and field."""
        old, new, field, message = change
        line = self.change(old, new, file)
        [error] = self.refused().splitlines()
        place = f"{self.folder / file}:{line}: {field}: "
        assert error.startswith(place), f"{error} should start with {place}"
        assert message in error


class LexiconFolder(ChangedFolder):
    """A copy of what finds signals, without weights."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "severity")
        shutil.copytree(DETECTION / "lexicon", self.folder / "lexicon")

    def refused(self) -> str:
        """Every error of the lexicon, a line each."""
        with pytest.raises(FileError) as caught:
            load_reader(self.folder)
        return str(caught.value)
