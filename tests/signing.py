"""Tokens as desk signs them, by a key that every service of a test believes."""

import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from services.common.runtime.clock import wall
from services.common.web.keyring import Keyring, keep
from services.desk.domain.signing import Signer, draw_secret

SIGNER = Signer.of(draw_secret())
SERVICES = ("intake", "routing", "desk")
_FOLDER = tempfile.TemporaryDirectory(prefix="redress-keys-")
KEYS_FILE = Path(_FOLDER.name) / "keys.json"
keep(KEYS_FILE, [SIGNER.public])
BELIEVING = {"REDRESS_KEYS_FILE": str(KEYS_FILE)}
"""The environment of a service that believes SIGNER."""


def keyring() -> Keyring:
    """What believes SIGNER, and nothing else."""
    ring = Keyring(KEYS_FILE)
    ring.heed()
    return ring


def token(
    subject: str,
    *services: str,
    age: timedelta = timedelta(0),
    life: timedelta = timedelta(hours=1),
    name: UUID | None = None,
    signer: Signer = SIGNER,
) -> str:
    """A token that names somebody, to all services unless some are named; `age` is how long ago it was issued."""
    return signer.sign(subject, services or SERVICES, name or uuid4(), wall() - age, life)


def signed(subject: str, **headers: str) -> dict[str, str]:
    """The headers of a request by which somebody is known."""
    return {"Authorization": f"Bearer {token(subject)}", **headers}
