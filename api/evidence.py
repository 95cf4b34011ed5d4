"""Files and check-ins of tickets over HTTP. The rules are `data_access.evidence`'s and `data_access.check_ins`'.

What people upload is never trusted: it goes out as a picture that we drew anew, or as a download that no browser may
open as a page of ours (its own type, no sniffing, attachment, a sandbox).
"""

import asyncio
import re
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi import Path as PathParameter
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.tickets import Done, Number, plain
from data_access.check_ins import MOST_REASON, NewCheckIn, check_in
from data_access.evidence import MOST_NOTE, Handed, add_evidence, open_original, open_shown
from data_access.scope import require_viewer
from settings import get_settings

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])
SANDBOX = "sandbox; default-src 'none'"
FRESH = "private, max-age=3600"
_UPLOAD = re.compile(r"/api/v1/tickets/[^/]+/evidence")
_FORM_BYTES = 64 * 1024
"""The other fields of an upload, and the form's own words."""
_WRONG: dict[int | str, dict[str, Any]] = {
    403: {"description": "Not for this person or not for now; `details` say why."},
    409: {"description": "`change_id_reused`: the id has named another change."},
    422: {"description": "`not_evidence` or `fields_wrong`; `details` say why and what would be right."},
}
Sha256 = Annotated[str, PathParameter(pattern=r"^[0-9a-f]{64}$", description="Of the original, in hex")]


def body_limit(method: str, path: str) -> int | None:
    """Bytes that the door for files takes; None for every other door."""
    if method == "POST" and _UPLOAD.fullmatch(path):
        return get_settings().evidence.max_megabytes * 1024 * 1024 + _FORM_BYTES
    return None


class Evidence(BaseModel):
    """A file of a ticket. `comparison`: against the check-in; `metadata`: what the file says of itself."""

    model_config = ConfigDict(extra="forbid")

    sha256: str
    purpose: str
    media_type: str
    size_bytes: int
    file_name: str
    taken_at: datetime | None
    uploaded_at: datetime
    uploaded_by: str
    shown_sha256: str | None
    shown_media_type: str | None
    width: int | None
    height: int | None
    metadata: dict[str, Any]
    comparison: dict[str, Any]
    note: str | None
    longitude: float | None
    latitude: float | None


class EvidenceAdded(Done):
    """What became of an upload. `known`: the ticket had this very file; nothing was changed."""

    known: bool
    evidence: Evidence


class CheckIn(BaseModel):
    """Where the phone is. Degrees in WGS-84; `at` by the phone's clock, left out: now."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "change_id": "3f0d9c1e-7a52-4d6b-8f43-5a1c2b9e7d10",
                    "lon": 118.18012,
                    "lat": 39.63008,
                    "accuracy_m": 8,
                }
            ]
        },
    )

    change_id: UUID
    at: AwareDatetime | None = None
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    accuracy_m: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None
    mock: bool = False
    reason: Annotated[str, Field(max_length=MOST_REASON)] | None = None


class CheckInDone(Done):
    """A stored check-in. `score` 0 to 100; `parts`: points of each part, metres and seconds; `reason_needed`: the score
    is low and no reason was given, so the finding will ask for one.
    """

    score: int
    verdict: Literal["present", "review"]
    parts: dict[str, Any]
    distance_m: float | None
    dwell_seconds: int
    reason_needed: bool


@router.post("/{number}/evidence", responses=_WRONG, status_code=201)
async def upload(
    number: Number,
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP, HEIC, PDF or MP4; what it is, its bytes say")],
    change_id: Annotated[UUID, Form()],
    purpose: Annotated[str, Form(description="finding, responsibility, rectification or review")] = "finding",
    note: Annotated[str, Form(max_length=MOST_NOTE)] = "",
) -> EvidenceAdded:
    """Add a photo or file to a ticket. The same file again is the same evidence."""
    with tempfile.TemporaryDirectory(prefix="gridaudit-upload-") as folder:
        path = Path(folder) / "file"
        await asyncio.to_thread(_save, file, path)
        added = await add_evidence(
            require_viewer(), number, path, file_name=file.filename, purpose=purpose, note=note, change_id=change_id,
            now=datetime.now(UTC),
        )  # fmt: skip
    row = {name: added.evidence[name] for name in Evidence.model_fields}
    return EvidenceAdded(**asdict(added.outcome), known=added.known, evidence=Evidence(**plain(row)))


def _save(file: UploadFile, path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target, 256 * 1024)


@router.get(
    "/{number}/evidence/{sha256}",
    response_class=Response,
    responses={
        200: {"description": "The picture, or the file", "content": {"*/*": {}}},
        304: {"description": "The client has it"},
    },
)
async def evidence(
    request: Request,
    number: Number,
    sha256: Sha256,
    original: Annotated[
        Literal["0", "1"], Query(description="1: the file as it came, as a download; each one is written down")
    ] = "0",
) -> Response:
    """A file of a ticket: by default the copy that is shown, upright and without metadata."""
    viewer = require_viewer()
    if original == "1":
        return _sent(await open_original(viewer, number, sha256), disposition="attachment", cache="no-store")
    handed = await open_shown(viewer, number, sha256, known=request.headers.get("if-none-match", ""))
    return _sent(handed, disposition="inline", cache=FRESH)


def _headers(handed: Handed, disposition: str, cache: str) -> dict[str, str]:
    return {
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(handed.file_name)}",
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{handed.key}"',
        "Cache-Control": cache,
        "Vary": "Cookie, Authorization",
    }


def _sent(handed: Handed, *, disposition: str, cache: str) -> Response:
    headers = _headers(handed, disposition, cache)
    if handed.pieces is None:
        return Response(status_code=304, headers=headers)
    return StreamingResponse(handed.pieces, media_type=handed.media_type, headers=headers)


@router.post("/{number}/check-ins", responses=_WRONG, status_code=201)
async def check_in_here(number: Number, sent: CheckIn) -> CheckInDone:
    """Say "I am here" for a ticket. A low score hinders nothing; it is seen by whoever reviews."""
    given = NewCheckIn(
        longitude=sent.lon, latitude=sent.lat, at=sent.at, accuracy_m=sent.accuracy_m, is_mock=sent.mock,
        reason=sent.reason,
    )  # fmt: skip
    made = await check_in(require_viewer(), number, given, change_id=sent.change_id, now=datetime.now(UTC))
    return CheckInDone(
        **asdict(made.outcome),
        score=made.presence.score,
        verdict=made.presence.verdict,
        parts=made.presence.parts(),
        distance_m=None if made.distance_m is None else round(made.distance_m, 1),
        dwell_seconds=made.dwell_seconds,
        reason_needed=made.reason_needed,
    )
