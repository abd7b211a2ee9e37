"""Format 2 to format 3: roles, states, actions and tasks that were the same for all, and now are policy.

A hand-over and the manufacturer's support had a mechanism each; they become tasks of the names below. What people may do
stood in no policy, so that cases of such a policy are re-based on one that says it.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

Json = dict[str, Any]

HAND_OVER, SUPPORT = "hand_over", "support"
LADDER = "handling"
KIND = "complaint"
UNSAID = "unsaid"
"""The channel of a case of which an event did not say by which it came."""
_STAGES = {
    "registered": "intake",
    "in_review": "intake",
    "transferred": "handling",
    "assessed": "handling",
    "in_progress": "handling",
    "not_reached": "handling",
    "escalated": "handling",
    "resolved": "closing",
    "closed": "over",
}
"""The states that format 2 had, and how far a case was in each."""
_ACTIONS = {
    "case.contacted": "contact",
    "case.followed_up": "follow_up",
    "case.not_reached": "attempt",
    "case.resolved": "resolve",
    "case.closed": "close",
}
"""Events of what people did, and what it was; each had an event of its own."""
_TASKS = {
    "case.handed_over": "case.task_sent",
    "case.accepted": "case.task_accepted",
    "case.returned": "case.task_refused",
    "case.escalation_withdrawn": "case.task_withdrawn",
}
_VIA = {"support": "assignment", "return": "anew"}
_PARTS = {"hand_over": "task", "support": "task"}
_TASK_OF_TIER = {"dealer": HAND_OVER, "manufacturer": SUPPORT}
_CONDITIONS = ("start", "pause", "resume", "stop", "cancel", "restart")
_FLAGS = ("injury", "accident", "casualties", "fire")
_DEPARTMENTS = ("after_sales", "sales")


def upgrade_contact(contact: Json) -> Json:
    """A contact, whose facts now are left out where nobody asked for them."""
    return {**contact, "flags": _answered(contact.get("flags"))}


def _answered(flags: Json | None) -> Json:
    return {name: said for name, said in (flags or {}).items() if said is not None}


def upgrade_entry(entry: Json) -> Json:
    """An entry of the directory: a franchise names a policy for each kind of case."""
    if entry.get("kind") != "franchise" or "policy" not in entry:
        return entry
    kept = {name: value for name, value in entry.items() if name != "policy"}
    return {**kept, "policies": {KIND: entry["policy"]}}


def upgrade_header(header: Json) -> Json:
    """What an event says of its case."""
    gone = {"hand_over_to", "hand_over_role", "support_to", "rung", "tasks"}
    kept = {name: value for name, value in header.items() if name not in gone}
    return {
        "channel": UNSAID,
        **kept,
        "region": "",
        "stage": _STAGES[header["state"]],
        "owner_where": "shop",
        "tasks": [*_asked(header), *(_placed(task, header) for task in header.get("tasks", ()))],
    }


def _asked(header: Json) -> Iterator[Json]:
    if header.get("hand_over_to"):
        yield _task(HAND_OVER, header["hand_over_to"], header["hand_over_role"], header)
    if header.get("support_to"):
        yield _task(SUPPORT, header["support_to"], header["owner_role"], header)


def _task(kind: str, to: Any, role: Any, header: Json, nth: int = 0) -> Json:
    """A hand-over or request for support as a task, under an id that follows from its case."""
    where = "shop" if kind == HAND_OVER else "manufacturer"
    return {
        "task_id": str(uuid5(NAMESPACE_URL, f"redress:{header['number']}:{kind}:{nth}")), "task": kind, "to": to, "role": role,
        "place": header[where], "where": where, "moves_owner": kind == HAND_OVER,
    }  # fmt: skip


def _placed(task: Json, header: Json) -> Json:
    return {**task, "place": header["shop"], "where": "shop"}


def upgrade_event(event: Json) -> Json:
    """An event of a case or of one of its deadlines."""
    kind, header = event["type"], upgrade_header(event["header"])
    present = {**event, "header": header}
    if kind in _TASKS:
        return {**present, **_task_event(event, header), "type": _TASKS[kind]}
    if kind in _ACTIONS:
        owner = {"action": _ACTIONS[kind], "role": header["owner_role"], "previous_state": header["state"]}
        return {**present, **owner, "type": "case.acted"}
    if kind in {"case.opened", "case.contact_added"}:
        present["flags"] = _answered(event.get("flags"))
    if "task_id" in event and kind.startswith("case.task"):
        present |= {"via": "assignment", **_placed({}, event["header"])}
    if "reason" in event and kind == "case.judged":
        present["note"] = event["reason"]
    return {**present, **({"part": _PARTS.get(event["part"], event["part"])} if "part" in event else {})}


def _task_event(event: Json, header: Json) -> Json:
    """The fields of a task's event, from one about a hand-over or the manufacturer's support."""
    tier = event.get("tier") or (
        "manufacturer" if event["by"] == event["header"].get("support_to") else "dealer"
    )
    kind, via = _TASK_OF_TIER[tier], event.get("via", "escalation")
    to, role = event.get("to", event["by"]), event.get("role", header["owner_role"])
    return {
        **_task(kind, to, role, event["header"]),
        "via": _VIA.get(via, via),
        "ladder": LADDER if via == "escalation" else None,
        "note": event.get("note") or event.get("reason"),
        "because": "not_late",
    }


def show_entry(entry: Json) -> Json:
    """An entry of a history in the present words, for a reader only."""
    facts = entry["facts"]
    names = {"via": _VIA, "part": _PARTS}
    said = {
        name: names.get(name, {}).get(value, value) if isinstance(value, str) else value
        for name, value in facts.items()
    }
    event = entry["event"]
    if event in _ACTIONS:
        return {**entry, "event": "case.acted", "facts": {"action": _ACTIONS[event], **said}}
    return {**entry, "event": _TASKS.get(event, event), "facts": said}


def upgrade_case(case: Json) -> Json:
    """A case as routing keeps it."""
    header = {name: case[name] for name in ("number", "shop", "manufacturer")}
    gone = {"hand_over", "support", "rung", "escalated_at", "escalated_for", "contacted_at", "followed_up_at", "attempts",
            "resolved_at", "closed_at", "tasks"}  # fmt: skip
    kept = {name: value for name, value in case.items() if name not in gone}
    hand_overs, supports = list(_chain(case.get("hand_over"))), list(_chain(case.get("support")))
    tasks = [
        *(_kept_task(case, HAND_OVER, part, nth, header) for nth, part in enumerate(hand_overs)),
        *(_kept_task(case, SUPPORT, part, nth, header) for nth, part in enumerate(supports)),
        *({**_placed(task, header), "sent_at": task["at"], "via": "assignment", "giver": case["owner"]}
          for task in case.get("tasks", ())),
    ]  # fmt: skip
    return {
        **kept,
        "region": "",
        "stage": _STAGES[case["state"]],
        "owner_where": "shop",
        "owner_place": case["shop"],
        "flags": _answered(case.get("flags")),
        "tasks": tasks,
        "asked": list(dict.fromkeys(task["place"] for task in tasks)),
        "rungs": {LADDER: case.get("rung", 0)},
        "passes": {LADDER: case["escalated_at"]} if case.get("escalated_at") else {},
        "contacts": [{**one, "flags": _answered(one.get("flags"))} for one in case["contacts"]],
        "done": dict(_done(case)),
        "ended_at": case.get("closed_at"),
    }


def _chain(part: Json | None) -> Iterable[Json]:
    """Those that stood before one another, the oldest first."""
    return [] if part is None else [*_chain(part.get("previous")), part]


def _kept_task(case: Json, kind: str, part: Json, nth: int, header: Json) -> Json:
    via, breach = part["via"], part.get("breach")
    # A state or rung that was kept counts from the one who asked; what stood beneath had moved the case before.
    moved = [part["before"], case["state"]] if part["before"] != case["state"] else None
    return {
        **_task(kind, part["to"], part.get("role", case["owner_role"]), header, nth),
        "sent_at": part["at"],
        "via": _VIA.get(via, via),
        "giver": part.get("giver", case["owner"]),
        "post": part.get("post", ""),
        "accepted": part.get("accepted_at") is not None,
        "moved": moved,
        "ladder": LADDER if via == "escalation" else None,
        "rungs_before": {LADDER: part["rung_before"]},
        "breaches": [breach, *(one for one in case.get("escalated_for", ()) if one != breach)]
        if breach
        else [],
        "declined": part.get("declined", []),
    }


def _done(case: Json) -> Iterator[tuple[str, Json]]:
    """What people had done, as far as the case said it; who it was stands in the history."""
    for field, action in (
        ("contacted_at", "contact"),
        ("followed_up_at", "follow_up"),
        ("resolved_at", "resolve"),
    ):
        if case.get(field):
            yield action, {"times": 1, "at": case[field], "by": []}
    if case.get("attempts"):
        yield "attempt", {"times": case["attempts"], "at": case["updated_at"], "by": []}


def upgrade_published(published: Json) -> Json:
    """A published policy under the version it was published with."""
    return {**published, "first_format": 2, "policy": upgrade_policy(published["policy"])}


def upgrade_policy(policy: Json) -> Json:
    """The rules of a policy. Its roles are those that it names; what people do by them stood elsewhere."""
    words, ladder = policy.get("words", {}), policy["ladder"]
    gone = {"ladder", "first_receiver", "first_hand_over", "hand_overs"}
    kept = {name: value for name, value in policy.items() if name not in gone}
    makers = {rung["role"] for rung in ladder if rung["tier"] == "manufacturer"}
    roles = list(dict.fromkeys(_roles(policy)))
    reader = next(iter(sorted(makers)), roles[-1])
    tells = [level["id"] for level in policy["severity"]["levels"] if level.get("tells")]
    return {
        **kept,
        "kinds": [_named(KIND, words)],
        "channels": [_named(one, words) for one in dict.fromkeys(_channels(policy))],
        "departments": [_named(one, words) for one in _DEPARTMENTS],
        "roles": [
            {
                **_named(role, words),
                "at": "manufacturer" if role in makers or role == reader else "shop",
                "source": "format 2",
            }
            for role in roles
        ],
        "severity": _severity(policy),
        "states": [{**_named(state, words), "stage": stage} for state, stage in _STAGES.items()],
        "opening": {"owner": policy["first_receiver"]},
        "last_resort": reader,
        "reactions": _reactions(policy, tells),
        "actions": [
            {**_named(one, words), "by": ["owner"], "source": "format 2"} for one in _ACTIONS.values()
        ],
        "tasks": [
            *_tasks(policy, reader, words),
            *({**task, "answer": None} for task in policy.get("tasks", ())),
        ],
        "ladders": [_ladder(policy, words)],
        "deadlines": [_deadline(spec) for spec in policy["deadlines"]],
        "notices": [_notice(notice) for notice in policy.get("notices", ())],
    }


def _named(name: str, words: Json) -> Json:
    return {"id": name, "title": words.get(name, {"zh": name, "en": name})}


def _channels(policy: Json) -> Iterator[str]:
    """Every channel that a policy names; others it takes as they come."""
    return (channel for one in policy["severity"]["criteria"] for channel in one.get("channels", ()))


def _roles(policy: Json) -> Iterator[str]:
    """Every role that a policy names."""
    yield policy["first_receiver"]
    yield policy["first_hand_over"]
    yield from (rung["role"] for rung in policy["ladder"])
    for rule in policy["hand_overs"]:
        yield from (rule["giver"], *rule["receivers"])
    yield from (role for task in policy.get("tasks", ()) for role in task["to"])
    parties = {"owner", "receiver", "accountable", "giver", "subject", "manufacturer", "asked"}
    yield from (spec["accountable"] for spec in policy["deadlines"] if spec["accountable"] not in parties)
    yield from (to for notice in policy.get("notices", ()) for to in notice["to"] if to not in parties)


def _severity(policy: Json) -> Json:
    severity = policy["severity"]
    gone = {"tells", "tells_suspected", "must_be_judged"}
    levels = [
        {name: value for name, value in level.items() if name not in gone} for level in severity["levels"]
    ]
    asks = next((task["id"] for task in policy.get("tasks", ())), None)
    flags = [{"id": flag, "title": {"zh": flag, "en": flag}} for flag in _FLAGS]
    return {**severity, "levels": levels, "flags": flags, "confirmed_by": asks}


def _reactions(policy: Json, tells: list[str]) -> Json:
    hand_over = {"task": HAND_OVER, "to": [policy["first_hand_over"]]}
    graver = {"when": {"case": {"severity": tells}, "not_waiting": [SUPPORT]}, "send": {"task": SUPPORT}}
    return {
        "opened": [{"send": hand_over}],
        "contact_added": [
            {"when": {"case": {"stage": ["closing"]}}, "to": "in_progress"},
            {"when": {"case": {"stage": ["over"]}}, "to": "registered", "send": hand_over},
        ],
        "graver": [graver] if tells else [],
    }


def _tasks(policy: Json, reader: str, words: Json) -> Iterator[Json]:
    yield {
        **_named(HAND_OVER, words), "source": "format 2", "moves_owner": True, "hand_overs": policy["hand_overs"],
        "sent": [{"when": {"event": {"via": ["escalation"]}}, "to": "escalated"}],
        "accepted": [{"to": "in_progress"}],
    }  # fmt: skip
    yield {**_named(SUPPORT, words), "source": "format 2", "waits_for_acceptance": True, "to": [reader]}


def _ladder(policy: Json, words: Json) -> Json:
    rungs = [{"role": rung["role"], "task": _TASK_OF_TIER[rung["tier"]]} for rung in policy["ladder"]]
    return {**_named(LADDER, words), "source": "format 2", "rungs": rungs}


def _deadline(spec: Json) -> Json:
    gone = {"escalates", "per"}
    kept = {name: value for name, value in spec.items() if name not in gone}
    per = spec.get("per")
    accountable = "owner" if spec["accountable"] == "receiver" else spec["accountable"]
    conditions = {name: [_when(when) for when in spec[name]] for name in _CONDITIONS if name in spec}
    breach = [{"escalate": LADDER}] if spec.get("escalates", True) else []
    per_task = per.removeprefix("task:") if per else None
    return {**kept, **conditions, "accountable": accountable, "per_task": per_task, "on_breach": breach}


def _notice(notice: Json) -> Json:
    to = [f"task:{HAND_OVER}" if party == "receiver" else party for party in notice["to"]]
    return {**notice, "when": _when(notice["when"]), "to": to}


def _when(when: Json) -> Json:
    """A condition on an event that had a type of its own, on one of the present types."""
    kind, where = when["type"], dict(when.get("where", {}))
    where.pop("again", None)
    tiers = where.pop("tier", None)
    if "via" in where:
        where["via"] = list(dict.fromkeys(_VIA.get(one, one) for one in where["via"]))
    if kind in _ACTIONS:
        return {"type": "case.acted", "where": {"action": [_ACTIONS[kind]]}}
    if kind not in _TASKS:
        return {**when, "where": where}
    tasks = [_TASK_OF_TIER[one] for one in tiers or _TASK_OF_TIER]
    late = {"because": ["not_late"]} if kind == "case.escalation_withdrawn" else {}
    return {"type": _TASKS[kind], "where": {"task": tasks, **late, **where}}
