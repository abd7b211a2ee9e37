"""The policies routing decides by, in every version that was published."""

from dataclasses import dataclass, field

from schemas.base import policy_key
from schemas.policies import Policy
from schemas.vocabulary import Department, Role
from services.common.store.versions import Versions


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPolicy:
    """One version of one policy, ready to decide by; one that is `outdated` says less than the engine now asks."""

    content: Policy
    version: str
    outdated: bool = False

    @property
    def key(self) -> str:
        """The name of this version, as cases say it."""
        return policy_key(self.content.id, self.version)


@dataclass(slots=True)
class Policies(Versions[CompiledPolicy]):
    """Every version that was published, compiled; `default` decides cases whose policy is not known.

    New cases of a policy follow its `current` version. `awaited` are versions that were announced as current and cannot be
    used here: until they can be, what was current before serves on.
    """

    default: str = ""
    current: dict[str, CompiledPolicy] = field(default_factory=dict)
    awaited: dict[str, str] = field(default_factory=dict)

    def missing_default(self) -> str:
        """Why cases of an unknown policy could not be decided, for an operator; empty where they can."""
        if self.default in self.current:
            return ""
        if self.default in self.awaited:
            return f"REDRESS_DEFAULT_POLICY: {self.default!r}: {self.why_awaited(self.default)}"
        names = ", ".join(sorted({policy.content.id for policy in self.ready.values()})) or "none"
        return f"REDRESS_DEFAULT_POLICY: {self.default!r} has no policy that can be used; there are: {names}"

    def put(self, name: str, version: CompiledPolicy) -> None:
        """Take a version; new cases follow it where it was announced as current before."""
        Versions.put(self, name, version)
        if self.awaited.get(version.content.id) == name:
            self.move(version.content.id, name)

    def take_back(self, name: str) -> None:
        """Forget a version that was removed before anything was decided by it."""
        Versions.take_back(self, name)
        for policy in [one for one, current in self.current.items() if current.key == name]:
            del self.current[policy]
            self.awaited[policy] = name

    def follow(self, policy: CompiledPolicy) -> None:
        """Let new cases of its policy open with this version."""
        self.put(policy.key, policy)
        self.move(policy.content.id, policy.key)

    def move(self, policy: str, name: str) -> None:
        """Let new cases of a policy follow the version of this name, as soon as it can be used."""
        if name in self:
            self.current[policy] = self[name]
            self.awaited.pop(policy, None)
        else:
            self.awaited[policy] = name

    def why_awaited(self, policy: str) -> str:
        """What an operator has to mend where the current version cannot be used; empty where it can."""
        name = self.awaited.get(policy)
        return f"new cases should follow {name}, which cannot be used here: publish it again" if name else ""

    def is_outdated(self, key: str) -> bool:
        """Whether a version says less than the engine now asks; one that is not known here does not."""
        return key in self and self[key].outdated

    def successor(self, key: str) -> CompiledPolicy | None:
        """The version of the same policy that new cases follow, if that is another and not outdated as well."""
        current = self.current.get(self[key].content.id)
        return current if current is not None and current.key != key and not current.outdated else None

    def last_resorts(self) -> frozenset[Role]:
        """The roles that read, by any policy, what nobody else does."""
        return frozenset(policy.content.last_resort for policy in self.ready.values())

    def roles(self) -> frozenset[Role]:
        """The roles of every policy, also those that nobody has."""
        return frozenset(role.id for policy in self.ready.values() for role in policy.content.roles)

    def departments(self) -> frozenset[Department]:
        """The departments of every policy."""
        return frozenset(one.id for policy in self.ready.values() for one in policy.content.departments)

    def choose(self, policy: str) -> tuple[CompiledPolicy, tuple[str, ...]]:
        """What a new case opens with, and what was missing."""
        if policy in self.current:
            return self.current[policy], ()
        missing = (f"unknown policy {policy!r}",) if policy else ()
        if self.default not in self.current:
            raise LookupError(self.missing_default())
        return self.current[self.default], missing

    def last_announced(self) -> dict[str, CompiledPolicy]:
        """The version of each policy that was announced last."""
        return {version.content.id: version for version in self.ready.values()}
