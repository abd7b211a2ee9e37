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


def publish(
    before: PolicyInUse | None, cause: Cause[Publication], now: datetime
) -> Change[PolicyInUse] | None:
    """The move and its announcement; None where new cases follow the version already.

    A beginning announces once more what is current: it is asked for where Kafka does not know.
    """
    asked = cause.message
    if before is not None and asked.begins:
        return Change(before, (_announced(before.current, cause),))
    if before is not None and before.current.version == asked.version:
        return None
    previous = before.current.version if before else None
    current = CurrentVersion(
        current=asked.policy,
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
