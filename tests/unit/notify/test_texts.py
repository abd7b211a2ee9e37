"""Texts are rendered from what an event says, and a wrong one is found before it is needed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from schemas.conditions import EVENTS
from schemas.media import Medium
from schemas.notices import Template
from schemas.policies import Policy
from services.common.runtime.files import FileError
from services.notify.domain.facts import SHOWN, FactWriter
from services.notify.domain.samples import sample
from services.notify.domain.texts import TextError, render
from services.notify.domain.wording import must_render
from services.notify.settings import POLICIES
from services.notify.store import NoticeFiles
from services.routing.store.policy_files import load_policy
from tests.unit.notify.events import TEMPLATE, directory, policy, rule

SHIPPED = NoticeFiles(POLICIES)
FACTS = {"number": "7K2M", "severity": "major complaint", "owner": "cr-1"}


def wording(*rules: dict[str, Any], **body: str) -> Policy:
    """A policy with these rules and this text."""
    texts = {"zh": "{{ number }}", "en": "{{ number }}"} | body
    return policy(*rules, templates=[{**TEMPLATE, "body": texts}])


def complaint(wrong: Policy) -> str:
    with pytest.raises(TextError) as caught:
        must_render("gtmc/notices.yaml", wrong)
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


@pytest.mark.whole
@pytest.mark.parametrize("folder", SHIPPED.folders(), ids=lambda folder: folder.name)
def test_every_shipped_text_renders_in_both_languages(folder: Path) -> None:
    must_render(folder.name, load_policy(folder))


@pytest.mark.parametrize("folder", SHIPPED.folders(), ids=lambda folder: folder.name)
def test_every_shipped_template_is_used(folder: Path) -> None:
    shipped = load_policy(folder)
    used = {notice.template for notice in shipped.notices}
    used |= {notice.template for notice in shipped.customer_notices}
    assert {template.id for template in shipped.templates} == used


@pytest.mark.parametrize("kind", EVENTS)
def test_a_text_may_be_tried_on_every_event_and_use_what_it_says(kind: str) -> None:
    event = sample(kind)
    assert isinstance(event, EVENTS[kind])
    facts = FactWriter(policy(), directory(), "en").of_event(event)
    assert SHOWN.keys() & EVENTS[kind].model_fields.keys() <= facts.keys()
    assert {"number", "state", "receiver", "at"} <= facts.keys()


def test_a_fact_that_the_event_does_not_have_is_found_with_file_template_and_language() -> None:
    said = complaint(wording(rule("case.opened", "owner"), en="{{ due_at }}"))
    assert said == "gtmc/notices.yaml: template 'told', body.en: 'due_at' is undefined"


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


@pytest.mark.whole
def test_a_text_of_our_files_that_cannot_be_rendered_is_told_by_file_and_line(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(POLICIES / "gtmc", tmp_path / "gtmc"))
    broken = folder / "notices.yaml"
    broken.write_text(broken.read_text("utf-8").replace("{{ cycle }}", "{{ round }}"), "utf-8")
    line = next(
        n for n, text in enumerate(broken.read_text("utf-8").splitlines(), 1) if "{{ round }}]" in text
    )
    published = f"{broken}: template 'top_overdue', subject.en: 'round' is undefined (line {line})"
    assert published in NoticeFiles(tmp_path).fault(folder)
    assert {SHIPPED.fault(path) for path in SHIPPED.folders()} == {""}


def test_of_the_folders_only_policies_are_read_and_each_that_is_wrong_is_told(tmp_path: Path) -> None:
    for name in ("first", "second"):
        shutil.copytree(POLICIES / "gtmc", tmp_path / name)
    (tmp_path / "holidays").mkdir()
    wrong = tmp_path / "second"
    notices = wrong / "notices.yaml"
    notices.write_text(notices.read_text("utf-8").replace("to: [subject]", "to: [receiver]"), "utf-8")
    files = NoticeFiles(tmp_path)
    assert files.folders() == [tmp_path / "first", wrong]
    assert files.fault(tmp_path / "first") == ""
    assert files.fault(wrong).count("not 'receiver'") == notices.read_text("utf-8").count("[receiver]")
    with pytest.raises(FileError, match=r"notices\.yaml:\d+: notices\.\d+\.to\.0: should be one of "):
        files.check(wrong)


def test_a_payload_is_json_of_the_facts_that_its_template_names() -> None:
    template = Template.model_validate({**TEMPLATE, "payload": ["number", "owner"]})
    text = render(template, "webhook", "en", {**FACTS, "owner": 'Li \x00"Na"'})
    assert (text.subject, json.loads(text.body)) == ("told", {"number": "7K2M", "owner": 'Li "Na"'})


@pytest.mark.parametrize("payload", [[], ["number", "due_at"]])
def test_a_payload_without_facts_or_with_one_that_the_event_does_not_have_is_found(
    payload: list[str],
) -> None:
    told = rule("case.opened", "manufacturer", by=("webhook",))
    wrong = policy(told, templates=[{**TEMPLATE, "payload": payload}])
    assert "template 'told', payload: should name facts among ['at', " in complaint(wrong)
