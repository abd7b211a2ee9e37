"""What a case looks like in JSON, for the interface's document."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, create_model

from schemas.contacts import Customer, Vehicle
from services.common.web.problems import ProblemDocument
from services.routing.api.view import ROW
from services.routing.domain.case import Case, Revision

SHOWN = tuple(name for name in Case.model_fields if name != "revisions")


def _of_case(*fields: str) -> dict[str, Any]:
    """Fields of the case as they are shown; of a due time there may be none."""
    same = {name: (Case.model_fields[name].annotation, ...) for name in fields}
    return {**same, "next_due": (datetime | None, ...)}


class HistoryEntry(BaseModel):
    """One line of the history; `hash` covers everything else, the hash before it included."""

    number: int
    at: datetime
    actor: str
    event: str
    cause: str
    facts: dict[str, Any]
    previous: str
    hash: str


class Told(BaseModel):
    """The customer and his car, as one contact named them."""

    customer: Customer
    vehicle: Vehicle


CaseRow = create_model("CaseRow", **_of_case(*ROW), revision=(int, ...), overdue=(bool, ...))
CasePage = create_model("CasePage", cases=(list[CaseRow], ...), next=(str | None, ...))
CaseShown = create_model("CaseShown", **_of_case(*SHOWN), revision=(int, ...), actions=(list[str], ...))
CaseRead = create_model(
    "CaseRead",
    __base__=CaseShown,
    history=(list[HistoryEntry], ...),
    texts=(dict[UUID, dict[str, str]], ...),
    customers=(dict[UUID, Told], ...),
)


class Stale(ProblemDocument):
    """What has changed since the actor looked."""

    changes: list[Revision]
