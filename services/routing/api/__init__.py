"""People's actions on cases and the reading of cases, as JSON over HTTP."""

from fastapi import FastAPI

from services.common.web import openapi
from services.routing.api import actions, reading, responses
from services.routing.api.dependencies import Dependencies
from services.routing.domain.actions.table import ACTIONS
from services.routing.settings import Settings

__all__ = ["Dependencies", "install"]


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes; they answer 503 until `app.state.dependencies` is set."""
    app.state.settings = settings
    app.include_router(actions.router)
    app.include_router(reading.router)
    forms = (action.form for action in ACTIONS.values())
    openapi.complete(
        app, [*forms, responses.CasePage, responses.CaseResponse, responses.CaseWithHistory, responses.Stale]
    )
