"""What forms and contacts carry besides texts: the values of fields, and facts answered by yes or no."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from schemas.base import LONGEST_NAME, MOST, Identifier

MOST_FIELDS = 60


def _answered(flags: Any) -> Any:
    """Without those that say by null that nobody asked."""
    return (
        {name: said for name, said in flags.items() if said is not None} if isinstance(flags, dict) else flags
    )


_Short = Annotated[str, Field(max_length=LONGEST_NAME)]
_Whole = Annotated[int, Field(ge=-MOST, le=MOST, strict=True)]
Value = bool | _Whole | _Short | Annotated[tuple[_Short, ...], Field(max_length=MOST_FIELDS)]
"""What a field says where it is no free text: an amount as `"120.50"`, a date or time in ISO 8601."""
Values = Annotated[dict[Identifier, Value], Field(max_length=MOST_FIELDS)]
Flags = Annotated[
    dict[Identifier, Annotated[bool, Field(strict=True)]],
    BeforeValidator(_answered),
    Field(max_length=MOST_FIELDS),
]
"""Facts that were asked for, by name; one that nobody asked for is left out."""


def merged(flags: Flags, others: Flags) -> Flags:
    """What two contacts tell together: one yes is a yes."""
    return {name: flags.get(name, False) or others.get(name, False) for name in {**flags, **others}}
