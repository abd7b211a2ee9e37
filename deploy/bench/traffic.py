"""What services are fed with: contacts as requests or as records, opened cases, and a client that costs little."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from schemas.calendar import ElapsedMinutes
from schemas.cases import CaseHeader, CaseOpened
from schemas.policies import PublishedPolicy
from services.common.runtime.clock import Clock, ticks, wall
from services.common.web import strict_json
from services.desk.domain.signing import Signer, draw_secret
from services.intake.domain import Identity, read_contact, to_record
from services.routing.commands.directory import read
from services.routing.settings import DEFAULT_POLICY, POLICIES
from services.routing.store.policy_files import load_policy

SIGNER = Signer.of(draw_secret())
DIRECTORY = read(Path(__file__).parents[1] / "local" / "directory.yaml")
NARRATIVES = (
    "上周在你们店做完保养以后，空调一直有异响，开到二档以上声音更大。我已经来过两次，每次都说正常。" * 2,
    "高速上踩刹车的时候踏板一下子变软，车子没有马上减速，我连续踩了三次才停下来，差一点撞上前面的货车。" * 2,
    "I was promised a call back about the warranty claim for the navigation unit, and it has been nine days. "
    * 2,
    "交车的时候承诺送的脚垫和行车记录仪到现在没有给，销售顾问说已经离职的同事答应的不算数，请按合同办。" * 2,
)
CONNECTIONS = 32
ACCEPTED = 202
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class BenchError(Exception):
    """What was to be measured did not happen."""


def bodies() -> Iterator[bytes]:
    """What is posted, without end, all of about 1 KB; received a few minutes ago."""
    received = (wall() - timedelta(minutes=5)).isoformat()
    contacts = zip(count(), cycle(DIRECTORY.franchises), cycle(NARRATIVES), strict=False)
    for number, franchise, narrative in contacts:
        contact = {
            "channel": POLICY.policy.channels[0].id,
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
    token = SIGNER.sign("bench", ("intake",), uuid4(), wall(), timedelta(hours=1))
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
    contact, warnings = read_contact(strict_json.read(body), now)
    identity = Identity.of("bench", key, contact)
    return str(identity.case_id).encode(), to_record(contact, identity, "bench", now, warnings)


def _published() -> PublishedPolicy:
    """The policy without warnings, so that the first event of a deadline after its start is the breach."""
    loaded = load_policy(POLICIES / DEFAULT_POLICY)
    silent = tuple(deadline.model_copy(update={"warnings": ()}) for deadline in loaded.deadlines)
    policy = loaded.model_copy(update={"deadlines": silent})
    return PublishedPolicy(version=policy.version, policy=policy)


POLICY = _published()
DEADLINE, LIMIT = next(
    (deadline.id, timedelta(minutes=deadline.limit.elapsed_minutes))
    for deadline in POLICY.policy.deadlines
    if deadline.starts_from == "receipt" and isinstance(deadline.limit, ElapsedMinutes)
)
"""The deadline of which every case has one, and how long after the receipt it is due."""


def opened(at: datetime) -> CaseOpened:
    """A general complaint received and opened at a moment; DEADLINE is due LIMIT after it."""
    franchise, shop = DIRECTORY.franchises[0], DIRECTORY.shops[0]
    policy = POLICY.policy
    role, state = policy.opening.owner, policy.states[0]
    header = CaseHeader(
        number="0000-0000-0000-0", kind=policy.kinds[0].id, channel=policy.channels[0].id, franchise=franchise.id,
        shop=shop.id, group=shop.group, region=franchise.region, manufacturer=franchise.manufacturer,
        department=policy.departments[0].id, severity=policy.severity.level_ids[0], state=state.id, stage=state.stage,
        owner=f"queue:{shop.id}:{role}", owner_role=role, owner_where=policy.role[role].at, policy=policy.id,
        policy_version=POLICY.version,
    )  # fmt: skip
    return CaseOpened(
        id=uuid4(), case_id=uuid4(), occurred_at=at, seq=1, header=header, channel=header.channel, received_at=at,
        calendar=shop.calendar, criteria=(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Response:
    """The body of a response, and the tick at which it was read."""

    body: bytes
    at: float

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Connection:
    """One request at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, request: bytes) -> Response:
        """The response to a request; BenchError when it is not 202."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await self.reader.readexactly(int(length[1]) if length else 0)
        if int(head[9:12]) != ACCEPTED:
            raise BenchError(f"answered {head[9:12].decode()}: {body.decode()}")
        return Response(body, ticks())


@asynccontextmanager
async def connections(port: int) -> AsyncIterator[list[Connection]]:
    """As many as the load needs, open until the block ends."""
    opened = [Connection(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.writer.close()


async def closed_loop(port: int, requests: Sequence[bytes]) -> float:
    """Requests per second when every connection sends again as soon as it is answered."""
    waiting = iter(requests)

    async def work(connection: Connection) -> None:
        for request in waiting:
            await connection.send(request)

    async with connections(port) as opened, asyncio.TaskGroup() as group:
        started = ticks()
        for connection in opened:
            group.create_task(work(connection))
    return len(requests) / (ticks() - started)


async def open_loop(port: int, requests: Sequence[bytes], rate: float) -> list[Response]:
    """The responses when a request leaves every 1/`rate` seconds, however slow the responses are."""
    free: asyncio.Queue[Connection] = asyncio.Queue()

    async def work(request: bytes) -> Response:
        connection = await free.get()
        response = await connection.send(request)
        free.put_nowait(connection)
        return response

    async with connections(port) as opened, asyncio.TaskGroup() as group:
        for connection in opened:
            free.put_nowait(connection)
        started, tasks = ticks(), []
        for number, request in enumerate(requests):
            await asyncio.sleep(started + number / rate - ticks())
            tasks.append(group.create_task(work(request)))
    return [task.result() for task in tasks]
