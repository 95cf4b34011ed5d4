"""A customer: file, place, use against others and the year before, readings with checks, bills line by line and why.

The month is a link of its own; tab, bill, resolution and what lies over the chart are mirrored into the address.
"""

import asyncio
from datetime import date
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update

from components import customer_view as view
from components.attributes import attributes
from components.audit_lists import problem_table, risk_table, ticket_table
from components.bill_view import bill_list, bill_panel
from components.charts import chart, themed
from components.customer_map import customer_map
from components.desk import Crumb, columns, desk, not_found, request_language, request_theme, section
from components.exports import export_links
from components.icons import icon
from components.language import known
from components.map_words import pill
from components.notice import empty_state, notice
from components.object_links import address_of, unit_crumbs
from components.usage_chart import RESOLUTIONS, usage_figure
from components.view_state import mirror, month_of, month_steps, one_of, running_month
from data_access import bills as stored
from data_access import customer_reads as reads
from data_access import reveals
from data_access.months import month_back
from data_access.scope import require_viewer
from i18n import Language, t

dash.register_page(__name__, path_template="/customers/<number>", title="gridaudit")

TABS = ("bills", "readings", "file", "corrections", "risks", "tickets", "problems")
CHART = 380
"""Height of the chart of use, pixels: as high as the file beside it."""
OVERLAYS = ("periods", "peers", "last_year")
ADDRESS = mirror(
    "customer",
    [
        Input("customer-tab", "value"),
        Input("customer-bill", "data"),
        Input("customer-by", "value"),
        Input("customer-over", "value"),
    ],
)


async def layout(
    number: str = "",
    month: str | None = None,
    by: str | None = None,
    over: str | None = None,
    tab: str | None = None,
    bill: str | None = None,
    lang: str | None = None,
    **_: str,
) -> html.Div:
    """The page. Everything in the address is optional; what can't be read takes its default."""
    language, theme = request_language(lang), request_theme()
    chosen = month_of(month, running_month())
    by, tab = one_of(by, RESOLUTIONS, "month"), one_of(tab, TABS, "bills")
    overlays = [name for name in (",".join(OVERLAYS) if over is None else over).split(",") if name in OVERLAYS]
    page = await reads.customer_page(require_viewer(), number.replace("\0", ""), chosen)
    if page is None:
        return desk(
            active="regions",
            language=language,
            title=t("customer.title", language),
            body=not_found(language, t("customer.title", language)),
        )
    file = page.file
    path = f"/customers/{file['number']}"
    state = {
        "month": f"{chosen:%Y-%m}", "by": by, "over": ",".join(overlays), "tab": tab, "bill": bill, "lang": known(lang),
    }  # fmt: skip
    bill = bill if bill and bill.startswith(f"{file['number']}-") else None
    figure = usage_figure(
        page.months, page.peers, page.risks, resolution=by, month=chosen, overlays=frozenset(overlays),  # type: ignore[arg-type]
        language=language, theme=theme,
    )  # fmt: skip
    body = [
        columns(
            section(
                t("drill.file", language),
                view.file_of(file, page.meters, language),
                view.reveal_form(language, allowed=reveals.may_reveal(require_viewer())),
            ),
            section(
                t("customer.use", language),
                chart(figure, id="customer-usage", label=t("customer.use_label", language), height=CHART)
                if page.months
                else empty_state(t("customer.no_use", language)),
                note="kWh",
                actions=_chart_controls(by, overlays, language),
            ),
            section(t("customer.place", language), customer_map(file, language)),
            template="minmax(280px, 1fr) minmax(0, 2fr) minmax(260px, 1fr)",
            even=True,
        ),
        section(
            t("customer.lists", language),
            _tabs(tab, language),
            dcc.Loading(
                html.Div(await _tab(tab, page, chosen, bill, language), id="customer-list"), type="dot", delay_show=300
            ),
        ),
        dcc.Store(
            id="customer-asked", data={"number": file["number"], "month": f"{chosen:%Y-%m}", "language": language}
        ),
        dcc.Store(id="customer-bill", data=bill),
        ADDRESS,
    ]
    name = f"{file['name'] or ''} {file['number']}".strip()
    district = Crumb(file["district"] or file["district_code"], address_of("district", file["district_code"]))
    export = f"/api/v1/customers/{file['number']}"
    return desk(
        active="regions",
        language=language,
        title=name,
        crumbs=[*unit_crumbs(page.units, language), district, Crumb(name)],
        marks=[
            pill("plain", t(f"drill.category_{file['category']}", language)),
            *([pill("off", t("customer.is_closed", language))] if file["closed_on"] else []),
            *([html.Span(t("common.demo", language), className="demo-mark")] if file["is_demo"] else []),
        ],
        figures=view.figures(page.months, page.bills, page.risks, page.tickets, language),
        actions=[
            month_steps(path, state, chosen, language),
            export_links(
                {
                    t("customer.use", language): (f"{export}/usage", ("xlsx", "csv")),
                    t("customer.tab_bills", language): (f"{export}/bills", ("xlsx", "csv")),
                    t("customer.tab_readings", language): (f"{export}/readings", ("xlsx", "csv")),
                },
                {"month": f"{chosen:%Y-%m}", "lang": language},
                language,
            ),
            html.Button(
                [icon("printer"), t("drill.print", language)],
                type="button",
                className="button",
                **attributes({"data-desk": "print"}),
            ),
        ],
        body=body,
    )


def _chart_controls(by: str, overlays: list[str], language: Language) -> list[Any]:
    chips = [dmc.Chip(t(f"customer.over_{name}", language), value=name, size="xs", radius="sm") for name in OVERLAYS]
    return [
        dmc.ChipGroup(chips, id="customer-over", multiple=True, value=overlays),
        dmc.SegmentedControl(
            id="customer-by",
            value=by,
            size="xs",
            data=[{"value": name, "label": t(f"customer.by_{name}", language)} for name in RESOLUTIONS],
        ),
    ]


def _tabs(tab: str, language: Language) -> Any:
    return dmc.Tabs(
        dmc.TabsList([dmc.TabsTab(t(f"customer.tab_{name}", language), value=name) for name in TABS]),
        id="customer-tab",
        value=tab,
    )


async def _tab(tab: str, page: reads.CustomerPage, month: date, bill: str | None, language: Language) -> Any:
    viewer, file = require_viewer(), page.file
    county, number = file["county_code"], file["number"]
    match tab:
        case "bills":
            chosen = bill or _newest(page)
            shown = await _bill(chosen, language) if chosen else None
            return columns(
                html.Div(bill_list(page.bills, number, language, chosen), id="customer-bills"),
                html.Div(shown, id="customer-bill-panel"),
                template="minmax(320px, 1fr) minmax(0, 1.5fr)",
            )
        case "readings":
            return view.readings_view(*await reads.readings_with_checks(viewer, county, number, month), language)
        case "file":
            return columns(
                html.Div([html.H3(t("customer.terms", language)), view.terms_list(page.terms, language)]),
                html.Div([html.H3(t("customer.meters", language)), view.meter_list(page.meters, language)]),
            )
        case "corrections":
            return view.correction_table(await reads.corrections_of(viewer, county, number), language)
        case "problems":
            rows = await reads.problems_of(viewer, county, number)
            return problem_table(rows, language, key="problems", with_customer=False)
        case "risks":
            return risk_table(page.risks, language, key="risks", with_customer=False)
    return ticket_table(page.tickets, language, key="tickets", with_customer=False)


def _newest(page: reads.CustomerPage) -> str | None:
    if not page.bills:
        return None
    return stored.bill_number(page.file["number"], page.bills[0]["month"], page.bills[0]["version"])


async def _bill(number: str, language: Language) -> Any:
    """One bill with its explanation and what changed; says so where it is gone or out of scope."""
    viewer = require_viewer()
    try:
        customer, month, _ = stored.parse_number(number)
        explained = await stored.explain(viewer, number, language)
        held = await stored.bill(viewer, number)
    except stored.NoSuchBill:
        return empty_state(t("customer.bill_gone", language), name="map-pin-off")
    before = await _month_before(customer, month)
    return await asyncio.to_thread(bill_panel, explained, held, before, language)


async def _month_before(customer: str, month: date) -> dict[str, Any] | None:
    """The latest version of the bill of the month before, with its lines."""
    viewer, earlier = require_viewer(), month_back(month, 1)
    heads = await stored.bills_of(viewer, customer, first=earlier, last=earlier, limit=1)
    return await stored.bill(viewer, heads[0]["number"]) if heads else None


def _asked(data: Any) -> tuple[str, date, Language] | None:
    """Number, month and language of the page that a callback came from; None for anything else."""
    if not isinstance(data, dict) or not isinstance(data.get("number"), str):
        return None
    month = month_of(data.get("month") if isinstance(data.get("month"), str) else None, running_month())
    return data["number"].replace("\0", ""), month, known(data.get("language")) or "zh"


@callback(
    Output("customer-list", "children"),
    Input("customer-tab", "value"),
    State("customer-asked", "data"),
    State("customer-bill", "data"),
    prevent_initial_call=True,
)
async def show_list(tab: Any, data: Any, bill: Any) -> Any:
    """Another list of the customer."""
    asked = _asked(data)
    if asked is None or tab not in TABS:
        return no_update
    number, month, language = asked
    page = await reads.customer_page(require_viewer(), number, month)
    if page is None:
        return not_found(language, t("customer.title", language))
    return await _tab(tab, page, month, bill if isinstance(bill, str) else None, language)


@callback(
    Output("customer-usage", "figure"),
    Input("customer-by", "value"),
    Input("customer-over", "value"),
    State("customer-asked", "data"),
    prevent_initial_call=True,
)
async def redraw(by: Any, overlays: Any, data: Any) -> Any:
    """The use in another resolution, or with other things over it."""
    asked = _asked(data)
    if asked is None or by not in RESOLUTIONS:
        return no_update
    number, month, language = asked
    page = await reads.customer_page(require_viewer(), number, month)
    if page is None:
        return no_update
    theme = request_theme()
    chosen = frozenset(name for name in overlays or [] if name in OVERLAYS)
    figure = usage_figure(
        page.months, page.peers, page.risks, resolution=by, month=month, overlays=chosen, language=language, theme=theme
    )
    return themed(figure, theme).update_layout(height=CHART, autosize=True)


@callback(
    Output("customer-bill-panel", "children"),
    Output("customer-bills", "children"),
    Output("customer-bill", "data"),
    Input({"type": "bill-open", "number": ALL}, "n_clicks"),
    State("customer-asked", "data"),
    prevent_initial_call=True,
)
async def open_bill(clicks: Any, data: Any) -> Any:
    """Another bill."""
    asked, target = _asked(data), ctx.triggered_id
    if asked is None or not any(clicks or []) or not isinstance(target, dict):
        return no_update, no_update, no_update
    number, month, language = asked
    chosen = str(target.get("number", ""))
    if not chosen.startswith(f"{number}-"):
        return no_update, no_update, no_update
    page = await reads.customer_page(require_viewer(), number, month)
    if page is None:
        return not_found(language, t("customer.title", language)), no_update, no_update
    return await _bill(chosen, language), bill_list(page.bills, number, language, chosen), chosen


@callback(
    Output("customer-revealed", "children"),
    Input("customer-reveal", "n_clicks"),
    State("customer-reason", "value"),
    State("customer-asked", "data"),
    prevent_initial_call=True,
)
async def reveal(clicks: Any, reason: Any, data: Any) -> Any:
    """Personal data in full, after the reason went into the log."""
    asked = _asked(data)
    if asked is None or not clicks:
        return no_update
    number, _, language = asked
    try:
        found = await reveals.reveal_customer(require_viewer(), number, reason if isinstance(reason, str) else "")
    except reveals.MayNotReveal:
        return notice(t("customer.reveal_not_allowed", language), language)
    except reveals.ReasonMissing:
        limits = {"least": reveals.SHORTEST_REASON, "most": reveals.LONGEST_REASON}
        return notice(t("customer.reveal_reason_missing", language, **limits), language)
    return not_found(language, t("customer.title", language)) if found is None else view.revealed(found, language)
