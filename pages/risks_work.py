"""`/risks/work`: risk points in the order in which visits are expected to pay, with this week's control visits.

Order, state, unit and page are links: the address says the whole view.
"""

from datetime import UTC, datetime
from typing import Any

import dash
from dash import html

from components import work_view as view
from components.desk import Crumb, desk, link, not_found, request_language, section
from components.exports import export_links
from components.language import known
from components.view_state import one_of
from data_access.scope import current_viewer
from data_access.work_ranking import ORDERS, PAGE_ROWS, STATES, work_page
from i18n import t

# Before `/risks/<number>`, which would take "work" for the number of a point.
dash.register_page(__name__, path=view.PATH, title="gridaudit", order=2)


async def layout(
    unit: str | None = None,
    by: str | None = None,
    state: str | None = None,
    page: str | None = None,
    lang: str | None = None,
    **_: str,
) -> html.Div:
    """The page. Everything in the address is optional; what can't be read takes its default."""
    language, viewer = request_language(lang), current_viewer.get()
    if viewer is None:  # while the pages are first read
        return html.Div()
    title = t("work.title", language)
    by, which = one_of(by, ORDERS, "expected"), one_of(state, STATES, "open")
    number = view.page_number(page)
    code = unit.replace("\0", "") if unit else None
    found = await work_page(viewer, code, by, which, number, datetime.now(UTC))  # type: ignore[arg-type]
    if found is None:
        return desk(active="work", language=language, title=title, body=not_found(language, t("work.unit", language)))
    held = {
        "unit": unit, "by": by if by != "expected" else None, "state": which if which != "open" else None,
        "lang": known(lang),
    }  # fmt: skip
    here = {**held, "page": str(number + 1) if number else None}
    files = {t("work.table", language): ("/api/v1/work/ranking", ("xlsx", "csv"))}
    shown: list[Any] = [
        view.ranking(found, number * PAGE_ROWS + 1, which, language, key=f"{here}"),
        view.pages(found, held, number, language),
    ]
    return desk(
        active="work",
        language=language,
        title=title,
        crumbs=[Crumb(t("desk.nav_risks", language), "/risks"), Crumb(title)]
        if _is_page("/risks")
        else [Crumb(title)],
        figures=view.figures(found, which, language),
        actions=[
            *([link(t("desk.nav_rules", language), "/rules", className="button")] if _is_page("/rules") else []),
            export_links(files, {"unit": found.unit["code"], "by": by, "state": which, "lang": language}, language),
        ],
        body=[
            view.bar(found, held, by, which, language),
            section(
                t("work.table", language), view.intro(language), *shown,
                note=t(f"work.table_note_{by}", language),
            ),
        ],
        wide=True,
    )  # fmt: skip


def _is_page(path: str) -> bool:
    return any(page["path"] == path for page in dash.page_registry.values())
