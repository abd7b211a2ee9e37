"""`redress classify`: judges complaints from JSON Lines with the code and the policy the service uses."""

import json
import sys
from dataclasses import dataclass
from typing import Any

import click
from pydantic import ValidationError, ValidationInfo, field_validator

from schemas.base import Frozen
from schemas.faults import describe
from schemas.severity import Judgement, SeverityPolicy, Signal, Statement
from services.common.web import strict_json
from services.routing.commands.explain import explain
from services.routing.domain.severity.detection import Reader
from services.routing.domain.severity.judge import judge
from services.routing.settings import DEFAULT_POLICY
from services.routing.store.severity_files import load_reader, load_severity


class Line(Frozen):
    """One line of input; flags that the policy, the `context`, does not know are reported and ignored."""

    id: Any = None
    text: str
    channel: str | None = None
    flags: dict[str, Any] | None = None

    @field_validator("flags")
    @classmethod
    def _flags_are_booleans(cls, flags: dict[str, Any] | None, info: ValidationInfo) -> dict[str, Any] | None:
        policy: SeverityPolicy | None = info.context
        for flag in policy.flags if policy else ():
            if flags and not isinstance(flags.get(flag.id), bool | None):
                raise ValueError(f"{flag.id} should be true, false or null")
        return flags


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """One line of input: the judgement of its complaint, or the `error` that names every wrong field."""

    id: Any
    text: str = ""
    judgement: Judgement | None = None
    error: str = ""

    def to_json(self) -> str:
        """`{id, level, certain, …}` or `{id, error}`."""
        judged = _describe(self.text, self.judgement) if self.judgement else {"error": self.error}
        return json.dumps({"id": self.id, **judged}, ensure_ascii=False)

    def explain(self, policy: SeverityPolicy, *, styled: bool) -> str:
        """The same for people, in some lines."""
        name = json.dumps(self.id, ensure_ascii=False)
        if self.judgement is None:
            return f"{name}: error 错误: {self.error}"
        return f"{name}: {explain(self.text, self.judgement, policy, styled=styled)}"


@click.command()
@click.option(
    "--policy", default=DEFAULT_POLICY, show_default=True, help="The policy whose severity table is used."
)
@click.option(
    "--explain", "explains", is_flag=True, help="Write for people: the text with its evidence, and reasons."
)
@click.pass_context
def classify(context: click.Context, policy: str, *, explains: bool) -> None:
    """Judge complaints.

    Reads JSON Lines {id, text, channel, flags} on standard input and writes JSON Lines {id, level, certain, confirmed,
    suspected, criteria, suspicions, doubts, evidence} in the same order: `level` is the likeliest, what is certain of it
    is `confirmed`, and `doubts` say why a person has to confirm what is `suspected`. Each evidence is {criterion,
    detector, certain} with the `span` and `text` of its words. A wrong line gives {id, error} and exit status 1 at the
    end; blank lines are skipped.
    """
    try:
        reader, table = load_reader(), load_severity(policy)
    except (OSError, ValueError) as wrong:
        raise click.ClickException(str(wrong)) from None
    styled, failed = sys.stdout.isatty(), False
    for line in (line for line in sys.stdin.buffer if line.strip()):
        given = answer(line, reader, table)
        failed |= given.judgement is None
        click.echo(given.explain(table, styled=styled) if explains else given.to_json())
    context.exit(int(failed))


def answer(line: bytes, reader: Reader, policy: SeverityPolicy) -> JudgedLine:
    """Judges one line of JSON."""
    name = None
    try:
        fields = strict_json.read_line(line)
        name = fields.get("id")
        complaint = Line.model_validate(fields, context=policy)
        (detection,) = reader.detect([complaint.text])
        return JudgedLine(name, complaint.text, judge(_statement(complaint, policy), detection, policy))
    except ValidationError as wrong:
        faults = (f"{_place(error['loc'])}: {describe(error)}" for error in wrong.errors())
        return JudgedLine(name, error="; ".join(faults))
    except ValueError as wrong:
        return JudgedLine(name, error=str(wrong))


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc)


def _statement(complaint: Line, policy: SeverityPolicy) -> Statement:
    flags, known = complaint.flags or {}, [flag.id for flag in policy.flags]
    for unknown in sorted(flags.keys() - set(known)):
        click.echo(
            f"{json.dumps(complaint.id, ensure_ascii=False)}: unknown flag {json.dumps(unknown, ensure_ascii=False)}"
            f" ignored; flags are {', '.join(known)}",
            err=True,
        )
    raised = frozenset(flag for flag in known if flags.get(flag))
    return Statement(text=complaint.text, channel=complaint.channel, flags=raised)


def _describe(text: str, judged: Judgement) -> dict[str, Any]:
    described = {
        "level": judged.level,
        "certain": judged.certain,
        "confirmed": judged.confirmed,
        "suspected": judged.suspected,
        "criteria": judged.criteria,
        "suspicions": judged.suspicions,
        "doubts": judged.doubts,
        "evidence": [_evidence(text, signal) for signal in judged.signals],
    }
    return described | ({"failed": judged.failed} if judged.failed else {})


def _evidence(text: str, signal: Signal) -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "criterion": signal.criterion,
        "detector": signal.detector,
        "certain": signal.certain,
    }
    if signal.start is None or signal.end is None:
        return evidence
    return evidence | {"span": [signal.start, signal.end], "text": text[signal.start : signal.end]}
