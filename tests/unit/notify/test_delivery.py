"""A delivery gets from recorded to settled, and its result never claims more than is known."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.deliveries import DeliveryReported
from schemas.identity import delivery_id
from schemas.media import Medium
from schemas.outreach import DeliveryResent
from services.common.store.decision import Cause, Change, Outgoing
from services.notify.domain.delivery import (
    CUSTOMER,
    OPEN,
    Attempted,
    Delivery,
    Due,
    FateReported,
    Receipt,
    Renewed,
    Resent,
    Resolved,
    Step,
    Verdict,
    advance,
)
from tests.dealership import MONDAY
from tests.unit.notify.events import CASE, EVENT, POLICY

LATE = MONDAY + timedelta(minutes=60)


def a_delivery(person: str = "cr-1", medium: Medium = "email", **changes: Any) -> Delivery:
    own = {"id": delivery_id(EVENT, person, medium), "case_id": CASE, "event": EVENT, "partition": 0}
    how = {"person": person, "medium": medium, "template": "told", "language": "zh", "policy": POLICY}
    when = {"occurred_at": MONDAY, "not_after": LATE}
    return Delivery.model_validate({**own, **how, "facts": {}, **when, **changes})


def taken(delivery: Delivery, step: Step, now: datetime = MONDAY) -> Change[Delivery] | None:
    decided = advance(delivery, Cause(delivery.id, uuid4(), step), now)
    assert decided is None or isinstance(decided, Change)
    return decided


def after(delivery: Delivery, *steps: Step, now: datetime = MONDAY) -> Delivery:
    for step in steps:
        delivery = change.state if (change := taken(delivery, step, now)) else delivery
    return delivery


def results(change: Change[Delivery] | None) -> list[tuple[str, int]]:
    events = change.events if change else ()
    messages = [event.message for event in events if isinstance(event, Outgoing)]
    return [(one.result, one.copies) for one in messages if isinstance(one, DeliveryReported)]


def attempted(verdict: Verdict, attempt: int = 1) -> Attempted:
    return Attempted(attempt, Receipt(verdict, "reason"))


def test_an_attempt_is_recorded_before_it_is_made() -> None:
    change = taken(a_delivery(), Due())
    assert change is not None
    assert (change.state.status, change.state.attempt) == ("sending", 1)
    assert results(change) == []


@pytest.mark.parametrize(
    ("verdict", "status", "published"),
    [
        ("accepted", "sent", [("sent", 1)]),
        ("refused", "failed", [("failed", 1)]),
        ("later", "queued", []),
        ("unknown", "unknown", []),
    ],
)
def test_an_attempt_ends_as_the_provider_says(verdict: Verdict, status: str, published: list[Any]) -> None:
    change = taken(after(a_delivery(), Due()), attempted(verdict))
    assert change is not None
    assert change.state.status == status
    assert results(change) == published


def test_a_result_is_published_under_the_key_of_its_case() -> None:
    change = taken(after(a_delivery(), Due()), attempted("accepted"))
    assert change is not None
    assert [event.key for event in change.events] == [str(CASE)]


def test_nothing_is_tried_once_it_is_not_worth_sending() -> None:
    waiting = after(a_delivery(), Due(), attempted("later"))
    assert results(taken(waiting, Due(), LATE - timedelta(milliseconds=1))) == []
    assert results(taken(waiting, Due(), LATE)) == [("expired", 1)]


def test_staff_mail_of_unknown_fate_goes_out_again_and_its_copies_are_counted() -> None:
    again = after(a_delivery(), Due(), attempted("unknown"), Due())
    assert (again.status, again.attempt) == ("sending", 2)
    assert results(taken(again, attempted("accepted", 2))) == [("sent", 2)]


@pytest.mark.parametrize("who", ["cr-1", "manufacturer:gtmc"])
def test_a_webhook_of_unknown_fate_goes_out_again_since_its_receiver_knows_its_id(who: str) -> None:
    unknown = after(a_delivery(who, "webhook"), Due(), attempted("unknown"))
    assert (unknown.status, after(unknown, Due()).status) == ("unknown", "sending")


def test_an_sms_of_unknown_fate_is_not_sent_again_before_its_provider_is_asked() -> None:
    unknown = after(a_delivery(medium="sms"), Due(), attempted("unknown"))
    assert taken(unknown, Due()) is None
    assert results(taken(unknown, FateReported(1, is_taken=True))) == [("sent", 1)]
    not_known = after(unknown, FateReported(1, is_taken=False))
    assert (not_known.status, not_known.copies) == ("queued", 0)


def test_what_the_provider_does_not_know_expires_when_it_is_late() -> None:
    unknown = after(a_delivery(medium="sms"), Due(), attempted("unknown"))
    assert results(taken(after(unknown, FateReported(1, is_taken=False)), Due(), LATE)) == [("expired", 1)]


@pytest.mark.parametrize("person", ["cr-1", CUSTOMER])
def test_a_provider_is_asked_for_a_day_longer_than_a_message_was_worth_sending(person: str) -> None:
    unknown = after(a_delivery(person, "sms"), Due(), attempted("unknown"))
    change = taken(unknown, Due(), LATE + timedelta(days=1))
    assert taken(unknown, Due(), LATE + timedelta(days=1) - timedelta(milliseconds=1)) is None
    assert change is not None
    assert (change.state.reason, results(change)) == ("perhaps arrived", [("expired", 1)])


def test_a_customer_mail_of_unknown_fate_waits_for_a_person_and_says_so() -> None:
    sending = after(a_delivery(CUSTOMER), Due())
    change = taken(sending, attempted("unknown"))
    assert change is not None
    assert results(change) == [("unknown", 1)]
    assert taken(change.state, Due(), LATE) is None
    assert results(taken(change.state, Resolved("sent", "cr-1"))) == [("sent", 1)]
    assert after(change.state, Resolved("resend", "cr-1"), Due()).status == "sending"


def test_a_persons_word_stands_in_the_history() -> None:
    change = taken(after(a_delivery(CUSTOMER), Due(), attempted("unknown")), Resolved("sent", "cr-1"))
    assert change is not None
    assert [(entry.actor, entry.facts) for entry in change.history] == [("cr-1", {"how": "sent"})]


def test_a_step_that_comes_too_late_changes_nothing() -> None:
    second = after(a_delivery(), Due(), attempted("unknown"), Due())
    assert taken(second, attempted("accepted", attempt=1)) is None
    assert taken(second, Due()) is None
    assert taken(after(second, attempted("accepted", 2)), Resolved("resend", "cr-1")) is None


STEPS = st.lists(
    st.one_of(
        st.just("due"),
        st.sampled_from(["accepted", "refused", "later", "unknown"]),
        st.booleans(),
        st.sampled_from(["sent", "resend"]),
    ),
    max_size=20,
)


@given(person=st.sampled_from(["cr-1", CUSTOMER]), medium=st.sampled_from(["email", "sms"]), steps=STEPS)
def test_whatever_happens_it_settles_at_most_once_and_never_doubles_a_customers_mail_by_guess(
    person: str, medium: Medium, steps: list[Any]
) -> None:
    delivery, settled, resent = a_delivery(person, medium), 0, 0
    for word in steps:
        step: Step = Due()
        if isinstance(word, bool):
            step = FateReported(delivery.attempt, is_taken=word)
        elif word in ("sent", "resend"):
            step = Resolved(word, "cr-1")
        elif word != "due":
            step = attempted(word, delivery.attempt)
        change = taken(delivery, step)
        assert change is None or delivery.status in OPEN
        resent += change is not None and word == "resend"
        settled += sum(result != "unknown" for result, _ in results(change))
        delivery = change.state if change else delivery
    assert settled == (delivery.status not in OPEN)
    if person == CUSTOMER and medium == "email":
        assert delivery.copies <= 1 + resent


def ended(status: str, **changes: Any) -> Delivery:
    return a_delivery(status=status, attempt=2, **changes)


@pytest.mark.parametrize("status", ["failed", "expired"])
def test_what_failed_is_put_in_line_again_by_a_person_who_stands_in_the_history(status: str) -> None:
    later = LATE + timedelta(days=2)
    change = taken(ended(status, reason="smtp 550 at rcpt"), Resent("admin"), later)
    assert change is not None
    assert (change.state.status, change.state.reason) == ("queued", "")
    assert change.state.not_after == later + (LATE - MONDAY)
    assert [(one.actor, one.event, one.facts) for one in change.history] == [
        ("admin", "delivery.resent_by_person", {"was": status})
    ]


def test_whoever_looks_after_the_case_is_told_of_what_is_resent() -> None:
    delivery = ended("failed")
    change = taken(delivery, Resent("admin"))
    assert change is not None
    [event] = change.events
    assert isinstance(event, Outgoing)
    assert (event.topic, event.key) == ("outreach", str(CASE))
    assert isinstance(event.message, DeliveryResent)
    assert event.message.delivery == delivery.id


def test_each_resend_is_worth_the_same_time_and_each_expiry_is_told() -> None:
    delivery, now, ids = a_delivery(), LATE, list[UUID]()
    for _ in range(3):
        expired = taken(delivery, Due(), now)
        assert expired is not None
        resent = taken(expired.state, Resent("admin"), now)
        assert resent is not None
        assert resent.state.not_after == now + (LATE - MONDAY)
        assert taken(resent.state, Due(), resent.state.not_after - timedelta(milliseconds=1)) is not None
        ids += [
            event.message.id for event in (*expired.events, *resent.events) if isinstance(event, Outgoing)
        ]
        delivery, now = resent.state, resent.state.not_after
    assert len({*ids}) == 6


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "unknown"])
def test_what_did_not_fail_is_not_resent(status: str) -> None:
    assert taken(ended(status), Resent("admin")) is None


def test_an_attempt_is_renewed_only_while_it_is_the_one_under_way() -> None:
    sending = after(a_delivery(), Due())
    assert taken(sending, Renewed(1)) is not None
    assert taken(sending, Renewed(2)) is None
    assert taken(after(sending, attempted("unknown")), Renewed(1)) is None
