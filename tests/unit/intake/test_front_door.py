"""The front door beside its happy path: clients that dawdle, and a producer that is broken."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from aiokafka.errors import KafkaConnectionError, OutOfOrderSequenceNumber
from fastapi import FastAPI

from schemas.contacts import ContactReceived
from services.common.web import problems
from services.intake.api import FrontDoor, install
from services.intake.settings import IntakeSettings
from tests.signing import keyring, signed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONTACT = {"channel": "onsite", "shop": "shop-1", "received_at": NOON.isoformat(), "narrative": "noise"}


class Refusing:
    """A producer that has only one answer."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> Any:  # noqa: ARG002 - as a producer
        raise self.error


class Keeping:
    """A producer that keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[ContactReceived] = []

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> Any:  # noqa: ARG002 - as a producer
        self.kept.append(ContactReceived.model_validate_json(value))


async def post(door: FrontDoor, **request: Any) -> httpx.Response:
    app = FastAPI()
    problems.install(app)
    install(app, door)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://intake", headers=signed("operator-1")
    ) as client:
        return await client.post("/v1/contacts", **request)


def door(error: Exception) -> FrontDoor:
    settings = IntakeSettings(body_patience=0.05)
    return FrontDoor(settings, lambda: NOON, keyring(), Refusing(error))


@pytest.mark.parametrize(
    ("error", "ends"), [(KafkaConnectionError("away"), []), (OutOfOrderSequenceNumber(), ["ended"])]
)
async def test_only_a_broken_producer_ends_the_process(error: Exception, ends: list[str]) -> None:
    standing, ended = door(error), list[str]()
    standing.failed = lambda: ended.append("ended")
    answer = await post(standing, json=CONTACT)
    assert (answer.status_code, ended) == (503, ends)
    assert answer.json()["idempotency_key"]


async def test_a_client_that_dawdles_is_not_waited_for() -> None:
    async def dawdling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    assert (await post(door(TimeoutError()), content=dawdling())).status_code == 408


async def test_one_answer_names_every_field_at_fault_once() -> None:
    wrong = {
        "narrative": " ",
        "received_at": (NOON - timedelta(days=31)).isoformat(),
        "customer": {"kind": "friend", "phone": "call me"},
        "criteria": ["M4", "no such"],
        "flags": {"injury": "yes"},
        "form": {"demands": [["refund"]]},
        "colour": "red",
    }
    answer = await post(door(TimeoutError()), json=CONTACT | wrong, headers={"Idempotency-Key": "k" * 256})
    named = [fault["field"] for fault in answer.json()["errors"]]
    assert (answer.status_code, answer.json()["detail"]) == (422, "Fields at fault: 8.")
    assert sorted(named) == [
        "Idempotency-Key", "colour", "criteria.1", "customer.kind", "flags.injury", "form.demands", "narrative", "received_at",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("received", "problem"),
    [(timedelta(days=-31), "should be at most 30 days back"), (timedelta(minutes=6), "should be at most 5 minutes ahead")],
)  # fmt: skip
async def test_a_contact_is_received_neither_long_ago_nor_in_the_future(
    received: timedelta, problem: str
) -> None:
    answer = await post(door(TimeoutError()), json=CONTACT | {"received_at": (NOON + received).isoformat()})
    assert answer.json()["errors"] == [{"field": "received_at", "problem": problem}]


async def test_a_key_that_is_too_long_is_named_beside_a_right_body() -> None:
    answer = await post(door(TimeoutError()), json=CONTACT, headers={"Idempotency-Key": "k" * 256})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


async def accept(**changes: Any) -> tuple[list[str], ContactReceived]:
    """The fields an accepted contact is warned of, and what stands on Kafka."""
    producer = Keeping()
    settings = IntakeSettings()
    answer = await post(FrontDoor(settings, lambda: NOON, keyring(), producer), json=CONTACT | changes)
    assert answer.status_code == 202, answer.text
    warnings = answer.json()["warnings"]
    assert all(warning["problem"].startswith("should ") for warning in warnings)
    return [warning["field"] for warning in warnings], producer.kept[0]


@pytest.mark.parametrize(
    ("part", "field", "given"),
    [
        *(("customer", "email", given) for given in ("zhang,wei@example.com", "li@", "x<o@example.com>", "   ", 7, ["a"], "l" * 9_000)),
        *(("customer", "phone", given) for given in ("((((((", "   ", "12", "call me", True, {"a": 1}, "1" * 9_000)),
        *(("vehicle", "vin", given) for given in ("short", "LGBH52E01NY12345O", "1" * 9_000)),
        *(("vehicle", "brand", given) for given in ("汉鲁", "No Brand!", "b" * 100)),
        *(("vehicle", "plate", given) for given in ("粤" * 100, "粤B\x0012345")),
    ],
)  # fmt: skip
async def test_what_cannot_be_used_beside_a_good_narrative_is_kept_and_warned_of(
    part: str, field: str, given: Any
) -> None:
    warned, contact = await accept(**{part: {field: given}})
    assert warned == list(contact.refused or ()) == [f"{part}.{field}"]
    kept = getattr(getattr(contact, part), field)
    assert kept == (given[:320] if isinstance(given, str) else json.dumps(given))


@pytest.mark.parametrize(
    ("part", "field", "given", "read"),
    [
        ("customer", "phone", "0755-8888 6666转801", "+8675588886666;ext=801"),
        ("customer", "phone", "１３８００１３８０００", "+8613800138000"),
        ("customer", "phone", 13800138000, "+8613800138000"),
        ("customer", "email", "Li＠ＥＸＡＭＰＬＥ。com", "Li@example.com"),
        ("customer", "email", None, ""),
        ("vehicle", "vin", "lgbh52e0 1ny-123456", "LGBH52E01NY123456"),
        ("vehicle", "vin", "ＬＧＢＨ５２Ｅ０１ＮＹ１２３４５６", "LGBH52E01NY123456"),
        ("vehicle", "brand", "Hanlu", "hanlu"),
        ("vehicle", "brand", "　ＨＡＮＬＵ ", "hanlu"),
        ("vehicle", "plate", "粤ｂ·１２３４５ ", "粤B·12345"),
    ],
)
async def test_what_is_written_in_another_way_has_one_form(
    part: str, field: str, given: Any, read: str
) -> None:
    warned, contact = await accept(**{part: {field: given}})
    assert (warned, getattr(getattr(contact, part), field)) == ([], read)


async def test_identifiers_are_read_as_people_type_them() -> None:
    _, contact = await accept(shop=" Shop-１ ", received_by="ＯＰ-1")
    assert (contact.shop, contact.received_by) == ("shop-1", "op-1")


async def test_names_of_a_policy_are_kept_in_its_letters() -> None:
    _, contact = await accept(channel=" Ｅmail", kind="Rescue", department="sales ", criteria=["ｇ１", " M3"])
    assert (contact.channel, contact.kind, contact.department) == ("Email", "Rescue", "sales")
    assert contact.ticks == ("g1", "M3")


async def test_what_a_policy_may_not_know_is_taken_all_the_same() -> None:
    said = {
        "flags": {"flood": True, "fire": None},
        "form": {"vin_read": True, "visits": 3, "wants": ["refund"]},
    }
    warned, contact = await accept(channel="pigeon", kind="praise", department="spare_parts", **said)
    assert (warned, contact.channel, contact.kind, contact.department) == (
        [],
        "pigeon",
        "praise",
        "spare_parts",
    )
    assert contact.flags == {"flood": True}
    assert contact.form == {"vin_read": True, "visits": 3, "wants": ("refund",)}


@pytest.mark.parametrize(
    "narrative",
    ["", "   ", "\u200b\u200b", "\u200b \ufeff\u2060", "\u00ad", "\x00\x01\n", "\u3164\u2800", "\ufe0f\u034f", "\u202e\u2066", "\U000e0041"],
)  # fmt: skip
async def test_a_narrative_in_which_nothing_can_be_read_is_none(narrative: str) -> None:
    answer = await post(door(TimeoutError()), json=CONTACT | {"narrative": narrative})
    problem = "should say what has happened: nothing can be read in it"
    assert answer.json()["errors"] == [{"field": "narrative", "problem": problem}]


@pytest.mark.parametrize("narrative", ["坏", "!", "😡", "\u200b坏了\u200b", "7"])
async def test_a_narrative_of_one_sign_is_one(narrative: str) -> None:
    _, contact = await accept(narrative=narrative)
    assert contact.narrative == narrative


@pytest.mark.parametrize(
    "received",
    [
        1772452800, 1772452800.5, "1772452800", "2026-03-02T12:00:00", "2026-03-02", "2026-W10-1T12:00:00Z", "20260302T120000Z",
        "2026-03-02T12:00Z", "2026-03-02T12:00:00 Z", "2026-02-30T12:00:00Z", "2026-03-02T25:00:00Z", "2026-03-02T12:00:00+0800",
        "2026-03-02T12:00:00,5Z", "２０２６-03-02T12:00:00Z", "P1D", "", None, True, [], {}, "2026-061T12:00:00Z",
    ],
)  # fmt: skip
async def test_a_time_that_is_not_of_rfc_3339_is_refused_in_plain_words(received: Any) -> None:
    answer = await post(door(TimeoutError()), json=CONTACT | {"received_at": received})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (422, "received_at")
    assert error["problem"].startswith("should be ")


@pytest.mark.parametrize(
    "received",
    ["2026-03-02T12:00:00Z", "2026-03-02t12:00:00z", "2026-03-02 20:00:00+08:00", "2026-03-02T12:00:00.000000000-00:00"],
)  # fmt: skip
async def test_every_form_of_rfc_3339_is_a_time(received: str) -> None:
    _, contact = await accept(received_at=received)
    assert contact.received_at == NOON


async def test_a_fault_of_ours_is_a_problem_document_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("13800138000")

    monkeypatch.setattr("services.intake.api.read_contact", broken)
    answer = await post(door(TimeoutError()), json=CONTACT)
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    [record] = [each for each in caplog.records if each.name == "services.common.web.problems"]
    assert answer.json()["reference"] == record.__dict__["reference"]
    assert "13800138000" not in answer.text


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk", "multipart/form-data; boundary=x", "json", "application/jsonx"])  # fmt: skip
async def test_a_body_of_another_type_is_told_the_right_one(media: str) -> None:
    answer = await post(door(TimeoutError()), content=json.dumps(CONTACT), headers={"Content-Type": media})
    assert (answer.status_code, answer.headers["Content-Type"]) == (415, "application/problem+json")
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize("media", ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"', "application/vnd.example+json", "application/json;"])  # fmt: skip
async def test_json_is_taken_under_each_of_its_names(media: str) -> None:
    answer = await post(
        FrontDoor(IntakeSettings(), lambda: NOON, keyring(), Keeping()),
        content=json.dumps(CONTACT), headers={"Content-Type": media},
    )  # fmt: skip
    assert answer.status_code == 202


@pytest.mark.parametrize("key", [b"a\x01b", b"a\x7f", b"\x00", b"a\tb"])
async def test_a_key_with_control_characters_is_refused_by_name(key: bytes) -> None:
    answer = await post(door(TimeoutError()), json=CONTACT, headers={b"Idempotency-Key": key})
    assert [fault["field"] for fault in answer.json()["errors"]] == ["Idempotency-Key"]
