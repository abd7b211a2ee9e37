"""Notify on the real stack sends signed webhooks to a manufacturer and to a person, as policy says."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from deploy.local import Stack
from deploy.local.provider import Provider, provider
from deploy.local.trouble import Trouble
from deploy.local.webhook import SECRET
from schemas import directory, policies
from schemas.addresses import WebhookUrl
from schemas.policies import Policy, PublishedPolicy
from tests.dealership import directory_file, person
from tests.e2e.test_notify import GTMC, Far, far_end, header, opened, sent_for
from tests.stack import Names, produce

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATH = "/a-path-that-nobody-is-to-read"
RULE = {
    "id": "by-webhook",
    "when": {"type": "case.opened"},
    "to": ["manufacturer", "owner"],
    "by": ["webhook"],
}
POLICY = Policy.model_validate(
    {
        **GTMC.model_dump(),
        "notices": [{**RULE, "template": "opened", "not_after_minutes": 60}],
        "customer_notices": [],
        "templates": [
            {**GTMC.templates[0].model_dump(), "id": "opened", "payload": ["number", "severity", "shop"]}
        ],
    }
)


@dataclass(frozen=True)
class Webhooks:
    """Notify, and the endpoint that a manufacturer and a person have in the directory."""

    far: Far
    endpoint: Provider


async def announce(stack: Stack, names: Names, port: int) -> None:
    url = f"http://127.0.0.1:{port}{PATH}"
    file = directory_file(cr_1=person("cr-1", webhook=url))
    makers = [one.model_copy(update={"webhook": WebhookUrl.parse(url)}) for one in file.manufacturers]
    entries = file.model_copy(update={"manufacturers": tuple(makers)}).entries()
    people = [(directory.key(entry).encode(), entry.model_dump_json().encode()) for entry in entries]
    await produce(stack, names.topic("directory"), people)
    published = PublishedPolicy(version=POLICY.version, policy=POLICY)
    record = policies.key(published).encode(), published.model_dump_json().encode()
    await produce(stack, names.topic("policies"), [record])


@pytest.fixture(scope="module")
async def webhooks(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Webhooks]:
    home = tmp_path_factory.mktemp("webhooks")
    endpoint = provider("webhook", home / "webhook")
    (endpoint.data / SECRET).write_text(KEY)
    await endpoint.start()
    secrets = f"127.0.0.1:{endpoint.port}={KEY}"
    async with far_end(
        stack, home, lambda on, names: announce(on, names, endpoint.port), REDRESS_WEBHOOK_SECRETS=secrets
    ) as far:
        yield Webhooks(far, endpoint)
    await endpoint.stop()


async def test_a_manufacturer_and_a_person_get_what_policy_names_once_their_endpoint_takes_it(
    webhooks: Webhooks,
) -> None:
    far = webhooks.far
    webhooks.endpoint.trouble(Trouble(kind="busy"))
    event = opened(header=header(POLICY))
    await far.publish("cases", event)
    settled = await far.reported(2, event.id)
    results = {one.person: (one.medium, one.result, one.copies) for one in settled}
    assert results == dict.fromkeys(("manufacturer:gtmc", "cr-1"), ("webhook", "sent", 1))
    received = sent_for(webhooks.endpoint, settled)
    assert {one.to for one in received} == {PATH}
    for content in (json.loads(one.text) for one in received):
        assert (content["type"], content["data"]["number"]) == ("opened", "7K2M-9QXD-4T")
    log = await asyncio.to_thread(far.log.read_text, "utf-8")
    assert KEY.removeprefix("whsec_") not in log
    assert PATH not in log


async def test_a_message_that_its_endpoint_refuses_for_good_has_failed(webhooks: Webhooks) -> None:
    webhooks.endpoint.trouble(Trouble(kind="refuse", times=2))
    event = opened(header=header(POLICY))
    await webhooks.far.publish("cases", event)
    settled = await webhooks.far.reported(2, event.id)
    assert {one.result for one in settled} == {"failed"}
    assert sent_for(webhooks.endpoint, settled) == []
