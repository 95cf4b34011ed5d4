"""Bills on a page: the list, one bill with every line, its price and why, and what changed against the month before."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from dash import html
from dash.development.base_component import Component

from billing.changes import Change, what_changed
from billing.explain import Step, line_steps, notice_text
from billing.model.bill import Bill, BillLine
from billing.texts import catalogue, say
from components import format as fmt
from components.attributes import attributes
from components.map_words import pill
from components.notice import empty_state, notice
from components.table import Column, table
from data_access.bills import Explanation, bill_number
from i18n import Language, t

Row = Mapping[str, Any]
DEPTH = 7
"""How deep the explanation of a line goes on a page; the full trace is in the bill's text."""
CERTAINTY = {"found": "good", "unverified": "warn", "illustrative": "warn"}


def component_word(code: str, language: Language) -> str:
    """The name of a bill's component; a utility's own code as it stands."""
    key = f"component.{code}"
    return say(key, language) if key in catalogue() else code


def certainty_pill(code: str, language: Language) -> Component:
    """How sure the tariff of a bill is."""
    return pill(CERTAINTY.get(code, "warn"), t(f"billing.certainty_{code}", language))


def changes_by_month(bills: Sequence[Row]) -> dict[tuple[date, int], Decimal | None]:
    """Each bill's total less the total of the month before (its latest version), yuan; None without one."""
    latest: dict[date, Decimal] = {}
    for row in bills:  # newest version first
        latest.setdefault(row["month"], row["total"])
    found: dict[tuple[date, int], Decimal | None] = {}
    for row in bills:
        month = row["month"]
        before = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
        found[month, row["version"]] = row["total"] - latest[before] if before in latest else None
    return found


def bill_list(bills: Sequence[Row], customer: str, language: Language, chosen: str | None) -> Component:
    """The bills as a table whose first column opens one: a button of id `{"type": "bill-open", "number": …}`."""
    changes = changes_by_month(bills)

    def change(row: Row) -> Any:
        value = changes[row["month"], row["version"]]
        if value is None:
            return fmt.NOTHING
        return ("+" if value > 0 else "") + fmt.number(value, language, 2)

    def opener(row: Row) -> Any:
        number = bill_number(customer, row["month"], row["version"])
        return html.Button(
            f"{row['month']:%Y-%m}",
            id={"type": "bill-open", "number": number},
            type="button",
            className="row-open is-chosen" if number == chosen else "row-open",
            **attributes({"aria-pressed": "true" if number == chosen else "false"}),
        )

    columns = [
        Column(t("customer.bill_month", language), opener, sort=lambda row: row["month"].isoformat()),
        Column(
            t("customer.bill_kwh", language), lambda row: fmt.number(row["billed_kwh"], language, 2), "number",
            lambda row: row["billed_kwh"],
        ),
        Column(
            t("customer.bill_total", language), lambda row: fmt.number(row["total"], language, 2), "number",
            lambda row: row["total"],
        ),
        Column(t("customer.bill_change", language), change, "number"),
        Column(t("customer.bill_kind", language), lambda row: _kind(row, language)),
        Column(t("customer.certainty", language), lambda row: certainty_pill(row["certainty"], language)),
    ]  # fmt: skip
    return table(
        columns,
        bills,
        caption=t("customer.tab_bills", language),
        empty=t("customer.no_bills", language),
        hint=t("customer.no_bills_hint", language),
        key=f"bills-{chosen}",
    )


def _kind(row: Row, language: Language) -> Any:
    word = t(f"billing.kind_{row['kind']}", language)
    return word if row["kind"] == "regular" else html.Span([pill("warn", word), f" {row['reason'] or ''}"])


def bill_panel(explained: Explanation, stored: Row, before: Row | None, language: Language) -> Component:
    """One bill: notices first, then every line with its price and why, then what changed."""
    bill = explained.bill
    equal = (
        html.P(t("billing.equal", language), className="quiet small")
        if explained.is_equal
        else notice(t("billing.differs", language, reference=explained.reference or ""), language, kind="late")
    )
    lines = [_line(bill, line, language) for line in bill.lines]
    head = html.Tr(
        [
            html.Th(t("customer.line", language), scope="col"),
            html.Th(t("customer.quantity", language), scope="col", className="is-number"),
            html.Th(t("customer.price", language), scope="col", className="is-number"),
            html.Th(t("customer.amount", language), scope="col", className="is-number"),
        ]
    )
    total = html.Tr(
        [
            html.Th(t("customer.bill_total", language), scope="row", colSpan=3),
            html.Td(fmt.number(stored["total"], language, 2), className="is-number"),
        ],
        className="is-strong",
    )
    return html.Div(
        [
            html.Div(
                [
                    html.H3(t("customer.bill_title", language, number=explained.number)),
                    certainty_pill(stored["certainty"], language),
                    html.Span(
                        t(
                            "customer.bill_period",
                            language,
                            first=stored["period_start"].isoformat(),
                            end=stored["period_end"].isoformat(),
                        ),
                        className="quiet small",
                    ),
                ],
                className="bill__head",
            ),
            html.Div(
                html.Table(
                    [
                        html.Caption(t("customer.bill_lines", language), className="visually-hidden"),
                        html.Thead(head),
                        *lines,
                        html.Tbody(total),
                    ],
                    className="table bill",
                ),
                className="table-room",
            ),
            equal,
            _notices(bill, language),
            _changes(before, bill, language),
        ],
        className="bill-panel",
    )


def _line(bill: Bill, line: BillLine, language: Language) -> html.Tbody:
    """A line and, folded away below it, the calculation that made it."""
    name = component_word(line.component, language)
    more = [say(f"period.{line.period}", language)] if line.period != "all" else []
    if line.sub_account:
        more.append(say("bill.sub_account", language, code=line.sub_account))
    days = ""
    if line.days is not None and line.days != line.cycle_days:
        days = " × " + say("bill.days", language, days=line.days, cycle=line.cycle_days)
    steps = line_steps(bill, line, language, DEPTH)
    why: list[Any] = [step_tree(steps, language)]
    if line.tariff_rows:
        why.append(html.P(say("bill.rows", language, rows=", ".join(line.tariff_rows)), className="quiet small"))
    return html.Tbody(
        [
            html.Tr(
                [
                    html.Td([name, html.Span(f" · {', '.join(more)}", className="quiet") if more else None]),
                    html.Td(f"{plain(line.quantity)} {line.unit}", className="is-number"),
                    html.Td(f"{plain(line.price)}{days}", className="is-number"),
                    html.Td(fmt.number(line.amount, language, 2), className="is-number"),
                ]
            ),
            html.Tr(
                html.Td(
                    html.Details([html.Summary(t("customer.why", language)), html.Div(why, className="why")]),
                    colSpan=4,
                ),
                className="bill__why",
            ),
        ]
    )


def plain(value: Decimal) -> str:
    """A decimal as it stands, without digits that say nothing: 0.4123, 180, 26231.98."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def step_tree(steps: Sequence[Step], language: Language) -> html.Ul:
    """Steps as a tree; what lies deeper than two levels is folded away."""
    return html.Ul([html.Li(_step(step, language, 1)) for step in steps], className="tree")


def _step(step: Step, language: Language, level: int) -> Any:
    if step.known and not step.steps:
        return [step.text, html.Span(f" ({say('bill.seen', language)})", className="quiet")]
    if not step.steps:
        return step.text
    below = html.Ul([html.Li(_step(child, language, level + 1)) for child in step.steps])
    return html.Details([html.Summary(step.text), below], open=level < 2)


def _notices(bill: Bill, language: Language) -> Component | None:
    if not bill.notices:
        return None
    return html.Details(
        [
            html.Summary(t("customer.notices", language, n=len(bill.notices))),
            html.Ul([html.Li(notice_text(one, language)) for one in bill.notices], className="plain-list"),
        ],
        className="notices small",
    )


def _changes(before: Row | None, bill: Bill, language: Language) -> Component:
    title = html.H3(t("customer.changed", language))
    if before is None:
        return html.Div([title, html.P(t("customer.changed_none", language), className="quiet")])
    rows = what_changed([SimpleNamespace(**line) for line in before["lines"]], bill.lines)
    whole = bill.total - before["total"]
    said = html.P(
        t(
            "customer.changed_total",
            language,
            month=f"{before['month']:%Y-%m}",
            difference=_signed(whole, language),
            before=fmt.number(before["total"], language, 2),
            after=fmt.number(bill.total, language, 2),
        )
    )
    if not rows:
        return html.Div([title, said, empty_state(t("customer.changed_nothing", language))])
    columns = [
        Column(t("customer.line", language), lambda row: component_word(row["component"], language)),
        *(
            Column(t(f"customer.{field}", language), _amount(field, language), "number", _value(field))
            for field in ("before", "after", "by_quantity", "by_price", "difference")
        ),
    ]
    shown = [_as_row(change) for change in rows]
    return html.Div(
        [title, said, table(columns, shown, caption=t("customer.changed", language), empty="", key="changes")]
    )


def _as_row(change: Change) -> dict[str, Any]:
    names = ("component", "before", "after", "by_quantity", "by_price", "difference")
    return {name: getattr(change, name) for name in names}


def _value(field: str) -> Any:
    return lambda row: row[field]


def _amount(field: str, language: Language) -> Any:
    def show(row: Row) -> str:
        value = row[field]
        if value is None:
            return fmt.NOTHING
        return fmt.number(value, language, 2) if field in ("before", "after") else _signed(value, language)

    return show


def _signed(value: Decimal, language: Language) -> str:
    return ("+" if value > 0 else "") + fmt.number(value, language, 2)
