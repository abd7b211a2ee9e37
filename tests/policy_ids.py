"""Every id that a policy gives: of a role, a state, a field, an answer to choose, a notice and whatever else has one."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from services.common.runtime import files

SHIPPED = Path("deploy/policies")
OF_TESTS = Path("tests/data/policies")


def policy_folders() -> list[Path]:
    """The folders of all policies, shipped and of tests."""
    return sorted(file.parent for where in (SHIPPED, OF_TESTS) for file in where.glob("*/policy.yaml"))


@cache
def ids_of(folder: Path) -> frozenset[str]:
    """Every id in the files of a policy."""
    return frozenset(one for file in folder.glob("*.yaml") for one in _ids(files.read(file)))


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "id" in value:
            yield value["id"]
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _ids(inner)
