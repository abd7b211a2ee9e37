"""Topic `keys` (compacted): the keys by which tokens are signed, and the tokens that count no more."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, TypeAdapter

from schemas.base import Instant, Key, Strict

TOPIC = "keys"
PUBLIC_BYTES = 32
"""Of an Ed25519 key."""


def encode(raw: bytes) -> str:
    """Bytes as they stand in tokens: base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Bytes written in base64 of either alphabet, padded or not; ValueError for anything else."""
    digits = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    if not re.fullmatch(r"[\w-]*", digits, re.ASCII):
        raise ValueError("should be base64")
    return urlsafe_b64decode(digits + "=" * (-len(digits) % 4))


def _public_key(text: str) -> str:
    if encode(raw := decode(text)) != text or len(raw) != PUBLIC_BYTES:
        raise ValueError(f"should be {PUBLIC_BYTES} bytes in base64url without padding")
    return text


class SigningKey(Strict):
    """The public half of a key by which tokens are signed (Ed25519); tokens name it in `kid`."""

    kind: Literal["key"] = "key"
    id: Key
    public_key: Annotated[str, AfterValidator(_public_key)]


class SignedOut(Strict):
    """No token of this subject counts that was issued before `at`."""

    kind: Literal["signed_out"] = "signed_out"
    id: Key
    at: Instant


class Revoked(Strict):
    """The token of a machine that counts no more; it would have ended at `until`."""

    kind: Literal["revoked"] = "revoked"
    id: UUID
    until: Instant


Entry = SigningKey | SignedOut | Revoked
ADAPTER: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])


def key(entry: Entry) -> str:
    """The key of an entry on the compacted topic."""
    return f"{entry.kind}:{entry.id}"


def key_id(public_key: str) -> str:
    """What a key is called: derived from it, so that two are never mistaken for each other."""
    return encode(sha256(decode(public_key)).digest()[:12])
