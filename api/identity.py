"""Who knocks: the cookie of a session, the cookie or address of a wall screen, or a token in the header."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import Scope

from components.language import chosen_language, cookies_of
from data_access.scope import Viewer
from data_access.users import by_cookie, by_token, in_language
from settings import get_settings

SESSION_COOKIE = "gridaudit_session"
WALL_COOKIE = "gridaudit_wall"
WALL_COOKIE_DAYS = 400
TOKEN_PARAMETER = "token"  # noqa: S105 - a parameter's name


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who may be let in, and how it was shown."""

    viewer: Viewer
    by: Literal["session", "wall_cookie", "address", "header"]
    secret: str
    rotation_due: bool = False

    @property
    def by_cookie(self) -> bool:
        """Whether a browser showed it unasked, so that another site may be behind the request."""
        return self.by in ("session", "wall_cookie")


def bearer(scope: Scope) -> str | None:
    """The token of the `Authorization: Bearer …` header."""
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def take_token(scope: Scope) -> str | None:
    """The `token` of the query, taken out of the scope in place: neither pages nor the access log see it."""
    raw = scope.get("query_string", b"")
    if b"token" not in raw:
        return None
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)
    found = next((value for name, value in pairs if name == TOKEN_PARAMETER), None)
    if found is not None:
        scope["query_string"] = urlencode([pair for pair in pairs if pair[0] != TOKEN_PARAMETER]).encode()
    return found


async def identify(scope: Scope, token: str | None = None) -> Identity | None:
    """Who sent this request or opened this socket, in the language chosen on that screen; None when nobody known.

    `token` is the one of the address, where the door takes one there. A header counts before a cookie: a program that
    brings a token means it; a wrong one isn't made good by a cookie.
    """
    found: Identity | None = None
    given = bearer(scope)
    if given or token:
        entry = await by_token(given or token or "")
        if entry:
            found = Identity(entry.viewer, "header" if given else "address", given or token or "")
    else:
        cookies = cookies_of(scope)
        secret, wall = cookies.get(SESSION_COOKIE), cookies.get(WALL_COOKIE)
        if secret and (entry := await by_cookie(secret)):
            found = Identity(entry.viewer, "session", secret, entry.rotation_due)
        elif wall and (entry := await by_token(wall)):
            found = Identity(entry.viewer, "wall_cookie", wall)
    language = chosen_language(scope)
    if found and language:
        found = Identity(in_language(found.viewer, language), found.by, found.secret, found.rotation_due)
    return found


def set_cookie(name: str, value: str, *, max_age: int | None) -> tuple[bytes, bytes]:
    """A `Set-Cookie` header for a secret: out of reach of scripts and of other sites. `max_age` 0 deletes it."""
    parts = [f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    if get_settings().web.secure_cookies:
        parts.append("Secure")
    return b"set-cookie", "; ".join(parts).encode("latin-1")


def session_cookie(secret: str) -> tuple[bytes, bytes]:
    """The cookie of a session: it goes with the browser, and no later than the absolute limit."""
    return set_cookie(SESSION_COOKIE, secret, max_age=get_settings().session.absolute_hours * 3600)
