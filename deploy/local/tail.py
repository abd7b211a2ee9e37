"""Lines as they are appended to a file."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Tail:
    """The whole lines that were appended to a file, which need not exist yet, since they were read last."""

    file: Path
    position: int = 0

    def lines(self) -> list[bytes]:
        if not self.file.exists():
            return []
        with self.file.open("rb") as opened:
            opened.seek(self.position)
            whole, end, _ = opened.read().rpartition(b"\n")
        self.position += len(whole) + len(end)
        return whole.split(b"\n") if end else []
