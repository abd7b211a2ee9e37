"""The severity judge: what the words, marks and channel of one complaint amount to."""

from dataclasses import replace

import pytest

from schemas.severity import SeverityPolicy, Statement
from services.routing.domain.severity.detection import compile_reader
from services.routing.domain.severity.detectors import Detector, compile_detectors
from services.routing.domain.severity.judge import judge
from services.routing.domain.severity.patterns import Pattern
from services.routing.domain.severity.spec import LexiconSpec
from services.routing.store.severity_files import load_severity
from tests.casework import gtmc, patterns
from tests.judging import detectors, judged, table

CHANNELS = {channel.id for channel in gtmc().content.channels}


@pytest.mark.parametrize(
    ("text", "criterion"),
    [
        ("车自燃了。", "M1"),
        ("Smoke came out of the dashboard.", "M1"),
        ("没踩油门,车自己往前窜。", "M2"),
        ("The car shot forward by itself, my foot was on the brake.", "M2"),
        ("撞车了,安全气囊没打开。", "M3"),
        ("We crashed and not one airbag opened.", "M3"),
        ("踩刹车像踩棉花,根本停不下来。", "M4"),
        ("The brake pedal sinks to the floor.", "M4"),
        ("法院的传票已经寄给你们了。", "M5"),
        ("央视的记者来采访我了。", "M6"),
        ("孩子的手被车门夹伤,缝了三针。", "P10"),
        ("再不解决我就去法院起诉。", "P3"),
        ("I want a signed and stamped letter.", "P9"),
        ("这车我不要了,给我退车。", "P7"),
    ],
)
def test_a_criterion_is_found_in_either_language(text: str, criterion: str) -> None:
    assert criterion in judged(text).criteria


@pytest.mark.parametrize(
    "text",
    [
        "没着火没冒烟,就是点烟器插啥都没电。",
        "我不退车,只想换个轮胎。",
        "万一哪天刹车失灵怎么办?",
        "Nobody was hurt, the mirror is scratched.",
        "What if the airbags did not open in a crash?",
        "听说别的车主刹车失灵,我的没事,就是洗车太慢。",
    ],
)
def test_denials_suppositions_and_other_peoples_cars_do_not_count(text: str) -> None:
    assert judged(text).level == "general"


def test_a_threat_may_stand_on_a_condition() -> None:
    assert "P4" in judged("你们再拖下去我就找记者曝光。").criteria
    assert "P3" in judged("If nothing is done I shall sue.").criteria
    assert "P3" in judged("如果不处理我就起诉你们").criteria


def test_a_call_on_the_manufacturers_line_is_a_complaint_to_the_manufacturer() -> None:
    assert judged("发票还没给我。", channel="hotline_800").deciding == "P8"


@pytest.mark.parametrize("channel", ["web_statement", "third_party"])
def test_what_comes_by_the_web_or_through_a_third_party_involves_it(channel: str) -> None:
    assert judged("发票还没给我。", channel=channel).deciding == "P11"


def test_a_third_party_of_national_rank_outranks_its_channel() -> None:
    assert judged("中消协转来一件投诉,请贵店答复。", channel="third_party").deciding == "M6"


@pytest.mark.parametrize("channel", sorted(CHANNELS - {"hotline_800", "web_statement", "third_party"}))
def test_no_other_channel_says_how_grave_a_complaint_is(channel: str) -> None:
    assert judged("发票还没给我。", channel=channel).level == "general"


@pytest.mark.parametrize(("flag", "criterion"), [("injury", "P10"), ("casualties", "P10"), ("fire", "M1")])
def test_a_flag_is_enough(flag: str, criterion: str) -> None:
    assert judged("请联系我。", flags=[flag]).criteria == (criterion,)


def test_an_accident_alone_is_no_criterion() -> None:
    assert judged("请联系我。", flags=["accident"]).level == "general"


@pytest.mark.parametrize(
    ("text", "criterion"),
    [
        ("踩了刹车感觉有点软,追尾了前车。", "M4"),
        ("车子有点往左,撞了护栏。", "M4"),
        ("该弹的没弹。", "M3"),
        ("方向盘转起来嗡嗡响而且迟滞,蹭了护栏。", "M4"),
        ("The steering clicks and responds with a lag; we hit a post.", "M4"),
    ],
)
def test_a_flag_makes_a_weak_pattern_enough(text: str, criterion: str) -> None:
    [detection] = patterns().detect([text])
    plain, flagged = (
        judge(Statement(text=text, flags=flags), detection, table())
        for flags in (frozenset(), frozenset({"accident"}))
    )
    assert detectors(plain, criterion) == set()
    assert flagged.deciding == criterion
    assert detectors(flagged, criterion)
    assert flagged.certain


@pytest.mark.parametrize(
    "text",
    [
        "追尾了,刹车没有异常,就是后备箱合不拢。",
        "撞了柱子以后,方向盘的按键有点怪。",
        "The buttons on the steering wheel are a little odd since the crash was repaired.",
    ],
)
def test_an_accident_does_not_make_a_part_of_the_brakes_or_the_steering_grave(text: str) -> None:
    assert judged(text, flags=["accident"]).level == "general"


def test_the_operators_tick_counts_without_words() -> None:
    found = judged("", ticks=["P5"])
    assert (found.level, found.signals[0].detector) == ("major_preliminary", "tick")


def test_the_highest_level_wins_and_all_criteria_are_kept() -> None:
    found = judged("车着火了,给我退车,我已经请了律师要起诉。")
    assert found.level == "major"
    assert found.criteria[0] == "M1"
    assert {"P3", "P7"} <= set(found.criteria)


def test_evidence_points_into_the_text() -> None:
    text = "昨天早上,车自燃了。"
    [signal] = [each for each in judged(text).signals if each.criterion == "M1"]
    assert "自燃" in text[signal.start : signal.end]


@pytest.mark.parametrize("text", ["", "  \n", "。", "🙂", "a" * 50_000, "刹" * 5_000])
def test_any_text_is_judged(text: str) -> None:
    assert judged(text).criteria


def test_nothing_found_is_what_the_dealer_can_handle() -> None:
    assert judged("").criteria == ("G1",)


def test_a_detector_that_breaks_lifts_the_level_and_is_named() -> None:
    empty = Pattern(sentences=(), vetoes=(), required=frozenset(), elements={})
    broken = Detector("control_lost.broken", "control_lost", empty, strong=True, is_fact=True)
    plain = compile_reader(LexiconSpec(concepts={"service": ("服务",)}), None)
    reader = replace(plain, detectors=replace(plain.detectors, by_key={"service": [broken]}))
    text = "服务态度差"
    [detection] = reader.detect([text])
    found = judge(Statement(text=text), detection, table())
    assert (found.level, found.criteria) == ("major_preliminary", ("G1",))
    assert found.failed == ("control_lost.broken",)


def test_the_level_of_a_criterion_is_policy() -> None:
    policy = load_severity("gtmc").model_dump()
    for each in policy["criteria"]:
        if each["id"] == "P10":
            each["level"] = "major_preliminary"
    text = "孩子的手夹伤,缝了三针。"
    [detection] = patterns().detect([text])
    found = judge(Statement(text=text), detection, SeverityPolicy.model_validate(policy))
    assert found.level == "major_preliminary"


def test_a_pattern_with_an_unknown_concept_is_refused_by_name() -> None:
    spec = LexiconSpec.model_validate({"signals": {"fire": {"strong": {"odd": ["<nowhere> & 刹车"]}}}})
    with pytest.raises(ValueError, match=r"odd.*nowhere"):
        compile_detectors(spec)
