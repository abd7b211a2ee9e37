"""Strings from which ids derive. A cause must yield the same id for ever, so that none of these may change."""

REASSIGNMENT = "put right"
"""The cause within a cause by which a case gets other people after what was decided."""

_WRITTEN_AS = {"case.escalation_withdrawn": "case.climb_withdrawn"}
"""Event types that were renamed since ids were first derived from them."""


def holder_in_ids(name: str) -> str:
    """The name by which ids derive from a person or a queue: a queue's is the one it had first."""
    return f"desk:{name.removeprefix('queue:')}" if name.startswith("queue:") else name


def name_in_ids(event_type: str) -> str:
    """The name by which ids derive from a type of event: the one it had first."""
    return _WRITTEN_AS.get(event_type, event_type)
