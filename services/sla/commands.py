"""The service's console commands: `due` computes due times as the service does."""

import json
import sys
from datetime import datetime
from typing import Annotated, Any

import click
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from schemas.base import Frozen, instant
from schemas.calendar import CalendarSpec, Hours, Limit, PublicDays
from schemas.faults import describe
from services.common.runtime.files import FileError
from services.common.web import strict_json
from services.sla import settings
from services.sla.domain.due import limits
from services.sla.domain.due.worktime import compile_calendar


def _parse_moment(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        at = None
    if at is not None and at.tzinfo is not None:
        return instant(at)
    example = "2026-03-02T09:30:00+08:00"
    raise ValueError(
        f"should be ISO 8601 with Z or an offset, such as {example}, not {json.dumps(value):.60}"
    )


def _name(value: Any) -> str | int | None:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _require_name(value: Any) -> str | int:
    if (name := _name(value)) is None:
        raise ValueError("should be text or a whole number")
    return name


def _require_order(pause: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    if pause[1] < pause[0]:
        raise ValueError("should not end before it begins")
    return pause


Name = Annotated[str | int, BeforeValidator(_require_name)]
Moment = Annotated[datetime, BeforeValidator(_parse_moment)]
Pause = Annotated[tuple[Moment, Moment], AfterValidator(_require_order)]


class Question(Frozen):
    """One line of `redress due`; without pauses none were made, and elapsed minutes need no calendar."""

    id: Name = Field(description="text or a whole number")
    start: Moment = Field(description="ISO 8601 with Z or an offset")
    limit: Limit = Field(description="an object with exactly one limit")
    calendar: CalendarSpec | None = None
    pauses: tuple[Pause, ...] | None = None


ALLOWED = {
    "calendar": f", only {', '.join(CalendarSpec.model_fields)}",
    "calendar.hours": f", only {', '.join(Hours.model_fields)}",
}


def _place(loc: tuple[int | str, ...]) -> str:
    # Between a limit and its key stands the tag of its shape, which is the key again.
    loc = (*loc[:1], *loc[2:]) if loc[0] == "limit" else loc
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def _describe(error: ErrorDetails) -> str:
    place, message = _place(error["loc"]), describe(error)
    field = Question.model_fields.get(place)
    if error["type"] == "missing":
        message = f"should be {field.description if field else 'given'}, but is missing"
    if error["type"] == "extra_forbidden":
        message = f"should not be there{ALLOWED.get(place.rpartition('.')[0], '')}"
    return f"{place}: {message}"


def _format(at: datetime) -> str:
    precision = "milliseconds" if at.microsecond else "seconds"
    return at.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _warn_of_unknown(line: dict[str, Any]) -> None:
    for key in line.keys() - Question.model_fields.keys():
        click.echo(
            f"{json.dumps(line.get('id'))}: {json.dumps(key)} is no field of a line, ignored", err=True
        )


def _compute(line: dict[str, Any], announced: tuple[PublicDays, ...]) -> datetime:
    question = Question.model_validate(line)
    shop = compile_calendar(question.calendar, announced) if question.calendar else None
    return limits.compute_due(question.start, question.limit, shop, question.pauses or ()).at


def answer(text: bytes, announced: tuple[PublicDays, ...] = ()) -> dict[str, Any]:
    """`{id, due_at}` for one line of JSON, or `{id, error}` naming every wrong field; id null if unreadable."""
    name = None
    try:
        line = strict_json.read_line(text)
        name = _name(line.get("id"))
        _warn_of_unknown(line)
        return {"id": name, "due_at": _format(_compute(line, announced))}
    except ValidationError as wrong:
        return {"id": name, "error": "; ".join(map(_describe, wrong.errors()))}
    except ValueError as wrong:
        return {"id": name, "error": str(wrong)}


@click.command()
@click.pass_context
def due(context: click.Context) -> None:
    """Say when limits are used up.

    Reads JSON Lines {id, start, limit, calendar, pauses} on standard input and writes {id, due_at} in UTC
    for each, in order. A wrong line gives {id, error} and exit status 1 at the end; blank lines are skipped.
    """
    try:
        days = settings.load_public_days(settings.Settings().policies)
    except FileError as wrong:
        raise click.ClickException(str(wrong)) from None
    failed = False
    for line in (line for line in sys.stdin.buffer if line.strip()):
        answered = answer(line, days)
        failed |= "error" in answered
        click.echo(json.dumps(answered))
    context.exit(int(failed))


commands: list[click.Command] = [due]
