"""How often complaints are judged as labelled: shares with intervals, folds, curves, and the commands."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from deploy.severity import commands, training
from deploy.severity.commands import severity
from deploy.severity.curves import calibrate, draw_curves
from deploy.severity.labelled import Labelled
from deploy.severity.measuring import Measured, Share, assign_folds, confusion, describe, figures
from deploy.severity.speed import cut_to_length
from schemas.severity import Judgement
from schemas.vocabulary import Level
from services.routing.domain.severity.detection import Detection, LearnedSignal, SignalEvidence, Span
from services.routing.store.severity_files import load_severity, load_weights
from tests.unit.severity.complaints import few_dozen

POLICY = load_severity()


def judged(criterion: str, level: Level, probability: float = 0.0, *, certain: bool = True) -> Measured:
    signal = LearnedSignal(probability, Span("fire.learned", 0, 1))
    judgement = Judgement(
        level=level,
        confirmed=level,
        criteria=(criterion,),
        deciding=criterion,
        signals=(),
        doubts=() if certain else ("learned_alone",),
    )
    complaint = Labelled.model_validate({"text": "Something happened.", "criteria": [criterion]})
    return Measured(complaint, Detection({"fire": SignalEvidence(learned=signal)}), judgement)


MEASURED = [
    judged("M1", "major", 0.9),
    judged("M1", "major", 0.8),
    judged("M1", "general", 0.3, certain=False),
    judged("M1", "general", 0.1),
    judged("G3", "general", 0.2),
    judged("G3", "major", 0.4),
]


def test_an_interval_is_that_of_wilson() -> None:
    low, high = Share(9, 10).interval
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)
    assert Share(0, 0).interval == (0, 1)
    assert str(Share(0, 0)) == "none"


def test_figures_count_what_is_exact_certain_and_lost() -> None:
    assert figures(MEASURED, POLICY) == {
        "exact": Share(3, 6),
        "certain": Share(5, 6),
        "exact among certain": Share(3, 5),
        "major judged so or to confirm": Share(3, 4),
        "major judged certainly general": Share(1, 4),
        "general judged certainly major": Share(1, 2),
    }
    assert confusion(MEASURED, POLICY)["major", "general", False] == 1


def test_what_honest_readers_could_see_otherwise_is_not_counted() -> None:
    tricky = MEASURED[3].complaint.model_copy(update={"tricky": True})
    doubtful = Measured(tricky, MEASURED[3].detection, MEASURED[3].judgement)
    assert figures([*MEASURED[:3], doubtful], POLICY)["exact"] == Share(2, 3)


def test_figures_and_a_table_are_printed_for_each_language_and_both() -> None:
    lines = list(describe(MEASURED, POLICY))
    assert lines[0] == "en: 6 clear complaints of 6"
    assert any(line.split() == ["major", "1", "/", "1", "0", "/", "0", "2", "/", "0"] for line in lines)
    assert sum("exact among certain" in line for line in lines) == 2


def test_every_fold_has_as_many_of_each_language_and_level_in_any_order() -> None:
    complaints = few_dozen()
    folds = assign_folds(complaints, POLICY, 4)
    turned = assign_folds(complaints[::-1], POLICY, 4)
    assert turned[::-1] == folds
    assert np.ptp(np.bincount(folds)) <= 1
    major = [fold for fold, complaint in zip(folds, complaints, strict=True) if complaint.criteria == ("M1",)]
    assert len(set(major)) == 4


def test_a_curve_says_what_each_threshold_reaches() -> None:
    (curve,) = draw_curves(MEASURED, POLICY)
    assert (curve.language, curve.level, curve.positives) == ("en", "major", 4)
    reached = {point.threshold: (point.precision, point.recall) for point in curve.points}
    assert reached[0.8] == (1.0, 0.5)
    assert reached[0.4] == (2 / 3, 0.5)
    assert reached[0.1] == (4 / 6, 1.0)
    assert set(curve.marks) == {"raises", "suspects", "doubts"}


def test_probabilities_are_compared_with_what_was_there() -> None:
    (calibration,) = calibrate(MEASURED, POLICY)
    assert calibration.bins[-1].share == 1.0
    assert sum(place.count for place in calibration.bins) == 6 * len(training.learned_signals(POLICY))


def test_pieces_of_texts_have_the_length_asked_for() -> None:
    pieces = cut_to_length(["short", "a text of some length"], 10)
    assert [next(pieces) for _ in range(3)] == ["short\na te", "xt of some", " length\nsh"]


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of labelled complaints; nothing but it is learned from, and weights are written beside it."""
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(complaint.model_dump_json() for complaint in few_dozen()), encoding="utf-8")
    monkeypatch.setattr(commands, "training_files", list)
    monkeypatch.setattr(commands, "read_shipped", lambda _: [])
    monkeypatch.setattr(commands, "DETECTION", tmp_path)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(severity, list(map(str, arguments)))


@pytest.mark.whole
def test_weights_say_what_they_were_learned_from(labelled: Path) -> None:
    result = run("train", labelled)
    assert result.exit_code == 0, result.output
    weights = load_weights(labelled.parent / "weights.npz")
    assert weights is not None
    assert list(weights.trained_on.values()) == [len(few_dozen())]
    assert labelled.stem not in str(weights.trained_on)


@pytest.mark.whole
def test_what_is_measured_is_printed_and_drawn(labelled: Path) -> None:
    result = run("measure", labelled, "--folds", "2", "--draw", labelled.parent)
    assert result.exit_code == 0, result.output
    assert "both: 96 clear complaints of 96" in result.output
    drawn = json.loads((labelled.parent / "severity.json").read_text("utf-8"))
    assert {curve["language"] for curve in drawn["curves"]} == {"zh", "en"}
    assert drawn["figures"]["both"]["exact"]["of"] == 96
    assert (labelled.parent / "severity.svg").read_text("utf-8").count("<path") > 20


def test_a_wrong_line_ends_a_command_with_its_place(labelled: Path) -> None:
    labelled.write_text('{"text": "Smoke."}', encoding="utf-8")
    for command in ("train", "measure"):
        result = run(command, labelled)
        assert result.exit_code == 1
        assert f"{labelled}:1: criteria: should be given" in result.output


def test_nothing_to_measure_is_refused(labelled: Path) -> None:
    labelled.write_text("", encoding="utf-8")
    assert "no labelled complaint" in run("measure", labelled).output
