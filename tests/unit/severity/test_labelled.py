"""Labelled complaints are read from lines or an array, and every mistake is named by its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.severity.labelled import fingerprint, read_labelled, training_files
from services.common.runtime.files import FileError
from services.routing.store.severity_files import load_severity

POLICY = load_severity()
SMOKE = {"text": "Smoke came out of the dashboard.", "criteria": ["M1", "P7"]}


def written(folder: Path, *entries: Any) -> Path:
    path = folder / "labelled.jsonl"
    path.write_text("\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries), encoding="utf-8")
    return path


def test_lines_and_an_array_say_the_same(tmp_path: Path) -> None:
    lines = read_labelled(written(tmp_path, SMOKE, SMOKE), POLICY)
    array = read_labelled(written(tmp_path, [SMOKE, SMOKE]), POLICY)
    assert lines == array
    assert lines[0].signals(POLICY) == {"fire", "wants_replacement"}
    assert lines[0].level(POLICY) == "major"


def test_labels_made_for_measuring_are_read_too(tmp_path: Path) -> None:
    entry = {
        "id": "r-1",
        "text": "车门有异响",
        "expected_criteria": ["G3"],
        "expected_level": "major_preliminary",
        "tricky": True,
        "stratum": "anything",
    }
    (complaint,) = read_labelled(written(tmp_path, entry), POLICY)
    assert (complaint.language, complaint.level(POLICY), complaint.tricky) == (
        "zh",
        "major_preliminary",
        True,
    )


def test_of_a_partial_label_only_graver_criteria_are_known_not_to_be_met(tmp_path: Path) -> None:
    (complaint,) = read_labelled(
        written(tmp_path, {"text": "I sue.", "criteria": ["P3"], "partial": True}), POLICY
    )
    unknown = complaint.unknown_signals(POLICY)
    assert "wants_replacement" in unknown
    assert not unknown & {"lawsuit_announced", "fire"}


@pytest.mark.parametrize(
    ("entry", "mistake"),
    [
        ({"criteria": ["M1"]}, "text: should be given"),
        ({"text": "", "criteria": ["M1"]}, "text: should not be empty"),
        ({"text": "Smoke."}, "criteria: should be given"),
        ({"text": "Smoke.", "criteria": []}, "criteria: should have at least 1 entries"),
        ({"text": "Smoke.", "criteria": ["M1", "Z9"]}, "criteria: Z9 is none of the policy"),
        ({**SMOKE, "expected_level": "grave"}, "expected_level: should be one of general, "),
        ("Smoke.", "line: should be one JSON object"),
    ],
)
def test_a_wrong_line_is_named_by_file_line_and_field(tmp_path: Path, entry: Any, mistake: str) -> None:
    path = written(tmp_path, SMOKE, entry)
    with pytest.raises(FileError) as wrong:
        read_labelled(path, POLICY)
    assert str(wrong.value).startswith(f"{path}:2: {mistake}")


def test_a_wrong_entry_of_an_array_is_named_by_its_number(tmp_path: Path) -> None:
    path = written(tmp_path, [SMOKE, {"text": "Smoke."}])
    with pytest.raises(FileError, match="entry 2: criteria: should be given"):
        read_labelled(path, POLICY)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nowhere\.jsonl"):
        read_labelled(tmp_path / "nowhere.jsonl", POLICY)


def test_a_fingerprint_says_how_many_texts_and_no_name(tmp_path: Path) -> None:
    (name, count), *others = fingerprint([written(tmp_path, SMOKE, SMOKE)]).items()
    assert others == []
    assert count == 2
    assert name.startswith("sha256:")
    assert len(name) == len("sha256:") + 16


@pytest.mark.whole
def test_the_shipped_training_texts_are_labelled_in_both_languages_without_repeats() -> None:
    complaints = [complaint for path in training_files() for complaint in read_labelled(path, POLICY)]
    assert {complaint.language for complaint in complaints} == {"zh", "en"}
    assert len({complaint.text for complaint in complaints}) == len(complaints)
    met = {criterion for complaint in complaints for criterion in complaint.criteria}
    assert met == {criterion.id for criterion in POLICY.criteria}
