"""A transformer district: where it is, what it lost, what that was made of, who hangs on it, what audit knows about it.

The month is a link of its own; tab, colouring and the chosen day are mirrored into the address
(`components/view_state`).
"""

import asyncio
from datetime import date
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import Input, Output, State, callback, dcc, html, no_update

from audit.energy_balance import energy_balance
from components import district_map as on_map
from components import district_view as view
from components.attributes import attributes
from components.audit_lists import problem_table, risk_table, ticket_table
from components.charts import chart
from components.desk import Crumb, columns, desk, not_found, request_language, request_theme, section
from components.energy_balance import energy_balance_view
from components.exports import export_links
from components.icons import icon
from components.language import known
from components.loss_chart import energy_figure, finding, load_figure, loss_figure
from components.map_words import pill
from components.object_links import unit_crumbs
from components.view_state import address, choices, mirror, month_of, month_steps, one_of, running_month
from data_access import district_reads as reads
from data_access.bill_input import month_after
from data_access.months import month_back
from data_access.parameters import BadParameter, parse_day
from data_access.scope import require_viewer
from i18n import Language, t

dash.register_page(__name__, path_template="/districts/<code>", title="gridaudit")

TABS = ("customers", "risks", "tickets", "problems", "visits", "similar")
SPANS = ("1", "3", "12")
"""Months of the day charts."""
ADDRESS = mirror(
    "district",
    [Input("district-tab", "value"), Input("district-colour", "value"), Input("district-day", "data")],
)


async def layout(
    code: str = "",
    month: str | None = None,
    span: str | None = None,
    tab: str | None = None,
    colour: str | None = None,
    day: str | None = None,
    lang: str | None = None,
    **_: str,
) -> html.Div:
    """The page. Everything in the address is optional; what can't be read takes its default."""
    language, theme = request_language(lang), request_theme()
    chosen = month_of(month, month_back(running_month(), 1))
    span = one_of(span, SPANS, "3")
    tab, colour = one_of(tab, TABS, "customers"), one_of(colour, on_map.COLOURINGS, "risk")
    page = await reads.district_page(require_viewer(), code.replace("\0", ""), chosen, int(span))
    if page is None:
        return desk(
            active="regions",
            language=language,
            title=t("district.title", language),
            body=not_found(language, t("district.title", language)),
        )
    file, end = page.file, month_after(chosen)
    days = [row for row in page.days if chosen <= row["day"] < end]
    balance = energy_balance(page.balance)
    chosen_day = day_of(day, page.days)
    path = f"/districts/{file['code']}"
    state = {"month": f"{chosen:%Y-%m}", "span": span, "tab": tab, "colour": colour, "lang": known(lang)}
    spans = {value: t("drill.months", language, n=value) for value in SPANS}
    first_tab = await _tab(tab, page.file, chosen, language, page=page)
    parts = await reads.day_parts(require_viewer(), file["county_code"], file["code"], chosen_day) if chosen_day else []
    body = [
        columns(
            html.Div(
                [
                    section(t("drill.file", language), view.file_of(file, language)),
                    section(
                        t("district.load", language),
                        chart(
                            load_figure(days, file["capacity_kva"], language, theme),
                            id="district-load",
                            label=t("district.load_label", language, name=file["name"]),
                            height=150,
                        ),
                        note=t("district.load_note", language, month=f"{chosen:%Y-%m}"),
                    ),
                ],
                className="stack",
            ),
            section(
                t("district.map", language),
                on_map.district_map(file, page.customers, colour, language, height="470px"),  # type: ignore[arg-type]
                html.Div(view.picked(None, language), id="district-picked", className="picked"),
                actions=[_colouring(colour, language)],
            ),
            template="minmax(300px, 1fr) minmax(0, 2.6fr)",
            even=True,
        ),
        columns(
            section(
                t("district.loss_by_day", language),
                chart(
                    loss_figure(page.days, language, theme, str(chosen_day) if chosen_day else None),
                    id="district-loss",
                    label=f"{t('district.loss_by_day', language)}: {finding(page.days, language)}",
                    height=340,
                ),
                note=finding(page.days, language),
                actions=[choices(path, state, "span", spans, span)],
            ),
            section(
                t("district.one_day", language),
                html.Div(
                    view.day_panel(next((row for row in page.days if row["day"] == chosen_day), None), parts, language),
                    id="district-day-panel",
                ),
            ),
            template="minmax(0, 2fr) minmax(300px, 1fr)",
            even=True,
        ),
        columns(
            section(
                t("district.balance", language, month=f"{chosen:%Y-%m}"),
                energy_balance_view(balance, page.balance, language),
            ),
            section(
                t("district.energy", language),
                chart(
                    energy_figure(page.days, language, theme),
                    id="district-energy",
                    label=t("district.energy_label", language, name=file["name"]),
                    height=300,
                ),
                note="kWh",
            ),
            template="minmax(0, 1.35fr) minmax(0, 1fr)",
            even=True,
        ),
        section(
            t("district.lists", language),
            _tabs(tab, language),
            dcc.Loading(html.Div(first_tab, id="district-list"), type="dot", delay_show=300),
        ),
        dcc.Store(id="district-asked", data={"code": file["code"], "month": f"{chosen:%Y-%m}", "language": language}),
        dcc.Store(id="district-day", data=chosen_day.isoformat() if chosen_day else None),
        ADDRESS,
    ]
    crumbs = unit_crumbs(page.units, language)
    return desk(
        active="regions",
        language=language,
        title=file["name"],
        crumbs=[*crumbs, Crumb(file["name"])],
        marks=[pill("plain", t(f"district.kind_{file['kind']}", language)), html.Span(file["code"], className="quiet")],
        figures=view.figures(days, balance, page.risks, page.tickets, language),
        actions=[
            month_steps(path, state, chosen, language),
            export_links(
                {
                    t("district.tab_customers", language): (
                        address(f"/api/v1/districts/{file['code']}/customers", {}), ("xlsx", "csv", "gpkg"),
                    ),
                    t("district.energy", language): (
                        address(f"/api/v1/districts/{file['code']}/energy", {}), ("xlsx", "csv"),
                    ),
                },
                {"month": f"{chosen:%Y-%m}", "span": span, "lang": language},
                language,
            ),
            _print(language),
        ],
        body=body,
    )  # fmt: skip


def _print(language: Language) -> html.Button:
    return html.Button(
        [icon("printer"), t("drill.print", language)],
        type="button",
        className="button",
        **attributes({"data-desk": "print"}),
    )


def _colouring(colour: str, language: Language) -> Any:
    return dmc.SegmentedControl(
        id="district-colour",
        value=colour,
        size="xs",
        data=[{"value": name, "label": t(f"district.colour_{name}", language)} for name in on_map.COLOURINGS],
    )


def _tabs(tab: str, language: Language) -> Any:
    return dmc.Tabs(
        dmc.TabsList([dmc.TabsTab(t(f"district.tab_{name}", language), value=name) for name in TABS]),
        id="district-tab",
        value=tab,
    )


def day_of(text: str | None, days: list[dict[str, Any]]) -> date | None:
    """The chosen day, if it is one of those shown."""
    try:
        day = parse_day("day", text) if text else None
    except BadParameter:
        return None
    return day if any(row["day"] == day for row in days) else None


async def _tab(
    tab: str, file: dict[str, Any], month: date, language: Language, *, page: reads.DistrictPage | None = None
) -> Any:
    """One of the lists; `page` spares what it already holds."""
    viewer, county, code = require_viewer(), file["county_code"], file["code"]
    match tab:
        case "customers":
            rows = page.customers if page else await reads.customers_of(viewer, code, month) or []
            return view.customer_grid(rows, language, request_theme())
        case "problems":
            return problem_table(await reads.problems_of(viewer, county, code), language, key="problems")
        case "visits":
            return view.visit_table(await reads.visits_of(viewer, county, code), language)
        case "similar":
            return view.comparison(file, await reads.similar_districts(viewer, file, month), language)
    known_page = page or await reads.district_page(viewer, code, month, 1)
    if known_page is None:
        return not_found(language, t("district.title", language))
    if tab == "risks":
        return risk_table(known_page.risks, language, key="risks")
    return ticket_table(known_page.tickets, language, key="tickets")


Asked = tuple[str, date, Language]


def _asked(data: Any) -> Asked | None:
    """Code, month and language of the page that a callback came from; None for anything else."""
    if not isinstance(data, dict) or not isinstance(data.get("code"), str):
        return None
    month = month_of(data.get("month") if isinstance(data.get("month"), str) else None, running_month())
    return data["code"].replace("\0", ""), month, known(data.get("language")) or "zh"


@callback(
    Output("district-list", "children"),
    Input("district-tab", "value"),
    State("district-asked", "data"),
    prevent_initial_call=True,
)
async def show_list(tab: Any, data: Any) -> Any:
    """Another list of the district."""
    asked = _asked(data)
    if asked is None or tab not in TABS:
        return no_update
    code, month, language = asked
    file = await reads.district_file(require_viewer(), code)
    return not_found(language) if file is None else await _tab(tab, file, month, language)


@callback(
    Output(on_map.CUSTOMERS, "data"),
    Output("district-legend", "children"),
    Input("district-colour", "value"),
    State("district-asked", "data"),
    prevent_initial_call=True,
)
async def recolour(colour: Any, data: Any) -> Any:
    """The customers in another colouring."""
    asked = _asked(data)
    if asked is None or colour not in on_map.COLOURINGS:
        return no_update, no_update
    code, month, language = asked
    rows = await reads.customers_of(require_viewer(), code, month) or []
    return on_map.customer_features(rows, colour, language), on_map.legend(rows, colour, language)


@callback(
    Output("district-picked", "children"),
    Input(on_map.CUSTOMERS, "clickData"),
    State("district-asked", "data"),
    prevent_initial_call=True,
)
async def pick(feature: Any, data: Any) -> Any:
    """Who was clicked on the map, with the way to the customer's page."""
    asked = _asked(data)
    if asked is None or not isinstance(feature, dict):
        return no_update
    code, month, language = asked
    number = (feature.get("properties") or {}).get("key")
    rows = await reads.customers_of(require_viewer(), code, month) or []
    return view.picked(next((row for row in rows if row["number"] == number), None), language)


@callback(
    Output("district-day-panel", "children"),
    Output("district-day", "data"),
    Input("district-loss", "clickData"),
    State("district-asked", "data"),
    prevent_initial_call=True,
)
async def show_day(clicked: Any, data: Any) -> Any:
    """What the day under the pointer was made of."""
    asked = _asked(data)
    try:
        day = parse_day("day", str(clicked["points"][0]["x"])[:10])
    except (BadParameter, KeyError, IndexError, TypeError):
        return no_update, no_update
    if asked is None:
        return no_update, no_update
    code, _, language = asked
    viewer = require_viewer()
    file = await reads.district_file(viewer, code)
    if file is None:
        return not_found(language), None
    days, parts = await asyncio.gather(
        reads.days_of(viewer, code, day, date.fromordinal(day.toordinal() + 1)),
        reads.day_parts(viewer, file["county_code"], code, day),
    )
    return view.day_panel(days[0] if days else None, parts, language), day.isoformat()
