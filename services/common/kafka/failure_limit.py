"""How many records of a partition may fail before the service takes itself for what is wrong."""

from collections import deque
from dataclasses import dataclass, field

WINDOW = 100


@dataclass(slots=True)
class Limit:
    """So many in a row, or more than so many of the last hundred, are no accident."""

    in_a_row: int = 20
    of_hundred: int = 5
    row: int = 0
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def note(self, *, handled: bool) -> str:
        """Count one record; where one that failed is beyond the limit, in words how far."""
        self.row = 0 if handled else self.row + 1
        self.recent.append(handled)
        if handled:
            return ""
        if self.row > self.in_a_row:
            return f"{self.row} records in a row failed, REDRESS_DEAD_IN_A_ROW is {self.in_a_row}"
        failed = self.recent.count(False)
        if len(self.recent) == WINDOW and failed > self.of_hundred:
            return f"{failed} of {WINDOW} records failed, REDRESS_DEAD_OF_HUNDRED is {self.of_hundred}"
        return ""
