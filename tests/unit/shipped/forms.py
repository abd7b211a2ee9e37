"""What a form of a shipped policy asks for."""

from pydantic import ValidationError

from schemas.forms import model_of
from tests.memory_stage import shipped


def missing(policy: str, form: str) -> set[str]:
    """The fields that have to be filled in."""
    content = shipped(policy).content
    model = model_of(content.form[form], content.severity.level_ids, content.role)
    try:
        model.model_validate({})
    except ValidationError as error:
        return {str(fault["loc"][0]) for fault in error.errors()}
    return set()
