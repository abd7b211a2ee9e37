"""Reads the policies an operator wrote: a folder each, its files together."""

from pathlib import Path

from schemas.policies import Policy
from services.common.runtime import files
from services.routing.domain.policies import CompiledPolicy


def load_policy(folder: Path) -> Policy:
    """The policy in a folder: what all its files say together. Raises FileError with every mistake by file and line."""
    # Two folders of one id would be one policy: that of the folder read last.
    return files.load_folder(folder, Policy, called="id")


def compile_policy(policy: Policy, version: str = "", *, outdated: bool = False) -> CompiledPolicy:
    """The policy ready to decide by.

    A published one keeps the version under which it was published, though fields have been added since.
    """
    return CompiledPolicy(policy, version or policy.version, outdated)
