"""Providers at fault, and people who put right what failed: on the real stack, with a real notify."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local import Stack
from deploy.local.trouble import Trouble
from schemas.media import Medium
from tests.e2e.test_notify import Far, far_end, handed_over, outreach, sent_for
from tests.patience import SECONDS, until

MANY = 40
FOR_EVER = 100_000
MENDED = Trouble(kind="account", times=1)


@pytest.fixture(scope="module")
async def far(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Far]:
    async with far_end(stack, tmp_path_factory.mktemp("providers")) as far:
        yield far


async def listed(far: Far, *words: str) -> list[dict[str, Any]]:
    lines = (
        await asyncio.to_thread(far.redress, "deliveries", "list", "--limit", "1000", *words)
    ).splitlines()
    return [json.loads(line) for line in lines]


async def ready(far: Far) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient(timeout=SECONDS) as client:
        answer = await client.get(f"{far.notify.url}/readyz")
    return answer.status_code, answer.json()


async def paused(far: Far, medium: Medium) -> bool:
    async with httpx.AsyncClient(timeout=SECONDS) as client:
        answer = await client.get(f"{far.notify.url}/metrics")
    return f'redress_provider_paused{{medium="{medium}"}} 1.0' in answer.text


def alarms(far: Far) -> int:
    return far.log.read_text("utf-8").count("provider is at fault")


@pytest.mark.parametrize(("medium", "reason"), [("email", "smtp 530 at mail"), ("sms", "http 402")])
async def test_an_account_that_lapsed_fails_no_message_and_all_go_once_it_is_mended(
    far: Far, medium: Medium, reason: str
) -> None:
    provider = far.mail if medium == "email" else far.sms
    provider.trouble(Trouble(kind="account", times=FOR_EVER))
    before = alarms(far)
    events = [outreach(medium) for _ in range(MANY)]
    await far.publish("outreach", *events[: MANY // 2])
    await until(lambda: paused(far, medium))
    status, said = await ready(far)
    assert (status, said["ready"]) == (200, True)
    assert reason in said["notes"][medium]
    assert alarms(far) == before + 1
    # A start in the middle of it loses nothing and asks again.
    await far.notify.stop()
    await far.publish("outreach", *events[MANY // 2 :])
    await far.notify.start()
    await until(lambda: paused(far, medium))

    async def all_wait() -> bool:
        return len(await listed(far, "--pending", "--medium", medium)) == MANY

    await until(all_wait)
    assert await listed(far, "--failed", "--medium", medium) == []
    provider.trouble(MENDED)
    settled = await far.reported(MANY, *(event.id for event in events))
    assert {one.result for one in settled} == {"sent"}
    assert len(sent_for(provider, settled)) == MANY
    assert not await paused(far, medium)
    assert "notes" not in (await ready(far))[1]


PORTALS = [
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{"status":"failed"}',
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/login\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
]


@pytest.mark.parametrize("page", PORTALS)
async def test_a_stranger_in_the_providers_place_takes_no_message(far: Far, page: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(page)
        await writer.drain()
        writer.close()

    await far.sms.stop()
    async with await asyncio.start_server(answer, "127.0.0.1", far.sms.port):
        events = [outreach("sms") for _ in range(7)]
        await far.publish("outreach", *events)
        await until(lambda: paused(far, "sms"))
    await far.sms.start()
    settled = await far.reported(7, *(event.id for event in events))
    assert {one.result for one in settled} == {"sent"}
    assert sorted(one.reference for one in sent_for(far.sms, settled)) == sorted(
        str(one.delivery) for one in settled
    )


async def test_what_failed_is_resent_once_and_only_when_it_failed(far: Far) -> None:
    far.sms.trouble(Trouble(kind="refuse"))
    event = outreach("sms")
    await far.publish("outreach", event)
    [failed] = await far.reported(1, event.id)
    assert failed.result == "failed"
    assert [one["id"] for one in await listed(far, "--failed")] == [str(failed.delivery)]
    resend = ("deliveries", "resend", str(failed.delivery), "--by", "admin")
    assert "is in line again" in await asyncio.to_thread(far.redress, *resend)
    settled = await far.reported(2, event.id)
    assert [one.result for one in settled] == ["failed", "sent"]
    assert len(sent_for(far.sms, settled)) == 1
    ended = await asyncio.to_thread(far.tries, *resend)
    assert (ended.returncode, "has been sent" in ended.stderr) == (1, True)
    assert len(sent_for(far.sms, settled)) == 1


async def test_all_that_failed_since_a_time_is_resent_by_one_command(far: Far) -> None:
    far.mail.trouble(Trouble(kind="refuse", times=5))
    since = datetime.now(UTC) - timedelta(seconds=1)
    events = [handed_over() for _ in range(5)]
    await far.publish("cases", *events)
    failed = await far.reported(5, *(event.id for event in events))
    assert {one.result for one in failed} == {"failed"}
    words = ("deliveries", "resend", "--failed", "--medium", "email", "--by", "admin", "--since")
    await asyncio.to_thread(far.redress, *words, since.isoformat())
    settled = await far.reported(10, *(event.id for event in events))
    assert Counter(one.result for one in settled) == {"failed": 5, "sent": 5}
    assert len(sent_for(far.mail, settled)) == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "should name deliveries by their ids"),
        (("--failed",), "--since"),
        (("--failed", "--since", "2026-03-02"), "with an offset"),
        (("--failed", "--since", "yesterday"), "with an offset"),
        ((str(uuid4()),), "there is no delivery"),
    ],
)
async def test_a_resend_that_means_nothing_is_refused_in_words(
    far: Far, words: tuple[str, ...], said: str
) -> None:
    ended = await asyncio.to_thread(far.tries, "deliveries", "resend", *words, "--by", "admin")
    assert ended.returncode != 0
    assert said in ended.stderr
