"""The directory in memory: who works where, who stands in for whom, and who answers for a queue."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from schemas.contacts import Language
from schemas.directory import (
    MOST_DEPUTIES,
    Entry,
    Franchise,
    Group,
    LastResort,
    Manufacturer,
    Person,
    Post,
    Region,
    Shop,
)
from schemas.policies import Policy
from schemas.vocabulary import Department, Role, Where

QUEUE = "queue:"
UTC = ZoneInfo("UTC")


class Queue(NamedTuple):
    """Everybody of one role at one place: what holds a case that no person of it holds."""

    at: str
    role: Role

    @property
    def name(self) -> str:
        """What stands in a case in the place of a person's id."""
        return f"{QUEUE}{self.at}:{self.role}"

    @staticmethod
    def named(name: str) -> "Queue | None":
        """The queue of this name; None for a person's. A shop nobody knows may have any sign in its name."""
        at, colon, role = name.removeprefix(QUEUE).rpartition(":")
        return Queue(at, role) if name.startswith(QUEUE) and colon else None


class Placed(Protocol):
    """A case or its header: where it belongs."""

    @property
    def shop(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def manufacturer(self) -> str: ...
    @property
    def department(self) -> Department: ...


def place(case: Placed, where: Where) -> str:
    """Where the people who work there sit for a case."""
    return str(getattr(case, where))


def holds(person: Person, at: str, role: Role, department: Department | None = None) -> bool:
    """Whether somebody has the role there; without a department, in any."""
    return any(
        (post.at, post.role) == (at, role) and (department is None or post.department in (None, department))
        for post in person.posts
    )


class Directory:
    """Built once from all entries; never changed. Who is leaving or has left is known by name and nothing else."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.shops: dict[str, Shop] = {}
        self.people: dict[str, Person] = {}
        self.manufacturers: dict[str, Manufacturer] = {}
        self.regions: dict[str, Region] = {}
        self.groups: dict[str, Group] = {}
        self.departments: set[Department] = set()
        self.franchises: dict[str, list[Franchise]] = defaultdict(list)
        self.last_resort: Queue | None = None
        self._deputised: dict[str, list[Person]] = defaultdict(list)
        self._staff: dict[tuple[str, Role], list[Person]] = defaultdict(list)
        self._staffed: set[str] = set()
        self._places: dict[str, dict[str, Any]] = {
            "shop": self.shops, "manufacturer": self.manufacturers, "region": self.regions, "group": self.groups,
        }  # fmt: skip
        for entry in entries:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        match entry:
            case Shop() | Manufacturer() | Region() | Group():
                self._places[entry.kind][entry.id] = entry
            case Franchise():
                self.franchises[entry.shop].append(entry)
            case LastResort():
                self.last_resort = Queue(entry.at, entry.role)
            case Person():
                self._add_person(entry)

    def _add_person(self, person: Person) -> None:
        self.people[person.id] = person
        if person.status == "active":
            self._deputised[person.deputy or ""].append(person)
            self.departments.update(post.department for post in person.posts if post.department)
            for at, role in dict.fromkeys((post.at, post.role) for post in person.posts):
                self._staff[at, role].append(person)
                self._staffed.add(at)

    def person(self, name: str) -> Person | None:
        """Somebody who works here; None for who is leaving, has left or is not known."""
        person = self.people.get(name)
        return person if person is not None and person.status == "active" else None

    def absent(self, now: datetime) -> frozenset[str]:
        """Whoever works here and is away."""
        return frozenset(
            name for name, one in self.people.items() if one.status == "active" and one.absent(now)
        )

    def staff(self, at: str, role: Role, department: Department | None = None) -> Sequence[Person]:
        """Everyone in a role at a place; in the department, where a post names one."""
        return [one for one in self._staff.get((at, role), ()) if holds(one, at, role, department)]

    def is_staffed(self, at: str) -> bool:
        """Whether anybody has a post there."""
        return at in self._staffed

    def roles(self, name: str, at: str) -> tuple[Role, ...]:
        """The roles somebody has at a place, in the order of their posts."""
        person = self.person(name)
        return tuple(dict.fromkeys(post.role for post in person.posts if post.at == at)) if person else ()

    def is_near(self, person: Person, at: str) -> bool:
        """Whether somebody has a post at a place, at another shop of its group, or at the group itself."""
        group = self._group(at)
        return any(post.at == at or (group and self._group(post.at) == group) for post in person.posts)

    def post(self, name: str, seats: Sequence[Queue], department: Department) -> str:
        """The post under which somebody fills the first of the seats that they can; empty for a queue.

        As `place/role`, or `place/role/department` where it names one. Of somebody who has none of the seats,
        one of theirs at the place of the first, in its group, or anywhere.
        """
        person, at = self.person(name), seats[0].at

        def distance(post: Post) -> tuple[int, bool, bool, bool]:
            seat = Queue(post.at, post.role)
            rank = seats.index(seat) if seat in seats else len(seats)
            elsewhere = self._group(post.at) != self._group(at)
            return rank, post.at != at, elsewhere, post.department not in (None, department)

        nearest = min(person.posts, key=distance, default=None) if person else None
        return "/".join(filter(None, (nearest.at, nearest.role, nearest.department))) if nearest else ""

    def _group(self, at: str) -> str:
        """The group of a shop, or that this is itself."""
        return self.shops[at].group if at in self.shops else at if at in self.groups else ""

    # Who stands in for whom: the one deputy rule of all services.

    def stand_ins(self, person: Person, at: str, now: datetime) -> list[Person]:
        """Somebody, and while the last of the line is absent their deputy: those who act for them at a place.

        A deputy works near that place. For a case that somebody holds from elsewhere, near a post of theirs.
        """
        line = [person]
        near = (at,) if self.is_near(person, at) else tuple(post.at for post in person.posts)
        while line[-1].absent(now) and len(line) <= MOST_DEPUTIES:
            deputy = self.person(line[-1].deputy or "")
            if deputy is None or deputy in line or not any(self.is_near(deputy, one) for one in near):
                break
            line.append(deputy)
        return line

    def on_duty(self, person: Person, at: str, now: datetime) -> Person | None:
        """Somebody, or while they are absent the nearest deputy who is not; None where all are."""
        last = self.stand_ins(person, at, now)[-1]
        return None if last.absent(now) else last

    def acts_for(self, actor: str, name: str, at: str, now: datetime) -> bool:
        """Whether somebody is the person of that name, or stands in for them at a place."""
        person = self.person(name)
        if person is None or actor == name:
            return actor == name
        return any(one.id == actor for one in self.stand_ins(person, at, now))

    def seats(self, actor: str, now: datetime) -> frozenset[Queue]:
        """The roles that somebody has, and those that they fill for whoever is absent."""
        return frozenset(
            Queue(post.at, post.role)
            for one in self.perhaps_for(actor)
            for post in one.posts
            if self.acts_for(actor, one.id, post.at, now)
        )

    def stands_for(self, actor: str, at: str, now: datetime) -> set[Role]:
        """The roles somebody has or fills at one place."""
        return {seat.role for seat in self.seats(actor, now) if seat.at == at}

    def represented(self, actor: str, now: datetime) -> frozenset[str]:
        """Somebody, and everyone they stand in for: what "not by the same" is judged on."""
        others = (
            one.id
            for one in self.perhaps_for(actor)
            if any(self.acts_for(actor, one.id, post.at, now) for post in one.posts)
        )
        return frozenset((actor, *others))

    def perhaps_for(self, actor: str) -> list[Person]:
        """Somebody, and everyone who has named them deputy, directly or by one who has."""
        own = self.person(actor)
        found = [own] if own else []
        last = [actor]
        for _ in range(MOST_DEPUTIES):
            named = [one for name in last for one in self._deputised.get(name, ()) if one not in found]
            found += named
            last = [one.id for one in named]
        return found

    # Who answers for a queue.

    def line(self, case: Placed, policy: Policy, queue: Queue, now: datetime) -> list[Queue]:
        """A queue and those that answer for it while nobody of it is on duty: who stands in for it, the last resort."""
        role = policy.role.get(queue.role)
        others = [policy.role[name] for name in role.stand_ins] if role else []
        stand_ins = [Queue(place(case, other.at), other.id) for other in others]
        last = self.last_resorts(case.manufacturer, policy.last_resort, now)
        return list(dict.fromkeys((queue, *stand_ins, *last)))

    def attending(self, line: Iterable[Queue], department: Department, now: datetime) -> list[Person]:
        """Those on duty of the first queue that has any; else whoever is absent of the first that has anybody."""
        staffed = [(queue, staff) for queue in line if (staff := self.staff(*queue, department))]
        for queue, staff in staffed:
            present = [self.on_duty(one, queue.at, now) for one in staff]
            if any(present):
                return list({one.id: one for one in present if one}.values())
        return list(staffed[0][1]) if staffed else []

    def last_resorts(self, manufacturer: str, role: Role, now: datetime) -> list[Queue]:
        """Who reads what nobody else does, up to the first of whom somebody is on duty."""
        readers = self.readers(manufacturer, role)
        attended = (at for at, queue in enumerate(readers) if self._is_attended(queue, now))
        return readers[: next(attended, len(readers)) + 1]

    def _is_attended(self, queue: Queue, now: datetime) -> bool:
        """Whether somebody of a queue is on duty, whatever department a case of it is for."""
        return all(self.is_attended(queue, department, now) for department in self.departments or {""})

    def readers(self, manufacturer: str, role: Role) -> list[Queue]:
        """Everyone who may read what nobody else does, in turn.

        Those of the role at the manufacturer that the case belongs to, then whoever the directory names; only where
        neither has anybody, the first manufacturer that has. Empty where no manufacturer has anybody.
        """
        own = Queue(manufacturer, role)
        meant = dict.fromkeys(queue for queue in (own, self.last_resort) if queue and self.staff(*queue))
        others = (Queue(maker, role) for maker in sorted(self.manufacturers))
        return list(meant) or [queue for queue in others if self.staff(*queue)][:1]

    def unread(self, roles: Collection[Role]) -> str:
        """What keeps a case that is nobody else's from its reader of last resort; empty where nothing does."""
        if self.last_resort and not self.staff(*self.last_resort):
            at, role = self.last_resort
            return f"last_resort: nobody is {role} at {at!r}"
        if self.last_resort or not self.people:
            return ""
        if not any(self.staff(maker, role) for maker in self.manufacturers for role in roles):
            return "last_resort: is not given, and nobody works for a manufacturer"
        several = len(self.manufacturers) > 1
        return "last_resort: is not given, and there are several manufacturers" if several else ""

    def is_attended(self, queue: Queue, department: Department, now: datetime) -> bool:
        """Whether somebody of a queue is on duty for the cases of a department."""
        return any(self.on_duty(one, queue.at, now) for one in self.staff(*queue, department))

    # What places are called.

    def name(self, at: str, language: Language) -> str:
        """What a place is called; its id where it is not in the directory."""
        places = (self.shops, self.groups, self.regions, self.manufacturers)
        found = next((named[at] for named in places if at in named), None)
        return str(getattr(found.name, language)) if found else at

    def zone(self, shop: str) -> ZoneInfo:
        """Where its clocks hang; UTC for a shop that is not in the directory."""
        return ZoneInfo(self.shops[shop].calendar.zone) if shop in self.shops else UTC
