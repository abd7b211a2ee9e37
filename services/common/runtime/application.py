"""The process of a service: HTTP from the first moment, the work beside it, an orderly end."""

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.common.runtime import metrics
from services.common.runtime.health import Health
from services.common.web import problems

log = logging.getLogger(__name__)

Run = Callable[[FastAPI, Health], AbstractAsyncContextManager[None]]
LAST_SECONDS = 40.0
ALLOCATIONS = 20_000
"""Between two looks for cycles: a request or a batch makes hundreds of objects and hardly a cycle."""


def create(service: str, title: str, run: Run) -> FastAPI:
    """The web application of a service; `run` is entered in the background and left at the end."""
    health = Health(service)
    health.set("start", "starting")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        work = asyncio.create_task(_work(app, health, run, stopping))
        yield
        stopping.set()
        health.set("stop", "stopping")
        if "start" in health.troubles:
            work.cancel()
        await asyncio.wait([work], timeout=LAST_SECONDS)

    # A redirect for a trailing slash would be the only answer without a body that says what is wrong.
    app = FastAPI(title=title, lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.failed = False
    problems.install(app)
    _add_probes(app, health)
    return app


async def _work(app: FastAPI, health: Health, run: Run, stopping: asyncio.Event) -> None:
    try:
        async with run(app, health):
            # What a service is made of stays: policies in memory are large, and need not be looked through for ever.
            gc.collect()
            gc.freeze()
            gc.set_threshold(ALLOCATIONS)
            health.set("start", "")
            log.info("service is open")
            await stopping.wait()
    except Exception:
        log.exception("service fails")
        fail(app)


def fail(app: FastAPI) -> None:
    """End the process in good order, with an exit status that tells to start another."""
    app.state.failed = True
    signal.raise_signal(signal.SIGTERM)


def _add_probes(app: FastAPI, health: Health) -> None:
    @app.get("/livez", include_in_schema=False)
    async def livez() -> Response:
        return Response("ok")

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        return JSONResponse(health.answer(), 503 if health.troubles else 200)

    @app.get("/metrics", include_in_schema=False)
    async def exposed() -> Response:
        metrics.READY.labels(health.service).set(not health.troubles)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
