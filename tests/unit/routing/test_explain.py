"""`redress classify --explain`: the marked text, and the reason of every signal."""

import json
from importlib import import_module
from typing import Any

import click
import pytest
from click.testing import CliRunner

from schemas.severity import Judgement, Signal
from services.routing.commands.classify import classify
from services.routing.commands.explain import LONG, NEAR, explain, mark_evidence
from services.routing.domain.severity.detection import compile_reader
from services.routing.domain.severity.spec import LexiconSpec, SignalSpec
from tests.casework import gtmc

TEXT = "我在高速上刹车失灵，要退车。"


def evidence(criterion: str, text: str, words: str, **fields: Any) -> Signal:
    start = text.index(words)
    return Signal(
        criterion=criterion, detector=f"{criterion}.test", start=start, end=start + len(words), **fields
    )


def marked(text: str, *signals: Signal) -> str:
    return mark_evidence(text, signals, styled=False)


def test_a_judgement_is_explained_line_by_line() -> None:
    judgement = Judgement(
        level="major",
        confirmed="major_preliminary",
        suspected="major",
        criteria=("M4", "P7", "P8"),
        suspicions=("M4",),
        deciding="M4",
        signals=(
            evidence("M4", TEXT, "刹车失灵", certain=False, doubt="pattern_alone", probability=0.12),
            evidence("P7", TEXT, "退车", probability=0.9),
            Signal(criterion="P8", detector="channel:hotline_800"),
        ),
        doubts=("pattern_alone", "cut"),
        failed=("fire.smoke",),
    )
    assert explain(TEXT, judgement, gtmc().content.severity, styled=False) == (
        "我在高速上[M4: 刹车失灵]，要[P7: 退车]。\n"
        "  M4 车辆行驶、转弯、停止 / The car does not drive, turn or stop as it should | “刹车失灵” | M4.test"
        " | not certain 不确定: 词句相符，但分类器认为可能性不大"
        " / the words fit a pattern, but the classifier finds it unlikely | probability 概率 0.120\n"
        "  P7 要求换车、退车 / Demands exchange or return of the car | “退车” | P7.test"
        " | certain 确定 | probability 概率 0.900\n"
        "  P8 向厂家投诉 / Announces or carries out a complaint to the manufacturer | channel:hotline_800"
        " | certain 确定\n"
        "  level 级别: major 重要投诉 / major complaint\n"
        "  confirmed 已确定: major_preliminary 重要预备投诉 / preliminary-major complaint\n"
        "  suspected 疑似: major 重要投诉 / major complaint\n"
        "  to confirm 待确认: 词句相符，但分类器认为可能性不大"
        " / the words fit a pattern, but the classifier finds it unlikely\n"
        "  to confirm 待确认: 文字过长，只读了前面的部分 / the text is too long and was not read to its end\n"
        "  failed 出错: fire.smoke"
    )


def test_evidence_that_overlaps_is_one_mark_and_the_gravest_criterion_stands_first() -> None:
    nested = [evidence("M4", TEXT, "刹车失灵"), evidence("G3", TEXT, "失灵")]
    crossing = [evidence("P7", TEXT, "失灵，要退车"), evidence("M4", TEXT, "刹车失灵")]
    beside = [evidence("M4", TEXT, "刹车"), evidence("G3", TEXT, "失灵")]
    assert marked(TEXT, *nested) == "我在高速上[M4, G3: 刹车失灵]，要退车。"
    assert marked(TEXT, *crossing) == "我在高速上[P7, M4: 刹车失灵，要退车]。"
    assert marked(TEXT, *beside) == "我在高速上[M4: 刹车][G3: 失灵]，要退车。"
    assert marked(TEXT, *beside, beside[0]) == "我在高速上[M4: 刹车][G3: 失灵]，要退车。"


def test_of_a_long_text_only_the_sentences_around_evidence_are_shown() -> None:
    story = "洗了车。" * LONG
    text = f"{story}昨天刹车失灵。真吓人。{story}我要退车！{story}"
    shown = marked(text, evidence("M4", text, "刹车失灵"), evidence("P7", text, "退车"))
    assert shown == "… 昨天[M4: 刹车失灵]。 … 我要[P7: 退车]！ …"
    assert marked(story) == "洗了车。 …"


def test_a_long_text_without_sentences_is_cut_near_the_evidence() -> None:
    text = f"{'好' * LONG}刹车失灵{'了' * LONG}"
    assert marked(text, evidence("M4", text, "刹车失灵")) == f"… {'好' * NEAR}[M4: 刹车失灵]{'了' * NEAR} …"


def test_a_text_steers_no_terminal_and_stays_on_one_line() -> None:
    text = "\x1b[2J刹车\n失灵\u202e。"
    assert marked(text, evidence("M4", text, "刹车\n失灵")) == "[2J[M4: 刹车 失灵] 。"


@pytest.mark.parametrize(("certain", "colour"), [(True, "red"), (False, "yellow")])
def test_a_terminal_shows_evidence_in_colour(certain: bool, colour: str) -> None:  # noqa: FBT001
    shown = mark_evidence(TEXT, [evidence("M4", TEXT, "刹车失灵", certain=certain)], styled=True)
    assert click.style("刹车失灵", fg=colour, underline=True) in shown
    assert click.unstyle(shown) == "我在高速上刹车失灵[M4]，要退车。"


def test_the_command_explains_each_line_in_order_and_fails_for_a_wrong_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = LexiconSpec(signals={"fire": SignalSpec(strong={"flames": ("起火",)})})
    command = import_module(classify.callback.__module__)
    monkeypatch.setattr(command, "load_reader", lambda: compile_reader(spec, None))
    lines = ({"id": "a", "text": "发动机起火"}, {"id": 2}, {"id": 3, "text": "洗车"})
    result = CliRunner().invoke(classify, ["--explain"], input="\n".join(map(json.dumps, lines)))
    heads = [line for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert heads == ['"a": 发动机[M1: 起火]', "2: error 错误: text: should be given", "3: 洗车"]
    assert "\x1b" not in result.stdout
    assert result.exit_code == 1
