"""`redress classify`: judges complaints from JSON Lines with the code and the policy the service uses."""

import json
import sys
from typing import Any

import click
from pydantic import ValidationError, field_validator

from schemas.base import Frozen
from schemas.faults import describe
from schemas.severity import FLAGS, Judgement, Signal, Statement
from services.common.web import strict_json
from services.routing.domain.severity.judge import Rules, judge
from services.routing.store.severity_files import load_rules


class Line(Frozen):
    """One line of input; unknown flags are reported and ignored."""

    id: Any = None
    text: str
    channel: str | None = None
    flags: dict[str, Any] | None = None

    @field_validator("flags")
    @classmethod
    def _flags_are_booleans(cls, flags: dict[str, Any] | None) -> dict[str, Any] | None:
        for flag in FLAGS:
            if flags and not isinstance(flags.get(flag), bool | None):
                raise ValueError(f"{flag} should be true, false or null")
        return flags


@click.command()
@click.option("--policy", default="gtmc", show_default=True, help="The policy whose severity table is used.")
@click.pass_context
def classify(context: click.Context, policy: str) -> None:
    """Judge complaints.

    Reads JSON Lines {id, text, channel, flags} on standard input and writes {id, level, criteria, evidence}
    for each, in order. A wrong line gives {id, error} and exit status 1 at the end; blank lines are skipped.
    """
    try:
        rules = load_rules(policy)
    except (OSError, ValueError) as wrong:
        raise click.ClickException(str(wrong)) from None
    failed = False
    for line in (line for line in sys.stdin.buffer if line.strip()):
        result = answer(line, rules)
        failed |= "error" in result
        click.echo(json.dumps(result, ensure_ascii=False))
    context.exit(int(failed))


def answer(line: bytes, rules: Rules) -> dict[str, Any]:
    """`{id, level, criteria, evidence}` for one line of JSON, or `{id, error}` naming every wrong field."""
    name = None
    try:
        fields = strict_json.read_line(line)
        name = fields.get("id")
        complaint = Line.model_validate(fields)
        return {"id": name, **_describe(complaint.text, judge(_statement(complaint), rules))}
    except ValidationError as wrong:
        return {
            "id": name,
            "error": "; ".join(f"{_place(error['loc'])}: {describe(error)}" for error in wrong.errors()),
        }
    except ValueError as wrong:
        return {"id": name, "error": str(wrong)}


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc)


def _statement(complaint: Line) -> Statement:
    flags = complaint.flags or {}
    for unknown in sorted(flags.keys() - set(FLAGS)):
        click.echo(
            f"{json.dumps(complaint.id, ensure_ascii=False)}: unknown flag {json.dumps(unknown, ensure_ascii=False)}"
            f" ignored; flags are {', '.join(FLAGS)}",
            err=True,
        )
    raised = frozenset(flag for flag in FLAGS if flags.get(flag))
    return Statement(text=complaint.text, channel=complaint.channel, flags=raised)


def _describe(text: str, judged: Judgement) -> dict[str, Any]:
    described = {
        "level": judged.level,
        "criteria": judged.criteria,
        "evidence": [_evidence(text, signal) for signal in judged.signals],
    }
    return described | ({"failed": judged.failed} if judged.failed else {})


def _evidence(text: str, signal: Signal) -> dict[str, Any]:
    evidence: dict[str, Any] = {"criterion": signal.criterion, "detector": signal.detector}
    if signal.start is None or signal.end is None:
        return evidence
    return evidence | {"span": [signal.start, signal.end], "text": text[signal.start : signal.end]}
