"""A real webhook endpoint that keeps what is signed: python -m deploy.local.webhook --port N --data DIR."""

import asyncio
import base64
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import click
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.local.provider import Received, keep, serve
from deploy.local.trouble import take
from services.common.runtime.clock import wall

SECRET = "secret"  # noqa: S105 - the name of a file
ANSWERS = {"account": 403, "refuse": 410, "busy": 503}
TOLERANCE_SECONDS = 300


@dataclass(frozen=True)
class WebhookEndpoint:
    """Takes what is signed with the secret in file `secret` of its folder, under whatever path."""

    data: Path

    async def post(self, request: Request) -> Response:
        """Take one message, in the trouble ordered for it; 401 where it is not signed, or signed long ago."""
        body = await request.body()
        if not self._is_signed(request, body):
            return Response(status_code=401)
        trouble = take(self.data, "account", "refuse", "busy", "stall", "lose")
        kind = trouble.kind if trouble else None
        if kind in ANSWERS:
            return Response(status_code=ANSWERS[kind])
        if kind != "lose":
            self._keep(request, body)
        await asyncio.sleep(trouble.seconds if trouble else 0)
        return Response(status_code=204)

    def _is_signed(self, request: Request, body: bytes) -> bool:
        reference, seconds, signatures = (
            request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
        )
        if not seconds.isdecimal() or abs(wall().timestamp() - int(seconds)) > TOLERANCE_SECONDS:
            return False
        secret = base64.b64decode((self.data / SECRET).read_text().strip().removeprefix("whsec_"))
        digest = hmac.digest(secret, b".".join((reference.encode(), seconds.encode(), body)), sha256)
        right = f"v1,{base64.b64encode(digest).decode()}"
        return any(hmac.compare_digest(signature, right) for signature in signatures.split(" "))

    def _keep(self, request: Request, body: bytes) -> None:
        headers = request.headers
        sent = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        received = Received(
            reference=headers["webhook-id"], to=request.url.path, text=body.decode(), date=sent.isoformat()
        )
        keep(self.data, received)

    def routes(self) -> list[Route]:
        return [Route("/{path:path}", self.post, methods=["POST"])]


@click.command()
@click.option("--port", type=int, required=True, help="Loopback port.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of what is received, and of file `secret`, whsec_ and base64.",
)
def main(port: int, data: Path) -> None:
    """Take signed webhooks on 127.0.0.1 and keep them."""
    data.mkdir(parents=True, exist_ok=True)
    serve(WebhookEndpoint(data).routes(), port)


if __name__ == "__main__":
    main()
