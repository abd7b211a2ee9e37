"""The files of the lexicon are read whole, or refused with file, line and field."""

from pathlib import Path

import pytest

from services.common.runtime.files import FileError
from services.routing.store.severity_files import load_reader
from tests.policy_folder import LexiconFolder


@pytest.fixture
def lexicon(tmp_path: Path) -> LexiconFolder:
    return LexiconFolder(tmp_path)


CUSTOMER = "lexicon/customer.yaml"
UNBALANCED = "should close every bracket it opens"


@pytest.mark.parametrize(
    ("term", "says"),
    [
        ("want (rid|free of it", UNBALANCED),
        ("want rid) of it", UNBALANCED),
        ("want )rid( of it", UNBALANCED),
        (")", UNBALANCED),
        ("(", UNBALANCED),
        ("not want it (any more|back, )", UNBALANCED),
        ("换(车|", UNBALANCED),
        ("...", "should hold a letter"),
        ("(|)", "should hold a letter"),
        ("(换车|)", "should hold a letter"),
        ("(换车|-)", "should hold a letter"),
        ("换车|退车", "should have its choices between brackets"),
        ("换(一|)?车", "not `?`"),
        ("换车 & 退车", "not `&`"),
        ("<give-back> now", "not `<`"),
    ],
)
def test_a_term_that_could_never_match_as_it_was_meant_is_refused(
    lexicon: LexiconFolder, term: str, says: str
) -> None:
    line = lexicon.change("concepts:\n", f"concepts:\n  odd: >-\n    退车, {term}\n", CUSTOMER) - 2
    said = lexicon.refused().splitlines()
    assert said
    for each in said:
        assert each.startswith(f"{lexicon.folder / CUSTOMER}:{line}: concepts.odd.")
        assert each.split(": ", 2)[2].startswith("`")
    assert any(says in each for each in said)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("<give-back> & (退|换", UNBALANCED), ("<give-back> - ,", "should hold a letter"), ("退*车", "not `*`")],
)
def test_so_is_a_word_of_a_pattern(lexicon: LexiconFolder, pattern: str, says: str) -> None:
    line = lexicon.change("gives-back: [", f'gives-back: ["{pattern}", ', CUSTOMER)
    [said] = lexicon.refused().splitlines()
    assert said.startswith(
        f"{lexicon.folder / CUSTOMER}:{line}: signals.wants_replacement.strong.gives-back.0: "
    )
    assert says in said


def test_a_lexicon_file_is_held_to_its_sections(lexicon: LexiconFolder) -> None:
    line = lexicon.change("concepts:", "concept:", CUSTOMER)
    assert lexicon.refused().startswith(f"{lexicon.folder / CUSTOMER}:{line}: concept: ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "signals: {fire: {strong: {alight: [xyzzy]}}}",
            "signals.fire.strong.alight: already defined in another file",
        ),
        ("concepts: {airbag: cushion}", "concepts.airbag: already defined in another file"),
        ("signals: {fire: {asserts: act}}", "signals.fire.asserts: already defined in another file"),
        ("signals:", "signals: should be an object of named fields"),
    ],
)
def test_no_lexicon_file_undoes_another(lexicon: LexiconFolder, text: str, says: str) -> None:
    (lexicon.folder / "lexicon" / "zz.yaml").write_text(text, "utf-8")
    with pytest.raises(FileError, match=says):
        load_reader(lexicon.folder)
