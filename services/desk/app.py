"""The wiring of desk: the only module that knows every concrete part."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from faststream.kafka import KafkaRouter

from schemas import directory, keys
from schemas.directory import Entry
from schemas.keys import SigningKey
from schemas.staffing import Directory
from services.common.kafka import client as kafka
from services.common.kafka.table import Contents
from services.common.runtime import application as process
from services.common.runtime import logs
from services.common.runtime.connections import (
    Connections,
    background,
    connected,
    look_after_leftovers,
    sweep,
)
from services.common.runtime.debounce import Debounced
from services.common.runtime.failures import retry
from services.common.runtime.health import Health, keep_asking
from services.common.store import mongo
from services.common.store.write_path import Store
from services.desk import api
from services.desk.domain.signing import Signer
from services.desk.settings import Settings
from services.desk.store import accounts, machine_tokens

log = logging.getLogger(__name__)

PEOPLE = Contents(directory.TOPIC, directory.ADAPTER, directory.key, personal=True)


def router() -> KafkaRouter:
    """What desk publishes."""
    router = KafkaRouter()
    router.publisher(keys.TOPIC, schema=keys.Entry)
    return router


def create() -> FastAPI:
    """The service as a web application, its work in the background."""
    logs.configure("desk")
    settings = Settings()
    app = process.create("desk", "Redress: desk", partial(_run, settings))
    api.install(app, settings)
    return app


@asynccontextmanager
async def _run(settings: Settings, app: FastAPI, health: Health) -> AsyncIterator[None]:
    signer = _signer(settings)
    async with connected("desk", settings, [keys.TOPIC, directory.TOPIC], health=health) as parts:
        await _announce(parts, signer.public)
        announced: dict[str, Entry] = {}
        people = Debounced(lambda: Directory(announced.values()))
        table = await parts.table(PEOPLE, partial(_note, announced, people))
        people.heed()
        known, machines = await accounts(parts), await machine_tokens(parts)
        stores: list[Store[Any]] = [known.store, machines.store]
        probe = mongo.Probe(parts.database, parts.service, settings.instance)
        await retry(partial(look_after_leftovers, stores), "look for leftovers")
        await parts.skew.check()
        async with background(
            parts.skew.run(),
            keep_asking(health, "store", probe),
            keep_asking(health, "kafka", partial(kafka.reach, parts.producer)),
            sweep(stores),
        ):
            app.state.dependencies = api.Desk(settings, known, machines, people.value, signer)
            yield
        await table.stop()


def _signer(settings: Settings) -> Signer:
    """What signs tokens; raises ValueError, and says in the log what would be right, since stacks there have no words."""
    try:
        return Signer.of(settings.signing_key.get_secret_value())
    except ValueError as error:
        log.error("cannot sign", extra={"reason": str(error)})  # noqa: TRY400 - the stack is logged where it ends us
        raise


def _note(announced: dict[str, Entry], people: Debounced[Directory], key: str, entry: Entry | None) -> None:
    """Take what is announced of the directory."""
    if entry is None:
        announced.pop(key, None)
    else:
        announced[key] = entry
    people.outdate()


async def _announce(parts: Connections, key: SigningKey) -> None:
    """Announce our public key, before anything is signed with its private half."""
    topic = parts.settings.topic_prefix + keys.TOPIC
    send = partial(
        parts.producer.send_and_wait, topic, key.model_dump_json().encode(), keys.key(key).encode()
    )
    await retry(send, "announce a key")
