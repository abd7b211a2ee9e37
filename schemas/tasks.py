"""The tasks of a policy: what is asked of whom."""

from typing import Annotated

from schemas.base import Bilingual, Strict
from schemas.cases import Role, TaskKind
from schemas.faults import FILLED


class TaskSpec(Strict):
    """One kind of task: it is asked of the first on duty of the roles in `to`, in their order.

    Who lets its deadline pass is followed by the next of them.
    """

    id: TaskKind
    title: Bilingual
    source: str
    to: Annotated[tuple[Role, ...], FILLED]
