"""A case as people see it in JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.base import stamp
from schemas.directory import Person
from services.routing.domain.actions.permission import allowed
from services.routing.domain.case import NEVER, Case
from services.routing.domain.world import World

ROW = (
    "id", "number", "kind", "channel", "shop", "franchise", "group", "manufacturer", "department", "state",
    "severity", "criteria", "confirmed", "triage", "owner", "owner_role", "hand_over", "support", "rung", "breach_count",
    "next_due", "received_at", "opened_at", "updated_at",
)  # fmt: skip


def case(state: Case, revision: int, person: Person, world: World) -> dict[str, Any]:
    """Everything but words, with what the reader's part in it lets him do."""
    shown = state.model_dump(mode="json", exclude={"revisions"})
    return _due({"revision": revision, **shown, "actions": allowed(state, person.id, world)})


def row(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A line of the list, from the stored form."""
    state = stored["state"]
    shown = {name: state.get(name) for name in ROW}
    return _due({"revision": stored["revision"], **shown, "overdue": state["next_due"] <= stamp(now)})


def _due(shown: dict[str, Any]) -> dict[str, Any]:
    return shown if shown["next_due"] != stamp(NEVER) else {**shown, "next_due": None}
