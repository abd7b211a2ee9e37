"""Texts are rendered from what an event says, and a wrong one is found before it is needed."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.media import Medium
from schemas.policies import Template, Wording
from services.notify.domain.texts import TextError, render
from services.notify.domain.wording import must_render
from services.notify.settings import POLICIES
from services.notify.store import NoticeFiles
from tests.unit.notify.events import TEMPLATE, rule

SHIPPED = NoticeFiles(POLICIES)
FACTS = {"number": "7K2M", "severity": "major complaint", "owner": "cr-1"}


def wording(*rules: dict[str, Any], **body: str) -> Wording:
    texts = {"zh": "{{ number }}", "en": "{{ number }}"} | body
    return Wording.model_validate({"notices": rules, "templates": [{**TEMPLATE, "body": texts}]})


def complaint(wrong: Wording) -> str:
    with pytest.raises(TextError) as caught:
        must_render("notices/gtmc.yaml", wrong)
    return str(caught.value)


def test_mail_has_a_subject_of_one_line_and_sms_has_none() -> None:
    template = Template.model_validate(
        {**TEMPLATE, "subject": {"zh": "一", "en": "case\n {{ number }}\r\nBcc: all@shop.example"}}
    )
    assert render(template, "email", "en", FACTS).subject == "case 7K2M Bcc: all@shop.example"
    assert render(template, "sms", "en", FACTS).subject == ""


def test_a_text_cannot_reach_beyond_its_facts() -> None:
    escape = {"zh": "一", "en": "{{ ''.__class__.__mro__[1].__subclasses__() }}"}
    template = Template.model_validate({**TEMPLATE, "sms": escape})
    with pytest.raises(TextError, match=r"'told', sms\.en"):
        render(template, "sms", "en", FACTS)


@pytest.mark.parametrize("path", SHIPPED.paths(), ids=lambda path: path.name)
def test_every_shipped_text_renders_in_both_languages(path: Path) -> None:
    must_render(path.name, SHIPPED.load(path))


@pytest.mark.parametrize("path", SHIPPED.paths(), ids=lambda path: path.name)
def test_every_shipped_template_is_used(path: Path) -> None:
    shipped = SHIPPED.load(path)
    used = {notice.template for notice in shipped.notices}
    used |= {notice.template for notice in shipped.customer_notices}
    assert {template.id for template in shipped.templates} == used


def test_a_fact_that_the_event_does_not_have_is_found_with_file_template_and_language() -> None:
    said = complaint(wording(rule("case.opened", "owner"), en="{{ due_at }}"))
    assert said == "notices/gtmc.yaml: template 'told', body.en: 'due_at' is undefined"


def test_every_wrong_text_is_named_at_once() -> None:
    said = complaint(wording(rule("case.opened", "owner"), zh="{{ nowhere }}", en="{% if %}"))
    assert "body.zh: 'nowhere' is undefined" in said
    assert "body.en: " in said


def test_a_text_that_reckons_wrongly_is_found_like_any_other() -> None:
    published = complaint(wording(rule("case.opened", "owner"), en="{{ number + 1 }}"))
    assert "template 'told', body.en" in published


def test_an_empty_text_is_found() -> None:
    assert "body.zh: renders to nothing" in complaint(wording(rule("case.opened", "owner"), zh=" "))


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x7f", "\x85", "\ud83d", "\r"])
@pytest.mark.parametrize("medium", ["email", "sms"])
def test_what_no_message_can_carry_is_left_out(medium: Medium, sign: str) -> None:
    template = Template.model_validate({**TEMPLATE, "sms": TEMPLATE["body"], "subject": TEMPLATE["body"]})
    text = render(template, medium, "en", {**FACTS, "owner": f"Li{sign} Na"})
    assert text.body.strip() == "major complaint, Li Na"
    (text.subject + text.body).encode()


def test_a_text_of_our_files_that_cannot_be_rendered_is_told_by_file_and_line(tmp_path: Path) -> None:
    shipped = (POLICIES / "notices" / "gtmc.yaml").read_text("utf-8")
    (tmp_path / "notices").mkdir()
    broken = tmp_path / "notices" / "gtmc.yaml"
    broken.write_text(shipped.replace("{{ cycle }}", "{{ round }}"), "utf-8")
    line = next(
        n for n, text in enumerate(broken.read_text("utf-8").splitlines(), 1) if "{{ round }}]" in text
    )
    published = f"{broken}: template 'top_overdue', subject.en: 'round' is undefined (line {line})"
    assert published in NoticeFiles(tmp_path).unusable()[broken]
    assert SHIPPED.unusable() == {}


def test_a_payload_is_json_of_the_facts_that_its_template_names() -> None:
    template = Template.model_validate({**TEMPLATE, "payload": ["number", "owner"]})
    text = render(template, "webhook", "en", {**FACTS, "owner": 'Li \x00"Na"'})
    assert (text.subject, json.loads(text.body)) == ("told", {"number": "7K2M", "owner": 'Li "Na"'})


@pytest.mark.parametrize("payload", [[], ["number", "due_at"]])
def test_a_payload_without_facts_or_with_one_that_the_event_does_not_have_is_found(
    payload: list[str],
) -> None:
    rules = {"notices": [rule("case.opened", "manufacturer", by=("webhook",))]}
    wrong = Wording.model_validate({**rules, "templates": [{**TEMPLATE, "payload": payload}]})
    assert "template 'told', payload: should name facts among ['at', " in complaint(wrong)
