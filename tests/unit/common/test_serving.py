"""What every service is served with."""

from typing import Any

import httpx
import pytest
import uvicorn
from click.testing import CliRunner
from fastapi import FastAPI

from deploy.redress import main
from services.common.runtime import logs
from services.intake import app

# How long the balancers of the large clouds and nginx keep a connection to what is behind them, in seconds.
LONGEST_KEPT = 60


def test_a_connection_outlasts_what_clients_keep_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed while a client sends on it, it would lose the request: nobody knows whether it was heeded."""
    served: dict[str, Any] = {}
    application = FastAPI()
    application.state.failed = False
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    monkeypatch.setattr(logs, "configure_console", lambda *_: None)
    monkeypatch.setattr(app, "create", lambda: application)
    monkeypatch.setattr(uvicorn, "run", lambda _application, **options: served.update(options))
    ended = CliRunner().invoke(main, ["serve", "intake", "--port", "8101"])
    assert ended.exit_code == 0, ended.output
    kept_by_httpx = httpx.Limits().keepalive_expiry
    assert kept_by_httpx is not None
    assert served["timeout_keep_alive"] > max(kept_by_httpx, LONGEST_KEPT)
