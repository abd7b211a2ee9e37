"""Trouble that tests and the demo can order from the local mail and SMS servers."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from schemas.base import Strict

FILE = "trouble.json"
Kind = Literal["account", "refuse", "busy", "stall", "lose"]


class Trouble(Strict):
    """What befalls the next `times` messages.

    `account` says that our account is not in order, `refuse` answers a definite no to this message,
    `busy` asks to try later; `stall` takes the message and `lose` drops it, both without an answer for
    `seconds`.
    """

    kind: Kind
    times: int = Field(1, ge=1)
    seconds: float = Field(0.0, ge=0)


def order(data: Path, trouble: Trouble) -> None:
    """From now on, for the server that keeps its messages in `data`."""
    data.mkdir(parents=True, exist_ok=True)
    draft = data / f"{FILE}.new"
    draft.write_text(trouble.model_dump_json())
    draft.replace(data / FILE)


def take(data: Path, *kinds: Kind) -> Trouble | None:
    """The trouble of this message, counted off; None when nothing of these kinds is ordered."""
    try:
        ordered = Trouble.model_validate_json((data / FILE).read_text())
    except FileNotFoundError:
        return None
    if ordered.kind not in kinds:
        return None
    if ordered.times > 1:
        order(data, ordered.model_copy(update={"times": ordered.times - 1}))
    else:
        (data / FILE).unlink()
    return ordered
