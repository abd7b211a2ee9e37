"""How many records of a partition may fail before it is stopped, and the skips by which it goes on."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from services.common.kafka import dead_letters
from services.common.kafka.dead_letter_writer import log_dead_letter
from services.common.kafka.dead_letters import FailedRecord, Skip, dead_topic, replay_topic
from services.common.kafka.partitions import Partitions, Stop
from services.common.kafka.positions import Place, Record
from services.common.runtime.failures import retry
from services.common.runtime.settings import CommonSettings

log = logging.getLogger(__name__)

WINDOW = 100
SKIP_SECONDS = 2.0


@dataclass(slots=True)
class Limit:
    """So many in a row, or more than so many of the last hundred, are no accident."""

    in_a_row: int = 20
    of_hundred: int = 5
    row: int = 0
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def note(self, *, handled: bool) -> str:
        """Count one record; where one that failed is beyond the limit, return in words how far."""
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


@dataclass(slots=True)
class FailureLimits:
    """The limits of all partitions of a service, and the skips by which an operator lets one go on."""

    service: str
    settings: CommonSettings
    partitions: Partitions
    _limits: dict[TopicPartition, Limit] = field(default_factory=dict)
    _skips: dict[TopicPartition, Skip] = field(default_factory=dict)

    def judge(self, records: Sequence[Record], failed: Sequence[FailedRecord]) -> dict[TopicPartition, Stop]:
        """The partitions that have to stop, each at its first record beyond the limit."""
        dead = {record.at: record for record in failed if record.reason != "gap"}
        stops: dict[TopicPartition, Stop] = {}
        replays = self.settings.topic_prefix + replay_topic(self.service)
        for record in records:
            part = TopicPartition(record.topic, record.partition)
            # What is replayed has failed once already and been counted.
            if record.topic != replays and part not in stops:
                place = Place.of(record)
                reason = "" if self.skip_of(place) else self._limit(part).note(handled=place not in dead)
                if reason:
                    stops[part] = Stop(place, reason)
                    log_dead_letter(dead[place], "record at fault")
        return stops

    def skip_of(self, place: Place | None) -> Skip | None:
        """The skip that covers a place: what fails there becomes a dead letter, however much it is."""
        if place is None:
            return None
        skip = self._skips.get(TopicPartition(place.topic, place.partition))
        return skip if skip is not None and skip.covers(place) else None

    async def follow_skips(self) -> None:
        """Until cancelled, resume partitions that are stopped when a skip on the dead topic covers them."""
        while True:
            await asyncio.sleep(SKIP_SECONDS)
            if self.partitions.stops:
                await retry(self._resume, "read skips of the dead topic")

    async def _resume(self) -> None:
        topic = self.settings.topic_prefix + dead_topic(self.service)
        for skip in await dead_letters.skips(self.settings.kafka, topic):
            part = TopicPartition(skip.topic, skip.partition)
            stop = self.partitions.stops.get(part)
            if stop is not None and skip.covers(stop.place):
                self._skips[part] = skip
                self._limits.pop(part, None)
                self.partitions.resume(part)
                log.warning("partition goes on", extra={"place": stop.place, "by": skip.by})

    def _limit(self, part: TopicPartition) -> Limit:
        if part not in self._limits:
            self._limits[part] = Limit(self.settings.dead_in_a_row, self.settings.dead_of_hundred)
        return self._limits[part]


def is_beyond(stops: Mapping[TopicPartition, Stop], place: Place | None) -> bool:
    """Whether a record is where its partition is stopped, or after."""
    if place is None:
        return False
    stop = stops.get(TopicPartition(place.topic, place.partition))
    return stop is not None and place.offset >= stop.offset
