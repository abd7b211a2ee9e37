"""What is counted of deliveries, as they happen."""

from collections.abc import Callable
from datetime import datetime, timedelta

from prometheus_client import Counter, Gauge, Histogram

from services.common.runtime.metrics import SECONDS
from services.notify.domain.delivery import NO_ADDRESS, Delivery
from services.notify.domain.texts import RenderedText

DELIVERIES = Counter(
    "redress_deliveries_total",
    "Messages to people by what became of them.",
    ["medium", "audience", "outcome"],
)
ATTEMPTS = Counter("redress_delivery_attempts_total", "Tries to hand a message over.", ["medium", "verdict"])
COPIES = Counter("redress_delivery_copies_total", "Times a message may have arrived once more.", ["medium"])
RETRIES = Counter("redress_delivery_retries_total", "Tries after the first one.", ["medium"])
UNKNOWN = Gauge("redress_deliveries_unknown", "Messages whose fate is not known.", ["medium"])
WAITING = Gauge("redress_deliveries_waiting", "Messages recorded and not yet final.", ["medium"])
PAUSED = Gauge("redress_provider_paused", "1 while a provider is at fault and its messages wait.", ["medium"])
SEGMENTS = Counter("redress_sms_segments_total", "Segments of the SMS that a provider took.")
SHORTENED = Counter("redress_sms_shortened_total", "SMS whose facts were shortened to fit their limit.")
TOO_LONG = Counter(
    "redress_sms_too_long_total", "SMS that went out over their limit of segments all the same."
)
LATENCY = Histogram(
    "redress_delivery_latency_seconds",
    "From the event to the provider's yes, in seconds of the wall.",
    ["medium"],
    buckets=SECONDS,
)


def count(
    delivery: Delivery, now: Callable[[], datetime], wall_seconds: Callable[[timedelta], float]
) -> None:
    """Count a step that was recorded, by the state it led to."""
    medium = delivery.medium
    if delivery.status == "sending" and delivery.attempt > 1:
        RETRIES.labels(medium).inc()
    if delivery.status in ("sent", "failed", "expired") or delivery.awaits_person:
        outcome = "no_address" if delivery.reason == NO_ADDRESS else delivery.status
        DELIVERIES.labels(medium, delivery.audience, outcome).inc()
        COPIES.labels(medium).inc(max(0, delivery.copies - 1))
    if delivery.status == "sent":
        LATENCY.labels(medium).observe(wall_seconds(now() - delivery.occurred_at))


def count_segments(text: RenderedText) -> None:
    """Count a text that was taken, by what it cost and by what it took to keep it within its limit of segments."""
    SEGMENTS.inc(text.segments)
    SHORTENED.inc(text.shortened)
    TOO_LONG.inc(text.too_long)
