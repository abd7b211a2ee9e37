"""Trouble that tests and the demo can order from the local mail and SMS servers."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from schemas.base import Strict

FILE = "trouble.json"


class Trouble(Strict):
    """What befalls the next `times` messages.

    `refuse` answers a definite no, `busy` asks to try later; `stall` takes the message and `lose` drops
    it, both without an answer for `seconds`.
    """

    kind: Literal["refuse", "busy", "stall", "lose"]
    times: int = Field(1, ge=1)
    seconds: float = Field(0.0, ge=0)


def order(data: Path, trouble: Trouble) -> None:
    """From now on, for the server that keeps its messages in `data`."""
    data.mkdir(parents=True, exist_ok=True)
    draft = data / f"{FILE}.new"
    draft.write_text(trouble.model_dump_json())
    draft.replace(data / FILE)


def take(data: Path) -> Trouble | None:
    """The trouble of this message, counted off; None when nothing is ordered."""
    try:
        ordered = Trouble.model_validate_json((data / FILE).read_text())
    except FileNotFoundError:
        return None
    if ordered.times > 1:
        order(data, ordered.model_copy(update={"times": ordered.times - 1}))
    else:
        (data / FILE).unlink()
    return ordered
