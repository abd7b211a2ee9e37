"""Listens to the words of a statement: patterns first, the learned scorer where they are silent."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.severity import Signal, Statement
from services.routing.domain.severity.clauses import lay_out
from services.routing.domain.severity.lexicon import Mention
from services.routing.domain.severity.patterns import Scene, matched
from services.routing.domain.severity.rules import Detector, Rules
from services.routing.domain.severity.stance import Asserted, Ground
from services.routing.domain.severity.telling import Text
from services.routing.domain.severity.tokens import Tokens, tokenise
from services.routing.domain.severity.weighing import DETECTOR, weigh

# A narrative and a demand as intake takes them, and what stands between them.
LONGEST = 22_001


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the words gave: signals, and the detectors that broke on them."""

    signals: tuple[Signal, ...] = ()
    failed: tuple[str, ...] = ()


def hear(statement: Statement, rules: Rules) -> Hearing:
    """Runs every detector the words could satisfy, then the scorer; none of them can stop the others.

    What stands beyond the longest contact is not heard; `failed` says so.
    """
    tokens = tokenise(statement.text[:LONGEST], rules.lexicon.speller)
    if not tokens.words:
        return Hearing()
    scene = see(tokens, rules)
    signals: dict[str, Signal] = {}
    failed = ["length"] if len(statement.text) > LONGEST else list[str]()
    ground = Ground(scene)
    stances = {facts: Asserted(ground, facts).refuses for facts in (True, False)}
    for detector in _candidates(scene, statement, rules):
        try:
            facts = rules.criteria[detector.criterion].asserts == "fact"
            span = matched(detector.pattern, scene, stances[facts])
        except Exception:  # noqa: BLE001 - whatever breaks in one detector, the complaint is still judged
            failed.append(detector.id)
            continue
        if span is not None:
            signals.setdefault(detector.id, _signal(detector, span, tokens))
    try:
        weighed = weigh(Text(tokens, ground), tuple(signals.values()), rules)
    except Exception:  # noqa: BLE001 - the same holds for the scorer
        return Hearing(tuple(signals.values()), (*failed, DETECTOR))
    return Hearing(weighed, tuple(failed))


def see(tokens: Tokens, rules: Rules) -> Scene:
    """Finds the ideas in the tokens and where clauses end."""
    found = rules.lexicon.find(tokens.words)
    breaks = {start for start, _ in found.get("break", ())}
    return Scene(found, lay_out(tokens.words, breaks))


def _candidates(scene: Scene, statement: Statement, rules: Rules) -> Iterator[Detector]:
    """Detectors whose key is present; a suspicion only beside a flag that corroborates it."""
    for concept in tuple(scene.found):
        for detector in rules.detectors.get(concept, ()):
            by = rules.criteria[detector.criterion].corroborated_by
            if not detector.suspicion or statement.flags.intersection(by):
                yield detector


def _signal(detector: Detector, span: Mention, tokens: Tokens) -> Signal:
    start, end = tokens.spans[span[0]][0], tokens.spans[span[1] - 1][1]
    return Signal(criterion=detector.criterion, detector=detector.id, start=start, end=end)
