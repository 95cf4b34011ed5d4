"""The parts of a customer's page: head figures, file with terms and meters, readings with checks, corrections."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from billing.checks import standard_rules
from billing.checks.months import MonthCheck
from billing.findings import Finding
from components import format as fmt
from components.attributes import attributes
from components.audit_lists import code_word
from components.bill_view import plain
from components.desk import KeyFigure, facts
from components.icons import icon
from components.map_words import pill
from components.notice import notice
from components.object_links import thing
from components.table import Column, table
from data_access.objects import is_open_risk
from data_access.reveals import LONGEST_REASON, SHORTEST_REASON, Revealed
from i18n import Language, t

Row = Mapping[str, Any]
LEVELS = {"block": "late", "warn": "warn", "inform": "plain"}
REASONS = ("ticket", "call", "correction", "complaint")
"""Ready-made reasons for looking at personal data; a person may write another."""


def figures(
    months: Sequence[Row], bills: Sequence[Row], risks: Sequence[Row], tickets: Sequence[Row], language: Language
) -> list[KeyFigure]:
    """Last bill, use of the last twelve months, open risk."""
    twelve = [row["energy_kwh"] for row in months[-12:]]
    bill = bills[0] if bills else None
    open_risks = [row for row in risks if is_open_risk(row)]
    worst = min((row["level"] for row in open_risks), default=None)
    return [
        KeyFigure(
            t("customer.last_bill", language),
            fmt.yuan(bill["total"], language) if bill else fmt.NOTHING,
            f"{bill['month']:%Y-%m} · {t('billing.certainty_' + bill['certainty'], language)}"
            if bill
            else t("customer.no_bills", language),
        ),
        KeyFigure(
            t("customer.twelve_months", language),
            f"{fmt.number(sum(twelve, Decimal(0)), language, 0)} kWh" if twelve else fmt.NOTHING,
            t("customer.months_known", language, n=len(twelve)),
        ),
        KeyFigure(
            t("district.open_risks", language),
            fmt.number(len(open_risks), language),
            t("district.open_tickets_note", language, n=sum(row["closed_at"] is None for row in tickets)),
            "late" if worst == 1 else "plain",
        ),
    ]


def file_of(file: Row, meters: Sequence[Row], language: Language) -> Component:
    """The file; name, phone and address masked."""
    in_service = [meter for meter in meters if meter["removed_on"] is None]
    meter = in_service[0] if in_service else None
    district = thing("district", file["district_code"], file["district"] or file["district_code"])
    trade = file["trade_code"]
    return facts(
        [
            (t("drill.number", language), html.Span(file["number"], className="number")),
            (t("drill.name", language), file["name"]),
            (t("drill.phone", language), file["phone"]),
            (t("customer.address", language), file["address"]),
            (t("drill.category", language), t(f"drill.category_{file['category']}", language)),
            (t("customer.voltage", language), file["voltage"]),
            (t("customer.contract_capacity", language), f"{plain(file['contract_capacity_kva'])} kVA"),
            (t("customer.trade", language), trade),
            (t("customer.tariff", language), code_word("drill.scheme", file["tariff_code"], language)),
            (t("customer.opened", language), fmt.day(file["opened_on"], language)),
            (t("customer.closed", language), fmt.day(file["closed_on"], language) if file["closed_on"] else None),
            (t("district.title", language), district),
            (t("customer.meter", language), meter and html.Span(meter["number"], className="number")),
            (t("customer.multiplier", language), meter and fmt.number(meter["multiplier"], language)),
            (t("customer.section", language), _section(file, language)),
        ]
    )


def _section(file: Row, language: Language) -> str | None:
    if not file["section_code"]:
        return None
    reader = f" · {file['reader']}" if file["reader"] else ""
    return t("customer.section_words", language, name=file["section"], day=file["reading_day"]) + reader


def reveal_form(language: Language, *, allowed: bool) -> Component:
    """Asks for the reason before personal data is shown in full; who may not ask is told so."""
    if not allowed:
        return html.P([icon("eye-off"), t("customer.reveal_not_allowed", language)], className="quiet small no-print")
    return html.Details(
        [
            html.Summary([icon("eye-off"), t("customer.reveal", language)]),
            html.Div(
                [
                    html.Label(t("customer.reveal_reason", language), htmlFor="customer-reason"),
                    dcc.Input(
                        id="customer-reason",
                        type="text",
                        list="customer-reasons",
                        minLength=SHORTEST_REASON,
                        maxLength=LONGEST_REASON,
                        autoComplete="off",
                        placeholder=t("customer.reveal_hint", language),
                    ),
                    html.Datalist(
                        [html.Option(value=t(f"customer.reason_{name}", language)) for name in REASONS],
                        id="customer-reasons",
                    ),
                    html.Button(
                        t("customer.reveal_button", language), id="customer-reveal", type="button", className="button"
                    ),
                    html.P(t("customer.reveal_logged", language), className="quiet small"),
                    html.Div(id="customer-revealed", **attributes({"aria-live": "polite"})),
                ],
                className="reveal",
            ),
        ],
        className="no-print",
    )


def revealed(found: Revealed, language: Language) -> Component:
    """Name, phone and address in full."""
    return html.Div(
        [
            facts(
                [
                    (t("drill.name", language), found.name),
                    (t("drill.phone", language), found.phone),
                    (t("customer.address", language), found.address),
                ]
            ),
            notice(t("customer.reveal_done", language), language, kind="info"),
        ],
        className="stack",
    )


def terms_list(terms: Sequence[Row], language: Language) -> Component:
    """How the account is billed from when to when."""
    columns = [
        Column(t("customer.valid", language), lambda row: _span(row["valid_from"], row["valid_until"], language)),
        Column(
            t("customer.tariff", language), lambda row: code_word("drill.scheme", row["terms"].get("scheme"), language)
        ),
        Column(t("customer.voltage", language), lambda row: row["terms"].get("voltage")),
        Column(t("customer.more_terms", language), lambda row: _more(row["terms"], language)),
    ]
    return table(
        columns, terms, caption=t("customer.terms", language), empty=t("customer.no_terms", language), key="terms"
    )


def _span(first: date, end: date | None, language: Language) -> str:
    return f"{fmt.day(first, language)} – {fmt.day(end, language) if end else t('customer.until_now', language)}"


def _more(terms: Row, language: Language) -> str:
    """The rest of an account's terms, in words where there are words."""
    words = []
    for name, value in terms.items():
        if name in ("area", "scheme", "voltage"):
            continue
        word = code_word("customer.term", name, language) or name
        if value is True:
            words.append(word)
        elif isinstance(value, (list, dict)):
            words.append(f"{word} ({len(value)})")
        else:
            words.append(f"{word} {value}")
    return t("drill.comma", language).join(words)


def meter_list(meters: Sequence[Row], language: Language) -> Component:
    """Meters in service now and before."""
    columns = [
        Column(t("customer.meter", language), lambda row: html.Span(row["number"], className="number")),
        Column(t("customer.multiplier", language), lambda row: fmt.number(row["multiplier"], language), "number"),
        Column(t("customer.digits", language), lambda row: str(row["digits"]), "number"),
        Column(t("customer.in_service", language), lambda row: _span(row["installed_on"], row["removed_on"], language)),
    ]
    return table(
        columns, meters, caption=t("customer.meters", language), empty=t("customer.no_meters", language), key="meters"
    )


def readings_view(readings: Sequence[Row], checks: Sequence[MonthCheck], language: Language) -> Component:
    """Readings by month with what the checks say of each month."""
    by_month = {check.month: check for check in checks}
    grouped: dict[date, list[Row]] = defaultdict(list)
    for row in readings:
        grouped[row["month"]].append(row)
    columns = [
        Column(t("customer.read_at", language), lambda row: fmt.moment(row["read_at"], language)),
        Column(t("customer.meter", language), lambda row: html.Span(row["meter_number"], className="number")),
        Column(t("customer.register", language), lambda row: code_word("customer.register", row["register"], language)),
        Column(t("customer.reading", language), lambda row: fmt.number(row["reading"], language, 2), "number"),
        Column(t("customer.reading_kind", language), lambda row: code_word("customer.kind", row["kind"], language)),
        Column(t("customer.method", language), lambda row: _method(row, language)),
    ]
    if not grouped:
        return table(columns, [], caption="", empty=t("customer.no_readings", language), key="readings")
    return html.Div(
        [
            html.Details(
                [
                    html.Summary(_month_head(month, by_month.get(month), language)),
                    _findings(by_month.get(month), language),
                    table(columns, rows, caption=f"{month:%Y-%m}", empty="", key=f"readings-{month}"),
                ],
                open=place == 0 or bool(by_month.get(month) and by_month[month].findings),
                className="month",
            )
            for place, (month, rows) in enumerate(sorted(grouped.items(), reverse=True))
        ],
        className="stack",
    )


def _method(row: Row, language: Language) -> Any:
    method = code_word("customer.method", row["method"], language)
    if row["quality"] == "valid" and row["method"] != "estimated":
        return method
    return pill("warn", f"{method} · {code_word('customer.quality', row['quality'], language)}")


def _month_head(month: date, check: MonthCheck | None, language: Language) -> list[Any]:
    words: list[Any] = [html.Strong(f"{month:%Y-%m}")]
    if check is None:
        words.append(html.Span(t("customer.not_checked", language), className="quiet"))
    else:
        words.append(html.Span(fmt.kilowatt_hours(check.kwh, language), className="number"))
        if check.findings:
            worst = next(level for level in LEVELS if any(finding.level == level for finding in check.findings))
            words.append(pill(LEVELS[worst], t("customer.findings", language, n=len(check.findings))))
        else:
            words.append(pill("good", t("customer.checks_passed", language)))
    return [part for word in words for part in (word, " ")]


def _findings(check: MonthCheck | None, language: Language) -> Component | None:
    if check is None or not check.findings:
        return None
    return html.Ul(
        [html.Li(_finding(finding, language)) for finding in check.findings], className="plain-list findings"
    )


def _finding(finding: Finding, language: Language) -> list[Any]:
    try:
        title = f"{finding.rule} {standard_rules().title(finding.rule, language)}"
    except KeyError:
        title = finding.text(language)
    told = t("customer.finding_values", language, found=finding.found or "–", expected=finding.expected or "–")
    level = t(f"customer.level_{finding.level}", language)
    return [pill(LEVELS[finding.level], level), f" {title} ", html.Span(told, className="quiet")]


def correction_table(rows: Sequence[Row], language: Language) -> Component:
    """Refunds, back-billing, breach amounts and late fees: each with its article, kept apart as the database does."""

    def money(field: str) -> Column:
        return Column(
            t(f"customer.{field}", language),
            lambda row: fmt.number(row[field], language, 2) if row[field] else fmt.NOTHING,
            "number",
            lambda row: row[field],
        )

    columns = [
        Column(t("customer.decided", language), lambda row: fmt.day(row["decided_at"], language)),
        Column(t("customer.correction_kind", language), lambda row: t(f"customer.adjustment_{row['kind']}", language)),
        Column(t("drill.cause", language), lambda row: code_word("drill.cause", row["cause"], language)),
        Column(t("customer.article", language), lambda row: f"{row['edition']} · {row['article']}"),
        Column(
            t("customer.span", language),
            lambda row: _span(row["from_day"], row["until_day"], language) if row["from_day"] else fmt.NOTHING,
        ),
        money("energy_kwh"),
        money("energy_yuan"),
        money("breach_yuan"),
        money("late_fee_yuan"),
        Column(t("drill.ticket", language), lambda row: thing("ticket", row["ticket_number"]) or fmt.NOTHING),
    ]
    return table(
        columns, rows, caption=t("customer.tab_corrections", language), empty=t("customer.no_corrections", language),
        hint=t("customer.payments_none", language), key="corrections",
    )  # fmt: skip
