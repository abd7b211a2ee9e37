"""What every room reads from its environment, all under the prefix REDRESS_."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common.clock import FASTEST, Clock


class CommonSettings(BaseSettings):
    """Addresses, time and identity; a `<NAME>` may also be a file of that name in `secrets_dir`."""

    model_config = SettingsConfigDict(env_prefix="REDRESS_", extra="ignore", frozen=True)

    kafka: str = "127.0.0.1:9092"
    mongo: str = "mongodb://127.0.0.1:27017"
    database: str = "redress"
    topic_prefix: str = ""
    instance: int = Field(0, ge=0, description="Ordinal of this instance within its group.")
    time_scale: float = Field(1.0, ge=1, le=FASTEST)
    time_epoch: float = Field(0.0, ge=0, description="Seconds since 1970 at which scaled time began.")
    token_key: SecretStr = Field(SecretStr(""), description="Signs the tokens of people and machines.")
    max_records: int = Field(500, ge=1, le=5_000)

    def clock(self) -> Clock:
        return Clock(self.time_scale, self.time_epoch)
