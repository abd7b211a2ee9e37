"""How much poison a room bears before it takes itself for what is wrong."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

IN_A_ROW = 20
WINDOW = 100
SHARE = 5


class LimitError(Exception):
    """So many records failed that the fault is ours: stop instead of draining the topic."""


@dataclass(slots=True)
class Limit:
    """Twenty in a row, or more than five of the last hundred, are no accident."""

    row: int = 0
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def note(self, outcomes: Sequence[bool]) -> None:
        """Count handled (True) and dead (False) records; raises `LimitError` beyond the limit."""
        for handled in outcomes:
            self.row = 0 if handled else self.row + 1
            self.recent.append(handled)
            full = len(self.recent) == WINDOW
            if self.row > IN_A_ROW or (full and self.recent.count(False) > SHARE):
                raise LimitError(f"{self.row} in a row, {self.recent.count(False)} of {len(self.recent)}")
