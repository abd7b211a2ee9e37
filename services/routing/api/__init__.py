"""People's actions on cases, the reading of cases, and how severe a text is, as JSON over HTTP."""

from fastapi import FastAPI

from services.common.web import openapi
from services.common.web.keyring import Keyring
from services.routing.api import actions, interface, reading, responses, reveal, severity
from services.routing.api.dependencies import Dependencies
from services.routing.settings import Settings

__all__ = ["Dependencies", "install"]


def install(app: FastAPI, settings: Settings, keyring: Keyring) -> None:
    """Add the routes; they answer 503 until `app.state.dependencies` is set."""
    app.state.settings = settings
    app.state.keyring = keyring
    app.include_router(actions.router)
    app.include_router(reading.router)
    app.include_router(reveal.router)
    app.include_router(severity.router)
    shown = (responses.CaseResponse, responses.CaseWithHistory, responses.Revealed, responses.Stale)
    openapi.complete(app, [*shown, reveal.RevealRequest, severity.SeverityRequest, severity.SeverityResponse])
    interface.describe(app, settings)
