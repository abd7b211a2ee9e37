"""`redress documents`: the HTTP interfaces as OpenAPI and the topics as AsyncAPI, from the running code."""

import importlib
import json
from pathlib import Path
from typing import Any

import click
import yaml
from pydantic import TypeAdapter

from schemas import cases, contacts, deadlines, deliveries, directory, outreach, policy
from services.common.dead_letters import dead_topic, replay_topic

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
    policy.TOPIC: TypeAdapter(policy.PublishedProfile),
}
FLOWS = {
    "intake": ((), (contacts.TOPIC,)),
    "routing": (
        (contacts.TOPIC, deadlines.TOPIC, deliveries.TOPIC, directory.TOPIC, policy.TOPIC),
        (cases.TOPIC, "escalations", outreach.TOPIC, directory.TOPIC, policy.TOPIC),
    ),
    "sla": ((cases.TOPIC, policy.TOPIC), (deadlines.TOPIC,)),
    "notify": (
        (cases.TOPIC, deadlines.TOPIC, outreach.TOPIC, directory.TOPIC, policy.TOPIC),
        (deliveries.TOPIC,),
    ),
}


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def documents(folder: Path) -> None:
    """Write openapi-intake.json, openapi-routing.json and asyncapi.json into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    for room in ("intake", "routing"):
        _write(
            folder / f"openapi-{room}.json",
            importlib.import_module(f"services.{room}.app").create().openapi(),
        )
    _write(folder / "asyncapi.json", asyncapi())


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")
    click.echo(path)


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of all topics and of who reads and writes them."""
    declared = yaml.safe_load(TOPICS.read_text("utf-8"))["topics"]
    schemas: dict[str, Any] = {}
    for topic, adapter in CARRIED.items():
        schema = adapter.json_schema(ref_template=SCHEMAS + "{model}")
        schemas |= schema.pop("$defs", {})
        schemas[f"topic.{topic}"] = schema
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Redress", "version": "1"},
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, about["meaning"]) for topic, about in declared.items()},
        "operations": dict(_operations()),
        "components": {"schemas": schemas},
    }


def _channel(topic: str, meaning: str) -> dict[str, Any]:
    carried = {"payload": {"$ref": f"{SCHEMAS}topic.{topic}"}} if topic in CARRIED else {}
    return {"address": topic, "description": meaning, "messages": {"record": carried}}


def _operations() -> list[tuple[str, dict[str, Any]]]:
    operations = []
    for room, (read, written) in FLOWS.items():
        for action, topics in (("receive", _with_replay(room, read)), ("send", _with_dead(room, written))):
            for topic in topics:
                channel = {"$ref": f"#/channels/{topic.replace('/', '~1')}"}
                operations.append((f"{room}.{action}.{topic}", {"action": action, "channel": channel}))
    return operations


def _with_replay(room: str, topics: tuple[str, ...]) -> tuple[str, ...]:
    return (*topics, replay_topic(room)) if topics else ()


def _with_dead(room: str, topics: tuple[str, ...]) -> tuple[str, ...]:
    return topics if room == "intake" else (*topics, dead_topic(room))


commands: list[click.Command] = [documents]
