"""Personal texts rest under an id with a random key; what stands for them elsewhere is a seal."""

import hmac
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from schemas.base import EMPTY, Frozen
from schemas.values import Values
from services.common.store.history import canonical


class Sealed(Frozen):
    """Texts by their id, and the HMAC that the history keeps in their place."""

    id: UUID
    seal: str


def seal(key: bytes, texts: Mapping[str, Any]) -> str:
    """The HMAC of texts under their key: without the key nobody can tell what they were."""
    return hmac.digest(key, canonical(texts).encode(), "sha256").hex()


class SealedForm(Frozen):
    """What somebody filled in: codes as they are, of free texts the fields that have any, and their seal."""

    values: Values = EMPTY
    texts: tuple[str, ...] = ()
    note: Sealed | None = None

    def facts(self) -> dict[str, Any]:
        """What events say of it."""
        return {"fields": self.values, "note": self.note and self.note.id}

    def sealed(self) -> dict[str, Any]:
        """What the history says of it."""
        note = {"text": str(self.note.id), "text_seal": self.note.seal} if self.note else {}
        return {**({"fields": self.values} if self.values else {}), **note}


NOTHING = SealedForm()
