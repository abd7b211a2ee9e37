"""A disk that is full for one process, without a disk of its own and without being root."""

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.part import Part
from deploy.local.process import ChildProcess

NOTHING = 0


def embedded(store: Part) -> ChildProcess:
    """The process of the embedded store; the test is skipped where another store is used."""
    if not isinstance(store.runner, ChildProcess) or shutil.which("mongod"):
        pytest.skip("the store is not the embedded one")
    return store.runner


@contextmanager
def full_disk(store: Part, limit: int = NOTHING) -> Iterator[None]:
    """While the block lasts no file of the store is written beyond `limit` bytes; then there is space again."""
    pid = embedded(store).pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def size(home: Path) -> int:
    """Bytes of the embedded store's file."""
    return (home / "store.mv").stat().st_size
