"""The way that each case went: a stroke of time with its marks, and below it whose the case was."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, groupby, pairwise
from math import log2

from rich.markup import escape
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from deploy.plays.player import Playing
from deploy.plays.way import Moment, Way
from schemas.staffing import QUEUE
from schemas.vocabulary import Stage

LENGTH = 48
"""Columns of a stroke, marks and all."""
INDENT = 2
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
)  # fmt: skip


def pictures(
    playing: Sequence[Playing], ways: Mapping[str, Way], width: int
) -> Iterator[Rule | Text | Table]:
    """The stories by their policies, each with the way of its case and whether it went as it should."""
    for policy, stories in groupby(playing, key=lambda one: one.name.partition("/")[0]):
        yield Rule(f"[bold]{escape(policy)}[/]", align="left")
        for story in stories:
            way = ways.get(story.case_id, Way())
            yield _title(story, way, width)
            if way.moments:
                yield _line(way)
    yield Rule()
    yield LEGEND


def _title(one: Playing, way: Way, width: int) -> Text:
    """Whether a story went as it should, its title in both languages, and on the right what there was of its case."""
    facts = _facts(way) if way.moments else Text("no case", "red")
    mark = ("✗ ", "red") if one.wrong else ("✓ ", "green")
    title = Text.assemble(mark, one.story.title.en, "  ", (one.story.title.zh, "dim"))
    title.truncate(width - facts.cell_len - 2, overflow="ellipsis", pad=True)
    return Text.assemble(title, "  ", facts)


def _line(way: Way) -> Table:
    line = Table.grid(Column(width=LENGTH + INDENT), Column(), padding=(0, 2, 0, 0))
    line.add_row(Text(" " * INDENT) + stroke(way.moments), owners(way.moments))
    return line


def _facts(way: Way) -> Text:
    """How grave the case was in the end, how long it took, how many messages went out, and what was late."""
    first, last = way.moments[0], way.moments[-1]
    hours = round((last.at - first.at).total_seconds() / 3600)
    span = f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"
    late = f"  {way.breaches} late" if way.breaches else ""
    return Text.assemble((last.severity, "yellow"), f"  {span}  {way.messages} sent", (late, "red"))


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
    until = [0.0, *accumulate(log2(1 + minutes / MINUTES) for minutes in waits)]
    places = [round(at * max(0, room) / (until[-1] or 1)) for at in until]
    return [after - before for before, after in pairwise(places)]


def owners(moments: Sequence[Moment]) -> Text:
    """Whose the case was, one after the other, each with the state in which they left it."""
    text = Text()
    for owner, own in groupby(moments, key=lambda moment: moment.owner):
        *_, last = own
        text.append(" › " if text else "", "dim")
        text.append(_short(owner), "cyan")
        text.append(f" {last.state}", "dim")
    return text


def _short(owner: str) -> str:
    """A person without the place they work at; of a queue its role."""
    if owner.startswith(QUEUE):
        return f"({owner.rpartition(':')[2]})"
    return owner.rpartition(".")[2]
