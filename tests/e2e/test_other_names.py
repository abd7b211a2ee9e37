"""No service knows a policy: an invented one plays from contact to close, and one of other names as before."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

from deploy.plays.story import story_files
from tests.patience import SECONDS
from tests.policy_ids import OF_TESTS, SHIPPED
from tests.renaming import HANDFUL, PLAYS, Renaming, other, write_plays, write_policy
from tests.soak import rounds

OWN_PLAYS = Path("tests/data/plays")


def test_an_invented_policy_and_one_of_other_names_play_as_they_should(tmp_path: Path) -> None:
    policies, gtmc = tmp_path / "policies", SHIPPED / "gtmc"
    copytree(OF_TESTS / "quay", policies / "quay")
    renaming = Renaming.of(gtmc)
    write_policy(renaming, gtmc, policies)
    written = {file.stem: file for file in write_plays(renaming, PLAYS / "gtmc", tmp_path / "plays")}
    in_order = [*HANDFUL, *(name for name in written if name not in HANDFUL)]
    names = in_order[: rounds(len(HANDFUL), len(in_order))]
    stories = [*story_files(OWN_PLAYS), *(written[name] for name in names)]

    environment = {"REDRESS_POLICIES": str(policies), "REDRESS_DEFAULT_POLICY": other("gtmc")}
    played = subprocess.run(
        [sys.executable, "-m", "deploy.redress", "play", *map(str, stories), "--data", str(tmp_path / "data")],
        capture_output=True, text=True, timeout=rounds(4, 20) * SECONDS, check=False, env=os.environ | environment,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
    assert played.stdout.count("✓") == len(stories)
