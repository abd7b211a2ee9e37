"""Tokens that nobody may believe: forged, old, or meant for somebody else."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from uuid import uuid4

import jwt

from schemas import keys
from services.common.runtime.clock import wall
from services.desk.domain.signing import Signer, draw_secret

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LATE = {"intake": timedelta(hours=8)}
"""How long past its end a service takes a person's token."""


def forgeries(signer: Signer, subject: str, service: str) -> dict[str, str]:
    """Tokens that name `subject` to a service which believes `signer`, each with what is wrong with it."""
    other = Signer.of(draw_secret())
    elsewhere = "routing" if service == "intake" else "intake"

    def signed(by: Signer = signer, to: str = service, age: timedelta = timedelta(0)) -> str:
        return by.sign(subject, [to], uuid4(), wall() - age, HOUR)

    good = signed()
    claims = jwt.decode(good, options={"verify_signature": False})
    public = keys.decode(signer.public.public_key)
    head, _, signature = good.split(".")
    return {
        "signed by somebody else": signed(by=other),
        "signed by somebody else under our name": signed(by=Signer(other.private, signer.public)),
        "not signed": f"{_encoded({'alg': 'none', 'kid': signer.public.id})}.{_encoded(claims)}.",
        "signed by the public key": jwt.encode(claims, public, "HS256", headers={"kid": signer.public.id}),
        "of another body": f"{head}.{_encoded({**claims, 'sub': 'somebody.else'})}.{signature}",
        "for another service": signed(to=elsewhere),
        "over": signed(age=2 * HOUR + LATE.get(service, timedelta(0))),
        "of tomorrow": signed(age=-DAY),
        "of the shared key of before": jwt.encode(
            {"sub": subject, "aud": "redress", "exp": wall() + HOUR},
            "a key of 32 characters or more....",
            "HS256",
        ),
        "no token": "x.y.z",
        "nothing": "",
    }


def _encoded(part: object) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
