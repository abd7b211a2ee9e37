"""Who may see a case: `readers` are the keys that open it, `keys` those of a person; one in common is enough."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from schemas.cases import OpenTask
from schemas.staffing import Directory, Placed, Queue
from schemas.vocabulary import Role


class Readable(Placed, Protocol):
    """A case or its header: where it belongs, and who has a part in it."""

    @property
    def owner(self) -> str: ...
    @property
    def owner_place(self) -> str: ...
    @property
    def tasks(self) -> Sequence[OpenTask]: ...
    @property
    def asked(self) -> Sequence[str]: ...


def readers(case: Readable, directory: Directory, now: datetime) -> frozenset[str]:
    """The keys that open a case.

    Those of its shop and group, of every place where anybody was asked something or owns it, of whoever has a part in
    it and, while they are absent, of whoever stands in for them. What is nobody's has that of its reader of last resort:
    a case of a shop where nobody works, or in a queue of which nobody is on duty.
    """
    parts = {(case.owner, case.owner_place), *((task.to, task.place) for task in case.tasks)}
    places = {case.shop, case.group, case.owner_place, *case.asked} - {""}
    return frozenset(
        (
            *map(_of_place, places),
            *(key for name, at in parts for key in _of_part(name, at, directory, now)),
            *_of_last_resort(case, {name for name, _ in parts}, directory, now),
        )
    )


def keys(person: str, directory: Directory, last_resorts: Collection[Role], now: datetime) -> frozenset[str]:
    """The keys that somebody has: of the places and roles where they work or stand in, and of what is theirs in person.

    `last_resorts` are the roles that read, by any policy, what nobody else does.
    """
    seats = directory.seats(person, now)
    return frozenset(
        (
            _of_person(person),
            *(_of_place(seat.at) for seat in seats),
            *(seat.name for seat in seats),
            *(_of_nobody(maker) for maker in _answered_for(seats, directory, last_resorts, now)),
        )
    )


def may_read(
    person: str, case: Readable, directory: Directory, last_resorts: Collection[Role], now: datetime
) -> bool:
    """Whether somebody may see a case: they have a key that opens it."""
    return not keys(person, directory, last_resorts, now).isdisjoint(readers(case, directory, now))


def depending_on(people: Iterable[str], directory: Directory) -> frozenset[str]:
    """The people and queues for whom it counts whether these people are absent: who stands in, who attends."""
    found = [one for name in people for one in directory.perhaps_for(name)]
    queues = (Queue(post.at, post.role).name for one in found for post in one.posts)
    return frozenset((*(one.id for one in found), *queues))


def _of_part(name: str, at: str, directory: Directory, now: datetime) -> Iterable[str]:
    if Queue.named(name) is not None:
        return (name,)
    person = directory.person(name)
    return map(_of_person, [one.id for one in directory.stand_ins(person, at, now)] if person else [name])


def _of_last_resort(
    case: Readable, holders: Iterable[str], directory: Directory, now: datetime
) -> Iterator[str]:
    queues = [queue for name in holders if (queue := Queue.named(name)) is not None]
    attended = all(directory.is_attended(queue, case.department, now) for queue in queues)
    if not (attended and directory.is_staffed(case.shop)):
        # A manufacturer that is not in the directory is like none.
        yield _of_nobody(case.manufacturer if case.manufacturer in directory.manufacturers else "")


def _answered_for(
    seats: Collection[Queue], directory: Directory, last_resorts: Collection[Role], now: datetime
) -> Iterator[str]:
    """The manufacturers of whose cases somebody is a reader of last resort; "" is those of none."""
    for maker in ("", *directory.manufacturers):
        asked = {queue for role in last_resorts for queue in directory.last_resorts(maker, role, now)}
        if not asked.isdisjoint(seats):
            yield maker


def _of_place(at: str) -> str:
    return f"place:{at}"


def _of_person(name: str) -> str:
    return f"person:{name}"


def _of_nobody(manufacturer: str) -> str:
    return f"nobody:{manufacturer}"
