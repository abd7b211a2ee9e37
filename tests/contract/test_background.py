"""What was left running in the background is found again, used, and stopped by whoever comes next."""

from pathlib import Path

import pytest

from deploy.local import Ports, Stack, choose
from deploy.local.addresses import BACKGROUND
from deploy.local.process import Command, DetachedProcess
from tests.stack import database


@pytest.fixture
def ports() -> Ports:
    return Ports.free()


@pytest.mark.usefixtures("ours")
async def test_a_kept_store_is_found_again_and_keeps_its_data(tmp_path: Path, ports: Ports) -> None:
    first, second = kept(tmp_path, ports), kept(tmp_path, ports)
    try:
        await first.store.start()
        async with database(first, "kept") as documents:
            await documents.cases.insert_one({"_id": "case-1"})
        await second.store.stop()
        assert not first.store.runner.runs()
        await second.store.start()
        async with database(second, "kept") as documents:
            assert await documents.cases.count_documents({}) == 1
    finally:
        await second.store.kill()


@pytest.mark.usefixtures("ours")
async def test_starting_what_runs_already_changes_nothing(tmp_path: Path, ports: Ports) -> None:
    store = kept(tmp_path, ports).store
    try:
        await store.start()
        pid = (tmp_path / "store.lock").read_text()
        await kept(tmp_path, ports).store.start()
        assert (tmp_path / "store.lock").read_text() == pid
    finally:
        await store.kill()


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that knows the addresses of what runs in the background."""
    for variable, address in BACKGROUND.addresses().environment().items():
        monkeypatch.setenv(variable, address)


@pytest.mark.usefixtures("exported")
def test_the_addresses_of_the_background_in_the_environment_do_not_disown_it(tmp_path: Path) -> None:
    assert len(kept(tmp_path, BACKGROUND).ours()) == 2


@pytest.mark.usefixtures("exported")
def test_whoever_wants_a_stack_of_his_own_never_meets_the_background(tmp_path: Path, ports: Ports) -> None:
    assert choose(tmp_path, ports, "file").addresses == ports.addresses()


def test_a_process_that_is_gone_is_not_mistaken_for_a_stranger_with_its_number(tmp_path: Path) -> None:
    gone = DetachedProcess(Command(("true",), tmp_path / "gone.log"))
    (tmp_path / "gone.lock").write_text("1")
    assert not gone.runs()


def kept(folder: Path, ports: Ports) -> Stack:
    return choose(folder, ports, "file", keep=True)
