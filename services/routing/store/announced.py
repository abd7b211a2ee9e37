"""The compacted topics that routing keeps in memory, and what a start publishes on that of the policies."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

from schemas import directory, policies
from schemas.identity import policy_id
from schemas.policies import CurrentVersion, PublishedPolicy
from services.common.kafka.table import Contents, LeftOut, Table
from services.common.runtime.connections import Connections
from services.common.runtime.failures import retry
from services.common.runtime.files import AGAIN_SECONDS, folders
from services.common.store.codec import read_state, readable
from services.common.store.decision import Cause
from services.common.store.mongo import MongoDocuments
from services.common.store.write_path import Documents, Store
from services.routing.domain.current_version import PolicyInUse, Publication, publish
from services.routing.domain.policies import CompiledPolicy, Policies
from services.routing.settings import Settings
from services.routing.store.policy_files import compile_policy, load_policy

VERSIONS = Contents(policies.TOPIC, policies.ADAPTER, policies.key, lasting=True)
PEOPLE = Contents(directory.TOPIC, directory.ADAPTER, directory.key, personal=True)
Announced = Table[PublishedPolicy | CurrentVersion]
COLLECTION, PAGES = "policies", "policy_history"


async def policies_in_use(parts: Connections) -> Store[PolicyInUse]:
    """Where it rests which version of each policy new cases follow, with every move."""
    documents = await parts.documents(COLLECTION, PolicyInUse, PAGES)
    return Store(PolicyInUse, documents, parts.publisher, parts.clock.now, parts.conflicted)


async def make_current(store: Store[PolicyInUse], asked: Publication) -> CurrentVersion:
    """Move a policy to a version, and announce it; what is current now."""
    # Neither a start nor a person at a console has a cause before it.
    cause = Cause(policy_id(asked.policy), uuid4(), asked, once=False)
    [outcome] = await store.change(cause, lambda before, cause: publish(before, cause, store.now()))
    if outcome.error is not None or outcome.state is None:
        raise outcome.error or LookupError(asked.policy)
    return outcome.state.current


async def read_decided(documents: Documents, names: Iterable[str]) -> dict[str, CurrentVersion]:
    """What was decided of these policies, whether it was announced or not."""
    stored = await documents.load([policy_id(policy) for policy in names])
    read = [readable(one["_id"], partial(read_state, one, PolicyInUse)) for one in stored.values()]
    return {one.current.current: one.current for one in read if one is not None}


async def publish_version(parts: Connections, published: PublishedPolicy) -> None:
    """Announce a version; returns once Kafka has it."""
    topic, value = parts.settings.topic_prefix + policies.TOPIC, published.model_dump_json().encode()
    await parts.producer.send_and_wait(topic, value, policies.key(published).encode())


@dataclass(frozen=True, slots=True)
class PublishedPolicies:
    """Every version on topic `policies` by its name, and which of each policy is current: as decided, and as announced."""

    versions: Mapping[str, PublishedPolicy]
    current: Mapping[str, CurrentVersion]
    announced: Mapping[str, CurrentVersion]

    @staticmethod
    def of(
        entries: Mapping[str, PublishedPolicy | CurrentVersion], decided: Mapping[str, CurrentVersion]
    ) -> "PublishedPolicies":
        """What stands on the topic, with what was decided, whose announcement may be lost."""
        announced = {one.current: one for one in entries.values() if isinstance(one, CurrentVersion)}
        versions = {name: one for name, one in entries.items() if isinstance(one, PublishedPolicy)}
        return PublishedPolicies(versions, {**announced, **decided}, announced)

    def compile(self, names: Iterable[str]) -> dict[str, CompiledPolicy]:
        """Those of the named versions that are published, ready to decide by."""
        found = {name: self.versions[name] for name in names if name in self.versions}
        return {name: compile_policy(one.policy, one.version) for name, one in found.items()}

    def unannounced(self) -> Iterator[str]:
        """The policies of which something else is announced than was decided."""
        return (policy for policy, current in self.current.items() if self.announced.get(policy) != current)


async def read_policies(parts: Connections) -> PublishedPolicies:
    """What is published now, for a command."""
    table = await parts.table(VERSIONS)
    await table.stop()
    documents = MongoDocuments(parts.database, COLLECTION, PAGES)
    return PublishedPolicies.of(table.entries, await read_decided(documents, _policies(table.entries)))


def _policies(entries: Iterable[str]) -> set[str]:
    """The policies whose versions, or whose moves, stand under these keys."""
    return {key.partition("@")[0] for key in entries}


@dataclass(slots=True)
class AnnouncedPolicies:
    """The policies by which routing decides, as they are announced; `arrived` is set whenever one is.

    A start adds the versions of our own files and moves nothing: only of a policy of which no version is current yet, that
    of our file becomes it.
    """

    settings: Settings
    parts: Connections
    in_use: Store[PolicyInUse]
    changed: Callable[[], None]
    policies: Policies = field(default_factory=Policies)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    table: Announced | None = None
    files: LeftOut = field(init=False)
    unusable: LeftOut = field(init=False)

    def __post_init__(self) -> None:
        self.files = self.parts.left_out("policy files")
        self.unusable = self.parts.left_out("current policies")
        self.policies.default = self.settings.default_policy

    async def start(self) -> None:
        """Read all that is announced and decided, and add what is new in our files.

        Waits, not ready, while there is a policy whose cases could only be opened by another.
        """
        self.table = await self.parts.table(VERSIONS, self._announced)
        await self._announce_decided(self.table)
        await self._publish_files(self.table, folders(self.settings.policies))
        self._note_unusable()
        self.parts.beside(self._look_again(self.table))
        while missing := self.policies.missing():
            self.parts.health.set("policies", missing)
            await asyncio.sleep(AGAIN_SECONDS)
        self.parts.health.set("policies", "")

    async def _announce_decided(self, table: Announced) -> None:
        """Go by what was decided, and announce it once more where Kafka has nothing of it, or an earlier move."""
        names = _policies((*table.entries, *table.left_out.reasons))
        read = partial(read_decided, self.in_use.documents, names)
        for policy, current in (await retry(read, "read current policies")).items():
            self.policies.move(current)
            if table.entries.get(policies.key(current)) != current:
                await self._begin(policy, current.version)

    async def _look_again(self, table: Announced) -> None:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            await self.look(table)

    async def look(self, table: Announced) -> None:
        """Publish files that could not be used as soon as they are mended; all, while there is no policy to decide by."""
        everything, paths = bool(self.policies.missing()), folders(self.settings.policies)
        self.files.keep([path.name for path in paths])
        wanted = [path for path in paths if everything or path.name in self.files.reasons]
        if wanted:
            await self._publish_files(table, wanted)

    async def _publish_files(self, table: Announced, paths: Iterable[Path]) -> None:
        """What is wrong with a file is told; the versions that are published serve on."""
        own: dict[str, CompiledPolicy] = {}
        for path in paths:
            try:
                policy = await asyncio.to_thread(load_policy, path)
            except ValueError as wrong:
                self.files.note(path.name, str(wrong).replace("\n", "; "))
                continue
            self.files.note(path.name, "")
            published = PublishedPolicy(version=policy.version, policy=policy)
            if policies.key(published) not in table.entries:
                await retry(partial(publish_version, self.parts, published), "publish a policy")
            own[policy.id] = compile_policy(policy)
            self.policies.put(own[policy.id].key, own[policy.id])
        for policy_name, version in {**self.policies.beginnings(), **own}.items():
            if policy_name not in self.policies.moves:
                await self._begin(policy_name, version.version)

    async def _begin(self, policy: str, version: str) -> None:
        """Let new cases follow this version of a policy of which none is current; else announce what is."""
        asked = Publication(policy, version, begins=True)
        self.policies.move(await retry(partial(make_current, self.in_use, asked), "begin a policy"))

    def _announced(self, key: str, announced: PublishedPolicy | CurrentVersion | None) -> None:
        """Take what is announced; a version that is in use is never taken back."""
        if announced is None:
            self.policies.take_back(key)
        elif isinstance(announced, CurrentVersion):
            self.policies.move(announced)
        elif key not in self.policies:
            version = compile_policy(announced.policy, announced.version, outdated=announced.is_outdated)
            self.policies.put(key, version)
        if self.table is not None:
            # While it is still read, a version may come behind the record that makes it current.
            self._note_unusable()
        self.arrived.set()
        self.changed()

    def _note_unusable(self) -> None:
        """Tell of current versions that cannot be used here; what was current before serves on."""
        for policy in self.policies.announced():
            self.unusable.note(policy, self.policies.why_unusable(policy))
