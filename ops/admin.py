"""`./run user …` and `./run token …`: accounts and tokens from the command line, on whatever database is in use."""

import asyncio
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from pydantic import SecretStr

from data_access.engine import dispose_engines
from data_access.scope import ROLES
from data_access.units import unit_path
from data_access.users import (
    IssuedToken,
    UnfitPassword,
    UnknownObject,
    create_user,
    disable_user,
    make_api_token,
    make_device,
    make_wall_token,
    revoke_device,
    revoke_token,
    set_password,
)
from ops.cluster import PrivateCluster
from ops.demo import DATABASE
from settings import get_settings

Result = TypeVar("Result")
PEOPLE = tuple(role for role in ROLES if role not in ("wall", "gis"))
user = typer.Typer(help="Accounts of people.", no_args_is_help=True)
token = typer.Typer(help="Tokens of wall screens, phones and other systems.", no_args_is_help=True)

Unit = Annotated[str, typer.Option(help="Code or path of the unit, e.g. 130202 or jibei.1302.130202.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def with_database(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run `work` on DATABASE_URL, or on the private cluster: the running one, else one started for the moment."""

    async def run() -> Result:
        try:
            return await work()
        finally:
            await dispose_engines()

    cluster: PrivateCluster | None = None
    settings = get_settings()
    if settings.database.database_url is None and settings.database.web_database_url is None:
        cluster = PrivateCluster.under(settings.web.data_dir)
        if not cluster.place.marker.exists():
            typer.echo("There is no database yet: start ./run demo once, or set DATABASE_URL.", err=True)
            raise typer.Exit(1)
        os.environ["WEB_DATABASE_URL"] = cluster.address(DATABASE, role="gridaudit_web")
        get_settings.cache_clear()
        if not cluster.answers():
            cluster.start()
    try:
        return asyncio.run(run())
    except (UnknownObject, UnfitPassword, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    finally:
        if cluster is not None and cluster.pid is not None:
            cluster.stop()


async def _path(unit: str) -> str:
    path = await unit_path(unit)
    if path is None:
        raise UnknownObject("unit", unit)
    return path


def _password(from_input: bool) -> tuple[SecretStr, bool]:
    """The password, and whether it was made up here."""
    if from_input:
        return SecretStr(sys.stdin.readline().rstrip("\n")), False
    return SecretStr(secrets.token_urlsafe(12)), True


def _say_password(login: str, password: SecretStr, made_up: bool) -> None:
    typer.echo(f"{login}: {'password ' + password.get_secret_value() if made_up else 'the password is set'}")


@user.command("add")
def add_user(
    login: str,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(PEOPLE)}.")],
    unit: Unit,
    name: Annotated[str, typer.Option(help="Name as shown on screens.")] = "",
    employee: Annotated[str | None, typer.Option(help="Number of the employee, for inspectors.")] = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    password_stdin: FromInput = False,
) -> None:
    """A new account. Without --password-stdin a password is made up and printed once."""
    if role not in PEOPLE:
        raise typer.BadParameter(f"{role!r} is not one of {', '.join(PEOPLE)}")
    password, made_up = _password(password_stdin)

    async def work() -> None:
        await create_user(
            login,
            password.get_secret_value(),
            display_name=name or login,
            role=role,
            org_path=await _path(unit),
            employee_number=employee,
            language=language,
        )

    with_database(work)
    _say_password(login, password, made_up)


@user.command("password")
def new_password(login: str, password_stdin: FromInput = False) -> None:
    """A new password; every sign-in of the account ends."""
    password, made_up = _password(password_stdin)
    with_database(lambda: set_password(login, password.get_secret_value()))
    _say_password(login, password, made_up)


@user.command("disable")
def disable(login: str) -> None:
    """Shut an account; every sign-in of it ends at once."""
    with_database(lambda: disable_user(login))
    typer.echo(f"{login} is shut.")


def _say_token(issued: IssuedToken) -> None:
    typer.echo(f"id {issued.id}\ntoken {issued.secret}\nThe token is stored hashed and is not shown again.")


@token.command("wall")
def wall_token(unit: Unit, label: Annotated[str, typer.Option(help="Where the screen hangs.")] = "wall") -> None:
    """A token for a wall screen: open /?kiosk=1&token=… on it once."""

    async def work() -> IssuedToken:
        return await make_wall_token(label, await _path(unit))

    _say_token(with_database(work))


@token.command("api")
def api_token(unit: Unit, label: Annotated[str, typer.Option(help="The other system's name.")] = "api") -> None:
    """A token with which another system reads /api and /tiles."""

    async def work() -> IssuedToken:
        return await make_api_token(label, await _path(unit))

    _say_token(with_database(work))


@token.command("device")
def device_token(
    employee: Annotated[str, typer.Option(help="Number of the employee who carries the phone.")],
    label: Annotated[str, typer.Option(help="Which phone.")] = "",
    system: Annotated[str, typer.Option(help="Coordinates the phone sends: wgs84, gcj02 or bd09.")] = "wgs84",
) -> None:
    """A token with which a phone sends positions."""
    if system not in ("wgs84", "gcj02", "bd09"):
        raise typer.BadParameter(f"{system!r} is not one of wgs84, gcj02, bd09")
    _say_token(
        with_database(lambda: make_device(employee, label=label, coordinate_system=system))  # type: ignore[arg-type]
    )


@token.command("revoke")
def revoke(identity: Annotated[str, typer.Argument(help="The id that was printed with the token.")]) -> None:
    """Take a token back at once."""

    async def work() -> None:
        try:
            await revoke_token(identity)
        except UnknownObject:
            await revoke_device(identity)

    with_database(work)
    typer.echo("The token is taken back.")
