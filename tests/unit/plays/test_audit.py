"""The audit of plays: no line where all is well, and a line for each difference otherwise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from deploy.local.provider import Received
from deploy.plays.audit import audit
from deploy.plays.evidence import Accepted, Evidence
from schemas.cases import CaseEscalated, CaseHeader, CaseOpened, CaseTaskSent
from schemas.deadlines import DeadlineBreached, DeadlineEscalationDue, DeadlineMet
from services.common.kafka.dead_letters import DeadLetter
from services.common.store import history
from services.common.store.decision import Entry
from services.routing.domain.location import ALWAYS_OPEN

CASE, BREACH, DELIVERY = UUID(int=1), UUID(int=2), UUID(int=3)
NUMBER = "0000-0000-0000-0"
AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
HEADER = CaseHeader(
    number=NUMBER, kind="complaint", channel="onsite", franchise="f", shop="s", group="g", region="r",
    manufacturer="m", department="sales", severity="major", state="registered", stage="intake", owner="op",
    owner_role="operator", owner_where="shop", policy="gtmc", policy_version="1",
)  # fmt: skip


def opened(**changes: Any) -> CaseOpened:
    body: dict[str, Any] = {
        "id": UUID(int=9), "case_id": CASE, "occurred_at": AT, "seq": 1, "header": HEADER, "channel": "onsite",
        "received_at": AT, "calendar": ALWAYS_OPEN, "criteria": ("M1",),
    }  # fmt: skip
    return CaseOpened(**body | changes)


def breached(**changes: Any) -> DeadlineBreached:
    body: dict[str, Any] = {
        "id": BREACH, "case_id": CASE, "occurred_at": AT, "seq": 1, "header": HEADER, "deadline": "DL-01",
        "cycle": 1, "accountable": "operator", "due_at": AT,
    }  # fmt: skip
    return DeadlineBreached(**body | changes)


def escalation_due() -> DeadlineEscalationDue:
    return DeadlineEscalationDue.model_validate(
        {**breached().model_dump(), "type": "deadline.escalation_due", "id": UUID(int=5), "seq": 2, "level": 1,
         "breach": BREACH}
    )  # fmt: skip


def met(cycle: int) -> DeadlineMet:
    return DeadlineMet.model_validate(
        {**breached(cycle=cycle).model_dump(), "type": "deadline.met", "id": UUID(int=6), "seq": 2,
         "met_at": AT, "late": True}
    )  # fmt: skip


def task_sent(at: datetime = AT, **changes: Any) -> CaseTaskSent:
    body: dict[str, Any] = {
        "id": UUID(int=7), "case_id": CASE, "occurred_at": at, "seq": 2, "header": HEADER, "task_id": UUID(int=4),
        "task": "hand_over", "to": "gm", "role": "dealer_gm", "place": "s", "where": "shop", "moves_owner": True,
        "via": "assignment",
    }  # fmt: skip
    return CaseTaskSent.model_validate(body | changes)


SUPPORT: dict[str, Any] = {"task": "support", "moves_owner": False}


def escalated() -> CaseEscalated:
    return CaseEscalated(
        id=UUID(int=7), case_id=CASE, occurred_at=AT, seq=2, header=HEADER, ladder="handling", to="gm",
        role="dealer_gm", deadline="DL-01",
    )  # fmt: skip


def a_case(**changes: Any) -> dict[str, Any]:
    entry = history.link(1, history.GENESIS, Entry(AT, "opening", "case.opened"), "cause")
    past = {"head": entry["hash"], "count": 1, "entries": [entry]}
    state = {"number": NUMBER, "owner": "op", "breach_count": 1}
    return {"_id": str(CASE), "state": state, "history": past, **changes}


def a_delivery(**changes: Any) -> dict[str, Any]:
    state = {
        "event": str(BREACH), "case_id": str(CASE), "medium": "email", "person": "op", "template": "breached",
        "status": "sent", "reason": "",
    }  # fmt: skip
    return {"_id": str(DELIVERY), "state": state | changes}


def a_mail(reference: UUID = DELIVERY) -> Received:
    return Received(reference=f"{reference}@localhost", to="op@redress.example", text="")


def all_well() -> Evidence:
    return Evidence(
        accepted={str(CASE): Accepted(NUMBER, AT, ("shop/try",))},
        cases=[a_case()],
        pages={},
        deliveries=[a_delivery()],
        unfinished={"cases": [], "deliveries": []},
        records={"cases": [opened(), opened()], "deadlines": [breached()]},
        received={"email": [a_mail()], "sms": []},
        dead={"routing": []},
        people=frozenset({"op"}),
    )


def records(**topics: Any) -> dict[str, Any]:
    return {"records": {**all_well().records, **topics}}


def unnotified(**topics: Any) -> dict[str, Any]:
    """Evidence in which nobody got a message about the breach."""
    return {**records(**topics), "deliveries": []}


def test_where_all_is_well_nothing_is_said() -> None:
    checks = audit(all_well())
    assert checks
    assert {name: found for name, found in checks.items() if found} == {}


@pytest.mark.parametrize(
    "reaction",
    [
        {"deadlines": [breached(), met(1)]},
        {"cases": [opened(), task_sent()]},
        {"cases": [opened(), task_sent(via="escalation", **SUPPORT)]},
        {"cases": [opened(), escalated()]},
    ],
)
def test_a_clock_that_stopped_and_a_case_that_went_on_are_reactions_too(reaction: dict[str, Any]) -> None:
    found = audit(replace(all_well(), **unnotified(**reaction)))
    assert found["every breach has a reaction"] == []


OWNER = "every case has one owner at every moment"


def expired(until: datetime) -> list[str]:
    """What is said of a notice that came too late to be sent, of a case whose story went until then."""
    late = replace(all_well(), deliveries=[a_delivery(status="expired")], received={"email": [], "sms": []})
    return audit(replace(late, accepted={str(CASE): Accepted(NUMBER, until, ("shop/try",))}))[ARRIVED]


def test_a_notice_may_come_too_late_to_be_sent_only_after_the_end_of_its_story() -> None:
    assert expired(AT - timedelta(hours=1)) == []
    assert expired(AT + timedelta(hours=1)) != []


ARRIVED = "every delivery arrived under one reference"
LETTER = DeadLetter(0, 7, b"", b"", "cases/0/3", "invalid", "", ())


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        ("every 202 is exactly one case", {"cases": []}),
        ("every 202 is exactly one case", {"accepted": {}}),
        (
            "every 202 is exactly one case",
            {"accepted": {str(CASE): Accepted(NUMBER, AT, ("shop/a", "shop/b"))}},
        ),
        ("every 202 is exactly one case", records(cases=[opened(), opened(id=UUID(int=10), seq=2)])),
        (OWNER, {"people": frozenset({"somebody"})}),
        (OWNER, records(cases=[opened(header=HEADER.model_copy(update={"owner": "cr"}))])),
        (OWNER, records(cases=[opened(header=HEADER.model_copy(update={"owner": ""})), task_sent()])),
        ("events of a case are in order, without gaps", records(deadlines=[breached(seq=2)])),
        ("events of a case are in order, without gaps", records(cases=[opened(), opened(id=UUID(int=10))])),
        ("every breach has one event id", records(deadlines=[breached(), breached(id=UUID(int=11), seq=2)])),
        ("every breach has one event id", records(deadlines=[])),
        ("every breach has a reaction", {"deliveries": [a_delivery(event=str(CASE))]}),
        ("every breach has a reaction", {"deliveries": [a_delivery(status="expired")]}),
        ("every breach has a reaction", unnotified(deadlines=[breached(), escalation_due()])),
        ("every breach has a reaction", unnotified(cases=[opened(), task_sent(AT - timedelta(seconds=1))])),
        ("every breach has a reaction", unnotified(cases=[opened(), task_sent(**SUPPORT)])),
        ("every breach has a reaction", unnotified(deadlines=[breached(cycle=2), met(cycle=1)])),
        ("every delivery arrived under one reference", {"received": {"email": [], "sms": []}}),
        ("every delivery arrived under one reference", {"deliveries": []}),
        ("no message arrived twice", {"received": {"email": [a_mail()] * 2, "sms": []}}),
        ("history chains verify", {"cases": [a_case(history={"head": "0", "count": 1, "entries": []})]}),
        ("dead topics are empty", {"dead": {"sla": [LETTER]}}),
        ("nothing is unsent or held back", {"unfinished": {"policies": [{"_id": "1", "outbox": [{}]}]}}),
        ("nothing is unsent or held back", {"unfinished": {"deadlines": [{"_id": "1", "waiting": [{}]}]}}),
    ],
)
def test_what_differs_is_named(check: str, changes: dict[str, Any]) -> None:
    assert audit(replace(all_well(), **changes))[check]
