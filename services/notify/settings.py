"""Where messages go out, and how patiently."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from schemas.addresses import EmailAddress
from services.common.runtime.settings import CommonSettings

WEBHOOK_SECRET = re.compile("whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
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


def _pairs(given: Any) -> Any:
    return (
        dict(pair.partition("=")[::2] for pair in given.split(",") if pair.strip())
        if isinstance(given, str)
        else given
    )


def _secret(given: SecretStr) -> SecretStr:
    if not WEBHOOK_SECRET.fullmatch(given.get_secret_value()):
        raise ValueError("should be host=whsec_ and 24 to 64 bytes in base64, with commas between several")
    return given


WebhookSecrets = Annotated[
    dict[str, Annotated[SecretStr, AfterValidator(_secret)]], NoDecode, BeforeValidator(_pairs)
]


class Settings(CommonSettings):
    """A mail server, an SMS provider, secrets of webhooks, and the pace of each; seconds are of the wall, never scaled."""

    smtp_host: str = Field("127.0.0.1", description="The mail server.")
    smtp_port: int = Field(25, ge=1, le=65_535, description="The mail server's port.")
    smtp_tls: Literal["none", "starttls", "tls"] = Field(
        "none", description="How the connection is encrypted."
    )
    smtp_user: str = Field("", description="The account at the mail server; without one nobody logs in.")
    smtp_password: SecretStr = Field(SecretStr(""), description="The password of that account.")
    mail_from: Annotated[str, AfterValidator(_sender)] = Field(
        "redress@localhost.localdomain", description="The sender of every mail."
    )
    sms_url: Annotated[str, AfterValidator(_web_address)] = Field(
        "http://127.0.0.1:8025", description="The SMS provider; `/messages` is added to it."
    )
    sms_token: SecretStr = Field(SecretStr(""), description="Sent to the SMS provider as a bearer token.")
    webhook_secrets: WebhookSecrets = Field(
        {}, description="Of each endpoint, `host` or `host:port`, the secret."
    )
    send_seconds: float = Field(10.0, gt=0, description="After this the fate of a message is unknown.")
    retry_base_seconds: float = Field(
        1.0, gt=0, description="About the first pause between attempts; each is twice as long."
    )
    retry_most_seconds: float = Field(60.0, gt=0, description="No pause between attempts is longer.")
    mail_at_once: int = Field(16, ge=1, description="Mails on their way at the same time.")
    sms_at_once: int = Field(16, ge=1, description="SMS on their way at the same time.")
    webhook_at_once: int = Field(16, ge=1, description="Webhooks called at the same time.")
    policies: Path = Field(
        POLICIES, description="The folders of policies, whose notices are checked at start."
    )
