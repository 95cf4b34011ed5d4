"""Whether a browser sent this request from one of our own pages: the guard against forged requests.

Cookies go along with requests that other sites make a browser send, so a request that changes something must show where
it comes from. `Sec-Fetch-Site` and `Origin` are set by the browser and out of reach of scripts. A program that sends
neither must use a content type that a foreign page can't send without asking first.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from settings import get_settings

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def _place(scheme: str, netloc: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{netloc}")
        return (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(scheme)
    except ValueError:
        return "", None


def is_own(origin: str, host: str) -> bool:
    """Whether `origin` is the host that was asked, or one of the settings' public origins.

    Schemes aren't compared: behind a proxy that ends TLS we see `http` where the browser says `https`. An origin
    without a port therefore fits a host without one, whatever their schemes.
    """
    origin = origin.rstrip("/")
    if origin in get_settings().web.public_origins:
        return True
    scheme, separator, netloc = origin.partition("://")
    if not separator or scheme not in ("http", "https") or not netloc or not host:
        return False
    return netloc.lower() == host.lower() or _place(scheme, netloc) == _place(scheme, host)


def sent_by_our_page(scope: Scope) -> bool:
    """Whether a state-changing request may be believed to be the user's own."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if origin is not None:
        return is_own(origin, headers.get("host", ""))
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    if scope["method"] != "POST":
        return True  # PUT, PATCH and DELETE are never sent across origins without asking first
    return headers.get("content-type", "").split(";")[0].strip().lower() == "application/json"


def socket_from_our_page(scope: Scope) -> bool:
    """Whether a socket was opened by our own page, or by a program, which sends no origin."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    return origin is None or is_own(origin, headers.get("host", ""))
