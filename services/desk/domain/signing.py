"""Signs tokens with the private key that only desk has."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas import keys
from schemas.keys import SigningKey
from services.common.web.tokens import ALGORITHM

SECRET_BYTES = 32


def draw_secret() -> str:
    """A new private key, as REDRESS_SIGNING_KEY takes it."""
    return keys.encode(secrets.token_bytes(SECRET_BYTES))


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, and what its public half is called."""

    private: Ed25519PrivateKey
    public: SigningKey

    @staticmethod
    def of(secret: str) -> "Signer":
        """The signer of a private key in base64; ValueError where it is none."""
        try:
            raw = keys.decode(secret)
        except ValueError:
            raw = b""
        if len(raw) != SECRET_BYTES:
            raise ValueError(f"REDRESS_SIGNING_KEY should be {SECRET_BYTES} random bytes in base64")
        private = Ed25519PrivateKey.from_private_bytes(raw)
        public = keys.encode(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        return Signer(private, SigningKey(id=keys.key_id(public), public_key=public))

    def sign(
        self, subject: str, audiences: Sequence[str], token: UUID, since: datetime, lifetime: timedelta
    ) -> str:
        """A token under the id `token` that names `subject` to these services, from `since` on."""
        claims = {
            "sub": subject,
            "aud": list(audiences),
            "jti": str(token),
            "iat": since.timestamp(),
            "exp": (since + lifetime).timestamp(),
        }
        return jwt.encode(claims, self.private, ALGORITHM, headers={"kid": self.public.id})
