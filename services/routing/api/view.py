"""A case as people see it in JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, create_model

from schemas.base import stamp
from schemas.contacts import Customer, Vehicle
from schemas.directory import Person
from services.common.problems import ProblemDocument
from services.routing.domain.actions.permission import allowed
from services.routing.domain.case import NEVER, Case, Revised
from services.routing.domain.world import World

ROW = (
    "id", "number", "kind", "channel", "shop", "franchise", "group", "manufacturer", "department", "state",
    "severity", "criteria", "confirmed", "triage", "owner", "owner_role", "offer", "support", "rung", "broken",
    "next_due", "received_at", "opened_at", "updated_at",
)  # fmt: skip
SHOWN = tuple(name for name in Case.model_fields if name != "revised")


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

    changes: list[Revised]


def case(state: Case, revision: int, person: Person, world: World) -> dict[str, Any]:
    """Everything but words, with what the reader's part in it lets him do."""
    shown = state.model_dump(mode="json", exclude={"revised"})
    return _due({"revision": revision, **shown, "actions": allowed(state, person.id, world)})


def row(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A line of the list, from the stored form."""
    state = stored["state"]
    shown = {name: state.get(name) for name in ROW}
    return _due({"revision": stored["revision"], **shown, "overdue": state["next_due"] <= stamp(now)})


def _due(shown: dict[str, Any]) -> dict[str, Any]:
    return shown if shown["next_due"] != stamp(NEVER) else {**shown, "next_due": None}
