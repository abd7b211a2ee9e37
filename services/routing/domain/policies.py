"""The policies routing decides by: each published version with its severity rules compiled."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.cases import Role
from schemas.policies import Policy, Rung
from schemas.severity import LEVELS, Level
from services.routing.domain.severity.rules import Rules


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """One version of one policy, ready to decide by."""

    content: Policy
    version: str
    rules: Rules

    def ranked(self, criteria: Iterable[str]) -> tuple[str, ...]:
        """Gravest first, then in the order of the severity table."""
        table = list(self.rules.criteria)
        known = {each for each in criteria if each in self.rules.criteria}
        return tuple(
            sorted(known, key=lambda each: (-gravity(self.rules.criteria[each].level), table.index(each)))
        )

    def rung(self, role: Role) -> int | None:
        """The place of a role on the ladder, if it has one."""
        return next((at for at, rung in enumerate(self.content.ladder) if rung.role == role), None)

    def stand_ins(self, role: Role) -> tuple[Role, ...]:
        """Who at the dealer fills a role that nobody can fill: the rungs above it, lowest first."""
        return tuple(rung.role for _, rung in self.above(self.rung(role) or 0) if rung.tier == "dealer")

    def above(self, rung: int) -> list[tuple[int, Rung]]:
        """The rungs above one, lowest first."""
        return [(at, each) for at, each in enumerate(self.content.ladder) if at > rung]


@dataclass(slots=True)
class Policies:
    """Every version known; `default` is the policy of a case whose policy is not.

    New cases follow the version of our own file; where that cannot be used, the one that was announced last.
    """

    default: str
    newest: dict[str, CompiledPolicy] = field(default_factory=dict)
    versions: dict[tuple[str, str], CompiledPolicy] = field(default_factory=dict)

    def missing_default(self) -> str:
        """What is missing for cases of an unknown policy to be decided, in words; empty where nothing is."""
        if self._newest(self.default) is not None:
            return ""
        known = ", ".join(sorted({policy for policy, _ in self.versions})) or "none"
        return f"REDRESS_DEFAULT_POLICY: {self.default!r} has no policy that can be used; there are: {known}"

    def add(self, policy: CompiledPolicy, *, newest: bool) -> None:
        self.versions[policy.content.id, policy.version] = policy
        if newest:
            self.newest[policy.content.id] = policy

    def drop(self, named: str) -> None:
        """Forget a version that was taken back before anything went by it."""
        policy, _, version = named.rpartition("@")
        self.versions.pop((policy, version), None)

    def current(self, policy: str) -> tuple[CompiledPolicy, tuple[str, ...]]:
        """What a new case opens with, and what was missing."""
        if (known := self._newest(policy)) is not None:
            return known, ()
        missing = (f"unknown policy {policy!r}",) if policy else ()
        default = self._newest(self.default)
        if default is None:
            raise LookupError(self.missing_default())
        return default, missing

    def _newest(self, policy: str) -> CompiledPolicy | None:
        announced = (each for (known, _), each in reversed(self.versions.items()) if known == policy)
        return self.newest.get(policy) or next(announced, None)

    def knows(self, named: str) -> bool:
        """Whether cases that go by this `<policy>@<version>` can be decided."""
        policy, _, version = named.rpartition("@")
        return (policy, version) in self.versions

    def of(self, policy: str, version: str) -> CompiledPolicy:
        """What an open case is decided by: never another version than its own."""
        return self.versions[policy, version]


def gravity(level: Level) -> int:
    return LEVELS.index(level)


def lifted(level: Level) -> Level:
    """One level higher; the highest stays."""
    return LEVELS[min(gravity(level) + 1, len(LEVELS) - 1)]
