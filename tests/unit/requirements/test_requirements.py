"""The requirements as they stand: every mark means something, and hardly anything of the first papers is open."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.common.runtime.files import FileError
from tests.requirements.catalogue import MOST_NOT_SOFTWARE, load

MOST_OPEN = 12


@pytest.fixture(scope="module")
def report() -> str:
    """What `make requirements` prints; it collects tests, which pytest does not do within itself."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.requirements"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def open_requirements(report: str) -> Iterator[tuple[str, str, str]]:
    """Component, source and id of each requirement that is named as open."""
    component = ""
    for line in report.partition("not software:")[0].splitlines():
        if match := re.fullmatch(r"open, (\w+): \d+", line):
            component = match[1]
        elif match := re.match(r"  (\S+) +(S\w+) ", line):
            yield component, match[2], match[1]


@pytest.mark.whole
def test_every_requirement_is_shown_open_or_not_software(report: str) -> None:
    counts = re.search(r"^requirements: (\d+) shown, (\d+) open, (\d+) not software$", report, re.MULTILINE)
    assert counts is not None
    shown, still, beyond = map(int, counts.groups())
    assert shown + still + beyond == len(load()) == 307
    assert still == len(list(open_requirements(report)))
    assert beyond <= MOST_NOT_SOFTWARE


@pytest.mark.whole
def test_of_the_first_papers_hardly_anything_is_open_in_intake_routing_and_sla(report: str) -> None:
    named = [
        requirement
        for component, source, requirement in open_requirements(report)
        if component in {"intake", "routing", "sla"} and source[:2] in {"S0", "S3"}
    ]
    assert len(named) <= MOST_OPEN, named


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["{id: A-1, source: S0, component: sla, text: It is in time.}"] * 2, "A-1"),
        (["{id: A-1, source: S9, component: sla, text: It is in time.}"], "source"),
        (
            [
                f"{{id: A-{number}, source: S2, component: desk, text: Rooms are large., not_software: rooms are rooms}}"
                for number in range(9)
            ],
            "at most 8",
        ),
    ],
)
def test_a_wrong_list_is_refused_by_file_and_line(tmp_path: Path, given: list[str], says: str) -> None:
    file = tmp_path / "requirements.yaml"
    file.write_text("requirements:\n" + "".join(f"  - {entry}\n" for entry in given), "utf-8")
    with pytest.raises(FileError, match=says) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}:")
