"""What routing refuses to start with, since it would fail every case or every person later."""

import pytest

from services.common import tokens
from services.routing.domain.programme import Programmes
from tests.casework import gtmc, programmes


def test_a_key_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="REDRESS_TOKEN_KEY must have at least 32"):
        tokens.must_protect("short")


def test_a_default_programme_without_rules_is_refused_by_name() -> None:
    programmes().must_have_default()
    known = Programmes("gtmcc")
    known.add(gtmc(), newest=True)
    with pytest.raises(ValueError, match="'gtmcc' has no policy file; there are: gtmc"):
        known.must_have_default()
