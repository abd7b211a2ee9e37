"""Rows of a table of cases, each with the requirements that it shows."""

import re
from typing import Any

import pytest


def shows(ids: str, dies_with: str, *values: Any) -> Any:
    """A row that shows these requirements, named in one text, and fails once what it dies with is broken."""
    mark = pytest.mark.shows(*ids.split(), dies_with=dies_with)
    return pytest.param(*values, marks=mark, id=f"{ids} {re.split('[/:.]', dies_with)[-1]}")
