"""What is recorded to be sent when something occurs."""

from datetime import timedelta
from typing import Any
from uuid import uuid5

import pytest
from pydantic import ValidationError

from schemas.outreach import OutreachRequested
from services.notify.domain.rules import UnknownPolicyError
from tests.dealership import MONDAY, person
from tests.unit.notify.events import (
    CASE,
    EVENT,
    PLACE,
    POLICY,
    acted,
    breached,
    directory,
    notified,
    opened,
    policy,
    rule,
    rulebook,
    task_sent,
    warned,
)

NOTICE = {"when": {"type": "case.opened"}, "by": ["sms"], "template": "told", "not_after_minutes": 30}


def outreach(**changes: Any) -> OutreachRequested:
    own = {"id": EVENT, "case_id": CASE, "occurred_at": MONDAY, "case_number": "7K2M", "shop": "north"}
    version = {"policy": "gtmc", "policy_version": "version", "template": "told", "medium": "sms"}
    customer = {"address": "13800000000", "name": "王女士", "language": "en"}
    return OutreachRequested.model_validate({**own, **version, **customer, **changes})


def test_nothing_is_sent_where_no_rule_speaks_of_the_event() -> None:
    assert notified(rulebook(rule("case.reopened", "owner")), opened()) == []


def test_each_person_gets_one_message_per_medium() -> None:
    book = rulebook(rule("case.opened", "owner", "dealer_gm", by=("email", "sms")))
    assert notified(book, opened()) == [
        ("cr-1", "email"),
        ("cr-1", "sms"),
        ("gm-1", "email"),
        ("gm-1", "sms"),
    ]


def test_the_first_rule_that_names_a_person_is_the_one_that_notifies_them() -> None:
    book = rulebook(
        rule("case.opened", "owner", by=("sms",)), rule("case.opened", "owner", "dealer_gm", by=("email",))
    )
    assert notified(book, opened()) == [("cr-1", "sms"), ("gm-1", "email")]


def test_a_rule_applies_to_cases_whose_header_says_so() -> None:
    book = rulebook(rule("case.opened", "owner", applies={"severity": ["major"]}))
    assert notified(book, opened()) == [("cr-1", "email")]
    assert notified(book, opened(severity="general")) == []


def test_a_rule_may_ask_for_fields_of_the_event() -> None:
    book = rulebook(
        rule("deadline.breached", "owner", when={"type": "deadline.breached", "where": {"late": [True]}})
    )
    assert notified(book, breached("DL-01", late=True)) == [("cr-1", "email")]
    assert notified(book, breached("DL-01", late=False)) == []


def test_ids_derive_from_event_person_and_medium() -> None:
    [delivery] = rulebook(rule("case.opened", "owner")).deliveries(opened(), PLACE)
    assert delivery.id == uuid5(EVENT, "cr-1:email")
    assert (delivery.partition, delivery.origin) == (PLACE.partition, None)


def test_a_notice_is_worth_sending_as_long_as_policy_says() -> None:
    [delivery] = rulebook(rule("case.opened", "owner")).deliveries(opened(), PLACE)
    assert delivery.not_after == MONDAY + timedelta(minutes=60)


def test_everyone_is_told_in_his_own_language() -> None:
    people = directory(gm_1=person("gm-1", language="en"))
    book = rulebook(rule("case.opened", "owner", "dealer_gm"), people=people)
    languages = {
        one.person: (one.language, one.facts["severity"]) for one in book.deliveries(opened(), PLACE)
    }
    assert languages == {"cr-1": ("zh", "重要投诉"), "gm-1": ("en", "major complaint")}


def test_due_times_are_told_in_the_local_time_of_the_shop() -> None:
    [delivery] = rulebook(rule("deadline.warned", "owner")).deliveries(warned("operator"), PLACE)
    # The sample is due at 01:30 UTC; the shop is in Shanghai.
    assert delivery.facts["due_at"] == "2026-03-02 09:30"


def test_a_rule_speaks_of_what_people_do_by_the_name_of_the_action() -> None:
    of_closing: dict[str, Any] = {"when": {"type": "case.acted", "where": {"action": ["close"]}}}
    book = rulebook(rule("case.acted", "owner", **of_closing))
    assert notified(book, acted("close")) == [("cr-1", "email")]
    assert notified(book, acted("contact")) == []


def test_who_is_asked_by_a_kind_of_task_is_notified_whatever_the_event_is_of() -> None:
    book = rulebook(rule("case.acted", "task:hand_over"))
    assert notified(book, acted("follow_up")) == [("dm-service", "email")]
    assert notified(book, acted("follow_up", tasks=())) == []


def test_people_and_desks_are_told_by_name() -> None:
    book = rulebook(rule("case.task_sent", "owner"))
    [to_person] = book.deliveries(task_sent("sa-1"), PLACE)
    [to_desk] = book.deliveries(task_sent("queue:north:operator", "operator"), PLACE)
    assert (to_person.facts["to"], to_desk.facts["to"]) == ("sa-1", "话务员")


def test_what_a_policy_names_is_told_by_the_title_that_it_has_as_such() -> None:
    told = rule("case.task_sent", "owner")
    event = task_sent("gm-1", "dealer_gm")
    [plain] = rulebook(told).deliveries(event, PLACE)
    names = ("kind", "department", "owner_role", "role", "task", "where", "receiver")
    assert [plain.facts[name] for name in names] == [
        "投诉", "售后", "CR经理", "总经理", "接手工单", "经销店", "dm-service"
    ]  # fmt: skip
    # A word of the engine's or a department of the same name is another matter.
    same = {"id": "dealer_gm", "title": {"zh": "总办", "en": "GM's office"}}
    more: dict[str, Any] = {
        "words": {"dealer_gm": {"zh": "店总", "en": "GM"}},
        "departments": [*policy().departments, same],
    }
    [still] = rulebook(told, **more).deliveries(event, PLACE)
    assert still.facts["role"] == "总经理"


def test_a_case_of_a_policy_never_published_is_poison() -> None:
    with pytest.raises(UnknownPolicyError, match="gtmc@other"):
        rulebook().deliveries(opened(policy_version="other"), PLACE)


def test_a_customer_is_told_once_without_his_name_or_address_being_kept() -> None:
    [delivery] = rulebook(customer_notices=[NOTICE]).deliveries(outreach(), PLACE)
    assert (delivery.person, delivery.medium, delivery.language) == ("customer", "sms", "en")
    assert delivery.not_after == MONDAY + timedelta(minutes=30)
    assert (delivery.policy, delivery.origin) == (POLICY, PLACE.offset)
    assert "138" not in delivery.model_dump_json()
    assert "王" not in delivery.model_dump_json()


def test_a_customer_notice_without_a_rule_is_poison() -> None:
    with pytest.raises(UnknownPolicyError, match="told"):
        rulebook().deliveries(outreach(), PLACE)


@pytest.mark.parametrize("by", [("email",), ("webhook", "sms")])
def test_a_manufacturer_is_notified_only_by_media_that_can_reach_it(by: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="should be one of webhook for a manufacturer"):
        policy(rule("case.opened", "owner", "manufacturer", by=by))
    book = rulebook(rule("case.opened", "manufacturer", by=("webhook",)))
    assert notified(book, opened()) == [("manufacturer:gtmc", "webhook")]
