"""Forms as a policy describes them: what each kind of field takes, what it keeps, and what is told where it does not."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.faults import describe
from schemas.forms import FieldKind, FieldSpec, FormSpec, filled, model_of
from tests.filling import EVERY_KIND, KINDS, field, form

LEVELS, ROLES = ("general", "major"), ("operator", "dealer_gm")
OPTIONS = "should be 'repair', 'refund' or 'apology'"
DAY = "should be a date such as 2026-03-02"
MOMENT = "should be a date and time with an offset, such as 2026-03-02T09:30:00+08:00"
CODE = "should be up to 64 small letters, digits, dots, dashes and underscores, the first no sign"
EXAMPLES: dict[FieldKind, tuple[Any, Any]] = {
    "text": ("  刹车失灵 ", "刹车失灵"),
    "code": (" REC-2026-0042 ", "REC-2026-0042"),
    "choice": ("refund", "refund"),
    "choices": (["refund", "repair", "refund"], ("refund", "repair")),
    "yes_no": (False, False),
    "number": (0, 0),
    "money": ("120.5", "120.50"),
    "date": ("2026-03-02", "2026-03-02"),
    "instant": ("2026-03-02T09:30:00+08:00", "2026-03-02T01:30:00+00:00"),
    "level": ("major", "major"),
    "shop": ("north", "north"),
    "role": ("dealer_gm", "dealer_gm"),
    "person": ("cr-1", "cr-1"),
}


def fill(spec: FormSpec | None, sent: Any) -> tuple[dict[str, Any], dict[str, str]]:
    read = filled(spec, model_of(spec, LEVELS, ROLES).model_validate(sent))
    return read.values, read.texts


def faults_of(spec: FormSpec | None, sent: Any) -> dict[str, str]:
    """What is told of each field at fault."""
    with pytest.raises(ValidationError) as wrong:
        model_of(spec, LEVELS, ROLES).model_validate(sent)
    return {".".join(map(str, error["loc"])): describe(error) for error in wrong.value.errors()}


def test_there_is_an_example_of_every_kind() -> None:
    assert EXAMPLES.keys() == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_keeps_what_is_said_texts_apart_from_codes(kind: FieldKind) -> None:
    sent, kept = EXAMPLES[kind]
    assert fill(EVERY_KIND, {kind: sent}) == (({}, {kind: kept}) if kind == "text" else ({kind: kept}, {}))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_needed_is_asked_for_and_what_is_not_may_be_left_out(kind: FieldKind) -> None:
    needed = form(field("it", kind, required=True))
    assert faults_of(needed, {}) == {"it": "should be given"}
    assert "it" in faults_of(needed, {"it": None})
    for said in ({}, {"it": None}):
        assert fill(form(field("it", kind)), said) == ({}, {})


@pytest.mark.parametrize(
    ("kind", "sent", "says"),
    [
        ("text", " \n", "should not be empty"),
        ("text", "坏" * 4_001, "should have at most 4000 characters"),
        ("text", 5, "should be text"),
        ("code", "", "should not be empty"),
        ("code", "1" * 101, "should have at most 100 characters"),
        ("choice", "replace", OPTIONS),
        ("choice", ["refund"], OPTIONS),
        ("choices", "refund", "should be a list"),
        ("yes_no", "perhaps", "should be true or false"),
        ("number", -1, "should be greater than or equal to 0"),
        ("number", 2**53, "should be less than or equal to 9007199254740991"),
        ("number", 1.5, "should be a valid integer"),
        ("number", "three", "should be a valid integer"),
        ("number", True, "should be a valid integer"),
        ("money", -0.01, "should be greater than or equal to 0"),
        ("money", "120.505", "should have at most 2 digits after the point"),
        ("money", "12345678901", "should have at most 10 digits before the point"),
        ("money", "a lot", "should be a valid number"),
        ("money", "NaN", "should be a valid number"),
        ("date", "02.03.2026", DAY),
        ("date", "2026-02-30", DAY),
        ("date", "2026-03-02T00:00:00Z", DAY),
        ("date", 20260302, DAY),
        ("date", "1772409600", DAY),
        ("instant", "2026-03-02", MOMENT),
        ("instant", "2026-03-02T09:30:00", MOMENT),
        ("instant", 1772409600, MOMENT),
        ("instant", "9999-12-31T23:59:59-12:00", "should lie within the years 1 to 9999 of UTC"),
        ("level", "mayor", "should be 'general' or 'major'"),
        ("shop", "North Shop", CODE),
        ("role", "janitor", "should be 'operator' or 'dealer_gm'"),
        ("person", "王女士", CODE),
    ],
)  # fmt: skip
def test_what_a_field_cannot_be_is_told_with_what_would_be_right(
    kind: FieldKind, sent: Any, says: str
) -> None:
    assert faults_of(EVERY_KIND, {kind: sent}) == {kind: says}


@pytest.mark.parametrize(
    ("sent", "kept"), [("120.50", "120.50"), ("120", "120.00"), (120, "120.00"), (0, "0.00"), (0.1, "0.10"), ("9999999999.99", "9999999999.99")]
)  # fmt: skip
def test_money_is_kept_as_text_with_two_digits_however_it_is_sent(sent: Any, kept: str) -> None:
    assert fill(EVERY_KIND, {"money": sent}) == ({"money": kept}, {})


def test_of_several_choices_the_wrong_ones_are_named() -> None:
    assert faults_of(EVERY_KIND, {"choices": ["refund", "x", "repair", 7]}) == {
        "choices.1": OPTIONS,
        "choices.3": OPTIONS,
    }


def test_of_choices_that_are_needed_one_has_to_be_taken_however_often() -> None:
    assert faults_of(form(field("it", "choices", required=True)), {"it": []}) == {
        "it": "should have at least one entry"
    }
    assert fill(form(field("it", "choices")), {"it": []}) == ({}, {})
    assert fill(EVERY_KIND, {"choices": ["repair"] * 500}) == ({"choices": ("repair",)}, {})


def test_all_fields_at_fault_are_told_at_once() -> None:
    sent = {"code": "", "number": -1, "money": "x", "level": "x", "colour": "red"}
    assert faults_of(EVERY_KIND, sent).keys() == sent.keys()


def test_what_no_field_is_for_is_refused() -> None:
    assert faults_of(EVERY_KIND, {"colour": "red"}) == {
        "colour": "should be left out: there is no such field"
    }
    assert faults_of(None, {"note": "x"}) == {"note": "should be left out: there is no such field"}
    assert fill(None, {}) == ({}, {})


@pytest.mark.parametrize(
    "name", ["json", "copy", "schema", "model_config", "model_dump", "class", "self", "vin-number"]
)
def test_a_field_may_have_any_name(name: str) -> None:
    spec = form(field(name, "number", required=True))
    assert fill(spec, {name: 3}) == ({name: 3}, {})
    assert faults_of(spec, {}) == {name: "should be given"}
    assert list(model_of(spec, (), ()).model_json_schema()["properties"]) == [name]


def test_what_was_sent_is_said_again_under_the_names_of_the_form() -> None:
    sent = {"number": 3, "text": "x"}
    again = json.loads(model_of(EVERY_KIND, LEVELS, ROLES).model_validate(sent).model_dump_json())
    assert {name: said for name, said in again.items() if said is not None} == sent


def test_a_form_is_described_by_its_titles() -> None:
    schema = model_of(
        form(field("wants", "choice", required=True), field("visits", "number")), (), ()
    ).model_json_schema()
    assert (schema["description"], schema["required"]) == ("Everything", ["wants"])
    assert schema["properties"]["wants"] == {
        "description": "the wants", "enum": ["repair", "refund", "apology"], "title": "Wants", "type": "string",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "place", "says"),
    [
        ({"kind": "choice", "options": []}, "options", "should have at least one entry"),
        ({"kind": "text", "options": [{"id": "a", "title": {"zh": "", "en": ""}}]}, "options", "only a choice has options"),
        ({"kind": "amount"}, "kind", "should be 'text', 'code', 'choice', 'choices', 'yes_no', "),
        ({"id": "the price"}, "id", "should be an identifier"),
    ],
)  # fmt: skip
def test_a_field_that_could_not_be_filled_in_is_refused(more: dict[str, Any], place: str, says: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        FieldSpec.model_validate({"id": "it", "kind": "text", "title": {"zh": "", "en": ""}} | more)
    [error] = wrong.value.errors()
    assert ".".join(map(str, error["loc"])) == place
    assert says in describe(error)


def test_a_form_has_each_field_once_and_no_more_than_an_event_carries() -> None:
    with pytest.raises(ValidationError, match="there is one 'it' already"):
        form(field("it", "text"), field("it", "number"))
    with pytest.raises(ValidationError) as wrong:
        form(*(field(f"number_{at}", "number") for at in range(61)))
    assert [describe(error) for error in wrong.value.errors()] == ["should have at most 60 entries"]


def test_the_first_field_of_a_kind_is_found() -> None:
    assert EVERY_KIND.of_kind("person") == "person"
    assert form(field("a", "text"), field("b", "text")).of_kind("text") == "a"
    assert form(field("a", "text")).of_kind("person") is None
