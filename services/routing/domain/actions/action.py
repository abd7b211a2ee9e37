"""What an action of people consists of: a form, who may take it, from which states, and its effect on the case."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, get_args

from pydantic import StringConstraints

from schemas.base import Frozen, Strict
from schemas.cases import State
from services.common.store.decision import Refusal
from services.routing.domain.case import ENDED
from services.routing.domain.draft import Draft
from services.routing.domain.seals import Sealed
from services.routing.domain.world import World

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]

NOT_CLOSED: frozenset[State] = frozenset(get_args(State)) - {"closed"}
OPEN: frozenset[State] = NOT_CLOSED - ENDED


class Form(Strict):
    """What a person sends. Its free texts rest elsewhere: the action has only their seal."""

    def texts(self) -> Mapping[str, Any]:
        """The free texts by the name of their field."""
        return {}

    def action(self, actor: str, texts: Sealed) -> "Action":
        """What the person wants to do, with a seal for the texts."""
        raise NotImplementedError


class Action(Frozen):
    """Something a person wants to do; `actor` is their id in the directory.

    `by` names parts in the case ("owner", "receiver", "asked", "supporter", "confirmer", "owner as <role>") and roles at its shop.
    """

    name: ClassVar[str]
    form: ClassVar[type[Form]]
    by: ClassVar[frozenset[str]]
    from_states: ClassVar[frozenset[State]] = OPEN

    actor: str

    def apply(self, draft: Draft, world: World) -> Refusal | None:
        """Change the draft, publish and record; or the rule that forbids it."""
        raise NotImplementedError


class NoteForm(Form):
    """A note on what was said or done."""

    note: Text

    def texts(self) -> Mapping[str, Any]:
        return {"note": self.note}
