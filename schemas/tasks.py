"""The tasks of a policy: what is asked of whom, and what follows when it is accepted, answered or refused."""

from typing import Annotated, Self

from pydantic import model_validator

from schemas.base import Bilingual, Identifier, Strict
from schemas.faults import FILLED, refuse
from schemas.steps import Step
from schemas.vocabulary import FormName, Role


class HandOverRule(Strict):
    """Who may ask this of whom by name."""

    giver: Role
    receivers: Annotated[tuple[Role, ...], FILLED]
    source: str


class TaskSpec(Strict):
    """One kind of task, asked of the first on duty of the roles in `to`; `in_order`, all of them have to answer in turn.

    One that `moves_owner` is done when it is accepted: who accepts owns the case, and others of its kind are taken back.
    Any other is done when it is answered, with the form `answer`; one that `waits_for_acceptance` is accepted before.
    Of one that is `single` only one waits at a time: asked by name of somebody else, it is taken back from whoever has not
    accepted it. To one `by_another` neither whoever asked for it replies nor who stands in for them.
    Without a form for the `refusal` nobody can refuse it. `hand_overs` say who may ask it by name, `sent` and the like
    what follows.
    """

    id: Identifier
    title: Bilingual
    source: str
    to: tuple[Role, ...] = ()
    in_order: bool = False
    by_another: bool = False
    single: bool = False
    moves_owner: bool = False
    waits_for_acceptance: bool = False
    hand_overs: tuple[HandOverRule, ...] = ()
    answer: FormName | None = None
    refusal: FormName | None = None
    sent: tuple[Step, ...] = ()
    accepted: tuple[Step, ...] = ()
    answered: tuple[Step, ...] = ()
    refused: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _has_a_single_end(self) -> Self:
        if self.moves_owner and (self.answer or self.answered or self.in_order):
            refuse([(("moves_owner",), "should be left out of a task that is answered: acceptance ends it")])
        return self

    @property
    def is_accepted(self) -> bool:
        """Whether somebody has to accept it."""
        return self.moves_owner or self.waits_for_acceptance


def after(roles: tuple[Role, ...], role: Role) -> tuple[Role, ...]:
    """Those of the roles that come after one of them; none where it is not among them."""
    return roles[roles.index(role) + 1 :] if role in roles else ()
