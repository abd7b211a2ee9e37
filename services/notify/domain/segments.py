"""How many segments an SMS takes, which depends on the alphabet of the whole text."""

from collections.abc import Iterable

# 3GPP TS 23.038: the default alphabet, and the signs that take an escape before them.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
SEPTETS, SEPTETS_OF_PART = 160, 153
UNITS, UNITS_OF_PART = 70, 67


def segments(text: str) -> int:
    """Segments of GSM-7 where every sign is of that alphabet, else of UCS-2 in UTF-16 code units."""
    if BASIC.union(EXTENSION).issuperset(text):
        return _count([1 + (sign in EXTENSION) for sign in text], SEPTETS, SEPTETS_OF_PART)
    return _count([1 + (ord(sign) > 0xFFFF) for sign in text], UNITS, UNITS_OF_PART)


def _count(sizes: Iterable[int], alone: int, part: int) -> int:
    """An escape or a surrogate stays with what it belongs to, so a part may be left one short."""
    sizes = list(sizes)
    if sum(sizes) <= alone:
        return 1
    parts, service = 0, 0
    for size in sizes:
        if size > service:
            parts, service = parts + 1, part
        service -= size
    return parts
