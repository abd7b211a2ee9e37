"""What is read of case documents without loading them whole: who holds the open ones, and what is due."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.common.runtime.error_texts import describe
from services.routing.domain.open_cases import OpenCase
from services.routing.domain.responsibilities import ResponsibleFields, responsibilities_of

log = logging.getLogger(__name__)

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
        if stored.get("state") and (case := _readable(stored)):
            yield case


def _readable(stored: Mapping[str, Any]) -> OpenCase | None:
    """None for a document that cannot be read: the others are looked after all the same."""
    try:
        return _open_case(stored)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, only its id is logged
        log.warning("case cannot be read", extra={"case_id": stored["_id"], "reason": describe(error)})
        return None


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
