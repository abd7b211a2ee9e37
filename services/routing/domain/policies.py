"""The policies routing decides by, in every version that was published."""

from dataclasses import dataclass, field

from schemas.base import policy_key
from schemas.policies import CurrentVersion, Policy
from schemas.vocabulary import Role
from services.common.store.decision import Wait
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

    New cases of a policy follow its `current` version, the newest of its `moves` that can be used here: until that can be,
    what was current before serves on.
    """

    default: str = ""
    current: dict[str, CompiledPolicy] = field(default_factory=dict)
    moves: dict[str, CurrentVersion] = field(default_factory=dict)

    def missing(self) -> str:
        """Why new cases could not be opened by the policy that is theirs, for an operator; empty where they can."""
        awaited = [self.why_unusable(policy) for policy in self.moves if policy not in self.current]
        return "; ".join(awaited) or self._missing_default()

    def _missing_default(self) -> str:
        if self.default in self.current:
            return ""
        names = ", ".join(sorted(self.beginnings())) or "none"
        return f"REDRESS_DEFAULT_POLICY: {self.default!r} has no policy that can be used; there are: {names}"

    def put(self, name: str, version: CompiledPolicy) -> None:
        """Take a version; new cases follow it where it was announced as current before."""
        Versions.put(self, name, version)
        self._serve(version.content.id)

    def take_back(self, name: str) -> None:
        """Forget a version that was removed before anything was decided by it."""
        Versions.take_back(self, name)
        for policy in [one for one, current in self.current.items() if current.key == name]:
            del self.current[policy]

    def follow(self, policy: CompiledPolicy) -> None:
        """Let new cases of its policy open with this version, whatever was announced."""
        self.put(policy.key, policy)
        self.current[policy.content.id] = policy

    def move(self, move: CurrentVersion) -> None:
        """Let new cases of a policy follow this version, as soon as it can be used; an earlier move turns nothing back."""
        known = self.moves.get(move.current)
        if known is None or known.number <= move.number:
            self.moves[move.current] = move
            self._serve(move.current)

    def _serve(self, policy: str) -> None:
        move = self.moves.get(policy)
        if move is not None and move.key in self:
            self.current[policy] = self[move.key]

    def why_unusable(self, policy: str) -> str:
        """What an operator has to mend of the version that new cases of a policy follow; empty where there is nothing."""
        move = self.moves.get(policy)
        again = f"publish the folder of the policy: redress policy publish {policy}"
        if move is not None and move.key not in self:
            return f"new cases should follow {move.key}, which cannot be used here: {again}"
        if policy in self.current and self.current[policy].outdated:
            return f"new cases follow {self.current[policy].key}, which is of an earlier release: {again}"
        if policy not in self.current and policy not in self.beginnings():
            return f"{policy} has versions of an earlier release only, and its new cases wait: {again}"
        return ""

    def announced(self) -> frozenset[str]:
        """The policies of which anything was announced."""
        return frozenset((*self.moves, *(version.content.id for version in self.ready.values())))

    def is_there(self, name: str) -> bool:
        """Whether what a decision waits for is there: a version, or by `<policy>@current` one that new cases follow."""
        policy, _, version = name.partition("@")
        return policy in self.current if version == "current" else name in self

    def wait_for_current(self, policy: str) -> Wait | None:
        """The decision while a policy that is known has no version for new cases; None where one is there."""
        name = policy_key(self._chosen(policy), "current")
        return None if self.is_there(name) else Wait(name)

    def _chosen(self, policy: str) -> str:
        return policy if policy in self.current or policy in self.announced() else self.default

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

    def choose(self, policy: str) -> tuple[CompiledPolicy, tuple[str, ...]]:
        """What a new case opens with, and what was missing; raises KeyError where it has to wait."""
        chosen = self._chosen(policy)
        missing = (f"unknown policy {policy!r}",) if policy not in ("", chosen) else ()
        return self.current[chosen], missing

    def beginnings(self) -> dict[str, CompiledPolicy]:
        """The version of each policy that was announced last, of those that say all that the engine asks."""
        return {version.content.id: version for version in self.ready.values() if not version.outdated}
