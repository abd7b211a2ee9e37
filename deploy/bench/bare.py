"""The floor under intake: the same bytes come, go to Kafka and go back, and nothing is made of them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
import uvicorn
from aiokafka import AIOKafkaProducer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schemas import contacts
from services.common.kafka import client as kafka
from services.common.runtime.settings import CommonSettings

NUMBER = "0000-0000-0000-0"


def create() -> Starlette:
    """One route that answers 202 once Kafka has acknowledged the body, and one that tells it is ready."""
    settings = CommonSettings()
    topic = settings.topic_prefix + contacts.TOPIC
    producers: list[AIOKafkaProducer] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with kafka.producer(settings.kafka) as producer:
            producers.append(producer)
            yield

    async def accept(request: Request) -> Response:
        key = request.headers["idempotency-key"]
        await producers[0].send_and_wait(topic, await request.body(), key.encode())
        location = f"http://127.0.0.1:8102/v1/cases/{key}"
        body = {"case_id": key, "case_number": NUMBER, "location": location, "idempotency_key": key}
        headers = {"Location": location, "Idempotency-Key": key}
        return Response(json.dumps(body), 202, headers, "application/json")

    async def ready(_request: Request) -> Response:
        return Response("ok")

    return Starlette(
        routes=[Route("/v1/contacts", accept, methods=["POST"]), Route("/readyz", ready)], lifespan=lifespan
    )


@click.command()
@click.option("--port", type=int, required=True)
def main(port: int) -> None:
    """Run until told to stop, with the same server and settings as a service."""
    uvicorn.run(
        create(),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
