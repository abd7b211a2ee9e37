"""`POST /v1/cases/{id}/<action>`: seen revision and key given, decided, written, answered."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from schemas.directory import Person
from services.common.store.decision import Cause, Outcome
from services.common.web import body, openapi
from services.common.web.problems import Problem, away, faults, invalid
from services.routing import metrics
from services.routing.api import shown, view
from services.routing.api.bodies import BODIES, Body
from services.routing.api.office import Actor, Office, Patience, TheOffice, soon
from services.routing.domain.actions.action import Action
from services.routing.domain.case import Case
from services.routing.domain.words import Sealed
from services.routing.store import Spoken

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
    200: openapi.shown("The case as it is now.", shown.CaseShown, "ETag"),
    **openapi.refused(400, 401, 403, 404, 408, 409, 413, 415, 422, 428, 503),
    **openapi.refused(412, model=shown.Stale),
}


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand asks, for what it saw, under which key."""

    actor: Person
    office: Office
    key: str
    seen: int


def hand(request: Request, actor: Actor, office: TheOffice) -> Hand:
    headers = request.headers
    key, seen = _key(headers.get("idempotency-key", "")), _seen(headers.get("if-match", ""))
    return Hand(actor, office, key, seen)


def _route(name: str, kind: type[Body]) -> Callable[..., Awaitable[JSONResponse]]:
    async def act(
        request: Request, case: UUID, hand: Annotated[Hand, Depends(hand)], seconds: Patience
    ) -> JSONResponse:
        said = await body.read(request, LARGEST_BODY, BODY_SECONDS)
        asked = Asked(name, case, hand, _validated(kind, body.parse(request, said or b"{}")))
        return await soon(seconds, asked.perform())

    act.__doc__ = f"{(kind.__doc__ or name).splitlines()[0]}"
    return act


@dataclass(frozen=True, slots=True)
class Asked:
    """One action as it was asked for; the same key and body are the same cause."""

    name: str
    case: UUID
    hand: Hand
    body: Body

    @property
    def id(self) -> UUID:
        return uuid5(self.case, f"{self.hand.actor.id}:{self.hand.key}")

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.name}:{self.body.model_dump_json()}".encode()).hexdigest()

    @property
    def text(self) -> UUID:
        """Of the words too: a key whose first action came to nothing may come with others."""
        return uuid5(self.id, f"text:{self.digest}")

    def cause(self, words: Sealed) -> Cause[Action]:
        action = self.body.action(self.hand.actor.id, words)
        return Cause(self.case, self.id, action, digest=self.digest, revision=self.hand.seen)

    async def perform(self) -> JSONResponse:
        """Decide, keep the words, write. What is refused leaves no words behind."""
        office = self.hand.office
        document, text = await office.document(self.case, self.hand.actor), self.text
        foreseen = office.cases.foresee(document, self.cause(Sealed(id=text, seal="")))
        if foreseen.kind != "applied":
            return self._answer(foreseen)
        if words := self.body.words():
            kept = await office.texts.keep([Spoken(text, self.case, office.cases.store.now(), words)])
            cause = self.cause(kept[text])
        else:
            cause = self.cause(Sealed(id=text, seal=""))
        return self._answer((await office.cases.change(cause))[0])

    def _answer(self, outcome: Outcome[Case, Any]) -> JSONResponse:
        case = outcome.state
        if outcome.kind == "waiting":
            raise away(f"The policy of this case ({outcome.awaits})")
        if outcome.error is not None or case is None:
            raise outcome.error or LookupError(str(self.case))
        if outcome.refusal is not None:
            metrics.REFUSED.labels(outcome.refusal.rule).inc()
            said = outcome.refusal
            raise Problem(said.status, "A rule forbids it", said.detail, rule=said.rule)
        if outcome.kind == "reused":
            raise Problem(
                422, "The Idempotency-Key was used before", "It named another body.", rule="one_key"
            )
        if outcome.kind == "stale":
            raise _stale(case, self.hand.seen, outcome.revision)
        told = view.case(case, outcome.revision, self.hand.actor, self.hand.office.cases.world())
        return JSONResponse(told, headers={"ETag": f'"{outcome.revision}"'})


def _stale(case: Case, seen: int, revision: int) -> Problem:
    changes = [each.model_dump(mode="json") for each in case.revisions if each.revision > seen]
    fields = sorted({field for each in changes for field in each["fields"]})
    detail = f"You saw revision {seen}, it is at {revision}; changed since: {', '.join(fields) or 'unknown'}."
    headers = {"ETag": f'"{revision}"'}
    return Problem(412, "The case has changed", detail, headers, rule="if_match", changes=changes)


def _seen(if_match: str) -> int:
    if not if_match:
        raise Problem(428, "If-Match is needed", "Send the ETag of the case you saw.", rule="if_match")
    found = ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Problem(400, "If-Match is not valid", 'It should be one ETag such as "3".', rule="if_match")
    return int(found[1])


def _key(key: str) -> str:
    if not KEY.fullmatch(key):
        detail = "Send a key of 1 to 128 visible ASCII characters, a new one for each action."
        raise Problem(400, "Idempotency-Key is needed", detail, rule="one_key")
    return key


def _validated(kind: type[Body], said: Any) -> Body:
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        raise invalid(faults(error)) from None


for _name, _kind in BODIES.items():
    router.add_api_route(
        f"/{{case}}/{_name}",
        _route(_name, _kind),
        methods=["POST"],
        name=_name,
        responses=ANSWERS,
        openapi_extra=openapi.asked(_kind, *HEADERS),
    )
