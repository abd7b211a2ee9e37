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

    New cases follow the version of our own file; where that cannot be used, the one that was announced last.
    """

    default: str = ""
    newest: dict[str, CompiledPolicy] = field(default_factory=dict)

    def missing_default(self) -> str:
        """Why cases of an unknown policy could not be decided, for an operator; empty where they can."""
        if self._newest(self.default) is not None:
            return ""
        names = ", ".join(sorted({policy.content.id for policy in self.ready.values()})) or "none"
        return f"REDRESS_DEFAULT_POLICY: {self.default!r} has no policy that can be used; there are: {names}"

    def follow(self, policy: CompiledPolicy) -> None:
        """Let new cases of its policy open with this version."""
        self.put(policy.key, policy)
        self.newest[policy.content.id] = policy

    def is_outdated(self, key: str) -> bool:
        """Whether a version says less than the engine now asks; one that is not known here does not."""
        return key in self and self[key].outdated

    def successor(self, key: str) -> CompiledPolicy | None:
        """The version of the same policy that new cases follow, if that is another and not outdated as well."""
        newest = self._newest(self[key].content.id)
        return newest if newest is not None and newest.key != key and not newest.outdated else None

    def last_resorts(self) -> frozenset[Role]:
        """The roles that read, by any policy, what nobody else does."""
        return frozenset(policy.content.last_resort for policy in self.ready.values())

    def roles(self) -> frozenset[Role]:
        """The roles of every policy, also those that nobody has."""
        return frozenset(role.id for policy in self.ready.values() for role in policy.content.roles)

    def departments(self) -> frozenset[Department]:
        """The departments of every policy."""
        return frozenset(one.id for policy in self.ready.values() for one in policy.content.departments)

    def current(self, policy: str) -> tuple[CompiledPolicy, tuple[str, ...]]:
        """What a new case opens with, and what was missing."""
        if (newest := self._newest(policy)) is not None:
            return newest, ()
        missing = (f"unknown policy {policy!r}",) if policy else ()
        default = self._newest(self.default)
        if default is None:
            raise LookupError(self.missing_default())
        return default, missing

    def _newest(self, policy: str) -> CompiledPolicy | None:
        announced = (version for version in reversed(self.ready.values()) if version.content.id == policy)
        return self.newest.get(policy) or next(announced, None)
