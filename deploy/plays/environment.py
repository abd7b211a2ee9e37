"""What stories are played on: the stack, a mail and an SMS server, the services, one clock for all."""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from deploy.local import SERVICES, Service, Stack, create_topics, service, stack
from deploy.local.addresses import free_port
from deploy.local.native import Form
from deploy.local.part import Part
from deploy.local.provider import Provider, provider
from deploy.plays.progress import Progress
from services.common.runtime.clock import Clock, wall
from services.common.web.keyring import keep
from services.desk.domain.signing import Signer, draw_secret

LIFETIME = timedelta(hours=2)


@dataclass(frozen=True)
class Environment:
    """What runs; `prefix` and `database` are its own even on a Kafka and a store that others use too."""

    stack: Stack
    clock: Clock
    mail: Provider
    sms: Provider
    services: dict[str, Service]
    variables: dict[str, str]
    signer: Signer

    @property
    def prefix(self) -> str:
        return self.variables["REDRESS_TOPIC_PREFIX"]

    @property
    def database(self) -> str:
        return self.variables["REDRESS_DATABASE"]

    def token(self, subject: str) -> str:
        return self.signer.sign(subject, ("intake", "routing"), uuid4(), wall(), LIFETIME)


@dataclass(frozen=True)
class Wanted:
    """Which services are to run, their `variables` besides those of every environment, and the form of the store."""

    services: Sequence[str] = SERVICES
    variables: Mapping[str, str] = field(default_factory=dict)
    store: Form = "file"


WHOLE = Wanted()


@asynccontextmanager
async def environment(
    data: Path,
    clock: Clock,
    progress: Progress,
    wanted: Wanted = WHOLE,
) -> AsyncIterator[Environment]:
    """What is wanted, with fresh data in `data`; all of it ends with the block."""
    shutil.rmtree(data, ignore_errors=True)
    # A Java that runs for a minute gains nothing from its second compiler, which takes a core meanwhile.
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    async with stack(data / "stack", store=wanted.store) as running:
        progress.done(f"Kafka at {running.addresses.kafka}, store at {running.addresses.mongo}")
        variables = {**await _variables(running, data, clock), **wanted.variables}
        prepared = _prepared(running, data, clock, variables, wanted.services)
        parts: list[Part] = [prepared.mail, prepared.sms, *prepared.services.values()]
        try:
            await asyncio.gather(*(part.start() for part in parts))
            progress.done("mail server, SMS endpoint and the services are open")
            yield prepared
        finally:
            await asyncio.gather(*(part.kill() for part in parts))


def _prepared(
    running: Stack, data: Path, clock: Clock, variables: dict[str, str], services: Sequence[str]
) -> Environment:
    """An environment of which the stack runs and nothing else is started yet."""
    mail, sms = provider("mail", data / "mail"), provider("sms", data / "sms")
    variables |= {"REDRESS_SMTP_PORT": str(mail.port), "REDRESS_SMS_URL": f"http://127.0.0.1:{sms.port}"}
    ports = {name: free_port() for name in services}
    variables["REDRESS_ROUTING_URL"] = f"http://127.0.0.1:{ports['routing']}"
    parts = {
        name: service(name, variables, data / "services" / f"{name}.log", port)
        for name, port in ports.items()
    }
    signer = Signer.of(variables["REDRESS_SIGNING_KEY"])
    return Environment(running, clock, mail, sms, parts, variables, signer)


async def _variables(running: Stack, data: Path, clock: Clock) -> dict[str, str]:
    """The environment variables of every service; they believe whom desk would, whether or not it runs."""
    mark, secret, believed = secrets.token_hex(4), draw_secret(), data / "keys.json"
    keep(believed, [Signer.of(secret).public])
    prefix = "" if running.ours() else f"play-{mark}."
    if prefix:
        await create_topics(running.addresses.kafka, replication=1, prefix=prefix)
    return {
        **running.addresses.environment(),
        "REDRESS_TOPIC_PREFIX": prefix,
        "REDRESS_DATABASE": f"play-{mark}",
        "REDRESS_TIME_SCALE": str(clock.scale),
        "REDRESS_TIME_EPOCH": repr(clock.epoch),
        "REDRESS_SIGNING_KEY": secret,
        "REDRESS_KEYS_FILE": str(believed),
    }
