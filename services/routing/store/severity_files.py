"""Reads how severity is judged: a table of criteria, and the lexicon and weights that find signals."""

import json
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from pydantic import model_validator

from schemas.base import Strict
from schemas.faults import Place, refuse
from schemas.severity import SeverityPolicy
from services.common.runtime import files
from services.common.runtime.files import FileError
from services.routing.domain.severity.classifier import Weights
from services.routing.domain.severity.detection import Reader, compile_reader
from services.routing.domain.severity.lexicon import find_fault, is_reference
from services.routing.domain.severity.patterns import parse
from services.routing.domain.severity.spec import LexiconSpec
from services.routing.settings import DEFAULT_POLICY

WEIGHTS = "weights.npz"
_DEPLOY = Path(__file__).parents[3] / "deploy"
POLICIES = _DEPLOY / "policies"
DETECTION = _DEPLOY / "severity"


class LexiconFile(LexiconSpec):
    """One file of the lexicon, whose terms all have to be able to match."""

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
    for signal, described in file.signals.items():
        for strength, detectors in (("strong", described.strong), ("weak", described.weak)):
            for name, patterns in detectors.items():
                for at, pattern in enumerate(patterns):
                    for term in chain(*parse(pattern).elements.values()):
                        yield ("signals", signal, strength, name, at), term


class SeverityFile(Strict):
    """The file of a policy that says how severe a complaint is."""

    severity: SeverityPolicy


def load_severity(policy: str = DEFAULT_POLICY, directory: Path = POLICIES) -> SeverityPolicy:
    """Reads `<policy>/severity.yaml`; raises ValueError naming the file and the field that is wrong."""
    return files.load(directory / policy / "severity.yaml", SeverityFile).severity


def load_reader(directory: Path = DETECTION) -> Reader:
    """Compiles every file of `lexicon/` with, if there is one, `weights.npz`.

    Raises ValueError naming the file and the field that is wrong.
    """
    return compile_reader(load_lexicon(directory), load_weights(directory / WEIGHTS))


def load_lexicon(directory: Path = DETECTION) -> LexiconSpec:
    """Reads the files of `lexicon/` as one."""
    lexicon: dict[str, dict[str, Any]] = {}
    for path in sorted((directory / "lexicon").glob("*.yaml")):
        fields = files.read(path)
        files.checked({path: fields}, LexiconFile, {})
        for section, entries in fields.items():
            _merge(lexicon.setdefault(section, {}), entries, f"{path.name}: {section}")
    return LexiconSpec.model_validate(lexicon)


def load_weights(path: Path) -> Weights | None:
    """Reads what the classifier learned; without the file the patterns judge alone.

    Raises ValueError naming the file when it does not hold what belongs together.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            legend = json.loads(archive["legend"].tobytes())
            return Weights(
                signals=tuple(legend["signals"]),
                table=archive["table"].astype(np.float32) * archive["scale"],
                bias=archive["bias"],
                trained_on=legend["trained_on"],
            )
    except (ValueError, KeyError, TypeError, OSError, EOFError, BadZipFile, zlib.error) as error:
        raise FileError(
            f"{path}: should be weights as `redress severity train` writes them: {error}"
        ) from None


def save_weights(weights: Weights, path: Path) -> None:
    """Writes what the classifier learned in a few hundred kilobytes; `load_weights` reads it."""
    highest = np.abs(weights.table).max(axis=0)
    scale = (np.where(highest > 0, highest, 1) / 127).astype(np.float32)
    legend = json.dumps({"signals": weights.signals, "trained_on": weights.trained_on}).encode()
    np.savez_compressed(
        path,
        table=np.round(weights.table / scale).astype(np.int8),
        scale=scale,
        bias=weights.bias,
        legend=np.frombuffer(legend, np.uint8),
    )


def _merge(into: dict[str, Any], entries: Any, where: str) -> None:
    """Adds the entries of one file, those of a criterion to its others; nothing may stand differently in two files."""
    if not isinstance(entries, dict):
        raise FileError(f"{where}: should be a mapping of entries")
    for name, entry in entries.items():
        if name in into and isinstance(entry, dict) and isinstance(into[name], dict):
            _merge(into[name], entry, f"{where}.{name}")
        elif name in into and into[name] != entry:
            raise FileError(f"{where}.{name}: already defined in another file")
        else:
            into[name] = dict(entry) if isinstance(entry, dict) else entry
