"""Reads the severity policy of a profile: its criteria table, the shared lexicon, the learned weights."""

import json
from pathlib import Path
from typing import Any

from schemas.severity import LinearModel, SeverityPolicy
from services.common import files
from services.routing.domain.severity.rules import Rules, compile_rules

POLICIES = Path(__file__).parents[3] / "deploy" / "policies" / "severity"


def load_rules(profile: str = "gtmc", directory: Path = POLICIES) -> Rules:
    """Compiles `<profile>.yaml` with every file of `lexicon/` and, if there is one, `weights.json`.

    Raises ValueError naming the file and the field that is wrong.
    """
    return compile_rules(load_policy(profile, directory), load_model(directory / "weights.json"))


def load_policy(profile: str, directory: Path = POLICIES) -> SeverityPolicy:
    """Reads the policy as data, without compiling it."""
    lexicon: dict[str, dict[str, Any]] = {}
    for path in sorted((directory / "lexicon").glob("*.yaml")):
        for section, entries in files.read(path).items():
            _merge(lexicon.setdefault(section, {}), entries, f"{path.name}: {section}")
    table = directory / f"{profile}.yaml"
    return files.checked({table: files.read(table)}, SeverityPolicy, {"lexicon": lexicon})


def load_model(path: Path) -> LinearModel | None:
    """Reads the learned weights; without the file the patterns judge alone."""
    return LinearModel.model_validate(json.loads(path.read_text("utf-8"))) if path.exists() else None


def _merge(into: dict[str, Any], entries: dict[str, Any], where: str) -> None:
    for name, entry in entries.items():
        if name in into and not isinstance(entry, dict):
            raise ValueError(f"{where}.{name}: already defined in another file")
        into[name] = {**into.get(name, {}), **entry} if isinstance(entry, dict) else entry
