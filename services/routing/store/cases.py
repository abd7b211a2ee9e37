"""What is read of case documents without loading them whole: who holds the open ones, and what is due."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from services.common.store.codec import readable
from services.routing.domain.open_cases import OpenCase
from services.routing.domain.responsibilities import ResponsibleFields, responsibilities_of

FIELDS = (
    "revision", "state.shop", "state.manufacturer", "state.owner", "state.owner_role", "state.owner_post",
    "state.hand_over.to", "state.hand_over.role", "state.hand_over.post", "state.support.to", "state.support.post",
    "state.department", "state.unstaffed", "state.updated_at", "state.deadlines",
)  # fmt: skip


class CaseDocuments(Protocol):
    """Documents read without their history."""

    def find(self, query: Mapping[str, Any], fields: Sequence[str]) -> AsyncIterator[dict[str, Any]]: ...


async def read_open_cases(documents: CaseDocuments) -> AsyncIterator[OpenCase]:
    """Every case that is not closed, by one projected read."""
    async for stored in documents.find({"state.state": {"$ne": "closed"}}, FIELDS):
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
    )
