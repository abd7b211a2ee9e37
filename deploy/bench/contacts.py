"""The complaints of the benchmark: as requests to intake, and as the records that intake would write."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count, cycle, islice
from uuid import NAMESPACE_OID, uuid5

from deploy.demo.commands import DIRECTORY
from services.common.runtime.clock import Clock, wall
from services.common.web import strict_json, tokens
from services.intake.domain import Identity, posted, record
from services.routing.commands.directory import read

KEY = "a key of the benchmark, 32 characters or more"
TOWN = read(DIRECTORY)
NARRATIVES = (
    "上周在你们店做完保养以后，空调一直有异响，开到二档以上声音更大。我已经来过两次，每次都说正常。" * 2,
    "高速上踩刹车的时候踏板一下子变软，车子没有马上减速，我连续踩了三次才停下来，差一点撞上前面的货车。" * 2,
    "I was promised a call back about the warranty claim for the navigation unit, and it has been nine days. "
    * 2,
    "交车的时候承诺送的脚垫和行车记录仪到现在没有给，销售顾问说已经离职的同事答应的不算数，请按合同办。" * 2,
)


def bodies() -> Iterator[bytes]:
    """What is posted, without end, all of about 1 KB; received a few minutes ago."""
    received = (wall() - timedelta(minutes=5)).isoformat()
    told = zip(count(), cycle(TOWN.franchises), cycle(NARRATIVES), strict=False)
    for number, franchise, narrative in told:
        contact = {
            "channel": "onsite",
            "shop": franchise.shop,
            "received_at": received,
            "customer": {"name": f"客户{number}", "phone": f"138{number:08d}"},
            "vehicle": {"brand": franchise.brand, "model": "S1", "plate": f"粤A{number % 100_000:05d}"},
            "narrative": narrative,
            "demand": "请在两天内答复。",
        }
        yield json.dumps(contact, ensure_ascii=False).encode()


def requests(number: int, mark: str) -> list[bytes]:
    """Ready-made requests; `mark` makes their idempotency keys, hence their cases, differ from other runs'."""
    token = tokens.issue("bench", KEY, timedelta(hours=1))
    posted = enumerate(islice(bodies(), number))
    return [_request(body, token, _key(mark, index)) for index, body in posted]


def records(number: int, mark: str) -> list[tuple[bytes, bytes]]:
    """Keys and values for the topic `contacts`."""
    return [_record(body, _key(mark, index)) for index, body in enumerate(islice(bodies(), number))]


def _key(mark: str, index: int) -> str:
    return str(uuid5(NAMESPACE_OID, f"{mark} {index}"))


def _request(body: bytes, token: str, key: str) -> bytes:
    head = (
        "POST /v1/contacts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nIdempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _record(body: bytes, key: str) -> tuple[bytes, bytes]:
    now = Clock().now()
    contact, warnings = posted(strict_json.read(body), now)
    said = contact.model_dump_json()
    identity = Identity.of("bench", key, said)
    return identity.case_id.encode(), record(said, identity, "bench", now, [each.field for each in warnings])
