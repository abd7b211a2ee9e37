"""A strong pattern that finds something grave in ordinary complaints is named before it is in use."""

import pytest
from click.testing import CliRunner

import deploy.policy.commands
from deploy.policy.commands import policy
from deploy.severity.overreach import FEW, find_overreach, ordinary_texts
from services.routing.domain.severity.spec import LexiconSpec
from services.routing.store.severity_files import load_lexicon, load_severity

SEVERITY = load_severity()
RATTLES = [f"The dash rattles on road {number}." for number in range(FEW + 1)]


def lexicon(signal: str, strength: str = "strong") -> LexiconSpec:
    return LexiconSpec.model_validate(
        {
            "concepts": {"noise": "rattle, 异响"},
            "signals": {signal: {strength: {"noise": ["<noise>"]}}},
        }
    )


def test_words_that_ordinary_complaints_hold_show_nothing_grave() -> None:
    (mistake,) = find_overreach(lexicon("control_lost"), SEVERITY, RATTLES)
    assert mistake.startswith(f"control_lost.noise: `rattl` is in {FEW + 1} of {FEW + 1} ordinary complaints")
    assert f"{FEW} at most: make it narrower, or weak" in mistake


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        (lexicon("control_lost"), RATTLES[1:]),
        (lexicon("control_lost", "weak"), RATTLES),
        (lexicon("ordinary_fault"), RATTLES),
    ],
    ids=["a few are as may be", "a weak pattern decides nothing alone", "an ordinary signal raises nothing"],
)
def test_what_reaches_no_further_than_it_may(spec: LexiconSpec, texts: list[str]) -> None:
    assert list(find_overreach(spec, SEVERITY, texts)) == []


@pytest.mark.whole
def test_the_lexicon_that_is_shipped_reaches_not_too_far() -> None:
    ordinary = ordinary_texts(SEVERITY)
    assert len(ordinary) > 1000
    assert list(find_overreach(load_lexicon(), SEVERITY, ordinary)) == []


@pytest.mark.whole
def test_policy_check_names_what_reaches_too_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy.policy.commands, "load_lexicon", lambda: lexicon("fire"))
    monkeypatch.setattr(deploy.policy.commands, "ordinary_texts", lambda _: RATTLES)
    result = CliRunner().invoke(policy, ["check"])
    assert result.exit_code == 1
    assert "fire.noise: `rattl` is in" in result.stderr
