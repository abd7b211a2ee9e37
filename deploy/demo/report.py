"""The outcome of a demonstration, as a table for people and as numbers for machines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from deploy.demo.audit import extra_copies, misjudged
from deploy.demo.evidence import Evidence
from schemas import cases, deadlines
from schemas.directory import DirectoryFile

Row = dict[str, Any]
SHORT = {"general": "general", "major_preliminary": "prelim.", "major": "major"}
COLOURS = {"general": "green", "major_preliminary": "yellow", "major": "red"}


def rows(evidence: Evidence) -> list[Row]:
    """One line for each case, in the order in which they were accepted."""
    counts = _deadlines(evidence)
    messages = Counter(
        delivery["state"]["case_id"]
        for delivery in evidence.deliveries
        if delivery["state"]["status"] == "sent"
    )
    stored = {case["_id"]: case["state"] for case in evidence.cases}
    accepted = {answer.case_id: answer for answer in evidence.accepted if answer.case_id in stored}
    return [
        {
            "number": answer.number,
            "complaint": answer.contact.name,
            "shop": answer.contact.franchise.shop,
            "channel": stored[case]["channel"],
            "severity": stored[case]["severity"],
            "expected": answer.contact.complaint.level,
            "criterion": stored[case]["criteria"][0],
            "criteria": stored[case]["criteria"],
            "state": stored[case]["state"],
            "rungs": stored[case]["rungs"],
            "owner": stored[case]["owner"],
            "owner_role": stored[case]["owner_role"],
            "met": counts[case, "met"],
            "breached": counts[case, "breached"],
            "messages": messages[case],
        }
        for case, answer in accepted.items()
    ]  # fmt: skip


def _deadlines(evidence: Evidence) -> Counter[tuple[str, str]]:
    """Per case, the deadlines met in time and the breaches that stand."""
    withdrawn = evidence.withdrawn()
    counts: Counter[tuple[str, str]] = Counter()
    for key, event in evidence.unique(deadlines.TOPIC, "deadline.met", "deadline.breached").items():
        if event.type == "deadline.met":
            counts[str(event.case_id), "met"] += not event.late
        elif key not in withdrawn:
            counts[str(event.case_id), "breached"] += 1
    return counts


def table(rows: Sequence[Row], directory: DirectoryFile) -> Table:
    """What stands at the end; where the terminal is narrow, cells take two lines."""
    names = {person.id: person.name for person in directory.people}
    table = Table(
        title=f"{len(rows)} cases",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("case", min_width=16)
    table.add_column("channel")
    table.add_column("severity", min_width=11)
    table.add_column("owner now")
    for heading in ("met", "breached", "sent"):
        table.add_column(heading, justify="right", min_width=len(heading))
    for row in rows:
        severity = f"[{COLOURS[row['severity']]}]{SHORT[row['severity']]}[/] {row['criterion']}"
        owner = f"{names.get(row['owner'], row['owner'])}, {row['owner_role']}"
        counts = (str(row[name]) for name in ("met", "breached", "messages"))
        table.add_row(row["number"], row["channel"].replace("_", " "), severity, owner, *counts)
    return table


def numbers(evidence: Evidence, differences: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Everything counted, and every check with what it found."""
    topics = (cases.TOPIC, deadlines.TOPIC)
    types = Counter(event.type for topic in topics for event in evidence.unique(topic).values())
    wrong = misjudged(evidence)
    names = {answer.contact.name for answer in evidence.accepted}
    states = [delivery["state"] for delivery in evidence.deliveries]
    return {
        "accepted": len(names),
        "answers_202": len(evidence.accepted),
        "cases": len(evidence.cases),
        "events": dict(sorted(types.items())),
        "repeated_records": {
            topic: len(records) - len(evidence.unique(topic)) for topic, records in evidence.records.items()
        },
        "escalations": _escalations(evidence),
        "deliveries": dict(Counter(f"{state['medium']} {state['status']}" for state in states)),
        "templates": dict(Counter(state["template"] for state in states).most_common()),
        "arrived": {medium: len(messages) for medium, messages in evidence.received.items()},
        "extra_copies": extra_copies(evidence),
        "kills": dict(evidence.kills),
        "states": dict(Counter(case["state"]["state"] for case in evidence.cases)),
        "severity_share": round(1 - len(wrong) / max(1, len(names)), 4),
        "misjudged": wrong,
        "checks": {name: list(found) for name, found in differences.items()},
        "rows": rows(evidence),
    }


def _escalations(evidence: Evidence) -> dict[str, int]:
    """How many breaches took a case to the next rung, by the role that was asked."""
    events = evidence.unique(cases.TOPIC, "case.task_sent").values()
    return dict(Counter(event.role for event in events if event.via == "escalation"))
