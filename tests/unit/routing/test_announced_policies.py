"""What is announced of policies, across starts, kills and records that come twice: a publication stands."""

from pathlib import Path

import pytest

from services.common.runtime.files import MAIN
from services.routing.store.announced import VERSIONS
from services.routing.store.policy_files import load_policy
from tests.announcing import TOPIC, Instance, Shared, published
from tests.casework import gtmc
from tests.policy_folder import PolicyFolder


@pytest.fixture
def shared() -> Shared:
    return Shared()


@pytest.fixture
def own(tmp_path: Path) -> PolicyFolder:
    """The files of an instance: the policy by which tests decide."""
    return PolicyFolder(tmp_path / "own")


@pytest.fixture
def instance(shared: Shared, own: PolicyFolder) -> Instance:
    return Instance(shared, own.folder.parent)


async def test_new_cases_follow_the_announced_version_at_once(shared: Shared, instance: Instance) -> None:
    await instance.start()
    await shared.put(published("later"))
    await instance.read()
    assert instance.opens_with() == gtmc().version
    await shared.publish("later")
    await instance.read()
    assert instance.opens_with() == "later"
    assert instance.counts["current policies"] == 0


async def test_a_wrong_version_leaves_the_last_good_one_in_force_and_is_counted_until_it_is_mended(
    shared: Shared, instance: Instance
) -> None:
    await instance.start()
    await shared.log.send_and_wait(TOPIC, b'{"version": "later", "policy": {"id": "gtmc"}}', b"gtmc@later")
    await shared.publish("later")
    await instance.read()
    assert instance.opens_with() == gtmc().version
    assert (instance.counts[TOPIC], instance.counts["current policies"]) == (1, 1)
    assert "gtmc@later" in instance.reasons[TOPIC]
    assert "new cases should follow gtmc@later" in instance.reasons["current policies"]
    await shared.put(published("later"))
    await instance.read()
    assert instance.opens_with() == "later"
    assert (instance.counts[TOPIC], instance.counts["current policies"]) == (0, 0)


async def test_a_publication_that_was_killed_between_store_and_kafka_is_followed_from_the_next_start(
    shared: Shared, own: PolicyFolder, instance: Instance
) -> None:
    await instance.start()
    await shared.put(published("later"))
    await shared.publish("later", killed=True)
    await instance.read()
    assert instance.opens_with() == gtmc().version
    seen = await shared.published()
    assert (seen.current["gtmc"].version, list(seen.unannounced())) == ("later", ["gtmc"])

    again = Instance(shared, own.folder.parent)
    await again.start()
    await instance.read()
    assert again.opens_with() == instance.opens_with() == "later"
    assert list((await shared.published()).unannounced()) == []


async def test_a_sweep_announces_what_a_killed_publication_left(shared: Shared, instance: Instance) -> None:
    await instance.start()
    await shared.put(published("later"))
    await shared.publish("later", killed=True)
    assert len(shared.outbox) == 1
    await instance.store.look_after_leftovers()
    await instance.read()
    assert (instance.opens_with(), shared.outbox) == ("later", [])


async def test_a_record_that_comes_twice_turns_nothing_back_here_or_at_a_later_start(
    shared: Shared, own: PolicyFolder, instance: Instance
) -> None:
    await instance.start()
    [first] = (await shared.published()).announced.values()
    await shared.put(published("later"))
    await shared.publish("later")
    await shared.put(first)
    await instance.read()
    assert instance.opens_with() == "later"

    shared.compact()
    assert (await shared.published()).announced["gtmc"] == first
    again = Instance(shared, own.folder.parent)
    await again.start()
    assert again.opens_with() == "later"
    assert (await shared.published()).announced["gtmc"].version == "later"


async def test_of_two_instances_that_begin_at_once_with_other_files_both_follow_the_one_that_was_first(
    shared: Shared, instance: Instance, tmp_path: Path
) -> None:
    other = PolicyFolder(tmp_path / "other")
    other.change("limit: {elapsed_minutes: 120}", "limit: {elapsed_minutes: 90}")
    second = Instance(shared, other.folder.parent)
    # Both have read the topic, which is empty, before either begins.
    tables = [
        await one.table(VERSIONS, one.announced._announced)  # noqa: SLF001 - the first half of a start
        for one in (instance, second)
    ]
    for one, table in zip((instance, second), tables, strict=True):
        one.announced.table = table
        await one.announced._publish_files(table, [one.folder / "gtmc"])  # noqa: SLF001 - the second half
    for one in (instance, second, instance):
        await one.read()
    assert instance.opens_with() == second.opens_with() == gtmc().version
    assert f"gtmc@{load_policy(other.folder).version}" in (await shared.published()).versions


@pytest.mark.parametrize("killed", [False, True])
async def test_a_start_waits_while_a_policy_that_is_not_the_default_has_no_version_to_go_by(
    shared: Shared, instance: Instance, *, killed: bool
) -> None:
    await shared.put(published("1", "quay"))
    await shared.publish("2", "quay", killed=killed)
    assert "new cases should follow quay@2" in await instance.missing_at_start()


async def test_a_start_finds_what_was_decided_of_a_policy_of_which_nothing_can_be_read(
    shared: Shared, instance: Instance
) -> None:
    await shared.log.send_and_wait(TOPIC, b"{}", b"quay@2")
    await shared.publish("2", "quay", killed=True)
    assert "new cases should follow quay@2" in await instance.missing_at_start()


async def test_nothing_begins_with_a_version_of_an_earlier_release(
    shared: Shared, own: PolicyFolder, instance: Instance
) -> None:
    await shared.put(published("before", format=2), published("before", "quay", format=2))
    own.change("ladders:", "ladder:", "policy.yaml")
    assert "'gtmc' has no policy that can be used" in await instance.missing_at_start()
    assert "quay has versions of an earlier release only" in instance.reasons["current policies"]
    own.change("ladder:", "ladders:", "policy.yaml")
    await instance.look()
    assert instance.opens_with() == gtmc().version
    assert instance.announced.policies.missing() == ""
    assert instance.counts["policy files"] == 0


async def test_a_wrong_folder_that_is_gone_is_told_no_more(own: PolicyFolder, instance: Instance) -> None:
    await instance.start()
    wrong = own.folder.parent / "quay"
    wrong.mkdir()
    (wrong / MAIN).write_text("id: [", "utf-8")
    await instance.announced._publish_files(instance.reading, [wrong])  # noqa: SLF001 - as at a start
    assert instance.counts["policy files"] == 1
    (wrong / MAIN).unlink()
    await instance.look()
    assert instance.counts["policy files"] == 0


async def test_what_is_current_already_is_announced_once_more_where_it_is_asked_for(
    shared: Shared, instance: Instance
) -> None:
    await instance.start()
    shared.log.topics[TOPIC] = []
    before = await shared.publish(gtmc().version)
    assert (before.number, before.by) == (1, "start of routing")
    assert (await shared.published()).announced["gtmc"] == before
