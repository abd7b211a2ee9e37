"""Actions and replies of people over HTTP: decided as the policy of the case says, written, answered."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse

from schemas import identity
from schemas.directory import Person
from schemas.forms import Entered, filled
from schemas.policies import Policy
from schemas.vocabulary import ActionName
from services.common.store.decision import Cause, Outcome
from services.common.store.document import Document
from services.common.web import body, openapi
from services.common.web.problems import Problem, away
from services.routing import metrics
from services.routing.api.dependencies import Actor, Dependencies, Needed, Patience, soon
from services.routing.api.responses import CaseResponse, Stale, case_response
from services.routing.domain.acting import Act
from services.routing.domain.case import Case
from services.routing.domain.replies import TaskReply, Verb, form_of
from services.routing.domain.seals import Sealed, SealedForm
from services.routing.store.texts import Texts

router = APIRouter(prefix="/v1/cases", tags=["actions"])
LARGEST_BODY = 64 * 1024
BODY_SECONDS = 10.0
KEY = re.compile(r"[\x21-\x7e]{1,128}")
ETAG = re.compile(r'"(\d{1,18})"')

ONCE = openapi.header(
    "Idempotency-Key", "A new one for each action; the same says it again.", required=True,
    pattern="^[!-~]{1,128}$",
)  # fmt: skip
HEADERS = (
    ONCE,
    openapi.header("If-Match", "The ETag that the actor saw.", required=True, pattern=r'^"\d{1,18}"$'),
)
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
    return ActionSender(actor, depends, once(request), _revision(request.headers.get("if-match", "")))


Message = Callable[[SealedForm], Act | TaskReply]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to do with a case: its name, the form that is filled in for it, and what becomes of it.

    Of a task that is done nobody knows the form: only whether just this was said before.
    """

    name: str
    form: str | None
    message: Message
    is_done: bool = False


@router.post(
    "/{case}/actions/{action}", name="act", responses=ANSWERS, openapi_extra=openapi.request(None, *HEADERS)
)
async def act(
    request: Request,
    case: UUID,
    action: ActionName,
    sender: Annotated[ActionSender, Depends(sender)],
    seconds: Patience,
) -> JSONResponse:
    """Do something with a case, as its policy names and describes it."""
    sent = await body.read(request, LARGEST_BODY, BODY_SECONDS)
    value = body.parse(request, sent or b"{}")

    def wish(_case: Case, policy: Policy) -> Wish:
        if action not in policy.action:
            known = ", ".join(policy.action)
            raise Problem(404, "No such action", f"action: should be one of {known}", rule="known_action")
        return Wish(
            action,
            policy.action[action].form,
            lambda said: Act(actor=sender.actor.id, action=action, said=said),
        )

    return await soon(seconds, ActionRequest(case, sender, value, wish).perform())


class ReplyPath(NamedTuple):
    """Which task is replied to, and how."""

    task: UUID
    reply: Verb


def _reply_path(task: UUID, reply: Annotated[Verb, Path()]) -> ReplyPath:
    return ReplyPath(task, reply)


@router.post(
    "/{case}/tasks/{task}/{reply}",
    name="reply",
    responses=ANSWERS,
    openapi_extra=openapi.request(None, *HEADERS),
)
async def reply(
    request: Request,
    case: UUID,
    asked: Annotated[ReplyPath, Depends(_reply_path)],
    sender: Annotated[ActionSender, Depends(sender)],
    seconds: Patience,
) -> JSONResponse:
    """Accept a task, answer it, or refuse it with a reason."""
    task, reply = asked
    sent = await body.read(request, LARGEST_BODY, BODY_SECONDS)
    value = body.parse(request, sent or b"{}")

    def wish(state: Case, policy: Policy) -> Wish:
        found = state.task(task)
        form = form_of(policy, found, reply) if found else None

        def message(said: SealedForm) -> TaskReply:
            return TaskReply(actor=sender.actor.id, task_id=task, verb=reply, said=said)

        return Wish(f"{task}/{reply}", form, message, is_done=found is None)

    return await soon(seconds, ActionRequest(case, sender, value, wish).perform())


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """One request of a person; the same key and form are the same cause."""

    case: UUID
    sender: ActionSender
    value: Any
    wish: Callable[[Case, Policy], Wish]

    @property
    def id(self) -> UUID:
        return identity.action_id(self.case, self.sender.actor.id, self.sender.key)

    async def perform(self) -> JSONResponse:
        """Decide, store the texts, write. What is refused leaves no text behind."""
        depends = self.sender.depends
        document = await depends.document(self.case, self.sender.actor)
        wish, said = self._read(document)
        digest = identity.action_digest(wish.name, json.dumps(self.value, sort_keys=True))
        text = identity.action_text_id(self.id, digest)
        foreseen = depends.cases.foresee(document, self._cause(wish, said, digest, Sealed(id=text, seal="")))
        if foreseen.kind != "applied":
            return self._answer(foreseen)
        seal = Sealed(id=text, seal="")
        if said.texts:
            seal = (await depends.texts.put([Texts(text, self.case, depends.cases.store.now(), said.texts)]))[
                text
            ]
        return self._answer((await depends.cases.change(self._cause(wish, said, digest, seal)))[0])

    def _read(self, document: Document[Case]) -> tuple[Wish, Entered]:
        """What is wanted, and what was filled in, as the policy of the case has it; raises Problem."""
        state, policies = document.state, self.sender.depends.cases.world().policies
        if state is None or state.policy_key not in policies:
            raise away(f"The policy of this case ({state and state.policy_key})")
        policy = policies[state.policy_key].content
        wish = self.wish(state, policy)
        if wish.is_done:
            return wish, Entered()
        sent = body.validate(policy.model(wish.form), self.value)
        return wish, filled(policy.form.get(wish.form or ""), sent)

    def _cause(self, wish: Wish, given: Entered, digest: str, seal: Sealed) -> Cause[Act | TaskReply]:
        said = SealedForm(values=given.values, texts=tuple(given.texts), note=seal if given.texts else None)
        return Cause(self.case, self.id, wish.message(said), digest=digest, revision=self.sender.revision)

    def _answer(self, outcome: Outcome[Case, Any]) -> JSONResponse:
        case = decided(outcome)
        if outcome.kind == "stale":
            raise _stale(case, self.sender.revision, outcome.revision)
        world = self.sender.depends.cases.world()
        answer = case_response(case, outcome.revision, self.sender.actor, world)
        return JSONResponse(answer, headers={"ETag": f'"{outcome.revision}"'})


def decided(outcome: Outcome[Case, Any]) -> Case:
    """The case after what somebody asked for was decided; raises Problem where nothing became of it."""
    case = outcome.state
    if outcome.kind == "waiting":
        raise away(f"The policy of this case ({outcome.awaits})")
    if outcome.error is not None or case is None:
        raise outcome.error or LookupError(str(outcome.cause.key))
    if outcome.refusal is not None:
        metrics.REFUSED.labels(outcome.refusal.rule).inc()
        refusal = outcome.refusal
        raise Problem(refusal.status, "A rule forbids it", refusal.detail, rule=refusal.rule)
    if outcome.kind == "reused":
        raise Problem(422, "The Idempotency-Key was used before", "It named another body.", rule="one_key")
    return case


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


def once(request: Request) -> str:
    """The key under which something is asked for, however often it is sent; raises Problem without a valid one."""
    key = request.headers.get("idempotency-key", "")
    if not KEY.fullmatch(key):
        detail = "Send a key of 1 to 128 visible ASCII characters, a new one for each action."
        raise Problem(400, "Idempotency-Key is needed", detail, rule="one_key")
    return key
