"""What routing refuses to start with, since it would fail every case or every person later."""

from dataclasses import replace

import pytest

from services.common.store.decision import Wait
from services.routing.domain.policies import CompiledPolicy, Policies
from tests.announcing import move
from tests.casework import gtmc, policies

LATER = replace(gtmc(), version="later")


def having(*versions: CompiledPolicy, default: str = "gtmc") -> Policies:
    """What was published, of which nothing is current yet."""
    published = Policies(default=default)
    for version in versions:
        published.put(version.key, version)
    return published


def another(version: str = "1") -> CompiledPolicy:
    """A policy that is not the default one."""
    return CompiledPolicy(gtmc().content.model_copy(update={"id": "quay"}), version)


def test_a_default_policy_without_rules_is_named_with_what_there_is() -> None:
    assert policies().missing() == ""
    assert (
        "'gtmcc' has no policy that can be used; there are: gtmc" in having(gtmc(), default="gtmcc").missing()
    )


def test_new_cases_follow_what_is_current_whatever_else_is_published() -> None:
    published = having(gtmc(), LATER)
    published.move(move(gtmc().version, 1))
    assert published.choose("gtmc") == (gtmc(), ())
    assert published.choose("elsewhere") == (gtmc(), ("unknown policy 'elsewhere'",))
    published.move(move("later", 2))
    assert published.choose("gtmc") == (LATER, ())


def test_an_earlier_move_that_comes_late_turns_nothing_back() -> None:
    published = having(gtmc(), LATER)
    for one in (move(gtmc().version, 1), move("later", 2), move(gtmc().version, 1)):
        published.move(one)
    assert published.choose("gtmc") == (LATER, ())
    published.move(move(gtmc().version, 3))
    assert published.choose("gtmc") == (gtmc(), ())


def test_what_was_current_serves_on_until_the_version_that_is_can_be_used() -> None:
    published = having(gtmc())
    published.move(move(gtmc().version, 1))
    published.move(move("later", 2))
    assert published.choose("gtmc") == (gtmc(), ())
    assert published.why_unusable("gtmc").startswith(
        "new cases should follow gtmc@later, which cannot be used"
    )
    published.put(LATER.key, LATER)
    assert published.choose("gtmc") == (LATER, ())
    assert published.why_unusable("gtmc") == ""


def test_a_start_takes_no_other_version_for_one_that_is_current_and_gone() -> None:
    published = having(gtmc(), LATER)
    published.move(move(gtmc().version, 1))
    published.take_back(gtmc().key)
    assert "new cases should follow gtmc@" in published.missing()
    assert published.wait_for_current("gtmc") == Wait("gtmc@current")
    with pytest.raises(LookupError):
        published.choose("gtmc")


def test_cases_of_a_policy_whose_current_version_cannot_be_used_are_opened_by_no_other() -> None:
    published = having(gtmc(), another())
    published.move(move(gtmc().version, 1))
    published.move(move("2", 1, "quay"))
    assert "new cases should follow quay@2" in published.missing()
    assert published.wait_for_current("quay") == Wait("quay@current")
    assert published.wait_for_current("gtmc") is published.wait_for_current("elsewhere") is None
    published.put("quay@2", another("2"))
    assert (published.missing(), published.wait_for_current("quay")) == ("", None)
    assert published.is_there("quay@current")


def test_nothing_begins_with_a_version_of_an_earlier_release_and_its_new_cases_wait() -> None:
    published = having(gtmc(), replace(another(), outdated=True))
    published.move(move(gtmc().version, 1))
    assert list(published.beginnings()) == ["gtmc"]
    assert "quay has versions of an earlier release only" in published.why_unusable("quay")
    assert (published.missing(), published.wait_for_current("quay")) == ("", Wait("quay@current"))


def test_open_cases_of_an_earlier_release_stay_while_what_is_current_is_of_one_as_well() -> None:
    first, second = replace(another("1"), outdated=True), replace(another("2"), outdated=True)
    published = having(first, second)
    published.move(move("2", 1, "quay"))
    assert published.successor(first.key) is None
    assert "new cases follow quay@2, which is of an earlier release" in published.why_unusable("quay")
    third = another("3")
    published.put(third.key, third)
    published.move(move("3", 2, "quay"))
    assert published.successor(first.key) == published.successor(second.key) is third
    assert published.successor("quay@3") is None


def test_an_open_case_is_never_decided_by_another_version_than_its_own() -> None:
    published = policies()
    assert f"gtmc@{gtmc().version}" in published
    assert "gtmc@gone" not in published
    with pytest.raises(KeyError):
        published["gtmc@gone"]
