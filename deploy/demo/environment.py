"""What a demonstration runs on: the stack, a mail and an SMS server, the services, one clock for all."""

import asyncio
import os
import resource
import secrets
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from deploy.demo.progress import Progress
from deploy.local import SERVICES, Service, Stack, StackError, create_topics, service, stack
from deploy.local.addresses import free_port
from deploy.local.part import Part
from deploy.local.provider import Provider, provider
from services.common.runtime.clock import FASTEST, Clock, ticks, wall
from services.common.web import tokens

LIFETIME = timedelta(hours=2)
POLICIES = Path(__file__).parents[1] / "policies"
# Sending takes as long as ever while days pass in seconds: notices stay worth sending for as much longer.
PATIENCE = 20
SLOWEST = 600.0
ATTEMPTS = 6
CPU_SECONDS = 0.08
# Shanghai's Monday, five in the morning: when everything runs, the shops are about to open.
MONDAY = timedelta(hours=5 - 8)


@dataclass(frozen=True)
class Environment:
    """What runs; `prefix` and `database` are its own even on a Kafka and a store that others use too."""

    stack: Stack
    clock: Clock
    mail: Provider
    sms: Provider
    services: dict[str, Service]
    variables: dict[str, str]
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def prefix(self) -> str:
        return self.variables["REDRESS_TOPIC_PREFIX"]

    @property
    def database(self) -> str:
        return self.variables["REDRESS_DATABASE"]

    def token(self, subject: str) -> str:
        return tokens.issue(subject, self.variables["REDRESS_TOKEN_KEY"], LIFETIME)

    async def kill(self, name: str) -> None:
        """Kill a service in the middle of its work, and start it again at once."""
        self.kills[name] += 1
        await self.services[name].kill()
        await self.services[name].start()


@asynccontextmanager
async def environment(
    data: Path, clock: Clock, progress: Progress, more: Mapping[str, str] | None = None
) -> AsyncIterator[Environment]:
    """An environment with fresh data in `data` and `more` variables; all of it ends with the block."""
    shutil.rmtree(data, ignore_errors=True)
    # A Java that runs for a minute gains nothing from its second compiler, which takes a core meanwhile.
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    async with stack(data / "stack") as running:
        progress.done(f"Kafka at {running.addresses.kafka}, store at {running.addresses.mongo}")
        prepared = await _prepared(running, data, clock, more or {})
        parts: list[Part] = [prepared.mail, prepared.sms, *prepared.services.values()]
        try:
            await asyncio.gather(*(part.start() for part in parts))
            progress.done("mail server, SMS endpoint and the four services are open")
            yield prepared
        finally:
            await asyncio.gather(*(part.kill() for part in parts))


async def _prepared(running: Stack, data: Path, clock: Clock, more: Mapping[str, str]) -> Environment:
    """An environment of which the stack runs and nothing else is started yet."""
    variables = {**await _variables(running, clock), **more}
    variables["REDRESS_POLICIES"] = str(_with_patience(data / "policies"))
    mail, sms = provider("mail", data / "mail"), provider("sms", data / "sms")
    variables |= {"REDRESS_SMTP_PORT": str(mail.port), "REDRESS_SMS_URL": f"http://127.0.0.1:{sms.port}"}
    ports = {name: free_port() for name in SERVICES}
    variables["REDRESS_ROUTING_URL"] = f"http://127.0.0.1:{ports['routing']}"
    services = {
        name: service(name, variables, data / "services" / f"{name}.log", ports[name]) for name in SERVICES
    }
    return Environment(running, clock, mail, sms, services, variables)


async def _variables(running: Stack, clock: Clock) -> dict[str, str]:
    """The environment variables of every service."""
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


def _with_patience(policies: Path) -> Path:
    """A copy of the policies in which only the time differs after which a notice is not sent any more."""
    shutil.copytree(os.environ.get("REDRESS_POLICIES", POLICIES), policies)
    for file in policies.glob("*/notices.yaml"):
        content = yaml.safe_load(file.read_text("utf-8"))
        for rule in (*content.get("notices", ()), *content.get("customer_notices", ())):
            rule["not_after_minutes"] *= PATIENCE
        file.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return policies


async def redress(variables: dict[str, str], *arguments: str) -> str:
    """The output of a console command; StackError with it when the command fails."""
    command = (sys.executable, "-m", "deploy.redress", *arguments)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=os.environ | variables
    )
    output = (await process.communicate())[0].decode().strip()
    if process.returncode:
        raise StackError(f"`redress {' '.join(arguments)}` failed:\n{output}")
    return output


def next_monday() -> Clock:
    """A clock by which it is early on the next Monday in Shanghai, as fast as this machine allows."""
    return clock_at(wall(), max(SLOWEST, FASTEST / crowding()))


def crowding() -> float:
    """How many times longer work takes here than it would on a machine of its own; the best of some attempts."""
    return max(1.0, min(_slowdown() for _ in range(ATTEMPTS)))


def _slowdown() -> float:
    started, used = ticks(), _cpu_seconds()
    while _cpu_seconds() - used < CPU_SECONDS:
        pass
    return (ticks() - started) / (_cpu_seconds() - used)


def _cpu_seconds() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def clock_at(now: datetime, scale: float) -> Clock:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight + timedelta(days=7 - midnight.weekday()) + MONDAY
    if start <= now:
        start += timedelta(days=7)
    return Clock(scale, now.timestamp() - (start - now).total_seconds() / (scale - 1))
