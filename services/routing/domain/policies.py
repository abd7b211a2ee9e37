"""The policies routing decides by, in every version that was published."""

from dataclasses import dataclass, field

from schemas.base import policy_key
from schemas.cases import Role, TaskKind
from schemas.policies import Policy, Rung
from schemas.tasks import TaskSpec
from services.common.store.versions import Versions


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """One version of one policy, ready to decide by."""

    content: Policy
    version: str

    @property
    def key(self) -> str:
        """The name of this version, as cases say it."""
        return policy_key(self.content.id, self.version)

    def task(self, kind: TaskKind) -> TaskSpec | None:
        """What the policy says of a kind of task."""
        return next((task for task in self.content.tasks if task.id == kind), None)

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
