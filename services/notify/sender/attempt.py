"""One step of one delivery: claim, hand over, record; or ask, where its fate is unknown."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID, uuid5

from services.common.runtime.clock import ticks
from services.common.runtime.failures import TRANSIENT
from services.common.store.decision import Cause, Outcome
from services.notify import metrics
from services.notify.channels import Channel, Letter
from services.notify.domain.addressee import Addressee, Addresses
from services.notify.domain.delivery import (
    CUSTOMER,
    NO_ADDRESS,
    Asked,
    Attempted,
    Delivery,
    Due,
    Receipt,
    Renewed,
    Step,
)
from services.notify.domain.rules import Rulebook, UnknownProfileError
from services.notify.domain.texts import Text, TextError, find, render
from services.notify.sender.writes import Writes

log = logging.getLogger(__name__)

BAD_TEXT = "text cannot be rendered"
# Much shorter than a silent member keeps its partitions: whoever takes them over waits it out.
CLAIM_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """What looking at a delivery led to; None where another is at it or it is gone. `receipt` where a provider was met.

    `asked` tells a question for the fate of a message from a message.
    """

    delivery: Delivery | None
    receipt: Receipt | None = None
    asked: bool = False

    @property
    def met_fault(self) -> bool:
        """Whether the provider itself is not in order."""
        return self.receipt is not None and self.receipt.provider == "fails"


@dataclass(slots=True)
class Claim:
    """An attempt claimed at `since` monotonic seconds: after CLAIM_SECONDS it has to be written once more."""

    renew: Callable[[], Awaitable[bool]]
    since: float

    async def holds(self) -> bool:
        while ticks() - self.since > CLAIM_SECONDS:
            since = ticks()
            if not await self.renew():
                return False
            # Of before the write: this process may have been frozen while it was under way.
            self.since = since
        return True


@dataclass(frozen=True, slots=True)
class Work:
    """What a step needs. Every write is conditional, so of two who try only one sends."""

    writes: Writes
    channel: Channel
    addresses: Addresses
    rulebook: Callable[[], Rulebook]
    changed: Callable[[Delivery], None] = lambda _delivery: None

    async def step(self, delivery: UUID) -> Look:
        """Take the delivery one step further."""
        since = ticks()
        claimed = await self.change(delivery, Due())
        state = claimed.state
        if state is None or (state.status == "sending" and claimed.kind != "applied"):
            return Look(None)
        if state.status == "sending":
            receipt = await self._hand_over(state, since)
            return Look((await self.change(delivery, Attempted(state.attempt, receipt))).state, receipt)
        return await self._ask(state) if state.askable else Look(state)

    async def _ask(self, delivery: Delivery) -> Look:
        receipt = await self.channel.ask(delivery.id)
        if receipt.verdict == "unknown":
            return Look(delivery, receipt, asked=True)
        asked = Asked(delivery.attempt, known=receipt.verdict == "accepted")
        return Look((await self.change(delivery.id, asked)).state, receipt, asked=True)

    async def abandoned(self, delivery: Delivery) -> None:
        """Record that a process ended while it was sending."""
        receipt = Receipt("unknown", "ended while sending")
        await self.change(delivery.id, Attempted(delivery.attempt, receipt))

    async def change(self, delivery: UUID, step: Step) -> Outcome[Delivery, Step]:
        """Record a step, however long the store is away."""
        outcome = await self.writes.change(_cause(delivery, step))
        if outcome.kind == "applied" and outcome.state is not None:
            self.changed(outcome.state)
        return outcome

    async def _hand_over(self, delivery: Delivery, since: float) -> Receipt:
        try:
            addressee = await self.addresses.of(delivery)
        except TRANSIENT as error:
            return Receipt("later", type(error).__name__, provider="unasked")
        except Exception as error:
            # Raised further, the delivery would stand as being sent until the process ends.
            log.exception("address cannot be looked up", extra={"delivery": delivery.id})
            return Receipt("later", type(error).__name__, provider="unasked")
        receipt = await self._send(delivery, addressee, since)
        metrics.ATTEMPTS.labels(delivery.medium, receipt.verdict).inc()
        if receipt.verdict != "accepted":
            seen = {"delivery": delivery.id, "case_id": delivery.case_id, "person": delivery.person}
            extra = {**seen, "verdict": receipt.verdict, "reason": receipt.reason, "to": addressee.address}
            log.warning("not delivered", extra=extra)
        return receipt

    async def _send(self, delivery: Delivery, addressee: Addressee, since: float) -> Receipt:
        if addressee.address is None:
            return Receipt("refused", NO_ADDRESS, provider="unasked")
        try:
            text = self._text(delivery, addressee.name)
        except UnknownProfileError:
            return Receipt("later", f"policy {delivery.policy} is not published", provider="unasked")
        except TextError:
            log.exception("text cannot be rendered", extra={"delivery": delivery.id})
            return Receipt("refused", BAD_TEXT, provider="unasked")
        letter = Letter(delivery.id, delivery.occurred_at, addressee.address, text.subject, text.body)
        try:
            receipt = await self.channel.send(letter, self._claim(delivery, since))
        except Exception:
            # Whatever a provider's client raises, the message may already be out.
            log.exception("channel failed", extra={"delivery": delivery.id})
            return Receipt("unknown", "channel failed", provider="unasked")
        if receipt.verdict == "accepted" and delivery.medium == "sms":
            metrics.count_segments(text)
        return receipt

    def _claim(self, delivery: Delivery, since: float) -> Claim:
        step = Renewed(delivery.attempt)

        async def renew() -> bool:
            return (await self.writes.change(_cause(delivery.id, step))).kind == "applied"

        return Claim(renew, since)

    def _text(self, delivery: Delivery, name: str) -> Text:
        own = {"name": name} if delivery.person == CUSTOMER else {}
        template = find(self.rulebook().policy(delivery.policy), delivery.template)
        return render(template, delivery.medium, delivery.language, {**delivery.facts, **own})


def _cause(delivery: UUID, step: Step) -> Cause[Step]:
    return Cause(delivery, uuid5(delivery, type(step).__name__), step, once=False)
