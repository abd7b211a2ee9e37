"""Judges one statement: every criterion with its evidence, and the gravest level among them."""

from collections.abc import Iterator, Sequence

from schemas.severity import LEVELS, Judgement, Level, Signal, Statement
from services.routing.domain.severity.hearing import Hearing, hear
from services.routing.domain.severity.rules import Rules


def judge(statement: Statement, rules: Rules) -> Judgement:
    """Returns the highest level met, with all evidence.

    A detector that breaks is named in `failed` and lifts the level by one: better too grave than lost.
    """
    hearing = Hearing() if not statement.text.strip() else hear(statement, rules)
    signals = _without_default([*_marked(statement, rules), *hearing.signals], rules)
    criteria = _ranked({signal.criterion for signal in signals}, rules)
    level = rules.criteria[criteria[0]].level
    return Judgement(
        level=_lifted(level) if hearing.failed else level,
        criteria=criteria,
        deciding=criteria[0],
        signals=tuple(sorted(signals, key=lambda signal: criteria.index(signal.criterion))),
        failed=hearing.failed,
    )


def _marked(statement: Statement, rules: Rules) -> Iterator[Signal]:
    for criterion in rules.criteria.values():
        if criterion.id in statement.ticks:
            yield Signal(criterion=criterion.id, detector="operator")
        if statement.channel in criterion.channels:
            yield Signal(criterion=criterion.id, detector=f"channel:{statement.channel}")
        for flag in criterion.flags:
            if flag in statement.flags:
                yield Signal(criterion=criterion.id, detector=f"flag:{flag}")


def _without_default(signals: Sequence[Signal], rules: Rules) -> list[Signal]:
    if signals:
        return list(signals)
    return [Signal(criterion=each.id, detector="default") for each in rules.criteria.values() if each.default]


def _ranked(met: set[str], rules: Rules) -> tuple[str, ...]:
    """Gravest first, then in the order of the table."""
    table = list(rules.criteria)
    return tuple(sorted(met, key=lambda each: (-LEVELS.index(rules.criteria[each].level), table.index(each))))


def _lifted(level: Level) -> Level:
    return LEVELS[min(LEVELS.index(level) + 1, len(LEVELS) - 1)]
