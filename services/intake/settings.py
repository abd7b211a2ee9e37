"""What intake reads from its environment."""

from datetime import timedelta

from pydantic import Field

from services.common.runtime.settings import CommonSettings


class IntakeSettings(CommonSettings):
    """Bounds on what is accepted, and where a case can be looked up."""

    largest_body: int = Field(256 * 1024, ge=1_024, le=900_000, description="Bytes of one posted contact.")
    body_patience: float = Field(10.0, gt=0, description="Seconds a client may take to send a contact.")
    late_tokens: timedelta = Field(
        timedelta(hours=8),
        ge=timedelta(0),
        description="How long past its end a person's token counts here: desk may be away, a complaint cannot wait.",
    )
    kafka_patience: float = Field(2.5, gt=0, lt=3, description="Seconds to wait for Kafka's acknowledgement.")
    routing_url: str = Field(
        "http://127.0.0.1:8102", description="Where routing answers; the place of a new case begins with it."
    )
