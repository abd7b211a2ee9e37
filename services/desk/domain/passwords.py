"""What may be a password, how it is kept, and passwords that nobody has to think of."""

import secrets
from collections.abc import Iterator

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

SHORTEST, LONGEST = 12, 200
HASHER = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
"""Argon2id; costs as OWASP recommends, so that a flood of attempts takes no gigabytes."""
NOBODYS = HASHER.hash(secrets.token_urlsafe())
"""Against which a password is held where there is no account: it takes as long as where there is one."""
_SYLLABLES = tuple(first + second for first in "bdfghjkmnprstvz" for second in "aeiou")


def faults(password: str, login: str) -> Iterator[str]:
    """What is wrong with a new password, in words of what would be right."""
    if not SHORTEST <= len(password) <= LONGEST:
        yield f"should have {SHORTEST} to {LONGEST} characters"
    if login.casefold() in password.casefold():
        yield "should not hold the login"
    if len(set(password)) < SHORTEST // 2:
        yield f"should have at least {SHORTEST // 2} different characters"


def draw() -> str:
    """A first password of 56 bits that can be read out over a telephone."""
    words = ["".join(secrets.choice(_SYLLABLES) for _ in range(3)) for _ in range(3)]
    return "-".join(words)


def matches(password: str, hashed: str) -> bool:
    """Whether this is the password of a hash; takes some 50 ms of a processor, whatever the answer."""
    try:
        return HASHER.verify(hashed, password)
    except VerificationError:
        return False
