"""The relay: what is acknowledged leaves the outbox for good, whoever writes the document meanwhile."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.common.relay import Relay
from tests.fakes import MemoryLog

KEY = UUID(int=1)


def event(name: str) -> dict[str, Any]:
    return {"id": name, "topic": "cases", "key": str(KEY), "body": name}


def bodies(log: MemoryLog) -> list[bytes]:
    return [value for _, value in log.topics["cases"]]


async def test_what_a_writer_brings_back_while_it_is_cleared_is_cleared_again_and_not_sent_again() -> None:
    log = MemoryLog()
    relay, outbox = Relay(log), [event("first")]

    async def clear(sent: Mapping[UUID, Sequence[str]]) -> None:
        outbox[:] = [one for one in outbox if one["id"] not in sent[KEY]]
        if not outbox and bodies(log) == [b"first"]:
            # This writer had read the document before; the version did not stop it.
            outbox[:] = [event("first"), event("second")]
            relay.add(clear, KEY, outbox)

    relay.add(clear, KEY, outbox)
    await relay.flush()
    await relay.flush()
    assert bodies(log) == [b"first", b"second"]
    assert (outbox, relay.unsent) == ([], {})


async def test_a_refused_event_stays_owed_with_what_follows() -> None:
    log, cleared = MemoryLog(away=True), list[str]()

    async def clear(sent: Mapping[UUID, Sequence[str]]) -> None:
        cleared.extend(name for names in sent.values() for name in names)

    relay = Relay(log)
    relay.add(clear, uuid4(), [event("first"), event("second")])
    with pytest.raises(TimeoutError, match="2 events"):
        await relay.flush()
    assert cleared == []
    log.away = False
    await relay.flush()
    assert (bodies(log), cleared, relay.unsent) == ([b"first", b"second"], ["first", "second"], {})
