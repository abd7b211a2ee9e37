"""Which cases somebody may see: one set of rules, for a case in hand and as a query for the list."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.staffing import DEPARTMENTS, ROLES, Directory, Queue
from services.routing.domain.case import Case


@dataclass(frozen=True, slots=True)
class Among:
    """A field has one of these values, or with `other` one that is none of them."""

    values: frozenset[str]
    other: bool = False

    def holds(self, value: Any) -> bool:
        """Of a list, any of its values counts."""
        values = value if isinstance(value, list) else [value]
        return (not self.values.isdisjoint(values)) != self.other

    def query(self) -> dict[str, Any]:
        return {"$nin" if self.other else "$in": sorted(self.values)}


class IsSet:
    """A field has a value at all."""

    def holds(self, value: Any) -> bool:
        return value is not None

    def query(self) -> dict[str, Any]:
        return {"$ne": None}


Rule = Mapping[str, Among | IsSet]
AT_THE_DEALER = ("owner", "hand_over.to", "tasks.to")
PARTS = (*AT_THE_DEALER, "support.to")


@dataclass(frozen=True, slots=True)
class Scope:
    """The cases for which every condition of one of the rules holds."""

    rules: tuple[Rule, ...]

    def covers(self, case: Case) -> bool:
        return any(all(one.holds(_field(case, path)) for path, one in rule.items()) for rule in self.rules)

    def query(self) -> dict[str, Any]:
        """The same for the store."""
        return {"$or": [{f"state.{path}": one.query() for path, one in rule.items()} for rule in self.rules]}


def scope_of(person: str, directory: Directory, now: datetime) -> Scope:
    """What somebody may see.

    The cases of the shops where they work or stand in, those that their manufacturer was asked to support,
    those that are theirs or of whom they stand in for, and as a reader of last resort those of nobody else.
    """
    seats = directory.seats(person, now)
    places = Among(frozenset(seat.at for seat in seats))
    own = Among(frozenset((person, *(seat.name for seat in seats))))
    others = directory.represented(person, now) - {person}
    return Scope(
        (
            {"shop": places},
            {"manufacturer": places, "support": IsSet()},
            *({part: own} for part in PARTS),
            *(rule for other in sorted(others) for rule in _for(person, other, directory, now)),
            *_last_resort(seats, directory, now),
        )
    )


def _for(person: str, other: str, directory: Directory, now: datetime) -> Iterator[Rule]:
    """What is somebody else's, wherever one stands in for them."""
    shops, makers = (
        Among(frozenset(at for at in places if not directory.acts_for(person, other, at, now)), other=True)
        for places in (directory.shops, directory.manufacturers)
    )
    theirs = Among(frozenset({other}))
    yield from ({part: theirs, "shop": shops} for part in AT_THE_DEALER)
    yield {"support.to": theirs, "manufacturer": makers}


def _last_resort(seats: Iterable[Queue], directory: Directory, now: datetime) -> Iterator[Rule]:
    """Cases of shops where nobody works, and those in queues of which nobody is on duty."""
    makers = {"", *directory.manufacturers}
    mine = {one for one in makers if not set(seats).isdisjoint(directory.last_resorts(one, now))}
    if not mine:
        return
    # A manufacturer that is not in the directory is like none.
    of = Among(frozenset(makers - mine), other=True) if "" in mine else Among(frozenset(mine))
    staffed = frozenset(filter(directory.is_staffed, directory.shops))
    queues = [
        Queue(at, role) for at in (*directory.shops, *directory.manufacturers) for role in ROLES.values()
    ]
    yield {"shop": Among(staffed, other=True), "manufacturer": of}
    for department in DEPARTMENTS:
        idle = Among(frozenset(one.name for one in queues if not directory.is_attended(one, department, now)))
        meant = {"department": Among(frozenset({department})), "manufacturer": of}
        yield from ({part: idle, **meant} for part in PARTS)


def _field(case: Case, path: str) -> Any:
    """The value at a path; of a list, those of all its entries."""
    value: Any = case
    for name in path.split("."):
        value = (
            [getattr(one, name) for one in value] if isinstance(value, tuple) else getattr(value, name, None)
        )
    return value
