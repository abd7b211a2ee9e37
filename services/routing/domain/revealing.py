"""Somebody reads whose case it is without a part in it: they say why, and the history keeps that they did."""

from uuid import UUID

from schemas.base import Frozen
from services.common.store.decision import Change
from services.routing.domain.case import Case
from services.routing.domain.draft import Draft
from services.routing.domain.seals import SealedForm
from services.routing.domain.world import World

REVEALED = "case.revealed"


class Reveal(Frozen):
    """Somebody wants to read the customer's name and numbers, for a reason that rests among the texts."""

    actor: str
    said: SealedForm


def reveal(case: Case, asked: Reveal, cause: UUID, world: World) -> Change[Case]:
    """The case as it was, with an entry of its history: nothing of it is different for anybody else."""
    draft = Draft.of(case, cause, asked.actor, world)
    draft.record_history(REVEALED, **asked.said.sealed())
    return draft.change()
