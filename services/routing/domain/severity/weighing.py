"""What the learned scorer adds: it hears what no pattern knows, and doubts what a pattern misheard."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from schemas.severity import LEVELS, Level, Signal
from services.routing.domain.severity.linear import Chances, Scorer
from services.routing.domain.severity.passages import Passage
from services.routing.domain.severity.rules import Rules
from services.routing.domain.severity.telling import Text

DETECTOR = "learned"
GRAVEST = LEVELS[-1]


@dataclass(frozen=True, slots=True)
class Weighed:
    """One passage, and how likely each level or a graver one is in it."""

    passage: Passage
    chances: Chances
    mass: Mapping[Level, float]


def weigh(text: Text, heard: Sequence[Signal], rules: Rules) -> tuple[Signal, ...]:
    """Returns what was `heard` without what the scorer doubts, and one signal more if it hears a graver one."""
    if rules.scorer is None:
        return tuple(heard)
    scorer = rules.scorer
    weighed = [_weighed(text, passage, heard, scorer, rules) for passage in text.passages]
    kept = tuple(each for each in heard if not _doubted(each, text, weighed, rules))
    gravest = max((LEVELS.index(_level(each, rules)) for each in kept), default=-1)
    mass = {level: _surest(weighed, level, rules)[0] for level in LEVELS}
    level = _believed(mass, rules)
    if LEVELS.index(level) <= gravest:
        return kept
    where = _surest(weighed, level, rules)[1]
    criterion = _likeliest(where.chances, level, rules)
    if rules.criteria[criterion].default:
        return kept
    start, end = text.telling(criterion, where.passage, rules.scorer)
    return (*kept, Signal(criterion=criterion, detector=DETECTOR, start=start, end=end))


def _weighed(
    text: Text, passage: Passage, heard: Collection[Signal], scorer: Scorer, rules: Rules
) -> Weighed:
    chances = scorer.chances(text.features(passage, heard, scorer.vocabulary))
    return Weighed(passage, chances, _mass(chances, scorer.taught, rules))


def _doubted(signal: Signal, text: Text, weighed: Sequence[Weighed], rules: Rules) -> bool:
    """Whether nothing grave is likelier, where it stands, than what was found; other grave matters are no doubt.

    A pattern of the gravest level is never doubted: a false alarm costs less than a complaint that is lost.
    """
    level = _level(signal, rules)
    if level == GRAVEST:
        return False
    near = [each.mass for each in weighed if text.holds(each.passage, signal)]
    return all(mass[level] < rules.learned.doubt * (mass[level] + 1 - mass[LEVELS[1]]) for mass in near)


def _surest(weighed: Sequence[Weighed], level: Level, rules: Rules) -> tuple[float, Weighed]:
    """How likely the level is where it is likeliest; a passage alone must be so much surer than the whole."""
    sure = [(each.mass[level] - rules.learned.alone * bool(at), -at) for at, each in enumerate(weighed)]
    most, at = max(sure)
    return most, weighed[-at]


def _level(signal: Signal, rules: Rules) -> Level:
    return rules.criteria[signal.criterion].level


def _likeliest(chances: Chances, level: Level, rules: Rules) -> str:
    of_level = [each for each in chances.criteria if rules.criteria[each].level == level]
    return max(of_level, key=lambda each: chances.criteria[each])


def _mass(chances: Chances, taught: Mapping[str, Level], rules: Rules) -> dict[Level, float]:
    """How likely each level or a graver one is.

    What was learned of the levels counts only while every criterion has the level it had in training.
    """
    of_level = dict.fromkeys(LEVELS, 0.0)
    for criterion, chance in chances.criteria.items():
        of_level[rules.criteria[criterion].level] += chance
    if all(rules.criteria[each].level == level for each, level in taught.items()):
        of_level = {level: (of_level[level] + chances.levels[level]) / 2 for level in LEVELS}
    return {level: sum(of_level[each] for each in LEVELS[at:]) for at, level in enumerate(LEVELS)}


def _believed(mass: Mapping[Level, float], rules: Rules) -> Level:
    if mass["major"] >= rules.learned.major:
        return "major"
    if mass["major_preliminary"] < rules.learned.major_preliminary:
        return "major_preliminary" if mass["major"] >= rules.learned.suspect else "general"
    return "major" if 2 * mass["major"] > mass["major_preliminary"] else "major_preliminary"
