"""`redress documents`: the HTTP interfaces as OpenAPI and the topics as AsyncAPI, from the running code."""

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import yaml
from pydantic import TypeAdapter

from schemas import cases, contacts, deadlines, deliveries, directory, outreach, policies
from services.common.kafka import dead_letters
from services.common.kafka.dead_letters import dead_topic, replay_topic, waiting_topic

TOPICS = Path(__file__).with_name("topics.yaml")
SCHEMAS = "#/components/schemas/"
CARRIED: dict[str, TypeAdapter[Any]] = {
    contacts.TOPIC: TypeAdapter(contacts.ContactReceived),
    cases.TOPIC: cases.ADAPTER,
    "escalations": cases.ADAPTER,
    deadlines.TOPIC: deadlines.ADAPTER,
    deliveries.TOPIC: deliveries.ADAPTER,
    outreach.TOPIC: outreach.ADAPTER,
    directory.TOPIC: directory.ADAPTER,
    policies.TOPIC: TypeAdapter(policies.PublishedPolicy),
}
FLOWS = {
    "intake": ((), (contacts.TOPIC,)),
    "routing": (
        (contacts.TOPIC, deadlines.TOPIC, deliveries.TOPIC, directory.TOPIC, policies.TOPIC),
        (cases.TOPIC, "escalations", outreach.TOPIC, directory.TOPIC, policies.TOPIC),
    ),
    "sla": ((cases.TOPIC, policies.TOPIC), (deadlines.TOPIC,)),
    "notify": (
        (cases.TOPIC, deadlines.TOPIC, outreach.TOPIC, directory.TOPIC, policies.TOPIC),
        (deliveries.TOPIC,),
    ),
}

SKIPPED = {
    dead_letters.SKIPPED_BY: "who said that it may be passed over",
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
    """Write openapi-intake.json, openapi-routing.json and asyncapi.json into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    for service in ("intake", "routing"):
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
    every = yaml.safe_load(TOPICS.read_text("utf-8"))["topics"]
    # On what the broker stamps nothing is said.
    declared = {topic: of for topic, of in every.items() if not of.get("stamped_by_broker")}
    schemas: dict[str, Any] = {}
    for topic, adapter in CARRIED.items():
        schema = adapter.json_schema(ref_template=SCHEMAS + "{model}")
        schemas |= schema.pop("$defs", {})
        # Its form is OpenAPI's; each member's constant `type` says the same.
        schema.pop("discriminator", None)
        schemas[f"topic.{topic}"] = schema
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Redress", "version": "1"},
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, declared) for topic in declared},
        "operations": dict(_operations()),
        "components": {"schemas": schemas},
    }


def _channel(topic: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    messages = {"record": {"payload": _schema(topic)}} if topic in CARRIED else _set_aside(topic)
    return {"address": topic, "description": declared[topic]["meaning"], "messages": messages}


def _schema(topic: str) -> dict[str, str]:
    return {"$ref": f"{SCHEMAS}topic.{topic}"}


def _followed(service: str) -> list[str]:
    """The topics whose records a service handles one by one, in a group.

    Entries of compacted topics are left out where they cannot be read; the last good one serves on.
    """
    declared = yaml.safe_load(TOPICS.read_text("utf-8"))["topics"]
    return [each for each in FLOWS[service][0] if not declared[each].get("compacted")]


def _set_aside(topic: str) -> dict[str, Any]:
    """Values as they stood on the topics of a service; its dead topic also keeps marks of what people said."""
    service, _, kind = topic.rpartition(".")
    anything = {"contentType": "application/octet-stream"}
    found = {
        "record": _letter(
            "failed",
            "gap",
            "parked",
            payload={"anyOf": [_schema(each) for each in _followed(service)]},
            optional=SKIPPED,
        ),
        "unreadable": _letter("invalid", payload={}, optional=SKIPPED) | anything,
        "head": _letter(
            "failed", "gap", "invalid", "gone", "parked", payload={}, optional={**WHOLE, **SKIPPED}
        )
        | anything,
    }
    replayed = {dead_letters.REPLAYED: "partition/offset, on this topic, of what was replayed"}
    skip = {dead_letters.SKIP: "topic/partition/offset before which whatever fails is set aside", **SKIPPED}
    marks = {"replayed": _mark(replayed), "skip": _mark(skip)}
    return {**found, **marks} if kind == "dead" else found


def _mark(headers: Mapping[str, str]) -> dict[str, Any]:
    return {"headers": _headers(headers), "contentType": "text/plain", "payload": {"const": ""}}


def _letter(*reasons: str, payload: dict[str, Any], optional: Mapping[str, str]) -> dict[str, Any]:
    headers = _headers(
        {
            dead_letters.REASON: "why it was set aside",
            dead_letters.ORIGIN: "topic/partition/offset where it first stood; -1 where only the topic is known",
            dead_letters.ERROR: "types and places of the error that was raised, if one was",
        }
    )
    headers["properties"] |= _headers(optional)["properties"]
    headers["properties"][dead_letters.REASON]["enum"] = list(reasons)
    return {"headers": headers, "payload": payload}


def _headers(meanings: Mapping[str, str]) -> dict[str, Any]:
    properties = {name: {"type": "string", "description": meaning} for name, meaning in meanings.items()}
    return {"type": "object", "properties": properties, "required": list(meanings)}


def _operations() -> list[tuple[str, dict[str, Any]]]:
    operations = []
    for service, (read, written) in FLOWS.items():
        for action, topics in (
            ("receive", _with_replay(service, read)),
            ("send", _with_dead(service, written)),
        ):
            for topic in topics:
                channel = {"$ref": f"#/channels/{topic.replace('/', '~1')}"}
                operations.append((f"{service}.{action}.{topic}", {"action": action, "channel": channel}))
    return operations


def _with_replay(service: str, topics: tuple[str, ...]) -> tuple[str, ...]:
    return (*topics, replay_topic(service), waiting_topic(service)) if topics else ()


def _with_dead(service: str, topics: tuple[str, ...]) -> tuple[str, ...]:
    return topics if service == "intake" else (*topics, dead_topic(service), waiting_topic(service))


commands: list[click.Command] = [documents]
