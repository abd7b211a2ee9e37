"""Finding signals: batches, what breaks, what may not have been understood, and long stories."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from schemas.severity import Doubt, Judgement, Statement
from services.routing.domain.assessment import assess, build_statement
from services.routing.domain.severity.classifier import Classifier
from services.routing.domain.severity.detection import CLASSIFIER, LONGEST, Reader
from services.routing.domain.severity.judge import judge
from tests.casework import Casework, gtmc
from tests.dealership import a_contact
from tests.judging import DATA, judge_all, judged, read_lines, reader, table

GRAVE = [line["text"] for line in read_lines(DATA / "grave.jsonl")]
ORDINARY = [line["text"] for line in read_lines(DATA / "ordinary.jsonl")]


@pytest.fixture
def learned() -> Reader:
    """What finds signals, with the learned weights that are shipped."""
    assert reader().classifier is not None, "deploy/severity/weights.npz is missing"
    return reader()


def test_a_batch_is_read_as_its_texts_are_one_by_one() -> None:
    texts = [*GRAVE[::5], "", *ORDINARY[::10], "。", "   ", "刹" * 500, "短"]
    assert without_rounding(reader().detect(texts)) == without_rounding(
        [detection for text in texts for detection in reader().detect([text])]
    )
    assert reader().detect([]) == []


def without_rounding(detections: Sequence[Any]) -> list[Any]:
    """Detections whose probabilities are rounded, since sums are not the same in any order."""
    return [
        (
            {
                name: (
                    signal.strong,
                    signal.weak,
                    signal.learned and (round(signal.learned.probability, 4), signal.learned.place),
                )
                for name, signal in detection.signals.items()
            },
            detection.doubts,
            detection.failed,
        )
        for detection in detections
    ]


def broken_classifier() -> Reader:
    class Broken(Classifier):
        def __init__(self) -> None:
            pass

        def classify(self, texts: Sequence[Any]) -> Any:
            raise FloatingPointError(len(texts))

    return replace(reader(), classifier=Broken())


@pytest.mark.parametrize(
    ("text", "level"),
    [("请回电。", "major_preliminary"), ("这车我不要了,给我退车。", "major"), ("车自燃了。", "major")],
)
def test_a_classifier_that_breaks_raises_one_level_is_named_and_hides_no_pattern(
    text: str, level: str
) -> None:
    [detection] = broken_classifier().detect([text])
    judgement = judge(Statement(text=text), detection, table())
    assert (judgement.level, judgement.confirmed, judgement.failed) == (level, level, (CLASSIFIER,))
    contact = a_contact(text)
    assessment = assess(contact, detection, gtmc().content, ())
    assert (assessment.level, assessment.triage) == (level, ("detector classifier failed",))


def test_without_weights_the_patterns_judge_alone() -> None:
    [detection] = replace(reader(), classifier=None).detect(["车自燃了。"])
    judgement = judge(Statement(text="车自燃了。"), detection, table())
    assert (judgement.level, judgement.certain, judgement.failed) == ("major", True, ())


UNREAD: dict[Doubt, tuple[str, ...]] = {
    "unsupported_language": (
        "走行中にハンドルが急に重くなり、ガードレールに衝突しました",
        "고속도로에서 갑자기 시동이 꺼져서 견인했습니다",
        "Двигатель загорелся на парковке, машина сгорела полностью",
        "Les freins ont lâché dans la descente, j'ai fini dans le fossé.",
        "El coche aceleró solo y chocó contra la pared",
        "Xe đang chạy thì mất phanh, tôi đâm vào xe phía trước",
        "Mein Auto ist auf der Autobahn einfach ausgegangen und musste abgeschleppt werden.",
        "รถเบรกไม่อยู่ชนต้นไม้",
        "توقفت الفرامل عن العمل فجأة",
    ),
    "unreadable": ("???", "......", "12345", "🙂🙂🙂", "\ufffd\ufffd\ufffd", "！！！！"),
    "cut": ("空调不冷。" * 4_401, "The radio crackles. " * 1_101),
}


@pytest.mark.parametrize(
    ("doubt", "text"),
    [(doubt, text) for doubt, texts in UNREAD.items() for text in texts],
    ids=lambda value: value[:20],
)
def test_what_may_not_have_been_understood_is_never_general_in_silence(doubt: Doubt, text: str) -> None:
    judgement = judged(text)
    assert doubt in judgement.doubts
    assert not judgement.certain


def test_a_person_is_asked_of_what_could_not_be_read() -> None:
    case = Casework().receive(a_contact("走行中にハンドルが急に重くなり、ガードレールに衝突しました"))
    [task] = case.tasks_of("confirm")
    assert task.doubts == ("unsupported_language",)


@pytest.mark.parametrize(
    "text", ["", " ", "空调不冷", "ok", "Please call.", "车坏了", "ABS", "Roof rack whistles."]
)
def test_a_short_or_an_empty_text_is_understood(text: str) -> None:
    assert not {"unsupported_language", "unreadable", "cut"} & set(judged(text).doubts)


def test_hardly_any_sentence_in_chinese_or_english_is_taken_for_another_language() -> None:
    texts = [*GRAVE, *ORDINARY]
    taken = [
        text
        for text, detection in zip(texts, reader().detect(texts), strict=True)
        if "unsupported_language" in detection.doubts
    ]
    assert len(taken) <= len(texts) / 100, "\n".join(taken)


def test_the_longest_contact_that_intake_takes_is_read_to_its_end() -> None:
    demand = "请回电" + "。" * 1_991 + "车自燃了。"
    contact = a_contact("空" * 20_000, demand=demand[-2_000:])
    text = build_statement(contact).text
    assert len(text) <= LONGEST
    assert "cut" not in judged(text).doubts
    assert judged(text).level == "major"


CHINESE, ENGLISH = "下坡时刹车突然失灵,踩到底也停不下来。", "Going downhill the brakes failed completely."


@pytest.mark.whole
@pytest.mark.parametrize("sentence", [CHINESE, ENGLISH])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_decisive_sentence_counts_wherever_it_stands(sentence: str, share: float) -> None:
    text = amid(sentence, share)
    assert 21_500 < len(text) <= 22_000
    alone, judgement = judged(sentence), judged(text)
    assert (judgement.level, judgement.confirmed) == (alone.level, "major")
    spans = [text[signal.start : signal.end] for signal in judgement.signals if signal.criterion == "M4"]
    assert any(span in sentence for span in spans)


def amid(sentence: str, share: float) -> str:
    """A story of 22,000 characters with the sentence at a share of its length."""
    between = " " if sentence.isascii() else ""
    others = [text for text in ORDINARY if text.isascii() == sentence.isascii()]
    quiet = [
        text if text[-1] in "。.!?！？" else text + ("." if text.isascii() else "。")
        for text, judgement in zip(others, judge_all(others), strict=True)
        if judgement.certain and judgement.level == "general"
    ]
    story: list[str] = []
    while len(between.join(story)) < 21_600:
        story.append(quiet[len(story) % len(quiet)])
    at = round(len(story) * share)
    return between.join([*story[:at], sentence, *story[at:]])


@pytest.mark.parametrize("times", [2, 10, 200])
@pytest.mark.parametrize(
    "text", [CHINESE, ENGLISH, "空调不太凉。", "The radio crackles now and then.", "给我退车。"]
)
def test_to_say_it_again_changes_nothing(text: str, times: int) -> None:
    between = " " if text.isascii() else ""
    assert outcome(judged(between.join([text] * times))) == outcome(judged(text))


def outcome(judgement: Judgement) -> tuple[Any, ...]:
    return judgement.level, judgement.certain, judgement.suspected, judgement.criteria


def test_shipped_weights_say_what_they_were_trained_on(learned: Reader) -> None:
    found = {
        name
        for detection in learned.detect(GRAVE)
        for name, signal in detection.signals.items()
        if signal.learned
    }
    assert found >= {"fire", "control_lost", "injury"}
