"""Signing in and out, accounts, the tokens of machines, and the lists of cases, as JSON over HTTP."""

from fastapi import FastAPI

from services.common.web import openapi
from services.desk.api import accounts, cases, machines, oidc, session
from services.desk.api.dependencies import Desk
from services.desk.settings import Settings

__all__ = ["Desk", "install"]


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes; they answer 503 until `app.state.dependencies` is set."""
    app.state.settings = settings
    for routes in (session, accounts, machines, cases):
        app.include_router(routes.router)
    oidc.install(app, settings)
    openapi.complete(
        app,
        [*session.MODELS, *accounts.MODELS, *machines.MODELS, *cases.MODELS],
        openapi.SIGNED | openapi.IN_SESSION,
    )
