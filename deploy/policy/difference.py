"""What changes for people with another version of a policy, in plain sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.policy.phrases import Phrases
from deploy.policy.sections import OPENING, REACTIONS, SECTIONS, SEVERITY, WHOLE, Aspect, Section
from schemas.policies import Policy

ALIKE = (
    "Nothing changes for people: the versions differ only in sources, in what names of before are called now, "
    "or in the order of entries."
)


def describe_change(before: Policy, after: Policy) -> list[str]:
    """What changes for people, a sentence each; nothing where the versions are the same."""
    if before.version == after.version and before.id == after.id:
        return []
    return list(Difference(Phrases(before), Phrases(after)).sentences()) or [ALIKE]


@dataclass(frozen=True, slots=True)
class Difference:
    """Two versions, each in its own words."""

    before: Phrases
    after: Phrases

    def sentences(self) -> Iterator[str]:
        """Every sentence, the whole first and then section by section."""
        old, new = self.before.policy, self.after.policy
        if old.title != new.title:
            yield f"The policy is called {new.title.zh}, {new.title.en}; before {old.title.zh}, {old.title.en}."
        for aspects, was, now in (
            (OPENING, old.opening, new.opening),
            (REACTIONS, old.reactions, new.reactions),
            (SEVERITY, old.severity, new.severity),
            (WHOLE, old, new),
        ):
            yield from (f"{phrase}." for phrase in self._changes(aspects, was, now))
        yield from self._orders()
        for section in SECTIONS:
            yield from self._section(section)

    def _orders(self) -> Iterator[str]:
        """What hangs on the order of entries: in which state a case opens, and which level is graver."""
        old, new = self.before.policy, self.after.policy
        if old.states[0].id != new.states[0].id:
            first, before = (
                self.after.name("states", new.states[0].id),
                self.before.name("states", old.states[0].id),
            )
            yield f"A case opens in state {first}; before in {before}."
        common = set(old.severity.level_ids) & set(new.severity.level_ids)
        ranks = [[one for one in policy.severity.level_ids if one in common] for policy in (old, new)]
        if ranks[0] != ranks[1]:
            yield f"The levels are, lowest first, {' → '.join(ranks[1])}; before {' → '.join(ranks[0])}."

    def _section(self, section: Section) -> Iterator[str]:
        old, new = (
            {one.id: one for one in section.entries(one_side.policy)}
            for one_side in (self.before, self.after)
        )
        for name in [*old, *(name for name in new if name not in old)]:
            if name not in new:
                yield f"{section.noun} {self.before.name(section.of, name)} is gone."
            elif name not in old:
                yield self._new(section, new[name])
            else:
                yield from self._entry(section, old[name], new[name])

    def _new(self, section: Section, entry: Any) -> str:
        """A new entry with what is not as it is where nothing is given."""
        fields = type(entry).model_fields
        phrases = [
            f"{aspect.label} {_joined(aspect.show(self.after, value))}"
            for field, aspect in section.aspects.items()
            if (value := getattr(entry, field)) != fields[field].default and value
        ]
        name = f"{section.noun} {self.after.name(section.of, entry.id)} is new"
        return f"{name}: {'; '.join(phrases)}." if phrases else f"{name}."

    def _entry(self, section: Section, old: Any, new: Any) -> Iterator[str]:
        name = self.after.name(section.of, new.id)
        if getattr(old, "title", None) != getattr(new, "title", None):
            yield f"{section.noun} {name} is called so now; before {old.title.zh}, {old.title.en}."
        for phrase in self._changes(section.aspects, old, new):
            yield f"{section.noun} {name} {phrase}."

    def _changes(self, aspects: Mapping[str, Aspect], old: Any, new: Any) -> Iterator[str]:
        for field, aspect in aspects.items():
            was, now = getattr(old, field), getattr(new, field)
            if was != now:
                yield from self._change(aspect, aspect.show(self.before, was), aspect.show(self.after, now))

    def _change(
        self, aspect: Aspect, was: str | tuple[str, ...], now: str | tuple[str, ...]
    ) -> Iterator[str]:
        """A retitled name alone is no change of what names it; that is told where the title stands."""
        if isinstance(was, str) or isinstance(now, str) or aspect.whole:
            if was != now:
                yield f"{aspect.label} {_joined(now)}; before {_joined(was)}"
            return
        more, less = [one for one in now if one not in was], [one for one in was if one not in now]
        changes = [f"now also {_joined(more)}"] if more else []
        changes += [f"no longer {_joined(less)}"] if less else []
        yield f"{aspect.label}: {'; '.join(changes) or 'the same in another order'}"


def _joined(given: str | tuple[str, ...] | list[str]) -> str:
    return given if isinstance(given, str) else ", ".join(given) or "nothing"
