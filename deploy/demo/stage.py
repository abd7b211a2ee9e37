"""Everything a demonstration runs on: the stack, a mail and an SMS server, the services, and one clock for all."""

import asyncio
import os
import secrets
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import yaml

from deploy.demo.progress import Progress
from deploy.local import SERVICES, Service, Stack, StackError, create_topics, service, stack
from deploy.local.addresses import free_port
from deploy.local.part import Part
from deploy.local.provider import Provider, provider
from services.common.runtime.clock import Clock
from services.common.web import tokens

LIFETIME = timedelta(hours=2)
POLICIES = Path(__file__).parents[1] / "policies"
# Sending takes as long as ever while days pass in seconds: notices stay worth sending for as much longer.
PATIENCE = 20


@dataclass(frozen=True)
class Stage:
    """What runs; `prefix` and `database` are its own even on a Kafka and a store that others use too."""

    stack: Stack
    clock: Clock
    mail: Provider
    sms: Provider
    services: dict[str, Service]
    env: dict[str, str]
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def prefix(self) -> str:
        return self.env["REDRESS_TOPIC_PREFIX"]

    @property
    def database(self) -> str:
        return self.env["REDRESS_DATABASE"]

    def token(self, subject: str) -> str:
        return tokens.issue(subject, self.env["REDRESS_TOKEN_KEY"], LIFETIME)

    def business(self, span: timedelta) -> float:
        """Seconds on the wall for a span of business time."""
        return self.clock.wall_seconds(span)

    async def kill(self, name: str) -> None:
        """Kill a service in the middle of its work, and start it again at once."""
        self.kills[name] += 1
        await self.services[name].kill()
        await self.services[name].start()


@asynccontextmanager
async def stage(data: Path, clock: Clock, progress: Progress) -> AsyncIterator[Stage]:
    """A stage with fresh data in `data`; all of it ends with the block."""
    shutil.rmtree(data, ignore_errors=True)
    # A Java that lives for a minute gains nothing from its second compiler, which takes a core meanwhile.
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    async with stack(data / "stack") as running:
        progress.done(f"Kafka at {running.addresses.kafka}, store at {running.addresses.mongo}")
        env = await _environment(running, clock)
        env["REDRESS_POLICIES"] = str(_patient(data / "policies"))
        mail, sms = provider("mail", data / "mail"), provider("sms", data / "sms")
        env |= {"REDRESS_SMTP_PORT": str(mail.port), "REDRESS_SMS_URL": f"http://127.0.0.1:{sms.port}"}
        ports = {name: free_port() for name in SERVICES}
        env["REDRESS_ROUTING_URL"] = f"http://127.0.0.1:{ports['routing']}"
        services = {
            name: service(name, env, data / "services" / f"{name}.log", ports[name]) for name in SERVICES
        }
        parts: list[Part] = [mail, sms, *services.values()]
        try:
            await asyncio.gather(*(part.start() for part in parts))
            progress.done("mail server, SMS endpoint and the four services are open")
            yield Stage(running, clock, mail, sms, services, env)
        finally:
            await asyncio.gather(*(part.kill() for part in parts))


async def _environment(running: Stack, clock: Clock) -> dict[str, str]:
    """What every service finds in its environment."""
    mark = secrets.token_hex(4)
    prefix = "" if running.ours() else f"demo-{mark}."
    if prefix:
        await create_topics(running.addresses.kafka, replication=1, prefix=prefix)
    return {
        **running.addresses.environment(),
        "REDRESS_TOPIC_PREFIX": prefix,
        "REDRESS_DATABASE": f"demo-{mark}",
        "REDRESS_TIME_SCALE": str(clock.scale),
        "REDRESS_TIME_EPOCH": repr(clock.epoch),
        "REDRESS_TOKEN_KEY": secrets.token_hex(32),
        # A kill of notify leaves at most so many e-mails of unknown fate, hence extra copies; kills are more.
        "REDRESS_MAIL_AT_ONCE": "3",
    }


def _patient(policies: Path) -> Path:
    """A copy of the policies in which only the time differs after which a notice is not sent any more."""
    shutil.copytree(POLICIES, policies)
    for file in (policies / "notices").glob("*.yaml"):
        content = yaml.safe_load(file.read_text("utf-8"))
        for rule in (*content["notices"], *content["customer_notices"]):
            rule["not_after_minutes"] *= PATIENCE
        file.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return policies


async def redress(env: dict[str, str], *words: str) -> str:
    """What a console command says; StackError with its words when it fails."""
    command = (sys.executable, "-m", "deploy.redress", *words)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=os.environ | env
    )
    said = (await process.communicate())[0].decode().strip()
    if process.returncode:
        raise StackError(f"`redress {' '.join(words)}` failed:\n{said}")
    return said
