"""`/v1/oidc`: signing in at the identity provider of the house (OpenID Connect, authorization code with PKCE)."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import httpx2
from authlib.integrations.starlette_client import OAuth, OAuthError, StarletteOAuth2App
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

from services.common.web import openapi
from services.common.web.problems import Problem, away
from services.desk import metrics
from services.desk.api.dependencies import Desk, Needed, begin_session, keep, unknown
from services.desk.domain.account import Account, account_id
from services.desk.domain.account_changes import SignInElsewhere
from services.desk.settings import Settings

router = APIRouter(prefix="/v1/oidc", tags=["session"])

COOKIE = "redress_oidc"
WITHIN_SECONDS = 600
"""How long somebody may take at the provider."""
SENT: openapi.Responses = {
    302: {"description": "To the identity provider, or back to the desk."},
    **openapi.refused(401, 404, 503),
}


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes, and a cookie that holds until the return what was asked of the provider."""
    app.state.oidc = _provider(settings) if settings.oidc_issuer else None
    secret = hmac.digest(settings.signing_key.get_secret_value().encode(), COOKIE.encode(), sha256)
    app.add_middleware(
        SessionMiddleware,
        secret_key=secret.hex(),
        session_cookie=COOKIE,
        max_age=WITHIN_SECONDS,
        same_site="lax",
        https_only=settings.secure_cookies,
    )
    app.include_router(router)


def _provider(settings: Settings) -> StarletteOAuth2App:
    oauth = OAuth()
    oauth.register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    )
    provider: StarletteOAuth2App = oauth.provider
    return provider


@router.get(
    "",
    name="sign in elsewhere",
    status_code=302,
    response_class=RedirectResponse,
    responses=SENT,
    openapi_extra=openapi.request(signed={}),
)
async def begin(request: Request, depends: Needed) -> RedirectResponse:
    """Send somebody to the identity provider."""
    provider = _configured(request)
    back = f"{depends.settings.desk_url.rstrip('/')}{router.prefix}/return"
    try:
        sent: RedirectResponse = await provider.authorize_redirect(request, back)
    except (httpx2.HTTPError, OAuthError, RuntimeError) as error:
        raise away("The identity provider") from error
    return sent


@router.get(
    "/return",
    name="signed in elsewhere",
    status_code=302,
    response_class=RedirectResponse,
    responses=SENT,
    openapi_extra=openapi.request(signed={}),
)
async def come_back(request: Request, depends: Needed) -> RedirectResponse:
    """Take whoever comes back from the identity provider in."""
    claims = await _claims(request)
    session, secret = begin_session(request, depends.settings)
    login, subject = str(claims.get(depends.settings.oidc_claim, "")), str(claims.get("sub", ""))
    account = await _find(login, claims, depends)
    if account is not None:
        event = SignInElsewhere(session, f"{claims['iss']} {subject}", session.since)
        account = (await depends.accounts.change(login, event)).state
    if account is None or session not in account.sessions:
        metrics.SIGN_INS.labels("oidc", "refused").inc()
        raise unknown("Not signed in", "The identity provider knows you, but no account here is yours.")
    metrics.SIGN_INS.labels("oidc", "signed_in").inc()
    response = RedirectResponse(depends.settings.desk_url, status_code=302)
    keep(response, f"{account_id(login).hex}.{secret}", depends.settings)
    return response


def _configured(request: Request) -> StarletteOAuth2App:
    provider: StarletteOAuth2App | None = request.app.state.oidc
    if provider is None:
        raise Problem(
            404, "Nothing is there", "No identity provider is set up; sign in with POST /v1/session."
        )
    return provider


async def _claims(request: Request) -> Mapping[str, Any]:
    """What the provider says of whoever comes back; raises a 401 problem where that cannot be believed."""
    try:
        answer = await _configured(request).authorize_access_token(request)  # type: ignore[no-untyped-call]
    except OAuthError as error:
        raise unknown(
            "Not signed in", "The identity provider refused, or the sign-in was not begun here."
        ) from error
    except httpx2.HTTPError as error:
        raise away("The identity provider") from error
    claims: Mapping[str, Any] = answer.get("userinfo") or {}
    if not {"iss", "sub"} <= set(claims):
        raise unknown("Not signed in", "The identity provider does not say who it is.")
    return claims


async def _find(login: str, claims: Mapping[str, Any], depends: Desk) -> Account | None:
    """The account of this login, if whoever has it is still with us; an e-mail counts only where it was verified."""
    if not login or (depends.settings.oidc_claim == "email" and not claims.get("email_verified")):
        return None
    account = await depends.accounts.find(account_id(login))
    return account if account is not None and depends.is_active(account) else None
