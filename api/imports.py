"""Imports over HTTP: a file with its options in, reports and templates out. For administrators; the work is a job's."""

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi import Path as PathParameter
from pydantic import BaseModel

from api.errors import Refused
from components.language import language_of
from data_access import imports
from data_access.parameters import BadParameter, parse_whole
from data_access.scope import require_viewer
from jobs.imports.findings import FileRefused
from jobs.imports.kinds import KINDS
from jobs.imports.places import SYSTEMS
from jobs.imports.reading import SUFFIXES
from jobs.imports.run import Options
from jobs.imports.templates import MEDIA, template

router = APIRouter(prefix="/api/v1/imports", tags=["imports"])

MAX_MEGABYTES = 128
"""Of one upload, about a million customers; larger files go by `./run import`."""
MAX_MAPPING = 4_000
_FORM_BYTES = 64 * 1024
_WRONG: dict[int | str, dict[str, Any]] = {422: {"description": "A choice that can't be meant; `details` say which"}}


def body_limit(method: str, path: str) -> int | None:
    """Bytes that the door for files takes; None for every other door."""
    return MAX_MEGABYTES * 1024 * 1024 + _FORM_BYTES if (method, path) == ("POST", router.prefix) else None


class Queued(BaseModel):
    """An import that waits for its turn."""

    number: int


@router.post("", status_code=202, responses=_WRONG)
async def start(
    request: Request,
    kind: Annotated[str, Form(description=f"One of {', '.join(KINDS)}")],
    file: Annotated[UploadFile, File(description=f"{' '.join(SUFFIXES)}, at most {MAX_MEGABYTES} MB")],
    system: Annotated[str, Form(description=f"One of {', '.join(SYSTEMS)}; empty: what the file says")] = "",
    mapping: Annotated[str, Form(description="A line each: `column = heading of the file`")] = "",
    dry_run: Annotated[bool, Form()] = False,
    keep_good: Annotated[bool, Form()] = False,
) -> Queued:
    """Queues an import; its progress is on the page `/imports`."""
    viewer = require_viewer()
    if viewer.role != "admin" or viewer.kind != "user":
        raise Refused("forbidden", why="imports are the administrators'")
    language = language_of(request.scope)
    name = Path((file.filename or "").replace("\\", "/")).name[:200].replace("\0", "")
    try:
        if kind not in KINDS:
            raise FileRefused("kind", given=kind[:40], allowed=", ".join(KINDS))
        if Path(name).suffix.lower() not in SUFFIXES:
            raise FileRefused("format", given=Path(name).suffix or name, allowed=" ".join(SUFFIXES))
        if system and system not in SYSTEMS:
            raise FileRefused("unknown_system", given=system[:40], allowed=", ".join(SYSTEMS))
        options = Options(system or None, _mapping(mapping), dry_run, keep_good, language)
    except FileRefused as refused:
        raise Refused("bad_value", details=[{"where": refused.code, "message": refused.message(language)}]) from None
    content = await file.read()
    digest = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
    return Queued(number=await imports.queue_import(viewer, kind, name, digest, content, options.stored()))


def _mapping(given: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in given[:MAX_MAPPING].replace("\0", "").splitlines() if line.strip()]
    for column, sign, heading in pairs:
        if not (sign and column.strip() and heading.strip()):
            raise FileRefused("mapping_line", line=f"{column}{sign}{heading}"[:80])
    return {column.strip(): heading.strip() for column, _, heading in pairs}


@router.get(
    "/{import_number}/report",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}, **_WRONG},
)
async def report(
    import_number: Annotated[str, PathParameter(description="The number that `POST` gave")],
) -> Response:
    """Faults and warnings of an import, a line each, as CSV."""
    found = await imports.report_of(require_viewer(), parse_whole("import_number", import_number, 1, 10**11))
    if found is None:
        raise Refused("not_found")
    name, text = found
    return _download(f"\ufeff{text}".encode(), MEDIA["csv"], f"{Path(name).stem}.report.csv")


@router.get(
    "/templates/{contents}/{form}",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}, MEDIA["xlsx"]: {}}}, **_WRONG},
)
async def template_file(
    request: Request,
    contents: Annotated[str, PathParameter(description=f"One of {', '.join(KINDS)}")],
    form: Annotated[str, PathParameter(description="`csv` or `xlsx`")],
    lang: Annotated[str, Query(description="`zh` or `en`; else the language of the account")] = "",
) -> Response:
    """An empty file with the headings of a kind; as Excel with an explanation of each column."""
    if contents not in KINDS:
        raise BadParameter("contents", contents, f"one of {', '.join(KINDS)}")
    if form not in MEDIA:
        raise BadParameter("form", form, "csv or xlsx")
    language = "zh" if lang == "zh" else "en" if lang == "en" else language_of(request.scope)
    made = await asyncio.to_thread(template, contents, form, language)
    return _download(made, MEDIA[form], f"{contents}.{form}")


def _download(content: bytes, media_type: str, name: str) -> Response:
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
