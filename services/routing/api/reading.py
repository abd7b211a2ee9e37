"""`GET /v1/cases` and `GET /v1/cases/{id}`: within the reader's scope, page by page."""

import base64
import json
from collections import Counter
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from schemas.base import stamp
from schemas.directory import Person
from schemas.faults import Shape
from schemas.formats import show_entry
from schemas.vocabulary import Kind, Level, State
from services.common.store.document import Document
from services.common.web import openapi, strict_json
from services.common.web.problems import Fault, Problem, invalid
from services.routing.api.dependencies import Actor, Dependencies, Needed, Patience, soon
from services.routing.api.responses import (
    CasePage,
    CaseWithHistory,
    case_response,
    row_response,
    show_evidence,
)
from services.routing.domain.case import Case

router = APIRouter(prefix="/v1/cases", tags=["reading"])

Name = Annotated[str, Field(max_length=100), Shape(r"[^\x00-\x1f\x7f]*", "should have no control characters")]
Sort = Literal[
    "received_at", "-received_at", "updated_at", "-updated_at", "next_due", "-next_due", "number", "-number"
]


class CaseQuery(BaseModel):
    """Filters, order and place of a page; all filters given must hold."""

    model_config = ConfigDict(extra="forbid")

    shop: Name | None = None
    owner: Name | None = None
    state: State | None = None
    severity: Level | None = None
    kind: Kind | None = None
    overdue: bool | None = None
    q: Name | None = Field(None, description="A case number.")
    sort: Sort = "-received_at"
    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=400)] | None = None

    def field(self) -> str:
        return f"state.{self.sort.lstrip('-')}"

    def direction(self) -> int:
        return -1 if self.sort.startswith("-") else 1

    def conditions(self, now: str) -> list[dict[str, Any]]:
        """One condition for each filter, and one for the place."""
        plain = {"shop": self.shop, "owner": self.owner, "state": self.state, "severity": self.severity,
                 "kind": self.kind, "number": self.q and self.q.strip().upper()}  # fmt: skip
        found: list[dict[str, Any]] = [{f"state.{name}": value} for name, value in plain.items() if value]
        if self.overdue is not None:
            found.append({"state.next_due": {"$lte" if self.overdue else "$gt": now}})
        return [*found, self._after(*_opened(self.cursor, self.sort))] if self.cursor else found

    def _after(self, value: str, key: str) -> dict[str, Any]:
        """What comes after the last line seen; the id settles ties, so no line is skipped or repeated."""
        beyond = "$lt" if self.direction() < 0 else "$gt"
        return {"$or": [{self.field(): {beyond: value}}, {self.field(): value, "_id": {beyond: key}}]}


def _query(request: Request, query: Annotated[CaseQuery, Query()]) -> CaseQuery:
    """The question; one that gives a parameter twice says two things."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    twice = [
        Fault(field=f"query.{name:.100}", problem="should be given once") for name in given if given[name] > 1
    ]
    if twice:
        raise invalid(twice)
    return query


PAGE: openapi.Responses = {
    200: openapi.response("One page of them.", CasePage),
    **openapi.refused(401, 403, 422, 503),
}
CASE: openapi.Responses = {
    200: openapi.response("The case with its history and its texts.", CaseWithHistory, "ETag"),
    **openapi.refused(401, 403, 404, 422, 503),
}


@router.get("", name="cases", responses=PAGE, openapi_extra=openapi.request())
async def cases(
    wanted: Annotated[CaseQuery, Depends(_query)], actor: Actor, depends: Needed, seconds: Patience
) -> JSONResponse:
    """The cases the reader may see."""
    now = depends.cases.store.now()
    query = {"$and": [depends.scope(actor).query(), *wanted.conditions(stamp(now))]}
    order = [(wanted.field(), wanted.direction()), ("_id", wanted.direction())]
    page = await soon(seconds, depends.documents.page(query, order, wanted.limit + 1))
    more = _cursor(page[wanted.limit - 1], wanted) if len(page) > wanted.limit else None
    rows = [row_response(stored, now) for stored in page[: wanted.limit]]
    return JSONResponse({"cases": rows, "next": more})


@router.get("/{case}", name="case", responses=CASE, openapi_extra=openapi.request())
async def case(case: UUID, actor: Actor, depends: Needed, seconds: Patience) -> JSONResponse:
    """One case with its history and its texts."""
    return await soon(seconds, _case(case, actor, depends))


async def _case(key: UUID, actor: Person, depends: Dependencies) -> JSONResponse:
    document = await depends.document(key, actor)
    state = document.state
    if state is None:
        raise Problem(404, "No such case")
    history = [*await depends.documents.past(key), *document.history.entries]
    history = list({entry["number"]: entry for entry in history}.values())
    response = case_response(state, document.revision, actor, depends.cases.world())
    texts = await depends.texts.read(_texts(document, history))
    answer = {
        **response,
        "contacts": [show_evidence(contact, texts) for contact in response["contacts"]],
        "history": [show_entry(entry) for entry in history],
        "texts": texts,
        "customers": await depends.customers.read([contact.customer for contact in state.contacts]),
    }
    return JSONResponse(answer, headers={"ETag": f'"{document.revision}"'})


def _texts(document: Document[Case], history: list[dict[str, Any]]) -> list[UUID]:
    contacts = document.state.contacts if document.state else ()
    named = {entry["facts"]["text"] for entry in history if entry["facts"].get("text")}
    return sorted({contact.text for contact in contacts} | {UUID(text) for text in named})


def _cursor(stored: dict[str, Any], query: CaseQuery) -> str:
    place = [query.sort, stored["state"][query.sort.lstrip("-")], stored["_id"]]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _opened(cursor: str | None, sort: str) -> tuple[str, str]:
    try:
        order, value, key = strict_json.read(base64.urlsafe_b64decode(cursor or ""))
        if (
            order == sort
            and f"{value}{key}".isprintable()
            and isinstance(value, str)
            and isinstance(key, str)
        ):
            return value, key
    except (ValueError, TypeError):
        pass
    raise Problem(422, "The cursor is not valid", "Take `next` of the page before, with the same sort.")
