"""A district's days as charts: the signed loss rate in its bands, supplied against sold energy, the load.

Plotly wants binary numbers: what is drawn is rounded, what is written beside it is exact.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from audit.district_standards import standards
from audit.loss_bands import BANDS, Band, band_of
from components import format as fmt
from components.theme import Theme, tokens
from i18n import Language, t

Row = Mapping[str, Any]
COLOURS: dict[Band, str] = {
    "negative": "series-3", "normal": "good", "warn": "warn", "high": "late", "not_computable": "off",
}  # fmt: skip
PATTERNS: dict[Band, str] = {"negative": "\\", "normal": "", "warn": "/", "high": "x", "not_computable": ""}
"""Each band has a pattern beside its colour."""


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def finding(days: Sequence[Row], language: Language) -> str:
    """What the days say, in a sentence: how many lie in which band."""
    counts = Counter(band_of(day["loss_percent"]) for day in days)
    words = [
        t("district.days_in_band", language, n=counts[band], band=t(f"district.band_{band}", language))
        for band in ("high", "warn", "negative", "not_computable")
        if counts[band]
    ]
    if not days:
        return t("district.no_days", language)
    joined = t("drill.comma", language).join(words)
    return joined or t("district.all_normal", language, n=len(days))


def loss_figure(days: Sequence[Row], language: Language, theme: Theme, chosen: str | None = None) -> go.Figure:
    """Loss in percent by day, one trace a band; days that can't be computed are crosses on the zero line."""
    colour = tokens()[theme]
    figure = go.Figure()
    for band in BANDS:
        rows = [day for day in days if band_of(day["loss_percent"]) == band]
        if not rows:
            continue
        name = t(f"district.band_{band}", language)
        x = [day["day"].isoformat() for day in rows]
        text = [_hover(day, name, language) for day in rows]
        if band == "not_computable":
            figure.add_scatter(
                x=x, y=[0] * len(rows), mode="markers", name=name, hovertext=text, hoverinfo="text",
                marker={"symbol": "x", "size": 8, "color": colour[COLOURS[band]]},
            )  # fmt: skip
            continue
        figure.add_bar(
            x=x, y=[_float(day["loss_percent"]) for day in rows], name=name, hovertext=text, hoverinfo="text",
            marker={
                "color": colour[COLOURS[band]], "line": {"width": 0},
                "pattern": {
                    "shape": PATTERNS[band], "size": 4, "solidity": 0.25, "fillmode": "overlay",
                    "fgcolor": colour["panel"],
                },
            },
        )  # fmt: skip
    for limit in standards().loss_bands.bands:
        if limit.start is not None:
            figure.add_hline(y=float(limit.start), line={"color": colour["panel-edge"], "width": 1, "dash": "dot"})
    if chosen:
        figure.add_vline(x=chosen, line={"color": colour["accent"], "width": 2})
    return figure.update_layout(
        barmode="overlay", bargap=0.25, clickmode="event", showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        yaxis={"ticksuffix": " %", "rangemode": "normal"}, xaxis={"type": "date", "tickformat": "%m-%d"},
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
    )  # fmt: skip


def _hover(day: Row, band: str, language: Language) -> str:
    loss = fmt.NOTHING if day["loss_percent"] is None else f"{fmt.number(day['loss_percent'], language, 2)} %"
    lines = [
        f"<b>{day['day']}</b> {loss} · {band}",
        t(
            "district.hover",
            language,
            supplied=fmt.number(day["supplied_kwh"], language, 2),
            sold=fmt.number(day["sold_kwh"], language, 2),
        ),
        t("district.hover_read", language, read=day["meters_read"], meters=day["meters"]),
    ]
    if day["reason"]:
        lines.append(t(f"district.reason_{day['reason']}", language))
    return "<br>".join(lines)


def energy_figure(days: Sequence[Row], language: Language, theme: Theme) -> go.Figure:
    """Supplied, sold and generated kWh by day, named at the end of each line."""
    colour = tokens()[theme]
    figure = go.Figure()
    x = [day["day"].isoformat() for day in days]
    has_generation = any(day["generated_kwh"] for day in days)
    for place, (field, dash) in enumerate(
        [("supplied_kwh", "solid"), ("sold_kwh", "dot"), *([("generated_kwh", "dash")] if has_generation else [])], 1
    ):
        name = t(f"district.{field}", language)
        figure.add_scatter(
            x=x, y=[_float(day[field]) for day in days], mode="lines", name=name, connectgaps=False,
            line={"color": colour[f"series-{(1, 3, 2)[place - 1]}"], "width": 2, "dash": dash},
            hovertemplate="%{y:,.2f} kWh",
        )  # fmt: skip
    return figure.update_layout(
        hovermode="x unified", yaxis={"ticksuffix": " kWh"}, xaxis={"type": "date", "tickformat": "%m-%d"},
        showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
    )  # fmt: skip


def load_of(day: Row, capacity_kva: int) -> Decimal | None:
    """Mean load of a day in percent of the transformer's capacity, by the model's power factor."""
    if day["supplied_kwh"] is None:
        return None
    apparent = day["supplied_kwh"] / standards().technical_loss.power_factor / 24
    return Decimal(apparent * 100 / capacity_kva).quantize(Decimal("0.1"))


def load_figure(days: Sequence[Row], capacity_kva: int, language: Language, theme: Theme) -> go.Figure:
    """Mean load of each day in percent of the capacity."""
    colour = tokens()[theme]
    figure = go.Figure(
        go.Bar(
            x=[day["day"].isoformat() for day in days],
            y=[_float(load_of(day, capacity_kva)) for day in days],
            marker={"color": colour["series-1"], "line": {"width": 0}},
            hovertemplate="%{x|%Y-%m-%d}  %{y:.1f} %<extra></extra>",
        )
    )
    return figure.update_layout(
        yaxis={"ticksuffix": " %"}, xaxis={"type": "date", "tickformat": "%m-%d"}, bargap=0.25,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )  # fmt: skip
