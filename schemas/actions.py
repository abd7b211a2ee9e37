"""The actions of a policy: what people do with a case, who may, and what follows."""

from typing import Annotated

from pydantic import ConfigDict, Field

from schemas.base import Bilingual, Identifier, Strict
from schemas.faults import FILLED
from schemas.steps import RefusalSpec, Step
from schemas.vocabulary import ActionName, FormName, Names, State

OWNER = "owner"
Party = Annotated[str, Names("roles", besides=(OWNER,), prefixes=("owner:", "task:"))]
"""Who may do something: a role at its place, the owner, the owner in a role (`owner:<role>`), who is asked by a task or has
accepted it (`task:<task>`)."""


class ActionSpec(Strict):
    """Something that people do with a case.

    `by` is who may; nobody who did one of the actions in `not_by` since the case was opened, nor who stands in for them.
    Without `from` it may be done in every state that is not final.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    id: Identifier
    title: Bilingual
    source: str
    by: Annotated[tuple[Party, ...], FILLED]
    not_by: tuple[ActionName, ...] = ()
    in_states: tuple[State, ...] = Field(default=(), alias="from")
    form: FormName | None = None
    refused: tuple[RefusalSpec, ...] = ()
    steps: tuple[Step, ...] = ()
