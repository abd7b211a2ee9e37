"""A real SMS endpoint that keeps what it is given: python -m deploy.local.sms --port N --data DIR."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import click
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.local.provider import Received, keep, received, serve
from deploy.local.trouble import take

ANSWERS = {"account": (402, "no credit"), "refuse": (422, "refused"), "busy": (503, "try again later")}


@dataclass(frozen=True)
class Endpoint:
    """Like most providers it does not know a reference for a repetition: given twice, it sends twice."""

    data: Path

    async def post(self, request: Request) -> Response:
        """Take one message {reference, to, text}, in the trouble ordered for it."""
        try:
            message = Received.model_validate_json(await request.body())
        except ValidationError as wrong:
            return JSONResponse({"error": str(wrong)}, 422)
        trouble = take(self.data, "account", "refuse", "busy", "stall", "lose")
        kind = trouble.kind if trouble else None
        if kind in ANSWERS:
            status, error = ANSWERS[kind]
            return JSONResponse({"reference": message.reference, "status": "refused", "error": error}, status)
        if kind != "lose":
            keep(self.data, message)
        await asyncio.sleep(trouble.seconds if trouble else 0)
        return JSONResponse({"reference": message.reference, "status": "accepted"}, 202)

    async def get(self, request: Request) -> Response:
        """What became of the message of this reference."""
        reference = request.path_params["reference"]
        if not any(message.reference == reference for message in received(self.data)):
            return JSONResponse({"reference": reference, "status": "unknown"}, 404)
        return JSONResponse({"reference": reference, "status": "accepted"})

    def routes(self) -> list[Route]:
        return [Route("/messages", self.post, methods=["POST"]), Route("/messages/{reference}", self.get)]


@click.command()
@click.option("--port", type=int, required=True, help="Loopback port.")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of what is received.")
def main(port: int, data: Path) -> None:
    """Take SMS on 127.0.0.1 and keep them."""
    data.mkdir(parents=True, exist_ok=True)
    serve(Endpoint(data).routes(), port)


if __name__ == "__main__":
    main()
