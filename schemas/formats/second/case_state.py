"""Cases of format 2 in format 3: the chains of hand-overs and of the manufacturer's support are tasks."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from schemas.formats.second.names import (
    HAND_OVER,
    LADDER,
    STATES,
    SUPPORT,
    SUPPORTER,
    VIA,
    Json,
    answered,
    as_task,
    placed,
)

_GONE = {
    "hand_over", "support", "rung", "escalated_at", "escalated_for", "contacted_at", "followed_up_at", "attempts",
    "resolved_at", "closed_at", "tasks",
}  # fmt: skip


class _Part(NamedTuple):
    """A hand-over or support that waits or is accepted."""

    kind: str
    said: Json

    @property
    def is_escalation(self) -> bool:
        return self.said["via"] == "escalation" or "asked_again" in self.said

    @property
    def is_accepted(self) -> bool:
        return self.said.get("accepted_at") is not None

    def has_moved(self, after: str) -> bool:
        """Whether asking has let the case go to the state that it was in `after`; accepted, it goes back no more."""
        by_name = self.said["via"] == "transfer" and self.said["before"] != after
        return (self.is_escalation or by_name) and not self.is_accepted


def upgrade_case(case: Json) -> Json:
    """A case as routing keeps it."""
    stage = STATES[case["state"]]
    tasks = sorted(
        (*_handed(case), *(_confirm(task, case) for task in case.get("tasks", ()))),
        key=lambda task: str(task["sent_at"]),
    )
    escalated = case.get("escalated_at") if case.get("escalated_for") else None
    return {
        **{name: value for name, value in case.items() if name not in _GONE},
        "region": "",
        "stage": stage,
        "owner_where": "shop",
        "owner_place": case["shop"],
        "flags": answered(case.get("flags")),
        "tasks": [] if stage == "over" else tasks,
        "asked": list(dict.fromkeys(task["place"] for task in tasks)),
        "rungs": {LADDER: case.get("rung", 0)},
        "passes": {LADDER: escalated} if escalated else {},
        "contacts": [{**one, "flags": answered(one.get("flags"))} for one in case["contacts"]],
        "done": dict(_done(case)),
        "ended_at": case.get("closed_at"),
        "revisions": [_revision(one) for one in case.get("revisions", ())],
    }


def _confirm(task: Json, case: Json) -> Json:
    said = {
        "sent_at": task["at"],
        "via": "assignment",
        "giver": case["owner"],
        "tells": bool(task.get("tells")),
    }
    return {**placed(task, case), **said}


def _revision(revision: Json) -> Json:
    fields = ("tasks" if name in {"hand_over", "support"} else name for name in revision["fields"])
    return {**revision, "fields": list(dict.fromkeys(fields))}


def _handed(case: Json) -> Iterator[Json]:
    """Every hand-over and support as a task, the oldest first."""
    parts = sorted(
        (*_hand_overs(case.get("hand_over")), *_supports(case.get("support"))),
        key=lambda part: str(part.said["at"]),
    )
    left = Counter((part.kind, part.said["to"]) for part in parts)
    start: str | None = None
    for at, part in enumerate(parts):
        same = part.kind, part.said["to"]
        left[same] -= 1
        after = parts[at + 1].said["before"] if at + 1 < len(parts) else case["state"]
        if moves := part.has_moved(after):
            start = start or part.said["before"]
        yield {
            **_task(case, part, left[same]),
            **_escalated_from(part),
            "moved": [start, after] if moves else None,
        }


def _hand_overs(part: Json | None) -> Iterator[_Part]:
    """A hand-over and those that it stood before: all of them wait now."""
    if part is not None:
        yield from _hand_overs(part.get("previous"))
        yield _Part(HAND_OVER, part)


def _supports(part: Json | None) -> Iterator[_Part]:
    """The support, and what it was before it escalated; asked anew or by name, it had taken the place of that.

    Where the same was asked once more, and had not accepted before, that is one task.
    """
    if part is None:
        return
    before = part.get("previous") if part["via"] == "escalation" else None
    if before is not None and before["to"] == part["to"] and before.get("accepted_at") is None:
        yield _Part(SUPPORT, {**part, "via": before["via"], "asked_again": True})
        return
    if before is not None:
        yield _Part(SUPPORT, before)
    yield _Part(SUPPORT, part)


def _task(case: Json, part: _Part, nth: int) -> Json:
    said, via = part.said, part.said["via"]
    return {
        **as_task(part.kind, said["to"], said.get("role", SUPPORTER), case, nth),
        "sent_at": said["at"],
        "via": VIA.get(via, via),
        "giver": said.get("giver", case["owner"]),
        "post": said.get("post", ""),
        "accepted": part.is_accepted,
        "ladder": LADDER if part.is_escalation else None,
        "breaches": _breaches(case, said.get("breach")),
        "deadline": _deadline(case, said.get("breach")),
        "declined": said.get("declined", []),
    }


def _breaches(case: Json, own: str | None) -> list[str]:
    """The breach that it answers, with those of the same pass."""
    last = case.get("escalated_for", ())
    return [own, *(one for one in last if one != own and own in last)] if own else []


def _deadline(case: Json, breach: str | None) -> str | None:
    """The deadline that passed in a breach, as long as the case remembers it."""
    named = (one["deadline"] for one in case.get("breaches", ()) if one["id"] == breach)
    return next(named, None)


def _escalated_from(part: _Part) -> Json:
    """Where the case was on the ladder before somebody was asked; what support is accepted moves nothing back."""
    before = part.said["rung_before"]
    has_climbed = part.is_escalation if part.kind == SUPPORT else part.said.get("rung") != before
    return {"rungs_before": {LADDER: before} if has_climbed and not part.is_accepted else {}}


def _done(case: Json) -> Iterator[tuple[str, Json]]:
    """What people had done, as far as the case said it; who it was stands in the history."""
    for field, action in (
        ("contacted_at", "contact"),
        ("followed_up_at", "follow_up"),
        ("resolved_at", "resolve"),
        ("closed_at", "close"),
    ):
        if case.get(field):
            yield action, {"times": 1, "at": case[field], "by": []}
    if case.get("attempts"):
        yield "attempt", {"times": case["attempts"], "at": case["updated_at"], "by": []}
