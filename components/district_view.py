"""The parts of a district's page: head figures, file, loss and energy by day, one day's parts, lists, neighbours."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dash import html
from dash.development.base_component import Component

from audit.district_rank import Peer, capacity_class, rank
from audit.energy_balance import Balance
from audit.loss_bands import Band, band_of, longest_run, loss_percent, swings
from components import format as fmt
from components.audit_lists import code_word, level_mark
from components.desk import KeyFigure, Kind, facts
from components.energy_balance import signed
from components.grid import grid, link_column, number_column
from components.map_words import pill
from components.notice import empty_state
from components.object_links import thing
from components.table import Column, table
from components.theme import Theme
from data_access.objects import is_open_risk
from i18n import Language, t

Row = Mapping[str, Any]
LOOKS: dict[Band, Kind] = {
    "negative": "warn", "normal": "good", "warn": "warn", "high": "late", "not_computable": "off",
}  # fmt: skip
SHOWN_PARTS = 6


def month_loss(days: Sequence[Row]) -> tuple[Decimal | None, Decimal]:
    """Loss in percent over the days that can be computed (None: there is none), and what they supplied, kWh."""
    known = [day for day in days if day["state"] == "computed"]
    supplied = sum((day["supplied_kwh"] for day in known), Decimal(0))
    return loss_percent(supplied, sum((day["sold_kwh"] for day in known), Decimal(0))), supplied


def figures(
    days: Sequence[Row], balance: Balance | None, risks: Sequence[Row], tickets: Sequence[Row], language: Language
) -> list[KeyFigure]:
    """Loss of the month with its band, the unexplained rest, open risk."""
    percent, supplied = month_loss(days)
    band = band_of(percent)
    notes = [t(f"district.band_{band}", language)]
    if swings(supplied, len(days)):
        notes.append(t("district.swings", language))
    run = longest_run(band_of(day["loss_percent"]) for day in days)
    if run > 1:
        notes.append(t("district.run", language, n=run))
    comma = t("drill.comma", language)
    rest = None if balance is None else balance.unexplained_kwh
    share = None if balance is None else balance.unexplained_percent
    open_risks = [row for row in risks if is_open_risk(row)]
    worst = min((row["level"] for row in open_risks), default=None)
    open_tickets = sum(row["closed_at"] is None for row in tickets)
    return [
        KeyFigure(
            t("district.loss", language),
            fmt.NOTHING if percent is None else f"{fmt.number(percent, language, 2)} %",
            comma.join(notes),
            LOOKS[band],
        ),
        KeyFigure(
            t("district.unexplained", language),
            fmt.NOTHING if rest is None else f"{signed(rest, language)} kWh",
            t("district.balance_none", language)
            if share is None
            else t("district.unexplained_note", language, percent=signed(share, language)),
        ),
        KeyFigure(
            t("district.open_risks", language),
            fmt.number(len(open_risks), language),
            comma.join(
                [
                    *([t("district.worst", language, level=fmt.roman(worst))] if worst else []),
                    t("district.open_tickets_note", language, n=open_tickets),
                ]
            ),
            "late" if worst == 1 else "plain",
        ),
    ]


def file_of(file: Row, language: Language) -> Component:
    """The file: kind, capacity, where it hangs, who manages it (phone masked)."""
    manager = file["manager"] and thing("inspector", file["manager_number"], file["manager"])
    return facts(
        [
            (t("drill.number", language), html.Span(file["code"], className="number")),
            (t("district.kind", language), t(f"district.kind_{file['kind']}", language)),
            (t("district.capacity", language), f"{fmt.number(file['capacity_kva'], language)} kVA"),
            (t("district.settlement", language), t(f"district.settlement_{file['settlement']}", language)),
            (t("district.customers", language), fmt.number(file["customer_count"], language)),
            (
                t("district.area", language),
                None if not file["area_m2"] else f"{fmt.number(file['area_m2'] / 1e6, language, 3)} km²",
            ),
            (t("district.feeder", language), file["feeder"]),
            (t("district.substation", language), file["substation"]),
            (t("district.manager", language), manager),
            (t("drill.phone", language), file["manager_phone"]),
        ]
    )


def day_panel(day: Row | None, parts: Sequence[Row], language: Language) -> Component:
    """What one day was made of: supply, sales, collection, and the customers that moved most."""
    if day is None:
        return empty_state(t("district.choose_day", language), t("district.choose_day_hint", language), "calendar")
    band = band_of(day["loss_percent"])
    percent = fmt.NOTHING if day["loss_percent"] is None else f"{fmt.number(day['loss_percent'], language, 2)} %"
    reason = t(f"district.reason_{day['reason']}", language) if day["reason"] else None
    columns = [
        Column(t("drill.customer", language), lambda row: thing("customer", row["number"])),
        Column(t("drill.name", language), lambda row: row["name"]),
        Column("kWh", lambda row: fmt.number(row["kwh"], language, 2), "number", lambda row: row["kwh"]),
        Column(
            t("district.own_mean", language), lambda row: fmt.number(row["mean_kwh"], language, 2), "number",
            lambda row: row["mean_kwh"],
        ),
    ]  # fmt: skip
    moved = sorted(parts, key=lambda row: abs((row["kwh"] or 0) - (row["mean_kwh"] or 0)), reverse=True)
    return html.Div(
        [
            html.H3(day["day"].isoformat()),
            facts(
                [
                    (
                        t("district.loss", language),
                        html.Span([percent, " ", pill(LOOKS[band], t(f"district.band_{band}", language))]),
                    ),
                    (t("district.supplied_kwh", language), fmt.kilowatt_hours(day["supplied_kwh"], language)),
                    (t("district.sold_kwh", language), fmt.kilowatt_hours(day["sold_kwh"], language)),
                    (
                        t("district.generated_kwh", language),
                        fmt.kilowatt_hours(day["generated_kwh"], language) if day["generated_kwh"] else None,
                    ),
                    (t("district.meters_read", language), f"{day['meters_read']} / {day['meters']}"),
                    (t("district.reason", language), reason),
                ]
            ),
            html.H3(t("district.moved", language)),
            table(
                columns, moved[:SHOWN_PARTS], caption=t("district.moved", language),
                empty=t("district.no_customers", language), key=f"day-{day['day']}",
            ),
        ],
        className="stack",
    )  # fmt: skip


def customer_grid(customers: Sequence[Row], language: Language, theme: Theme) -> Component:
    """All customers; a row and its sign on the map light up together."""
    rows = [
        {
            "number": row["number"],
            "name": row["name"],
            "category": t(f"drill.category_{row['category']}", language),
            "kva": str(row["contract_capacity_kva"]),
            "energy": None if row["energy_kwh"] is None else str(row["energy_kwh"]),
            "billed": None if row["billed_yuan"] is None else str(row["billed_yuan"]),
            "loss": None if row["loss_kwh"] is None else str(row["loss_kwh"]),
            "risk": f"{fmt.roman(row['risk_level'])} · {row['risk_score']}" if row["risk_level"] else "",
            "tickets": row["open_tickets"] or None,
        }
        for row in customers
    ]
    return grid(
        id="district-grid",
        key="number",
        language=language,
        theme=theme,
        rows=rows,
        height="420px",
        columnSize=None,
        empty=t("district.no_customers", language),
        columns=[
            link_column("number", t("drill.customer", language), "/customers/{number}", minWidth=136, flex=3),
            {"field": "name", "headerName": t("drill.name", language), "flex": 2},
            {"field": "category", "headerName": t("drill.category", language), "flex": 3, "minWidth": 104},
            number_column("kva", "kVA", 0, flex=2),
            number_column("energy", t("district.use_kwh", language), 2, flex=2, minWidth=104),
            number_column("billed", t("district.bill_yuan", language), 2, flex=2, minWidth=104),
            number_column("loss", t("district.colour_loss", language), 2, flex=3, minWidth=124),
            number_column("tickets", t("district.open_tickets", language), 0, flex=2, minWidth=104),
            {"field": "risk", "headerName": t("district.risk_and_score", language), "flex": 3, "minWidth": 100},
        ],
    )


def comparison(file: Row, rows: Sequence[Row], language: Language) -> Component:
    """The rank among similar districts in words, and the list of them by loss."""
    found = rank(file["code"], [Peer(row["code"], row["loss_percent"]) for row in rows])
    above, up_to = capacity_class(file["capacity_kva"])
    class_words = (
        t("district.class_to", language, above=above, up_to=up_to)
        if up_to is not None
        else t("district.class_above", language, above=above)
    )
    like = t(
        "district.similar_to",
        language,
        kind=t(f"district.kind_{file['kind']}", language),
        capacity=class_words,
        settlement=t(f"district.settlement_{file['settlement']}", language),
    )
    said = (
        t("district.no_rank", language, n=len(rows))
        if found is None
        else t(
            "district.rank",
            language,
            place=found.place,
            of=found.of,
            median=fmt.number(found.median, language, 2),
            lowest=fmt.number(found.lowest, language, 2),
            highest=fmt.number(found.highest, language, 2),
        )
    )
    ordered = sorted(rows, key=lambda row: (row["loss_percent"] is None, row["loss_percent"] or 0, row["code"]))

    def loss(row: Row) -> Any:
        percent = row["loss_percent"]
        band = band_of(percent)
        word = t(f"district.band_{band}", language)
        text = word if percent is None else f"{fmt.number(percent, language, 2)} %"
        return pill(LOOKS[band], text)

    def name(row: Row) -> Any:
        here = row["code"] == file["code"]
        return html.Strong(row["name"]) if here else thing("district", row["code"], row["name"])

    columns = [
        Column(t("district.name", language), name),
        Column(t("district.loss", language), loss, "number", lambda row: row["loss_percent"]),
        Column(
            t("district.capacity", language), lambda row: f"{row['capacity_kva']} kVA", "number",
            lambda row: row["capacity_kva"],
        ),
        Column(
            t("district.customers", language), lambda row: fmt.number(row["customer_count"], language), "number",
            lambda row: row["customer_count"],
        ),
        Column(
            t("district.distance", language),
            lambda row: fmt.NOTHING if row["code"] == file["code"] else fmt.distance(row["metres"], language),
            "number", lambda row: row["metres"],
        ),
    ]  # fmt: skip
    return html.Div(
        [
            html.P([html.Strong(said), html.Br(), html.Span(like, className="quiet")]),
            table(columns, ordered, caption=like, empty=t("district.no_similar", language), key="similar"),
        ],
        className="stack",
    )


def visit_table(rows: Sequence[Row], language: Language) -> Component:
    """Who was on site for which ticket."""
    columns = [
        Column(t("district.when", language), lambda row: fmt.moment(row["at"], language), sort=lambda row: row["at"]),
        Column(
            t("district.who", language),
            lambda row: thing("inspector", row["employee_number"], row["name"]) or fmt.NOTHING,
        ),
        Column(t("drill.ticket", language), lambda row: thing("ticket", row["ticket_number"])),
        Column(t("district.how", language), lambda row: t(f"district.visit_{_visit(row)}", language)),
        Column(
            t("district.presence", language),
            lambda row: fmt.NOTHING if row["score"] is None else f"{row['score']} / 100", "number",
            lambda row: row["score"],
        ),
    ]  # fmt: skip
    return table(
        columns, rows, caption=t("district.tab_visits", language), empty=t("district.no_visits", language), key="visits"
    )


def _visit(row: Row) -> str:
    return "check_in" if row["kind"] == "check_in" else "arrived"


def picked(row: Row | None, language: Language) -> list[Any]:
    """A line under the map about the customer that was clicked."""
    if row is None:
        return [html.Span(t("district.pick_hint", language), className="quiet")]
    category = code_word("drill.category", row["category"], language)
    use = fmt.kilowatt_hours(row["energy_kwh"], language)
    return [
        html.Span([thing("customer", row["number"]), f" {row['name'] or ''} · {category} · {use} "]),
        level_mark(row["risk_level"]) if row["risk_level"] else "",
    ]
