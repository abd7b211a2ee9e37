"""Kafka and the document store as plain processes: Java from .stack, or a mongod on the search path."""

import shutil
from pathlib import Path
from typing import Literal

from deploy.local.addresses import Ports, StackError
from deploy.local.process import Command

STACK = Path(__file__).parents[2] / ".stack"
JAVA = ("java", "-XX:+UseSerialGC")
# A ceiling, not a reservation: the store holds its memory form, and a hundred thousand clocks, in it.
KAFKA_HEAP, STORE_HEAP = "-Xmx512m", "-Xmx2g"
# One node for both forms, so its id may be the same everywhere; a random one would only hide mix-ups.
CLUSTER = "UmVkcmVzcy1sb2NhbC0wMQ"
Form = Literal["file", "memory"]


def kafka(home: Path, ports: Ports) -> Command:
    """One broker and controller in KRaft mode, its data in `home`/kafka, formatted when new."""
    _must_exist(STACK / "libs" / "kafka")
    settings = home / "kafka.properties"
    content = properties(str(home / "kafka"), ports)
    settings.write_text("".join(f"{key}={value}\n" for key, value in content.items()))
    java = " ".join([*JAVA, KAFKA_HEAP, "-Dlog4j2.level=WARN", "-cp", f"'{STACK}/libs/kafka/*'"])
    format_new = f"kafka.tools.StorageTool format --ignore-formatted -t {CLUSTER} -c '{settings}'"
    formatted = home / "kafka" / "meta.properties"
    script = f"[ -e '{formatted}' ] || {java} {format_new} && exec {java} kafka.Kafka '{settings}'"
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
    return Command((*JAVA, STORE_HEAP, *flags, "-cp", classes, "StoreServer", *place), home / "store.log")


def _must_exist(libraries: Path) -> None:
    if not libraries.is_dir():
        raise StackError(f"{libraries} is missing; run `make setup`, or set REDRESS_KAFKA and REDRESS_MONGO")


def properties(data: str, ports: Ports, bind: str = "127.0.0.1") -> dict[str, str]:
    """Settings of a Kafka that is alone: one node, listening at `bind`, its data in the folder `data`."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{ports.controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{bind}:{ports.kafka},CONTROLLER://127.0.0.1:{ports.controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{ports.kafka}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # A killed broker is taken back once its old session has ended: after 2 s instead of 9.
        "broker.heartbeat.interval.ms": "400",
        "broker.session.timeout.ms": "2000",
    }
