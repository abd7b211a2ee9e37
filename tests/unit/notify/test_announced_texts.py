"""Texts of an announced version are tried beside the work: what cannot be rendered is reported, and stops nothing."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from schemas.policies import PublishedPolicy
from services.common.kafka.table import LeftOut
from services.notify import app
from services.notify.app import AnnouncedTables
from tests.casework import gtmc
from tests.patience import patience
from tests.policy_folder import PolicyFolder


def published(**changes: Any) -> PublishedPolicy:
    """A version of which the first text is changed."""
    content = gtmc().content
    first = content.templates[0]
    sms = first.sms.model_copy(update=changes)
    templates = (first.model_copy(update={"sms": sms}), *content.templates[1:])
    policy = content.model_copy(update={"templates": templates})
    return PublishedPolicy(version=policy.version, policy=policy)


async def reports(*versions: PublishedPolicy) -> list[str]:
    """What is reported, in turn, once each version was tried."""
    said: list[str] = []
    tables = AnnouncedTables(cast("Any", None), cast("Any", None))
    tables.texts = LeftOut(lambda _count, reasons: said.append(reasons))
    for version in versions:
        tables._published(f"gtmc@{version.version}", version)  # noqa: SLF001 - what the table calls
    trying = asyncio.create_task(tables._try_texts())  # noqa: SLF001 - what runs beside the work
    async with patience():
        while len(said) < len(versions):
            await asyncio.sleep(0.01)
    trying.cancel()
    assert [f"gtmc@{version.version}" in tables.policies for version in versions] == [True] * len(versions)
    return said


async def test_a_text_that_cannot_be_rendered_is_reported_and_its_version_is_used() -> None:
    [wrong] = await reports(published(en="{{ nobody_knows_this }}"))
    assert "nobody_knows_this" in wrong


async def test_whatever_goes_wrong_with_one_version_the_next_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def render(name: str, _policy: Any) -> None:
        tried.append(name)
        if len(tried) == 1:
            raise KeyError(name)

    monkeypatch.setattr(app, "must_render", render)
    first, second = await reports(published(en="one"), published(en="two"))
    assert "KeyError" in first
    assert (len(tried), "KeyError" in second) == (2, True)


@pytest.mark.parametrize("remedy", ["it is mended", "it is gone"])
async def test_a_wrong_file_is_told_until(remedy: str, tmp_path: Path) -> None:
    own = PolicyFolder(tmp_path)
    own.change("\ntemplates:", "\nmistaken:", "notices.yaml")
    tables = AnnouncedTables(cast("Any", SimpleNamespace(policies=tmp_path)), cast("Any", None))
    await tables._note_files([own.folder])  # noqa: SLF001 - as at the start
    await tables.look()
    assert "notices.yaml" in tables.files.reasons["gtmc"]
    if remedy == "it is mended":
        own.change("\nmistaken:", "\ntemplates:", "notices.yaml")
    else:
        (own.folder / "policy.yaml").unlink()
    await tables.look()
    assert tables.files.reasons == {}
