"""Conditions of format 2 on events that had a type of their own, and now are of a task or an action."""

from collections.abc import Collection, Iterator

from schemas.formats.second.names import (
    ACTED,
    HAND_OVER,
    PARTS,
    SUPPORT,
    TASK_OF_TIER,
    TASKS,
    WITHDRAWN,
    Json,
)

_VIA = {
    HAND_OVER: {"assignment": ["assignment"], "transfer": ["transfer"], "escalation": ["escalation"]},
    SUPPORT: {"support": ["assignment", "transfer"], "escalation": ["escalation"], "return": ["anew"]},
}
"""How somebody came to be asked, in the words of before; what is not here could not be."""
_ENDS = {"case.resolved": "resolved", "case.closed": "closed"}
_GONE = {"rung", "tier", "again", "hand_over_to", "hand_over_role", "support_to"}
"""Fields that no event and no header has any more; what was asked of them is asked no longer."""


def upgrade_wanted(wanted: Json) -> Json:
    """Fields of an event or header with the values they may have."""
    return {
        path: _values(path, values) for path, values in wanted.items() if path.rsplit(".", 1)[-1] not in _GONE
    }


def _values(path: str, values: list[str]) -> list[str]:
    return list(dict.fromkeys(PARTS.get(one, one) for one in values)) if path == "part" else values


def upgrade_when(when: Json, *, ending: bool = False) -> list[Json]:
    """The conditions of which one has to hold where this one had to.

    One that is `ending` a deadline also holds where a case is described that has come so far.
    """
    kind, where = when["type"], when.get("where", {})
    kept = upgrade_wanted(where)
    if kind in ACTED:
        by_state = ending and kind in _ENDS and "header.state" not in kept
        named = {"header.state": [_ENDS[kind]]} if by_state else {"action": [ACTED[kind]]}
        return [{"type": "case.acted", "where": {**named, **kept}}]
    if kind not in TASKS:
        return [{**when, "where": kept}]
    tiers = where.get("tier", list(TASK_OF_TIER))
    tasks = [TASK_OF_TIER[one] for one in tiers]
    if kind == "case.escalation_withdrawn":
        because = [WITHDRAWN[one] for one in where.get("again", list(WITHDRAWN))]
        return [{"type": TASKS[kind], "where": {"task": tasks, "because": because, **kept}}]
    if kind == "case.handed_over" and "via" in kept:
        asked = _ways(tasks, kept.pop("via"))
        return [{"type": TASKS[kind], "where": {**one, **kept}} for one in asked]
    return [{"type": TASKS[kind], "where": {"task": tasks, **kept}}]


def _ways(tasks: Collection[str], via: Collection[str]) -> Iterator[Json]:
    """Which tasks are asked how; those that come about in the same ways are asked for together."""
    ways: dict[tuple[str, ...], list[str]] = {}
    for task in tasks:
        if found := tuple(one for way in via for one in _VIA[task].get(way, ())):
            ways.setdefault(tuple(dict.fromkeys(found)), []).append(task)
    yield from ({"task": named, "via": list(found)} for found, named in ways.items())
    if not ways:
        # It could never hold, and no rule of such a policy asks anything.
        yield {"task": [HAND_OVER], "via": ["rule"]}
