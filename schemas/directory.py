"""Topic `directory` (compacted): who works where, who owns a shop and whose cars it handles."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from schemas.addresses import Email, Phone, Webhook
from schemas.base import Bilingual, Instant, Strict
from schemas.calendar import CalendarSpec
from schemas.contacts import Language
from schemas.faults import Shape, refuse
from schemas.vocabulary import Department, Kind, Role

TOPIC = "directory"

MOST_DEPUTIES = 3
"""How far a deputy's own deputy is asked when each before is absent."""

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
    webhook: Webhook = None


class Group(Strict):
    """A dealer group: the owner of shops, in every brand."""

    kind: Literal["group"] = "group"
    id: Identifier
    name: Bilingual


class Region(Strict):
    """A part of a manufacturer's network."""

    kind: Literal["region"] = "region"
    id: Identifier
    name: Bilingual
    manufacturer: Identifier


class Shop(Strict):
    kind: Literal["shop"] = "shop"
    id: Identifier
    name: Bilingual
    group: Identifier
    calendar: CalendarSpec


class Franchise(Strict):
    """A shop's contract for one brand; `policies` names the policy of its cases by their kind."""

    kind: Literal["franchise"] = "franchise"
    id: Identifier
    shop: Identifier
    brand: Identifier
    manufacturer: Identifier
    region: Identifier
    policies: dict[Kind, Identifier]


class Post(Strict):
    """A role at a shop, a group, a region or a manufacturer."""

    at: Identifier
    role: Role
    department: Department | None = None


class Absence(Strict):
    """Half open: back at `until`."""

    since: Instant
    until: Instant


Status = Literal["active", "leaving", "left"]


class Person(Strict):
    """Who is `leaving` is given no case and hands over those they have; who has `left` is only a name."""

    kind: Literal["person"] = "person"
    id: Identifier
    name: str
    language: Language = "zh"
    email: Email = None
    phone: Phone = None
    webhook: Webhook = None
    posts: tuple[Post, ...] = ()
    deputy: Identifier | None = None
    absences: tuple[Absence, ...] = ()
    status: Status = "active"

    def absent(self, at: datetime) -> bool:
        return any(absence.since <= at < absence.until for absence in self.absences)


class LastResort(Strict):
    """The role that reads what nobody else does: cases whose manufacturer is not known or has nobody."""

    kind: Literal["last_resort"] = "last_resort"
    id: Literal["last_resort"] = "last_resort"
    at: Identifier
    role: Role


Entry = Manufacturer | Region | Group | Shop | Franchise | Person | LastResort
ADAPTER: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])


def key(entry: Entry) -> str:
    """The key of an entry on the compacted topic."""
    return f"{entry.kind}:{entry.id}"


class DirectoryFile(Strict):
    """A whole directory as an operator writes it; every reference must resolve."""

    manufacturers: tuple[Manufacturer, ...]
    regions: tuple[Region, ...] = ()
    groups: tuple[Group, ...]
    shops: tuple[Shop, ...]
    franchises: tuple[Franchise, ...]
    people: tuple[Person, ...]
    last_resort: LastResort | None = None

    def entries(self) -> Iterable[Entry]:
        yield from self.manufacturers
        yield from self.regions
        yield from self.groups
        yield from self.shops
        yield from self.franchises
        yield from self.people
        if self.last_resort:
            yield self.last_resort

    @model_validator(mode="after")
    def _references_resolve(self) -> Self:
        known = {key(entry) for entry in self.entries()}
        twice = [k for k, n in Counter(key(entry) for entry in self.entries()).items() if n > 1]
        missing = sorted({ref for ref in self._references() if not set(ref.split("|")) & known})
        if twice or missing:
            raise ValueError(f"defined twice: {twice}; referred to but not defined: {missing}")
        return self

    def _references(self) -> Iterable[str]:
        yield from (f"manufacturer:{region.manufacturer}" for region in self.regions)
        yield from (f"group:{shop.group}" for shop in self.shops)
        for franchise in self.franchises:
            yield from (f"shop:{franchise.shop}", f"manufacturer:{franchise.manufacturer}")
            # A file may do without regions, and then only name them.
            yield from (f"region:{franchise.region}" for _ in self.regions[:1])
        yield from self._references_of_people()

    def _references_of_people(self) -> Iterable[str]:
        if self.last_resort:
            yield _any_place(self.last_resort.at)
        for person in self.people:
            yield from (_any_place(post.at) for post in person.posts)
            if person.deputy:
                yield f"person:{person.deputy}"

    @model_validator(mode="after")
    def _somebody_reads_what_nobody_else_does(self) -> Self:
        last = self.last_resort
        if last and not any((post.at, post.role) == (last.at, last.role) for _, post in self._posts()):
            refuse(
                [
                    (
                        ("last_resort",),
                        f"should be a role that somebody has: nobody is {last.role} at {last.at!r}",
                    )
                ]
            )
        return self

    def _posts(self) -> Iterator[tuple[Person, Post]]:
        return (
            (person, post) for person in self.people if person.status == "active" for post in person.posts
        )

    @model_validator(mode="after")
    def _deputies_can_stand_in(self) -> Self:
        people = {person.id: person for person in self.people}
        groups = {shop.id: shop.group for shop in self.shops}
        refuse(
            ((("people", at, "deputy"), says))
            for at, person in enumerate(self.people)
            if (says := _cannot_stand_in(person, people, groups))
        )
        return self


def _any_place(at: str) -> str:
    return "|".join(f"{kind}:{at}" for kind in ("shop", "group", "region", "manufacturer"))


def _cannot_stand_in(person: Person, people: Mapping[str, Person], groups: Mapping[str, str]) -> str:
    """Why the deputy somebody named cannot act for them; empty where they can or there is none."""
    line, deputy = [person.id], people.get(person.deputy or "")
    if deputy is None:
        return ""
    if not _places(person, groups) & _places(deputy, groups):
        return f"should have a post at the same shop, group or manufacturer: {deputy.id!r} has none where {person.id!r} works"
    while deputy is not None and deputy.id not in line:
        line.append(deputy.id)
        deputy = people.get(deputy.deputy or "")
    if deputy is not None:
        return f"should not lead back: {' → '.join((*line, deputy.id))}"
    if len(line) > MOST_DEPUTIES + 1:
        return f"should have at most {MOST_DEPUTIES} deputies one after the other: {' → '.join(line)}"
    return ""


def _places(person: Person, groups: Mapping[str, str]) -> set[str]:
    """The shops' groups and the manufacturers somebody works for."""
    return {f"group:{groups[post.at]}" if post.at in groups else post.at for post in person.posts}
