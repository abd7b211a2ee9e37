"""What a text may say about an event: names and times for people, never anything of the customer's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from schemas.contacts import Language
from schemas.policies import Policy
from schemas.staffing import QUEUE, Directory
from services.notify.domain.recipients import Event

Facts = dict[str, str | int | bool]
# Fields of events that a text may use under their own names, and how a person reads them.
SHOWN: dict[str, Literal["person", "word", "level", "deadline", "criteria", "time", "plain"]] = {
    **dict.fromkeys(("by", "to", "predecessor"), "person"),
    **dict.fromkeys(("role", "where", "accountable", "unconfirmed", "action", "task", "ladder"), "word"),
    **dict.fromkeys(("due_at", "met_at", "received_at"), "time"),
    **dict.fromkeys(("cycle", "level", "repeat", "late", "via"), "plain"),
    "previous": "level",
    "deadline": "deadline",
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
            "kind": self._word(header.kind),
            "state": self._word(header.state),
            "severity": self._level(header.severity),
            "suspected": self._level(header.suspected or ""),
            "department": self._word(header.department),
            "shop": self.directory.name(header.shop, self.language),
            "manufacturer": self.directory.name(header.manufacturer, self.language),
            "owner": self._name(header.owner),
            "owner_role": self._word(header.owner_role),
            "receiver": self._name(next((task.to for task in header.tasks if task.moves_owner), "")),
            "at": self._local(event.occurred_at, header.shop),
            **{name: self._value(event, name, value) for name, value in event if name in SHOWN},
        }

    def of_case(self, number: str, shop: str) -> Facts:
        """The facts of a customer's notice, but for their name, which is kept nowhere here."""
        return {"number": number, "shop": self.directory.name(shop, self.language)}

    def _value(self, event: Event, name: str, value: Any) -> str | int | bool:
        kind = SHOWN[name]
        if kind == "time":
            return self._local(value, event.header.shop)
        writers: dict[str, Callable[[Any], str]] = {
            "person": self._name,
            "word": self._word,
            "level": self._level,
            "deadline": self._title,
            "criteria": self._criteria,
        }
        plain: str | int | bool = writers[kind](value) if kind in writers else value
        return plain

    def _word(self, word: str | None) -> str:
        texts = self.policy.titles.get(word or "")
        return getattr(texts, self.language) if texts else word or ""

    def _level(self, name: str) -> str:
        title = next((level.title for level in self.policy.severity.levels if level.id == name), None)
        return getattr(title, self.language) if title else name

    def _title(self, deadline: str | None) -> str:
        title = next((spec.title for spec in self.policy.deadlines if spec.id == deadline), None)
        return getattr(title, self.language) if title else deadline or ""

    def _criteria(self, met: tuple[str, ...]) -> str:
        titles = {spec.id: getattr(spec.title, self.language) for spec in self.policy.severity.criteria}
        return ("、" if self.language == "zh" else "; ").join(
            titles.get(criterion, criterion) for criterion in met
        )

    def _name(self, who: str) -> str:
        """A person's name; of a queue, its role."""
        if who.startswith(QUEUE):
            return self._word(who.rsplit(":", 1)[1])
        person = self.directory.people.get(who)
        return person.name if person else self._word(who)

    def _local(self, at: datetime, shop: str) -> str:
        return at.astimezone(self.directory.zone(shop)).strftime("%Y-%m-%d %H:%M")
