"""One step of one delivery: claim, hand over, record; or ask, where its fate is unknown."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid5

from services.common.decision import Cause, Outcome
from services.common.failures import TRANSIENT
from services.notify import metrics
from services.notify.channels import Channel, Letter
from services.notify.domain.addressee import Addressee, Addresses, masked
from services.notify.domain.delivery import (
    CUSTOMER,
    NO_ADDRESS,
    Asked,
    Attempted,
    Delivery,
    Due,
    Receipt,
    Step,
)
from services.notify.domain.rules import Rulebook, UnknownProfileError
from services.notify.domain.texts import TextError, find, render
from services.notify.sender.writes import Writes

log = logging.getLogger(__name__)

BAD_TEXT = "text cannot be rendered"


@dataclass(frozen=True, slots=True)
class Work:
    """What a step needs. Every write is conditional, so of two who try only one sends."""

    writes: Writes
    channel: Channel
    addresses: Addresses
    rulebook: Callable[[], Rulebook]
    changed: Callable[[Delivery], None] = lambda _delivery: None

    async def step(self, delivery: UUID) -> Delivery | None:
        """Take the delivery one step further; None when another is at it or it is gone."""
        claimed = await self.change(delivery, Due())
        state = claimed.state
        if state is None or (state.status == "sending" and claimed.kind != "applied"):
            return None
        if state.status == "sending":
            receipt = await self._hand_over(state)
            return (await self.change(delivery, Attempted(state.attempt, receipt))).state
        if state.askable and (known := await self.channel.knows(delivery)) is not None:
            return (await self.change(delivery, Asked(state.attempt, known))).state
        return state

    async def abandoned(self, delivery: Delivery) -> None:
        """Record that a process ended while it was sending."""
        receipt = Receipt("unknown", "ended while sending")
        await self.change(delivery.id, Attempted(delivery.attempt, receipt))

    async def change(self, delivery: UUID, step: Step) -> Outcome[Delivery, Step]:
        """Record a step, however long the store is away."""
        outcome = await self.writes.change(
            Cause(delivery, uuid5(delivery, type(step).__name__), step, once=False)
        )
        if outcome.kind == "applied" and outcome.state is not None:
            self.changed(outcome.state)
        return outcome

    async def _hand_over(self, delivery: Delivery) -> Receipt:
        try:
            addressee = await self.addresses.of(delivery)
        except TRANSIENT as error:
            return Receipt("later", type(error).__name__)
        except Exception as error:
            # Raised further, the delivery would stand as being sent until the process ends.
            log.exception("address cannot be looked up", extra={"delivery": delivery.id})
            return Receipt("later", type(error).__name__)
        if not addressee.address:
            receipt = Receipt("refused", NO_ADDRESS)
        else:
            receipt = await self._send(delivery, addressee)
        metrics.ATTEMPTS.labels(delivery.medium, receipt.verdict).inc()
        if receipt.verdict != "accepted":
            seen = {"delivery": delivery.id, "case_id": delivery.case_id, "person": delivery.person}
            extra = {**seen, "verdict": receipt.verdict, "reason": receipt.reason}
            log.warning("not delivered", extra={**extra, "to": masked(addressee.address)})
        return receipt

    async def _send(self, delivery: Delivery, addressee: Addressee) -> Receipt:
        try:
            letter = self._letter(delivery, addressee)
        except (TextError, UnknownProfileError):
            log.exception("text cannot be rendered", extra={"delivery": delivery.id})
            return Receipt("refused", BAD_TEXT)
        try:
            return await self.channel.send(letter)
        except Exception:
            # Whatever a provider's client raises, the message may already be out.
            log.exception("channel failed", extra={"delivery": delivery.id})
            return Receipt("unknown", "channel failed")

    def _letter(self, delivery: Delivery, addressee: Addressee) -> Letter:
        own = {"name": addressee.name} if delivery.person == CUSTOMER else {}
        template = find(self.rulebook().profile(delivery.profile), delivery.template)
        text = render(template, delivery.medium, delivery.language, {**delivery.facts, **own})
        return Letter(delivery.id, delivery.occurred_at, addressee.address, text.subject, text.body)
