"""A container engine that does not answer is no engine: the stack then runs as plain processes."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import Ports, choose, containers
from deploy.local.addresses import free_port
from deploy.local.process import ChildProcess


@pytest.fixture(autouse=True)
def _no_cached_engine() -> Iterator[None]:
    containers._engine.cache_clear()  # noqa: SLF001 - whoever asked before may have had an engine
    yield
    containers._engine.cache_clear()  # noqa: SLF001


@pytest.fixture
def silent() -> Iterator[int]:
    """A port whose listener takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_an_engine_that_is_away_leaves_the_stack_to_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
    monkeypatch.delenv("REDRESS_KAFKA", raising=False)
    monkeypatch.delenv("REDRESS_MONGO", raising=False)
    assert "does not answer" in (containers.unavailable() or "")
    chosen = choose(tmp_path, Ports.free(), "memory")
    assert (type(chosen.kafka.runner), type(chosen.store.runner)) == (ChildProcess, ChildProcess)


def test_an_engine_that_says_nothing_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch, silent: int
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{silent}")
    monkeypatch.setattr(containers, "ANSWER_SECONDS", 0.2)
    assert "does not answer" in (containers.unavailable() or "")


@pytest.mark.parametrize("host", ["tcp://", "no address"])
def test_a_host_that_is_no_engine_is_no_engine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert "does not answer" in (containers.unavailable() or "")
