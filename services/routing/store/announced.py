"""The compacted topics that routing keeps in memory, and what a start publishes on that of the policies."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

from schemas import directory, policies
from schemas.formats import FORMAT
from schemas.identity import policy_id
from schemas.policies import CurrentVersion, PublishedPolicy
from services.common.kafka.table import Contents, LeftOut, Table
from services.common.runtime.connections import Connections
from services.common.runtime.failures import retry
from services.common.runtime.files import folders
from services.common.store.decision import Cause
from services.common.store.write_path import Store
from services.routing.domain.current_version import PolicyInUse, Publication, publish
from services.routing.domain.policies import CompiledPolicy, Policies
from services.routing.settings import Settings
from services.routing.store.policy_files import compile_policy, load_policy

VERSIONS = Contents(policies.TOPIC, policies.ADAPTER, policies.key, lasting=True)
PEOPLE = Contents(directory.TOPIC, directory.ADAPTER, directory.key, personal=True)
Announced = Table[PublishedPolicy | CurrentVersion]
COLLECTION, PAGES = "policies", "policy_history"
FILES_SECONDS = 2.0


async def policies_in_use(parts: Connections) -> Store[PolicyInUse]:
    """Where it rests which version of each policy new cases follow, with every move."""
    documents = await parts.documents(COLLECTION, PolicyInUse, PAGES)
    return Store(PolicyInUse, documents, parts.publisher, parts.clock.now, parts.conflicted)


async def make_current(store: Store[PolicyInUse], asked: Publication) -> CurrentVersion | None:
    """Move a policy to a version; what is current now, or None where that is the version already."""
    # Neither a start nor a person at a console has a cause before it.
    cause = Cause(policy_id(asked.policy), uuid4(), asked, once=False)
    [outcome] = await store.change(cause, lambda before, cause: publish(before, cause, store.now()))
    if outcome.error is not None:
        raise outcome.error
    return outcome.state.current if outcome.kind == "applied" and outcome.state else None


async def publish_version(parts: Connections, published: PublishedPolicy) -> None:
    """Announce a version; returns once Kafka has it."""
    topic, value = parts.settings.topic_prefix + policies.TOPIC, published.model_dump_json().encode()
    await parts.producer.send_and_wait(topic, value, policies.key(published).encode())


@dataclass(frozen=True, slots=True)
class PublishedPolicies:
    """What stands on topic `policies`: every version by its name, and which version of each policy is current."""

    versions: Mapping[str, PublishedPolicy]
    current: Mapping[str, CurrentVersion]


async def read_policies(parts: Connections) -> PublishedPolicies:
    """What stands on topic `policies` now, for a command."""
    table = await parts.table(VERSIONS)
    await table.stop()
    entries = table.entries
    return PublishedPolicies(
        {name: one for name, one in entries.items() if isinstance(one, PublishedPolicy)},
        {one.current: one for one in entries.values() if isinstance(one, CurrentVersion)},
    )


@dataclass(slots=True)
class AnnouncedPolicies:
    """The policies by which routing decides, as they are announced; `arrived` is set whenever one is.

    A start adds the versions of our own files and moves nothing: only of a policy of which no version is current yet, that
    of our file becomes it.
    """

    settings: Settings
    parts: Connections
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
        """Read all that is announced, and add what is new in our files.

        Waits, not ready, while there is no policy by which a case of an unknown policy could be decided.
        """
        self.table = await self.parts.table(VERSIONS, self._announced)
        in_use = await policies_in_use(self.parts)
        await self._publish_files(self.table, in_use, folders(self.settings.policies))
        self._note_unusable()
        self.parts.beside(self._look_again(self.table, in_use))
        while missing := self.policies.missing_default():
            self.parts.health.set("policies", missing)
            await asyncio.sleep(FILES_SECONDS)
        self.parts.health.set("policies", "")

    async def _look_again(self, table: Announced, in_use: Store[PolicyInUse]) -> None:
        """Publish files that could not be used as soon as they are mended; all, while there is no policy to decide by."""
        while True:
            await asyncio.sleep(FILES_SECONDS)
            everything, paths = bool(self.policies.missing_default()), folders(self.settings.policies)
            wanted = [path for path in paths if everything or path.name in self.files.reasons]
            if wanted:
                await self._publish_files(table, in_use, wanted)

    async def _publish_files(
        self, table: Announced, in_use: Store[PolicyInUse], paths: Iterable[Path]
    ) -> None:
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
        await self._begin({**self.policies.last_announced(), **own}, in_use)

    async def _begin(self, versions: Mapping[str, CompiledPolicy], in_use: Store[PolicyInUse]) -> None:
        """Let new cases follow these versions of policies of which none is current."""
        for policy, version in versions.items():
            if policy not in self.policies.current and policy not in self.policies.awaited:
                asked = Publication(policy, version.version, begins=True)
                current = await retry(partial(make_current, in_use, asked), "begin a policy")
                if current is not None:
                    self.policies.move(policy, current.key)

    def _announced(self, key: str, announced: PublishedPolicy | CurrentVersion | None) -> None:
        """Raises ValueError where a version cannot be compiled; one that is in use is never taken back."""
        if announced is None:
            self.policies.take_back(key)
        elif isinstance(announced, CurrentVersion):
            self.policies.move(announced.current, announced.key)
        elif key not in self.policies:
            outdated = announced.first_format < FORMAT
            self.policies.put(key, compile_policy(announced.policy, announced.version, outdated=outdated))
        if self.table is not None:
            # While it is still read, a version may come behind the record that makes it current.
            self._note_unusable()
        self.arrived.set()
        self.changed()

    def _note_unusable(self) -> None:
        """Tell of current versions that cannot be used here; what was current before serves on."""
        for policy in {*self.policies.current, *self.policies.awaited}:
            self.unusable.note(policy, self.policies.why_awaited(policy))
