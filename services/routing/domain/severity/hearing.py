"""Listens to the words of a statement: patterns first, the learned scorer where they are silent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.severity import CriterionSpec, Finding, Statement
from services.routing.domain.severity.clauses import lay_out
from services.routing.domain.severity.lexicon import Mention
from services.routing.domain.severity.linear import probabilities
from services.routing.domain.severity.patterns import Scene, matched
from services.routing.domain.severity.rules import Detector, Rules
from services.routing.domain.severity.stance import Asserted
from services.routing.domain.severity.tokens import Tokens, tokenise


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the words gave: findings, and the detectors that broke on them."""

    findings: tuple[Finding, ...] = ()
    failed: tuple[str, ...] = ()


def hear(statement: Statement, rules: Rules) -> Hearing:
    """Runs every detector the words could satisfy; none of them can stop the others."""
    tokens = tokenise(statement.text, rules.lexicon.lemmas)
    scene = see(tokens, rules)
    findings: dict[str, Finding] = {}
    failed: list[str] = []
    stances = {facts: Asserted(scene, facts).refuses for facts in (True, False)}
    for detector in _candidates(scene, rules):
        criterion = rules.criteria[detector.criterion]
        try:
            span = matched(detector.pattern, scene, stances[criterion.asserts == "fact"])
        except Exception:  # noqa: BLE001 - whatever breaks in one detector, the complaint is still judged
            failed.append(detector.id)
            continue
        if span is None or (detector.suspicion and not statement.flags.intersection(criterion.corroborated_by)):
            continue
        findings.setdefault(detector.id, _finding(detector, span, tokens))
    return Hearing(tuple(findings.values()), tuple(failed))


def see(tokens: Tokens, rules: Rules) -> Scene:
    """Finds the ideas in the tokens and where clauses end."""
    found = rules.lexicon.find(tokens.words)
    breaks = {start for start, _ in found.get("break", ())}
    return Scene(found, lay_out(tokens.words, breaks))


def _candidates(scene: Scene, rules: Rules) -> Iterator[Detector]:
    for concept in tuple(scene.found):
        yield from rules.detectors.get(concept, ())


def _finding(detector: Detector, span: Mention, tokens: Tokens) -> Finding:
    start, end = tokens.spans[span[0]][0], tokens.spans[span[1] - 1][1]
    return Finding(criterion=detector.criterion, detector=detector.id, start=start, end=end)
