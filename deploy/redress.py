"""The console command: every service's own commands, and those that run Redress as a whole."""

import importlib
import sys
from typing import Any, Literal

import click
import uvicorn

from services.common.runtime import logs
from services.common.runtime.error_texts import mendable

HTTP: dict[str, Literal["httptools"]] = {"intake": "httptools"}
"""Twice as fast, where that counts; the other reader hands on more of what is wrong, to be refused as a problem."""

SERVICES = ("intake", "routing", "sla", "notify", "desk")
KEEP_ALIVE = 75
"""For so many seconds a connection without requests stays open: longer than clients and balancers keep it.

Closed at the moment at which they send on it, it would lose their request without an answer.
"""
COMMANDS = {
    "classify": "services.routing.commands",
    "directory": "services.routing.commands",
    "history": "services.routing.commands",
    "policy": "deploy.policy.commands",
    "resync": "services.routing.commands",
    "account": "services.desk.commands",
    "sign-in": "services.desk.commands",
    "token": "services.desk.commands",
    "due": "services.sla.commands",
    "deliveries": "services.notify.commands",
    "severity": "deploy.severity.commands",
    "dead": "deploy.dead",
    "documents": "deploy.documents",
    "up": "deploy.local.commands",
    "down": "deploy.local.commands",
    "logs": "deploy.local.commands",
    "play": "deploy.plays.commands",
    "bench": "deploy.bench.commands",
}


class Commands(click.Group):
    """The commands of COMMANDS, each imported only when it is called.

    An error that an operator can mend is shown in one line; any other is a fault of ours and shown in full.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if (text := mendable(error)) is None:
                raise
            raise click.ClickException(text) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        commands: list[click.Command] = importlib.import_module(COMMANDS[cmd_name]).commands
        return next(command for command in commands if command.name == cmd_name)


@click.group(cls=Commands)
def main() -> None:
    """Redress: no customer complaint lost, mis-judged, left without an owner or answered late."""
    logs.configure_console()


@main.command()
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), required=True)
def serve(service: str, host: str, port: int) -> None:
    """Run one service until it is stopped."""
    logs.configure(service)
    app = importlib.import_module(f"services.{service}.app").create()
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=HTTP.get(service, "h11"),
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=KEEP_ALIVE,
    )
    sys.exit(1 if app.state.failed else 0)


if __name__ == "__main__":
    main()
