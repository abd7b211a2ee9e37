"""What every service reads from its environment, all under the prefix REDRESS_."""

import re
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.faults import describe
from services.common.runtime.clock import FASTEST, Clock, Jumps

SERVERS = re.compile(r"[^\s,/]+:\d{1,5}(,[^\s,/]+:\d{1,5})*")


class SettingsError(Exception):
    """A variable of the environment has a value that cannot be meant."""


def _servers(value: str) -> str:
    if not SERVERS.fullmatch(value):
        raise ValueError("should be host:port, several of them with commas between")
    return value


def _url(value: str) -> str:
    if not value.startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("should begin with mongodb:// or mongodb+srv://")
    return value


def _refuse_shared_key(given: SecretStr) -> SecretStr:
    if given.get_secret_value():
        raise ValueError("counts no more: desk signs tokens, with REDRESS_SIGNING_KEY")
    return given


class CommonSettings(BaseSettings):
    """Addresses, time and identity; a `<NAME>` may also be a file of that name in `secrets_dir`."""

    model_config = SettingsConfigDict(env_prefix="REDRESS_", extra="ignore", frozen=True)

    kafka: Annotated[str, AfterValidator(_servers)] = Field(
        "127.0.0.1:9092", description="The brokers, host:port with commas between several."
    )
    mongo: Annotated[str, AfterValidator(_url)] = Field(
        "mongodb://127.0.0.1:27017", description="The document store."
    )
    database: str = Field("redress", description="The database there, the same in all services.")
    topic_prefix: str = Field("", description="Put before the name of every topic and consumer group.")
    instance: int = Field(0, ge=0, description="Ordinal of this instance within its group.")
    time_scale: float = Field(
        1.0,
        ge=1,
        le=FASTEST,
        description="How many times as fast business time runs; 1 outside of trials.",
    )
    time_epoch: float = Field(0.0, ge=0, description="Seconds since 1970 at which scaled time began.")
    time_jumps: Path | None = Field(
        None, description="A file by which business time jumps ahead; for plays and tests only."
    )
    clock_limit_seconds: float = Field(
        30.0, gt=0, description="Further apart from all other clocks, no deadline fires; seconds of the wall."
    )
    keys_file: Path | None = Field(
        None,
        description="Where the keys are kept by which tokens were last believed, for a start before any is announced.",
    )
    token_key: Annotated[SecretStr, AfterValidator(_refuse_shared_key)] = Field(
        SecretStr(""),
        description="Signed tokens until format 3; ignored in silence, it would seem to count still.",
    )
    max_records: int = Field(500, ge=1, le=5_000, description="Records read and handled in one batch.")
    dead_in_a_row: int = Field(
        20,
        ge=1,
        description="A partition stands when more of its records fail in a row; replays do not count.",
    )
    dead_of_hundred: int = Field(
        5, ge=1, le=100, description="It stands also when more of its last hundred records failed."
    )

    @model_validator(mode="wrap")
    @classmethod
    def _named(cls, values: Any, validated: ModelWrapValidatorHandler[Self]) -> Self:
        """Whoever mends it knows variables, not fields; the value is left out, since it may be a secret."""
        try:
            return validated(values)
        except ValidationError as wrong:
            raise SettingsError("; ".join(map(_describe_variable, wrong.errors()))) from None

    def clock(self) -> Clock:
        if self.time_jumps is None:
            return Clock(self.time_scale, self.time_epoch)
        return Clock(self.time_scale, self.time_epoch, Jumps(self.time_jumps))


def _describe_variable(error: ErrorDetails) -> str:
    return f"REDRESS_{str(error['loc'][0]).upper()} {describe(error)}"
