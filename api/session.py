"""Signing in and out, and who I am."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, SecretStr, StringConstraints

from api.guard import IDENTITY
from api.identity import SESSION_COOKIE, WALL_COOKIE, Identity, session_cookie, set_cookie
from components.home import home_of
from data_access.log import current_address
from data_access.passwords import MAX_LENGTH
from data_access.scope import require_viewer
from data_access.users import sign_in, sign_out

router = APIRouter(prefix="/api/v1/session", tags=["session"])

LoginName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class SignInRequest(BaseModel):
    """Name and password."""

    login: LoginName
    password: Annotated[SecretStr, Field(min_length=1, max_length=MAX_LENGTH)]


class Me(BaseModel):
    """Who is signed in. `org_path` is the unit's path; everything at or below it is in sight."""

    subject: str
    display_name: str
    role: str
    org_path: str
    kind: Literal["user", "wall", "api"]
    language: Literal["en", "zh"]
    employee_number: str | None


class SignedInAnswer(BaseModel):
    """Whose session was opened. `home`: the page where this role's work begins."""

    login: str
    display_name: str
    role: str
    language: Literal["en", "zh"]
    home: str


@router.post("", summary="Sign in")
async def open_session(request: Request, response: Response, given: SignInRequest) -> SignedInAnswer:
    """Opens a session and sets the cookie `gridaudit_session`. A session that the client had before ends."""
    before: Identity | None = request.scope.get(IDENTITY)
    signed_in = await sign_in(
        given.login,
        given.password.get_secret_value(),
        address=current_address.get() or "local",
        agent=request.headers.get("user-agent"),
        replaces=before.viewer if before else None,
    )
    response.raw_headers.append(session_cookie(signed_in.secret))
    return SignedInAnswer.model_validate({**asdict(signed_in), "home": home_of(signed_in.role)})


@router.get("", summary="Who am I")
async def me() -> Me:
    """The viewer that this session or token stands for."""
    return Me.model_validate(require_viewer(), from_attributes=True)


@router.delete("", status_code=204, summary="Sign out")
async def close_session(response: Response) -> None:
    """Ends this session."""
    await _close(response, everywhere=False)


@router.delete("/all", status_code=204, summary="Sign out everywhere")
async def close_all_sessions(response: Response) -> None:
    """Ends every session of this account, also on other screens."""
    await _close(response, everywhere=True)


async def _close(response: Response, *, everywhere: bool) -> None:
    viewer = require_viewer()
    if viewer.kind == "user":
        await sign_out(viewer, everywhere=everywhere)
    for name in (SESSION_COOKIE, WALL_COOKIE):
        response.raw_headers.append(set_cookie(name, "", max_age=0))
