"""Where a case belongs: the franchise of a shop for a brand, or whose it can only be."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from schemas.calendar import CalendarSpec, Hours
from schemas.directory import Franchise, Shop
from schemas.staffing import Directory

_ALL_DAY = (("00:00", "24:00"),)
_ALL_WEEK: Any = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), _ALL_DAY)
# A shop nobody knows is taken to be always open: a case there must not wait for hours that never come.
ALWAYS_OPEN = CalendarSpec(zone="UTC", hours=Hours(**_ALL_WEEK))


@dataclass(frozen=True, slots=True)
class Location:
    """Where a case belongs; `missing` says what the directory did not know."""

    shop: str
    franchise: str = ""
    group: str = ""
    region: str = ""
    manufacturer: str = ""
    kind: str = ""
    policy: str = ""
    calendar: CalendarSpec = ALWAYS_OPEN
    missing: tuple[str, ...] = ()


def locate(directory: Directory, shop: str, brand: str, kind: str) -> Location:
    """The franchise of a shop for a brand; a shop with one franchise needs no brand. Its policy is that of the kind of case.

    Without a kind, it is of the first kind for which the franchise names a policy.
    """
    present, wanted = directory.shops.get(shop), normalize("NFKC", brand).strip().casefold()
    own = directory.franchises.get(shop, [])
    named = [each for each in own if each.brand == wanted]
    found = named or (own if len(own) == 1 and not wanted else [])
    if present is not None and found:
        return _located(present, found[0], kind)
    every = [each for some in directory.franchises.values() for each in some]
    meant = [each for each in every if each.brand == wanted] or own
    makers: Iterable[str] = (each.manufacturer for each in meant) if meant else directory.manufacturers
    kind = kind or _only(next(iter(each.policies), "") for each in meant)
    return Location(
        shop,
        group=present.group if present else "",
        region=_only(each.region for each in meant),
        manufacturer=_only(makers),
        kind=kind,
        policy=_only(each.policies.get(kind, "") for each in meant),
        calendar=calendar(directory, shop),
        missing=_missing(directory, shop, brand),
    )


def _located(shop: Shop, franchise: Franchise, kind: str) -> Location:
    kind = kind or next(iter(franchise.policies), "")
    policy = franchise.policies.get(kind, "")
    missing = () if policy else (f"franchise {franchise.id!r} has no policy for cases of kind {kind!r}",)
    return Location(
        shop.id,
        franchise.id,
        shop.group,
        franchise.region,
        franchise.manufacturer,
        kind,
        policy,
        shop.calendar,
        missing,
    )


def franchise_of(directory: Directory, shop: str, manufacturer: str) -> Franchise | None:
    """The only franchise of a shop for a manufacturer's cars, or at all where the manufacturer is not known."""
    own = [each for each in directory.franchises.get(shop, ()) if manufacturer in ("", each.manufacturer)]
    return own[0] if len(own) == 1 else None


def calendar(directory: Directory, shop: str) -> CalendarSpec:
    """The hours of a shop; one that nobody knows never closes."""
    return directory.shops[shop].calendar if shop in directory.shops else ALWAYS_OPEN


def _missing(directory: Directory, shop: str, brand: str) -> tuple[str, ...]:
    if shop not in directory.shops:
        return (f"unknown shop {shop!r}",)
    return (f"shop {shop!r} has no franchise for brand {brand!r}",)


def _only(meant: Iterable[str]) -> str:
    """What alone can be meant, so that somebody sees a case that belongs nowhere; else nothing."""
    names = set(meant)
    return names.pop() if len(names) == 1 else ""
