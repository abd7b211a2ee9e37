"""An SMS is counted in segments, and brought within its limit without losing its meaning."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Bilingual
from schemas.notices import Template
from services.notify.domain.segments import BASIC, EXTENSION, segments
from services.notify.domain.texts import TextError, clip, render
from services.notify.domain.wording import must_render
from services.routing.store.policy_files import load_policy
from tests.unit.notify.events import TEMPLATE, policy, rule
from tests.unit.notify.test_texts import SHIPPED, wording


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 159 + "{", 2),
        ("a" * 152 + "{" + "a" * 152, 3),
        ("é" * 160, 1),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("车" * 70, 1),
        ("车" * 71, 2),
        ("车" * 134, 2),
        ("车" * 135, 3),
        ("a" * 69 + "车", 1),
        ("a" * 70 + "车", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("车" * 66 + "😀" + "车" * 66, 3),
    ],
)
def test_segments_follow_from_the_alphabet_of_the_whole_text(text: str, count: int) -> None:
    assert segments(text) == count


@given(st.text(max_size=400))
def test_no_text_takes_more_service_than_its_segments_have(text: str) -> None:
    if {*text} <= BASIC | EXTENSION:
        size, alone, part = len(text) + sum(sign in EXTENSION for sign in text), 160, 153
    else:
        size, alone, part = len(text.encode("utf-16-le", "surrogatepass")) // 2, 70, 67
    count = segments(text)
    assert (count == 1) == (size <= alone)
    assert count == 1 or size <= count * part


def a_template(zh: str, en: str = "{{ shop }}", most: int = 1) -> Template:
    return Template.model_validate({**TEMPLATE, "sms": {"zh": zh, "en": en}, "segments": most})


LONG = {"number": "7K2M-9QXD-4T", "shop": "广州" * 40, "owner": "欧阳" * 20, "deadline": "受理后" * 20}


@pytest.mark.parametrize("most", [1, 2])
def test_names_too_long_are_cut_and_numbers_never(most: int) -> None:
    template = a_template("{{ number }}（{{ shop }}）{{ owner }}：{{ deadline }}", most=most)
    text = render(template, "sms", "zh", LONG)
    assert (text.segments, text.shortened, text.too_long) == (most, True, False)
    assert LONG["number"] in text.body
    # Cut as little as need be: one sign more of each would not fit.
    assert len(text.body) > {1: 70, 2: 134}[most] - 4


def test_what_fits_is_left_as_it_is() -> None:
    text = render(a_template("{{ number }}（{{ shop }}）"), "sms", "zh", {"number": "7K2M", "shop": "北店"})
    assert (text.body, text.segments, text.shortened) == ("7K2M（北店）", 1, False)


def test_what_cannot_be_made_to_fit_goes_out_all_the_same() -> None:
    text = render(a_template("请" * 90 + "{{ shop }}"), "sms", "zh", LONG)
    assert (text.segments, text.too_long) == (2, True)
    assert text.body.startswith("请" * 90)


def test_an_english_text_stays_in_its_alphabet_when_it_is_cut() -> None:
    text = render(a_template("x", en="{{ number }} {{ shop }}"), "sms", "en", {**LONG, "shop": "North " * 40})
    assert (text.segments, text.shortened) == (1, True)
    assert {*text.body} <= BASIC


@given(st.text(alphabet=st.sampled_from("车ae\u0301\u200d👩🔧\ufe0f"), max_size=30), st.integers(3, 30))
def test_a_cut_tears_no_sign_apart(text: str, length: int) -> None:
    short = clip(text, length, "…")
    assert len(short) <= length
    short.encode()
    if short not in (text, "…"):
        rest = text[len(short) - 1 :].lstrip(" ")
        assert not rest.startswith(("\u0301", "\u200d", "\ufe0f"))
        assert not short[:-1].endswith("\u200d")


@pytest.mark.parametrize(
    ("zh", "en", "part"),
    [("请" * 71, "ok", "sms.zh"), ("{{ shop }}" * 8, "ok", "sms.zh"), ("好", "a" * 161, "sms.en")],
)
def test_a_text_too_long_for_its_limit_is_found_when_the_policy_is_loaded(
    zh: str, en: str, part: str
) -> None:
    by_sms = rule("case.opened", "owner", by=("sms",))
    with pytest.raises(TextError, match=rf"template 'told', {part}: takes \d segments"):
        must_render("gtmc/notices.yaml", policy(by_sms, templates=[a_template(zh, en)]))
    must_render("gtmc/notices.yaml", policy(by_sms, templates=[a_template(zh, en, most=4)]))


@pytest.mark.parametrize(
    ("kind", "fact", "group"),
    [
        ("case.acted", "action", "actions"),
        ("case.task_sent", "task", "tasks"),
        ("case.task_sent", "role", "roles"),
        ("case.escalated", "ladder", "ladders"),
        ("case.opened", "state", "states"),
        ("case.opened", "department", "departments"),
        ("case.opened", "kind", "kinds"),
    ],
)
def test_what_a_policy_names_is_tried_by_the_longest_that_it_is_called(
    kind: str, fact: str, group: str
) -> None:
    texts = {"templates": [a_template(f"{{{{ {fact} }}}}", "ok")]}
    told, title = rule(kind, "owner", by=("sms",)), Bilingual(zh="长" * 71, en="long")
    must_render("gtmc/notices.yaml", policy(told, **texts))
    *others, last = getattr(policy(), group)
    longer = {group: (*others, last.model_copy(update={"title": title}))}
    with pytest.raises(TextError, match=r"template 'told', sms\.zh: takes 2 segments"):
        must_render("gtmc/notices.yaml", policy(told, **texts, **longer))


def test_a_fault_says_on_which_line_its_text_stands() -> None:
    wrong = wording(rule("case.opened", "owner"), en="{{ nowhere }}")
    asked: list[Any] = []

    def line(place: Any) -> int:
        asked.append(place)
        return 7

    with pytest.raises(TextError, match=r"'nowhere' is undefined \(line 7\)"):
        must_render("gtmc/notices.yaml", wrong, line)
    assert asked == [("templates", 0, "body", "en")]


@pytest.mark.parametrize("folder", SHIPPED.folders(), ids=lambda folder: folder.name)
def test_every_shipped_sms_takes_one_segment(folder: Path) -> None:
    assert {template.segments for template in load_policy(folder).templates} == {1}
