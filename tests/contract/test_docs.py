"""The documents name files that exist, explain every sign that is cited, and list every target of make."""

import re
from pathlib import Path

import pytest

DOCUMENTS = [Path("README.md"), Path("CONTRIBUTING.md"), *sorted(Path("docs").glob("*.md"))]
FOLDERS = ("services", "schemas", "deploy", "tests", "docs")
SIGN = re.compile(r"\b(S[0-4]|D-\d+|AMB-\d+|DL-\d+|HO-\d+)\b")
CITING = [
    *Path("services").rglob("*.py"),
    *Path("schemas").rglob("*.py"),
    *Path("deploy/policies").rglob("*.yaml"),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    named = re.findall(
        r"[`(]((?:\.\./)?(?:" + "|".join(FOLDERS) + r")/[\w./*-]*)[`)#:]", document.read_text("utf-8")
    )
    assert [name for name in named if not any(Path().glob(name.removeprefix("../").rstrip("/")))] == []


def test_every_sign_that_is_cited_is_explained() -> None:
    explained = Path("docs/sources.md").read_text("utf-8")
    cited = {sign for path in CITING for sign in SIGN.findall(path.read_text("utf-8"))}
    assert {"S0", "D-4", "DL-01"} <= cited
    assert sorted(sign for sign in cited if not _is_explained(sign, explained)) == []


def _is_explained(sign: str, explained: str) -> bool:
    """Papers, ambiguities and decisions by name, deadlines by their kind."""
    return (
        f"{sign[:2]}-n" in explained
        if sign.startswith(("DL-", "HO-"))
        else re.search(rf"\b{sign}\b", explained) is not None
    )


def test_readme_names_every_part_of_the_tests() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):.*##", Path("Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z0-9]+)", Path("README.md").read_text("utf-8")))
    assert named <= targets
    assert named >= {"unit", "contract", "e2e", "test", "demo", "up", "down", "logs", "bench", "soak", "lint"}
