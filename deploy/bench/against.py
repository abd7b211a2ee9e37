"""Another commit, built beside this one so that both can be measured in turn."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.local import StackError

ROOT = Path(__file__).parents[2]
BUILDS = ROOT / "build" / "against"
OURS = Path(__file__).parent
# What makes contacts, events and floors belongs to the commit whose schemas it uses.
DATA = frozenset({"bare.py", "contacts.py", "floor.py", "opened.py"})


@dataclass(frozen=True, slots=True)
class Side:
    """A checkout that is ready to run, and the Python that runs it."""

    name: str
    folder: Path
    python: str


def here() -> Side:
    """The checkout in which this code stands, with whatever is changed in it."""
    return Side("this", ROOT, sys.executable)


def built(commit: str) -> Side:
    """A commit in a folder and with an environment of its own, made once; StackError says what is wrong."""
    name = _git("rev-parse", "--short=12", "--verify", f"{commit}^{{commit}}").decode().strip()
    folder = BUILDS / name
    if not (folder / "deploy").exists():
        folder.mkdir(parents=True, exist_ok=True)
        archive = _git("archive", name)
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    if not (folder / ".stack").exists():
        # Its set-up builds anew only what differs: Kafka's libraries, or the store's Java.
        shutil.copytree(ROOT / ".stack", folder / ".stack")
    lend_measures(folder / "deploy" / "bench")
    if subprocess.run(["bash", "deploy/setup.sh"], cwd=folder, check=False).returncode:
        raise StackError(f"{name} cannot be built; its output stands above")
    return Side(name, folder, str(folder / ".venv" / "bin" / "python"))


def lend_measures(bench: Path) -> None:
    """Give a commit that cannot measure one round our way of measuring; its own data stay."""
    if (bench / "measure.py").exists():
        return
    for file in OURS.glob("*.py"):
        if file.name not in DATA:
            shutil.copy(file, bench)


def _git(*words: str) -> bytes:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)
    if done.returncode:
        raise StackError(f"git {' '.join(words)}: {done.stderr.decode().strip()}")
    return done.stdout
