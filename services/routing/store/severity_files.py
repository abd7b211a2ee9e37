"""Reads how a policy judges severity: its criteria, the shared lexicon and the weights of the classifier."""

import json
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from pydantic import model_validator

from schemas.faults import Place, refuse
from schemas.severity import LexiconSpec, SeverityPolicy
from services.common.runtime import files
from services.common.runtime.files import FileError
from services.routing.domain.severity.classifier import Weights
from services.routing.domain.severity.judge import Rules, compile_rules
from services.routing.domain.severity.lexicon import find_fault, is_reference
from services.routing.domain.severity.patterns import parse

WEIGHTS = "weights.npz"
POLICIES = Path(__file__).parents[3] / "deploy" / "policies" / "severity"


class LexiconFile(LexiconSpec):
    """One file of the lexicon. A published policy is not held to this: an earlier version must stay readable."""

    @model_validator(mode="after")
    def _every_term_can_match(self) -> Self:
        terms = chain(_terms_of_concepts(self), _terms_of_patterns(self))
        own = ((place, term) for place, term in terms if not is_reference(term))
        refuse((place, wrong) for place, term in own if (wrong := find_fault(term)))
        return self


def _terms_of_concepts(file: LexiconSpec) -> Iterator[tuple[Place, str]]:
    for concept, terms in file.concepts.items():
        for at, term in enumerate(terms):
            yield ("concepts", concept, at), term


def _terms_of_patterns(file: LexiconSpec) -> Iterator[tuple[Place, str]]:
    for section, criteria in (("detectors", file.detectors), ("suspicions", file.suspicions)):
        for criterion, detectors in criteria.items():
            for name, patterns in detectors.items():
                for at, pattern in enumerate(patterns):
                    for term in chain(*parse(pattern).elements.values()):
                        yield (section, criterion, name, at), term


def load_rules(policy: str = "gtmc", directory: Path = POLICIES) -> Rules:
    """Compiles `<policy>.yaml` with every file of `lexicon/` and, if there is one, `weights.npz`.

    Raises ValueError naming the file and the field that is wrong.
    """
    return compile_rules(load_severity(policy, directory), load_weights(directory / WEIGHTS))


def load_severity(policy: str, directory: Path = POLICIES) -> SeverityPolicy:
    """Reads the policy as data, without compiling it."""
    lexicon: dict[str, dict[str, Any]] = {}
    for path in sorted((directory / "lexicon").glob("*.yaml")):
        fields = files.read(path)
        for section, entries in fields.items():
            _merge(lexicon.setdefault(section, {}), entries, f"{path.name}: {section}")
        files.checked({path: fields}, LexiconFile, {})
    table = directory / f"{policy}.yaml"
    return files.checked({table: files.read(table)}, SeverityPolicy, {"lexicon": lexicon})


def load_weights(path: Path) -> Weights | None:
    """Reads what the classifier learned; without the file the patterns judge alone.

    Raises ValueError naming the file when it does not hold what belongs together.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ("ngrams", "table", "bias")}
            legend = json.loads(archive["legend"].tobytes())
        return Weights(
            criteria=legend["criteria"],
            words=tuple(legend["words"]),
            names=tuple(legend["names"]),
            scale=legend["scale"],
            **arrays,
        )
    except (ValueError, KeyError, TypeError, OSError, EOFError, BadZipFile, zlib.error) as error:
        raise FileError(
            f"{path}: should be weights as deploy/train_severity.py writes them: {error}"
        ) from None


def _merge(into: dict[str, Any], entries: Any, where: str) -> None:
    """Adds the entries of one file, those of a criterion to its others; nothing may stand in two files."""
    if not isinstance(entries, dict):
        raise FileError(f"{where}: should be a mapping of entries")
    for name, entry in entries.items():
        if name in into and isinstance(entry, dict) and isinstance(into[name], dict):
            _merge(into[name], entry, f"{where}.{name}")
        elif name in into:
            raise FileError(f"{where}.{name}: already defined in another file")
        else:
            into[name] = dict(entry) if isinstance(entry, dict) else entry
