"""The page that a person sees when a page can't be given: no database, or no right to it."""

from starlette.responses import HTMLResponse, Response

from api.errors import Answer
from components.plain_page import trouble
from i18n import Language


def trouble_page(answer: Answer, language: Language) -> Response:
    """An error as a page. What passes by itself (503, 504) is tried again by the page itself."""
    again = 5 if answer.status in (503, 504) else None
    page = trouble(answer.message(language), answer.reference, language, again_in_seconds=again)
    return HTMLResponse(page, answer.status, headers={"Cache-Control": "no-store", **answer.headers})
