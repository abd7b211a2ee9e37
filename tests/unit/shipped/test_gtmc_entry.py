"""What a contact of gtmc records: by which channel it came, and what the operator fills in."""

from typing import Any

import pytest

from schemas.identity import narrative_id
from services.routing.handlers import _narrative
from services.routing.store.texts import Texts
from tests.memory_stage import MemoryStage, opened
from tests.requirements.rows import shows
from tests.unit.intake.test_front_door import accept

WORDS = "  第一次去是周一,  说“没问题”;\n第二次,还是响……  they said: come back!  "


def entered(**form: Any) -> MemoryStage:
    return opened("gtmc", "tianhe.op", form=form)


@pytest.mark.parametrize(
    "channel",
    [
        shows("ICROP-13", "policy:gtmc/channels/call_centre_new", "call_centre_new"),
        shows("ICROP-13", "policy:gtmc/channels/call_centre_repeat", "call_centre_repeat"),
        shows("ICROP-15", "policy:gtmc/severity/criteria/P8/channels/hotline_800", "hotline_800"),
        shows("ICROP-16", "policy:gtmc/channels/onsite", "onsite"),
        shows("ICROP-17", "policy:gtmc/channels/other_phone_staff", "other_phone_staff"),
        shows("ICROP-18", "policy:gtmc/channels/other_phone_manager", "other_phone_manager"),
        shows("ICROP-19", "policy:gtmc/severity/criteria/P11/channels/third_party", "third_party"),
        shows("ICROP-21", "policy:gtmc/channels/thank_you_contact", "thank_you_contact"),
    ],
)
def test_a_complaint_comes_in_by_each_channel_and_is_entered_alike(channel: str) -> None:
    stage = opened("gtmc", "tianhe.op", channel=channel, form={"category": "product_quality"})
    assert (stage.case.channel, stage.case.triage) == (channel, ())
    assert stage.case.filled["complaint_entry"].values == {"category": "product_quality"}
    lifted = channel in {"hotline_800", "third_party"}
    assert stage.case.severity == ("major_preliminary" if lifted else "general")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        shows("ICROP-03", "policy:gtmc/forms/complaint_entry/fields/told_dealer_first", "told_dealer_first", True),  # noqa: FBT003 - a value of the form
        shows("ICROP-37", "policy:gtmc/forms/complaint_entry/fields/category", "category", "sales_service"),
        shows("ICROP-37", "policy:gtmc/forms/complaint_entry/fields/quality_subtype", "quality_subtype", "noise"),
        shows("ICROP-37", "policy:gtmc/forms/complaint_entry/fields/complaint_object", "complaint_object", "car"),
        shows("ICROP-42", "policy:gtmc/forms/complaint_entry/fields/activity_result", "activity_result", "continue_followup"),
        shows("ICROP-43", "policy:gtmc/forms/complaint_entry/fields/purchase_date", "purchase_date", "2025-06-01"),
        shows("ICROP-43", "policy:gtmc/forms/complaint_entry/fields/mileage", "mileage", 12_000),
        shows("ICROP-43", "policy:gtmc/forms/complaint_entry/fields/vehicle_use", "vehicle_use", "private_use"),
    ],
)  # fmt: skip
def test_what_the_operator_chooses_stands_in_the_case(field: str, value: Any) -> None:
    stage = entered(**{field: value})
    assert (stage.case.filled["complaint_entry"].values, stage.case.triage) == ({field: value}, ())
    assert stage.case.filled["complaint_entry"].by == "tianhe.op"


@pytest.mark.parametrize(
    "field",
    [
        shows("ICROP-39", "policy:gtmc/forms/complaint_entry/fields/keywords", "keywords"),
        shows("ICROP-31 ICROP-40", "policy:gtmc/forms/complaint_entry/fields/happened_when", "happened_when"),
        shows(
            "ICROP-31 ICROP-40", "policy:gtmc/forms/complaint_entry/fields/happened_where", "happened_where"
        ),
        shows("ICROP-31 ICROP-40", "policy:gtmc/forms/complaint_entry/fields/happened_how", "happened_how"),
        shows(
            "ICROP-31 ICROP-40",
            "policy:gtmc/forms/complaint_entry/fields/customer_opinion",
            "customer_opinion",
        ),
        shows("ICROP-31 ICROP-40", "policy:gtmc/forms/complaint_entry/fields/opinion_basis", "opinion_basis"),
        shows("ICROP-40", "policy:gtmc/forms/complaint_entry/fields/opinion_reason", "opinion_reason"),
        shows("ICROP-31 ICROP-40", "policy:gtmc/forms/complaint_entry/fields/customer_need", "customer_need"),
        shows("ICROP-41", "policy:gtmc/forms/complaint_entry/fields/course", "course"),
    ],
)
def test_what_the_operator_writes_is_kept_with_the_words_of_the_customer(field: str) -> None:
    stage = entered(**{field: WORDS})
    assert stage.case.triage == ()
    assert stage.case.filled["complaint_entry"].note == stage.case.contacts[0].text
    assert _narrative(stage.contacts[0]).texts[f"form.{field}"] == WORDS


@pytest.mark.shows("ICROP-45", "ICROP-46", dies_with="function:services.routing.handlers:_narrative")
def test_the_words_of_the_customer_are_kept_as_they_were_spoken() -> None:
    [contact] = opened("gtmc", "tianhe.op", narrative=WORDS).contacts
    texts = {"narrative": WORDS.strip(), "demand": contact.demand}
    kept = Texts(narrative_id(contact.id), contact.case_id, contact.occurred_at, texts)
    assert _narrative(contact) == kept


@pytest.mark.shows("ICROP-36", dies_with="field:schemas.contacts:ContactReceived.kind")
@pytest.mark.parametrize(("kind", "is_triage"), [("complaint", False), ("inquiry", True)])
def test_a_contact_says_that_it_is_about_a_complaint(kind: str, *, is_triage: bool) -> None:
    stage = opened("gtmc", "tianhe.op", kind=kind)
    assert (stage.case.kind, bool(stage.case.triage)) == (kind, is_triage)


@pytest.mark.shows("ICROP-38", dies_with="policy:gtmc/severity/criteria/P7/level")
def test_the_kind_of_a_complaint_is_one_of_three_levels() -> None:
    narratives = ("空调有异响。", "这车我不要了,给我退车。", "车自燃了。")
    levels = [opened("gtmc", "tianhe.op", narrative=narrative).case.severity for narrative in narratives]
    assert levels == ["general", "major_preliminary", "major"]


@pytest.mark.shows("ICROP-72", dies_with="field:services.routing.domain.case:Contact.flags")
def test_accident_and_casualties_are_kept_each_by_itself() -> None:
    stage = opened("gtmc", "tianhe.op", flags={"accident": True, "casualties": False})
    assert stage.case.contacts[0].flags == stage.case.flags == {"accident": True, "casualties": False}


@pytest.mark.shows("ICROP-14", dies_with="function:services.routing.domain.contact_added:add_contact")
def test_who_calls_again_adds_to_the_case() -> None:
    stage = entered()
    first = stage.case.id
    stage.later(hours=3)
    stage.receive("tianhe.op", shop="tianhe", channel="call_centre_repeat", narrative="还是有异响,请尽快。")
    assert (stage.case.id, len(stage.case.contacts)) == (first, 2)
    assert [event.type for event in stage.events].count("case.opened") == 1


@pytest.mark.shows("ICROP-29", dies_with="policy:gtmc/reactions/opened/1")
def test_who_takes_the_call_owns_what_they_enter_and_passes_it_to_the_cr_manager() -> None:
    stage = entered(keywords="异响")
    assert (stage.case.owner, stage.case.owner_role) == ("tianhe.op", "operator")
    assert stage.receivers("hand_over") == ["tianhe.cr"]


@pytest.mark.shows("ICROP-49", dies_with="function:services.intake.domain:to_record")
async def test_what_was_entered_is_recorded_with_one_post() -> None:
    warnings, contact = await accept(form={"category": "price"}, narrative="多收了工时费")
    assert (warnings, contact.form, contact.narrative) == ([], {"category": "price"}, "多收了工时费")


@pytest.mark.shows("CALL-06", dies_with="field:schemas.contacts:Customer.kind")
@pytest.mark.parametrize("kind", ["potential", "actual", "proxy"])
def test_whoever_speaks_for_a_customer_is_told_apart(kind: str) -> None:
    stage = opened("gtmc", "tianhe.op", customer={"kind": kind})
    assert stage.contacts[0].customer.kind == kind
