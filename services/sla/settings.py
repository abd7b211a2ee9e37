"""How deadlines are watched, and what governments announced since the holiday library was made."""

from pathlib import Path

from pydantic import Field

from schemas.calendar import PublicDays
from services.common.runtime import files
from services.common.runtime.settings import CommonSettings

POLICIES = Path(__file__).parents[2] / "deploy" / "policies"


class Settings(CommonSettings):
    """Time spans are of the wall, never scaled."""

    pause_seconds: float = Field(0.2, gt=0, le=1, description="The ticker looks at least this often.")
    ticks_at_once: int = Field(500, ge=1, le=5_000, description="Cases fired in one write.")
    policies: Path = Field(POLICIES, description="Its folder `holidays` has the announced public days.")


def load_public_days(policies: Path) -> tuple[PublicDays, ...]:
    """What is announced for each country, one file per country; raises FileError naming line and field."""
    by_country: dict[str, PublicDays] = {}
    for path in sorted((policies / "holidays").glob("*.yaml")):
        days = files.load(path, PublicDays)
        if days.country in by_country:
            raise files.FileError(
                f"{path}: country: {days.country} has a file already; write all days into one"
            )
        by_country[days.country] = days
    return tuple(by_country.values())
