"""The parts of a region's page: head figures, risk by level, work and loss, map by unit below, ranking."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from dash import html
from dash.development.base_component import Component

from audit.loss_bands import band_of
from audit.roll_up import UnitFigures
from components import format as fmt
from components.audit_lists import level_mark
from components.desk import KeyFigure, facts
from components.desk_map import area_layer, desk_map, point_layer, ramp_legend, sign_legend
from components.map_words import pill
from components.object_links import thing
from components.result_bars import result_bars
from components.table import Column, table
from data_access.region_reads import RegionPage, loss_limits
from i18n import Language, t

Row = Mapping[str, Any]
AREAS, POINTS = "region-areas", "region-points"
LOOKS = {"negative": "warn", "normal": "good", "warn": "late", "high": "late", "not_computable": "off"}
"""Band of a district's loss → look of its sign: what counts as high begins where a loss is raised."""


def share(value: Fraction | None, language: Language, digits: int = 0) -> str:
    """A share in percent."""
    return fmt.NOTHING if value is None else f"{fmt.number(float(value * 100), language, digits)} %"


@dataclass(frozen=True, slots=True)
class Measure:
    """By what units are coloured and ranked: its value for the map, and how it is written."""

    value: Callable[[UnitFigures], Any]
    show: Callable[[UnitFigures, Language], str]


MEASURES: dict[str, Measure] = {
    "open_risks": Measure(lambda one: one.open_risks, lambda one, lang: fmt.number(one.open_risks, lang)),
    "overdue": Measure(lambda one: one.overdue, lambda one, lang: fmt.number(one.overdue, lang)),
    "confirmation": Measure(lambda one: one.confirmation, lambda one, lang: share(one.confirmation, lang)),
    "result": Measure(lambda one: one.result_yuan, lambda one, lang: fmt.yuan(one.result_yuan, lang, 0)),
    "high_loss": Measure(lambda one: one.high_loss_share, lambda one, lang: share(one.high_loss_share, lang, 1)),
    "collection": Measure(lambda one: one.collection, lambda one, lang: share(one.collection, lang, 1)),
}
"""A further measure is one row here and its word (`region.by_<name>`)."""


def figures(page: RegionPage, months: int, language: Language) -> list[KeyFigure]:
    """Open risk, overdue tickets, confirmation, economic result."""
    own = page.figures
    return [
        KeyFigure(
            t("region.open_risks", language), fmt.number(own.open_risks, language),
            t("region.worst_note", language, n=own.open_by_level[0]),
        ),
        KeyFigure(
            t("region.overdue", language), fmt.number(own.overdue, language),
            t("region.overdue_note", language, n=own.open_tickets), "late" if own.overdue else "good",
        ),
        KeyFigure(
            t("region.confirmation", language), share(own.confirmation, language),
            t("region.confirmation_note", language, part=own.confirmed, whole=own.checked),
        ),
        KeyFigure(
            t("region.result", language), fmt.yuan(own.result_yuan, language, 0),
            t("region.result_note", language, n=months),
        ),
    ]  # fmt: skip


def risk_view(own: UnitFigures, language: Language) -> Component:
    """Open risk points by level as bars."""
    rows = [
        (t("region.level", language, level=fmt.roman(level)), own.open_by_level[level - 1], f"level-{level}")
        for level in (1, 2, 3, 4)
    ]
    return result_bars(rows, language)


def work_view(page: RegionPage, language: Language) -> Component:
    """Tickets, amounts with the breach charge apart, loss and collection of the newest day."""
    own = page.figures
    high, negative = loss_limits()

    def part_of(part: int, whole: int, digits: int = 0) -> str:
        value = Fraction(part, whole) if whole else None
        return t(
            "region.share_words", language, share=share(value, language, digits), part=fmt.number(part, language),
            whole=fmt.number(whole, language),
        )  # fmt: skip

    shown = facts(
        [
            (t("region.open_tickets", language), fmt.number(own.open_tickets, language)),
            (t("region.closed", language), fmt.number(own.closed, language)),
            (t("region.recovered_kwh", language), fmt.kilowatt_hours(own.recovered_kwh, language)),
            (t("region.recovered", language), fmt.yuan(own.recovered_yuan, language)),
            (t("region.breach", language), fmt.yuan(own.breach_yuan, language)),
            (t("region.day", language), page.day.isoformat() if page.day else t("region.no_day", language)),
            (t("region.high_loss", language), part_of(own.high_loss, own.districts, 1)),
            (t("region.negative_loss", language), part_of(own.negative_loss, own.districts, 1)),
            (t("region.collection", language), part_of(own.meters_read, own.meters, 1)),
        ]
    )
    limits = t("region.loss_limits", language, high=str(high), negative=str(negative))
    return html.Div([shown, html.P(limits, className="quiet small")])


def _bounds(unit: Row) -> list[list[float]] | None:
    if unit["west"] is None:
        return None
    return [[unit["south"], unit["west"]], [unit["north"], unit["east"]]]


def region_map(page: RegionPage, by: str, language: Language, *, height: str) -> Component:
    """The units below coloured by a measure; at a station its districts by the loss of the day."""
    unit, what = page.unit, t(f"region.by_{by}", language)
    name = unit[f"name_{language}"]
    if page.districts or not page.children:
        entries = [({"kind": kind}, t(f"region.legend_{kind}", language)) for kind in ("good", "late", "warn", "off")]
        return desk_map(
            id="region-map", label=t("region.map_label", language, name=name, what=t("region.loss", language)),
            language=language, height=height, bounds=_bounds(unit),
            layers=[point_layer(POINTS, _district_signs(page.districts, language), "customer")],
            legend=sign_legend("customer", entries),
        )  # fmt: skip
    measure = MEASURES[by]
    known = [value for child in page.children if (value := _value(child, measure)) is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    ends = sorted(
        (child["figures"] for child in page.children if _value(child, measure) is not None), key=measure.value
    )
    legend = ramp_legend(what, measure.show(ends[0], language), measure.show(ends[-1], language)) if ends else None
    return desk_map(
        id="region-map",
        label=t("region.map_label", language, name=name, what=what),
        language=language,
        height=height,
        bounds=_bounds(unit),
        layers=[area_layer(AREAS, _areas(page.children, measure, language), "choropleth", domain=(low, high))],
        legend=legend,
    )


def _value(child: Row, measure: Measure) -> float | None:
    value = measure.value(child["figures"])
    return None if value is None else float(value)


def _areas(children: Sequence[Row], measure: Measure, language: Language) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "id": child["code"],
            "geometry": child["boundary"],
            "properties": {
                "key": child["code"],
                "label": [child[f"name_{language}"], measure.show(child["figures"], language)],
                "value": _value(child, measure),
            },
        }
        for child in children
        if child["boundary"]
    ]
    return {"type": "FeatureCollection", "features": features}


def _district_signs(rows: Sequence[Row], language: Language) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "id": row["code"],
            "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
            "properties": {
                "key": row["code"],
                "label": [row["name"], _loss_words(row, language)],
                "kind": LOOKS[band_of(row["loss_percent"])],
            },
        }
        for row in rows
    ]
    return {"type": "FeatureCollection", "features": features}


def _loss_words(row: Row, language: Language) -> str:
    if row["loss_percent"] is None:
        return t("region.legend_off", language)
    return f"{fmt.number(row['loss_percent'], language, 2)} %"


def ranking(children: Sequence[Row], by: str, language: Language) -> Component:
    """The units below by a measure, the highest first; those without a value last."""
    measure = MEASURES[by]
    ordered = sorted(children, key=lambda child: (_value(child, measure) is None, -(_value(child, measure) or 0)))
    rows = [{**child, "place": place} for place, child in enumerate(ordered, 1)]

    def column(name: str) -> Column:
        own = MEASURES[name]
        return Column(
            t(f"region.{name}", language), lambda row: own.show(row["figures"], language), "number",
            lambda row: _value(row, own),
        )  # fmt: skip

    columns = [
        Column(t("region.place", language), lambda row: str(row["place"]), "number", lambda row: row["place"]),
        Column(t("region.unit", language), lambda row: thing("region", row["code"], row[f"name_{language}"])),
        column("open_risks"),
        Column(
            t("region.level_one", language), lambda row: fmt.number(row["figures"].open_by_level[0], language),
            "number", lambda row: row["figures"].open_by_level[0],
        ),
        Column(
            t("region.open_tickets", language), lambda row: fmt.number(row["figures"].open_tickets, language), "number",
            lambda row: row["figures"].open_tickets,
        ),
        column("overdue"),
        column("confirmation"),
        column("result"),
        column("high_loss"),
        Column(
            t("region.negative_loss", language), lambda row: share(row["figures"].negative_loss_share, language, 1),
            "number", lambda row: None if (value := row["figures"].negative_loss_share) is None else float(value),
        ),
        column("collection"),
    ]  # fmt: skip
    caption, nothing = t("region.ranking", language), t("region.no_units", language)
    return table(columns, rows, caption=caption, empty=nothing, key=f"ranking-{by}")


def district_table(rows: Sequence[Row], language: Language) -> Component:
    """The districts of a station, those with the most open risk first."""

    def loss(row: Row) -> Any:
        return pill(LOOKS[band_of(row["loss_percent"])], _loss_words(row, language))

    columns = [
        Column(t("region.district", language), lambda row: thing("district", row["code"], row["name"])),
        Column(
            t("region.customers", language), lambda row: fmt.number(row["customer_count"], language), "number",
            lambda row: row["customer_count"],
        ),
        Column(t("region.loss", language), loss, "number", lambda row: row["loss_percent"]),
        Column(
            t("region.collection", language),
            lambda row: fmt.percent(row["meters_read"], row["meters"], language), "number",
            lambda row: row["meters_read"],
        ),
        Column(
            t("region.open_risks", language), lambda row: fmt.number(row["open_risks"], language), "number",
            lambda row: row["open_risks"],
        ),
        Column(t("region.worst", language), lambda row: level_mark(row["worst"]), sort=lambda row: row["worst"]),
        Column(
            t("region.open_tickets", language), lambda row: fmt.number(row["tickets"], language), "number",
            lambda row: row["tickets"],
        ),
    ]  # fmt: skip
    ordered = sorted(rows, key=lambda row: (-row["open_risks"], row["worst"] or 9, row["code"]))
    caption, nothing = t("region.districts", language), t("region.no_districts", language)
    return table(columns, ordered, caption=caption, empty=nothing, key="districts")
