"""`python -m tests.doubting …` is the console command, but that routing judges as `tests/suspicions.py` says."""

import pytest

from deploy.redress import main
from tests.suspicions import use_judgements

if __name__ == "__main__":
    use_judgements(pytest.MonkeyPatch())
    main()
