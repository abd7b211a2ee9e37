"""What routing reads from its environment."""

import pytest

from services.common.runtime.settings import SettingsError
from services.routing.settings import Settings


def test_the_name_that_a_setting_had_before_is_refused_and_never_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDRESS_DEFAULT_PROGRAMME", "other")
    with pytest.raises(SettingsError, match="REDRESS_DEFAULT_PROGRAMME is called REDRESS_DEFAULT_POLICY now"):
        Settings()
    monkeypatch.delenv("REDRESS_DEFAULT_PROGRAMME")
    assert Settings().default_policy == "gtmc"
