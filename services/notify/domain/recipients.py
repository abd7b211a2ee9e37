"""Who is meant by the parties and roles that a notice names."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from schemas.cases import CaseHeader, CaseMessage, Role, tier
from schemas.deadlines import DeadlineMessage
from schemas.policy import Recipient, Rung
from services.notify.domain.directory import Directory

Event = CaseMessage | DeadlineMessage
DESK = "desk:"
ROLES: dict[str, Role] = {role: role for role in get_args(Role)}


@dataclass(frozen=True, slots=True)
class Parties:
    """The people around one event. What nobody holds falls to the rungs above, then to the desk."""

    event: Event
    directory: Directory
    ladder: Sequence[Rung]

    @property
    def header(self) -> CaseHeader:
        return self.event.header

    def told(self, to: Iterable[Recipient | Role]) -> list[str]:
        """Ids of persons, each once, in the order they are named; a desk's id where nobody is found."""
        return list(dict.fromkeys(who for party in to for who in self._party(party)))

    def _party(self, party: Recipient | Role) -> Iterable[str]:
        match party:
            case "owner":
                return self._named(self.header.owner)
            case "offered":
                return self._named(self.header.offered_to)
            case "subject":
                return self._named(getattr(self.event, "to", None))
            case "giver":
                return self._named(self._giver())
            case "accountable":
                return self._accountable()
            case _:
                return self._everyone(party)

    def _named(self, who: str | None) -> Iterator[str]:
        """A person, or his deputy while he is absent; absent without one, he is told all the same."""
        if who is None:
            return
        if who.startswith(DESK):
            yield from self._desk(who)
            return
        person = self.directory.person(who)
        present = self.directory.on_duty(person, self.event.occurred_at) if person else None
        yield present.id if present else who

    def _desk(self, desk: str) -> Iterable[str]:
        _, place, role = desk.split(":", 2)
        return self._everyone(ROLES[role], place) if role in ROLES else (desk,)

    def _giver(self) -> str:
        """Who handed it over; where a rule did, the owner stands for it."""
        by = getattr(self.event, "by", "")
        return by if self.directory.person(by) else self.header.owner

    def _accountable(self) -> Iterable[str]:
        role = getattr(self.event, "accountable", None)
        if role is None or role == self.header.owner_role:
            return self._named(self.header.owner)
        if role == self.header.offered_role:
            return self._named(self.header.offered_to)
        if tier(role) == "manufacturer" and self.header.support_to:
            return self._named(self.header.support_to)
        return self._everyone(role)

    def _everyone(self, role: Role, place: str = "") -> list[str]:
        """All on duty in a role; in an empty one, those of the first rung above it that is manned."""
        first = place or self._place(role)
        for wanted, at in ((role, first), *((above, self._place(above)) for above in self._above(role))):
            staff = self.directory.staff(at, wanted, self.header.department)
            present = [self.directory.on_duty(person, self.event.occurred_at) for person in staff]
            if any(present):
                return [person.id for person in present if person]
        return [f"{DESK}{first}:{role}"]

    def _above(self, role: Role) -> list[Role]:
        """The rungs above a role; above one that is not on the ladder, the dealer's highest."""
        ranks = [rung.role for rung in self.ladder]
        if role in ranks:
            return ranks[ranks.index(role) + 1 :]
        dealer = [rung.role for rung in self.ladder if rung.tier == "dealer"]
        return [*dealer[-1:], *(rung.role for rung in self.ladder if rung.tier == "manufacturer")]

    def _place(self, role: Role) -> str:
        """Where the people of a role sit."""
        return self.header.manufacturer if tier(role) == "manufacturer" else self.header.shop
