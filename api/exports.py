"""What the pages of districts and customers show, to take away: Excel, CSV, GeoPackage. Names stay masked in files."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.errors import Refused
from audit.loss_bands import band_of
from components.export import MEDIA, Field, Kind, Sheet, file_of
from components.language import known, language_of
from components.view_state import running_month
from data_access import customer_reads, district_reads
from data_access.bill_input import month_after
from data_access.bills import bill_number
from data_access.months import month_back
from data_access.parameters import BadParameter
from data_access.scope import require_viewer
from i18n import Language, t

router = APIRouter(prefix="/api/v1", tags=["drill-down"])
Table = Literal["xlsx", "csv"]
Spatial = Kind


def _files(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """The answers of a door in the document: one kind of content a kind of file."""
    content = {MEDIA[kind]: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    return {200: {"description": "The file", "content": content}}


TABLE: dict[str, Any] = {"response_class": Response, "responses": _files("xlsx", "csv")}
SPATIAL: dict[str, Any] = {"response_class": Response, "responses": _files("xlsx", "csv", "gpkg")}
Month = Query(None, description="YYYY-MM; the last month that is over by default", max_length=7)
Lang = Query(None, description="en or zh; the language of the head", max_length=8)


def _month(text: str | None) -> date:
    """The month asked for.

    Raises:
        BadParameter: not a month as YYYY-MM from 2000 to 2079.
    """
    if text is None:
        return month_back(running_month(), 1)
    try:
        month = date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        month = None
    if month is None or not 2000 <= month.year <= 2079:
        raise BadParameter("month", text, "a month as YYYY-MM from 2000 to 2079")
    return month


def language_for(request: Request, lang: str | None) -> Language:
    """The language of a file: asked for, else the reader's."""
    return known(lang) or language_of(request.scope)


async def table_answer(
    name: str, keys: Sequence[str], rows: Sequence[Mapping[str, Any]], notes: Sequence[str], kind: Kind, lang: Language
) -> Response:
    """The file of rows; each key's head is `export.<key>`."""
    fields = [Field(key, t(f"export.{key}", lang)) for key in keys]
    content = await asyncio.to_thread(file_of, Sheet(name, fields, rows, notes), kind, lang)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{name}.{kind}')}",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=MEDIA[kind], headers=headers)


@router.get(
    "/districts/{district}/customers.{kind}", summary="A district's customers with their use of a month", **SPATIAL
)
async def district_customers(
    request: Request, district: str, kind: Spatial, month: str | None = Month, lang: str | None = Lang
) -> Response:
    """Places are WGS-84 (EPSG:4326); names are masked; energies in kWh, amounts in yuan."""
    chosen, language = _month(month), language_for(request, lang)
    rows = await district_reads.customers_of(require_viewer(), district, chosen)
    if rows is None:
        raise Refused("not_found")
    shown = [{**row, "category": t(f"drill.category_{row['category']}", language)} for row in rows]
    keys = (
        "number", "name", "category", "voltage", "contract_capacity_kva", "energy_kwh", "before_kwh", "year_ago_kwh",
        "billed_kwh", "billed_yuan", "loss_kwh", "risk_level", "risk_score", "risk_points", "open_tickets", "lon",
        "lat",
    )  # fmt: skip
    notes = [t("export.customers_note", language, district=district, month=f"{chosen:%Y-%m}")]
    return await table_answer(f"{district}-customers-{chosen:%Y%m}", keys, shown, notes, kind, language)


@router.get(
    "/districts/{district}/energy.{kind}", summary="A district's days: supplied, sold, generated, loss, band", **TABLE
)
async def district_energy(
    request: Request,
    district: str,
    kind: Table,
    month: str | None = Month,
    span: int = Query(3, ge=1, le=36, description="months up to and with `month`"),
    lang: str | None = Lang,
) -> Response:
    """Energies in kWh, loss in percent; days of Asia/Shanghai. A loss that can't be computed is empty, never zero."""
    chosen, language = _month(month), language_for(request, lang)
    first = month_back(chosen, span - 1)
    rows = await district_reads.days_of(require_viewer(), district, first, month_after(chosen))
    if rows is None:
        raise Refused("not_found")
    shown = [
        {
            **row,
            "band": t(f"district.band_{band_of(row['loss_percent'])}", language),
            "reason": t(f"district.reason_{row['reason']}", language) if row["reason"] else None,
        }
        for row in rows
    ]
    keys = (
        "day", "supplied_kwh", "sold_kwh", "generated_kwh", "loss_percent", "band", "meters", "meters_read", "reason",
    )  # fmt: skip
    notes = [t("export.energy_note", language, district=district)]
    return await table_answer(f"{district}-energy-{chosen:%Y%m}", keys, shown, notes, kind, language)


async def _customer(number: str, month: date) -> customer_reads.CustomerPage:
    page = await customer_reads.customer_page(require_viewer(), number, month)
    if page is None:
        raise Refused("not_found")
    return page


@router.get(
    "/customers/{customer}/usage.{kind}", summary="A customer's use by month with the mean of others like it", **TABLE
)
async def customer_usage(
    request: Request, customer: str, kind: Table, month: str | None = Month, lang: str | None = Lang
) -> Response:
    """The 25 months up to `month`; energies in kWh. Periods are empty where they are not measured."""
    chosen, language = _month(month), language_for(request, lang)
    page = await _customer(customer, chosen)
    means = {peer["month"]: peer["mean_kwh"] for peer in page.peers}
    rows = [
        {
            "month": f"{row['month']:%Y-%m}",
            "energy_kwh": row["energy_kwh"],
            **{
                name: sum((value for value in row["periods"][name] if value is not None), start=row["energy_kwh"] * 0)
                for name in row["periods"]
            },
            "peers_kwh": means.get(row["month"]),
            "maximum_demand_kw": row["maximum_demand_kw"],
        }
        for row in page.months
    ]
    keys = ("month", "energy_kwh", *customer_reads.PERIODS, "peers_kwh", "maximum_demand_kw")
    notes = [t("export.usage_note", language, customer=customer)]
    return await table_answer(f"{customer}-usage-{chosen:%Y%m}", keys, rows, notes, kind, language)


@router.get("/customers/{customer}/bills.{kind}", summary="A customer's bills", **TABLE)
async def customer_bills(
    request: Request, customer: str, kind: Table, month: str | None = Month, lang: str | None = Lang
) -> Response:
    """The 25 months up to `month`, corrections before what they correct; yuan and kWh."""
    chosen, language = _month(month), language_for(request, lang)
    page = await _customer(customer, chosen)
    rows = [
        {
            **row,
            "bill": bill_number(customer, row["month"], row["version"]),
            "kind": t(f"billing.kind_{row['kind']}", language),
            "certainty": t(f"billing.certainty_{row['certainty']}", language),
        }
        for row in page.bills
    ]
    keys = ("bill", "period_start", "period_end", "billed_kwh", "total", "kind", "reason", "certainty", "issued_at")
    notes = [t("export.bills_note", language, customer=customer)]
    return await table_answer(f"{customer}-bills-{chosen:%Y%m}", keys, rows, notes, kind, language)


@router.get(
    "/customers/{customer}/readings.{kind}", summary="A customer's readings with the findings of their months", **TABLE
)
async def customer_readings(
    request: Request, customer: str, kind: Table, month: str | None = Month, lang: str | None = Lang
) -> Response:
    """The 13 months up to `month`; dial units, times of Asia/Shanghai."""
    chosen, language = _month(month), language_for(request, lang)
    county = await customer_reads.county_of(require_viewer(), customer)
    if county is None:
        raise Refused("not_found")
    readings, checks = await customer_reads.readings_with_checks(require_viewer(), county, customer, chosen)
    said = {check.month: "; ".join(finding.rule for finding in check.findings) for check in checks}
    rows = [{**row, "month": f"{row['month']:%Y-%m}", "findings": said.get(row["month"], "")} for row in readings]
    keys = ("month", "read_at", "meter_number", "register", "reading", "method", "quality", "findings")
    notes = [t("export.readings_note", language, customer=customer)]
    return await table_answer(f"{customer}-readings-{chosen:%Y%m}", keys, rows, notes, kind, language)
