"""Which cases somebody may see: one set of rules, for a case in hand and as a query for the list."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.staffing import Directory, Queue
from services.routing.domain.case import Case
from services.routing.domain.policies import Policies


@dataclass(frozen=True, slots=True)
class Among:
    """A field has one of these values, or with `other` one that is none of them."""

    values: frozenset[str]
    other: bool = False

    def holds(self, value: Any) -> bool:
        """Of a list, any of its values counts."""
        values = value if isinstance(value, list | tuple) else [value]
        return (not self.values.isdisjoint(values)) != self.other

    def query(self) -> dict[str, Any]:
        return {"$nin" if self.other else "$in": sorted(self.values)}


Rule = Mapping[str, Among]
PARTS = ("owner", "tasks.to")


@dataclass(frozen=True, slots=True)
class Scope:
    """The cases for which every condition of one of the rules holds."""

    rules: tuple[Rule, ...]

    def covers(self, case: Case) -> bool:
        return any(all(one.holds(_field(case, path)) for path, one in rule.items()) for rule in self.rules)

    def query(self) -> dict[str, Any]:
        """The same for the store."""
        return {"$or": [{f"state.{path}": one.query() for path, one in rule.items()} for rule in self.rules]}


def scope_of(person: str, directory: Directory, policies: Policies, now: datetime) -> Scope:
    """What somebody may see.

    The cases of the shops and groups where they work or stand in, those of which their manufacturer or region was asked
    something, those that are theirs or of whom they stand in for, and as a reader of last resort those of nobody else.
    """
    seats = directory.seats(person, now)
    places = Among(frozenset(seat.at for seat in seats))
    own = Among(frozenset((person, *(seat.name for seat in seats))))
    others = directory.represented(person, now) - {person}
    return Scope(
        (
            {"shop": places},
            {"group": places},
            {"asked": places},
            {"owner_place": places},
            *({part: own} for part in PARTS),
            *(rule for other in sorted(others) for rule in _for(person, other, directory, now)),
            *_last_resort(seats, directory, policies, now),
        )
    )


def _for(person: str, other: str, directory: Directory, now: datetime) -> Iterator[Rule]:
    """What is somebody else's, wherever one stands in for them."""
    theirs = Among(frozenset({other}))
    for part, where in (("owner", "owner_place"), ("tasks.to", "tasks.place")):
        not_there = frozenset(
            at for at in directory.places() if not directory.acts_for(person, other, at, now)
        )
        yield {part: theirs, where: Among(not_there, other=True)}


def _last_resort(
    seats: Iterable[Queue], directory: Directory, policies: Policies, now: datetime
) -> Iterator[Rule]:
    """Cases of shops where nobody works, and those in queues of which nobody is on duty."""
    makers, held = {"", *directory.manufacturers}, set(seats)
    roles = policies.last_resorts()
    mine = {one for one in makers for role in roles if held & set(directory.last_resorts(one, role, now))}
    if not mine:
        return
    # A manufacturer that is not in the directory is like none.
    of = Among(frozenset(makers - mine), other=True) if "" in mine else Among(frozenset(mine))
    staffed = frozenset(filter(directory.is_staffed, directory.shops))
    yield {"shop": Among(staffed, other=True), "manufacturer": of}
    queues = [Queue(at, role) for at in directory.places() for role in policies.roles()]
    for department in sorted(policies.departments()):
        idle = frozenset(one.name for one in queues if not directory.is_attended(one, department, now))
        meant = {"department": Among(frozenset({department})), "manufacturer": of}
        yield from ({part: Among(idle), **meant} for part in PARTS)


def _field(case: Case, path: str) -> Any:
    """The value at a path; of a list, those of all its entries."""
    value: Any = case
    for name in path.split("."):
        value = (
            [getattr(one, name) for one in value] if isinstance(value, tuple) else getattr(value, name, None)
        )
    return value
