"""When a breach climbs a rung: in the shop's hours, at once when major, one rung per case and pass."""

from collections.abc import Mapping

from schemas.cases import CaseHeader
from schemas.clocks import ClockSpec
from services.sla.domain.settling import Settlement
from services.sla.domain.state import Climb, ClockState
from services.sla.domain.terms import Terms

Clocks = Mapping[str, ClockState]


def awaiting(terms: Terms, settlement: Settlement, header: CaseHeader, now: int) -> ClockState:
    """The clock with the oldest breach that nobody reacted to set to climb; later ones climb with it."""
    after, view = settlement.after, settlement.after.view
    breaches = [one for one, _ in settlement.firings if one.level == 0 and one.origin == view.origin]
    unanswered = breaches and view.status in {"running", "paused"}
    if after.climb is not None or not unanswered or not terms.spec.climbs:
        return after
    first = breaches[0]
    at = now if header.severity == "major" else terms.opening(now)
    return after.model_copy(
        update={"climb": Climb(origin=first.origin, cycle=first.cycle, due=first.at, at=at)}
    )


def hurried(clocks: Clocks, header: CaseHeader, now: int) -> dict[str, ClockState]:
    """A case that became major waits for no shop to open."""
    return {
        name: _at_latest(clock, clock.climb, now) if clock.climb and header.severity == "major" else clock
        for name, clock in clocks.items()
    }


def chosen(specs: tuple[ClockSpec, ...], clocks: Clocks, now: int) -> tuple[ClockSpec, Climb] | None:
    """The climb whose breach is oldest among those whose time has come."""
    waiting = [
        (spec, clock.climb)
        for spec in specs
        if (clock := clocks.get(spec.id)) and clock.climb and clock.climb.at <= now
    ]
    return min(waiting, key=lambda one: one[1].due, default=None)


def climbed(clocks: Clocks, now: int) -> dict[str, ClockState]:
    """The clocks after a pass: every climb whose time had come is spent."""
    return {
        name: clock.model_copy(update={"climb": None}) if clock.climb and clock.climb.at <= now else clock
        for name, clock in clocks.items()
    }


def _at_latest(clock: ClockState, climb: Climb, now: int) -> ClockState:
    return clock.model_copy(update={"climb": climb.model_copy(update={"at": min(climb.at, now)})})
