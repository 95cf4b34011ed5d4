"""No body larger than the limit is read, whether its length was announced or not."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Refused, answer_to
from components.language import language_of


class BodyLimit:
    """Refuses an announced length at once; a body without one when it passes the limit while it is read.

    `larger` names the doors that take more: given method and path it returns their limit in bytes, None for all others.
    """

    def __init__(
        self, app: ASGIApp, max_bytes: int, larger: Callable[[str, str], int | None] = lambda _method, _path: None
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, socket or lifespan."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.larger(scope["method"], scope["path"]) or self.max_bytes
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            refusal = answer_to(Refused("too_large", why=f"{announced} bytes"))
            await refusal.response(language_of(scope))(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > limit:
                    # FastAPI lets HTTPException through while it reads a body; anything else it calls a bad body.
                    raise HTTPException(413)
            return message

        await self.app(scope, counted, send)
