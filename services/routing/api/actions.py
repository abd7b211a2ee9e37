"""`POST /v1/cases/{id}/<action>`: seen revision and key given, decided, written, answered."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from schemas import identity
from schemas.directory import Person
from services.common.store.decision import Cause, Outcome
from services.common.web import body, openapi
from services.common.web.problems import Problem, away
from services.routing import metrics
from services.routing.api.dependencies import Actor, Dependencies, Needed, Patience, soon
from services.routing.api.responses import CaseResponse, Stale, case_response
from services.routing.domain.actions.action import Action, Form
from services.routing.domain.actions.table import ACTIONS
from services.routing.domain.case import Case
from services.routing.domain.seals import Sealed
from services.routing.store.texts import Texts

router = APIRouter(prefix="/v1/cases", tags=["actions"])

LARGEST_BODY = 64 * 1024
BODY_SECONDS = 10.0
KEY = re.compile(r"[\x21-\x7e]{1,128}")
ETAG = re.compile(r'"(\d{1,18})"')

HEADERS = (
    openapi.header(
        "Idempotency-Key", "A new one for each action; the same says it again.", required=True,
        pattern="^[!-~]{1,128}$",
    ),
    openapi.header("If-Match", "The ETag that the actor saw.", required=True, pattern=r'^"\d{1,18}"$'),
)  # fmt: skip
ANSWERS: openapi.Responses = {
    200: openapi.response("The case as it is now.", CaseResponse, "ETag"),
    **openapi.refused(400, 401, 403, 404, 408, 409, 413, 415, 422, 428, 503),
    **openapi.refused(412, model=Stale),
}


@dataclass(frozen=True, slots=True)
class ActionSender:
    """Who sends an action, for which revision they saw, under which key."""

    actor: Person
    depends: Dependencies
    key: str
    revision: int


def sender(request: Request, actor: Actor, depends: Needed) -> ActionSender:
    """The sender by token and headers; raises Problem where a header is missing or not valid."""
    headers = request.headers
    key, revision = _key(headers.get("idempotency-key", "")), _revision(headers.get("if-match", ""))
    return ActionSender(actor, depends, key, revision)


def _route(name: str, form: type[Form]) -> Callable[..., Awaitable[JSONResponse]]:
    async def act(
        request: Request, case: UUID, sender: Annotated[ActionSender, Depends(sender)], seconds: Patience
    ) -> JSONResponse:
        sent = await body.read(request, LARGEST_BODY, BODY_SECONDS)
        asked = ActionRequest(name, case, sender, body.validate(form, body.parse(request, sent or b"{}")))
        return await soon(seconds, asked.perform())

    act.__doc__ = f"{(form.__doc__ or name).splitlines()[0]}"
    return act


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """One request for an action; the same key and form are the same cause."""

    name: str
    case: UUID
    sender: ActionSender
    form: Form

    @property
    def id(self) -> UUID:
        return identity.action_id(self.case, self.sender.actor.id, self.sender.key)

    @property
    def digest(self) -> str:
        return identity.action_digest(self.name, self.form.model_dump_json())

    @property
    def text(self) -> UUID:
        return identity.action_text_id(self.id, self.digest)

    def cause(self, texts: Sealed) -> Cause[Action]:
        action = self.form.action(self.sender.actor.id, texts)
        return Cause(self.case, self.id, action, digest=self.digest, revision=self.sender.revision)

    async def perform(self) -> JSONResponse:
        """Decide, store the texts, write. What is refused leaves no text behind."""
        depends = self.sender.depends
        document, text = await depends.document(self.case, self.sender.actor), self.text
        foreseen = depends.cases.foresee(document, self.cause(Sealed(id=text, seal="")))
        if foreseen.kind != "applied":
            return self._answer(foreseen)
        if texts := self.form.texts():
            stored = await depends.texts.put([Texts(text, self.case, depends.cases.store.now(), texts)])
            cause = self.cause(stored[text])
        else:
            cause = self.cause(Sealed(id=text, seal=""))
        return self._answer((await depends.cases.change(cause))[0])

    def _answer(self, outcome: Outcome[Case, Any]) -> JSONResponse:
        case = outcome.state
        if outcome.kind == "waiting":
            raise away(f"The policy of this case ({outcome.awaits})")
        if outcome.error is not None or case is None:
            raise outcome.error or LookupError(str(self.case))
        if outcome.refusal is not None:
            metrics.REFUSED.labels(outcome.refusal.rule).inc()
            refusal = outcome.refusal
            raise Problem(refusal.status, "A rule forbids it", refusal.detail, rule=refusal.rule)
        if outcome.kind == "reused":
            raise Problem(
                422, "The Idempotency-Key was used before", "It named another body.", rule="one_key"
            )
        if outcome.kind == "stale":
            raise _stale(case, self.sender.revision, outcome.revision)
        world = self.sender.depends.cases.world()
        answer = case_response(case, outcome.revision, self.sender.actor, world)
        return JSONResponse(answer, headers={"ETag": f'"{outcome.revision}"'})


def _stale(case: Case, seen: int, revision: int) -> Problem:
    changes = [one.model_dump(mode="json") for one in case.revisions if one.revision > seen]
    fields = sorted({field for change in changes for field in change["fields"]})
    detail = f"You saw revision {seen}, it is at {revision}; changed since: {', '.join(fields) or 'unknown'}."
    headers = {"ETag": f'"{revision}"'}
    return Problem(412, "The case has changed", detail, headers, rule="if_match", changes=changes)


def _revision(if_match: str) -> int:
    if not if_match:
        raise Problem(428, "If-Match is needed", "Send the ETag of the case you saw.", rule="if_match")
    etag = ETAG.fullmatch(if_match.strip())
    if etag is None:
        raise Problem(400, "If-Match is not valid", 'It should be one ETag such as "3".', rule="if_match")
    return int(etag[1])


def _key(key: str) -> str:
    if not KEY.fullmatch(key):
        detail = "Send a key of 1 to 128 visible ASCII characters, a new one for each action."
        raise Problem(400, "Idempotency-Key is needed", detail, rule="one_key")
    return key


for _name, _action in ACTIONS.items():
    router.add_api_route(
        f"/{{case}}/{_name}",
        _route(_name, _action.form),
        methods=["POST"],
        name=_name,
        responses=ANSWERS,
        openapi_extra=openapi.request(_action.form, *HEADERS),
    )
