"""How a case is shown in JSON, and the models of the answers for the interface's document."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, create_model

from schemas.base import stamp
from schemas.contacts import Customer, Vehicle
from schemas.directory import Person
from schemas.severity import Signal
from services.common.web.problems import ProblemDocument
from services.routing.domain import acting, replies
from services.routing.domain.assessment import join_texts
from services.routing.domain.case import NEVER, Case, Contact, Revision
from services.routing.domain.replies import Verb
from services.routing.domain.world import World

WHOLE = tuple(name for name in Case.model_fields if name != "revisions")


def case_response(state: Case, revision: int, person: Person, world: World) -> dict[str, Any]:
    """Everything but texts, with what the reader may do with it."""
    fields = state.model_dump(mode="json", exclude={"revisions"})
    own = {
        "actions": acting.allowed(state, person.id, world),
        "replies": _by_task(replies.allowed(state, person.id, world)),
    }
    return _with_due({"revision": revision, **fields, **own})


def _by_task(verbs: Mapping[UUID, list[Verb]]) -> dict[str, list[Verb]]:
    return {str(task): own for task, own in verbs.items()}


def show_evidence(contact: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """A contact with the words of each signal, as long as its texts have not been erased."""
    own = texts.get(contact["text"])
    text = join_texts(*own.values()) if own else None
    signals = [{**signal, "text": _quote(signal, text)} for signal in contact["signals"]]
    return {**contact, "signals": signals}


def _quote(signal: Mapping[str, Any], text: str | None) -> str | None:
    return None if text is None or signal["start"] is None else text[signal["start"] : signal["end"]]


def _with_due(fields: dict[str, Any]) -> dict[str, Any]:
    return fields if fields["next_due"] != stamp(NEVER) else {**fields, "next_due": None}


def _of_case(*fields: str) -> dict[str, Any]:
    """Fields of the case as they are answered; of a due time there may be none."""
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


class CustomerAndVehicle(BaseModel):
    """The customer and their car, as one contact named them."""

    customer: Customer
    vehicle: Vehicle


class QuotedSignal(Signal):
    """A signal with the words in which it was found."""

    text: str | None = Field(
        None, description="None where it is not in the text, or the text has been erased."
    )


class QuotedContact(Contact):
    """A contact whose signals quote their words."""

    signals: tuple[QuotedSignal, ...] = ()


CaseResponse = create_model(
    "CaseResponse",
    **_of_case(*WHOLE),
    revision=(int, ...),
    actions=(list[str], ...),
    replies=(dict[UUID, list[Verb]], ...),
)
CaseWithHistory = create_model(
    "CaseWithHistory",
    __base__=CaseResponse,
    contacts=(list[QuotedContact], ...),
    history=(list[HistoryEntry], ...),
    texts=(dict[UUID, dict[str, str]], ...),
    customers=(dict[UUID, CustomerAndVehicle], ...),
    masked=(bool, Field(description="Whether names and numbers of the customer are hidden.")),
)


class Revealed(BaseModel):
    """What is hidden of a case from those who have no part in it."""

    texts: dict[UUID, dict[str, str]]
    customers: dict[UUID, CustomerAndVehicle]


class Stale(ProblemDocument):
    """What has changed since the actor looked."""

    changes: list[Revision]
