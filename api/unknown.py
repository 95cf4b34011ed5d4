"""Addresses below `/api`, `/tiles` and the like that nobody serves: an error for programs, not Dash's page.

Dash takes every GET that nothing else takes. These doors stand before its own and after all others, so whatever reaches
them is either unknown, or known with another method.
"""

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api.doors import MACHINE

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def install(server: FastAPI) -> None:
    """Adds the doors. Call it after every router was included."""
    for prefix in MACHINE:
        if prefix != "/assets":
            server.add_api_route(prefix + "{rest:path}", unknown, methods=METHODS, include_in_schema=False)


async def unknown(request: Request) -> None:
    """Refuses: 405 with what is allowed when the address is known, else 404."""
    allowed = []
    for method in METHODS:
        for route in request.app.router.routes:
            if getattr(route, "endpoint", None) is unknown:
                break
            if route.matches({**request.scope, "method": method})[0] is Match.FULL:
                allowed.append(method)
                break
    if allowed:
        raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
    raise HTTPException(404)
