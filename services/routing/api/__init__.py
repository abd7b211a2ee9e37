"""People's actions on cases and the reading of cases, as JSON over HTTP."""

from fastapi import FastAPI

from services.common.web import openapi
from services.routing.api import actions, reading, shown
from services.routing.api.bodies import BODIES
from services.routing.api.office import Office
from services.routing.settings.environment import Settings

__all__ = ["Office", "install"]


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes; they answer 503 until `app.state.office` is set."""
    app.state.settings = settings
    app.include_router(actions.router)
    app.include_router(reading.router)
    openapi.complete(app, [*BODIES.values(), shown.CasePage, shown.CaseShown, shown.CaseRead, shown.Stale])
