"""What a text may say about an event: names and times for people, never anything of the customer's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from schemas.contacts import Language
from schemas.policies import Policy
from schemas.staffing import QUEUE, Directory
from schemas.vocabulary import Vocabulary
from services.notify.domain.recipients import Event

Facts = dict[str, str | int | bool]
# Fields of events that a text may use under their own names, and how a person reads them.
SHOWN: dict[str, Literal["person", "word", "criteria", "time", "plain"] | Vocabulary] = {
    **dict.fromkeys(("by", "to", "predecessor"), "person"),
    **dict.fromkeys(("where", "unconfirmed"), "word"),
    **dict.fromkeys(("role", "accountable"), "roles"),
    **dict.fromkeys(("due_at", "met_at", "received_at"), "time"),
    **dict.fromkeys(("cycle", "level", "repeat", "late", "via"), "plain"),
    "action": "actions",
    "task": "tasks",
    "ladder": "ladders",
    "previous": "levels",
    "deadline": "deadlines",
    "criteria": "criteria",
}


@dataclass(frozen=True, slots=True)
class FactWriter:
    """Writes the facts of events in one language, in the words of a policy and in the shop's local time."""

    policy: Policy
    directory: Directory
    language: Language

    def of_event(self, event: Event) -> Facts:
        """The facts of an event; which there are depends on its type alone."""
        header = event.header
        return {
            "number": header.number,
            "kind": self._title("kinds", header.kind),
            "state": self._title("states", header.state),
            "severity": self._title("levels", header.severity),
            "suspected": self._title("levels", header.suspected),
            "department": self._title("departments", header.department),
            "shop": self.directory.name(header.shop, self.language),
            "manufacturer": self.directory.name(header.manufacturer, self.language),
            "owner": self._name(header.owner),
            "owner_role": self._title("roles", header.owner_role),
            "receiver": self._name(next((task.to for task in header.tasks if task.moves_owner), "")),
            "at": self._local(event.occurred_at, header.shop),
            **{name: self._value(event, name, value) for name, value in event if name in SHOWN},
        }

    def of_case(self, number: str, shop: str) -> Facts:
        """The facts of a customer's notice, but for their name, which is kept nowhere here."""
        return {"number": number, "shop": self.directory.name(shop, self.language)}

    def _value(self, event: Event, name: str, value: Any) -> str | int | bool:
        match SHOWN[name]:
            case "time":
                return self._local(value, event.header.shop)
            case "person":
                return self._name(value)
            case "criteria":
                return self._criteria(value)
            case "plain":
                plain: str | int | bool = value
                return plain
            case "word":
                return self._title(None, value)
            case of:
                return self._title(of, value)

    def _title(self, of: Vocabulary | None, name: str | None) -> str:
        return self.policy.called(of, name or "", self.language)

    def _criteria(self, met: tuple[str, ...]) -> str:
        titles = (self._title("criteria", criterion) for criterion in met)
        return ("、" if self.language == "zh" else "; ").join(titles)

    def _name(self, who: str) -> str:
        """A person's name; of a queue, its role."""
        if who.startswith(QUEUE):
            return self._title("roles", who.rsplit(":", 1)[1])
        person = self.directory.people.get(who)
        return person.name if person else self._title(None, who)

    def _local(self, at: datetime, shop: str) -> str:
        return at.astimezone(self.directory.zone(shop)).strftime("%Y-%m-%d %H:%M")
