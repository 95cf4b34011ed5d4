"""The tables of a region's and a person's page, to take away: Excel and CSV."""

from datetime import UTC, datetime

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.errors import Refused
from api.exports import TABLE, Lang, Table, language_for, table_answer
from components.audit_lists import code_word
from components.map_words import anomaly_name, status_word
from components.view_state import running_month
from data_access import inspector_reads, region_reads
from data_access.scope import require_viewer
from i18n import t

router = APIRouter(prefix="/api/v1", tags=["drill-down"])


@router.get("/regions/{region}/units.{kind}", summary="The units below a unit with their figures", **TABLE)
async def region_units(
    request: Request,
    region: str,
    kind: Table,
    span: int = Query(3, ge=1, le=36, description="months of work, the running one included"),
    lang: str | None = Lang,
) -> Response:
    """Open risk by level, tickets, results, loss and collection of the newest day. Yuan and kWh; shares are 0 to 1."""
    language = language_for(request, lang)
    page = await region_reads.region_page(require_viewer(), region, span, datetime.now(UTC))
    if page is None:
        raise Refused("not_found")
    rows = []
    for child in page.children:
        own = child["figures"]
        shares = {
            "confirmation": own.confirmation,
            "high_loss_share": own.high_loss_share,
            "negative_loss_share": own.negative_loss_share,
            "collection": own.collection,
        }
        rows.append(
            {
                "unit": child["code"],
                "unit_name": child[f"name_{language}"],
                **{f"level_{level}": own.open_by_level[level - 1] for level in (1, 2, 3, 4)},
                "open_tickets": own.open_tickets,
                "overdue": own.overdue,
                "closed": own.closed,
                "checked": own.checked,
                "confirmed": own.confirmed,
                "recovered_kwh": own.recovered_kwh,
                "recovered_yuan": own.recovered_yuan,
                "breach_yuan": own.breach_yuan,
                **{name: None if value is None else round(float(value), 4) for name, value in shares.items()},
            }
        )
    keys = (
        "unit", "unit_name", "level_1", "level_2", "level_3", "level_4", "open_tickets", "overdue", "closed", "checked",
        "confirmed", "confirmation", "recovered_kwh", "recovered_yuan", "breach_yuan", "high_loss_share",
        "negative_loss_share", "collection",
    )  # fmt: skip
    notes = [t("region.units_note", language, unit=page.unit[f"name_{language}"], n=span)]
    return await table_answer(f"{region}-units", keys, rows, notes, kind, language)


@router.get("/inspectors/{employee}/tickets.{kind}", summary="A person's tickets of the last 12 months", **TABLE)
async def inspector_tickets(request: Request, employee: str, kind: Table, lang: str | None = Lang) -> Response:
    """Open ones and those closed in the last 12 months; the look is logged like one at the page."""
    language = language_for(request, lang)
    try:
        page = await inspector_reads.inspector_page(require_viewer(), employee, running_month(), datetime.now(UTC))
    except inspector_reads.OthersPage:
        raise Refused("not_found") from None
    if page is None:
        raise Refused("not_found")
    rows = [
        {
            **row,
            "ticket_number": row["number"],
            "anomaly": anomaly_name(row["anomaly_code"], language),
            "status": status_word(row["status"], language),
            "finding": code_word("wall.finding", row["finding"], language),
        }
        for row in page.tickets
    ]
    keys = (
        "ticket_number", "anomaly", "level", "status", "finding", "customer_number", "district_code", "opened_at",
        "due_at", "closed_at", "return_count", "recovered_kwh", "recovered_yuan", "breach_yuan",
    )  # fmt: skip
    notes = [t("region.tickets_note", language, number=employee)]
    return await table_answer(f"{employee}-tickets", keys, rows, notes, kind, language)
