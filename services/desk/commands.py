"""`redress account`, `redress token` and `redress sign-in`: who may sign in, as an operator sees it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import click
import httpx

from schemas import directory, keys
from schemas.directory import Person
from schemas.keys import SigningKey
from services.common.kafka.table import Contents
from services.common.runtime.clock import wall
from services.common.runtime.connections import KEYS, Connections, connected
from services.common.runtime.failures import PATIENCE
from services.common.store.decision import Outcome
from services.common.web.tokens import MACHINE
from services.desk.domain import passwords
from services.desk.domain.account import Account
from services.desk.domain.account_changes import Creation, Event, NewPassword, Switch
from services.desk.domain.machine_token import MOST_DAYS, Issue, MachineToken, Revocation
from services.desk.domain.signing import Signer
from services.desk.settings import Settings
from services.desk.store import Accounts, MachineTokens, accounts, machine_tokens

CONSOLE = "console"
LOGIN = click.argument("login")
PEOPLE = Contents(directory.TOPIC, directory.ADAPTER, directory.key, personal=True)


@click.group()
def account() -> None:
    """Who may sign in."""


@account.command()
@LOGIN
@click.option("--person", help="Whom of the directory it is for.")
@click.option("--administrator", is_flag=True, help="May manage accounts and tokens; sees no case by that.")
@click.option(
    "--elsewhere", is_flag=True, help="Signs in at the identity provider only, and gets no password."
)
def create(login: str, person: str | None, *, administrator: bool, elsewhere: bool) -> None:
    """Make an account and write its first password, which has to be changed at the first sign-in."""
    if person is None and not administrator:
        raise click.UsageError("give --person, --administrator or both")
    password = "" if elsewhere else passwords.draw()
    made = Account(
        login=login,
        person=person,
        administrator=administrator,
        password=password and passwords.HASHER.hash(password),
        must_change=not elsewhere,
    )

    async def work(console: "Console") -> None:
        if person is not None and person not in await console.people():
            raise click.ClickException(f"--person: nobody in the directory is called {person!r}")
        _must_succeed(await console.accounts.change(login, Creation(made, CONSOLE, wall())))

    _run(work)
    if password:
        click.echo(password)


@account.command("list")
def list_accounts() -> None:
    """All accounts, a line each."""

    async def work(console: "Console") -> None:
        for one in await console.accounts.all():
            marks = [name for name in ("administrator", "disabled", "must_change") if getattr(one, name)]
            click.echo("\t".join((one.login, one.person or "", " ".join(marks))))

    _run(work)


@account.command()
@LOGIN
def reset(login: str) -> None:
    """Write a first password once more; all sessions and tokens of the account end."""
    password = passwords.draw()
    event = NewPassword(passwords.HASHER.hash(password), CONSOLE, wall(), must_change=True)
    _run(lambda console: _change(console, login, event))
    click.echo(password)


@account.command()
@LOGIN
@click.option("--again", is_flag=True, help="Enable it again instead.")
def disable(login: str, *, again: bool) -> None:
    """Let nobody sign in by an account; all its sessions and tokens end."""
    _run(lambda console: _change(console, login, Switch(not again, CONSOLE, wall())))


@account.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--first", default="", help="The place whose people get the accounts, as far as the role is there."
)
def demonstration(file: Path, first: str) -> None:
    """Make an account for one of every role in every department, and an administrator, for trials.

    FILE holds a line for each: login, password, and the roles. What it holds already stays.
    """
    kept = file.read_text("utf-8").splitlines() if file.exists() else []
    lines = {line.split("\t")[0]: line for line in kept}

    async def work(console: "Console") -> None:
        for login, (person, roles) in _chosen(await console.people(), first).items():
            if login not in lines:
                password = passwords.draw()
                made = Account(
                    login=login,
                    person=person,
                    administrator=person is None,
                    password=passwords.HASHER.hash(password),
                )
                _must_succeed(await console.accounts.change(login, Creation(made, CONSOLE, wall())))
                lines[login] = f"{login}\t{password}\t{roles}"

    _run(work)
    file.touch(mode=0o600)
    file.write_text("".join(f"{line}\n" for line in lines.values()), "utf-8")
    click.echo(file.read_text("utf-8"), nl=False)


def _chosen(people: dict[str, Person], first: str) -> dict[str, tuple[str | None, str]]:
    """Logins for an administrator and the first of every role in every department, each with who it is and their roles."""
    chosen: dict[str, tuple[str | None, str]] = {"administrator": (None, "administrator")}
    seen: set[str] = set()
    ordered = sorted(people.items(), key=lambda one: (all(post.at != first for post in one[1].posts), one[0]))
    for name, person in ordered:
        roles = {f"{post.role} {post.department or ''}".strip() for post in person.posts}
        if roles - seen and person.status == "active":
            chosen[name] = (name, ", ".join(sorted(roles)))
            seen |= roles
    return chosen


@click.group()
def token() -> None:
    """The tokens by which machines are known."""


@token.command("create")
@click.argument("name")
@click.option(
    "--for", "services", multiple=True, required=True, type=click.Choice(("intake", "routing", "desk"))
)
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=MOST_DAYS, show_default=True)
def create_token(name: str, services: tuple[str, ...], days: int) -> None:
    """Write a token that names the machine NAME to these services; it is kept nowhere."""
    settings, key, since = Settings(), uuid4(), wall()
    signer, life = Signer.of(settings.signing_key.get_secret_value()), timedelta(days=days)
    made = MachineToken(name=name, services=services, since=since, until=since + life, by=CONSOLE)

    async def work(console: "Console") -> None:
        _must_succeed(await console.machines.change(key, Issue(made)))

    _run(work)
    click.echo(signer.sign(f"{MACHINE}{name}", services, key, since, life))


@token.command("list")
def list_tokens() -> None:
    """All tokens of machines, a line each, the first to end first."""

    async def work(console: "Console") -> None:
        for key, one in await console.machines.all():
            state = "revoked" if one.revoked_at else f"until {one.until:%Y-%m-%d}"
            click.echo(f"{key}\t{one.name}\t{','.join(one.services)}\t{state}")

    _run(work)


@token.command()
@click.argument("token_id", metavar="ID", type=click.UUID)
def revoke(token_id: UUID) -> None:
    """Let the token of this id count no more, at any service."""

    async def work(console: "Console") -> None:
        _must_succeed(await console.machines.change(token_id, Revocation(CONSOLE, wall())))

    _run(work)


@token.command("keys")
def list_keys() -> None:
    """The keys by which tokens are believed, a line each; ours is marked."""
    ours = Signer.of(Settings().signing_key.get_secret_value()).public.id

    async def work(console: "Console") -> None:
        for key in sorted(await console.keys()):
            click.echo(f"{key}\tours" if key == ours else key)

    _run(work)


@token.command()
@click.argument("key")
def retire(key: str) -> None:
    """Let no token count that was signed by this KEY."""
    if key == Signer.of(Settings().signing_key.get_secret_value()).public.id:
        raise click.ClickException("desk signs by this key: give it another REDRESS_SIGNING_KEY first")

    async def work(console: "Console") -> None:
        known = await console.keys()
        if key not in known:
            raise click.ClickException(f"KEY should be one of {', '.join(sorted(known))}")
        parts = console.parts
        topic = parts.settings.topic_prefix + keys.TOPIC
        await parts.producer.send_and_wait(topic, None, keys.key(known[key]).encode())

    _run(work)


@click.command("sign-in")
@LOGIN
@click.option("--desk", "url", envvar="REDRESS_DESK_URL", required=True, help="Where desk answers.")
@click.option("--password", envvar="REDRESS_PASSWORD", prompt=True, hide_input=True)
def sign_in(login: str, url: str, password: str) -> None:
    """Sign in as people do, and write the token that names LOGIN to the other services for some minutes."""
    with httpx.Client(base_url=url, timeout=10) as http:
        answer = http.post("/v1/session", json={"login": login, "password": password})
        if answer.is_success:
            secret = answer.cookies["redress_session"]
            answer = http.post("/v1/session/token", headers={"Cookie": f"redress_session={secret}"})
        if not answer.is_success:
            raise click.ClickException(answer.json()["detail"])
    click.echo(answer.json()["token"])


class Console(NamedTuple):
    """What commands work with."""

    parts: Connections
    accounts: Accounts
    machines: MachineTokens

    async def people(self) -> dict[str, Person]:
        """Everybody in the directory."""
        table = await self.parts.table(PEOPLE)
        await table.stop()
        return {entry.id: entry for entry in table.entries.values() if isinstance(entry, Person)}

    async def keys(self) -> dict[str, SigningKey]:
        """The keys that are announced, by their ids."""
        table = await self.parts.table(KEYS)
        await table.stop()
        return {entry.id: entry for entry in table.entries.values() if isinstance(entry, SigningKey)}


@asynccontextmanager
async def _console() -> AsyncIterator[Console]:
    topics = (keys.TOPIC, directory.TOPIC)
    async with connected("desk", Settings(), topics, PATIENCE) as parts:
        yield Console(parts, await accounts(parts), await machine_tokens(parts))


def _run(work: Callable[[Console], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with _console() as console:
            await work(console)

    asyncio.run(run())


async def _change(console: Console, login: str, event: Event) -> None:
    _must_succeed(await console.accounts.change(login, event))


def _must_succeed(outcome: Outcome[Any, Any]) -> None:
    if outcome.refusal is not None:
        raise click.ClickException(outcome.refusal.detail)
    if outcome.error is not None:
        raise outcome.error


commands: list[click.Command] = [account, token, sign_in]
