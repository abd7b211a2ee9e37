"""The way that each case went, as a few lines of a terminal."""

from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.table import Table

from deploy.plays.player import Playing, Seen
from deploy.plays.story import ZONE
from schemas.staffing import QUEUE


def pictures(playing: Sequence[Playing]) -> Table:
    """A line for each story: its case, how it went, and whether it went as it should."""
    table = Table(show_lines=True, expand=True)
    table.add_column("", width=2)
    table.add_column("story", ratio=2)
    table.add_column("the way of its case", ratio=5)
    for one in playing:
        mark = "[red]✗[/]" if one.wrong else "[green]✓[/]"
        title = f"{escape(one.story.title.en)}\n[dim]{escape(one.story.title.zh)}\n{one.number}[/]"
        table.add_row(mark, title, "\n".join(_lines(one.way)))
    return table


def _lines(way: Sequence[Seen]) -> Iterator[str]:
    """Where the case was from when on; a breach is marked."""
    for before, seen in zip([None, *way], way, strict=False):
        late = " [red]late[/]" if before and seen.breaches > before.breaches else ""
        graver = (
            f" [yellow]{escape(seen.severity)}[/]"
            if before is None or seen.severity != before.severity
            else ""
        )
        owner = seen.owner.rpartition(":")[2] if seen.owner.startswith(QUEUE) else seen.owner
        yield f"[dim]{seen.at.astimezone(ZONE):%a %H:%M}[/] {escape(seen.state)} [cyan]{escape(owner)}[/]{graver}{late}"
