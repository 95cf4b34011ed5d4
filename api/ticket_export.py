"""`GET /api/v1/tickets.xlsx`: the tickets of a view as an Excel file, in the reader's language.

The file is written to disk row by row while rows come off a cursor, then sent in pieces: its size is never in memory.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import IO, Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import StreamingResponse

from api.ticket_query import TicketQuery, ticket_query
from components.language import known, language_of
from components.ticket_filters import in_words
from components.ticket_workbook import MEDIA_TYPE, TicketWorkbook
from data_access.scope import require_viewer
from data_access.ticket_list import export_rows, note_export
from settings import DISPLAY_ZONE

router = APIRouter(tags=["tickets"])
ROWS = 50_000
"""Rows of one file; it says so where a view holds more."""
_PIECE = 256 * 1024
_turns = asyncio.Semaphore(2)
"""Files written at a time in this process: a third one waits, the pages do not."""


@router.get(
    "/api/v1/tickets.xlsx",
    response_class=StreamingResponse,
    responses={
        200: {"content": {MEDIA_TYPE: {}}, "description": "At most 50,000 rows; a second sheet says what it is of"},
        422: {"description": "A parameter that cannot be meant"},
    },
)
async def export(
    request: Request,
    query: Annotated[TicketQuery, Depends(ticket_query)],
    lang: Annotated[str | None, Query(description="`en` or `zh`; by default the caller's language")] = None,
) -> StreamingResponse:
    """The view's tickets in its order. Each export is written down in the audit log."""
    viewer = require_viewer()
    language = known(lang) or language_of(request.scope)
    now = datetime.now(UTC)
    file = await asyncio.to_thread(tempfile.TemporaryFile)
    try:
        async with _turns:
            book = await asyncio.to_thread(TicketWorkbook, file, language)
            more = False
            async for block in export_rows(viewer, query.chosen, query.sort, limit=ROWS + 1, now=now):
                more = book.rows + len(block) > ROWS
                await asyncio.to_thread(book.add, block[: ROWS - book.rows])
            view = in_words(query.chosen, language)
            who = viewer.display_name or viewer.subject
            await asyncio.to_thread(lambda: book.finish(who=who, view=view, taken=now, limit=ROWS if more else None))
        await note_export(viewer, query.text, book.rows)
        size = await asyncio.to_thread(_rewound, file)
    except BaseException:
        await asyncio.to_thread(file.close)
        raise
    name = f"tickets-{now.astimezone(DISPLAY_ZONE):%Y%m%d-%H%M}.xlsx"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(size),
        "Cache-Control": "no-store",
        "Content-Encoding": "identity",  # packed already: nothing on the way should pack it again
    }
    return StreamingResponse(_pieces(file), media_type=MEDIA_TYPE, headers=headers)


def _rewound(file: IO[bytes]) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    finally:
        file.close()
