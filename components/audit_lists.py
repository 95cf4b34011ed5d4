"""What audit knows about a district or a customer, as tables: risk points, tickets, problems."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components.map_words import anomaly_name, deadline_kind, pill, status_word
from components.object_links import thing
from components.table import Column, table
from i18n import Language, UnknownText, t

Row = Mapping[str, Any]
RISK_KINDS = {0: "warn", 1: "warn", 2: "off", 3: "soon", 4: "late", 5: "off"}
"""State of a risk point (models.risk) → look of its word."""


def code_word(prefix: str, code: str | None, language: Language) -> str | None:
    """The word for a code of the database (`drill.cause_theft`); the code itself where nobody has named it."""
    if not code:
        return None
    try:
        return t(f"{prefix}_{code}", language)
    except UnknownText:
        return code


def level_mark(level: int | None) -> Any:
    """A risk level as its numeral in its colour."""
    return fmt.NOTHING if not level else html.Span(fmt.roman(level), className=f"level level--{level}")


def risk_table(rows: Sequence[Row], language: Language, *, key: str, with_customer: bool = True) -> Component:
    """Risk points, open ones first."""
    columns = [
        Column(t("drill.level", language), lambda row: level_mark(row["level"]), sort=lambda row: row["level"]),
        Column(t("drill.number", language), lambda row: thing("risk", row["number"])),
        Column(t("drill.type", language), lambda row: anomaly_name(row["anomaly_code"], language)),
        Column(
            t("drill.state", language),
            lambda row: pill(RISK_KINDS.get(row["state"], "plain"), t(f"wall.risk_state_{row['state']}", language)),
        ),
        Column(
            t("drill.score", language), lambda row: fmt.number(row["score"], language), "number",
            lambda row: row["score"],
        ),
        Column(
            t("drill.exposure", language), lambda row: fmt.yuan(row["exposure_yuan"], language), "number",
            lambda row: row["exposure_yuan"],
        ),
        Column(t("drill.detected", language), lambda row: fmt.day(row["detected_at"], language)),
    ]  # fmt: skip
    if with_customer:
        columns.insert(3, _customer(language))
    return table(columns, rows, caption=t("drill.tab_risks", language), empty=t("drill.no_risks", language), key=key)


def _customer(language: Language) -> Column:
    return Column(t("drill.customer", language), lambda row: thing("customer", row["customer_number"]) or fmt.NOTHING)


def ticket_table(rows: Sequence[Row], language: Language, *, key: str, with_customer: bool = True) -> Component:
    """Tickets, open ones first, by deadline."""
    now = datetime.now(UTC)

    def due(row: Row) -> Any:
        if row["closed_at"] is not None:
            return fmt.day(row["closed_at"], language)
        left = (row["due_at"] - now).total_seconds()
        return pill(deadline_kind(left), fmt.deadline(row["due_at"], now, language))

    def result(row: Row) -> Any:
        return t(f"wall.finding_{row['finding']}", language) if row["finding"] else fmt.NOTHING

    columns = [
        Column(t("drill.level", language), lambda row: level_mark(row["level"]), sort=lambda row: row["level"]),
        Column(t("drill.number", language), lambda row: thing("ticket", row["number"])),
        Column(t("drill.type", language), lambda row: anomaly_name(row["anomaly_code"], language)),
        Column(t("drill.status", language), lambda row: status_word(row["status"], language)),
        Column(t("drill.due_or_closed", language), due, sort=lambda row: row["closed_at"] or row["due_at"]),
        Column(
            t("drill.handler", language),
            lambda row: thing("inspector", row["handler_number"], row["handler"]) or fmt.NOTHING,
        ),
        Column(t("drill.finding", language), result),
        Column(
            t("drill.recovered", language), lambda row: fmt.yuan(row["recovered_yuan"], language), "number",
            lambda row: row["recovered_yuan"],
        ),
    ]  # fmt: skip
    if with_customer:
        columns.insert(3, _customer(language))
    return table(
        columns, rows, caption=t("drill.tab_tickets", language), empty=t("drill.no_tickets", language), key=key
    )


def problem_table(rows: Sequence[Row], language: Language, *, key: str, with_customer: bool = True) -> Component:
    """Confirmed problems and how each was put right."""

    def rectified(row: Row) -> Any:
        if row["rectified_at"] is None:
            return pill("warn", t("drill.not_rectified", language))
        how = code_word("drill.rectification", row["rectification"], language)
        return html.Span([how or "", html.Span(f" {fmt.day(row['rectified_at'], language)}", className="quiet")])

    columns = [
        Column(t("drill.found", language), lambda row: fmt.day(row["found_at"], language)),
        Column(t("drill.type", language), lambda row: anomaly_name(row["anomaly_code"], language)),
        Column(t("drill.cause", language), lambda row: code_word("drill.cause", row["cause"], language)),
        Column(t("drill.rectified", language), rectified),
        Column(
            t("drill.recovered_kwh", language), lambda row: fmt.kilowatt_hours(row["recovered_kwh"], language),
            "number", lambda row: row["recovered_kwh"],
        ),
        Column(
            t("drill.recovered", language), lambda row: fmt.yuan(row["recovered_yuan"], language), "number",
            lambda row: row["recovered_yuan"],
        ),
        Column(t("drill.ticket", language), lambda row: thing("ticket", row["ticket_number"])),
    ]  # fmt: skip
    if with_customer:
        columns.insert(2, _customer(language))
    return table(
        columns, rows, caption=t("drill.tab_problems", language), empty=t("drill.no_problems", language), key=key
    )
