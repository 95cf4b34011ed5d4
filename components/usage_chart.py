"""A customer's use as a chart: by day, month or year; periods stacked, beside others like it and the year before.

Plotly wants binary numbers: what is drawn is rounded, what is written beside it is exact.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args

import plotly.graph_objects as go

from components.map_words import anomaly_name
from components.theme import Theme, tokens
from data_access.bill_input import month_after
from i18n import Language, t
from settings import DISPLAY_ZONE

Row = Mapping[str, Any]
Resolution = Literal["day", "month", "year"]
RESOLUTIONS: tuple[Resolution, ...] = get_args(Resolution)
PERIODS = ("sharp", "peak", "flat", "valley", "deep_valley")
PERIOD_COLOURS = {
    "sharp": "level-1", "peak": "series-3", "flat": "series-1", "valley": "series-4", "deep_valley": "off",
}  # fmt: skip
ZERO = Decimal(0)


def _sum(values: Sequence[Decimal | None]) -> Decimal:
    return sum((value for value in values if value is not None), ZERO)


def _year_before(day: date) -> date | None:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return None


def by_day(months: Sequence[Row], first: date, end: date, period: str | None = None) -> dict[date, Decimal | None]:
    """kWh of each day in [first, end); None where no reading came in, absent where nothing is known."""
    found: dict[date, Decimal | None] = {}
    for row in months:
        values = row["daily_kwh"] if period is None else row["periods"].get(period)
        for place, value in enumerate(values or []):
            day = row["month"] + timedelta(days=place)
            if first <= day < end:
                found[day] = value
    return found


def by_month(months: Sequence[Row], period: str | None = None) -> dict[date, Decimal]:
    """kWh of each month; of a period, the sum of its known days."""
    return {
        row["month"]: row["energy_kwh"] if period is None else _sum(row["periods"][period])
        for row in months
        if period is None or period in row["periods"]
    }


def by_year(months: Sequence[Row], period: str | None = None) -> dict[date, Decimal]:
    """kWh of each year, as far as its months are known."""
    years: dict[date, Decimal] = defaultdict(lambda: ZERO)
    for month, kwh in by_month(months, period).items():
        years[date(month.year, 1, 1)] += kwh
    return dict(years)


def _label(day: date, resolution: Resolution) -> str:
    return day.isoformat() if resolution == "day" else f"{day:%Y-%m}" if resolution == "month" else f"{day:%Y}"


def usage_figure(
    months: Sequence[Row],
    peers: Sequence[Row],
    risks: Sequence[Row],
    *,
    resolution: Resolution,
    month: date,
    overlays: frozenset[str],
    language: Language,
    theme: Theme,
) -> go.Figure:
    """The chart. `month` is the month of the days; `overlays` are any of `periods`, `peers`, `last_year`."""
    colour = tokens()[theme]
    figure = go.Figure()

    def series(period: str | None = None) -> dict[date, Any]:
        if resolution == "day":
            return dict(by_day(months, month, month_after(month), period))
        return dict(by_month(months, period) if resolution == "month" else by_year(months, period))

    total = series()
    stacked = [name for name in PERIODS if "periods" in overlays and any(name in row["periods"] for row in months)]
    shown: list[tuple[str | None, dict[date, Any]]] = [(name, series(name)) for name in stacked]
    for name, values in shown or [(None, total)]:
        word = t(f"customer.period_{name}", language) if name else t("customer.use", language)
        figure.add_bar(
            x=[_label(day, resolution) for day in values], y=[None if v is None else float(v) for v in values.values()],
            name=word, marker={"color": colour[PERIOD_COLOURS[name] if name else "series-1"], "line": {"width": 0}},
            hovertemplate=f"{word} %{{y:,.2f}} kWh<extra></extra>",
        )  # fmt: skip
    if "last_year" in overlays and resolution != "year":
        _last_year(figure, total, months, resolution, colour, language)
    if "peers" in overlays and resolution != "year":
        _peers(figure, total, peers, resolution, colour, language)
    _marks(figure, total, risks, resolution, colour, language)
    gaps = [day for day, value in total.items() if value is None]
    if gaps:
        figure.add_scatter(
            x=[_label(day, resolution) for day in gaps], y=[0] * len(gaps), mode="markers",
            name=t("customer.no_reading", language),
            hovertemplate=t("customer.no_reading", language) + "<extra></extra>",
            marker={"symbol": "x", "size": 8, "color": colour["off"]},
        )  # fmt: skip
    return figure.update_layout(
        barmode="stack", bargap=0.25, hovermode="x unified", yaxis={"ticksuffix": " kWh"},
        xaxis={"type": "date", "tickformat": "%m-%d"} if resolution == "day" else {"type": "category", "nticks": 12},
        showlegend=len(figure.data) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        margin={"l": 8, "r": 8, "t": 30, "b": 8},
    )  # fmt: skip


def _last_year(
    figure: go.Figure, total: dict[date, Any], months: Sequence[Row], resolution: Resolution, colour: dict[str, str],
    language: Language,
) -> None:  # fmt: skip
    known: dict[date, Any] = dict(by_month(months))
    if resolution == "day":
        known = dict(by_day(months, date.min, date.max))
    before = {day: known.get(earlier) for day in total if (earlier := _year_before(day)) is not None}
    if any(value is not None for value in before.values()):
        figure.add_scatter(
            x=[_label(day, resolution) for day in before], y=[None if v is None else float(v) for v in before.values()],
            mode="lines+markers", name=t("customer.last_year", language), marker={"size": 4},
            line={"color": colour["series-2"], "width": 2, "dash": "dot"}, hovertemplate="%{y:,.2f} kWh",
        )  # fmt: skip


def _peers(
    figure: go.Figure, total: dict[date, Any], peers: Sequence[Row], resolution: Resolution, colour: dict[str, str],
    language: Language,
) -> None:  # fmt: skip
    if resolution == "day":
        # The class is known by month: a day of it is its month's mean. The running month has the days that are over.
        means = {peer["month"]: peer["mean_kwh"] / max(1, len(total)) for peer in peers}
        values = {day: means.get(day.replace(day=1)) for day in total}
    else:
        values = {day: next((peer["mean_kwh"] for peer in peers if peer["month"] == day), None) for day in total}
    if any(value is not None for value in values.values()):
        number = max(peer["customers"] for peer in peers)
        figure.add_scatter(
            x=[_label(day, resolution) for day in values], y=[None if v is None else float(v) for v in values.values()],
            mode="lines", name=t("customer.peers", language, n=number),
            line={"color": colour["quiet"], "width": 2, "dash": "dash"}, hovertemplate="%{y:,.2f} kWh",
        )  # fmt: skip


def _marks(
    figure: go.Figure, total: dict[date, Any], risks: Sequence[Row], resolution: Resolution, colour: dict[str, str],
    language: Language,
) -> None:  # fmt: skip
    """Risk points of the customer above the bar of the time in which each was raised."""
    found: dict[date, list[Row]] = defaultdict(list)
    for risk in risks:
        day = risk["detected_at"].astimezone(DISPLAY_ZONE).date()
        place = day if resolution == "day" else day.replace(day=1) if resolution == "month" else date(day.year, 1, 1)
        if place in total:
            found[place].append(risk)
    if not found:
        return
    top = max((float(value) for value in total.values() if value is not None), default=0.0)
    figure.add_scatter(
        x=[_label(day, resolution) for day in found], y=[float(total[day] or 0) + top * 0.07 for day in found],
        mode="markers", name=t("customer.anomalies", language),
        marker={"symbol": "triangle-down", "size": 12, "color": colour["late"]},
        text=["<br>".join(anomaly_name(risk["anomaly_code"], language) for risk in rows) for rows in found.values()],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
