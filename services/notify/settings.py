"""Where messages go out, and how patiently."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from schemas.addresses import EmailAddress
from services.common.runtime.settings import CommonSettings

POLICIES = Path(__file__).parents[2] / "deploy" / "policies"


def _web_address(given: str) -> str:
    url = urlsplit(given)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        raise ValueError("should be an address such as https://sms.example.com/v1")
    return given


def _sender(given: str) -> str:
    if EmailAddress.parse(given).needs_smtputf8:
        raise ValueError(
            "should have only ASCII letters before the @, since not every mail server takes others"
        )
    return given


class Settings(CommonSettings):
    """A mail server, an SMS provider, and the pace of both; time spans are of the wall, never scaled."""

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(25, ge=1, le=65_535)
    smtp_tls: Literal["none", "starttls", "tls"] = "none"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    mail_from: Annotated[str, AfterValidator(_sender)] = "redress@localhost.localdomain"
    sms_url: Annotated[str, AfterValidator(_web_address)] = "http://127.0.0.1:8025"
    sms_token: SecretStr = SecretStr("")
    send_seconds: float = Field(10.0, gt=0, description="After this the fate of a message is unknown.")
    retry_base_seconds: float = Field(1.0, gt=0)
    retry_most_seconds: float = Field(60.0, gt=0)
    mail_at_once: int = Field(16, ge=1)
    sms_at_once: int = Field(16, ge=1)
    policies: Path = Field(POLICIES, description="Its folder `notices` has the texts checked at start.")
