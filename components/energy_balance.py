"""The energy balance of a district: part by part with its source, the unexplained rest signed at the end."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from audit.district_standards import standards
from audit.energy_balance import Balance, BalanceInput, Part
from components import format as fmt
from components.notice import empty_state
from components.object_links import thing
from i18n import Language, t

TOLD = ("bills", "meters", "gateway_silent", "transformer_model", "line_model")
"""Sources that are words; any other is the number of a ticket or an adjustment."""
OPTIONAL = ("metered", "uncovered", "faults", "theft")
"""Parts that are left out when they are zero."""


def _source(part: Part, given: BalanceInput, language: Language) -> Any:
    words: list[Any] = []
    for source in part.sources:
        if source in TOLD:
            values: dict[str, object] = {}
            if source == "transformer_model":
                model = standards().technical_loss
                row = model.transformer(given.capacity_kva)
                values = {"type": model.transformer_type, "kva": row.rated_kva}
            elif source == "line_model":
                values = {"percent": standards().technical_loss.line_percent[given.settlement]}
            words.append(t(f"district.source_{source}", language, **values))
        else:
            words.append(thing("ticket", source) if source.startswith("T") else source)
    return [part for word in words for part in (word, " ")]


def energy_balance_view(balance: Balance | None, given: BalanceInput, language: Language) -> Component:
    """A table: part, kWh, share of what was supplied as a number and a bar, source."""
    if balance is None:
        return empty_state(
            t("district.balance_none", language), t("district.balance_none_hint", language), "plug-connected-x"
        )
    whole = balance.supplied_kwh
    rows = [_row("supplied", whole, whole, None, language, strong=True)]
    for part in balance.parts:
        if part.name in OPTIONAL and part.kwh == 0:
            continue
        rows.append(
            _row(
                part.name, part.kwh, whole, _source(part, given, language), language, strong=part.name == "unexplained"
            )
        )
    head = html.Tr(
        [
            html.Th(t("district.part", language), scope="col"),
            html.Th("kWh", scope="col", className="is-number"),
            html.Th(t("district.of_supplied", language), scope="col", className="is-number"),
            html.Th("", scope="col", className="balance__bars"),
            html.Th(t("district.source", language), scope="col"),
        ]
    )
    return html.Div(
        [
            html.Div(
                html.Table([html.Thead(head), html.Tbody(rows)], className="table balance"), className="table-room"
            ),
            html.P(_marks(language), className="quiet small"),
        ]
    )


def _row(name: str, kwh: Any, whole: Any, source: Any, language: Language, *, strong: bool) -> html.Tr:
    share = None if not whole else kwh * 100 / whole
    width = 0 if share is None else min(100, abs(share))
    look = "balance__bar balance__bar--negative" if kwh < 0 else f"balance__bar balance__bar--{name}"
    return html.Tr(
        [
            html.Th(t(f"district.part_{name}", language), scope="row"),
            html.Td(
                signed(kwh, language) if name == "unexplained" else fmt.number(kwh, language, 2), className="is-number"
            ),
            html.Td(fmt.NOTHING if share is None else f"{fmt.number(share, language, 2)} %", className="is-number"),
            html.Td(html.Span(className=look, style={"width": f"{width:.1f}%"}), className="balance__bars"),
            html.Td(source, className="quiet"),
        ],
        className="is-strong" if strong else "",
    )


def signed(value: Any, language: Language, digits: int = 2) -> str:
    """A number with its sign, plus included."""
    text = fmt.number(value, language, digits)
    return f"+{text}" if value > 0 else text


def _marks(language: Language) -> str:
    """How sure the model is."""
    rules = standards()
    return t(
        "district.balance_marks",
        language,
        model=t(f"drill.certainty_{rules.technical_loss.certainty}", language),
        table=t(f"drill.certainty_{rules.technical_loss.transformers_certainty}", language),
        days=rules.attribution.days_before_finding,
    )
