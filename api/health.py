"""`/health`: for whoever watches over the process. One word, no details; the reason stands in the log."""

import logging
import time
from functools import lru_cache
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from data_access.health import schema_revision
from data_access.migrate import newest_revision

log = logging.getLogger("gridaudit.health")
router = APIRouter(tags=["health"])

KEEP_SECONDS = 1.0
_last: tuple[float, str] = (0.0, "starting")


class Health(BaseModel):
    """`ready`: everything answers. `starting`: not yet warm. `degraded`: no database, or not the schema needed."""

    status: Literal["ready", "starting", "degraded"]


@lru_cache(maxsize=1)
def _needed() -> str | None:
    return newest_revision()


async def _database() -> str:
    global _last
    if _last[0] > time.monotonic():
        return _last[1]
    try:
        found = await schema_revision()
        status = "ready" if found == _needed() else "degraded"
        if status == "degraded":
            log.warning("the database has schema revision %s, this program needs %s", found, _needed())
    except Exception as error:
        log.warning("the database doesn't answer: %s", error)
        status = "degraded"
    _last = (time.monotonic() + KEEP_SECONDS, status)
    return status


@router.get("/health", summary="Health", responses={503: {"model": Health}})
async def health(request: Request, response: Response) -> Health:
    """200 when ready, 503 otherwise."""
    warm = getattr(request.app.state, "ready", False)
    status = await _database() if warm else "starting"
    response.status_code = 200 if status == "ready" else 503
    return Health.model_validate({"status": status})
