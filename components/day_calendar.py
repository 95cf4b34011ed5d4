"""A month of somebody's days as a calendar, and one day: its way on a map, stops, visits. Days are of Asia/Shanghai."""

import calendar
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components.attributes import attributes
from components.desk import columns, facts
from components.desk_map import area_layer, desk_map, point_layer
from components.map_words import anomaly_name
from components.notice import empty_state
from components.object_links import thing
from components.table import Column, table
from data_access.tracks import day_bounds
from i18n import Language, t
from settings import DISPLAY_ZONE

Row = Mapping[str, Any]
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_BUTTON = "inspector-calendar-day"


def hours_by_day(shifts: Sequence[Row], month: date, now: datetime) -> dict[date, float]:
    """Hours on shift of each day; a running shift counts up to now."""
    found: dict[date, float] = {}
    for shift in shifts:
        end = min(shift["ended_at"] or now, now)
        day = shift["started_at"].astimezone(DISPLAY_ZONE).date()
        while day_bounds(day)[0] < end:
            first, last = day_bounds(day)
            hours = (min(end, last) - max(shift["started_at"], first)).total_seconds() / 3600
            if hours > 0 and (day.year, day.month) == (month.year, month.month):
                found[day] = found.get(day, 0.0) + hours
            day += timedelta(days=1)
    return found


def month_calendar(
    month: date, shifts: Sequence[Row], tracks: Sequence[Row], visits: Sequence[Row], chosen: date | None,
    now: datetime, language: Language,
) -> Component:  # fmt: skip
    """Seven columns; a day with a shift is a button that says hours, distance (once known) and visits."""
    hours = hours_by_day(shifts, month, now)
    distances = {row["day"]: row["distance_m"] for row in tracks}
    visited = visits_by_day(visits)
    cells: list[Any] = [
        html.Div(t(f"inspector.{name}", language), className="calendar__weekday", **attributes({"aria-hidden": "true"}))
        for name in WEEK
    ]
    for week in calendar.Calendar().monthdatescalendar(month.year, month.month):
        for day in week:
            if day.month != month.month:
                cells.append(html.Div(className="calendar__other"))
                continue
            cells.append(_cell(day, hours.get(day), distances.get(day), visited[day], day == chosen, language))
    return html.Div(cells, className="calendar", role="group")


def _cell(
    day: date, hours: float | None, distance: float | None, visits: int, is_chosen: bool, language: Language
) -> Component:  # fmt: skip
    number = html.Span(str(day.day), className="calendar__number number")
    if hours is None and not visits:
        return html.Div(number, className="calendar__day")
    on_shift = fmt.NOTHING if hours is None else t("inspector.hours", language, n=fmt.number(hours, language, 1))
    lines = [
        on_shift,
        *([fmt.distance(distance, language)] if distance is not None else []),
        *([t("inspector.visits_short", language, n=visits)] if visits else []),
    ]
    said = t("inspector.day_said", language, day=day.isoformat(), hours=on_shift, visits=visits)
    return html.Button(
        [number, *(html.Span(line, className="calendar__line number") for line in lines)],
        id={"type": DAY_BUTTON, "day": day.isoformat()},
        n_clicks=0,
        type="button",
        className=look_of(is_chosen),
        **attributes({"aria-label": said}),
    )


def look_of(is_chosen: bool) -> str:
    """The class of a day's button."""
    return "calendar__day is-worked is-chosen" if is_chosen else "calendar__day is-worked"


def visits_by_day(visits: Sequence[Row]) -> Counter[date]:
    """How many tickets were visited on each day."""
    pairs = {(row["at"].astimezone(DISPLAY_ZONE).date(), row["ticket_number"]) for row in visits}
    return Counter(day for day, _ in pairs)


def month_words(month: date, shifts: Sequence[Row], visits: Sequence[Row], now: datetime, language: Language) -> str:
    """The month in a sentence."""
    hours = hours_by_day(shifts, month, now)
    total = t("inspector.hours", language, n=fmt.number(sum(hours.values()), language, 1))
    count = sum(visits_by_day(visits).values())
    return t("inspector.month_total", language, days=len(hours), hours=total, visits=count)


def no_day(language: Language) -> Component:
    """Before a day is chosen."""
    return empty_state(t("inspector.choose", language), t("inspector.calendar_hint", language), "route")


def day_view(track: Row, visits: Sequence[Row], language: Language) -> Component:
    """A day: the way with numbered stops on a map, distance, stops and visits."""
    points = track["points"]
    if not points:
        return html.Div(
            [
                empty_state(
                    t("inspector.no_way", language), f"{track['day']} · {t('inspector.no_way_hint', language)}", "route"
                ),
                _visits(visits, language),
            ],
            className="stack",
        )
    first, last = (fmt.from_milliseconds(points[place][0]) for place in (0, -1))
    lats, lons = [point[2] for point in points], [point[1] for point in points]
    margin = 0.004
    silent = sum(end - start for start, end in track["gaps"]) / 1000
    seen = facts(
        [
            (t("inspector.day", language), html.Span(track["day"], className="number")),
            (t("inspector.first_last", language), f"{fmt.clock(first, language)} – {fmt.clock(last, language)}"),
            (t("inspector.distance", language), fmt.distance(track["distance_m"], language)),
            (t("inspector.gaps", language), fmt.duration(silent, language) if silent else None),
        ]
    )
    way = desk_map(
        id="inspector-day-map",
        label=t("inspector.day_label", language, name=track["name"], day=track["day"]),
        language=language,
        height="460px",
        bounds=[[min(lats) - margin, min(lons) - margin], [max(lats) + margin, max(lons) + margin]],
        layers=[
            area_layer("inspector-way", _way(track), "area"),
            point_layer("inspector-stops", _stops(track, language), "district"),
            point_layer("inspector-visits", _visit_signs(visits, language), "check_in"),
        ],
    )
    lists = html.Div(
        [
            seen,
            html.H3(t("inspector.stops", language)),
            _stop_table(track, language),
            html.H3(t("inspector.visits", language)),
            _visits(visits, language),
        ],
        className="stack",
    )
    return columns(way, lists, template="minmax(0, 1.35fr) minmax(0, 1fr)")


def _way(track: Row) -> dict[str, Any]:
    lines = [
        [[point[1], point[2]] for point in track["points"][first : last + 1]]
        for first, last in track["segments"]
        if last > first
    ]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "MultiLineString", "coordinates": lines},
                "properties": {"key": "way"},
            }
        ],
    }


def _point(lon: float, lat: float, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _span(stop: Row, language: Language) -> str:
    arrived, left = (fmt.from_milliseconds(stop[name]) for name in ("arrived_ms", "left_ms"))
    return f"{fmt.clock(arrived, language)} – {fmt.clock(left, language)}"


def _stops(track: Row, language: Language) -> dict[str, Any]:
    features = [
        _point(
            stop["lon"], stop["lat"], key=f"stop-{n}", mark=str(n), kind="plain",
            label=[_span(stop, language), *([stop["near"]] if stop["near"] else [])],
        )
        for n, stop in enumerate(track["stops"], 1)
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def _visit_signs(visits: Sequence[Row], language: Language) -> dict[str, Any]:
    features = [
        _point(
            row["lon"], row["lat"], key=row["ticket_number"], kind="good",
            label=[row["ticket_number"], fmt.clock(row["at"], language)],
        )
        for row in visits
        if row["lon"] is not None
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def _stop_table(track: Row, language: Language) -> Component:
    columns = [
        Column(t("inspector.stop", language), lambda row: str(row["n"])),
        Column(t("inspector.from_to", language), lambda row: _span(row, language), sort=lambda row: row["arrived_ms"]),
        Column(
            t("inspector.dwell", language), lambda row: fmt.duration(row["dwell_s"], language), "number",
            lambda row: row["dwell_s"],
        ),
        Column(t("inspector.near", language), lambda row: row["near"] or fmt.NOTHING),
    ]  # fmt: skip
    rows = [{**stop, "n": n} for n, stop in enumerate(track["stops"], 1)]
    caption, nothing = t("inspector.stops", language), t("inspector.no_stops", language)
    return table(columns, rows, caption=caption, empty=nothing, key=f"stops-{track['day']}")


def _visits(visits: Sequence[Row], language: Language) -> Component:
    columns = [
        Column(t("inspector.when", language), lambda row: fmt.clock(row["at"], language), sort=lambda row: row["at"]),
        Column(t("drill.ticket", language), lambda row: thing("ticket", row["ticket_number"])),
        Column(t("drill.type", language), lambda row: anomaly_name(row["anomaly_code"], language)),
        Column(t("inspector.how", language), lambda row: t(f"inspector.visit_{row['kind']}", language)),
        Column(
            t("inspector.presence", language),
            lambda row: fmt.NOTHING if row["score"] is None else f"{row['score']} / 100", "number",
            lambda row: row["score"],
        ),
    ]  # fmt: skip
    caption, nothing = t("inspector.visits", language), t("inspector.no_visits", language)
    return table(columns, visits, caption=caption, empty=nothing, key="visits")
