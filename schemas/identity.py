"""Ids that derive from their cause. The same cause yields the same id for ever: nothing here may change.

Also kept as it is, since hashes and seals derive from it: the names and the order of the fields of a posted
contact (`contact_id`), the JSON of an action's body in the order of its names (`action_digest`), that of an entry of the history
(`history.link`) and of personal words (`seals.seal`). A policy is known by the version under which it was
published; nobody works that out anew.
"""

from hashlib import sha256
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

_CASES = uuid5(NAMESPACE_URL, "redress:case")
_FIRST_TYPES = {"case.escalation_withdrawn": "case.climb_withdrawn"}
"""Types of events that were renamed: their ids derive from the name that they had first."""

Step = Literal["Due", "Renewed", "Attempted", "Asked", "Settled", "Resent"]


def case_id(caller: str, key: str) -> UUID:
    """The case of an idempotency key; its number derives from it."""
    return uuid5(_CASES, f"{caller}\n{key}")


def contact_id(case: UUID, said: str) -> UUID:
    """A contact of a case, `said` being the JSON of what was posted."""
    return uuid5(case, said)


def narrative_id(contact: UUID) -> UUID:
    """The text of a contact, where personal words rest."""
    return uuid5(contact, "text")


def customer_id(contact: UUID) -> UUID:
    """The customer of a contact, where personal words rest."""
    return uuid5(contact, "customer")


def customer_message_id(contact: UUID, event_type: str, template: str, medium: str) -> UUID:
    """A message that a customer is sent since their contact led to an event."""
    return uuid5(uuid5(contact, event_type), f"{template}:{medium}")


def action_id(case: UUID, actor: str, key: str) -> UUID:
    """What a person did to a case under an idempotency key: the cause of its events."""
    return uuid5(case, f"{actor}:{key}")


def action_digest(name: str, body: str) -> str:
    """Tells two actions under one id apart, `body` being the JSON of what was asked for."""
    return sha256(f"{name}:{body}".encode()).hexdigest()


def action_text_id(action: UUID, digest: str) -> UUID:
    """The words of an action; a key whose first action came to nothing may come with others."""
    return uuid5(action, f"text:{digest}")


def event_id(cause: UUID, event_type: str, before: int = 0) -> UUID:
    """An event of a case, after so many others of its type by the same cause."""
    name = _FIRST_TYPES.get(event_type, event_type)
    return uuid5(cause, f"{name}:{before}" if before else name)


def feed_id(event: UUID) -> UUID:
    """The copy of an event on the public feed of escalations."""
    return uuid5(event, "escalations")


def settling_cause(cause: UUID) -> UUID:
    """The cause within a cause by which a case gets other people after what was decided."""
    return uuid5(cause, "put right")


def reassigning_cause(case: UUID) -> UUID:
    """The cause of looking at a case because the directory has changed."""
    return uuid5(case, "reassign")


def reassignment_cause(cause: UUID, revision: int, alarms: int) -> UUID:
    """The cause of the events of one such look: the same directory can take the same person's case twice."""
    return uuid5(cause, f"{revision}:{alarms}")


def rebasing_cause(case: UUID, policy_key: str) -> UUID:
    """The cause of letting a case go on by another version of its policy."""
    return uuid5(case, f"rebase:{policy_key}")


def entry_id(key: str) -> UUID:
    """The document of an entry of the directory."""
    return uuid5(NAMESPACE_URL, f"redress:directory:{key}")


def policy_id(policy: str) -> UUID:
    """The document that says which version of a policy new cases follow."""
    return uuid5(NAMESPACE_URL, f"redress:policy:{policy}")


def announcement_id(cause: UUID) -> UUID:
    """The announcement of an entry of a compacted topic."""
    return uuid5(cause, "announced")


def tick_id(case: UUID, upto: int) -> UUID:
    """The passing of time up to a moment, in milliseconds: the cause of what is due."""
    return uuid5(case, f"tick:{upto}")


def task_id(cause: UUID, kind: str, before: int = 0) -> UUID:
    """A task that a cause leads to; `before` counts those of its kind to which it has led already."""
    return uuid5(cause, f"task:{kind}:{before}" if before else f"task:{kind}")


def deadline_name(deadline: str, task: UUID | None) -> str:
    """What a deadline is called in its case: tasks that run at once have each their own."""
    return deadline if task is None else f"{deadline}:{task}"


def firing_id(case: UUID, deadline: str, cycle: int, level: int) -> UUID:
    """A warning (level below 0), a breach (0) or an escalation (1), whatever crashes in between."""
    return uuid5(case, f"{deadline}:{cycle}:{level}")


def withdrawal_id(breach: UUID) -> UUID:
    """The withdrawal of a breach."""
    return uuid5(breach, "withdrawn")


def deadline_event_id(case: UUID, deadline: str, cycle: int, event_type: str, mark: int) -> UUID:
    """Any other event of a deadline, `mark` being the sequence number or the due time behind it."""
    return uuid5(case, f"{deadline}:{cycle}:{event_type}:{mark}")


def delivery_id(event: UUID, person: str, medium: str) -> UUID:
    """A message: one event reaches one person once by one medium, however often it is read."""
    return uuid5(event, f"{holder_in_ids(person)}:{medium}")


def holder_in_ids(name: str) -> str:
    """The name by which ids derive from a person or a queue: a queue's is the one it had first."""
    return f"desk:{name.removeprefix('queue:')}" if name.startswith("queue:") else name


def step_id(delivery: UUID, step: Step) -> UUID:
    """A step of a delivery, the cause of its events."""
    return uuid5(delivery, step)


def result_id(delivery: UUID, result: str, attempt: int) -> UUID:
    """What became of a delivery in an attempt."""
    return uuid5(delivery, f"{result}:{attempt}")


def resent_id(delivery: UUID, attempt: int, status: str) -> UUID:
    """A delivery that a person has put in line again."""
    return uuid5(delivery, f"resent:{attempt}:{status}")
