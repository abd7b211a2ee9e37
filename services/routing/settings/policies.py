"""Reads the programmes an operator wrote: one file each, with its severity and notices beside it."""

from pathlib import Path

from schemas.policy import Profile
from services.common import files
from services.common.files import FileError
from services.routing.domain.programme import Programme
from services.routing.domain.severity.rules import compile_rules
from services.routing.settings.severity import load_policy, load_weights


def profile_files(directory: Path) -> list[Path]:
    """One file per programme."""
    return sorted(directory.glob("*.yaml"))


def load_profile(path: Path) -> Profile:
    """The profile in `path`, with `severity/<id>.yaml` and, if there is one, `notices/<id>.yaml`."""
    notices = path.parent / "notices" / path.name
    parts = {part: files.read(part) for part in (path, notices) if part == path or part.exists()}
    severity = load_policy(path.stem, path.parent / "severity")
    profile = files.checked(parts, Profile, {"severity": severity})
    if profile.id != path.stem:
        # Two files of one id would be one programme: that of the file read last.
        raise FileError(
            f"{path}:{files.line(path, ('id',))}: id: should be {path.stem!r}, the file's own name"
        )
    return profile


def programme(profile: Profile, weights: Path, version: str = "") -> Programme:
    """The profile ready to decide by; raises ValueError naming a detector that cannot be read.

    A published one keeps the version under which it was published, though fields have been added since.
    """
    return Programme(
        profile, version or profile.version, compile_rules(profile.severity, load_weights(weights))
    )
