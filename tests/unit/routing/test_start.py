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


def test_without_a_file_new_cases_follow_what_is_announced_and_a_file_of_ours_wins() -> None:
    known, older = Policies(default="gtmc"), replace(gtmc(), version="older")
    known.put(older.key, older)
    assert known.missing_default() == ""
    assert known.current("gtmc") == (older, ())
    known.follow(gtmc())
    known.put(older.key, older)
    assert known.current("gtmc") == (gtmc(), ())
    assert known.current("elsewhere") == (gtmc(), ("unknown policy 'elsewhere'",))


def test_an_open_case_is_never_decided_by_another_version_than_its_own() -> None:
    known = policies()
    assert f"gtmc@{gtmc().version}" in known
    assert "gtmc@gone" not in known
    with pytest.raises(KeyError):
        known["gtmc@gone"]
