"""What the learned scorer adds: it raises a complaint whose words no pattern knows."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from schemas.severity import LEVELS, Finding, Level
from services.routing.domain.severity.lexicon import Mention
from services.routing.domain.severity.linear import Scorer, features, said
from services.routing.domain.severity.patterns import Scene
from services.routing.domain.severity.rules import Rules
from services.routing.domain.severity.tokens import Tokens

DETECTOR = "learned"


def weigh(tokens: Tokens, scene: Scene, heard: Collection[Finding], rules: Rules) -> Finding | None:
    """Returns a finding graver than all `heard`, or any if nothing was heard, when the scorer is sure enough."""
    if rules.scorer is None:
        return None
    strength = features(tokens.words, scene.found, sorted({finding.detector for finding in heard}))
    chances = rules.scorer.probabilities(strength)
    level = _level(chances, rules)
    if heard and LEVELS.index(level) <= max(
        LEVELS.index(rules.criteria[each.criterion].level) for each in heard
    ):
        return None
    of_level = [criterion for criterion in chances if rules.criteria[criterion].level == level]
    criterion = max(of_level, key=lambda each: chances[each])
    start, end = _telling(criterion, tokens, scene, rules.scorer)
    return Finding(
        criterion=criterion, detector=DETECTOR, start=tokens.spans[start][0], end=tokens.spans[end - 1][1]
    )


def _level(chances: Mapping[str, float], rules: Rules) -> Level:
    mass: dict[Level, float] = defaultdict(float)
    for criterion, chance in chances.items():
        mass[rules.criteria[criterion].level] += chance
    if mass["major"] >= rules.learned.major:
        return "major"
    if mass["major"] + mass["major_preliminary"] >= rules.learned.major_preliminary:
        return "major" if mass["major"] > mass["major_preliminary"] else "major_preliminary"
    return "general"


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
