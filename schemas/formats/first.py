"""Format 1 to format 2: other names, and levels and detectors that were the same for all."""

import re
from collections.abc import Collection, Mapping
from typing import Any

Json = dict[str, Any]

LEVELS = ("general", "major_preliminary", "major")
"""The levels that format 1 knew by name, lowest first."""

SIGNALS = {
    "G2": ["poor_handling"],
    "G3": ["ordinary_fault"],
    "P1": ["official_ties"],
    "P2": ["extreme_act"],
    "P3": ["lawsuit_announced"],
    "P4": ["exposure_announced"],
    "P5": ["refuses_inspection"],
    "P6": ["wants_investigation"],
    "P7": ["wants_replacement"],
    "P8": ["complained_to_maker"],
    "P9": ["wants_written_reply"],
    "P10": ["injury"],
    "P11": ["local_authority"],
    "M1": ["fire"],
    "M2": ["unintended_acceleration"],
    "M3": ["airbag_not_deployed"],
    "M4": ["control_lost"],
    "M5": ["lawsuit_filed"],
    "M6": ["national_authority"],
}
"""The signals that now meet the criteria of format 1, whose policies held detectors of their own."""

HEADER = {
    "profile": "policy",
    "profile_version": "policy_version",
    "offered_to": "hand_over_to",
    "offered_role": "hand_over_role",
}
_EVENT = {"clock": "deadline", "findings": "signals"}
DEADLINE = {"course": "phase", "known": "since"}
"""What sla kept of a deadline, and what that is called now."""
_TYPES = {
    "case.climb_withdrawn": "case.escalation_withdrawn",
    "deadline.climb_due": "deadline.escalation_due",
}
_DELIVERY_TYPES = {"delivery.settled": "delivery.reported"}
VIA = {"climb": "escalation"}
_HOLDERS = ("owner", "hand_over_to", "support_to")
ACTORS = {"clocks": "deadlines"}
_STEPS = {"desk": "queue"}
_PARTS = {"offered": "hand_over"}
_RECEIVER = {"offered": "receiver"}
_CONDITIONS = ("start", "pause", "resume", "stop", "cancel", "restart")
_IN_TEXTS = {"clock": "deadline", "offered": "receiver"}
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NAMES = re.compile(r"\b(clock|offered)\b")


def upgrade_event(event: Json) -> Json:
    """An event of a case or of one of its deadlines in format 2."""
    present = renamed(event, _EVENT)
    if "header" in present:
        present["header"] = upgrade_header(present["header"])
    return with_queues(with_values(present, type=_TYPES, via=VIA, part=_PARTS, by=ACTORS), "to")


def show_entry(entry: Json) -> Json:
    """An entry of a history in the present words, for a reader only: what is stored stays, and alone verifies."""
    facts = with_values(renamed(entry["facts"], _EVENT), via=VIA, part=_PARTS, step=_STEPS)
    shown = with_values(entry, event=_TYPES, actor=ACTORS)
    return {**shown, "facts": with_queues(facts, "owner", "to", "predecessor")}


def upgrade_delivery(event: Json) -> Json:
    """What became of a message, in format 2."""
    return with_queues(with_values(event, type=_DELIVERY_TYPES), "person")


def upgrade_outreach(message: Json) -> Json:
    """A message to a customer in format 2."""
    return renamed(message, HEADER)


def upgrade_entry(entry: Json) -> Json:
    """An entry of the directory in format 2."""
    return renamed(entry, {"programme": "policy"})


def upgrade_published(published: Json) -> Json:
    """A published policy in format 2, under the version it was published with."""
    present = renamed(published, {"profile": "policy"})
    return {**present, "policy": upgrade_policy(present["policy"])}


def upgrade_policy(policy: Json) -> Json:
    """The rules of a policy in format 2."""
    present = renamed(policy, {"clocks": "deadlines"})
    reported = present.pop("escalate_to_manufacturer", ())
    return {
        **present,
        "severity": _upgrade_severity(present["severity"], present["words"], reported),
        "deadlines": [_upgrade_spec(spec) for spec in present["deadlines"]],
        "notices": [_upgrade_notice(notice) for notice in present["notices"]],
        "templates": [_upgrade_template(template) for template in present["templates"]],
    }


def upgrade_facts(facts: Json) -> Json:
    """What a text says about an event, under the names that texts use now."""
    return renamed(facts, _IN_TEXTS)


def upgrade_header(header: Json) -> Json:
    """What an event says of its case, in format 2."""
    return with_queues(renamed(header, HEADER), *_HOLDERS)


def renamed(value: Json, names: Mapping[str, str]) -> Json:
    """The same value with keys under their present names."""
    return {names.get(name, name): kept for name, kept in value.items()}


def with_values(value: Json, **present: Mapping[str, str]) -> Json:
    """The same value with the words of some fields as they are said now."""
    changed = {name: words[value[name]] for name, words in present.items() if value.get(name) in words}
    return {**value, **changed}


def with_queues(value: Json, *fields: str) -> Json:
    """The same value with the queues that some fields name under their present names."""
    return {**value, **{name: queue_name(value[name]) for name in fields if name in value}}


def queue_name(name: Any) -> Any:
    """The present name of a queue that was called `desk:…`; whoever else is named keeps their name."""
    if isinstance(name, str) and name.startswith("desk:"):
        return f"queue:{name.removeprefix('desk:')}"
    return name


def _upgrade_severity(severity: Json, words: Json, reported: Collection[str]) -> Json:
    """The severity table with the levels that it could name, and what was done by their names."""
    lowest, *_, highest = LEVELS
    levels = [
        {
            "id": level,
            "title": words.get(level, {"zh": level, "en": level}),
            "tells": "manufacturer" if level in reported else None,
            "outside_hours": level == highest,
            "must_be_judged": level != lowest,
        }
        for level in LEVELS
    ]
    return {
        "levels": levels,
        "criteria": [_upgrade_criterion(criterion) for criterion in severity["criteria"]],
    }


def _upgrade_criterion(criterion: Json) -> Json:
    """A line of the severity table; its detectors stood in the policy, and now find signals for all."""
    kept = {name: value for name, value in criterion.items() if name != "asserts"}
    return {**kept, "signals": SIGNALS.get(criterion["id"], [])}


def _upgrade_spec(spec: Json) -> Json:
    present = with_values(renamed(spec, {"climbs": "escalates"}), accountable=_RECEIVER)
    lists = {name: [_upgrade_when(when) for when in present[name]] for name in _CONDITIONS}
    return {**present, "applies": _upgrade_wanted(present["applies"]), **lists}


def _upgrade_notice(notice: Json) -> Json:
    to = [_RECEIVER.get(party, party) for party in notice["to"]]
    applies = _upgrade_wanted(notice["applies"])
    return {**notice, "when": _upgrade_when(notice["when"]), "applies": applies, "to": to}


def _upgrade_when(when: Json) -> Json:
    return {
        **when,
        "type": _TYPES.get(when["type"], when["type"]),
        "where": _upgrade_wanted(when["where"]),
    }


def _upgrade_wanted(wanted: Json) -> Json:
    """Fields of an event or header with the values they may have."""
    values = {"via": VIA, "part": _PARTS}
    return {
        _upgrade_path(path): [values.get(path, {}).get(one, one) for one in allowed]
        for path, allowed in wanted.items()
    }


def _upgrade_path(path: str) -> str:
    """A field's path, such as `clock` or `header.offered_role`, under its present names."""
    return ".".join({**_EVENT, **HEADER}.get(part, part) for part in path.split("."))


def _upgrade_template(template: Json) -> Json:
    return {name: _upgrade_texts(kept) if isinstance(kept, dict) else kept for name, kept in template.items()}


def _upgrade_texts(texts: Json) -> Json:
    return {language: _EXPRESSION.sub(_upgrade_expression, text) for language, text in texts.items()}


def _upgrade_expression(found: "re.Match[str]") -> str:
    return _NAMES.sub(lambda name: _IN_TEXTS[name[1]], found[0])


_CASE = {
    "profile": "policy",
    "profile_version": "policy_version",
    "passed": "declined_by",
    "unmanned": "unstaffed",
    "offer": "hand_over",
    "climbed_at": "escalated_at",
    "climbed_for": "escalated_for",
    "promises": "deadlines",
    "broken": "breach_count",
    "revised": "revisions",
}
"""Fields of a case by the names that they had in format 1."""


def upgrade_case(state: Json) -> Json:
    """A case as routing keeps it, in format 2."""
    present = renamed(state, _CASE)
    # Fields were added to the format while it lasted: what an early case lacks has its default.
    return {
        **with_queues(present, "owner"),
        "declined_by": [queue_name(one) for one in present.get("declined_by", ())],
        "unstaffed": [queue_name(one) for one in present.get("unstaffed", ())],
        "hand_over": _upgrade_part(present.get("hand_over")),
        "support": _upgrade_part(present.get("support")),
        "contacts": [renamed(one, {"findings": "signals"}) for one in present["contacts"]],
        "breaches": [renamed(one, {"clock": "deadline"}) for one in present.get("breaches", ())],
        "revisions": [
            with_values({**one, "fields": [_CASE.get(name, name) for name in one["fields"]]}, by=ACTORS)
            for one in present.get("revisions", ())
        ],
    }


def _upgrade_part(part: Json | None) -> Json | None:
    """A hand-over or a support, with those that lie beneath it."""
    if part is None:
        return None
    present = with_values(renamed(part, {"over": "previous"}), via=VIA)
    return {**with_queues(present, "to", "giver"), "previous": _upgrade_part(present.get("previous"))}
