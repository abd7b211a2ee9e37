"""`GET /v1/cases`: the cases that whoever asks may see, page by page."""

import base64
import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, create_model

from schemas.base import Instant, stamp
from schemas.cases import CaseHeader
from schemas.faults import Shape
from schemas.vocabulary import Department, Kind, Level, Stage, State
from services.common.web import openapi, strict_json
from services.common.web.problems import Fault, Problem, invalid
from services.desk.api.dependencies import Needed, Reader
from services.desk.domain.row import NEVER, Row

router = APIRouter(prefix="/v1/cases", tags=["cases"])

Name = Annotated[str, Field(max_length=100), Shape(r"[^\x00-\x1f\x7f]*", "should have no control characters")]
Sort = Literal["received_at", "-received_at", "updated_at", "-updated_at", "next_due", "-next_due"]
EQUAL = (
    "number", "shop", "group", "region", "manufacturer", "department", "kind", "policy", "owner", "severity", "state",
    "stage", "triage",
)  # fmt: skip
"""Filters that a field of the case has to equal."""


class CaseQuery(BaseModel):
    """Filters, order and place of a page; all filters given must hold."""

    model_config = ConfigDict(extra="forbid")

    number: Name | None = None
    shop: Name | None = None
    group: Name | None = None
    region: Name | None = None
    manufacturer: Name | None = None
    department: Department | None = None
    kind: Kind | None = None
    policy: Name | None = None
    owner: Name | None = None
    severity: Level | None = None
    state: State | None = None
    stage: Stage | None = None
    triage: bool | None = None
    open: bool | None = None
    overdue: bool | None = None
    to_confirm: bool | None = Field(None, description="A graver severity is suspected, and to be confirmed.")
    since: Instant | None = Field(None, description="Received at this moment or later.")
    until: Instant | None = Field(None, description="Received before this moment.")
    sort: Sort = "-received_at"
    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=400)] | None = None

    def field(self) -> str:
        """What the page is in order of."""
        return self.sort.lstrip("-")

    def order(self) -> list[tuple[str, int]]:
        """As the store takes it; the id settles ties, so that no line is skipped or repeated."""
        direction = -1 if self.sort.startswith("-") else 1
        return [(f"state.{self.field()}", direction), ("_id", direction)]

    def conditions(self, keys: Iterable[str], now: datetime) -> dict[str, Any]:
        """What the rows of the page have to be for whoever has these keys."""
        found: list[dict[str, Any]] = [{"state.readers": {"$in": sorted(keys)}}]
        plain = {name: value for name in EQUAL if (value := getattr(self, name)) is not None}
        if self.number is not None:
            plain["number"] = self.number.strip().upper()
        found += [{f"state.header.{name}": value} for name, value in plain.items()]
        if self.open is not None:
            found.append({"state.is_open": self.open})
        if self.overdue is not None:
            found.append({"state.next_due": {"$lte" if self.overdue else "$gt": stamp(now)}})
        if self.to_confirm is not None:
            found.append({"state.header.suspected": {"$ne" if self.to_confirm else "$eq": None}})
        bounds = {"$gte": self.since, "$lt": self.until}
        found += [{"state.received_at": {sign: stamp(at)}} for sign, at in bounds.items() if at is not None]
        return {"$and": [*found, *self._after()]}

    def _after(self) -> list[dict[str, Any]]:
        """What comes after the last line of the page before."""
        if self.cursor is None:
            return []
        [(field, direction), _] = self.order()
        value, key = self._opened(self.cursor)
        beyond = "$lt" if direction < 0 else "$gt"
        return [{"$or": [{field: {beyond: value}}, {field: value, "_id": {beyond: key}}]}]

    def cursor_after(self, key: UUID, row: Row) -> str:
        """Where the page after this line begins, for the same filters in the same order."""
        place = [self._digest(), stamp(getattr(row, self.field())), str(key)]
        return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()

    def _opened(self, cursor: str) -> tuple[str, str]:
        try:
            digest, value, key = strict_json.read(base64.urlsafe_b64decode(cursor))
            if digest == self._digest():
                return stamp(datetime.fromisoformat(value)), str(UUID(key))
        except (ValueError, TypeError, AttributeError):
            pass
        raise Problem(
            422,
            "The cursor is not valid",
            "Take `next` of the page before, with the same filters and the same sort.",
        )

    def _digest(self) -> str:
        """Tells filters and order from others."""
        return sha256(self.model_dump_json(exclude={"cursor", "limit"}).encode()).hexdigest()[:16]


def _query(request: Request, query: Annotated[CaseQuery, Query()]) -> CaseQuery:
    """The question; one that gives a parameter twice says two things."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    twice = [
        Fault(field=f"query.{name:.100}", problem="should be given once") for name in given if given[name] > 1
    ]
    if twice:
        raise invalid(twice)
    return query


CaseRow = create_model(
    "CaseRow",
    __base__=CaseHeader,
    id=(UUID, ...),
    received_at=(datetime, ...),
    updated_at=(datetime, ...),
    next_due=(datetime | None, ...),
    overdue=(bool, ...),
    breach_count=(int, ...),
)
CasePage = create_model("CasePage", cases=(list[CaseRow], ...), next=(str | None, ...))
MODELS: list[type[BaseModel]] = [CasePage]
PAGE: openapi.Responses = {
    200: openapi.response("One page of them.", CasePage),
    **openapi.refused(401, 403, 422, 503),
}


@router.get(
    "",
    name="cases",
    responses=PAGE,
    openapi_extra=openapi.request(signed=openapi.SIGNED | openapi.IN_SESSION),
)
async def cases(
    wanted: Annotated[CaseQuery, Depends(_query)], reader: Reader, depends: Needed
) -> JSONResponse:
    """The cases the reader may see; what has just changed may follow a moment later."""
    now = depends.rows.store.now()
    conditions = wanted.conditions(depends.keys(reader.id), now)
    page = await depends.rows.page(conditions, wanted.order(), wanted.limit + 1)
    more = wanted.cursor_after(*page[wanted.limit - 1]) if len(page) > wanted.limit else None
    lines = [_line(key, row, now) for key, row in page[: wanted.limit]]
    return JSONResponse({"cases": lines, "next": more})


def _line(key: UUID, row: Row, now: datetime) -> dict[str, Any]:
    return {
        "id": str(key),
        **row.header.model_dump(mode="json"),
        "received_at": stamp(row.received_at),
        "updated_at": stamp(row.updated_at),
        "next_due": None if row.next_due == NEVER else stamp(row.next_due),
        "overdue": row.next_due <= now,
        "breach_count": row.breach_count,
    }
