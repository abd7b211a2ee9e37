"""How open cases of an earlier version of a policy go on by this one: what its names became."""

from collections.abc import Mapping
from typing import Any

from schemas.base import Identifier, Strict
from schemas.vocabulary import ActionName, Channel, Flag, FormName, Ladder, Level, Role, State, TaskKind

Renamed = dict[Identifier, Identifier]


class RebaseSpec(Strict):
    """What earlier names are called now; one that is not listed keeps its name.

    A state, role, level, task, action, form or ladder that a case has must be there still. `fields` are those of a form and
    `options` those of a field, each by what form and field are called now. Texts that rest, and what a task was asked with,
    keep the names under which they were written.
    """

    states: dict[Identifier, State] = {}
    roles: dict[Identifier, Role] = {}
    levels: dict[Identifier, Level] = {}
    tasks: dict[Identifier, TaskKind] = {}
    actions: dict[Identifier, ActionName] = {}
    forms: dict[Identifier, FormName] = {}
    fields: dict[FormName, Renamed] = {}
    options: dict[FormName, dict[Identifier, Renamed]] = {}
    ladders: dict[Identifier, Ladder] = {}
    channels: dict[Identifier, Channel] = {}
    flags: dict[Identifier, Flag] = {}

    def of(self, kind: str, name: str) -> str:
        """What a name of a kind, such as `states`, is called now."""
        return str(getattr(self, kind).get(name, name))

    def flags_of(self, flags: Mapping[str, bool]) -> dict[str, bool]:
        """Flags by what they are called now."""
        named: dict[str, bool] = {}
        for name, said in flags.items():
            # Two that are one now: one yes is a yes.
            now = self.of("flags", name)
            named[now] = named.get(now, False) or said
        return named

    def values_of(self, form: str | None, values: Mapping[str, Any]) -> dict[str, Any]:
        """What was filled into a form, its fields and options by what they are called now."""
        fields = self.fields.get(form or "", {})
        named = {fields.get(name, name): said for name, said in values.items()}
        return {name: self._chosen(form, name, said) for name, said in named.items()}

    def _chosen(self, form: str | None, field: str, said: Any) -> Any:
        options = self.options.get(form or "", {}).get(field, {})
        if isinstance(said, tuple):
            return tuple(options.get(one, one) for one in said)
        return options.get(said, said) if isinstance(said, str) else said
