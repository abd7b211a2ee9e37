"""A story as a file says it: who does what at which time, and how the case then is."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from schemas.base import Bilingual, Strict
from schemas.faults import FILLED, Shape

DIRECTORY = "directory.yaml"
"""The file beside stories that says who works where."""
ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, tzinfo=ZONE)
"""Day 1 of every story: a Monday, and five weeks without a holiday follow."""

When = Annotated[
    str,
    Shape(
        r"[1-9][0-9]* ([01][0-9]|2[0-3]):[0-5][0-9]",
        "should be a day and a time such as '1 09:05'; day 1 is a Monday",
    ),
]


class Expected(Strict):
    """How the case is once nothing moves any more; what is left out may be anything.

    `tasks` are those that wait or were accepted, with whoever they are asked of; `told` is who was sent which template
    since the step before, each as `person template`. `refused` is the rule by which what was tried is forbidden.
    """

    state: str | None = None
    owner: str | None = None
    severity: str | None = None
    suspected: str | None = None
    triage: bool | None = None
    tasks: dict[str, tuple[str, ...]] | None = None
    deadlines: dict[str, Literal["running", "paused", "breached", "met", "cancelled", "none"]] = {}
    told: tuple[str, ...] = ()
    not_told: tuple[str, ...] = ()
    refused: str | None = None


class Step(Strict):
    """One thing that somebody does, or only what is to be seen at a time."""

    at: When
    who: str = ""
    contact: dict[str, Any] | None = None
    action: str | None = None
    reply: Literal["accept", "answer", "refuse"] | None = None
    task: str | None = None
    form: dict[str, Any] = {}
    expect: Expected = Expected()

    @model_validator(mode="after")
    def _does_a_single_thing(self) -> Self:
        done = [one for one in (self.contact, self.action, self.reply) if one is not None]
        if len(done) > 1:
            raise ValueError("should do one thing: contact, action or reply")
        if (self.reply is None) != (self.task is None):
            raise ValueError("should name the task beside reply, and only there")
        if done and not self.who:
            raise ValueError("should say who does it")
        return self

    def instant(self) -> datetime:
        """When it happens."""
        day, clock = self.at.split()
        at = time.fromisoformat(clock)
        return MONDAY + timedelta(days=int(day) - 1, hours=at.hour, minutes=at.minute)


class Story(Strict):
    """A story of one case."""

    title: Bilingual
    source: str
    steps: Annotated[tuple[Step, ...], FILLED, Field(max_length=200)]

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        instants = [step.instant() for step in self.steps]
        if instants != sorted(instants):
            raise ValueError("steps should stand in the order of their times")
        if self.steps[0].contact is None:
            raise ValueError("steps.0 should be a contact, which opens the case")
        return self


def differences(expected: Expected, seen: Mapping[str, Any], told: list[str]) -> Iterator[str]:
    """Where a case is not as it should be, each in a few words."""
    yield from _fields(expected, seen)
    if expected.tasks is not None:
        yield from _tasks(expected.tasks, seen)
    for name, wanted in expected.deadlines.items():
        status = _status(seen["deadlines"], name)
        if status != wanted:
            yield f"deadline {name}: {status}, expected {wanted}"
    yield from (f"not told: {one}" for one in expected.told if one not in told)
    yield from (f"told: {one}" for one in expected.not_told if one in told)


def _fields(expected: Expected, seen: Mapping[str, Any]) -> Iterator[str]:
    for name in ("state", "owner", "severity", "suspected"):
        wanted = getattr(expected, name)
        if name in expected.model_fields_set and seen[name] != wanted:
            yield f"{name}: {seen[name]}, expected {wanted}"
    if expected.triage is not None and bool(seen["triage"]) != expected.triage:
        yield f"triage: {seen['triage']}, expected {expected.triage}"


def _tasks(wanted: Mapping[str, tuple[str, ...]], seen: Mapping[str, Any]) -> Iterator[str]:
    asked: dict[str, list[str]] = {}
    for task in seen["tasks"]:
        asked.setdefault(task["task"], []).append(task["to"])
    for kind in sorted({*asked, *wanted}):
        if sorted(asked.get(kind, ())) != sorted(wanted.get(kind, ())):
            yield f"task {kind}: {asked.get(kind, [])}, expected {list(wanted.get(kind, ()))}"


def _status(deadlines: Mapping[str, Any], name: str) -> str:
    """The status of a deadline; of one per task, that of the newest."""
    own = [deadline for key, deadline in deadlines.items() if key.split(":")[0] == name]
    return str(max(own, key=lambda one: one["due_at"])["status"]) if own else "none"


def story_files(folder: Path) -> list[Path]:
    """The stories of a folder and the folders in it."""
    return sorted(file for file in folder.rglob("*.yaml") if file.name != DIRECTORY)
