"""A unit of the organisation, from the province down to a station: figures rolled up, map and ranking of what is below.

Measure and span are links of their own: they change the whole page, and the address says them.
"""

from datetime import UTC, datetime
from typing import Any

import dash
from dash import Input, Output, State, callback, dcc, html, no_update

from components import region_view as view
from components.desk import Crumb, columns, desk, not_found, request_language, section, stack
from components.exports import export_links
from components.language import known
from components.map_words import pill
from components.notice import notice
from components.object_links import address_of, unit_crumbs
from components.view_state import choices, one_of
from data_access import region_reads as reads
from data_access.scope import require_viewer
from i18n import Language, t

dash.register_page(__name__, path_template="/regions/<code>", title="gridaudit")

SPANS = ("1", "3", "12")
"""Months of work."""


async def layout(
    code: str = "", by: str | None = None, span: str | None = None, lang: str | None = None, **_: str
) -> html.Div:
    """The page. Everything in the address is optional; what can't be read takes its default."""
    language = request_language(lang)
    by, span = one_of(by, tuple(view.MEASURES), "open_risks"), one_of(span, SPANS, "3")
    viewer, what = require_viewer(), t("region.title", language)
    page = await reads.region_page(viewer, code.replace("\0", ""), int(span), datetime.now(UTC))
    if page is None:
        return desk(active="regions", language=language, title=what, body=not_found(language, what))
    unit, name = page.unit, page.unit[f"name_{language}"]
    path, state = f"/regions/{unit['code']}", {"by": by, "span": span, "lang": known(lang)}
    measures = {one: t(f"region.by_{one}", language) for one in view.MEASURES}
    is_station = unit["level"] == reads.STATION_LEVEL
    body: list[Any] = []
    if page.is_partial:
        own = next((one for one in await _own(language) if one), viewer.org_path.rsplit(".", 1)[-1])
        body.append(notice(t("region.partial", language, unit=own), language, kind="info"))
    body += [
        columns(
            stack(
                section(t("region.risk", language), view.risk_view(page.figures, language)),
                section(
                    t("region.work", language), view.work_view(page, language),
                    note=t("region.result_note", language, n=span),
                ),
            ),
            section(
                t("region.map_districts" if is_station else "region.map", language),
                view.region_map(page, by, language, height="500px"),
                html.P(
                    t("region.map_hint_district" if is_station else "region.map_hint", language),
                    className="quiet small",
                ),
                actions=[] if is_station else [choices(path, state, "by", measures, by)],
            ),
            template="minmax(300px, 1fr) minmax(0, 2.2fr)",
        ),
        section(t("region.districts", language), view.district_table(page.districts, language))
        if is_station
        else section(
            t("region.ranking", language), view.ranking(page.children, by, language),
            note=t("region.ranking_note", language, what=measures[by]),
        ),
        dcc.Store(id="region-asked", data={"code": unit["code"], "language": language, "station": is_station}),
        dcc.Location(id="region-go", refresh="callback-nav"),
    ]  # fmt: skip
    spans = {value: t("drill.months", language, n=value) for value in SPANS}
    crumbs = unit_crumbs(page.units[:-1], language)
    actions: list[Any] = [choices(path, state, "span", spans, span)]
    if not is_station:
        files = {t("region.ranking", language): (f"/api/v1/regions/{unit['code']}/units", ("xlsx", "csv"))}
        actions.append(export_links(files, {"span": span, "lang": language}, language))
    return desk(
        active="regions",
        language=language,
        title=name,
        crumbs=[*crumbs, Crumb(name)],
        marks=[
            pill("plain", t(f"region.level_{unit['level']}", language)),
            html.Span(unit["code"], className="quiet number"),
        ],
        figures=view.figures(page, int(span), language),
        actions=actions,
        body=body,
        wide=True,
    )


async def _own(language: Language) -> list[str]:
    """The name of the viewer's own unit."""
    viewer = require_viewer()
    names = await reads.unit_names(viewer, viewer.org_path.rsplit(".", 1)[-1])
    return [names[f"name_{language}"]] if names else []


def _down(feature: Any, data: Any, kind: str) -> Any:
    key = (feature.get("properties") or {}).get("key") if isinstance(feature, dict) else None
    address = address_of(kind, key) if isinstance(key, str) and isinstance(data, dict) else None
    return no_update if address is None else address


@callback(
    Output("region-go", "href", allow_duplicate=True),
    Input(view.AREAS, "clickData"),
    State("region-asked", "data"),
    prevent_initial_call=True,
)
async def go_down(feature: Any, data: Any) -> Any:
    """To the unit that was clicked on the map."""
    return _down(feature, data, "region")


@callback(
    Output("region-go", "href", allow_duplicate=True),
    Input(view.POINTS, "clickData"),
    State("region-asked", "data"),
    prevent_initial_call=True,
)
async def go_to_district(feature: Any, data: Any) -> Any:
    """To the district that was clicked on the map of a station."""
    return _down(feature, data, "district")
