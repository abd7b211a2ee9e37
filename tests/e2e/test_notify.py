"""Notify as a process on the real stack, with a real mail server and a real SMS endpoint."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer

from deploy.local import Service as Process
from deploy.local import Stack, service
from deploy.local.provider import Provider, Received, provider
from deploy.local.trouble import Trouble
from schemas.base import Message
from schemas.cases import CaseOpened, CaseTaskSent
from schemas.deliveries import DeliveryReported
from schemas.directory import key
from schemas.media import Medium
from schemas.outreach import OutreachRequested
from schemas.policies import Policy, PublishedPolicy
from services.notify.domain.samples import FIELDS
from services.routing.settings import POLICIES
from services.routing.store.policy_files import load_policy
from tests.dealership import directory_file, person
from tests.patience import SECONDS, patience
from tests.stack import Names, consume, own_names, produce
from tests.unit.notify.events import header as a_header
from tests.unit.notify.events import task

# An answer takes less also on a crowded machine, and a stall much longer.
SEND_SECONDS, STALL = 3, 30
GTMC = load_policy(POLICIES / "gtmc")


@dataclass(frozen=True)
class Far:
    """Notify, and everything it talks to."""

    stack: Stack
    names: Names
    notify: Process
    mail: Provider
    sms: Provider
    env: dict[str, str]
    log: Path

    async def publish(self, topic: str, *messages: Message) -> None:
        records = [(str(one.case_id).encode(), one.model_dump_json().encode()) for one in messages]
        await produce(self.stack, self.names.topic(topic), records)

    async def results(self) -> AsyncGenerator[DeliveryReported, None]:
        """Every result, from the first one on, as it comes."""
        consumer = AIOKafkaConsumer(
            self.names.topic("deliveries"),
            bootstrap_servers=self.stack.addresses.kafka,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        async with consumer:
            async for record in consumer:
                one = DeliveryReported.model_validate_json(record.value)
                assert record.key == str(one.case_id).encode()
                yield one

    async def reported(self, count: int, *events: UUID) -> list[DeliveryReported]:
        """The first `count` results of these events."""
        found: list[DeliveryReported] = []
        async with patience(), aclosing(self.results()) as results:
            async for one in results:
                found += [one] if one.event in events else []
                if len(found) == count:
                    return found
        raise AssertionError("results ended")

    def redress(self, *words: str) -> str:
        done = self.tries(*words)
        done.check_returncode()
        return done.stdout

    def tries(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "deploy.redress", *words]
        env = os.environ | self.env
        return subprocess.run(command, env=env, check=False, capture_output=True, text=True, timeout=SECONDS)


def header(policy: Policy = GTMC, **changes: Any) -> dict[str, Any]:
    return a_header(policy=policy.id, policy_version=policy.version, **changes)


def opened(**changes: Any) -> CaseOpened:
    """A major case at shop north."""
    ids = {"id": uuid4(), "case_id": uuid4(), "occurred_at": datetime.now(UTC)}
    return CaseOpened.model_validate({**FIELDS, **ids, "header": header(), **changes})


def handed_over(severity: str = "general") -> CaseTaskSent:
    """A department manager is asked to take a case over."""
    ids = {"id": uuid4(), "case_id": uuid4(), "occurred_at": datetime.now(UTC), "via": "assignment"}
    asked = dict(task("dm-service", "dept_manager"))
    return CaseTaskSent.model_validate({**FIELDS, **asked, **ids, "header": header(severity=severity)})


def outreach(medium: Medium) -> OutreachRequested:
    """The customer is to be told that his complaint is recorded."""
    return OutreachRequested(
        id=uuid4(),
        case_id=uuid4(),
        occurred_at=datetime.now(UTC),
        case_number="7K2M-9QXD-4T",
        policy=GTMC.id,
        policy_version=GTMC.version,
        template="customer_received",
        medium=medium,
        address="wang@customer.example" if medium == "email" else "13800000000",
        name="王女士",
        language="zh",
        shop="north",
    )


def sent_for(far_end: Provider, deliveries: list[DeliveryReported]) -> list[Received]:
    wanted = {str(one.delivery) for one in deliveries}
    return [one for one in far_end.received() if one.reference.partition("@")[0] in wanted]


async def announce(stack: Stack, names: Names) -> None:
    staff = {
        "gm_1": person("gm-1", language="en", phone="13900000001"),
        "mfr_1": person("mfr-1", phone="13900000002"),
        "cr_1": person("cr-1", phone=""),
    }
    entries = directory_file(**staff).entries()
    people = [(key(entry).encode(), entry.model_dump_json().encode()) for entry in entries]
    await produce(stack, names.topic("directory"), people)
    published = PublishedPolicy(version=GTMC.version, policy=GTMC)
    name = f"{GTMC.id}@{GTMC.version}".encode()
    await produce(stack, names.topic("policies"), [(name, published.model_dump_json().encode())])


@asynccontextmanager
async def far_end(
    stack: Stack, home: Path, announce: Callable[[Stack, Names], Awaitable[None]] = announce, /, **more: str
) -> AsyncIterator[Far]:
    """A notify with names, a mail server and an SMS provider of its own."""
    async with own_names(stack) as names:
        await announce(stack, names)
        mail, sms = provider("mail", home / "mail"), provider("sms", home / "sms")
        env = names.environment(stack) | {
            "REDRESS_SMTP_PORT": str(mail.port),
            "REDRESS_SMS_URL": f"http://127.0.0.1:{sms.port}",
            "REDRESS_RETRY_BASE_SECONDS": "0.2",
            "REDRESS_RETRY_MOST_SECONDS": "1",
            **more,
        }
        notify = service("notify", env, home / "notify.log")
        notify.runner.launch()
        await asyncio.gather(mail.start(), sms.start(), notify.wait_ready())
        yield Far(stack, names, notify, mail, sms, env, home / "notify.log")
        await asyncio.gather(notify.stop(), mail.stop(), sms.stop())


@pytest.fixture(scope="module")
async def far(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Far]:
    async with far_end(
        stack, tmp_path_factory.mktemp("notify"), REDRESS_SEND_SECONDS=str(SEND_SECONDS)
    ) as far:
        yield far


async def test_a_major_case_reaches_the_gm_and_the_manufacturer_in_their_languages(far: Far) -> None:
    event = opened()
    await far.publish("cases", event)
    settled = await far.reported(8, event.id)
    results = Counter((one.person, one.medium, one.result) for one in settled)
    assert results == {
        ("gm-1", "email", "sent"): 1,
        ("gm-1", "sms", "sent"): 1,
        ("mfr-1", "email", "sent"): 1,
        ("mfr-1", "sms", "sent"): 1,
        ("mfr-2", "email", "sent"): 1,
        ("mfr-2", "sms", "failed"): 1,
        ("cr-1", "email", "sent"): 1,
        ("cr-1", "sms", "failed"): 1,
    }
    mails = {one.to: one for one in sent_for(far.mail, settled)}
    assert mails["gm-1@example.org"].subject == "[major complaint] 7K2M-9QXD-4T Name"
    assert mails["mfr-1@example.org"].subject == "【重要投诉】7K2M-9QXD-4T 名称"


async def test_an_event_read_twice_is_sent_once(far: Far) -> None:
    event = handed_over()
    await far.publish("cases", event, event)
    settled = await far.reported(1, event.id)
    await far.publish("cases", event)
    after = handed_over()
    await far.publish("cases", after)
    await far.reported(1, after.id)
    assert len(sent_for(far.mail, settled)) == 1


async def test_a_busy_mail_server_is_tried_again_and_a_dead_one_delays_mail_only(far: Far) -> None:
    await far.mail.stop()
    event = opened()
    await far.publish("cases", event)
    settled = await far.reported(4, event.id)
    assert {one.medium for one in settled} == {"sms"}
    far.mail.trouble(Trouble(kind="busy", times=2))
    await far.mail.start()
    settled = await far.reported(8, event.id)
    assert len(sent_for(far.mail, settled)) == 4


async def test_staff_mail_without_an_answer_goes_out_again_under_the_same_reference(far: Far) -> None:
    far.mail.trouble(Trouble(kind="stall", seconds=STALL))
    event = handed_over()
    await far.publish("cases", event)
    [settled] = await far.reported(1, event.id)
    assert (settled.result, settled.copies) == ("sent", 2)
    assert len(sent_for(far.mail, [settled])) == 2


@pytest.mark.parametrize("kind", ["stall", "lose"])
async def test_the_sms_provider_is_asked_before_anything_is_sent_again(far: Far, kind: Any) -> None:
    far.sms.trouble(Trouble(kind=kind, seconds=STALL))
    event = outreach("sms")
    await far.publish("outreach", event)
    [settled] = await far.reported(1, event.id)
    assert (settled.person, settled.result, settled.copies) == ("customer", "sent", 1)
    assert [one.to for one in sent_for(far.sms, [settled])] == ["+8613800000000"]


@pytest.mark.parametrize(("how", "copies"), [("--sent", 1), ("--resend", 2)])
async def test_a_customer_mail_of_unknown_fate_waits_for_a_person(far: Far, how: str, copies: int) -> None:
    far.mail.trouble(Trouble(kind="stall", seconds=STALL))
    event = outreach("email")
    await far.publish("outreach", event)
    [waiting] = await far.reported(1, event.id)
    assert waiting.result == "unknown"
    listed = await asyncio.to_thread(far.redress, "deliveries", "list", "--unknown")
    assert str(waiting.delivery) in listed
    assert "customer.example" not in listed
    settle = ("deliveries", "settle", str(waiting.delivery), how, "--by", "cr-1")
    await asyncio.to_thread(far.redress, *settle)
    settled = await far.reported(2, event.id)
    assert (settled[1].result, settled[1].copies) == ("sent", copies)
    assert len(sent_for(far.mail, settled)) == copies


async def test_no_address_and_no_name_of_a_customer_rests_in_deliveries_or_logs(far: Far) -> None:
    event = outreach("email")
    await far.publish("outreach", event)
    await far.reported(1, event.id)
    listed = await asyncio.to_thread(far.redress, "deliveries", "list")
    assert str(event.case_id) in listed
    records = await consume(far.stack, far.names.topic("deliveries"), 1)
    log = await asyncio.to_thread(far.log.read_text, "utf-8")
    assert log
    # Printed as they came, the bytes of a Chinese name would be escapes.
    for text in (listed, log, str([json.loads(one.value) for one in records])):
        assert "王女士" not in text
        assert "wang@customer" not in text


NOT_ONE_ADDRESS = [
    "zhang,wei@example.com",
    "li;z@customer.example",
    "x<other@example.com>",
    "a@b@example.com",
    "li@",
    "li na@example.com",
    "li@example.com\r\nRCPT TO:<x@example.com>",
]


@pytest.mark.parametrize("written", NOT_ONE_ADDRESS)
async def test_what_is_not_one_address_reaches_nobody(far: Far, written: str) -> None:
    before = len(far.mail.received())
    event = outreach("email").model_copy(update={"address": written})
    await far.publish("outreach", event)
    [settled] = await far.reported(1, event.id)
    assert (settled.result, len(far.mail.received())) == ("failed", before)


@pytest.mark.parametrize(
    ("written", "envelope"),
    [
        ("用户@例子.中国", "用户@xn--fsqu00a.xn--fiqs8s"),
        ("wang@例子.中国", "wang@xn--fsqu00a.xn--fiqs8s"),
        ("ｗａｎｇ＠customer.example", "wang@customer.example"),
    ],
)
async def test_an_address_of_any_script_reaches_its_mailbox(far: Far, written: str, envelope: str) -> None:
    event = outreach("email").model_copy(update={"address": written})
    await far.publish("outreach", event)
    [settled] = await far.reported(1, event.id)
    assert [one.to for one in sent_for(far.mail, [settled])] == [envelope]
