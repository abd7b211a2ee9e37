"""Signing in and out, accounts, and the tokens of machines, as JSON over HTTP."""

from fastapi import FastAPI

from services.common.web import openapi
from services.desk.api import accounts, machines, oidc, session
from services.desk.api.dependencies import Desk
from services.desk.settings import Settings

__all__ = ["Desk", "install"]


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes; they answer 503 until `app.state.dependencies` is set."""
    app.state.settings = settings
    for routes in (session, accounts, machines):
        app.include_router(routes.router)
    oidc.install(app, settings)
    openapi.complete(app, [*session.MODELS, *accounts.MODELS, *machines.MODELS], openapi.IN_SESSION)
