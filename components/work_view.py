"""The parts of the ranking for work: head figures, choices, table, pages."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from audit.work_settings import work_settings
from components import format as fmt
from components.audit_lists import level_mark
from components.desk import KeyFigure, facts, link
from components.icons import icon
from components.map_words import anomaly_name, pill
from components.object_links import thing
from components.table import Column, table
from components.view_state import address, choices
from data_access.work_ranking import ORDERS, PAGE_ROWS, STATES, WorkPage
from i18n import Language, t

PATH = "/risks/work"
MOST_PAGES = 1_000
Row = Mapping[str, Any]
State = Mapping[str, str | None]


def page_number(text: str | None) -> int:
    """The page of an address, counted from 1 there and from 0 here; the first for anything else."""
    return min(int(text), MOST_PAGES) - 1 if text and text.isascii() and text.isdigit() and int(text) > 0 else 0


def probability(value: Any, language: Language) -> str:
    """A probability in percent, with one decimal below ten."""
    if value is None:
        return fmt.NOTHING
    percent = value * 100
    return f"{fmt.number(percent, language, 1 if percent < 10 else 0)} %"


def figures(page: WorkPage, state: str, language: Language) -> list[KeyFigure]:
    """How many points, what they are expected to bring, how many visits a week has, how many of them are control."""
    return [
        KeyFigure(
            t(f"work.points_{state}", language),
            fmt.number(page.points, language),
            t("work.points_note", language, n=fmt.number(page.worth_it, language)),
        ),
        KeyFigure(
            t("work.expected_sum", language), fmt.yuan(page.expected_yuan, language, 0),
            t("work.expected_sum_note", language),
        ),
        KeyFigure(
            t("work.visits", language), fmt.number(page.visits, language),
            t("work.visits_note", language, n=work_settings().visits_a_week),
        ),
        KeyFigure(
            t("work.control", language), fmt.number(page.control, language),
            t("work.control_note", language, day=fmt.day(page.week, language)),
        ),
    ]  # fmt: skip


def intro(language: Language) -> Component:
    """How the order comes about."""
    cost = work_settings().visit_cost_yuan
    words = t(
        "work.intro", language,
        customer=fmt.yuan(cost["customer"], language, 0), district=fmt.yuan(cost["district"], language, 0),
    )  # fmt: skip
    return html.P(words, className="quiet small work__intro")


def bar(page: WorkPage, state: State, by: str, which: str, language: Language) -> Component:
    """Order, state and unit: links, so that the address says the view."""
    first = {**state, "page": None}
    return html.Div(
        [
            _labelled("state", choices(PATH, first, "state", _words("state", STATES, language), which), language),
            _labelled("by", choices(PATH, first, "by", _words("by", ORDERS, language), by), language),
            _labelled("unit", _units(page, first, language), language),
        ],
        className="work__bar",
    )


def _words(prefix: str, values: tuple[str, ...], language: Language) -> dict[str, str]:
    return {value: t(f"work.{prefix}_{value}", language) for value in values}


def _labelled(name: str, control: Component, language: Language) -> Component:
    return html.Div(
        [html.Span(t(f"work.{name}", language), className="quiet small"), control], className="work__choice"
    )


def _units(page: WorkPage, state: State, language: Language) -> Component:
    """The way up to the province, the chosen unit, and what lies below it."""
    chosen = page.unit["code"]
    above = [unit for unit in page.units if unit["code"] != chosen]
    way = [
        link([icon("chevron-left"), unit[f"name_{language}"]], address(PATH, {**state, "unit": unit["code"]}),
             className="work__up")
        for unit in above
    ]  # fmt: skip
    own = {chosen: t("work.all_of", language, unit=page.unit[f"name_{language}"])}
    options = {**own, **{unit["code"]: unit[f"name_{language}"] for unit in page.below}}
    return html.Div([*way, choices(PATH, state, "unit", options, chosen)], className="work__units")


def _object(row: Row) -> Any:
    customer = row["customer_number"]
    return (thing("customer", customer) if customer else thing("district", row["district_code"])) or fmt.NOTHING


def control_mark(row: Row, page: WorkPage, language: Language) -> Any:
    """That a visit is a control one, and of which week where that is another."""
    if not row["is_control"]:
        return None
    if row["control_on"] is None or row["control_on"] == page.week:
        return pill("soon", t("work.is_control", language))
    return pill("off", t("work.control_was", language, day=fmt.day(row["control_on"], language)))


def ranking(page: WorkPage, first: int, state: str, language: Language, key: str) -> Component:
    """The table; `first` is the rank of its first row."""
    ranks = {row["number"]: first + place for place, row in enumerate(page.rows)}
    columns = [
        Column(
            t("work.rank", language), lambda row: fmt.number(ranks[row["number"]], language), "number",
            lambda row: ranks[row["number"]],
        ),
        Column(t("drill.level", language), lambda row: level_mark(row["level"]), sort=lambda row: row["level"]),
        Column(t("work.number", language), lambda row: thing("risk", row["number"])),
        Column(t("work.anomaly", language), lambda row: anomaly_name(row["anomaly_code"], language)),
        Column(
            t("work.station", language),
            lambda row: thing("region", row["unit"], row[f"unit_{language}"]) or fmt.NOTHING,
            sort=lambda row: row[f"unit_{language}"],
        ),
        Column(t("work.object", language), _object),
        Column(
            t("work.probability", language), lambda row: probability(row["probability"], language), "number",
            lambda row: row["probability"],
        ),
        Column(
            t("work.recoverable", language), lambda row: fmt.yuan(row["recoverable_yuan"], language, 0), "number",
            lambda row: row["recoverable_yuan"],
        ),
        Column(
            t("work.expected", language),
            lambda row: html.Strong(fmt.yuan(row["expected_yuan"], language, 0)),
            "number",
            lambda row: row["expected_yuan"],
        ),
        Column(
            t("work.score", language), lambda row: fmt.number(row["score"], language), "number",
            lambda row: row["score"],
        ),
        Column(t("work.mark", language), lambda row: control_mark(row, page, language)),
    ]  # fmt: skip
    if state != "open":
        columns.append(Column(t("work.ticket", language), lambda row: thing("ticket", row["ticket_number"])))
    return table(
        columns, page.rows, caption=t("work.table", language), empty=t("work.nothing", language), key=key,
        hint=t("work.nothing_hint", language),
    )  # fmt: skip


def pages(page: WorkPage, state: State, number: int, language: Language) -> Component | None:
    """Links to the pages before and after; None where all is on one."""
    if page.points <= PAGE_ROWS:
        return None
    first, last = number * PAGE_ROWS + 1, number * PAGE_ROWS + len(page.rows)
    shown = {"first": fmt.number(first, language), "last": fmt.number(last, language)}
    parts: list[Any] = [html.Span(t("work.range", language, n=fmt.number(page.points, language), **shown))]
    if number > 0:
        back = str(number) if number > 1 else None
        parts.insert(0, _step("chevron-left", t("work.previous", language), address(PATH, {**state, "page": back})))
    if last < page.points and page.rows:
        to = address(PATH, {**state, "page": str(number + 2)})
        parts.append(_step("chevron-right", t("work.next", language), to))
    return html.Div(parts, className="work__pages", role="navigation")


def _step(name: str, label: str, href: str) -> Component:
    return link([icon(name), html.Span(label, className="visually-hidden")], href, className="button", title=label)


def value_view(file: Row, language: Language) -> Component:
    """What a visit to one point is expected to bring, step by step, and whether it is a control visit."""
    cost = work_settings().visit_cost_yuan["customer" if file["customer_number"] else "district"]
    shown = facts(
        [
            (t("work.probability", language), probability(file["probability"], language)),
            (t("work.recoverable", language), fmt.yuan(file["recoverable_yuan"], language)),
            (t("work.cost", language), fmt.yuan(cost, language)),
            (t("work.expected", language), html.Strong(fmt.yuan(file["expected_yuan"], language))),
        ]
    )
    if not file["is_control"]:
        return shown
    mark = html.P(
        [pill("soon", t("work.is_control", language)), " ", t("work.control_hint", language)], className="small"
    )
    return html.Div([shown, mark])
