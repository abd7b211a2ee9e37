"""Contacts, entries of the directory, events and histories of format 2 in format 3."""

from collections.abc import Iterator

from schemas.formats.second.names import (
    ACTED,
    HAND_OVER,
    KINDS,
    LADDER,
    MANUFACTURER,
    PARTS,
    ROLES,
    STATES,
    SUPPORT,
    SUPPORTER,
    TASK_OF_TIER,
    TASKS,
    VIA,
    WITHDRAWN,
    Json,
    answered,
    as_task,
    placed,
    queue_of,
)

UNSAID = "unsaid"
"""The channel of a case whose event did not say it."""
_GONE = {"hand_over_to", "hand_over_role", "support_to", "rung", "tasks"}


def upgrade_contact(contact: Json) -> Json:
    """A contact, whose facts now are left out where nobody asked for them."""
    return {**contact, "flags": answered(contact.get("flags"))}


def upgrade_entry(entry: Json) -> Json:
    """An entry of the directory: a franchise names a policy for each kind of case, and had one for all."""
    if entry.get("kind") != "franchise" or "policy" not in entry:
        return entry
    kept = {name: value for name, value in entry.items() if name != "policy"}
    return {**kept, "policies": dict.fromkeys(KINDS, entry["policy"])}


def upgrade_facts(facts: Json) -> Json:
    """What a text says about an event: the side was that of a role, and now is where it works."""
    return {**facts, "where": facts["tier"]} if "tier" in facts else facts


def upgrade_header(header: Json, channel: str = UNSAID) -> Json:
    """What an event says of its case; nothing is asked any more of one that is over."""
    stage = STATES[header["state"]]
    tasks = [*_open_tasks(header), *(placed(task, header) for task in header.get("tasks", ()))]
    return {
        **{name: value for name, value in header.items() if name not in _GONE},
        "channel": channel,
        "region": "",
        "stage": stage,
        "owner_where": "shop",
        "tasks": [] if stage == "over" else tasks,
    }


def _open_tasks(header: Json) -> Iterator[Json]:
    if to := header.get("hand_over_to"):
        yield as_task(HAND_OVER, to, header["hand_over_role"], header)
    if to := header.get("support_to"):
        yield as_task(SUPPORT, to, SUPPORTER, header)


def upgrade_event(event: Json) -> Json:
    """An event of a case or of one of its deadlines."""
    kind = event["type"]
    channel = event["channel"] if kind == "case.opened" else UNSAID
    present = {**event, "header": upgrade_header(event["header"], channel)}
    if kind in TASKS:
        return {**present, **_task_event(event), "type": TASKS[kind]}
    if kind in ACTED:
        return {**present, **_acted(event), "type": "case.acted"}
    if kind in {"case.opened", "case.contact_added"}:
        present["flags"] = answered(event.get("flags"))
    if kind.startswith("case.task"):
        present |= {"via": "assignment", **placed({"role": event["role"]}, event["header"])}
    if kind == "case.judged":
        present["note"] = event.get("reason")
    return {**present, **({"part": PARTS.get(event["part"], event["part"])} if "part" in event else {})}


def _acted(event: Json) -> Json:
    """What somebody did: in which role was not said, nor where the case had been, but only what is resolved was closed."""
    header = event["header"]
    previous = "resolved" if header["state"] == "closed" else header["state"]
    return {"action": ACTED[event["type"]], "role": header["owner_role"], "previous_state": previous}


def _task_event(event: Json) -> Json:
    """The fields of a task's event, from one about a hand-over or the manufacturer's support."""
    header, via = event["header"], event.get("via", "escalation")
    kind = _kind(event)
    to = event.get("to") or (header.get("support_to") if kind == SUPPORT else None) or event["by"]
    named_role = event.get("role") or (queue_of(to) or ("", ""))[1]
    role = named_role or (SUPPORTER if kind == SUPPORT else header["owner_role"])
    # Who was asked in person was so by the request of somebody who wrote a note to them.
    by_name = via == "support" and event.get("note")
    return {
        **as_task(kind, to, role, header),
        "accepted": event["type"] == "case.accepted",
        "via": "transfer" if by_name else VIA.get(via, via),
        "ladder": LADDER if via == "escalation" else None,
        "note": event.get("note") or event.get("reason"),
        "because": WITHDRAWN[event.get("again", False)],
    }


def _kind(event: Json) -> str:
    """Whether an event is about a hand-over or about support."""
    if "tier" in event:
        return TASK_OF_TIER[event["tier"]]
    return SUPPORT if ROLES.get(event.get("role", "")) == MANUFACTURER else HAND_OVER


def show_entry(entry: Json) -> Json:
    """An entry of a history in the present words, for a reader only."""
    event, facts = entry["event"], dict(entry["facts"])
    if event in ACTED:
        return {**entry, "event": "case.acted", "facts": {"action": ACTED[event], **facts}}
    if event in TASKS:
        facts = {"task": _kind_of_entry(facts), **facts}
        if event == "case.escalation_withdrawn":
            facts["because"] = WITHDRAWN[False]
    names = {"via": VIA, "part": PARTS}
    said = {
        name: names.get(name, {}).get(value, value) if isinstance(value, str) else value
        for name, value in facts.items()
    }
    return {**entry, "event": TASKS.get(event, event), "facts": said}


def _kind_of_entry(facts: Json) -> str:
    """Whether an entry is about a hand-over or about support; the role of one who was asked in person may be missing."""
    role = facts.get("role") or (queue_of(facts.get("to", "")) or ("", ""))[1]
    return SUPPORT if role == SUPPORTER or facts.get("via") in VIA else HAND_OVER
