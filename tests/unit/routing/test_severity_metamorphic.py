"""What says nothing about the car moves no judgement: 700 sentences, each changed in ways that change nothing."""

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random

import pytest
from opencc import OpenCC

from schemas.severity import Judgement
from tests.judging import DATA, is_chinese, judge_all, read_lines

STEADY = 0.99
"""The share of sentences whose judgement a transformation must not move."""
STORY = Path(__file__).parents[2] / "data" / "story_around.json"
Change = Callable[[str], str]


@cache
def sentences(name: str) -> tuple[str, ...]:
    return tuple(line["text"] for line in read_lines(DATA / f"{name}.jsonl"))


@cache
def judgements(name: str) -> tuple[Judgement, ...]:
    return tuple(judge_all(sentences(name)))


def before(chinese: str, english: str) -> Change:
    return lambda text: chinese + text if is_chinese(text) else f"{english} {text}"


def after(chinese: str, english: str) -> Change:
    return lambda text: close(text) + (chinese if is_chinese(text) else f" {english}")


def close(text: str) -> str:
    """A sentence that ends before another begins."""
    text = text.rstrip()
    if text[-1:] in "。.！!？?；;…~":
        return text
    return text + ("。" if is_chinese(text) else ".")


def widen(text: str) -> str:
    """Letters and figures in full width."""
    return "".join(
        chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" and sign.isalnum() else sign for sign in text
    )


def unpunctuate(text: str) -> str:
    """Without punctuation, except inside figures and words; line ends become spaces."""
    gap = "" if is_chinese(text) else " "
    bare = re.sub(r"(?<!\d)[,.](?=\S)|[,.](?!\d)|[，。！？；：、…!?;:()（）\n]", gap, text)
    return re.sub(r"\s+", " ", bare).strip()


def story(text: str, *, ahead: bool) -> str:
    """The sentence after or before a few others that tell of nothing."""
    chinese = is_chinese(text)
    around = json.loads(STORY.read_text("utf-8"))["zh" if chinese else "en"]
    told = Random(text).sample(around, 4)
    return ("" if chinese else " ").join([*told, text] if ahead else [close(text), *told])


CHANGES: dict[str, Change] = {
    "plate before": before("(粤A8K3J6)", "(plate 7KXR214)"),
    "plate after": after("（京N·5Q7T2）", "(plate 7KXR214)"),
    "phone before": before("（电话13912345678）", "(call 555-013-4477)"),
    "phone after": after("[13912345678]", "(555) 013-4477"),
    "switched off after parking": after(
        "停好车熄火后发现的。", "I noticed it after I had parked and switched the engine off."
    ),
    "greeting": before("您好，", "Hello,"),
    "thanks": after("谢谢！", "Thank you."),
    "signature": after("车主：李女士", "Regards, Anna Miller"),
    "order number": before("订单号：TS20260301123，", "Order no. TS-4821337:"),
    "upper case": str.upper,
    "lower case": str.lower,
    "full width": widen,
    "Traditional": OpenCC("s2t").convert,
    "punctuation removed": unpunctuate,
    "a story before": lambda text: story(text, ahead=True),
    "a story after": lambda text: story(text, ahead=False),
}


@pytest.mark.whole
@pytest.mark.parametrize("name", CHANGES)
def test_neither_level_nor_certainty_moves(name: str) -> None:
    moved = [
        f"{was.level}, certain {was.certain} -> {now.level}, certain {now.certain} {now.doubts}: {text}"
        for kind in ("ordinary", "grave")
        for was, text, now in changed(kind, CHANGES[name])
        if (was.level, was.certain) != (now.level, now.certain)
    ]
    count = len(sentences("ordinary")) + len(sentences("grave"))
    assert len(moved) <= count * (1 - STEADY), "\n".join([f"{len(moved)} of {count} moved", *moved])


def changed(kind: str, change: Change) -> list[tuple[Judgement, str, Judgement]]:
    """Each sentence after the change, between its judgement before and after."""
    texts = [change(text) for text in sentences(kind)]
    return list(zip(judgements(kind), texts, judge_all(texts), strict=True))


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_changes_something(name: str) -> None:
    texts = (*sentences("ordinary"), *sentences("grave"))
    differing = sum(text != CHANGES[name](text) for text in texts)
    assert differing > len(texts) / 4


def test_ordinary_sentences_are_no_certain_majors() -> None:
    majors = judged_as("ordinary", lambda judgement: judgement.confirmed == "major")
    assert len(majors) <= len(sentences("ordinary")) * 0.03, "\n".join(majors)


def test_grave_sentences_are_major_or_to_confirm_and_none_is_certainly_general() -> None:
    certain = judged_as("grave", lambda judgement: judgement.certain and judgement.level == "general")
    lost = judged_as("grave", lambda judgement: "major" not in {judgement.level, judgement.suspected})
    assert certain == []
    assert len(lost) <= len(sentences("grave")) * 0.02, "\n".join(lost)


def judged_as(kind: str, holds: Callable[[Judgement], bool]) -> Sequence[str]:
    """The sentences whose judgement is such."""
    pairs = zip(sentences(kind), judgements(kind), strict=True)
    return [text for text, judgement in pairs if holds(judgement)]


def test_full_width_is_what_it_is_called() -> None:
    assert unicodedata.normalize("NFKC", widen("ABS 12")) == "ABS 12"
    assert widen("ABS") != "ABS"
