"""Reads the policies an operator wrote: a folder each, its files together."""

from pathlib import Path

from schemas.policies import Policy
from services.common.runtime import files
from services.common.runtime.files import FileError
from services.routing.domain.policies import CompiledPolicy


def load_policy(folder: Path) -> Policy:
    """The policy in a folder: what all its files say together. Raises FileError with every mistake by file and line."""
    policy = files.load_folder(folder, Policy)
    if policy.id != folder.name:
        # Two folders of one id would be one policy: that of the folder read last.
        main = folder / files.MAIN
        line = files.line(main, ("id",))
        raise FileError(f"{main}:{line}: id: should be {folder.name!r}, the folder's own name")
    return policy


def compile_policy(policy: Policy, version: str = "", *, outdated: bool = False) -> CompiledPolicy:
    """The policy ready to decide by.

    A published one keeps the version under which it was published, though fields have been added since.
    """
    return CompiledPolicy(policy, version or policy.version, outdated)
