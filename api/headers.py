"""Headers of every answer: what the browser may load and run, what may embed us, what may be kept, and for how long."""

from collections.abc import Callable, Sequence
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from settings import Settings

YEAR = "public, max-age=31536000, immutable"
PERMISSIONS = "camera=(), microphone=(), geolocation=(self), payment=(), usb=()"


def _host_source(address: str) -> str:
    """The content-policy source for a tile address; `{s}` stands for any sub-domain."""
    parts = urlsplit(address)
    host = parts.netloc.replace("{s}", "*")
    return f"{parts.scheme}://{host}" if parts.scheme in ("http", "https") and host else ""


def content_policy(script_hashes: Sequence[str], settings: Settings) -> str:
    """The content security policy.

    Scripts: our own files and Dash's inline scripts by their hashes. Styles: inline ones too, Dash components and the
    map write `style` attributes. Pictures: ours, data and blob addresses that canvases make, and the settings' tiles.
    """
    tiles = _host_source(settings.map.tile_url) if settings.map.tile_url else ""
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(("'self'", *script_hashes)),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob: {tiles}".strip(),
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class SecurityHeaders:
    """Adds them to every answer, also to those of the guard; the outermost middleware.

    `policy` is asked for each answer: Dash's inline scripts are complete only after the warm-up.
    """

    def __init__(self, app: ASGIApp, policy: Callable[[], str], *, secure: bool) -> None:
        self.app = app
        self.policy = policy
        self.fixed = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "X-Frame-Options": "DENY",
            "Permissions-Policy": PERMISSIONS,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if secure:
            self.fixed["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, socket or lifespan."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.fixed.items():
                    headers[name] = value
                # A door that hands out files of strangers has a stricter one of its own.
                headers.setdefault("Content-Security-Policy", self.policy())
                _keep(scope, message["status"], headers)
            await send(message)

        await self.app(scope, receive, sending)


def _keep(scope: Scope, status: int, headers: MutableHeaders) -> None:
    """How long the answer may be kept, where the door hasn't said: files by their version, all else not at all."""
    path = scope["path"]
    kept = headers.get("cache-control")
    if path.startswith("/_dash-component-suites/"):
        if kept and "max-age" in kept and status == 200:
            headers["Cache-Control"] = YEAR
        return
    if kept is not None:
        return
    if path.startswith("/assets/") and status in (200, 304):
        versioned = "m" in parse_qs(scope.get("query_string", b"").decode("latin-1"))
        font = path.startswith("/assets/fonts/") and path.endswith(".woff2")
        headers["Cache-Control"] = YEAR if versioned else "public, max-age=2592000" if font else "no-cache"
    else:
        headers["Cache-Control"] = "no-store"
