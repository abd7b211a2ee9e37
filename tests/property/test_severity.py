"""An explicit major sentence stays major whatever story is around it, wherever it stands and however often."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.severity.detection import LONGEST
from tests.judging import judged
from tests.soak import rounds

Language = Literal["zh", "en"]
BETWEEN: dict[Language, str] = {"zh": "", "en": " "}

EXPLICIT: dict[Language, tuple[str, ...]] = {
    "zh": (
        "下坡时刹车突然失灵,踩到底也停不下来。",
        "引擎盖下面先冒浓烟,接着车就着火了。",
        "没踩油门,车自己往前窜出去。",
        "撞上护栏,安全气囊一个都没弹开。",
        "拐弯时方向盘突然锁死,怎么也打不动。",
        "超车时发动机突然熄火,失去动力。",
        "法院已经受理,传票寄给你们了。",
        "央视记者已经来采访了。",
        "孩子的手被夹伤,缝了三针。",
        "我妈妈受伤住院了。",
        "交警到现场出具了事故认定书。",
    ),
    "en": (
        "Going downhill the brakes failed completely.",
        "Flames came out of the dashboard.",
        "The car shot forward by itself while my foot was on the brake.",
        "In the crash not one airbag opened.",
        "The steering wheel locked up and would not turn.",
        "The engine died on the motorway and I lost all power.",
        "The court has accepted my lawsuit against you.",
        "The fire brigade had to put out the fire.",
        "Her wrist was broken and she was taken to hospital.",
        "My son was injured and needed six stitches.",
        "Fuel is leaking under the car, there is a puddle.",
    ),
}
ORDINARY: dict[Language, tuple[str, ...]] = {
    "zh": (
        "空调不太凉。", "座椅皮面起皱。", "发票还没开给我。", "赠送的脚垫一直没给。", "打了三次电话没人回。",
        "保养收费比报价多了两百。", "雨刮刮不干净。", "天窗有风噪。", "油耗比宣传的高。", "漆面有一道划痕。",
        "前台让我等了两个小时。", "屏幕偶尔黑屏。", "我家住在城东。", "上午去店里喝了杯茶。", "请尽快回电。",
        "我爱人说她也想来看看。", "蓝牙老断。", "配件缺货一个月了。",
    ),
    "en": (
        "The radio crackles now and then.", "There is a rattle behind the glovebox.", "The paint has a scratch.",
        "I waited two hours at reception.", "The air conditioning is weak.", "The invoice is too high.",
        "Nobody called me back.", "The leather on the seat is wrinkled.", "The wipers smear.", "The sunroof whistles.",
        "Fuel consumption is higher than promised.", "The part is out of stock.", "We live near the station.",
        "My wife said her seat is too hard.", "The coffee was good.", "I read the news while I waited.",
    ),
}  # fmt: skip
GRAVE = [(language, each) for language, sentences in EXPLICIT.items() for each in sentences]


def level(text: str) -> str:
    return judged(text).level


def long_story(language: Language) -> list[str]:
    """Ordinary sentences that leave service for one more in the longest text that is taken."""
    story: list[str] = []
    while sum(map(len, story)) + len(story) * len(BETWEEN[language]) < LONGEST - 200:
        story.append(ORDINARY[language][len(story) % len(ORDINARY[language])])
    return story


@settings(max_examples=rounds(100, 1_000), deadline=None)
@given(st.sampled_from(GRAVE), st.data())
def test_an_explicit_major_sentence_is_major_amid_ordinary_ones(
    grave: tuple[Language, str], data: st.DataObject
) -> None:
    language, sentence = grave
    story = data.draw(st.lists(st.sampled_from(ORDINARY[language]), max_size=12))
    at = data.draw(st.integers(0, len(story)))
    text = BETWEEN[language].join([*story[:at], sentence, *story[at:]])
    assert level(text) == "major", text


@settings(max_examples=rounds(30, 300), deadline=None)
@given(st.sampled_from(list(ORDINARY)), st.data())
def test_ordinary_sentences_alone_are_not(language: Language, data: st.DataObject) -> None:
    story = data.draw(st.lists(st.sampled_from(ORDINARY[language]), min_size=1, max_size=6))
    assert level(BETWEEN[language].join(story)) != "major"


@settings(max_examples=rounds(50, 500), deadline=None)
@given(st.sampled_from(GRAVE), st.data())
def test_nor_do_commas_or_missing_full_stops_hide_it(
    grave: tuple[Language, str], data: st.DataObject
) -> None:
    language, sentence = grave
    story = data.draw(st.lists(st.sampled_from(ORDINARY[language]), max_size=8))
    at = data.draw(st.integers(0, len(story)))
    comma = "，" if language == "zh" else ", "
    text = comma.join(each.rstrip("。.") for each in [*story[:at], sentence, *story[at:]])
    assert level(text) == "major", text


@pytest.mark.parametrize("place", [0, 0.37, 1])
@pytest.mark.parametrize(("language", "sentence"), GRAVE)
def test_it_counts_wherever_it_stands_in_the_longest_text(
    language: Language, sentence: str, place: float
) -> None:
    story = long_story(language)
    at = round(len(story) * place)
    assert level(BETWEEN[language].join([*story[:at], sentence, *story[at:]])) == "major"


@pytest.mark.parametrize("times", [1, 2, 500])
@pytest.mark.parametrize(("language", "sentence"), GRAVE)
def test_it_counts_however_often_it_is_said(language: Language, sentence: str, times: int) -> None:
    assert level(BETWEEN[language].join([sentence] * times)[:LONGEST]) == "major"
    assert level(((sentence.rstrip("。.") + BETWEEN[language]) * times)[:LONGEST]) == "major"
