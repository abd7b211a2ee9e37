"""Wires intake together."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from schemas import contacts
from services.common import app as room
from services.common import kafka, tokens
from services.common.failures import persist
from services.common.health import Health
from services.intake.api import FrontDoor, install
from services.intake.settings import IntakeSettings

log = logging.getLogger(__name__)


def create() -> FastAPI:
    """The front door; it answers 503 until Kafka is there."""
    settings = IntakeSettings()
    door = FrontDoor(settings, settings.clock().now)

    @asynccontextmanager
    async def run(_app: FastAPI, _health: Health) -> AsyncIterator[None]:
        tokens.must_protect(settings.token_key.get_secret_value())
        await kafka.await_topics(settings.kafka, [settings.topic_prefix + contacts.TOPIC])
        door.producer = producer = kafka.producer(settings.kafka)
        await persist(producer.start, lambda error: log.warning("waiting", extra={"reason": repr(error)}))
        try:
            yield
        finally:
            door.producer = None
            await producer.stop()

    app = room.create("intake", "Redress intake", run)
    install(app, door)
    return app
