"""How people learn what there is to do: they read the e-mail and SMS that have arrived for them."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.provider import FILE, Provider, Received

NUMBER = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-Z*~$=]")
GLANCE = 0.1


@dataclass(slots=True)
class Mailbox:
    """What a server received since it was looked at last."""

    data: Path
    read: int = 0

    def new(self) -> Iterator[Received]:
        file = self.data / FILE
        if not file.exists():
            return
        with file.open("rb") as kept:
            kept.seek(self.read)
            whole = kept.read().rpartition(b"\n")[0]
        self.read += len(whole) + bool(whole)
        yield from (Received.model_validate_json(line) for line in whole.splitlines())


async def arrivals(providers: Sequence[Provider]) -> AsyncIterator[tuple[str, str]]:
    """Address and case number of each message, as it arrives; never ends."""
    boxes = [Mailbox(each.data) for each in providers]
    while True:
        for message in (message for box in boxes for message in box.new()):
            for number in dict.fromkeys(NUMBER.findall(f"{message.subject}\n{message.text}")):
                yield message.to, number
        await asyncio.sleep(GLANCE)
