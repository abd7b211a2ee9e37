"""`GET /v1/cases/{id}`: one case, within what the reader may see."""

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
