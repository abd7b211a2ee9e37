"""`POST /v1/cases/{id}/reveal`: whose a case is, to a reader without a part in it who says why."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints

from schemas import identity
from schemas.base import Strict
from schemas.directory import Person
from services.common.store.decision import Cause
from services.common.web import body, openapi
from services.routing.api.actions import BODY_SECONDS, LARGEST_BODY, ONCE, decided, once
from services.routing.api.dependencies import Actor, Dependencies, Needed, Patience, soon
from services.routing.api.reading import history_of, texts_and_customers
from services.routing.api.responses import Revealed
from services.routing.domain.revealing import Reveal
from services.routing.domain.seals import Sealed, SealedForm
from services.routing.store.texts import Texts

router = APIRouter(prefix="/v1/cases", tags=["reading"])

LONGEST_REASON = 500
REVEALED: openapi.Responses = {
    200: openapi.response("The texts and customers of the case in the clear.", Revealed),
    **openapi.refused(400, 401, 403, 404, 408, 413, 415, 422, 503),
}


class RevealRequest(Strict):
    """Why somebody has to know."""

    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REASON)
    ] = Field(description="Stands in the history of the case, with who asked and when.")


@router.post(
    "/{case}/reveal", name="reveal", responses=REVEALED, openapi_extra=openapi.request(RevealRequest, ONCE)
)
async def reveal(
    request: Request, case: UUID, actor: Actor, depends: Needed, seconds: Patience
) -> JSONResponse:
    """Whose the case is: answered once the history says who has read it, and why."""
    key = once(request)
    sent = body.parse(request, await body.read(request, LARGEST_BODY, BODY_SECONDS))
    wanted = body.validate(RevealRequest, sent)
    return await soon(seconds, _reveal(identity.action_id(case, actor.id, key), case, actor, wanted, depends))


async def _reveal(
    cause: UUID, key: UUID, actor: Person, wanted: RevealRequest, depends: Dependencies
) -> JSONResponse:
    given = wanted.model_dump()
    digest = identity.action_digest("reveal", json.dumps(given))
    text = identity.action_text_id(cause, digest)

    def saying(note: Sealed) -> Cause[Reveal]:
        message = Reveal(actor=actor.id, said=SealedForm(texts=tuple(given), note=note))
        return Cause(key, cause, message, digest=digest)

    # What cannot be decided leaves no text behind.
    decided(depends.cases.foresee(await depends.document(key, actor), saying(Sealed(id=text, seal=""))))
    seals = await depends.texts.put([Texts(text, key, depends.cases.store.now(), given)])
    case = decided((await depends.cases.change(saying(seals[text])))[0])
    history = await history_of(await depends.document(key, actor), depends)
    texts, customers = await texts_and_customers(case, history, depends)
    return JSONResponse({"texts": texts, "customers": customers})
