"""How the clocks are watched."""

from pydantic import Field

from services.common.settings import CommonSettings


class Settings(CommonSettings):
    """Time spans are of the wall, never scaled."""

    pause_seconds: float = Field(0.2, gt=0, le=1, description="The ticker looks at least this often.")
    ticks_at_once: int = Field(500, ge=1, le=5_000, description="Cases fired in one write.")
