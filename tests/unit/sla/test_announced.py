"""Public days that were announced after the holiday library was made: files beside the policies."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client import REGISTRY

from services.common.runtime.files import FileError
from services.sla import metrics
from services.sla.commands import due
from services.sla.domain.due.holidays import published_until
from services.sla.settings import POLICIES, load_public_days
from tests.unit.sla.story import SHOP

LATER = published_until("CN") + 1


def a_folder(folder: Path, **files: str) -> Path:
    (folder / "holidays").mkdir()
    for name, text in files.items():
        (folder / "holidays" / f"{name}.yaml").write_text(text, "utf-8")
    return folder


def test_the_shipped_policies_can_be_read() -> None:
    assert load_public_days(POLICIES) == ()


def test_a_wrong_day_is_named_with_file_line_and_field(tmp_path: Path) -> None:
    folder = a_folder(
        tmp_path, CN="country: CN\npublished_until: 2027\nholidays:\n  - 2027-01-01\n  - 2027-02-30\n"
    )
    with pytest.raises(FileError, match=r"CN\.yaml:5: holidays\.1: "):
        load_public_days(folder)


def test_a_country_has_one_file(tmp_path: Path) -> None:
    text = "country: CN\npublished_until: 2027\n"
    with pytest.raises(FileError, match=r"b\.yaml: country: CN has a file already"):
        load_public_days(a_folder(tmp_path, a=text, b=text))


def test_the_horizon_of_every_country_is_shown(tmp_path: Path) -> None:
    metrics.set_horizons(load_public_days(a_folder(tmp_path, CN=f"country: CN\npublished_until: {LATER}\n")))
    horizons = {
        country: REGISTRY.get_sample_value("redress_holidays_published_until_year", {"country": country})
        for country in ("CN", "DE")
    }
    assert horizons == {"CN": LATER, "DE": published_until("DE")}


def test_due_goes_by_what_was_load_public_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(tmp_path, CN=f"country: CN\npublished_until: {LATER}\nholidays: [{LATER}-06-02]\n")
    question = {
        "id": 1, "start": f"{LATER}-06-01T10:00:00+08:00", "limit": {"working_days": 1},
        "calendar": {**SHOP.model_dump(mode="json", exclude_defaults=True), "hours": dict.fromkeys(
            ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), (("09:00", "18:00"),))},
    }  # fmt: skip

    def answer() -> str:
        result = CliRunner().invoke(due, input=json.dumps(question))
        assert result.exit_code == 0
        return str(json.loads(result.stdout)["due_at"])

    assert answer() == f"{LATER}-06-02T10:00:00Z"
    monkeypatch.setenv("REDRESS_POLICIES", str(folder))
    assert answer() == f"{LATER}-06-03T10:00:00Z"
