"""The way that each case went, as two lines of a terminal: a stroke of time with its marks, and in words below it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from math import log2

from rich.console import Group
from rich.markup import escape
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from deploy.plays.player import Playing
from deploy.plays.way import Moment, Way
from schemas.staffing import QUEUE
from schemas.vocabulary import Stage

LENGTH = 50
"""Columns of a stroke, marks and all."""
MINUTES = 5
LINES: Mapping[Stage, tuple[str, str]] = {
    "intake": ("┄", "magenta"),
    "handling": ("─", "blue"),
    "closing": ("═", "green"),
    "over": (" ", ""),
}
OWNER, SEVERITY, STATE, BREACH, END = (
    ("●", "cyan"),
    ("◆", "yellow"),
    ("╵", "dim"),
    ("!", "bold red"),
    ("■", "green"),
)
LEGEND = Text.assemble(
    ("┄┄", "magenta"), " coming in  ", ("──", "blue"), " handled  ", ("══", "green"), " coming to its end  ",
    OWNER, " another owner  ", SEVERITY, " another severity  ", STATE, " another state  ", BREACH, " late  ", END, " over",
    ("   (longer takes more room, not to scale)", "dim"),
)  # fmt: skip


def pictures(playing: Sequence[Playing], ways: Mapping[str, Way]) -> Group:
    """The stories by their programmes, each with the way of its case and whether it went as it should."""
    parts: list[Rule | Table | Text] = []
    for programme, stories in groupby(playing, key=lambda one: one.name.partition("/")[0]):
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=1)
        table.add_column(ratio=34)
        table.add_column(ratio=82)
        for one in stories:
            mark = Text("✗", "red") if one.wrong else Text("✓", "green")
            title = Text.assemble(one.story.title.en, "\n", (one.story.title.zh, "dim"))
            table.add_row(mark, title, _picture(ways.get(one.case_id, Way())))
        parts += [Rule(f"[bold]{escape(programme)}[/]", align="left"), table]
    return Group(*parts, Rule(), LEGEND)


def _picture(way: Way) -> Text:
    if not way.moments:
        return Text("no case", "red")
    return Text.assemble(stroke(way.moments), "  ", _summary(way), "\n", words(way.moments))


def stroke(moments: Sequence[Moment]) -> Text:
    """The time of a case from left to right, a line for how far it was and marks where something changed."""
    marks = [list(_marks(*pair)) for pair in zip([None, *moments], moments, strict=False)]
    lengths = _lengths(moments, LENGTH - sum(map(len, marks)))
    text = Text()
    for moment, signs, length in zip(moments, marks, [*lengths, 0], strict=True):
        line, style = LINES[moment.stage]
        text.append_text(Text.assemble(*signs))
        text.append(line * length, style)
    text.append(" " * (LENGTH - text.cell_len))
    return text


def _marks(before: Moment | None, moment: Moment) -> Iterator[tuple[str, str]]:
    """What changed with a moment."""
    if moment.breaches:
        yield BREACH
    if before is not None and before.severity != moment.severity:
        yield SEVERITY
    if before is None or before.owner != moment.owner:
        yield OWNER
    elif before.state != moment.state and moment.stage != "over":
        yield STATE
    if moment.stage == "over" and (before is None or before.stage != "over"):
        yield END


def _lengths(moments: Sequence[Moment], room: int) -> list[int]:
    """Columns between one moment and the next: an hour takes more than a minute, and a night not all of the room."""
    waits = [(after.at - before.at).total_seconds() / 60 for before, after in pairwise(moments)]
    weights = [log2(1 + minutes / MINUTES) for minutes in waits]
    scale = max(0, room) / (sum(weights) or 1)
    return [int(weight * scale) for weight in weights]


def words(moments: Sequence[Moment]) -> Text:
    """Who owned the case one after the other, with the states it was in meanwhile."""
    text = Text()
    for owner, own in groupby(moments, key=lambda moment: moment.owner):
        states = [state for state, _ in groupby(own, key=lambda moment: moment.state)]
        text.append(" › " if text else "", "dim")
        text.append(_short(owner), "cyan")
        text.append(f" {', '.join(states)}", "dim")
    return text


def _short(owner: str) -> str:
    """A person without the place they work at; of a queue its role."""
    if owner.startswith(QUEUE):
        return f"({owner.rpartition(':')[2]})"
    return owner.rpartition(".")[2]


def _summary(way: Way) -> Text:
    first, last = way.moments[0], way.moments[-1]
    hours = round((last.at - first.at).total_seconds() / 3600)
    span = f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"
    late = f"  {way.breaches} late" if way.breaches else ""
    return Text.assemble(last.severity.replace("_", " "), f"  {span}  {way.messages} sent", (late, "red"))
