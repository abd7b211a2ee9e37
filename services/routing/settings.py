"""What routing reads from its environment besides what every service reads."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from services.common.runtime.settings import CommonSettings

POLICIES = Path(__file__).parents[2] / "deploy" / "policies"
SEVERITY = Path(__file__).parents[2] / "deploy" / "severity"
DEFAULT_POLICY = "gtmc"
"""The policy that is taken where nobody names one."""


def _refuse(given: str) -> str:
    if given:
        raise ValueError("is called REDRESS_DEFAULT_POLICY now")
    return given


class Settings(CommonSettings):
    """The policies to publish, and how patient the service is."""

    severity: Path = Field(
        SEVERITY, description="What finds signals in complaints: lexicon/ and weights.npz."
    )
    policies: Path = Field(POLICIES, description="A folder for each policy, whose name is its id.")
    default_policy: str = Field(DEFAULT_POLICY, description="Decides cases whose policy is not known.")
    default_programme: Annotated[str, AfterValidator(_refuse)] = Field(
        "", description="The name until format 2; ignored in silence, cases would open under another policy."
    )
    unanswered_after: timedelta = Field(
        timedelta(seconds=30), description="How long after a due time, unscaled, its breach or stop may take."
    )
    answer_seconds: float = Field(2.5, gt=0, lt=3, description="A person waits no longer for the store.")
