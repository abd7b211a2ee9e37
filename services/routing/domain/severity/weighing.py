"""What the learned scorer adds: it hears what no pattern knows, and doubts what a pattern misheard."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from schemas.severity import LEVELS, Finding, Level
from services.routing.domain.severity.lexicon import Mention
from services.routing.domain.severity.linear import Chances, Scorer, features, said
from services.routing.domain.severity.patterns import Scene
from services.routing.domain.severity.rules import Rules
from services.routing.domain.severity.stance import Ground, voice
from services.routing.domain.severity.tokens import Tokens

DETECTOR = "learned"


def weigh(tokens: Tokens, ground: Ground, heard: Collection[Finding], rules: Rules) -> tuple[Finding, ...]:
    """Returns what was `heard` without what the scorer doubts, and one finding more if it hears a graver one."""
    if rules.scorer is None:
        return tuple(heard)
    strength = features(voice(tokens.words, ground), sorted({finding.detector for finding in heard}))
    chances = rules.scorer.chances(strength)
    mass = _mass(chances, rules.scorer.taught, rules)
    kept = tuple(each for each in heard if mass[_level(each, rules)] >= rules.learned.doubt)
    gravest = max((LEVELS.index(_level(each, rules)) for each in kept), default=-1)
    level = _believed(mass, rules)
    if LEVELS.index(level) <= gravest:
        return kept
    of_level = [each for each in chances.criteria if rules.criteria[each].level == level]
    criterion = max(of_level, key=lambda each: chances.criteria[each])
    if rules.criteria[criterion].default:
        return kept
    start, end = _telling(criterion, tokens, ground.scene, rules.scorer)
    span = {"start": tokens.spans[start][0], "end": tokens.spans[end - 1][1]}
    return (*kept, Finding(criterion=criterion, detector=DETECTOR, **span))


def _level(finding: Finding, rules: Rules) -> Level:
    return rules.criteria[finding.criterion].level


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


def _telling(criterion: str, tokens: Tokens, scene: Scene, scorer: Scorer) -> Mention:
    """The clause that speaks most for the criterion."""
    clauses: dict[int, list[int]] = defaultdict(list)
    for at, clause in enumerate(scene.layout.clause):
        clauses[clause].append(at)
    column = scorer.criteria.index(criterion)
    best = max(
        clauses.values(),
        key=lambda clause: scorer.sums(dict.fromkeys(said([tokens.words[at] for at in clause]), 1.0))[column],
    )
    return best[0], best[-1] + 1
