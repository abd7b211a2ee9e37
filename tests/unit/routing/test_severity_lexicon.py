"""A word is matched as a word: not inside a longer one, not as a bracket, and not hidden by what nobody sees."""

import pytest

from services.routing.domain.severity.detection import compile_reader
from services.routing.domain.severity.lexicon import find_fault
from services.routing.domain.severity.normalize import normalize
from services.routing.domain.severity.spec import LexiconSpec
from services.routing.domain.severity.tokenize import Stems, tokenize
from services.routing.store.severity_files import load_lexicon
from tests.judging import detectors, judged

UNSEEN = (
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u200e", "\u200f", "\u202a",
    "\u202e", "\u2066", "\u2069", "\u180e", "\ufe0f", "\U000e0001", "\U000e0100", "\u3164", "\uffa0", "\u115f",
    "\u2063", "\x00", "\x08", "\u0336",
)  # fmt: skip


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
@pytest.mark.parametrize(
    ("text", "word"), [("昨天刹车失灵了。", "刹车失灵"), ("Today the brakes failed.", "brakes failed")]
)
def test_what_nobody_sees_hides_no_word_and_evidence_points_into_what_was_given(
    unseen: str, text: str, word: str
) -> None:
    given = unseen.join(text)
    found = judged(given)
    assert found.criteria == judged(text).criteria
    spans = [given[each.start : each.end] for each in found.signals if each.criterion == found.deciding]
    assert spans
    assert all(word in said.replace(unseen, "") for said in spans)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("ＢＲＡＫＥＳ　１２", ["brak", "12"]),
        ("ｂ\u200brakes", ["brak"]),
        ("the \ufb01re", ["the", "fir"]),
        ("⽕了", ["火", "了"]),
        ("don\u2019t", ["do", "not"]),
        ("\u200b\u00ad", []),
        ("刹\ud800车", ["刹", "?", "车"]),
    ],
)
def test_letters_of_any_width_or_shape_are_read_as_the_plain_ones(given: str, words: list[str]) -> None:
    read = tokenize(normalize(given), Stems({}))
    assert list(read.words) == words
    assert all(0 <= start < end <= len(given) for start, end in read.spans)


@pytest.mark.parametrize(
    "text",
    [
        ")", "(", "（见附件）", "屏幕有点卡(更新以后)", "Lovely people :)", "1) 洗车 2) 换机油滤芯",
        "The hook (left one) is loose.", "[)]", "请回电 ;)",
    ],
)  # fmt: skip
def test_a_bracket_demands_nothing(text: str) -> None:
    assert judged(text).level == "general"


@pytest.mark.parametrize(
    "text",
    [
        "换了火花塞还是抖", "点火线圈换过两个了", "点火开关有点松", "每次打火收音机都响一下", "打着火以后空调有异响",
        "车停好熄火以后后视镜不折叠", "前台冲我发火", "火车站旁边那家店", "店里那款车最近很火", "打火机插座没电",
        "发动机第三缸失火,抖得厉害", "The spark plugs were replaced twice.", "It fires up fine but the radio crackles.",
        "The adviser was fired last week.", "The mechanic fired up the engine to show me the rattle.",
        "The cable squeaks where it passes the firewall.", "One fog lamp is burnt out.", "It misfires a little when cold.",
    ],
)  # fmt: skip
def test_ignition_and_other_words_that_hold_a_fire_are_none(text: str) -> None:
    assert "M1" not in judged(text).criteria


@pytest.mark.parametrize(
    "text",
    [
        "刚点火,机舱里就冒出火来", "打着火以后仪表台下面起火", "火花塞旁边的线烧起来了,火苗很高", "熄火以后机舱着火了",
        "The moment I fired up the engine flames came out of the bonnet.", "The engine is on fire.",
    ],
)  # fmt: skip
def test_a_fire_beside_them_is_one(text: str) -> None:
    assert "M1" in judged(text).criteria


@pytest.mark.parametrize(
    ("text", "criterion"),
    [
        ("胎压报警灯亮", "M6"), ("倒车雷达一直报警", "M6"), ("跑了315公里才加油", "M6"), ("车速120的时候有风噪", "P10"),
        ("开到120公里有风声", "P10"), ("My press officer friend wrote a note about it", "M6"),
    ],
)  # fmt: skip
def test_alarms_figures_and_offices_are_not_what_they_hold(text: str, criterion: str) -> None:
    assert criterion not in judged(text).criteria


@pytest.mark.parametrize(
    "text", ["Her arm was broken in the crash.", "She broke her leg.", "Her hand was crushed by the window."]
)
def test_what_is_said_of_her_is_not_told_of_another_car(text: str) -> None:
    assert detectors(judged(text), "P10")


def test_a_vetoed_mention_does_not_stand_before_a_later_one() -> None:
    lexicon = {
        "concepts": {"soft": "踩到底|没反应, 踏板发软", "holds": "刹得住"},
        "signals": {"control_lost": {"strong": {"soft": ["刹车 ~ 踩到底|踏板发软 - <holds>"]}}},
    }
    text = "去年刹车踏板发软刹得住。今天刹车踩到底没反应。"
    assert places(lexicon, text) == {"control_lost": [text.index("刹车踩到底")]}


def test_a_term_without_a_word_matches_nothing() -> None:
    lexicon = {
        "concepts": {"give-back": ")|退车"},
        "signals": {"wants_replacement": {"strong": {"back": ["<give-back>|(|)|退车"]}}},
    }
    assert places(lexicon, "屏幕有点卡(更新以后)") == {}
    assert places(lexicon, "我要退车") == {"wants_replacement": [2]}


def places(lexicon: dict[str, object], text: str) -> dict[str, list[int]]:
    """Where each signal begins that strong patterns of a lexicon show."""
    reader = compile_reader(LexiconSpec.model_validate(lexicon), None)
    [detection] = reader.detect([text])
    return {name: [place.start for place in signal.strong] for name, signal in detection.signals.items()}


def test_every_shipped_term_is_sound() -> None:
    lexicon = load_lexicon()
    terms = [term for concept in lexicon.concepts.values() for term in concept if not term.startswith("<")]
    assert len(terms) > 1_000
    assert [fault for term in terms if (fault := find_fault(term))] == []


@pytest.mark.parametrize(
    "text",
    [
        "邻居的车刹车失灵过,我的车昨天也刹车失灵了。",
        "听说别的车主刹车失灵,结果我的车刹车也失灵了。",
        "My neighbour's car lost its brakes and now the brakes of my own car failed.",
    ],
)
def test_what_happened_to_the_customers_own_car_beside_anothers_counts(text: str) -> None:
    assert detectors(judged(text), "M4")


@pytest.mark.parametrize("text", ["邻居的车刹车失灵了。", "My neighbour's car had its brakes fail."])
def test_what_happened_to_anothers_alone_does_not(text: str) -> None:
    assert not detectors(judged(text), "M4")


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("去年刹车失灵,已经修好了。", False),
        ("去年刹车失灵。已经修好了。", False),
        ("去年刹车失灵,修好了,上周又失灵了。", True),
        ("空调已经修好了。昨天刹车失灵。", True),
        ("昨天刹车失灵。我等了一上午。空调已经修好了。", True),
        ("The brakes failed last year, it was fixed and no trouble since.", False),
        ("The brakes failed, it was fixed and now they failed again.", True),
    ],
)
def test_what_is_over_counts_only_when_it_is_back(text: str, counts: bool) -> None:  # noqa: FBT001
    assert bool(detectors(judged(text), "M4")) is counts
