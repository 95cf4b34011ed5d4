"""The search of the top bar. `/` puts the cursor into it, arrows walk through what was found, Enter opens the first.

What is found is asked of the server a moment after the last key, in the viewer's scope.
"""

from itertools import groupby
from typing import Any
from urllib.parse import quote

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update

from components.attributes import attributes
from components.icons import icon
from components.language import known
from data_access.scope import require_viewer
from data_access.search import MAX_LENGTH, Hit, search
from i18n import Language, t

TEXT, ASKED, HITS = "desk-search-text", "desk-search-asked", "desk-search-hits"
PAGES: dict[str, tuple[str, str]] = {
    "customer": ("/customers/", "user"),
    "meter": ("/customers/", "ruler-measure"),
    "district": ("/districts/", "bolt"),
    "inspector": ("/inspectors/", "users"),
    "ticket": ("/tickets/", "clipboard-list"),
    "risk": ("/risks/", "flame"),
    "place": ("/regions/", "building"),
    "feeder": ("/regions/", "route"),
    "substation": ("/regions/", "database"),
}
"""Of each kind the page that it leads to, and its icon."""


def search_slot(language: Language) -> html.Div:
    """The search in the top bar, `#desk-search`."""
    label = t("search.label", language)
    return html.Div(
        [
            icon("search"),
            html.Label(label, htmlFor=TEXT, className="visually-hidden"),
            dcc.Input(
                id=TEXT,
                type="search",
                maxLength=MAX_LENGTH,
                placeholder=t("search.placeholder", language),
                autoComplete="off",
                className="search__text",
            ),
            dcc.Store(id=ASKED),
            html.Kbd("/", className="search__key", **attributes({"aria-hidden": "true"})),
            html.Div(id=HITS, className="search__hits", role="region", **attributes({"aria-label": label})),
        ],
        id="desk-search",
        className="topbar__search search",
        lang="zh-CN" if language == "zh" else "en",
        role="search",
    )


# The own `debounce` of the field puts the caret back to where it was when the pause began: into the middle of what who
# types on has written by then. So the pause is kept beside the field.
clientside_callback(
    ClientsideFunction("search", "settled"), Output(ASKED, "data"), Input(TEXT, "value"), prevent_initial_call=True
)


@callback(Output(HITS, "children"), Input(ASKED, "data"), State("desk-search", "lang"), prevent_initial_call=True)
async def find(asked: Any, lang: Any) -> Any:
    """What fits the text, grouped by kind."""
    viewer = require_viewer()
    if viewer.kind != "user":
        return no_update
    language = known(str(lang)[:2]) or viewer.language
    if not isinstance(asked, str) or not asked.strip():
        return None
    return hits_view(await search(viewer, asked), language)


def hits_view(hits: list[Hit], language: Language) -> Any:
    """The groups, or a sentence on what can be searched for."""
    if not hits:
        return html.P(
            [html.Strong(t("search.nothing", language)), html.Span(t("search.nothing_hint", language))],
            className="search__none",
            role="status",
        )
    groups = []
    for kind, members in groupby(hits, key=lambda hit: hit.kind):
        heading = html.H2(t(f"search.kind_{kind}", language))
        groups.append(html.Section([heading, html.Ul([html.Li(_row(hit, language)) for hit in members])]))
    return groups


def _row(hit: Hit, language: Language) -> dcc.Link:
    page, sign = PAGES[hit.kind]
    name = hit.name_zh if language == "zh" else hit.name_en
    title = name if name and name != hit.key else hit.key
    notes = [hit.key] if title != hit.key else []
    if hit.kind == "meter":
        notes.append(t("search.of_customer", language, number=hit.leads_to))
    elif hit.kind == "district":
        notes.append(t("search.customers", language, n=hit.detail["customers"]))
    elif hit.kind == "customer":
        notes.append(t("search.closed" if hit.detail["closed"] else "search.in_district", language,
                       code=hit.detail["district"]))  # fmt: skip
    if hit.how in (2, 6):
        notes.append(t("search.similar", language))
    return dcc.Link(
        [
            icon(sign),
            html.Span(title, className="search__title"),
            html.Span(" · ".join(notes), className="search__note"),
        ],
        href=page + quote(hit.leads_to, safe=""),
        className="search__hit",
    )
