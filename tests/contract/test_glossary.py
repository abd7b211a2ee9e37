"""Users read the words of the papers of their policy, as `docs/glossary.md` has them: one in Chinese, one in English."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from schemas.base import Bilingual
from schemas.policies import Policy
from schemas.vocabulary import Vocabulary
from services.common.runtime.files import folders
from services.routing.store.policy_files import load_policy
from tests.policy_ids import SHIPPED

GLOSSARY = Path("docs/glossary.md")
EVERY = "Every policy"
POLICIES = [folder.name for folder in folders(SHIPPED)]
OF_USERS: tuple[Vocabulary, ...] = ("kinds", "departments", "roles", "states", "levels")
"""What users name a case and one another by."""
SENTENCES: frozenset[Vocabulary] = frozenset({"criteria", "flags"})
"""What is said in a sentence of its own, though it may hold a term and nothing else."""
EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")


@dataclass(frozen=True)
class Term:
    """A word of users, and what is not said in its place."""

    zh: str
    en: str
    means: str
    not_zh: tuple[str, ...]
    not_en: tuple[str, ...]


@cache
def sections() -> dict[str, tuple[Term, ...]]:
    """The terms by the policy whose they are."""
    parts = re.split(r"^## `?([^`\n]+)`?\n", GLOSSARY.read_text("utf-8"), flags=re.MULTILINE)
    return {name: tuple(map(_term, _rows(text))) for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def _rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def _term(row: str) -> Term:
    zh, en, means, instead = (cell.strip() for cell in row.strip("|").split("|"))
    words = [word.strip() for word in re.split("[,;]", instead)]
    return Term(
        zh,
        en,
        means,
        tuple(word for word in words if not word.isascii()),
        tuple(word for word in words if word.isascii()),
    )


def terms(policy: str) -> tuple[Term, ...]:
    return (*sections()[EVERY], *sections()[policy])


@cache
def loaded(policy: str) -> Policy:
    return load_policy(SHIPPED / policy)


def texts(policy: str) -> list[tuple[str, Bilingual]]:
    """Every text of a policy for people, with its place."""
    return list(_texts(loaded(policy).model_dump(mode="json")))


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, Bilingual]]:
    if isinstance(value, dict) and value.keys() == Bilingual.model_fields.keys():
        yield place, Bilingual(**value)
        return
    inside = value.items() if isinstance(value, dict) else ()
    listed = (
        ((one.get("id", "") if isinstance(one, dict) else "", one) for one in value)
        if isinstance(value, list)
        else ()
    )
    for name, inner in (*inside, *listed):
        yield from _texts(inner, f"{place}.{name}")


def spelled(english: str) -> str:
    """English as it is compared: small letters, no article, no hyphen."""
    return re.sub(r"^(the|an?) ", "", english.lower()).replace("-", " ")


def without(text: str, words: Iterator[str]) -> str:
    """A text without expressions and without these words, the longest first."""
    text = EXPRESSION.sub(" ", text)
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(re.escape(word), "　", text, flags=re.IGNORECASE)
    return text


def banned_in(text: Bilingual, own: tuple[Term, ...]) -> Iterator[str]:
    """What a text says that is called otherwise; within a term it may stand."""
    zh, en = without(text.zh, (one.zh for one in own)), without(text.en, (one.en for one in own))
    for term in own:
        yield from (f"{word!r}, say {term.zh}" for word in term.not_zh if word in zh)
        yield from (
            f"{word!r}, say {term.en}"
            for word in term.not_en
            if re.search(rf"\b{re.escape(word)}\b", en, re.IGNORECASE)
        )


def test_every_policy_that_is_shipped_has_its_words() -> None:
    assert sections().keys() == {EVERY, *POLICIES}
    assert all(term.zh and term.en and term.means for own in sections().values() for term in own)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_term_has_one_word_in_either_language(policy: str) -> None:
    own = terms(policy)
    assert len({term.zh for term in own}) == len({spelled(term.en) for term in own}) == len(own)
    assert {word for term in own for word in term.not_zh} & {term.zh for term in own} == set()
    assert {word for term in own for word in term.not_en} & {term.en for term in own} == set()


@pytest.mark.parametrize("policy", POLICIES)
def test_kinds_roles_states_and_levels_are_called_by_terms(policy: str) -> None:
    own = {(term.zh, term.en) for term in terms(policy)}
    titles = loaded(policy).titles
    called = {
        f"{what}.{name}": (title.zh, title.en) for what in OF_USERS for name, title in titles[what].items()
    }
    assert {place: title for place, title in called.items() if title not in own} == {}


@pytest.mark.parametrize("policy", POLICIES)
def test_a_title_that_is_a_term_is_one_in_both_languages(policy: str) -> None:
    by_zh = {term.zh: spelled(term.en) for term in terms(policy)}
    titles = [
        (place, title)
        for place, title in texts(policy)
        if not any(f".{part}." in place for part in SENTENCES)
    ]
    assert len(titles) > 150
    assert [
        f"{place}: {title.zh} is {title.en}, not {by_zh[title.zh]}"
        for place, title in titles
        if title.zh in by_zh and spelled(title.en) != by_zh[title.zh]
    ] == []


@pytest.mark.parametrize("policy", POLICIES)
def test_no_title_and_no_notice_says_another_word(policy: str) -> None:
    own = terms(policy)
    assert [f"{place}: not {what}" for place, text in texts(policy) for what in banned_in(text, own)] == []


@pytest.mark.parametrize(
    ("zh", "en", "says"),
    [
        ("工单已建", "the ticket", ["'工单', say 投诉案件", "'ticket', say case"]),
        ("直接责任人", "directly responsible person", []),
        ("责任人", "{{ shop }} of the Shop", ["'责任人', say 负责人", "'shop', say dealer"]),
    ],
)
def test_another_word_is_seen_where_it_is_not_part_of_a_term(zh: str, en: str, says: list[str]) -> None:
    assert list(banned_in(Bilingual(zh=zh, en=en), terms("toyota_general"))) == says
