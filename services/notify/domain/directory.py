"""Who works where, as an index over the directory's entries."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.cases import Role
from schemas.contacts import Department, Language
from schemas.directory import Entry, Manufacturer, Person, Shop

UTC = ZoneInfo("UTC")


class Directory:
    """Built once per change of the directory; every lookup is a step or two."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._staff: dict[tuple[str, Role], list[tuple[Department | None, Person]]] = defaultdict(list)
        for entry in entries.values():
            if isinstance(entry, Person):
                for post in entry.posts:
                    self._staff[post.at, post.role].append((post.department, entry))

    def person(self, name: str) -> Person | None:
        found = self._entries.get(f"person:{name}")
        return found if isinstance(found, Person) else None

    def staff(self, at: str, role: Role, department: Department) -> list[Person]:
        """Those who hold a role at a shop or manufacturer, for all its departments or for this one."""
        return [person for own, person in self._staff[at, role] if own in (None, department)]

    def on_duty(self, person: Person, at: datetime) -> Person | None:
        """The person, or while he is absent the nearest deputy who is not; None where all are."""
        seen: set[str] = set()
        while person.absent(at):
            seen.add(person.id)
            deputy = self.person(person.deputy) if person.deputy else None
            if deputy is None or deputy.id in seen:
                return None
            person = deputy
        return person

    def name(self, place: str, language: Language) -> str:
        """What a shop or manufacturer is called; its id where it is not in the directory."""
        found = self._entries.get(f"shop:{place}") or self._entries.get(f"manufacturer:{place}")
        return getattr(found.name, language) if isinstance(found, Shop | Manufacturer) else place

    def zone(self, shop: str) -> ZoneInfo:
        """Where its clocks hang; UTC for a shop that is not in the directory."""
        found = self._entries.get(f"shop:{shop}")
        return ZoneInfo(found.calendar.zone) if isinstance(found, Shop) else UTC
