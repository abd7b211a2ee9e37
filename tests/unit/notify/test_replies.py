"""What the answers of providers mean: final only what names this recipient or this text."""

import json
import math
from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import pytest

from services.common.runtime.clock import wall
from services.notify.providers.replies import FINAL, Reply, Stage, judge_fate, judge_message, judge_smtp

REFERENCE = uuid4()
OURS = [421, 432, 454, 500, 502, 503, 504, 521, 530, 534, 535, 538]
HTML = b"<html><body>Please log in to the hotel's network</body></html>"


def answered(status: int, fields: Any = None, **headers: str) -> Reply:
    kind = {"content-type": "application/json"} if fields is not None else {}
    body = json.dumps(fields).encode() if fields is not None else b""
    return Reply(status, kind | {name.replace("_", "-"): value for name, value in headers.items()}, body)


def raw(status: int, body: bytes, kind: str = "application/json") -> Reply:
    headers: Mapping[str, str] = {"content-type": kind}
    return Reply(status, headers, body)


def taken(status: str = "accepted") -> dict[str, str]:
    return {"reference": str(REFERENCE), "status": status}


@pytest.mark.parametrize("stage", ["connect", "mail", "data"])
def test_before_the_recipient_and_before_the_text_nothing_is_the_messages_fault(stage: Stage) -> None:
    receipts = [judge_smtp(stage, code, "5.1.1 whatever it says") for code in range(400, 600)]
    assert {(one.verdict, one.provider) for one in receipts} == {("later", "fails")}


@pytest.mark.parametrize("stage", ["rcpt", "body"])
@pytest.mark.parametrize("code", OURS)
def test_what_is_said_of_session_and_log_in_is_the_providers_at_every_stage(stage: Stage, code: int) -> None:
    receipt = judge_smtp(stage, code, "no")
    assert (receipt.verdict, receipt.provider) == ("later", "fails")


def test_a_recipient_refused_for_good_is_final() -> None:
    text = "5.1.1 <li@shop.example>: no such mailbox"
    receipts = [judge_smtp("rcpt", code, text) for code in {*range(500, 600)} - {*OURS}]
    assert {(one.verdict, one.provider) for one in receipts} == {("refused", "works")}
    assert not any("li@" in one.reason for one in receipts)


@pytest.mark.parametrize(
    "text",
    [
        "5.7.1 <li@shop.example>: Relay access denied",
        "5.7.1 Unable to relay",
        "5.7.1 <redress@mfr.example>: Sender address rejected: not owned by user redress",
        "5.1.8 <redress@mfr.example>: domain of sender does not exist",
        "5.1.7 bad sender",
        "5.7.1 <unknown[203.0.113.9]>: Client host rejected: Access denied",
        "5.7.1 Service unavailable; Client host [203.0.113.9] blocked using a list",
        "5.7.0 Authentication required",
        "5.3.2 system not accepting messages",
        "5.5.1 bad sequence",
    ],
)
@pytest.mark.parametrize("code", [550, 553, 554])
def test_what_a_server_has_against_us_is_not_the_recipients_even_when_it_waits_for_one(
    code: int, text: str
) -> None:
    receipt = judge_smtp("rcpt", code, text)
    assert (receipt.verdict, receipt.provider) == ("later", "fails")


@pytest.mark.parametrize("stage", ["rcpt", "body"])
@pytest.mark.parametrize("code", [450, 451, 452, 455, 471])
def test_a_recipient_or_a_text_that_is_to_come_again_pauses_nobody_else(stage: Stage, code: int) -> None:
    receipt = judge_smtp(stage, code, "4.2.2 later")
    assert (receipt.verdict, receipt.provider) == ("later", "works")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (552, "too large"),
        (523, ""),
        (554, "5.6.0 bad content"),
        (550, "5.2.3 too long"),
        (554, "5.3.4 too big"),
    ],
)
def test_a_text_that_is_refused_as_a_text_is_final(code: int, text: str) -> None:
    assert judge_smtp("body", code, text).verdict == "refused"


@pytest.mark.parametrize(
    "text", ["5.7.60 no right to send as this sender", "5.7.1 over quota", "5.3.0 no", "no"]
)
@pytest.mark.parametrize("code", [550, 553, 554])
def test_any_other_refusal_of_a_text_may_be_of_our_account(code: int, text: str) -> None:
    receipt = judge_smtp("body", code, text)
    assert (receipt.verdict, receipt.provider) == ("later", "fails")


@pytest.mark.parametrize("code", [-1, 0, 25, 101, 200, 211, 252, 299, 334, 399, 600, 999])
def test_what_is_no_answer_of_smtp_leaves_the_fate_open_once_the_text_is_out(code: int) -> None:
    assert judge_smtp("body", code, "?").verdict == "unknown"
    assert judge_smtp("rcpt", code, "?").verdict == "later"


@pytest.mark.parametrize("fields", [None, {"error": "no"}, taken("failed"), taken()])
def test_no_other_status_is_a_messages_fault(fields: Any) -> None:
    statuses = {*range(300, 600)} - FINAL - {409}
    receipts = [judge_message(REFERENCE, answered(status, fields)) for status in statuses]
    assert {one.verdict for one in receipts} == {"later", "unknown"}
    assert {one.provider for one in receipts} == {"fails"}


@pytest.mark.parametrize("status", [408, 500, 501, 502, 504, 505, 520, 522, 524, 599])
def test_who_lost_sight_of_a_request_leaves_its_fate_open(status: int) -> None:
    assert judge_message(REFERENCE, answered(status)).verdict == "unknown"


@pytest.mark.parametrize("status", [301, 302, 307, 401, 402, 403, 404, 407, 423, 425, 429, 451, 503])
def test_who_did_not_let_us_in_has_taken_nothing(status: int) -> None:
    assert judge_message(REFERENCE, answered(status)).verdict == "later"


@pytest.mark.parametrize("status", sorted(FINAL))
@pytest.mark.parametrize("fields", [None, {"error": "no such number"}, taken("refused")])
def test_the_statuses_agreed_on_refuse_a_message(status: int, fields: Any) -> None:
    receipt = judge_message(REFERENCE, answered(status, fields))
    assert (receipt.verdict, receipt.provider) == ("refused", "works")


NOT_AGREED_ON = [
    raw(200, b"", "text/plain"),
    raw(200, HTML, "text/html"),
    raw(200, HTML),
    raw(200, json.dumps(taken()).encode(), "text/html"),
    raw(200, json.dumps([taken()]).encode()),
    raw(200, json.dumps(taken()).encode()[:-1]),
    raw(200, b'{"reference": "%s", "status": "failed", "status": "accepted"}' % str(REFERENCE).encode()),
    raw(200, b'{"reference": "%s", "status": "accepted", "cost": NaN}' % str(REFERENCE).encode()),
    raw(200, b"[" * 50_000),
    raw(200, b"\xff\xfe"),
    answered(200, {"status": "failed"}),
    answered(200, {"status": "accepted"}),
    answered(200, taken("failed")),
    answered(200, {"reference": str(REFERENCE), "status": None}),
    answered(200, {"reference": str(uuid4())}),
    answered(200, {"reference": str(uuid4()), "status": "accepted"}),
    answered(200, {"reference": [str(REFERENCE)], "status": "accepted"}),
    answered(200, {"reference": str(REFERENCE), "status": ["accepted"]}),
    answered(200, "accepted"),
    answered(202),
    answered(204),
    answered(409, {"error": "conflict"}),
    answered(422, {"reference": str(uuid4()), "status": "refused"}),
    raw(400, HTML, "text/html"),
    raw(413, b"too large", "text/plain"),
]


@pytest.mark.parametrize("reply", NOT_AGREED_ON)
def test_an_answer_that_is_not_the_one_agreed_on_says_nothing_about_a_message(reply: Reply) -> None:
    said, fate = judge_message(REFERENCE, reply), judge_fate(REFERENCE, reply)
    assert [(one.verdict, one.provider) for one in (said, fate)] == [("unknown", "fails")] * 2


@pytest.mark.parametrize("status", [200, 201, 202, 409])
@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/x+json"]
)
def test_a_message_is_taken_where_the_answer_names_it(status: int, kind: str) -> None:
    reply = raw(status, json.dumps(taken()).encode(), kind)
    assert judge_message(REFERENCE, reply).verdict == "accepted"


def test_an_answer_that_only_echoes_the_reference_says_what_its_code_says() -> None:
    echo = {"reference": str(REFERENCE)}
    assert judge_message(REFERENCE, answered(200, echo)).verdict == "accepted"
    assert judge_fate(REFERENCE, answered(200, echo)).verdict == "accepted"
    assert judge_fate(REFERENCE, answered(404, echo)).verdict == "later"


@pytest.mark.parametrize("status", ["accepted", "queued", "sent", "delivered"])
def test_the_fate_of_a_message_is_known_where_the_answer_names_it(status: str) -> None:
    assert judge_fate(REFERENCE, answered(200, taken(status))).verdict == "accepted"
    assert judge_fate(REFERENCE, answered(404, taken("unknown"))).verdict == "later"


@pytest.mark.parametrize(
    "reply", [answered(404), answered(404, {"error": "not found"}), raw(404, HTML, "text/html")]
)
def test_a_page_that_is_not_found_does_not_say_that_a_message_is_not_known(reply: Reply) -> None:
    assert judge_fate(REFERENCE, reply).verdict == "unknown"


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("120", 120, 120),
        ("0", 0, 0),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("9" * 400, 0, 0),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", 0, 0),
        ("Fri, 99999999999999999999 Dec 2026 23:59:59 GMT", 0, 0),
        ("Fri, 31 Dec 2026 23:59:59 +99999999999999999999", 0, 0),
        ("Fri, 31 Dec 2026 99999999999999999999:59:59 GMT", 0, 0),
        ("Fri, 31 Dec 2026 23:59:59 +9999", 0, math.inf),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 60, math.inf),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0, math.inf),
        pytest.param(format_datetime(wall() + timedelta(hours=1)), 60, 3600, id="in an hour"),
        pytest.param(format_datetime(wall() - timedelta(hours=1)), 0, 0, id="an hour ago"),
    ],
)
def test_a_provider_may_ask_for_a_pause_in_seconds_or_until_a_date(
    asked: str, least: float, most: float
) -> None:
    receipt = judge_message(REFERENCE, answered(429, retry_after=asked))
    assert least <= receipt.pause <= most
