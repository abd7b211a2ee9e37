"""Secrets of webhooks are read by endpoint, and none is told when one is wrong."""

import pytest

from services.common.runtime.settings import SettingsError
from services.notify.settings import Settings

GOOD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_each_endpoint_has_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDRESS_WEBHOOK_SECRETS", f"hooks.example={GOOD},127.0.0.1:8127={GOOD}==")
    with pytest.raises(SettingsError):
        Settings()
    monkeypatch.setenv("REDRESS_WEBHOOK_SECRETS", f"hooks.example={GOOD},127.0.0.1:8127={GOOD}")
    secrets = Settings().webhook_secrets
    assert {endpoint: one.get_secret_value() for endpoint, one in secrets.items()} == {
        "hooks.example": GOOD,
        "127.0.0.1:8127": GOOD,
    }
    assert GOOD not in repr(Settings())


@pytest.mark.parametrize(("given", "endpoints"), [("", set()), (f"hooks.example={GOOD},", {"hooks.example"})])
def test_a_variable_left_empty_names_no_secret(
    monkeypatch: pytest.MonkeyPatch, given: str, endpoints: set[str]
) -> None:
    monkeypatch.setenv("REDRESS_WEBHOOK_SECRETS", given)
    assert set(Settings().webhook_secrets) == endpoints


@pytest.mark.parametrize(
    "given", ["hooks.example", "hooks.example=whsec_c2hvcnQ=", f"hooks.example={GOOD[6:]}", GOOD]
)
def test_what_is_no_secret_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("REDRESS_WEBHOOK_SECRETS", given)
    with pytest.raises(SettingsError, match="REDRESS_WEBHOOK_SECRETS should be host=whsec_") as wrong:
        Settings()
    assert given.rpartition("=")[2] not in str(wrong.value) or not given.rpartition("=")[2]
