"""Who works where and whose cars a shop handles, looked up in memory."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.calendar import CalendarSpec, Hours
from schemas.cases import Role
from schemas.contacts import Department
from schemas.directory import Entry, Franchise, Manufacturer, Person, Shop

_ALL_DAY = (("00:00", "24:00"),)
_ALL_WEEK: Any = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), _ALL_DAY)
# A shop nobody knows is taken to be always open: a case there must not wait for hours that never come.
ALWAYS_OPEN = CalendarSpec(zone="UTC", hours=Hours(**_ALL_WEEK))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case belongs; `missing` says in words what the directory did not know."""

    shop: str
    franchise: str = ""
    group: str = ""
    manufacturer: str = ""
    programme: str = ""
    calendar: CalendarSpec = ALWAYS_OPEN
    missing: tuple[str, ...] = ()


class Directory:
    """Built once from all entries; never changed."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.shops: dict[str, Shop] = {}
        self.people: dict[str, Person] = {}
        self.manufacturers: dict[str, Manufacturer] = {}
        self._franchises: dict[str, list[Franchise]] = defaultdict(list)
        self._deputised: dict[str, list[Person]] = defaultdict(list)
        self._staff: dict[tuple[str, Role], list[Person]] = defaultdict(list)
        for entry in entries:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        match entry:
            case Shop():
                self.shops[entry.id] = entry
            case Manufacturer():
                self.manufacturers[entry.id] = entry
            case Franchise():
                self._franchises[entry.shop].append(entry)
            case Person():
                self.people[entry.id] = entry
                self._deputised[entry.deputy or ""].append(entry)
                for at, role in {(post.at, post.role) for post in entry.posts}:
                    self._staff[at, role].append(entry)

    def place(self, shop: str, brand: str) -> Place:
        """The franchise of a shop for a brand; a shop with one franchise needs no brand."""
        known = self.shops.get(shop)
        if known is None:
            return Place(
                shop, manufacturer=self._only_manufacturer(shop), missing=(f"unknown shop {shop!r}",)
            )
        franchises = self._franchises[shop]
        named = [each for each in franchises if each.brand == brand.strip().lower()]
        found = named or (franchises if len(franchises) == 1 and not brand.strip() else [])
        if not found:
            missing = (f"shop {shop!r} has no franchise for brand {brand!r}",)
            maker = self._only_manufacturer(shop)
            return Place(shop, "", known.group, maker, calendar=known.calendar, missing=missing)
        one = found[0]
        return Place(shop, one.id, known.group, one.manufacturer, one.programme, known.calendar)

    def _only_manufacturer(self, shop: str) -> str:
        """The one that can only be meant, so that somebody sees a case that belongs nowhere; else nobody."""
        meant = {each.manufacturer for each in self._franchises.get(shop, ())} or set(self.manufacturers)
        return next(iter(meant)) if len(meant) == 1 else ""

    def calendar(self, shop: str) -> CalendarSpec:
        return self.shops[shop].calendar if shop in self.shops else ALWAYS_OPEN

    def staff(self, at: str, role: Role, department: Department | None = None) -> Sequence[Person]:
        """Everyone in a role at a shop or manufacturer; in the department, where a post names one."""
        return [one for one in self._staff.get((at, role), ()) if holds(one, at, role, department)]

    def roles(self, person: str, at: str) -> tuple[Role, ...]:
        """The roles somebody has at a shop or manufacturer, in the order of his posts."""
        known = self.people.get(person)
        return tuple(dict.fromkeys(post.role for post in known.posts if post.at == at)) if known else ()

    def stands_for(self, person: str, at: str, now: datetime) -> set[Role]:
        """His roles there, and those of whoever is absent and has named him deputy."""
        return {role for name in self._acting_for(person, now) for role in self.roles(name, at)}

    def places(self, person: str, now: datetime) -> frozenset[str]:
        """Where he works, or stands in for whoever is absent."""
        acting = (self.people[name] for name in self._acting_for(person, now) if name in self.people)
        return frozenset(post.at for one in acting for post in one.posts)

    def _acting_for(self, person: str, now: datetime) -> list[str]:
        """Himself, and whoever is absent and has named him deputy."""
        return [person, *(one.id for one in self._deputised.get(person, ()) if one.absent(now))]


def holds(person: Person, at: str, role: Role, department: Department | None = None) -> bool:
    """Whether somebody has the role there; without a department, in any."""
    return any(
        (post.at, post.role) == (at, role) and (department is None or post.department in (None, department))
        for post in person.posts
    )
