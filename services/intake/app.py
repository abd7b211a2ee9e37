"""Wires intake together."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from faststream.kafka import KafkaRouter

from schemas import contacts, keys
from services.common.kafka import client as kafka
from services.common.runtime import application as service
from services.common.runtime.clock_skew import ClockSkew
from services.common.runtime.connections import background, believing
from services.common.runtime.failures import bounded, retry
from services.common.runtime.health import Health, keep_asking
from services.common.web.keyring import Keyring
from services.intake.api import FrontDoor, install
from services.intake.settings import IntakeSettings

log = logging.getLogger(__name__)


def router() -> KafkaRouter:
    """What intake publishes."""
    router = KafkaRouter()
    router.publisher(contacts.TOPIC, schema=contacts.ContactReceived)
    return router


def create() -> FastAPI:
    """The front door; it answers 503 until Kafka is there."""
    settings = IntakeSettings()
    door = FrontDoor(settings, settings.clock().now, Keyring(settings.keys_file))
    app = service.create("intake", "Redress intake", partial(_run, door))
    install(app, door)
    return app


@asynccontextmanager
async def _run(door: FrontDoor, app: FastAPI, health: Health) -> AsyncIterator[None]:
    settings = door.settings
    topics = [settings.topic_prefix + topic for topic in (contacts.TOPIC, keys.TOPIC)]
    await kafka.await_topics(settings.kafka, topics)
    producer = kafka.producer(settings.kafka)
    await retry(producer.start, "start producer")
    door.producer, door.failed = producer, partial(service.fail, app)
    try:
        skew = _skew(settings, producer)
        await skew.check()
        async with (
            believing(settings, door.keyring, health),
            background(keep_asking(health, "kafka", partial(kafka.reach, producer)), skew.run()),
        ):
            yield
    finally:
        door.producer = None
        await bounded(producer.stop)


def _skew(settings: IntakeSettings, producer: AIOKafkaProducer) -> ClockSkew:
    stamped = partial(kafka.time_of_day, producer, settings.topic_prefix)
    return ClockSkew("intake", settings.clock_limit_seconds, {"kafka": stamped})
