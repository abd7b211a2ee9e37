"""What routing refuses to start with, since it would fail every case or every person later."""

from dataclasses import replace

import pytest

from services.common.web import tokens
from services.routing.domain.policies import Policies
from tests.casework import gtmc, policies


def test_a_key_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="REDRESS_TOKEN_KEY must have at least 32"):
        tokens.must_protect("short")


def test_a_default_policy_without_rules_is_named_with_what_there_is() -> None:
    assert policies().missing_default() == ""
    known = Policies(default="gtmcc")
    known.follow(gtmc())
    assert "'gtmcc' has no policy that can be used; there are: gtmc" in known.missing_default()


def test_new_cases_follow_what_is_current_whatever_else_is_published() -> None:
    known, later = Policies(default="gtmc"), replace(gtmc(), version="later")
    known.follow(gtmc())
    known.put(later.key, later)
    assert known.choose("gtmc") == (gtmc(), ())
    assert known.choose("elsewhere") == (gtmc(), ("unknown policy 'elsewhere'",))
    known.move("gtmc", later.key)
    assert known.choose("gtmc") == (later, ())


def test_what_was_current_serves_on_until_the_version_that_is_can_be_used() -> None:
    known, later = Policies(default="gtmc"), replace(gtmc(), version="later")
    known.follow(gtmc())
    known.move("gtmc", later.key)
    assert known.choose("gtmc") == (gtmc(), ())
    assert known.why_awaited("gtmc").startswith("new cases should follow gtmc@later, which cannot be used")
    known.put(later.key, later)
    assert known.choose("gtmc") == (later, ())
    assert known.why_awaited("gtmc") == ""


def test_a_start_takes_no_other_version_for_one_that_is_current_and_gone() -> None:
    known, other = Policies(default="gtmc"), replace(gtmc(), version="other")
    known.follow(gtmc())
    known.put(other.key, other)
    known.take_back(gtmc().key)
    assert "new cases should follow gtmc@" in known.missing_default()
    with pytest.raises(LookupError):
        known.choose("gtmc")


def test_an_open_case_is_never_decided_by_another_version_than_its_own() -> None:
    known = policies()
    assert f"gtmc@{gtmc().version}" in known
    assert "gtmc@gone" not in known
    with pytest.raises(KeyError):
        known["gtmc@gone"]
