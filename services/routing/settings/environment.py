"""What routing reads from its environment besides what every room reads."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from services.common.settings import CommonSettings

POLICIES = Path(__file__).parents[3] / "deploy" / "policies"


class Settings(CommonSettings):
    """The profiles to publish, and how patient the room is."""

    policies: Path = Field(POLICIES, description="One file per programme, with severity/ and notices/.")
    default_programme: str = Field("gtmc", description="Decides cases whose programme is not known.")
    unanswered_after: timedelta = Field(
        timedelta(seconds=30), description="How long after a due time, unscaled, its breach or stop may take."
    )
    answer_seconds: float = Field(2.5, gt=0, lt=3, description="A person waits no longer for the store.")
