"""Events of a major case at shop north, and the rules and people they meet."""

from typing import Any
from uuid import UUID, uuid5

from schemas.cases import CaseEvent, CaseHandedOver, CaseOpened, CaseReturned
from schemas.deadlines import DeadlineBreached, DeadlineWarned
from schemas.policies import Policy
from schemas.staffing import Directory
from services.common.store.versions import Versions
from services.notify.domain.rules import Origin, Rulebook
from services.notify.domain.samples import FIELDS, HEADER
from tests.dealership import MONDAY, SEVERITY, directory_file

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


def header(**changes: Any) -> dict[str, Any]:
    own = {
        "shop": "north",
        "manufacturer": "gtmc",
        "severity": "major",
        "policy": "gtmc",
        "policy_version": "version",
    }
    parties = {"owner": "cr-1", "owner_role": "dealer_cr_manager", "hand_over_to": "dm-service"}
    return HEADER.model_dump() | own | parties | {"hand_over_role": "dept_manager"} | changes


def fields(changes: dict[str, Any], **of_header: Any) -> dict[str, Any]:
    own = {"id": EVENT, "case_id": CASE, "occurred_at": MONDAY, "header": header(**of_header)}
    return {**FIELDS, **own, **changes}


def opened(**of_header: Any) -> CaseOpened:
    return CaseOpened.model_validate(fields({}, **of_header))


def handed_over(to: str, **changes: Any) -> CaseHandedOver:
    return CaseHandedOver.model_validate(fields({"to": to, **changes}))


def returned(by: str) -> CaseReturned:
    return CaseReturned.model_validate(fields({"by": by}))


def warned(accountable: str, **of_header: Any) -> DeadlineWarned:
    return DeadlineWarned.model_validate(fields({"accountable": accountable}, **of_header))


def breached(deadline: str, **changes: Any) -> DeadlineBreached:
    return DeadlineBreached.model_validate(fields({"deadline": deadline, "level": 0, **changes}))


def rule(kind: str, *to: str, by: tuple[str, ...] = ("email",), **changes: Any) -> dict[str, Any]:
    own = {"id": f"{kind}-{'-'.join(to)}", "when": {"type": kind}, "to": to, "by": by}
    return {**own, "template": "told", "not_after_minutes": 60, **changes}


def policy(*rules: dict[str, Any], **changes: Any) -> Policy:
    """A policy with the ladder of gtmc and these notices."""
    title = {"zh": "标题", "en": "Title"}
    ladder = [
        ("sc_sa", "dealer"),
        ("dept_manager", "dealer"),
        ("dealer_gm", "dealer"),
        ("mfr_cr", "manufacturer"),
    ]
    whole = {
        "id": "gtmc",
        "title": title,
        "severity": SEVERITY,
        "ladder": [{"role": role, "tier": tier, "title": title} for role, tier in ladder],
        "first_receiver": "operator",
        "first_hand_over": "dealer_cr_manager",
        "hand_overs": [],
        "deadlines": [],
        "notices": rules,
        "templates": [TEMPLATE],
    }
    return Policy.model_validate(whole | changes)


def directory(**changed: Any) -> Directory:
    return Directory(directory_file(**changed).entries())


def rulebook(*rules: dict[str, Any], people: Directory | None = None, **changes: Any) -> Rulebook:
    return Rulebook(Versions({POLICY: policy(*rules, **changes)}), people or directory())


def notified(book: Rulebook, event: CaseEvent | DeadlineWarned | DeadlineBreached) -> list[tuple[str, str]]:
    """Who is notified by which medium, in order."""
    return [(one.person, one.medium) for one in book.deliveries(event, PLACE)]
