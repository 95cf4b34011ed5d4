"""The amounts of a ticket and how they were computed: recovered energy and charge, the breach charge apart from it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from dash import html
from pydantic import ValidationError

from billing.explain import Step, trace_steps
from billing.trace import TraceNode
from components import format as fmt
from components.bill_view import step_tree
from components.desk import KeyFigure, facts, key_figures
from components.notice import empty_state
from components.ticket_words import said
from i18n import Language, t

ROOTS = ("kwh_trace", "amount_trace", "recovered_trace", "cap_trace")
"""Fields of a stored result that name a node of its trace."""


def figures(row: Mapping[str, Any], language: Language) -> list[KeyFigure]:
    """Energy, charge and breach charge; the last is no energy revenue (domain sheet 1.7)."""
    found = []
    for name, shown in (
        ("recovered_kwh", fmt.kilowatt_hours(row["recovered_kwh"], language)),
        ("recovered_yuan", fmt.yuan(row["recovered_yuan"], language)),
        ("breach_yuan", fmt.yuan(row["breach_yuan"], language)),
    ):
        if row[name] is not None:
            found.append(KeyFigure(t(f"ticket_page.{name}", language), shown))
    return found


def _results(amounts: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Stored results of `billing`, wherever they stand in the stored amounts."""
    if isinstance(amounts.get("trace"), list):
        yield amounts
        return
    for value in amounts.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _results(one)


def _basis(result: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    """What a result rests on: kind, article with its certainty, cap."""
    certainty = str(result.get("certainty") or "")
    pairs = [
        ("kind", said(f"evidence.form_{result.get('kind')}", language, str(result.get("kind") or ""))),
        ("article", result.get("article")),
        ("certainty", said(f"ticket_page.certainty_{certainty}", language, certainty) if certainty else None),
        ("cap", fmt.yuan(result["cap"], language) if result.get("cap") is not None else None),
        ("charge", fmt.yuan(result["charge"], language) if result.get("charge") is not None else None),
    ]
    return [(t(f"ticket_page.amount_{key}", language), str(value)) for key, value in pairs if value]


def explained(amounts: Mapping[str, Any] | None, language: Language) -> list[tuple[list[tuple[str, str]], list[Step]]]:
    """For each stored result what it rests on, and the steps of its calculation; for page and paper."""
    found = []
    for result in _results(amounts or {}):
        try:
            nodes = tuple(TraceNode.model_validate(node) for node in result["trace"])
        except ValidationError:
            continue
        places = [result.get(name) for name in ROOTS]
        steps = [
            trace_steps(nodes, place, language)
            for place in places
            if isinstance(place, int) and 0 <= place < len(nodes)
        ]
        found.append((_basis(result, language), steps))
    return found


def has_amounts(row: Mapping[str, Any]) -> bool:
    """Whether there is anything to show."""
    return any(row[name] is not None for name in ("recovered_kwh", "recovered_yuan", "breach_yuan"))


def amounts_view(row: Mapping[str, Any], language: Language) -> html.Div:
    """The figures, and the calculation folded below them."""
    if not has_amounts(row):
        return empty_state(
            t("ticket_page.no_amounts", language), t("ticket_page.no_amounts_hint", language), "currency-yuan"
        )
    parts: list[Any] = [key_figures(figures(row, language))]
    for basis, steps in explained(row["amounts"], language):
        parts.append(facts(basis))
        if steps:
            parts.append(
                html.Details(
                    [
                        html.Summary(t("ticket_page.calculation", language)),
                        html.Div(step_tree(steps, language), className="calculation"),
                    ],
                    className="fold",
                )
            )
    if row["recovered_yuan"] is not None and row["breach_yuan"]:
        total = Decimal(row["recovered_yuan"]) + Decimal(row["breach_yuan"])
        parts.append(
            html.P(t("ticket_page.amount_total", language, amount=fmt.yuan(total, language)), className="quiet")
        )
    return html.Div(parts, className="amounts")
