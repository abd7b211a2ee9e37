"""`POST /v1/severity`: how severe a text would be judged. Nothing of it is stored or logged."""

import asyncio
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from schemas.base import Bilingual, Identifier, Key, Strict
from schemas.faults import must_be_among
from schemas.severity import Doubt, Judgement, SeverityPolicy, Signal, Statement
from schemas.values import Flags
from schemas.vocabulary import Channel, Level
from services.common.web import body, openapi
from services.common.web.problems import Fault, away, invalid
from services.routing.api.dependencies import Actor, Dependencies, Needed, Patience, soon
from services.routing.domain.location import locate
from services.routing.domain.policies import CompiledPolicy
from services.routing.domain.severity.detection import Reader
from services.routing.domain.severity.judge import judge
from services.routing.domain.world import World

router = APIRouter(prefix="/v1/severity", tags=["severity"])

LONGEST_TEXT = 22_000
# Each character may be written as two escapes of six bytes.
LARGEST_BODY = LONGEST_TEXT * 12 + 8 * 1024
BODY_SECONDS = 10.0


class SeverityRequest(Strict):
    """What a customer said, and what the operator marked; by which policy it is to be judged."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    channel: Channel | None = None
    flags: Flags = {}
    ticks: Annotated[tuple[Identifier, ...], Field(max_length=20)] = ()
    policy: Identifier | None = Field(
        None, description="Where it is left out, that of shop and brand, else the default policy."
    )
    shop: Key = ""
    brand: Key = ""
    kind: Key = ""

    def statement(self) -> Statement:
        raised = frozenset(flag for flag, is_so in self.flags.items() if is_so)
        return Statement(text=self.text, channel=self.channel, flags=raised, ticks=frozenset(self.ticks))


class CriterionMet(BaseModel):
    """A line of the severity table that is met."""

    id: str
    level: Level
    title: Bilingual


class SeverityResponse(BaseModel):
    """How severe it is by which version of which policy; `certain` where nobody has to confirm it.

    `level` is the likeliest, `confirmed` what is certain of it, `suspected` what is graver than that. Signals tell where
    in the text they stand: characters [start, end).
    """

    policy: str
    policy_version: str
    level: Level
    certain: bool
    confirmed: Level
    suspected: Level | None
    criteria: list[CriterionMet]
    suspicions: list[CriterionMet]
    doubts: list[Doubt]
    signals: list[Signal]
    failed: list[str] = Field(description="Detectors that broke: the level is one higher.")


JUDGED: openapi.Responses = {
    200: openapi.response("How severe it would be judged.", SeverityResponse),
    **openapi.refused(401, 403, 408, 413, 415, 422, 503),
}


@router.post("", name="severity", responses=JUDGED, openapi_extra=openapi.request(SeverityRequest))
async def severity(request: Request, actor: Actor, depends: Needed, seconds: Patience) -> JSONResponse:  # noqa: ARG001 - signed in
    """How severe a text would be judged; nothing of it is kept."""
    sent = await body.read(request, LARGEST_BODY, BODY_SECONDS)
    wanted = body.validate(SeverityRequest, body.parse(request, sent))
    policy = _choose_policy(wanted, depends.cases.world())
    table = policy.content.severity
    unknown = (_unknown_channel(wanted, policy), _unknown_ticks(wanted, table), _unknown_flags(wanted, table))
    if faults := list(chain.from_iterable(unknown)):
        raise invalid(faults)
    judgement = await soon(seconds, _judge(wanted.statement(), table, depends))
    return JSONResponse(_response(judgement, policy).model_dump(mode="json"))


def _choose_policy(wanted: SeverityRequest, world: World) -> CompiledPolicy:
    """The policy that is named, or by which a contact would open a case; raises a 422 problem where there is none."""
    name = wanted.policy or ""
    if not name and (wanted.shop or wanted.brand):
        location = locate(world.directory, wanted.shop, wanted.brand, wanted.kind)
        if location.missing:
            raise invalid([_unknown_place(wanted.shop, world)])
        name = location.policy
    if wait := world.policies.wait_for_current(name):
        raise away(f"The policy ({wait.named})")
    policy, missing = world.policies.choose(name)
    if missing and wanted.policy:
        raise invalid([Fault(field="policy", problem="should be the id of a published policy")])
    return policy


def _unknown_place(shop: str, world: World) -> Fault:
    if shop not in world.directory.shops:
        return Fault(field="shop", problem="should be a shop of the directory")
    return Fault(field="brand", problem="should be a brand for which the shop has a franchise")


def _unknown_channel(wanted: SeverityRequest, policy: CompiledPolicy) -> list[Fault]:
    names = [channel.id for channel in policy.content.channels]
    is_known = wanted.channel is None or wanted.channel in names
    return [] if is_known else [Fault(field="channel", problem=must_be_among(names))]


def _unknown_ticks(wanted: SeverityRequest, table: SeverityPolicy) -> list[Fault]:
    names = [criterion.id for criterion in table.criteria]
    return [
        Fault(field=f"ticks.{at}", problem=must_be_among(names))
        for at, tick in enumerate(wanted.ticks)
        if tick not in names
    ]


def _unknown_flags(wanted: SeverityRequest, table: SeverityPolicy) -> list[Fault]:
    names = [flag.id for flag in table.flags]
    return [
        Fault(field=f"flags.{one}", problem=must_be_among(names)) for one in wanted.flags if one not in names
    ]


async def _judge(statement: Statement, table: SeverityPolicy, depends: Dependencies) -> Judgement:
    async with depends.judging:
        return await asyncio.to_thread(_judge_now, statement, table, depends.reader)


def _judge_now(statement: Statement, table: SeverityPolicy, reader: Reader) -> Judgement:
    (detection,) = reader.detect([statement.text])
    return judge(statement, detection, table)


def _response(judgement: Judgement, policy: CompiledPolicy) -> SeverityResponse:
    table = policy.content.severity
    fields = judgement.model_dump(exclude={"criteria", "suspicions", "deciding"})
    return SeverityResponse(
        **fields,
        policy=policy.content.id,
        policy_version=policy.version,
        certain=judgement.certain,
        criteria=_describe(judgement.criteria, table),
        suspicions=_describe(judgement.suspicions, table),
    )


def _describe(names: tuple[str, ...], table: SeverityPolicy) -> list[CriterionMet]:
    found = [table.criterion(name) for name in names]
    return [CriterionMet(id=one.id, level=one.level, title=one.title) for one in found if one]
