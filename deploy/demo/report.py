"""The outcome as a table for people and as numbers for machines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from deploy.demo.evidence import Evidence
from deploy.demo.reconcile import extra_copies, misjudged
from schemas import cases, deadlines
from schemas.directory import DirectoryFile

Row = dict[str, Any]
SHORT = {"general": "general", "major_preliminary": "prelim.", "major": "major"}
COLOURS = {"general": "green", "major_preliminary": "yellow", "major": "red"}


def rows(evidence: Evidence) -> list[Row]:
    """One line for each case, in the order in which they were accepted."""
    clocks = _clocks(evidence)
    messages = Counter(
        one["state"]["case_id"] for one in evidence.deliveries if one["state"]["status"] == "sent"
    )
    stored = {one["_id"]: one["state"] for one in evidence.cases}
    accepted = {one.case_id: one for one in evidence.accepted if one.case_id in stored}
    return [
        {
            "number": one.number,
            "complaint": one.telling.name,
            "shop": one.telling.franchise.shop,
            "channel": stored[case]["channel"],
            "severity": stored[case]["severity"],
            "expected": one.telling.complaint.level,
            "criterion": stored[case]["criteria"][0],
            "criteria": stored[case]["criteria"],
            "state": stored[case]["state"],
            "rung": stored[case]["rung"],
            "owner": stored[case]["owner"],
            "owner_role": stored[case]["owner_role"],
            "met": clocks[case, "met"],
            "breached": clocks[case, "breached"],
            "messages": messages[case],
        }
        for case, one in accepted.items()
    ]  # fmt: skip


def _clocks(evidence: Evidence) -> Counter[tuple[str, str]]:
    """Per case, the clocks stopped in time and the breaches that stand."""
    withdrawn = {str(one.breach) for one in evidence.unique(deadlines.TOPIC, "deadline.withdrawn").values()}
    counts: Counter[tuple[str, str]] = Counter()
    for key, one in evidence.unique(deadlines.TOPIC, "deadline.met", "deadline.breached").items():
        if one.type == "deadline.met":
            counts[str(one.case_id), "met"] += not one.late
        elif key not in withdrawn:
            counts[str(one.case_id), "breached"] += 1
    return counts


def table(found: Sequence[Row], directory: DirectoryFile) -> Table:
    """What stands at the end; where the terminal is narrow, cells take two lines."""
    names = {one.id: one.name for one in directory.people}
    shown = Table(
        title=f"{len(found)} cases",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    shown.add_column("case", min_width=16)
    shown.add_column("channel")
    shown.add_column("severity", min_width=11)
    shown.add_column("owner now")
    for heading in ("met", "breached", "sent"):
        shown.add_column(heading, justify="right", min_width=len(heading))
    for row in found:
        severity = f"[{COLOURS[row['severity']]}]{SHORT[row['severity']]}[/] {row['criterion']}"
        owner = f"{names.get(row['owner'], row['owner'])}, {row['owner_role']}"
        counts = (str(row[name]) for name in ("met", "breached", "messages"))
        shown.add_row(row["number"], row["channel"].replace("_", " "), severity, owner, *counts)
    return shown


def numbers(evidence: Evidence, differences: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Everything counted, and every check with what it found."""
    told = [one.type for topic in (cases.TOPIC, deadlines.TOPIC) for one in evidence.unique(topic).values()]
    wrong = misjudged(evidence)
    names = {one.telling.name for one in evidence.accepted}
    return {
        "accepted": len(names),
        "answers_202": len(evidence.accepted),
        "cases": len(evidence.cases),
        "events": dict(sorted(Counter(told).items())),
        "repeated_records": {
            topic: len(found) - len(evidence.unique(topic)) for topic, found in evidence.records.items()
        },
        "escalates": _escalates(evidence),
        "deliveries": dict(
            Counter(f"{one['state']['medium']} {one['state']['status']}" for one in evidence.deliveries)
        ),
        "templates": dict(Counter(one["state"]["template"] for one in evidence.deliveries).most_common()),
        "arrived": {medium: len(found) for medium, found in evidence.received.items()},
        "extra_copies": extra_copies(evidence),
        "kills": dict(evidence.kills),
        "states": dict(Counter(one["state"]["state"] for one in evidence.cases)),
        "severity_share": round(1 - len(wrong) / max(1, len(names)), 4),
        "misjudged": wrong,
        "checks": {name: list(found) for name, found in differences.items()},
        "rows": rows(evidence),
    }


def _escalates(evidence: Evidence) -> dict[str, int]:
    """How often a breach made a case escalation, by the role it escalated to."""
    handed = evidence.unique(cases.TOPIC, "case.handed_over").values()
    return dict(Counter(one.role for one in handed if one.via == "escalation"))
