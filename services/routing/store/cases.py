"""Cases in the store: changed by the one write path, and read without loading them whole."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from schemas.base import policy_key
from services.common.store.codec import readable
from services.common.store.decision import Cause, Change, Decide, Decision, Outcome
from services.common.store.document import Document
from services.common.store.write_path import Store
from services.routing.domain.case import Case
from services.routing.domain.decide import decide
from services.routing.domain.open_cases import OpenCase, OpenCases
from services.routing.domain.responsibilities import ResponsibleFields, responsibilities_of
from services.routing.domain.world import World

FIELDS = (
    "revision", "state.owner", "state.owner_role", "state.owner_place", "state.owner_post", "state.tasks",
    "state.department", "state.unstaffed", "state.updated_at", "state.deadlines", "state.policy", "state.policy_version",
)  # fmt: skip


class CaseDocuments(Protocol):
    """Documents read without their history."""

    def find(self, query: Mapping[str, Any], fields: Sequence[str]) -> AsyncIterator[dict[str, Any]]: ...


async def read_open_cases(documents: CaseDocuments) -> AsyncIterator[OpenCase]:
    """Every case that is not over, by one projected read."""
    async for stored in documents.find({"state.stage": {"$ne": "over"}}, FIELDS):
        if stored.get("state") and (case := readable(stored["_id"], partial(_open_case, stored))):
            yield case


def _open_case(stored: Mapping[str, Any]) -> OpenCase:
    state = stored["state"]
    deadlines = (state.get("deadlines") or {}).values()
    running = (deadline["due_at"] for deadline in deadlines if deadline["status"] == "running")
    return OpenCase(
        UUID(stored["_id"]),
        stored["revision"],
        datetime.fromisoformat(state["updated_at"]),
        responsibilities_of(ResponsibleFields.model_validate(state)),
        tuple(datetime.fromisoformat(due) for due in running),
        policy_key(state["policy"], state["policy_version"]),
    )


@dataclass(slots=True)
class Cases:
    """Changes cases: decides with what is loaded now, writes, and only then remembers who holds what."""

    store: Store[Case]
    world: Callable[[], World]
    open_cases: OpenCases

    async def change(self, cause: Cause[Any]) -> list[Outcome[Case, Any]]:
        return self._written(await self.store.change(cause, self._decide()))

    async def change_many(self, causes: Sequence[Cause[Any]]) -> list[Outcome[Case, Any]]:
        return self._written(await self.store.change_many(causes, self._decide()))

    async def change_apart(self, causes: Sequence[Cause[Any]]) -> list[Outcome[Case, Any]]:
        return self._written(await self.store.change_isolated(causes, self._decide()))

    def foresee(self, document: Document[Case], cause: Cause[Any]) -> Outcome[Case, Any]:
        """What a cause would lead to if it were written now."""
        return document.take(cause, self._decide(), self.store.now())

    def _decide(self) -> Decide[Case, Any]:
        """Decides about the causes of one write, each knowing whom the ones before it gave a case to."""
        workload = self.open_cases.tentative()

        def decide_next(case: Case | None, cause: Cause[Any]) -> Decision[Case]:
            decision = decide(case, cause, replace(self.world(), workload=workload))
            if isinstance(decision, Change):
                self.open_cases.place(decision.state, workload)
            return decision

        return decide_next

    def _written(self, outcomes: list[Outcome[Case, Any]]) -> list[Outcome[Case, Any]]:
        for outcome in outcomes:
            if outcome.state is not None and outcome.kind != "failed":
                self.open_cases.put(OpenCase.of(outcome.state))
        return outcomes
