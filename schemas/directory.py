"""Topic `directory` (compacted): who works where, who owns a shop and whose cars it handles."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from schemas.addresses import Email, Phone
from schemas.base import Bilingual, Instant, Strict
from schemas.calendar import CalendarSpec
from schemas.cases import Role
from schemas.contacts import Department, Language
from schemas.faults import Shape

TOPIC = "directory"

CODE = "[a-z0-9][a-z0-9._-]{0,63}"
Identifier = Annotated[
    str,
    Shape(CODE, "should be up to 64 small letters, digits, dots, dashes and underscores, the first no sign"),
]


class Manufacturer(Strict):
    kind: Literal["manufacturer"] = "manufacturer"
    id: Identifier
    name: Bilingual
    calendar: CalendarSpec


class Group(Strict):
    """A dealer group: the owner of shops, in every brand."""

    kind: Literal["group"] = "group"
    id: Identifier
    name: Bilingual


class Shop(Strict):
    kind: Literal["shop"] = "shop"
    id: Identifier
    name: Bilingual
    group: Identifier
    calendar: CalendarSpec


class Franchise(Strict):
    """A shop's contract for one brand; `programme` is the policy profile of its cases."""

    kind: Literal["franchise"] = "franchise"
    id: Identifier
    shop: Identifier
    brand: Identifier
    manufacturer: Identifier
    region: Identifier
    programme: Identifier


class Post(Strict):
    """A role at a shop, or at a manufacturer for its own staff."""

    at: Identifier
    role: Role
    department: Department | None = None


class Absence(Strict):
    """Half open: back at `until`."""

    since: Instant
    until: Instant


class Person(Strict):
    kind: Literal["person"] = "person"
    id: Identifier
    name: str
    language: Language = "zh"
    email: Email = None
    phone: Phone = None
    posts: tuple[Post, ...] = ()
    deputy: Identifier | None = None
    absences: tuple[Absence, ...] = ()

    def absent(self, at: datetime) -> bool:
        return any(absence.since <= at < absence.until for absence in self.absences)


Entry = Manufacturer | Group | Shop | Franchise | Person
ADAPTER: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])


def key(entry: Entry) -> str:
    """The key of an entry on the compacted topic."""
    return f"{entry.kind}:{entry.id}"


class DirectoryFile(Strict):
    """A whole directory as an operator writes it; every reference must resolve."""

    manufacturers: tuple[Manufacturer, ...]
    groups: tuple[Group, ...]
    shops: tuple[Shop, ...]
    franchises: tuple[Franchise, ...]
    people: tuple[Person, ...]

    def entries(self) -> Iterable[Entry]:
        yield from self.manufacturers
        yield from self.groups
        yield from self.shops
        yield from self.franchises
        yield from self.people

    @model_validator(mode="after")
    def _references_resolve(self) -> Self:
        known = {key(entry) for entry in self.entries()}
        twice = [k for k, n in Counter(key(entry) for entry in self.entries()).items() if n > 1]
        missing = sorted({ref for ref in self._references() if not set(ref.split("|")) & known})
        if twice or missing:
            raise ValueError(f"defined twice: {twice}; referred to but not defined: {missing}")
        return self

    def _references(self) -> Iterable[str]:
        for shop in self.shops:
            yield f"group:{shop.group}"
        for franchise in self.franchises:
            yield f"shop:{franchise.shop}"
            yield f"manufacturer:{franchise.manufacturer}"
        for person in self.people:
            yield from (f"shop:{post.at}|manufacturer:{post.at}" for post in person.posts)
            if person.deputy:
                yield f"person:{person.deputy}"
