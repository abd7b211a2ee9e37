"""Whom a service believes: tokens that desk signed, by what was announced, and no others."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from schemas import keys
from schemas.keys import Revoked, SignedOut, SigningKey
from services.common.runtime.clock import wall
from services.common.web import tokens
from services.common.web.keyring import NONE_KNOWN, Keyring
from services.common.web.problems import Problem
from services.desk.domain.signing import Signer, draw_secret
from tests.forgery import forgeries
from tests.signing import KEYS_FILE, SIGNER, keyring, token

HOUR = timedelta(hours=1)
OTHER = Signer.of(draw_secret())


def named(given: str, ring: Keyring | None = None, late: timedelta = timedelta(0)) -> str:
    """Whom a token names to routing; why nobody, where it is refused with 401."""
    try:
        return tokens.subject(f"Bearer {given}", ring or keyring(), "routing", late)
    except Problem as problem:
        return f"{problem.status} {problem.headers['WWW-Authenticate']}: {problem.body['detail']}"


def announcing(*entries: keys.Entry) -> Keyring:
    """What was announced, and read to the end."""
    ring = Keyring()
    for entry in entries:
        ring.changed(keys.key(entry), entry)
    ring.heed()
    return ring


FORGED = forgeries(SIGNER, "li.wei", "routing")


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_or_old_token_names_nobody(how: str) -> None:
    assert named(FORGED[how]).startswith("401 Bearer: Bearer token refused: ")


def test_a_token_that_desk_signed_names_whom_it_says_to_the_services_it_names() -> None:
    assert named(token("li.wei")) == named(token("li.wei", "routing")) == "li.wei"


@pytest.mark.parametrize(
    "given",
    ["", "li.wei", "Basic x", f"Basic {token('li.wei')}"],
    ids=["nothing", "a name", "another way", "a token in another way"],
)
def test_whoever_brings_no_bearer_token_is_nobody(given: str) -> None:
    with pytest.raises(Problem) as refused:
        tokens.subject(given, keyring(), "routing")
    assert refused.value.status == 401


def test_only_a_persons_token_counts_for_a_while_past_its_end() -> None:
    late, long_ago = timedelta(hours=8), timedelta(hours=8, minutes=59)
    assert named(token("li.wei", age=long_ago), late=late) == "li.wei"
    assert "expired" in named(token("li.wei", age=long_ago))
    assert "expired" in named(token("machine:dms", age=long_ago), late=late)
    assert "expired" in named(token("li.wei", age=timedelta(hours=9, seconds=1)), late=late)


def test_who_signed_out_everywhere_is_not_known_by_any_earlier_token() -> None:
    before, after = token("li.wei", age=timedelta(minutes=5)), token("li.wei")
    ring = announcing(SIGNER.public, SignedOut(id="li.wei", at=wall() - timedelta(minutes=1)))
    assert "signed out" in named(before, ring)
    assert named(after, ring) == "li.wei"
    assert named(token("gm-1", age=timedelta(minutes=5)), ring) == "gm-1"


def test_a_revoked_token_counts_no_more_and_others_of_the_machine_do() -> None:
    name = uuid4()
    ring = announcing(SIGNER.public, Revoked(id=name, until=wall() + HOUR))
    assert "revoked" in named(token("machine:dms", name=name), ring)
    assert named(token("machine:dms"), ring) == "machine:dms"


def test_two_keys_count_side_by_side_until_one_is_taken_back() -> None:
    ring = announcing(SIGNER.public, OTHER.public)
    given = token("li.wei", signer=OTHER)
    assert named(given, ring) == named(token("li.wei"), ring) == "li.wei"
    ring.changed(keys.key(OTHER.public), None)
    assert "not known" in named(given, ring)
    assert named(token("li.wei"), ring) == "li.wei"


def test_what_was_last_announced_is_kept_for_a_start_without_anybody(tmp_path: Path) -> None:
    file, signed_out = tmp_path / "keys.json", SignedOut(id="gm-1", at=wall())
    first = Keyring(file)
    for entry in (OTHER.public, signed_out):
        first.changed(keys.key(entry), entry)
    assert not file.exists(), "half of what is announced is not kept"
    first.heed()
    again = Keyring(file)
    again.heed()
    assert named(token("li.wei", signer=OTHER), again) == "li.wei"
    assert "signed out" in named(token("gm-1", signer=OTHER, age=HOUR / 2), again)
    assert list(tmp_path.iterdir()) == [file]


def test_keys_that_are_announced_replace_those_that_were_kept() -> None:
    ring = Keyring(KEYS_FILE)
    before = KEYS_FILE.read_bytes()
    ring.heed()
    assert named(token("li.wei"), ring) == "li.wei"
    assert KEYS_FILE.read_bytes() == before
    replaced = Keyring(KEYS_FILE)
    replaced.file = None
    replaced.changed(keys.key(OTHER.public), OTHER.public)
    replaced.heed()
    assert "not known" in named(token("li.wei"), replaced)


def test_until_what_was_announced_is_read_a_key_that_is_not_known_may_be_among_it() -> None:
    ring = Keyring(KEYS_FILE)
    assert named(token("li.wei"), ring) == "li.wei"
    with pytest.raises(Problem) as refused:
        tokens.subject(f"Bearer {token('li.wei', signer=OTHER)}", ring, "routing")
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "2")
    ring.heed()
    assert "not known" in named(token("li.wei", signer=OTHER), ring)


def test_as_long_as_no_key_is_known_the_service_says_so() -> None:
    said: list[str] = []
    ring = Keyring(noted=said.append)
    ring.heed()
    ring.changed(keys.key(OTHER.public), OTHER.public)
    assert said == [NONE_KNOWN, ""]


@pytest.mark.parametrize("secret", ["", "short", "=" * 43, "ü" * 43, "x" * 42, "A" * 64])
def test_a_private_key_that_is_none_is_refused_with_what_would_be_right(secret: str) -> None:
    with pytest.raises(ValueError, match="REDRESS_SIGNING_KEY should be 32 random bytes in base64"):
        Signer.of(secret)


def test_a_private_key_may_be_written_in_either_alphabet() -> None:
    written = keys.encode(b"\xfb\xff" * 16)
    other = written.replace("-", "+").replace("_", "/") + "="
    assert other != written
    assert Signer.of(other).public == Signer.of(written).public != OTHER.public


@pytest.mark.parametrize("public", ["", "A" * 42, "A" * 43 + "=", "not base64!" * 4])
def test_a_public_key_that_is_none_is_refused(public: str) -> None:
    with pytest.raises(ValueError, match="should be"):
        SigningKey(id="x", public_key=public)
