"""The programmes routing decides by: each published version with its severity rules compiled."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.cases import Role
from schemas.policy import Profile, Rung
from schemas.severity import LEVELS, Level
from services.routing.domain.severity.rules import Rules


@dataclass(frozen=True, slots=True)
class Programme:
    """One version of one profile, ready to decide by."""

    profile: Profile
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
        return next((at for at, rung in enumerate(self.profile.ladder) if rung.role == role), None)

    def stand_ins(self, role: Role) -> tuple[Role, ...]:
        """Who at the dealer fills a role that nobody can fill: the rungs above it, lowest first."""
        return tuple(rung.role for _, rung in self.above(self.rung(role) or 0) if rung.tier == "dealer")

    def above(self, rung: int) -> list[tuple[int, Rung]]:
        """The rungs above one, lowest first."""
        return [(at, each) for at, each in enumerate(self.profile.ladder) if at > rung]


@dataclass(slots=True)
class Programmes:
    """Every version known; `default` is the profile of a case whose programme is not."""

    default: str
    newest: dict[str, Programme] = field(default_factory=dict)
    versions: dict[tuple[str, str], Programme] = field(default_factory=dict)

    def must_have_default(self) -> None:
        """Raises ValueError where a case of an unknown programme could not be decided."""
        if self.default not in self.newest:
            known = ", ".join(sorted(self.newest)) or "none"
            raise ValueError(f"default_programme: {self.default!r} has no policy file; there are: {known}")

    def add(self, programme: Programme, *, newest: bool) -> None:
        profile = programme.profile.id
        self.versions[profile, programme.version] = programme
        if newest:
            self.newest[profile] = programme

    def current(self, profile: str) -> tuple[Programme, tuple[str, ...]]:
        """What a new case opens with, and what was missing."""
        if profile in self.newest:
            return self.newest[profile], ()
        missing = (f"unknown programme {profile!r}",) if profile else ()
        return self.newest[self.default], missing

    def of(self, profile: str, version: str) -> Programme:
        """What an open case is decided by; its newest version should the very one be lost."""
        return self.versions.get((profile, version)) or self.current(profile)[0]


def gravity(level: Level) -> int:
    return LEVELS.index(level)


def lifted(level: Level) -> Level:
    """One level higher; the highest stays."""
    return LEVELS[min(gravity(level) + 1, len(LEVELS) - 1)]
