"""The catalogue for JavaScript: texts only, no data, so that it may be kept and asked for before signing in."""

import hashlib
import json
from functools import lru_cache

from fastapi import APIRouter, Request
from starlette.responses import Response

from i18n import Language, catalogue

router = APIRouter(tags=["texts"])

SUBJECTS: tuple[str, ...] = (
    "common",
    "events",
    "filters",
    "live",
    "map",
    "status",
    "wall",
    "units",
    "session",
    "errors",
    "risk",
    "tickets",
    "tracks",
)
"""The subjects that scripts need."""


@lru_cache(maxsize=2)
def _packed(language: Language) -> tuple[bytes, str]:
    texts = {key: value for key, value in catalogue(language).items() if key.split(".", 1)[0] in SUBJECTS}
    body = json.dumps(texts, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'


@router.get("/texts/{language}.json", summary="Texts for scripts", response_model=dict[str, str])
async def texts(language: Language, request: Request) -> Response:
    """Full key → text, placeholders such as `{count}` left in."""
    body, etag = _packed(language)
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
