"""The requirements by their ids, as `docs/requirements.yaml` lists them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.base import Strict
from schemas.faults import FILLED, once
from services.common.runtime import files

FILE = Path("docs/requirements.yaml")
MOST_NOT_SOFTWARE = 8

Component = Literal["routing", "sla", "intake", "desk", "notify", "reports"]


class Requirement(Strict):
    """One thing that a paper asks for; `source` is the paper and its part, `not_software` why no program can show it."""

    id: Annotated[str, Field(pattern=r"^[A-Z]+-\d+$")]
    source: Annotated[str, Field(pattern=r"^S(0|1|2|3[a-f]|4)$")]
    component: Component
    text: Annotated[str, Field(min_length=10)]
    not_software: Annotated[str, Field(min_length=10)] | None = None


class Catalogue(Strict):
    """Every requirement, each once."""

    requirements: Annotated[tuple[Requirement, ...], FILLED, once("id")]

    @model_validator(mode="after")
    def _hardly_anything_is_not_software(self) -> "Catalogue":
        beyond = sum(each.not_software is not None for each in self.requirements)
        if beyond > MOST_NOT_SOFTWARE:
            raise ValueError(f"{beyond} are not software, at most {MOST_NOT_SOFTWARE} may be")
        return self


def load(path: Path = FILE) -> tuple[Requirement, ...]:
    """All requirements; raises FileError with every mistake by file, line and field."""
    return files.load(path, Catalogue).requirements
