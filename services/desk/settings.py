"""What desk reads from its environment besides what every service reads."""

from datetime import timedelta

from pydantic import Field, SecretStr

from services.common.runtime.settings import CommonSettings


class Settings(CommonSettings):
    """The private key, and how long people are signed in; spans are of the wall."""

    signing_key: SecretStr = Field(
        SecretStr(""), description="Signs the tokens of people and machines: 32 random bytes in base64."
    )
    session: timedelta = Field(
        timedelta(hours=12), gt=timedelta(0), description="How long somebody stays signed in."
    )
    token_life: timedelta = Field(
        timedelta(minutes=15), gt=timedelta(0), description="How long a person's token counts."
    )
    desk_url: str = Field(
        "http://127.0.0.1:8105",
        description="Where people reach desk; an identity provider sends them back there.",
    )
    oidc_issuer: str = Field(
        "", description="The identity provider (OpenID Connect); empty where there is none."
    )
    oidc_client_id: str = Field("redress", description="How the identity provider knows desk.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="By which it believes desk.")
    oidc_claim: str = Field(
        "preferred_username",
        description="Which of its claims is the login of an account here, such as email.",
    )
    secure_cookies: bool = Field(
        default=True, description="Whether browsers keep sessions for https only; off for trials."
    )
