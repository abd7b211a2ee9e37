"""Who is meant by the parties and roles that a notice names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from schemas.cases import CaseHeader, CaseMessage, OpenTask
from schemas.deadlines import DeadlineMessage
from schemas.notices import Recipient
from schemas.policies import Policy
from schemas.staffing import Directory, Queue, place
from schemas.vocabulary import Role
from services.notify.domain.delivery import MANUFACTURER

Event = CaseMessage | DeadlineMessage


@dataclass(frozen=True, slots=True)
class Parties:
    """The people around one event. What nobody holds falls to whoever answers for its queue."""

    event: Event
    directory: Directory
    policy: Policy

    @property
    def header(self) -> CaseHeader:
        return self.event.header

    def people(self, to: Iterable[Recipient]) -> list[str]:
        """Ids of persons, each once, in the order they are named; a queue's name where nobody is found."""
        return list(dict.fromkeys(who for party in to for who in self._party(party)))

    def _party(self, party: Recipient) -> Iterable[str]:
        kind, _, task = party.partition(":")
        if task:
            return [who for one in self.header.tasks if one.task == task for who in self._responsible(one)]
        return PARTIES[kind](self) if kind in PARTIES else self._everyone(self._queue(party))

    def _queue(self, role: Role) -> Queue:
        """Where the people of a role sit for the case; at its shop those of one that the policy does not know."""
        spec = self.policy.role.get(role)
        return Queue(place(self.header, spec.at if spec else "shop"), role)

    def _named(self, who: str | None, role: Role | None = None) -> list[str]:
        """A person, or whoever stands in for them; absent without a deputy, they are notified all the same.

        In the place of a queue, whoever answers for it.
        """
        if who is None:
            return []
        if queue := Queue.named(who):
            return self._everyone(queue)
        person = self.directory.person(who)
        at = self._queue(role).at if role else self.header.shop
        present = self.directory.on_duty(person, at, self.event.occurred_at) if person else None
        return [present.id if present else who]

    def subject(self) -> list[str]:
        return self._named(getattr(self.event, "to", None), getattr(self.event, "role", None))

    def manufacturer(self) -> list[str]:
        """The manufacturer itself, not its people."""
        return [MANUFACTURER + self.header.manufacturer] if self.header.manufacturer else []

    def giver(self) -> list[str]:
        """Who has asked for it, or did it; where a rule did, the owner stands for it."""
        who = getattr(self.event, "giver", "") or getattr(self.event, "by", "")
        return self._named(who) if self.directory.person(who) else self.owner()

    def owner(self) -> list[str]:
        return self._named(self.header.owner, self.header.owner_role)

    def accountable(self) -> list[str]:
        role, task_id = getattr(self.event, "accountable", None), getattr(self.event, "task_id", None)
        task = self.header.task(task_id)
        if task is not None and task.role == role:
            return self._responsible(task)
        if role is None or role == self.header.owner_role:
            return self.owner()
        asked = [one for one in self.header.tasks if one.role == role and one.accepted]
        waiting = [one for one in self.header.tasks if one.role == role and self._is_accepted(one)]
        if asked or waiting:
            return self._named((asked or waiting)[-1].to, role)
        return self._everyone(self._queue(role))

    def _is_accepted(self, task: OpenTask) -> bool:
        """Whether somebody has to accept a task, by whom it then is."""
        spec = self.policy.task.get(task.task)
        return spec is not None and spec.is_accepted

    def _responsible(self, task: OpenTask) -> list[str]:
        """Who is to answer a task; of a queue its own members, since a task says what is not for everybody above them."""
        queue = Queue.named(task.to)
        if queue is None or not self.directory.staff(*queue, self.header.department):
            return self._named(task.to, task.role)
        present = self.directory.attending([queue], self.header.department, self.event.occurred_at)
        return [person.id for person in present]

    def _everyone(self, queue: Queue) -> list[str]:
        """All on duty in a role; in an empty one, those who answer for it."""
        line = self.directory.line(self.header, self.policy, queue, self.event.occurred_at)
        present = self.directory.attending(line, self.header.department, self.event.occurred_at)
        return [person.id for person in present] or [queue.name]


PARTIES: Mapping[str, Callable[[Parties], list[str]]] = {
    "owner": Parties.owner,
    "subject": Parties.subject,
    "giver": Parties.giver,
    "accountable": Parties.accountable,
    "manufacturer": Parties.manufacturer,
}
