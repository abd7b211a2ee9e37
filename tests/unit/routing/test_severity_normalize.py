"""A complaint is read in one form, and what is found in it is shown in the form that was given."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.severity.detection import Span, compile_reader
from services.routing.domain.severity.normalize import normalize
from services.routing.domain.severity.spec import LexiconSpec
from services.routing.domain.severity.tokenize import Stems, tokenize
from tests.judging import judged

SMOKE = compile_reader(
    LexiconSpec.model_validate(
        {
            "concepts": {"smoke": "冒烟, smoke, 烟雾"},
            "signals": {"fire": {"strong": {"smoke": ["<smoke>"]}}},
        }
    ),
    None,
)


def evidence(text: str) -> str:
    """The part of the text as it was given in which the one signal of the lexicon above is found."""
    [detection] = SMOKE.detect([text])
    [place] = detection.signals["fire"].strong
    assert isinstance(place, Span)
    return text[place.start : place.end]


@pytest.mark.parametrize(
    ("given_text", "place"),
    [
        ("ＳＭＯＫＥ everywhere", "ＳＭＯＫＥ"),
        ("SMOKE everywhere", "SMOKE"),
        ("sm\u200boke everywhere", "sm\u200boke"),
        ("sm\u00adoke everywhere", "sm\u00adoke"),
        ("冒\u200d烟了", "冒\u200d烟"),
        ("<p>车<b>冒</b>烟</p>", "冒</b>烟"),
        ("&lt;车&gt;&nbsp;冒&#28895;了", "冒&"),
        ("車子冒煙了", "冒煙"),
        ("煙霧很大", "煙霧"),
        ("粤A12345冒烟", "冒烟"),
        ("(粤A·12345)冒烟(13912345678)", "冒烟"),
        ("LFV2A21K8G3000001 smoke", "smoke"),
        ("2026年3月1日冒烟", "冒烟"),
        ("订单号：TS20260301冒烟", "冒烟"),
    ],
)
def test_what_is_found_is_shown_as_it_was_given(given_text: str, place: str) -> None:
    assert evidence(given_text).startswith(place)


@pytest.mark.parametrize(
    ("given_text", "plain"),
    [
        ("ＡＢＳ　灯", "abs"),
        ("<br/>刹车<div class='x'>软</div>", "刹车软"),
        ("剎車失靈，方向盤鎖死", "刹车失灵"),
        ("BRAKES", "brakes"),
        ("a &amp; b", "a & b"),
        ("it\u2019s", "it's"),
    ],
)
def test_every_form_of_a_letter_is_one(given_text: str, plain: str) -> None:
    assert plain in normalize(given_text).text


@pytest.mark.parametrize(
    "reference",
    [
        "粤A12345", "京A·12345", "沪AD12345", "13912345678", "138 1234 5678", "+86 13912345678", "020-87654321",
        "555-013-4477", "(555) 013-4477", "LFV2A21K8G3000001", "1HGCM82633A004352", "2026-03-01", "03/01/2026",
        "2026年3月1日", "3月15日", "订单号：TS20260301123", "工单编号 889123", "Order no. TS-4821337", "case #123456",
        "anna@example.com", "https://example.com/a?b=1", "www.example.com",
    ],
)  # fmt: skip
def test_names_of_cars_people_and_days_leave_no_figure(reference: str) -> None:
    for text in (f"您好 {reference} 空调不冷", f"({reference}) 空调不冷", f"空调不冷 [{reference}]"):
        assert not any(sign.isdigit() for sign in normalize(text).text), normalize(text).text
        assert normalize(text).text.count("(") == normalize(text).text.count(")")


@pytest.mark.parametrize(
    "text",
    ["车速120", "行驶了3000公里", "2.0T", "12V电瓶", "at 55 mph", "3 times in 2 weeks", "95号油", "1.5"],
)
def test_figures_that_say_something_stay(text: str) -> None:
    assert any(sign.isdigit() for sign in normalize(text).text)


@pytest.mark.parametrize(
    "text",
    [
        "3月15日买的车,脚垫还没给", "2024.3.15提车,发票没开", "315块钱的保养费", "The die-cast trim is loose.",
        "A fuse for the radio was replaced.", "The oil rig where I work is far from your shop.",
        "He fused the two keys of the app into one.", "工号315的前台态度差", "订单3150120还没处理",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_grave_word_is_none(text: str) -> None:
    assert judged(text).confirmed == "general"
    assert judged(text).level == "general"


@pytest.mark.parametrize(
    "text",
    [
        "前台没人理我\n刹车失灵撞了墙",
        "没有别的问题 就是昨天车自己烧起来了",
        "nobody called me back\nthe brakes failed and i hit a wall",
        "no other trouble so far\nyesterday the engine caught fire",
    ],
)
def test_sentences_end_although_nobody_wrote_an_end(text: str) -> None:
    assert judged(text).level == "major"


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=6),
            st.sampled_from(["冒煙", "ＳＭＯＫＥ", "<b>", "&amp;", "&#x4e00;", "\u200b", "(粤A12345)", "13912345678", "\ud800"]),
        ),
        max_size=8,
    ).map("".join)
)  # fmt: skip
def test_every_word_has_its_place_in_what_was_given(text: str) -> None:
    normalized = normalize(text)
    assert len(normalized.text) == len(normalized.origins)
    assert list(normalized.origins) == sorted(normalized.origins)
    assert all(0 <= origin < len(text) for origin in normalized.origins)
    read = tokenize(normalized, Stems({}))
    assert all(0 <= start < end <= len(text) for start, end in read.spans)
