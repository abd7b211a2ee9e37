"""How often what is random is tried: a few times in the suite, very often in `make soak`."""

import os


def rounds(normal: int, soak: int) -> int:
    """`normal` for the suite, `soak` where REDRESS_SOAK is set."""
    return soak if os.environ.get("REDRESS_SOAK") else normal
