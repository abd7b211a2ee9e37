"""Policies of format 2 in format 3: what was the same for all is said by each."""

from collections.abc import Iterator, Sequence

from schemas.formats.second.names import (
    ACTIONS,
    CHANNELS,
    DEPARTMENTS,
    FLAGS,
    FORMS,
    HAND_OVER,
    HANDED_OVER,
    KINDS,
    LADDER,
    MANUFACTURER,
    ROLES,
    SHOP,
    STATES,
    SUPPORT,
    SUPPORTER,
    TASK_OF_TIER,
    Json,
)
from schemas.formats.second.templates import upgrade_template
from schemas.formats.second.whens import upgrade_wanted, upgrade_when

_SOURCE = {"source": "format 2"}
_GONE = {"ladder", "first_receiver", "first_hand_over", "hand_overs"}
_CONDITIONS = ("start", "pause", "resume", "stop", "cancel", "restart")
_ENDING = ("stop", "cancel")
_ACCOUNTABLE = {"receiver": "owner"}
_LEVEL_GONE = {"tells", "tells_suspected", "must_be_judged"}
_JUDGED_FIRST = {"zh": "尚未判断性质。", "en": "Nobody has judged its nature."}
_CONFIRMED_FIRST = {"zh": "疑似的严重程度尚待确认。", "en": "Somebody is asked to confirm how severe it is."}


def upgrade_published(published: Json) -> Json:
    """A published policy under the version it was published with."""
    return {**published, "first_format": 2, "policy": upgrade_policy(published["policy"])}


def upgrade_policy(policy: Json) -> Json:
    """The rules of a policy, with what all had in common."""
    words, ladder = policy.get("words", {}), policy["ladder"]
    return {
        **{name: value for name, value in policy.items() if name not in _GONE},
        **{name: [_named(one, words) for one in ids] for name, ids in _VOCABULARY.items()},
        "roles": list(_roles(ladder, words)),
        "severity": _severity(policy),
        "states": [{**_named(state, words), "stage": stage} for state, stage in STATES.items()],
        "forms": FORMS,
        "opening": {"owner": policy["first_receiver"]},
        "last_resort": SUPPORTER,
        "reactions": _reactions(policy),
        "actions": list(_actions(policy)),
        "tasks": [_hand_over(policy), _support(policy), *map(_task, policy.get("tasks", ()))],
        "ladders": list(_ladders(ladder)),
        "deadlines": [_deadline(spec, ladder) for spec in policy["deadlines"]],
        "notices": [one for notice in policy.get("notices", ()) for one in _notices(notice)],
        "templates": [upgrade_template(template) for template in policy.get("templates", ())],
        "words": {**({SHOP: words["dealer"]} if "dealer" in words else {}), **words},
    }


_VOCABULARY = {"kinds": KINDS, "channels": CHANNELS, "departments": DEPARTMENTS}


def _named(name: str, words: Json) -> Json:
    return {"id": name, "title": words.get(name, {"zh": name, "en": name})}


def _roles(ladder: Sequence[Json], words: Json) -> Iterator[Json]:
    """Every role; whoever stands above it on the ladder fills it where nobody else can."""
    titles = {**{rung["role"]: rung["title"] for rung in ladder}, **words}
    at = {rung["role"]: place for place, rung in enumerate(ladder)}
    for role, where in ROLES.items():
        above = [rung["role"] for rung in ladder[at.get(role, 0) + 1 :] if rung["tier"] == "dealer"]
        yield {**_named(role, titles), **_SOURCE, "at": where, "stand_ins": above if where == SHOP else []}


def _severity(policy: Json) -> Json:
    severity, levels = policy["severity"], policy["severity"]["levels"]
    return {
        **severity,
        "levels": [
            {name: value for name, value in level.items() if name not in _LEVEL_GONE} for level in levels
        ],
        "flags": [_named(flag, policy.get("words", {})) for flag in FLAGS],
        "confirmed_by": next((task["id"] for task in policy.get("tasks", ())), None),
        "tells_suspected": any(level.get("tells_suspected") for level in levels),
    }


def _levels(policy: Json, mark: str) -> list[str]:
    """The levels of which a policy says something."""
    return [level["id"] for level in policy["severity"]["levels"] if level.get(mark)]


def _reactions(policy: Json) -> Json:
    hand_over = {"task": HAND_OVER, "to": [policy["first_hand_over"]]}
    told = {"severity": _levels(policy, "tells"), "suspected": _levels(policy, "tells_suspected")}
    return {
        "opened": [{"send": hand_over}],
        "contact_added": [
            {"when": {"case": {"stage": ["closing"]}}, "to": "in_progress"},
            {"when": {"case": {"stage": ["over"]}}, "to": "registered", "send": hand_over},
        ],
        "graver": [
            {
                "when": {"case": {field: levels}, "not_waiting": [SUPPORT], "otherwise": at > 0},
                "send": {"task": SUPPORT},
            }
            for at, (field, levels) in enumerate(told.items())
            if levels
        ],
    }


def _actions(policy: Json) -> Iterator[Json]:
    """What people did; a case is resolved once all of it is judged that had to be."""
    judged, confirmed = _levels(policy, "must_be_judged"), [task["id"] for task in policy.get("tasks", ())]
    rules = []
    if judged:
        unjudged = {"case": {"severity": judged, "confirmed": [False]}}
        rules.append({"id": "resolve_after_judgement", **_SOURCE, "when": unjudged, "says": _JUDGED_FIRST})
    if confirmed:
        waiting = {"waiting": confirmed}
        rules.append(
            {"id": "resolve_after_confirmation", **_SOURCE, "when": waiting, "says": _CONFIRMED_FIRST}
        )
    for action in ACTIONS:
        refused = [*action["refused"], *rules] if "refused" in action else []
        yield {**action, **_SOURCE, "refused": refused}


def _hand_over(policy: Json) -> Json:
    reviewed = {"event": {"role": [policy["first_hand_over"]]}}
    return {
        **_task_fields(HAND_OVER, {"zh": "接手工单", "en": "take the case over"}),
        "moves_owner": True,
        "hand_overs": list(_rules(policy, SHOP)),
        **HANDED_OVER,
        "accepted": [{"when": reviewed, "to": "in_review"}, *HANDED_OVER["accepted"]],
    }


def _support(policy: Json) -> Json:
    alone = {"case": {"state": ["escalated"]}, "not_waiting": [HAND_OVER]}
    return {
        **_task_fields(SUPPORT, {"zh": "厂家支援", "en": "the manufacturer's support"}),
        "to": [SUPPORTER],
        "waits_for_acceptance": True,
        "hand_overs": list(_rules(policy, MANUFACTURER)),
        "sent": [{"when": {"event": {"via": ["escalation", "transfer"]}}, "to": "escalated"}],
        "accepted": [{"when": alone, "to": "in_progress"}],
        "refused": [{"ask": "others"}],
    }


def _task_fields(task: str, title: Json) -> Json:
    return {"id": task, "title": title, **_SOURCE, "refusal": "reason"}


def _rules(policy: Json, where: str) -> Iterator[Json]:
    """Who may hand over to those who work there."""
    for rule in policy["hand_overs"]:
        if receivers := [role for role in rule["receivers"] if ROLES[role] == where]:
            yield {**rule, "receivers": receivers}


def _task(task: Json) -> Json:
    """What is suspected is judged by whoever answers."""
    unjudged = {"case": {"state": ["registered", "in_review", "transferred"]}}
    return {
        **task,
        "answer": "judgement",
        "answered": [
            {"judge": {"level": "severity", "reason": "reason"}},
            {"when": unjudged, "to": "assessed"},
        ],
    }


def _ladders(ladder: Sequence[Json]) -> Iterator[Json]:
    if ladder:
        rungs = [{"role": rung["role"], "task": TASK_OF_TIER[rung["tier"]]} for rung in ladder]
        title = {"zh": "对应升级", "en": "handling"}
        yield {"id": LADDER, "title": title, **_SOURCE, "rungs": rungs}


def _deadline(spec: Json, ladder: Sequence[Json]) -> Json:
    per = spec.get("per")
    lapse = [{"as_suspected": True}, {"ask": "next"}] if per else []
    escalate = [{"escalate": LADDER}] if spec.get("escalates", True) and ladder else []
    conditions = {
        name: [one for when in spec[name] for one in upgrade_when(when, ending=name in _ENDING)]
        for name in _CONDITIONS
        if name in spec
    }
    return {
        **{name: value for name, value in spec.items() if name not in {"escalates", "per"}},
        **conditions,
        "applies": upgrade_wanted(spec.get("applies", {})),
        "accountable": _ACCOUNTABLE.get(spec["accountable"], spec["accountable"]),
        "per_task": per.removeprefix("task:") if per else None,
        "on_breach": [*lapse, *escalate],
    }


def _notices(notice: Json) -> Iterator[Json]:
    """A notice; of an event that is now of several kinds, one for each."""
    to = [f"task:{HAND_OVER}" if party == "receiver" else party for party in notice["to"]]
    for when in upgrade_when(notice["when"]):
        yield {**notice, "when": when, "applies": upgrade_wanted(notice.get("applies", {})), "to": to}
