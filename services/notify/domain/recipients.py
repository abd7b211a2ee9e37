"""Who is meant by the parties and roles that a notice names."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.cases import CaseHeader, CaseMessage, OpenTask, Role, tier
from schemas.deadlines import DeadlineMessage
from schemas.policies import Recipient, Rung
from schemas.staffing import ROLES, Directory, Queue, place
from services.notify.domain.delivery import MANUFACTURER

Event = CaseMessage | DeadlineMessage


@dataclass(frozen=True, slots=True)
class Parties:
    """The people around one event. What nobody holds falls to whoever answers for its queue."""

    event: Event
    directory: Directory
    ladder: Sequence[Rung]

    @property
    def header(self) -> CaseHeader:
        return self.event.header

    def people(self, to: Iterable[Recipient | Role]) -> list[str]:
        """Ids of persons, each once, in the order they are named; a queue's name where nobody is found."""
        return list(dict.fromkeys(who for party in to for who in self._party(party)))

    def _party(self, party: Recipient | Role) -> Iterable[str]:
        role = ROLES.get(party)
        return self._everyone(Queue(place(self.header, role), role)) if role else PARTIES[party](self)

    def _named(self, who: str | None, role: Role | None = None) -> list[str]:
        """A person, or whoever stands in for them; absent without a deputy, they are notified all the same.

        In the place of a queue, whoever answers for it.
        """
        if who is None:
            return []
        if queue := Queue.named(who):
            return self._everyone(queue)
        person = self.directory.person(who)
        at = place(self.header, role) if role else self.header.shop
        present = self.directory.on_duty(person, at, self.event.occurred_at) if person else None
        return [present.id if present else who]

    def subject(self) -> list[str]:
        return self._named(getattr(self.event, "to", None), getattr(self.event, "role", None))

    def manufacturer(self) -> list[str]:
        """The manufacturer itself, not its people."""
        return [MANUFACTURER + self.header.manufacturer] if self.header.manufacturer else []

    def giver(self) -> list[str]:
        """Who handed it over; where a rule did, the owner stands for it."""
        by = getattr(self.event, "by", "")
        return self._named(by) if self.directory.person(by) else self.owner()

    def owner(self) -> list[str]:
        return self._named(self.header.owner, self.header.owner_role)

    def receiver(self) -> list[str]:
        return self._named(self.header.hand_over_to, self.header.hand_over_role)

    def accountable(self) -> list[str]:
        role, task_id = getattr(self.event, "accountable", None), getattr(self.event, "task_id", None)
        task = self.header.task(task_id)
        if task is not None and task.role == role:
            return self._responsible(task)
        if role is None or role == self.header.owner_role:
            return self.owner()
        if role == self.header.hand_over_role:
            return self.receiver()
        if tier(role) == "manufacturer" and self.header.support_to:
            return self._named(self.header.support_to, role)
        return self._everyone(Queue(place(self.header, role), role))

    def _responsible(self, task: OpenTask) -> list[str]:
        """Who is to answer a task; of a queue its own members, since a task says what is not for everybody above them."""
        queue = Queue.named(task.to)
        if queue is None or not self.directory.staff(*queue, self.header.department):
            return self._named(task.to, task.role)
        present = self.directory.attending([queue], self.header.department, self.event.occurred_at)
        return [person.id for person in present]

    def _everyone(self, queue: Queue) -> list[str]:
        """All on duty in a role; in an empty one, those who answer for it."""
        line = self.directory.line(self.header, self.ladder, queue, self.event.occurred_at)
        present = self.directory.attending(line, self.header.department, self.event.occurred_at)
        return [person.id for person in present] or [queue.name]


PARTIES: Mapping[str, Callable[[Parties], list[str]]] = {
    "owner": Parties.owner,
    "receiver": Parties.receiver,
    "subject": Parties.subject,
    "giver": Parties.giver,
    "accountable": Parties.accountable,
    "manufacturer": Parties.manufacturer,
}
