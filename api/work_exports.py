"""The ranking for work, to take away: Excel and CSV."""

from datetime import UTC, datetime

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.errors import Refused
from api.exports import TABLE, Lang, Table, language_for, table_answer
from components import format as fmt
from components.map_words import anomaly_name
from data_access.scope import require_viewer
from data_access.work_ranking import Order, State, work_page
from i18n import t

router = APIRouter(prefix="/api/v1", tags=["risk"])
MOST_ROWS = 20_000
KEYS = (
    "rank", "risk_number", "anomaly", "level", "station", "customer_number", "district_code", "probability",
    "recoverable_yuan", "expected_yuan", "exposure_yuan", "score", "is_control", "ticket_number",
)  # fmt: skip


Unit = Query(None, max_length=32, description="code of a unit; the own one by default")
By = Query("expected", description="order: expected yuan, or risk score")
Which = Query("open", description="not in work yet, or in a ticket")


@router.get("/work/ranking.{kind}", summary="Risk points in the order in which visits are expected to pay", **TABLE)
async def work_ranking(
    request: Request,
    kind: Table,
    unit: str | None = Unit,
    by: Order = By,
    state: State = Which,
    lang: str | None = Lang,
) -> Response:
    """At most 20,000 points. Yuan, exact to the cent in CSV; probabilities 0 to 1."""
    language = language_for(request, lang)
    code = unit.replace("\0", "") if unit else None
    page = await work_page(require_viewer(), code, by, state, 0, datetime.now(UTC), rows=MOST_ROWS)
    if page is None:
        raise Refused("not_found")
    rows = [
        {
            **row,
            "rank": rank,
            "risk_number": row["number"],
            "anomaly": anomaly_name(row["anomaly_code"], language),
            "station": row[f"unit_{language}"],
            "is_control": t("work.is_control", language) if row["is_control"] else None,
        }
        for rank, row in enumerate(page.rows, start=1)
    ]
    notes = [t("work.export_note", language, unit=page.unit[f"name_{language}"], day=fmt.day(page.week, language))]
    return await table_answer(f"{page.unit['code']}-work", KEYS, rows, notes, kind, language)
