"""The circuit breaker of a provider: all messages go, none for a while, or one as a probe; pure."""

from dataclasses import dataclass

# A provider may ask for a longer pause than the longest of our own, but not for an endless one.
LONGEST_PAUSE_TIMES = 10.0


@dataclass(slots=True)
class Breaker:
    """Opens at a fault of the provider and closes at the first probe that is answered as it should be.

    `base` and `most` are the shortest and the longest pause in seconds, `reason` says why it is open.
    Attempts begun before it opened change nothing: they were made on an earlier state of the provider.
    """

    base: float
    most: float
    reason: str = ""
    _until: float = 0.0
    _faults: int = 0
    _opened: int = 0
    _probing: bool = False

    @property
    def is_open(self) -> bool:
        return bool(self.reason)

    def wait(self, now: float) -> float | None:
        """Seconds until a message may go; None while the answer to the probe is awaited."""
        if not self.is_open:
            return 0.0
        return None if self._probing else max(0.0, self._until - now)

    def admit(self) -> int:
        """The ticket under which the outcome of one message is to be reported; while open that message is the probe."""
        self._probing = self.is_open
        return self._opened

    def is_probe(self, ticket: int) -> bool:
        return self.is_open and ticket == self._opened

    def release(self, ticket: int) -> None:
        """The message said nothing about the provider: another one may be the probe."""
        if ticket == self._opened:
            self._probing = False

    def succeed(self, ticket: int) -> bool:
        """Whether this closes it."""
        if ticket != self._opened:
            return False
        closes = self.is_open
        self.reason, self._faults, self._probing = "", 0, False
        return closes

    def fail(self, ticket: int, now: float, reason: str, requested: float = 0.0) -> bool:
        """Whether this opens it; a failed probe makes the pause longer. `requested` is the pause the provider wants."""
        if ticket != self._opened:
            return False
        opens = not self.is_open
        own = min(self.most, self.base * 2.0 ** min(self._faults, 16))
        self._until = now + max(own, min(requested, LONGEST_PAUSE_TIMES * self.most))
        self._faults += 1
        self._opened += 1
        self.reason, self._probing = reason, False
        return opens
