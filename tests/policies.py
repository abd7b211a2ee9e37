"""The shipped policies in a folder of a test, to be changed in one place and refused for it."""

import shutil
from pathlib import Path

import pytest

from services.common.runtime.files import FileError
from services.routing.settings.policies import load_policy
from tests.casework import POLICIES

Change = tuple[str, str, str, str]
"""What stands in the file, what comes in its place, the field that is then wrong, and what is said of it."""


class Shelf:
    """A copy of the policy gtmc with its severity and notices."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(shutil.copytree(POLICIES, folder / "policies"))
        self.policy = self.folder / "gtmc.yaml"

    def change(self, old: str, new: str, file: str = "gtmc.yaml") -> int:
        """Put new text in the place of old; the line on which it ends."""
        path = self.folder / file
        before, found, after = path.read_text("utf-8").partition(old)
        assert found, f"{file} has no {old!r}"
        path.write_text(before + new + after, "utf-8")
        return (before + new).count("\n") + 1

    def refused(self) -> str:
        """Everything that is wrong with the policy."""
        with pytest.raises(FileError) as caught:
            load_policy(self.policy)
        return str(caught.value)

    def refuses(self, change: Change, file: str = "gtmc.yaml") -> None:
        """The change alone is wrong, and said to be with file, line and field."""
        old, new, field, says = change
        line = self.change(old, new, file)
        [said] = self.refused().splitlines()
        place = f"{self.folder / file}:{line}: {field}: "
        assert said.startswith(place), f"{said} should start with {place}"
        assert says in said
