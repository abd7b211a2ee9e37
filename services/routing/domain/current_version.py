"""Which version of a policy new cases follow: it is moved by people only, and each move is recorded."""

from dataclasses import dataclass
from datetime import datetime

from schemas import policies
from schemas.base import Stored
from schemas.identity import announcement_id
from schemas.policies import CurrentVersion
from services.common.store.decision import Announced, Cause, Change, Entry

STARTED = "start of routing"
FIRST = "no version of this policy was current"


class PolicyInUse(Stored):
    """A policy, and the version of it that new cases follow."""

    current: CurrentVersion


@dataclass(frozen=True, slots=True)
class Publication:
    """Let new cases of a policy follow this version. One that `begins` moves nothing: it counts where none is current."""

    policy: str
    version: str
    by: str = STARTED
    reason: str = FIRST
    begins: bool = False


def publish(before: PolicyInUse | None, cause: Cause[Publication], now: datetime) -> Change[PolicyInUse]:
    """The move and its announcement; where nothing moves, what is current is announced once more.

    That is asked for where Kafka, or somebody who reads it, does not know.
    """
    asked = cause.message
    if before is not None and (asked.begins or before.current.version == asked.version):
        return Change(before, (_announced(before.current, cause),))
    previous = before.current.version if before else None
    current = CurrentVersion(
        current=asked.policy,
        number=before.current.number + 1 if before else 1,
        version=asked.version,
        previous=previous,
        by=asked.by,
        at=now,
        reason=asked.reason,
    )
    facts = {
        "policy": asked.policy,
        "version": asked.version,
        "previous": previous,
        "reason": asked.reason,
    }
    entry = Entry(now, asked.by, "policy.published", facts)
    return Change(PolicyInUse(current=current), (_announced(current, cause),), (entry,), visible=True)


def _announced(current: CurrentVersion, cause: Cause[Publication]) -> Announced:
    return Announced(policies.TOPIC, announcement_id(cause.id), policies.key(current), current)
