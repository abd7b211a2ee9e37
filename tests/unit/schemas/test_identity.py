"""Ids are the same for ever: each function is held to what it gave first."""

from typing import Any
from uuid import UUID

import pytest

from schemas import identity
from services.notify.domain.delivery import STEP_NAMES

CAUSE = UUID("7f3e9a52-4a0e-5a53-9f51-6f0f3f7a1c11")
FIRST = [
    (identity.case_id, ("gz-tianhe.op1", "k-1"), "504804aa-2017-506f-9c9a-8bad9f16caaf"),
    (identity.contact_id, (CAUSE, '{"kind":"complaint"}'), "9f9efb9f-4767-5b7d-9f76-4e80978f394e"),
    (identity.narrative_id, (CAUSE,), "a4e44b76-ce32-5ddc-8a6a-a8f1457feffe"),
    (identity.customer_id, (CAUSE,), "52df0723-d2e7-5b5d-97fb-f6cde35bb53c"),
    (
        identity.customer_message_id,
        (CAUSE, "case.opened", "received", "sms"),
        "bac18c7e-96bb-50ca-a2c1-343b95abcdab",
    ),
    (identity.action_id, (CAUSE, "gz-tianhe.cr", "k-2"), "2a8f41ca-6330-54ba-8660-525559998202"),
    (identity.action_text_id, (CAUSE, "d1"), "a8517892-2817-5bc1-a04a-f6255f6c0846"),
    (identity.event_id, (CAUSE, "case.owned"), "73685415-a5f7-596f-afb7-ac735aa5579b"),
    (identity.event_id, (CAUSE, "case.owned", 2), "b3743915-df49-5460-8949-703f1964e7f1"),
    (identity.event_id, (CAUSE, "case.escalation_withdrawn", 1), "7781abc0-5b1c-5331-a892-85017372493a"),
    (identity.feed_id, (CAUSE,), "e1545465-c759-548e-ad3d-274a56211d02"),
    (identity.settling_cause, (CAUSE,), "d85588c6-fc4a-5f48-9c7d-fb59acfb9546"),
    (identity.reassigning_cause, (CAUSE,), "2e5487de-792a-5387-925e-3c21916788fc"),
    (identity.reassignment_cause, (CAUSE, 7, 1), "aa134ad4-97cb-56e0-bc86-f0aeaa531fca"),
    (identity.rebasing_cause, (CAUSE, "gtmc@8f3e0a1b2c3d"), "fba39486-88c4-5394-8ec3-1c040be7292c"),
    (identity.entry_id, ("person:gz-tianhe.cr",), "b5bb1b73-23f0-5dae-b749-e7d045349995"),
    (identity.policy_id, ("gtmc",), "997c53eb-371f-53e8-8b92-fb37f601b902"),
    (identity.announcement_id, (CAUSE,), "be4434ca-0e6c-5220-bed5-464ba81df107"),
    (identity.tick_id, (CAUSE, 1_772_415_000_000), "6a9eb0ff-ace8-5d16-96ba-80de6cd37028"),
    (identity.task_id, (CAUSE, "confirm"), "c1e5082b-75a1-5f1c-8602-8ff39216f97b"),
    (identity.task_id, (CAUSE, "confirm", 1), "28335e7f-f7e6-53c9-956d-98b85f2bdf20"),
    (identity.firing_id, (CAUSE, "DL-03", 2, -1), "359625c9-2863-5810-a619-26eb700161e3"),
    (identity.withdrawal_id, (CAUSE,), "987cf9bb-e710-5750-9102-609ef3298132"),
    (
        identity.deadline_event_id,
        (CAUSE, "DL-03", 2, "deadline.started", 5),
        "4136e845-8a80-5347-9575-bcec1275c977",
    ),
    (identity.delivery_id, (CAUSE, "gz-tianhe.cr", "email"), "5f1a2223-ec61-5b6d-b133-97d674fe1007"),
    (identity.delivery_id, (CAUSE, "queue:gz-tianhe/sc_sa", "sms"), "04522e03-8124-5668-946d-46761ca2a7f7"),
    (identity.step_id, (CAUSE, "Asked"), "a8ea24eb-9394-5398-ba2c-c2c94dc2d0b5"),
    (identity.result_id, (CAUSE, "sent", 1), "9c3d7ab3-15a0-5b7e-a15f-d6ea58787c9a"),
    (identity.resent_id, (CAUSE, 3, "failed"), "5da4bf40-dd98-5674-b8ab-b3a384b3f8e4"),
]


@pytest.mark.parametrize(("derive", "given", "first"), FIRST)
def test_the_same_cause_yields_the_same_id_for_ever(derive: Any, given: tuple[Any, ...], first: str) -> None:
    assert derive(*given) == UUID(first)


def test_every_function_is_held_to_it() -> None:
    ids = {
        name for name, made in vars(identity).items() if name.endswith(("_id", "_cause")) and callable(made)
    }
    assert ids == {derive.__name__ for derive, *_ in FIRST}


def test_a_deadline_of_a_task_is_called_by_both() -> None:
    assert identity.deadline_name("DL-03", None) == "DL-03"
    assert identity.deadline_name("TK-01", CAUSE) == f"TK-01:{CAUSE}"


def test_the_digest_of_an_action_stays() -> None:
    assert identity.action_digest("accept", "{}") == (
        "660617f98edc43ef823218bdae420f3ef6a5910410baecceeecf77dab89e5194"
    )


def test_the_steps_of_a_delivery_keep_the_names_they_had_first() -> None:
    assert list(STEP_NAMES.values()) == ["Due", "Renewed", "Attempted", "Asked", "Settled", "Resent"]
