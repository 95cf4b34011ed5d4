"""The list behind a figure, a bar or a hexagon: which columns, in which order, and what a row leads to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from dash import html

from components import format as fmt
from components.attributes import attributes
from components.icons import icon
from components.language import known
from components.map_words import anomaly_name, deadline_kind, state_pill, status_word
from components.table import Column, Target, table
from data_access import risk, wall
from data_access.risk_filter import RiskFilter
from data_access.scope import Viewer
from geo.cells import parse_cell
from i18n import Language, t

LIMIT = 200
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the script asks for: `what` with its level, unit or cell, the filters as a query, and a running number."""

    what: str
    language: Language
    level: int | None = None
    unit: str | None = None
    cell: int | None = None
    query: str = ""
    number: str = "0"


@dataclass(frozen=True, slots=True)
class Found:
    """Rows, how many there are in all."""

    rows: list[Row]
    total: int


def read_request(data: Any) -> Asked | None:
    """The request as the script sends it; None when it cannot be meant (anyone may send anything)."""
    what = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(what, str) or what not in LISTS:
        return None
    given = data.get("key")
    key = given if isinstance(given, str) else ""
    kind, _, value = key.partition("-")
    return Asked(
        what=what,
        language=known(data.get("language")) or "en",
        level=int(value) if kind == "level" and value in {"1", "2", "3", "4"} else None,
        unit=value if kind == "unit" and value.isalnum() else None,
        cell=_cell(key) if what == "hexagon" else None,
        query=data["query"] if isinstance(data.get("query"), str) else "",
        number=str(data.get("n", 0)),
    )


def _cell(text: str) -> int | None:
    try:
        return parse_cell(text)
    except ValueError:
        return None


def _column(
    head: str,
    show: Callable[[Row], Any],
    language: Language,
    *,
    kind: Any = "text",
    sort: Callable[[Row], Any] | None = None,
) -> Column:
    return Column(t(f"wall.column_{head}", language), show, kind, sort)


def _inspectors(language: Language, now: datetime) -> list[Column]:
    return [
        _column("name", lambda r: r["name"], language),
        _column("unit", lambda r: r.get(f"unit_{language}") or fmt.NOTHING, language),
        _column("state", lambda r: state_pill(r, now, language), language),
        _column("ticket", lambda r: r["ticket_number"] or fmt.NOTHING, language),
        _column(
            "fix",
            lambda r: t("wall.card_ago", language, age=fmt.duration((now - r["fixed_at"]).total_seconds(), language)),
            language,
            sort=lambda r: r["fixed_at"].isoformat(),
        ),
        _column(
            "speed",
            lambda r: fmt.number(r["speed_kmh"], language),
            language,
            kind="number",
            sort=lambda r: r["speed_kmh"] or 0,
        ),
    ]


def _due(row: Row, now: datetime, language: Language) -> Any:
    left = None if row["due_at"] is None else (row["due_at"] - now).total_seconds()
    return html.Span(fmt.deadline(row["due_at"], now, language), className=f"due due--{deadline_kind(left)}")


def _tickets(language: Language, now: datetime) -> list[Column]:
    return [
        _column("number", lambda r: r["number"], language),
        _column("level", lambda r: fmt.roman(r["level"]), language, sort=lambda r: r["level"]),
        _column("anomaly", lambda r: anomaly_name(r["anomaly_code"], language), language),
        _column("status", lambda r: status_word(r["status"], language), language, sort=lambda r: r["status"]),
        _column("due", lambda r: _due(r, now, language), language, sort=lambda r: r["due_at"].isoformat()),
        _column("handler", lambda r: r["handler"] or t("wall.unassigned", language), language),
    ]


def _closed(language: Language, now: datetime) -> list[Column]:
    def finding(row: Row) -> str:
        return t(f"wall.finding_{row['finding']}", language) if row["finding"] else fmt.NOTHING

    return [
        *_tickets(language, now)[:3],
        _column("finding", finding, language),
        _column(
            "closed", lambda r: fmt.moment(r["closed_at"], language), language, sort=lambda r: str(r["closed_at"] or "")
        ),
        _column(
            "kwh",
            lambda r: fmt.number(r["recovered_kwh"], language),
            language,
            kind="number",
            sort=lambda r: r["recovered_kwh"] or 0,
        ),
        _column(
            "yuan",
            lambda r: fmt.number(r["recovered_yuan"], language, 2),
            language,
            kind="number",
            sort=lambda r: r["recovered_yuan"] or 0,
        ),
    ]


def _risks(language: Language, _now: datetime) -> list[Column]:
    return [
        _column("number", lambda r: r["number"], language),
        _column("level", lambda r: fmt.roman(r["level"]), language, sort=lambda r: r["level"]),
        _column("anomaly", lambda r: anomaly_name(r["anomaly_code"], language), language),
        _column(
            "score", lambda r: fmt.number(r["score"], language), language, kind="number", sort=lambda r: r["score"]
        ),
        _column(
            "exposure",
            lambda r: fmt.number(r["exposure_yuan"], language),
            language,
            kind="number",
            sort=lambda r: r["exposure_yuan"],
        ),
        _column(
            "detected", lambda r: fmt.day(r["detected_at"], language), language, sort=lambda r: str(r["detected_at"])
        ),
    ]


LISTS: dict[str, tuple[str, Callable[[Language, datetime], list[Column]]]] = {
    "on_duty": ("inspector", _inspectors),
    "open": ("ticket", _tickets),
    "overdue": ("ticket", _tickets),
    "due_soon": ("ticket", _tickets),
    "closed_today": ("ticket", _closed),
    "checked": ("ticket", _closed),
    "recovered": ("ticket", _closed),
    "risk": ("risk", _risks),
    "hexagon": ("risk", _risks),
}
"""What may stand behind a figure → what its rows are, and their columns."""


async def _find(viewer: Viewer, asked: Asked) -> Found:
    if asked.what == "hexagon":
        if asked.cell is None:
            return Found([], 0)
        values = dict(parse_qsl(asked.query))
        wanted = RiskFilter.from_query(values, await risk.catalogue(viewer))
        found = await risk.rows_in_cell(viewer, asked.cell, wanted, limit=LIMIT)
        rows: list[Row] = [{**row, "detected_at": datetime.fromisoformat(row["detected_at"])} for row in found.rows]
        return Found(rows, found.count)
    answer = await wall.behind(viewer, asked.what, level=asked.level, unit=asked.unit, limit=LIMIT)
    return Found(list(answer.rows), answer.total)


def _title(asked: Asked) -> str:
    title = t(f"wall.list_{asked.what}", asked.language)
    if asked.level:
        title += f" · {t('wall.list_level', asked.language, level=fmt.roman(asked.level))}"
    return title


async def list_of(viewer: Viewer, data: Any) -> Any:
    """The list as page parts: head with count and link, table or empty state. One data call."""
    asked = read_request(data)
    if asked is None:
        return None
    language, now = asked.language, datetime.now(UTC)
    found = await _find(viewer, asked)
    shown = len(found.rows)
    count = (
        t("wall.count_capped", language, n=fmt.number(found.total, language), limit=shown)
        if found.total > shown
        else t("wall.count", language, n=fmt.number(shown, language))
    )
    kind, columns = LISTS[asked.what]
    link = html.Button(
        [icon("link"), t("wall.card_link", language)],
        type="button",
        className="button",
        **attributes({"data-action": "copy-link"}),
    )
    return html.Div(
        [
            html.Div(
                [html.H2(_title(asked)), html.Span(count, className="quiet number"), link], className="list__head"
            ),
            table(
                columns(language, now),
                found.rows,
                caption=_title(asked),
                empty=t(f"wall.empty_{asked.what}", language),
                hint=t("wall.empty_hint", language) if kind == "risk" else "",
                key=asked.number,
                target=lambda row: Target(kind, row["number"], row.get("lon"), row.get("lat")),
            ),
        ],
        className="list",
    )
