"""Whatever is wrong with what is posted or asked is told in a sentence, never as a pattern."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from schemas.forms import model_of
from services.common.web.problems import faults
from services.desk.api.cases import CaseQuery
from services.intake.domain import ContactCheck, PostedContact
from services.routing.commands.classify import Line
from tests.casework import gtmc
from tests.filling import EVERY_KIND

MODELS: list[type[BaseModel]] = [
    PostedContact,
    *(model_of(form, ("general", "major"), ("operator", "dealer_gm")) for form in gtmc().content.forms),
    model_of(EVERY_KIND, ("general", "major"), ("operator", "dealer_gm")),
    model_of(None, (), ()),
    CaseQuery,
    Line,
]
WRONG: list[Any] = [
    None, True, -1, 1_000_000, 0.5, "", " ", "perhaps", "NO SUCH FORM!", "x" * 30_000, "坏", "\x00", [], [None], ["x"] * 30, {}, {"x": 1},
    "2026-03-02", "2026-03-02T12:00:00", [[]], [{}],
]  # fmt: skip
JARGON = re.compile(
    r"[\\^$]|\[[a-z0-9]|\{\d|pattern|pydantic|regex|Input|Value error|dictionary|instance|tuple|parse|str\b|None"
)


def places(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """Every field, and those of the models inside, by the names they are given under."""
    for name, field in model.model_fields.items():
        given = field.alias or name
        yield (given,)
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from ((given, *place) for place in places(inner))


def refusals(model: type[BaseModel]) -> Iterator[str]:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    context = gtmc().content.severity if model is Line else ContactCheck(now)
    for place in [*places(model), ("colour",), ()]:
        for value in WRONG:
            body = value
            for name in reversed(place):
                body = {name: body}
            try:
                model.model_validate(body, context=context)
            except ValidationError as error:
                yield from (fault.problem for fault in faults(error))


@pytest.mark.parametrize("model", MODELS)
def test_every_refusal_is_a_sentence_that_says_what_would_be_right(model: type[BaseModel]) -> None:
    published = set(refusals(model))
    assert published
    strange = [text for text in published if JARGON.search(text) or " should " not in f" {text}"]
    assert strange == []
