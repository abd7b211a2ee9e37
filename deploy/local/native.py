"""Kafka and the document store as plain processes: Java from .stack, or a mongod on the search path."""

import shutil
from pathlib import Path
from typing import Literal

from deploy.local.addresses import Ports, StackError
from deploy.local.process import Command

STACK = Path(__file__).parents[2] / ".stack"
JAVA = ("java", "-Xmx512m", "-XX:+UseSerialGC")
# One node for both forms, so its id may be the same everywhere; a random one would only hide mix-ups.
CLUSTER = "UmVkcmVzcy1sb2NhbC0wMQ"
Form = Literal["file", "memory"]


def kafka(home: Path, ports: Ports) -> Command:
    """One broker and controller in KRaft mode, its data in `home`/kafka, formatted when new."""
    _must_exist(STACK / "libs" / "kafka")
    properties = home / "kafka.properties"
    properties.write_text(_properties(home / "kafka", ports))
    java = " ".join([*JAVA, "-Dlog4j2.level=WARN", "-cp", f"'{STACK}/libs/kafka/*'"])
    format_new = f"kafka.tools.StorageTool format --ignore-formatted -t {CLUSTER} -c '{properties}'"
    formatted = home / "kafka" / "meta.properties"
    script = f"[ -e '{formatted}' ] || {java} {format_new} && exec {java} kafka.Kafka '{properties}'"
    return Command(("sh", "-c", script), home / "kafka.log")


def store(home: Path, port: int, form: Form) -> Command:
    """The embedded store in memory or on the durable file `home`/store.mv; a real mongod where there is one."""
    if mongod := shutil.which("mongod"):
        (home / "mongod").mkdir(exist_ok=True)
        place = ("--dbpath", str(home / "mongod"), "--bind_ip", "127.0.0.1", "--port", str(port))
        return Command((mongod, *place), home / "store.log")
    _must_exist(STACK / "libs" / "store")
    # A thread for every connection: a long scan must not hold up others that share its event loop.
    flags = ("-Dio.netty.eventLoopThreads=64", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
    place = ("--port", str(port), *(("--file", str(home / "store.mv")) if form == "file" else ("--memory",)))
    classes = f"{STACK}/classes:{STACK}/libs/store/*"
    return Command((*JAVA, *flags, "-cp", classes, "StoreServer", *place), home / "store.log")


def _must_exist(libraries: Path) -> None:
    if not libraries.is_dir():
        raise StackError(f"{libraries} is missing; run `make setup`, or set REDRESS_KAFKA and REDRESS_MONGO")


def _properties(data: Path, ports: Ports) -> str:
    return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{ports.controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{ports.kafka},CONTROLLER://127.0.0.1:{ports.controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{ports.kafka}
log.dirs={data}
auto.create.topics.enable=false
# One node is all there is.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# Groups start at once, and a killed broker is taken back after 2 s instead of 9.
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=400
broker.session.timeout.ms=2000
"""
