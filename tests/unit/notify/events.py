"""Events of a major case at shop north, and the rules and people they meet."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from schemas.cases import (
    CaseActed,
    CaseEscalated,
    CaseEvent,
    CaseOpened,
    CaseTaskRefused,
    CaseTaskSent,
    OpenTask,
)
from schemas.deadlines import DeadlineBreached, DeadlineEvent, DeadlineWarned
from schemas.policies import Policy
from schemas.staffing import Directory
from services.common.store.versions import Versions
from services.notify.domain.rules import Origin, Rulebook
from services.notify.domain.samples import FIELDS, HEADER
from tests import casework
from tests.dealership import MONDAY, directory_file

CASE = UUID("6f5a0c7e-0000-5000-8000-000000000001")
EVENT = uuid5(CASE, "event")
PLACE = Origin(partition=3, offset=7)
POLICY = "gtmc@version"
TEMPLATE = {
    "id": "told",
    "subject": {"zh": "{{ number }}", "en": "{{ number }}"},
    "body": {"zh": "{{ severity }}，{{ owner }}", "en": "{{ severity }}, {{ owner }}"},
    "sms": {"zh": "{{ number }}", "en": "{{ number }}"},
}


def task(to: str, role: str, kind: str = "hand_over", **changes: Any) -> OpenTask:
    """Something asked of somebody of a role; a hand-over unless another kind is named."""
    at_maker = role == "mfr_cr"
    where = {"place": "gtmc", "where": "manufacturer"} if at_maker else {"place": "north", "where": "shop"}
    own = {"task_id": uuid5(CASE, f"{kind}:{to}"), "task": kind, "to": to, "role": role}
    return OpenTask.model_validate({**own, **where, "moves_owner": kind == "hand_over", **changes})


def header(**changes: Any) -> dict[str, Any]:
    own = {
        "kind": "complaint",
        "channel": "onsite",
        "shop": "north",
        "manufacturer": "gtmc",
        "department": "after_sales",
        "state": "in_review",
        "severity": "major",
        "policy": "gtmc",
        "policy_version": "version",
        "owner": "cr-1",
        "owner_role": "dealer_cr_manager",
        "tasks": (task("dm-service", "dept_manager"),),
    }
    return HEADER.model_dump() | own | changes


def fields(changes: dict[str, Any], **of_header: Any) -> dict[str, Any]:
    own = {"id": EVENT, "case_id": CASE, "occurred_at": MONDAY, "header": header(**of_header)}
    return {**FIELDS, "task_id": None, **own, **changes}


def opened(**of_header: Any) -> CaseOpened:
    return CaseOpened.model_validate(fields({}, **of_header))


def acted(action: str, **of_header: Any) -> CaseActed:
    return CaseActed.model_validate(fields({"action": action}, **of_header))


def task_sent(to: str, role: str = "sc_sa", kind: str = "hand_over", **changes: Any) -> CaseTaskSent:
    """Somebody is asked to take over, or what else is named."""
    return CaseTaskSent.model_validate(fields({**dict(task(to, role, kind)), **changes}))


def refused(by: str) -> CaseTaskRefused:
    return CaseTaskRefused.model_validate(fields({**dict(task(by, "dept_manager")), "by": by}))


def escalated(to: str, role: str) -> CaseEscalated:
    return CaseEscalated.model_validate(fields({"to": to, "role": role, "ladder": "handling"}))


def warned(accountable: str, **of_header: Any) -> DeadlineWarned:
    return DeadlineWarned.model_validate(fields({"accountable": accountable}, **of_header))


def breached(deadline: str, tasks: Iterable[OpenTask] | None = None, **changes: Any) -> DeadlineBreached:
    """A breach of a case of which these things are asked."""
    of_header: dict[str, Any] = {} if tasks is None else {"tasks": tuple(tasks)}
    return DeadlineBreached.model_validate(fields({"deadline": deadline, "level": 0, **changes}, **of_header))


def rule(kind: str, *to: str, by: tuple[str, ...] = ("email",), **changes: Any) -> dict[str, Any]:
    own = {"id": f"{kind}-{'-'.join(to)}", "when": {"type": kind}, "to": to, "by": by}
    return {**own, "template": "told", "not_after_minutes": 60, **changes}


def policy(*rules: dict[str, Any], **changes: Any) -> Policy:
    """The policy by which tests decide, with these notices and one template."""
    whole = casework.gtmc().content
    kept = {name: getattr(whole, name) for name in Policy.model_fields}
    wording = {"notices": rules, "customer_notices": (), "templates": (TEMPLATE,)}
    return Policy.model_validate({**kept, **wording, **changes})


def directory(**changed: Any) -> Directory:
    return Directory(directory_file(**changed).entries())


def rulebook(*rules: dict[str, Any], people: Directory | None = None, **changes: Any) -> Rulebook:
    return Rulebook(Versions({POLICY: policy(*rules, **changes)}), people or directory())


def notified(book: Rulebook, event: CaseEvent | DeadlineEvent) -> list[tuple[str, str]]:
    """Who is notified by which medium, in order."""
    return [(one.person, one.medium) for one in book.deliveries(event, PLACE)]
