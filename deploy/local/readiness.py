"""Whether Kafka and the store serve."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

ANSWER_MILLIS = 2_000


async def brokers(bootstrap: str) -> int:
    """How many brokers serve there; 0 when Kafka does not answer."""
    if not await _listens(bootstrap.partition(",")[0]):
        return 0
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=ANSWER_MILLIS)
    with _muted("aiokafka"):
        try:
            await client.bootstrap()
            return len(client.cluster.brokers())
        except KafkaError:
            return 0
        finally:
            await client.close()


async def store_answers(url: str) -> bool:
    """Whether the document store answers a ping."""
    if not await _listens(urlsplit(url).netloc):
        return False
    async with AsyncMongoClient[dict[str, object]](url, serverSelectionTimeoutMS=ANSWER_MILLIS) as client:
        try:
            await client.admin.command("ping")
        except PyMongoError:
            return False
    return True


@contextmanager
def _muted(name: str) -> Iterator[None]:
    """Silence a logger that reports every early attempt as an error."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


async def _listens(address: str) -> bool:
    """Whether anything accepts there: cheaper than a client, and without a client's log lines."""
    place = urlsplit(f"//{address}")
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection(place.hostname, place.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
