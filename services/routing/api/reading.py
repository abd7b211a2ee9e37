"""`GET /v1/cases/{id}`: one case, to those who may read it, and whose it is to those who have a part in it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from schemas.directory import Person
from schemas.formats import show_entry
from services.common.store.document import Document
from services.common.web import openapi
from services.common.web.problems import Problem
from services.routing.api.dependencies import Actor, Dependencies, Needed, Patience, soon
from services.routing.api.responses import CaseWithHistory, case_response, show_evidence
from services.routing.domain.case import Case
from services.routing.domain.masking import Customers, Texts, mask, sees_customer

router = APIRouter(prefix="/v1/cases", tags=["reading"])

CASE: openapi.Responses = {
    200: openapi.response("The case with its history and its texts.", CaseWithHistory, "ETag"),
    **openapi.refused(401, 403, 404, 422, 503),
}


@router.get("/{case}", name="case", responses=CASE, openapi_extra=openapi.request())
async def case(case: UUID, actor: Actor, depends: Needed, seconds: Patience) -> JSONResponse:
    """One case with its history and its texts."""
    return await soon(seconds, _case(case, actor, depends))


async def _case(key: UUID, actor: Person, depends: Dependencies) -> JSONResponse:
    document = await depends.document(key, actor)
    state, world = document.state, depends.cases.world()
    if state is None:
        raise Problem(404, "No such case")
    history = await history_of(document, depends)
    texts, customers = await texts_and_customers(state, history, depends)
    is_clear = sees_customer(state, actor.id, world)
    if not is_clear:
        texts, customers = await asyncio.to_thread(mask, texts, customers)
    response = case_response(state, document.revision, actor, world)
    answer = {
        **response,
        "contacts": [show_evidence(contact, texts) for contact in response["contacts"]],
        "history": [show_entry(entry) for entry in history],
        "texts": texts,
        "customers": customers,
        "masked": not is_clear,
    }
    return JSONResponse(answer, headers={"ETag": f'"{document.revision}"'})


async def history_of(document: Document[Case], depends: Dependencies) -> list[dict[str, Any]]:
    """The whole history of a case; an entry that rests in a page and in the document comes once."""
    history = [*await depends.documents.past(document.key), *document.history.entries]
    return list({entry["number"]: entry for entry in history}.values())


async def texts_and_customers(
    case: Case, history: Sequence[Mapping[str, Any]], depends: Dependencies
) -> tuple[Texts, Customers]:
    """What customers and people wrote, and who the customers are, as far as it has not been erased."""
    named = {entry["facts"]["text"] for entry in history if entry["facts"].get("text")}
    texts = sorted({contact.text for contact in case.contacts} | {UUID(text) for text in named})
    return await depends.texts.read(texts), await depends.customers.read(
        [contact.customer for contact in case.contacts]
    )
