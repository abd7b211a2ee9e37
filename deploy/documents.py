"""`redress documents`: the HTTP interfaces as OpenAPI and the topics as AsyncAPI, from the running code."""

import importlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import click
import yaml
from faststream.kafka import KafkaBroker, KafkaRouter
from faststream.specification import AsyncAPI

from schemas import directory, keys, policies
from services.common.kafka import dead_letters
from services.common.kafka.dead_letters import dead_topic, replay_topic, waiting_topic
from services.common.kafka.subscription import ConsumerGroup
from services.common.runtime.settings import CommonSettings

TOPICS = Path(__file__).with_name("topics.yaml")
SCHEMAS = "#/components/schemas/"
SERVICES = ("routing", "sla", "notify", "desk")
TABLES = {
    "intake": (keys.TOPIC,),
    "routing": (directory.TOPIC, policies.TOPIC, keys.TOPIC),
    "sla": (policies.TOPIC,),
    "notify": (directory.TOPIC, policies.TOPIC),
    "desk": (directory.TOPIC, policies.TOPIC, keys.TOPIC),
}
"""Compacted topics are read whole and outside of a group, for which FastStream has no subscriber."""
WAITING = frozenset({"routing", "sla", "notify"})
"""Services that keep records until the policy version of their case is published."""

SKIPPED = {
    dead_letters.SKIPPED_BY: "who decided that it may be passed over",
    dead_letters.SKIPPED_FOR: "why",
}
WHOLE = {
    dead_letters.SIZE: "bytes of the whole value, of which the head is here: it was too large",
    dead_letters.DIGEST: "SHA-256 of the whole value",
    dead_letters.MESSAGE: "the id of the message, where it has one",
}


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def documents(folder: Path) -> None:
    """Write openapi-intake.json, openapi-routing.json, openapi-desk.json and asyncapi.json into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    for service in ("intake", "routing", "desk"):
        _write(
            folder / f"openapi-{service}.json",
            importlib.import_module(f"services.{service}.app").create().openapi(),
        )
    _write(folder / "asyncapi.json", asyncapi())


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")
    click.echo(path)


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of all topics and of who reads and writes them."""
    topics, flows = _declared(), tuple(flows_of_services())
    payloads = {topic: payload for flow in flows for topic, payload in flow.written.items()}
    schemas = {name: schema for flow in flows for name, schema in flow.schemas.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Redress", "version": "1"},
        "defaultContentType": "application/json",
        "channels": {
            topic: {
                "address": topic,
                "description": topics[topic]["meaning"],
                "messages": {"record": {"payload": _schema(topic)}}
                if topic in payloads
                else _dead_letters(topic, flows),
            }
            for topic in topics
        },
        "operations": dict(operation for flow in flows for operation in _operations(flow)),
        "components": {"schemas": schemas | {f"topic.{topic}": of for topic, of in payloads.items()}},
    }


def _declared() -> dict[str, Any]:
    """What topics.yaml says of each topic; a topic on which only the stamp of the broker counts is left out."""
    topics = yaml.safe_load(TOPICS.read_text("utf-8"))["topics"]
    return {topic: of for topic, of in topics.items() if not of.get("stamped_by_broker")}


@dataclass(frozen=True, slots=True)
class Flow:
    """What FastStream says of a service: the topics it handles, and those it writes with their payloads."""

    service: str
    handled: tuple[str, ...]
    written: Mapping[str, Any]
    schemas: Mapping[str, Any]

    @property
    def read(self) -> tuple[str, ...]:
        return (*self.handled, *TABLES.get(self.service, ()))

    @property
    def unhandled(self) -> Mapping[str, tuple[str, ...]]:
        """The topics on which the service sends what it cannot handle, and receives it once more."""
        if not self.handled:
            return {"send": (), "receive": ()}
        waiting = [waiting_topic(self.service)] * (self.service in WAITING)
        return {
            "send": (dead_topic(self.service), *waiting),
            "receive": (replay_topic(self.service), *waiting),
        }


def flows_of_services() -> Iterator[Flow]:
    """What each service reads and writes, as its router declares it."""
    # It handles no record.
    yield _flow("intake", importlib.import_module("services.intake.app").router())
    for service in SERVICES:
        group = ConsumerGroup(service, CommonSettings())
        yield _flow(service, importlib.import_module(f"services.{service}.handlers").router(None, group))


def _flow(service: str, router: KafkaRouter) -> Flow:
    broker = KafkaBroker(apply_types=False)
    broker.include_router(router)
    document = AsyncAPI(broker, schema_version="3.0.0").to_specification().to_jsonable()
    topics: dict[str, list[tuple[str, Any]]] = {"receive": [], "send": []}
    for operation in document["operations"].values():
        channel = _resolve(document, operation["channel"])
        [message] = channel["messages"].values()
        topics[operation["action"]].append((channel["address"], _resolve(document, message)["payload"]))
    written = dict(sorted(topics["send"], key=itemgetter(0)))
    handled = tuple(topic for topic, _ in topics["receive"] if topic != replay_topic(service))
    return Flow(service, handled, written, _referenced(document, written))


def _resolve(document: dict[str, Any], reference: Mapping[str, str]) -> Any:
    part: Any = document
    for name in reference["$ref"].removeprefix("#/").split("/"):
        part = part[name]
    return part


def _referenced(document: dict[str, Any], part: Any) -> dict[str, Any]:
    """The schemas to which a part of the document leads, by their names."""
    schemas: dict[str, Any] = {}
    parts = [part]
    while parts:
        for name in re.findall(rf'"{SCHEMAS}([^"]+)"', json.dumps(parts.pop())):
            if name not in schemas:
                schemas[name] = document["components"]["schemas"][name]
                parts.append(schemas[name])
    return schemas


def _schema(topic: str) -> dict[str, str]:
    return {"$ref": f"{SCHEMAS}topic.{topic}"}


def _dead_letters(topic: str, flows: Sequence[Flow]) -> dict[str, Any]:
    """Values as they were on the topics of a service; its dead topic also has marks of replays and skips."""
    service, _, kind = topic.rpartition(".")
    [handled] = [flow.handled for flow in flows if flow.service == service]
    record = {"anyOf": [_schema(name) for name in handled]}
    octets = {"contentType": "application/octet-stream"}
    cut = {**WHOLE, **SKIPPED}
    letters = {
        "record": _letter("failed", "gap", "parked", payload=record, optional=SKIPPED),
        "unreadable": _letter("invalid", payload={}, optional=SKIPPED) | octets,
        "head": _letter("failed", "gap", "invalid", "gone", "parked", payload={}, optional=cut) | octets,
    }
    replayed = {dead_letters.REPLAYED: "partition/offset, on this topic, of what was replayed"}
    skip = {dead_letters.SKIP: "topic/partition/offset before which whatever fails is skipped", **SKIPPED}
    marks = {"replayed": _mark(replayed), "skip": _mark(skip)}
    return {**letters, **marks} if kind == "dead" else letters


def _mark(headers: Mapping[str, str]) -> dict[str, Any]:
    return {"headers": _headers(headers), "contentType": "text/plain", "payload": {"const": ""}}


def _letter(*reasons: str, payload: dict[str, Any], optional: Mapping[str, str]) -> dict[str, Any]:
    headers = _headers(
        {
            dead_letters.REASON: "why it is a dead letter, or waits",
            dead_letters.ORIGIN: "topic/partition/offset where it was first; -1 where only the topic is known",
            dead_letters.ERROR: "types and places of the error that was raised, if one was",
        }
    )
    headers["properties"] |= _headers(optional)["properties"]
    headers["properties"][dead_letters.REASON]["enum"] = list(reasons)
    return {"headers": headers, "payload": payload}


def _headers(meanings: Mapping[str, str]) -> dict[str, Any]:
    properties = {name: {"type": "string", "description": meaning} for name, meaning in meanings.items()}
    return {"type": "object", "properties": properties, "required": list(meanings)}


def _operations(flow: Flow) -> Iterator[tuple[str, dict[str, Any]]]:
    for action, topics in (("receive", flow.read), ("send", tuple(flow.written))):
        for topic in (*topics, *flow.unhandled[action]):
            channel = {"$ref": f"#/channels/{topic}"}
            yield f"{flow.service}.{action}.{topic}", {"action": action, "channel": channel}


commands: list[click.Command] = [documents]
