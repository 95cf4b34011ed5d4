"""A ticket's case file as a PDF: every fact, event and hash on paper, as the person who prints it may see them."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter

from components.case_file import case_file
from components.case_file_pdf import render
from components.language import known, language_of
from components.ticket_case import case_of
from data_access.object_store import NoSuchObject, StoreUnavailable, object_store
from data_access.scope import require_viewer
from data_access.ticket_chain import chain_of, record_print
from data_access.ticket_errors import UnknownTicket

log = logging.getLogger("gridaudit.case_file")
router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])
MOST_PICTURES = 24
"""More are named by their words and hashes alone: a case file is paper, not an archive of pictures."""
MOST_BYTES = 12 * 1024 * 1024
_AT_ONCE = asyncio.Semaphore(2)
"""Drawing takes a processor for a second; whoever comes third waits."""
Number = Annotated[str, PathParameter(pattern=r"^[A-Za-z0-9-]{1,40}$", description="Such as T2026-0412")]


@router.get(
    "/{number}/case-file.pdf",
    response_class=Response,
    responses={
        200: {"content": {"application/pdf": {}}, "description": "A4, fonts embedded, Chinese and Latin"},
        404: {"description": "No such ticket in the viewer's scope"},
    },
)
async def case_file_pdf(
    request: Request,
    number: Number,
    lang: Annotated[Literal["en", "zh"] | None, Query(description="Of the paper; the viewer's by default")] = None,
) -> Response:
    """The printable case file with the verified chain of events. Printing is written to the audit log."""
    viewer = require_viewer()
    language = known(lang) or language_of(request.scope)
    case = await case_of(viewer, number, datetime.now(UTC))
    if case is None:
        raise UnknownTicket(number)
    chain = await chain_of(viewer, number)
    pictures = await _pictures(case.page.evidence)
    await record_print(viewer, number, case.row["org_path"])
    async with _AT_ONCE:
        document = case_file(case, chain, pictures, viewer.display_name or viewer.subject, language)
        content = await asyncio.to_thread(render, document)
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{number}-{language}.pdf"',
            "Cache-Control": "no-store",
        },
    )


async def _pictures(rows: Sequence[dict[str, Any]]) -> dict[str, bytes]:
    """The shown copies by the evidence's SHA-256. A file that the store cannot give is named by its words."""
    found: dict[str, bytes] = {}
    for row in rows:
        if len(found) >= MOST_PICTURES:
            break
        if row["shown_sha256"] and str(row["shown_media_type"]).startswith("image/"):
            content = await _bytes(row["shown_sha256"])
            if content:
                found[row["sha256"]] = content
    return found


async def _bytes(key: str) -> bytes | None:
    parts, size = [], 0
    try:
        async for piece in await object_store().read(key):
            size += len(piece)
            if size > MOST_BYTES:
                return None
            parts.append(piece)
    except (NoSuchObject, StoreUnavailable) as error:
        log.warning("a picture of a case file is missing: %s %s", type(error).__name__, key)
        return None
    return b"".join(parts)
