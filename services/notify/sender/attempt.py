"""One step of one delivery: claim it, send it and record the result, or ask what became of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from schemas.identity import step_id
from services.common.runtime.clock import ticks
from services.common.runtime.failures import TRANSIENT, retry
from services.common.store.decision import Cause, Decide, Outcome
from services.common.store.write_path import Store
from services.notify import metrics
from services.notify.domain.addressee import Addressee, Addresses
from services.notify.domain.delivery import (
    CUSTOMER,
    NO_ADDRESS,
    STEP_NAMES,
    Attempted,
    Delivery,
    Due,
    FateReported,
    Receipt,
    Renewed,
    Step,
)
from services.notify.domain.rules import Rulebook, UnknownPolicyError
from services.notify.domain.texts import RenderedText, TextError, find, render
from services.notify.providers import Letter, Provider

log = logging.getLogger(__name__)

BAD_TEXT = "text cannot be rendered"
# Much shorter than a silent member keeps its partitions: whoever takes them over waits it out.
CLAIM_SECONDS = 2.0

Waiting = tuple[Cause[Step], "asyncio.Future[Outcome[Delivery, Step]]"]


@dataclass(slots=True)
class StepWriter:
    """Records steps, one write at a time: those that come meanwhile share the next one."""

    store: Store[Delivery]
    decide: Decide[Delivery, Step]
    _waiting: list[Waiting] = field(default_factory=list)
    _writing: "asyncio.Task[None] | None" = None

    async def change(self, cause: Cause[Step]) -> Outcome[Delivery, Step]:
        """Record a step, however long the store is away; raises what deciding raised."""
        future: asyncio.Future[Outcome[Delivery, Step]] = asyncio.get_running_loop().create_future()
        self._waiting.append((cause, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        outcome = await future
        if outcome.error is not None:
            raise outcome.error
        return outcome

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._write_batch(batch)
            except Exception as error:
                log.exception("steps could not be recorded")
                for _, future in batch:
                    future.set_exception(error)
        self._writing = None

    async def _write_batch(self, batch: list[Waiting]) -> None:
        causes = [cause for cause, _ in batch]
        outcomes = await retry(lambda: self.store.change_isolated(causes, self.decide), "record deliveries")
        became: dict[int, Outcome[Any, Any]] = {id(outcome.cause): outcome for outcome in outcomes}
        for cause, future in batch:
            if not future.cancelled():
                future.set_result(became[id(cause)])


@dataclass(frozen=True, slots=True)
class StepResult:
    """The delivery after a step, None where another process has it or it is gone; `receipt` where a provider was called.

    `is_question` where that asked for the fate of a message instead of sending one.
    """

    delivery: Delivery | None
    receipt: Receipt | None = None
    is_question: bool = False

    @property
    def met_fault(self) -> bool:
        """Whether the provider itself is not in order."""
        return self.receipt is not None and self.receipt.provider == "fails"


@dataclass(slots=True)
class AttemptClaim:
    """An attempt claimed at `since` monotonic seconds; after CLAIM_SECONDS it has to be written once more."""

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
class Attempts:
    """Takes deliveries of one medium a step further. Every write is conditional, so of two who try only one sends."""

    writer: StepWriter
    provider: Provider
    addresses: Addresses
    rulebook: Callable[[], Rulebook]
    changed: Callable[[Delivery], None] = lambda _delivery: None

    async def step(self, delivery: UUID) -> StepResult:
        """Take the delivery one step further."""
        since = ticks()
        claimed = await self.change(delivery, Due())
        state = claimed.state
        if state is None or (state.status == "sending" and claimed.kind != "applied"):
            return StepResult(None)
        if state.status == "sending":
            receipt = await self._attempt(state, since)
            return StepResult((await self.change(delivery, Attempted(state.attempt, receipt))).state, receipt)
        return await self._ask(state) if state.is_askable else StepResult(state)

    async def _ask(self, delivery: Delivery) -> StepResult:
        receipt = await self.provider.ask(delivery.id)
        if receipt.verdict == "unknown":
            return StepResult(delivery, receipt, is_question=True)
        fate = FateReported(delivery.attempt, is_taken=receipt.verdict == "accepted")
        return StepResult((await self.change(delivery.id, fate)).state, receipt, is_question=True)

    async def abandon(self, delivery: Delivery) -> Delivery:
        """The delivery once it is recorded that a process ended while it was sending."""
        receipt = Receipt("unknown", "ended while sending")
        outcome = await self.change(delivery.id, Attempted(delivery.attempt, receipt))
        return outcome.state or delivery

    async def change(self, delivery: UUID, step: Step) -> Outcome[Delivery, Step]:
        """Record a step, however long the store is away."""
        outcome = await self.writer.change(_cause(delivery, step))
        if outcome.kind == "applied" and outcome.state is not None:
            self.changed(outcome.state)
        return outcome

    async def _attempt(self, delivery: Delivery, since: float) -> Receipt:
        try:
            addressee = await self.addresses.find(delivery)
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
        except UnknownPolicyError:
            return Receipt("later", f"policy {delivery.policy} is not published", provider="unasked")
        except TextError:
            log.exception("text cannot be rendered", extra={"delivery": delivery.id})
            return Receipt("refused", BAD_TEXT, provider="unasked")
        letter = Letter(delivery.id, delivery.occurred_at, addressee.address, text.subject, text.body)
        try:
            receipt = await self.provider.send(letter, self._claim(delivery, since))
        except Exception:
            # Whatever a provider's client raises, the message may already be out.
            log.exception("provider raised an error", extra={"delivery": delivery.id})
            return Receipt("unknown", "provider raised an error", provider="unasked")
        if receipt.verdict == "accepted":
            metrics.count_segments(text)
        return receipt

    def _claim(self, delivery: Delivery, since: float) -> AttemptClaim:
        step = Renewed(delivery.attempt)

        async def renew() -> bool:
            return (await self.writer.change(_cause(delivery.id, step))).kind == "applied"

        return AttemptClaim(renew, since)

    def _text(self, delivery: Delivery, name: str) -> RenderedText:
        own = {"name": name} if delivery.person == CUSTOMER else {}
        template = find(self.rulebook().policy(delivery.policy), delivery.template)
        return render(template, delivery.medium, delivery.language, {**delivery.facts, **own})


def _cause(delivery: UUID, step: Step) -> Cause[Step]:
    return Cause(delivery, step_id(delivery, STEP_NAMES[type(step)]), step, once=False)
