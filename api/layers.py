"""The map's layers over HTTP: borders and the grid, in the viewer's scope, with an `ETag` of the content."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.conditional import answer
from data_access import layers
from data_access.parameters import BadParameter, parse_box, parse_whole
from data_access.scope import require_viewer

router = APIRouter(prefix="/api/v1/map", tags=["map"])


class GeoJson(Response):
    """What the answers are called."""

    media_type = "application/geo+json"


class FeatureCollection(BaseModel):
    """GeoJSON (RFC 7946)."""

    type: str
    features: list[dict[str, Any]]


class GridFeatures(FeatureCollection):
    """GeoJSON; `capped` names the kinds of which only a part is shown."""

    capped: list[str]


_SAME: dict[int | str, dict[str, Any]] = {304: {"description": "What `If-None-Match` names is still right"}}


@router.get("/borders", response_class=GeoJson, responses={200: {"model": FeatureCollection}, **_SAME})
async def borders(request: Request) -> Response:
    """Boundaries of prefectures and counties in scope, of the units above, and the province's outline."""
    viewer = require_viewer()
    layer = await layers.borders(viewer)
    etag = f'"{hashlib.blake2b(layer.body, digest_size=12).hexdigest()}"'
    return answer(request, layer.body, GeoJson.media_type, etag, fresh_seconds=300)


@router.get(
    "/grid",
    response_class=GeoJson,
    responses={200: {"model": GridFeatures}, 422: {"description": "A parameter that cannot be meant"}, **_SAME},
)
async def grid(
    request: Request,
    bbox: Annotated[str, Query(description="`west,south,east,north` in degrees, WGS-84, at most 4° each way")],
    zoom: Annotated[str, Query(description="Map zoom: feeders from 11, transformer districts from 12")],
) -> Response:
    """Feeders and transformer districts in view; nothing below zoom 11."""
    box = parse_box("bbox", bbox)
    if max(box[2] - box[0], box[3] - box[1]) > layers.MAX_BOX_DEGREES:
        raise BadParameter("bbox", bbox, f"a box of at most {layers.MAX_BOX_DEGREES:g} degrees each way")
    body = await layers.grid(require_viewer(), box, parse_whole("zoom", zoom, 0, 24))
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    return answer(request, body, GeoJson.media_type, etag, fresh_seconds=60)
