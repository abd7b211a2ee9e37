"""Personal texts rest under an id with a random key; what stands for them elsewhere is a seal."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from schemas.base import Frozen


class Sealed(Frozen):
    """Texts by their id, and the HMAC that the history keeps in their place."""

    id: UUID
    seal: str


def seal(key: bytes, texts: Mapping[str, Any]) -> str:
    """The HMAC of texts under their key: without the key nobody can tell what they were."""
    text = json.dumps(texts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
