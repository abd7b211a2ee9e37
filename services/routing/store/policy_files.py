"""Reads the policies an operator wrote: one file each, with its severity and notices beside it."""

from pathlib import Path

from schemas.policies import Policy
from services.common.runtime import files
from services.common.runtime.files import FileError
from services.routing.domain.policies import CompiledPolicy
from services.routing.store.severity_files import load_severity


def policy_files(directory: Path) -> list[Path]:
    """One file per policy."""
    return sorted(directory.glob("*.yaml"))


def load_policy(path: Path) -> Policy:
    """The policy in `path`, with `severity/<id>.yaml` and, if there is one, `notices/<id>.yaml`."""
    notices = path.parent / "notices" / path.name
    parts = {part: files.read(part) for part in (path, notices) if part == path or part.exists()}
    severity = load_severity(path.stem, path.parent / "severity")
    policy = files.checked(parts, Policy, {"severity": severity})
    if policy.id != path.stem:
        # Two files of one id would be one policy: that of the file read last.
        raise FileError(
            f"{path}:{files.line(path, ('id',))}: id: should be {path.stem!r}, the file's own name"
        )
    return policy


def compile_policy(policy: Policy, version: str = "") -> CompiledPolicy:
    """The policy ready to decide by.

    A published one keeps the version under which it was published, though fields have been added since.
    """
    return CompiledPolicy(policy, version or policy.version)
