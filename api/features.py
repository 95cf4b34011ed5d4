"""Layers for a GIS: OGC API – Features (part 1: core, GeoJSON) and vector tiles, in the viewer's scope.

QGIS, ArcGIS and GDAL read this with an api token in the header; `docs/gis.md` shows how and says why the door is our
own. What a parameter may be is the standard's: an unknown one is refused with 400, as is a value that can't be meant.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter

from api.errors import Refused
from data_access import features
from data_access.feature_collections import COLLECTIONS, Collection
from data_access.features import MAX_PAGE, FeatureQuery
from data_access.parameters import BadParameter, parse_box, parse_day, parse_whole
from data_access.scope import require_viewer
from i18n import Language, t

router = APIRouter(prefix="/api/v1/ogc", tags=["gis"])

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
)
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GEOJSON = "application/geo+json"
JSON = "application/json"
MVT = "application/vnd.mapbox-vector-tile"
OWN = ("bbox", "bbox-crs", "datetime", "limit", "after", "f")
MAX_ZOOM = 22
DEFAULT_LIMIT = 1_000
EXTENT = (113.0, 38.9, 120.2, 42.8)
"""The utility's area (WGS-84), for clients that want to know where to look; data decide what there is."""

_BAD: dict[int | str, dict[str, Any]] = {
    400: {"description": "A parameter that is unknown or can't be meant; `details` says which and what is allowed"}
}
Id = Annotated[str, PathParameter(description=f"One of {', '.join(COLLECTIONS)}")]


class GeoJson(Response):
    """What feature answers are called."""

    media_type = GEOJSON


class VectorTile(Response):
    """What vector tiles are called."""

    media_type = MVT


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/") + router.prefix


def _link(href: str, rel: str, kind: str, title: str = "") -> dict[str, str]:
    return {"href": href, "rel": rel, "type": kind, **({"title": title} if title else {})}


def _known(collection: str) -> Collection:
    found = COLLECTIONS.get(collection)
    if found is None:
        raise Refused("not_found", details=[{"where": "collection", "got": collection[:80], "expected": _choice()}])
    return found


def _choice() -> str:
    return f"one of {', '.join(COLLECTIONS)}"


@router.get("/", response_model=None, include_in_schema=False)
@router.get("", response_model=None)
async def landing(request: Request) -> dict[str, Any]:
    """Where everything is."""
    language, base = require_viewer().language, _base(request)
    return {
        "title": t("features.title", language),
        "description": t("features.description", language),
        "links": [
            _link(base, "self", JSON),
            _link(f"{base}/conformance", "conformance", JSON),
            _link(f"{base}/collections", "data", JSON),
            _link(f"{request.base_url}api/v1/openapi.json", "service-desc", "application/vnd.oai.openapi+json"),
        ],
    }


@router.get("/conformance", response_model=None)
async def conformance() -> dict[str, Any]:
    """The parts of the standards that are kept."""
    return {"conformsTo": list(CONFORMANCE)}


@router.get("/collections", response_model=None)
async def collections(request: Request) -> dict[str, Any]:
    """The layers."""
    language, base = require_viewer().language, _base(request)
    return {
        "links": [_link(f"{base}/collections", "self", JSON)],
        "collections": [_described(one, base, language) for one in COLLECTIONS.values()],
    }


def _described(one: Collection, base: str, language: Language) -> dict[str, Any]:
    own = f"{base}/collections/{one.id}"
    tiles = f"{own}/tiles/WebMercatorQuad/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    return {
        "id": one.id,
        "title": t(f"features.{one.id.replace('-', '_')}", language),
        "description": t(f"features.{one.id.replace('-', '_')}_note", language),
        "itemType": "feature",
        "crs": [CRS84],
        "extent": {"spatial": {"bbox": [list(EXTENT)], "crs": CRS84}, **_temporal(one)},
        "links": [
            _link(own, "self", JSON),
            _link(f"{own}/items", "items", GEOJSON),
            _link(f"{own}/queryables", "http://www.opengis.net/def/rel/ogc/1.0/queryables", "application/schema+json"),
            {**_link(tiles, "item", MVT, f"zoom {one.min_zoom}–{MAX_ZOOM}"), "templated": True},
        ],
    }


def _temporal(one: Collection) -> dict[str, Any]:
    return {"temporal": {"interval": [[None, None]]}} if one.moment else {}


@router.get("/collections/{collection}", response_model=None)
async def collection_file(request: Request, collection: Id) -> dict[str, Any]:
    """One layer."""
    return _described(_known(collection), _base(request), require_viewer().language)


@router.get("/collections/{collection}/queryables", response_model=None)
async def queryables(request: Request, collection: Id) -> dict[str, Any]:
    """What may be asked for by equality, as JSON Schema."""
    one = _known(collection)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{_base(request)}/collections/{one.id}/queryables",
        "type": "object",
        "title": one.id,
        "properties": {name: found.schema for name, found in one.filters.items()},
        "additionalProperties": False,
    }


@router.get("/collections/{collection}/items", response_class=GeoJson, responses=_BAD)
async def items(
    request: Request,
    collection: Id,
    bbox: Annotated[str | None, Query(description="`west,south,east,north`, WGS-84; heights are passed over")] = None,
    moment: Annotated[str | None, Query(alias="datetime", description="RFC 3339: an instant or `start/end`")] = None,
    limit: Annotated[str, Query(description=f"From 1; at most {MAX_PAGE} come at once")] = str(DEFAULT_LIMIT),
    after: Annotated[str | None, Query(description="Where a `next` link goes on")] = None,
) -> Response:
    """A page of features in the order of their keys; further parameters are the layer's queryables."""
    viewer, one = require_viewer(), _known(collection)
    try:
        wanted = _wanted(one, request.query_params, bbox, moment, limit, after)
    except BadParameter as bad:
        raise _refused(bad) from None
    found = await features.page(viewer, one, wanted)
    own = f"{_base(request)}/collections/{one.id}"
    links = [_link(str(request.url), "self", GEOJSON), _link(own, "collection", JSON)]
    if found.after:
        following = request.url.include_query_params(after="~".join(found.after))
        links.append(_link(str(following), "next", GEOJSON))
    head = {"numberReturned": len(found.features), "timeStamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    body = (
        f'{{"type":"FeatureCollection",{json.dumps(head)[1:-1]},"links":{json.dumps(links)},'
        f'"features":[{",".join(found.features)}]}}'
    )
    return GeoJson(body.encode(), headers={"Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization"})


@router.get("/collections/{collection}/items/{feature}", response_class=GeoJson, responses=_BAD)
async def item(
    request: Request, collection: Id, feature: Annotated[str, PathParameter(description="Id of a feature")]
) -> Response:
    """One feature."""
    one = _known(collection)
    county, key = feature.split(".", 1) if one.by_county and "." in feature else ("", feature)
    found = await features.one(require_viewer(), one, county, key)
    if found is None:
        raise Refused("not_found")
    own = f"{_base(request)}/collections/{one.id}"
    links = [_link(str(request.url), "self", GEOJSON), _link(own, "collection", JSON)]
    return GeoJson(f'{found[:-1]},"links":{json.dumps(links)}}}'.encode(), headers={"Cache-Control": "no-store"})


@router.get(
    "/collections/{collection}/tiles/WebMercatorQuad/{z}/{y}/{x}",
    response_class=VectorTile,
    responses={200: {"content": {MVT: {}}, "description": "Empty where nothing is, and below the lowest zoom"}, **_BAD},
)
async def vector_tile(
    collection: Id,
    z: Annotated[str, PathParameter(description=f"Zoom, 0 to {MAX_ZOOM}")],
    y: Annotated[str, PathParameter(description="Row from the north")],
    x: Annotated[str, PathParameter(description="Column from 180° W")],
) -> Response:
    """One vector tile (Web Mercator XYZ), its layer named after the collection."""
    one = _known(collection)
    try:
        zoom = parse_whole("z", z, 0, MAX_ZOOM)
        row, column = (parse_whole(name, given, 0, 2**zoom - 1) for name, given in (("y", y), ("x", x)))
    except BadParameter as bad:
        raise _refused(bad) from None
    body = b"" if zoom < one.min_zoom else await features.tile(require_viewer(), one, zoom, column, row)
    headers = {"Cache-Control": "private, max-age=60", "Vary": "Cookie, Authorization"}
    return VectorTile(body, headers=headers)


def _refused(bad: BadParameter) -> Refused:
    return Refused("bad_request", details=[{"where": bad.name, "got": bad.value, "expected": bad.expected}])


def _wanted(
    one: Collection, given: Mapping[str, str], bbox: str | None, moment: str | None, limit: str, after: str | None
) -> FeatureQuery:
    for name, value in given.items():
        if name not in OWN and name not in one.filters:
            raise BadParameter(name, value, f"one of the parameters {', '.join((*OWN, *one.filters))}")
    if given.get("f", "json") not in ("json", "geojson"):
        raise BadParameter("f", given["f"], "json")
    if given.get("bbox-crs", CRS84) != CRS84:
        raise BadParameter("bbox-crs", given["bbox-crs"], CRS84)
    since, until = (None, None) if moment is None else _interval(moment)
    start = None if after is None else tuple(after.split("~", 1))
    if start is not None and len(start) != 2:
        raise BadParameter("after", after, "what a `next` link says")
    return FeatureQuery(
        limit=min(parse_whole("limit", limit, 1, 10**9), MAX_PAGE),
        box=None if bbox is None else _box(bbox),
        since=since,
        until=until,
        equal={name: _value(one, name, value) for name, value in given.items() if name in one.filters},
        after=None if start is None else (start[0], start[1]),
    )


def _box(value: str) -> tuple[float, float, float, float]:
    parts = value.split(",")
    return parse_box("bbox", ",".join(parts[:2] + parts[3:5]) if len(parts) == 6 else value)


def _value(one: Collection, name: str, value: str) -> str:
    kind = one.filters[name].kind
    if kind == "integer":
        return str(parse_whole(name, value, -(10**11), 10**11))
    if kind == "date":
        return str(parse_day(name, value))
    if kind == "number":
        try:
            if len(value) > 24:
                raise ValueError
            float(value)
        except ValueError:
            raise BadParameter(name, value, "a number") from None
    if "\0" in value:
        raise BadParameter(name, value, "a text without NUL")
    return value


def _interval(value: str) -> tuple[datetime | None, datetime | None]:
    """Half open: an instant is the second that it names, an end day counts whole."""
    parts = value.split("/")
    if len(parts) > 2:
        raise BadParameter("datetime", value, "an instant or start/end")
    if len(parts) == 1:
        start, end = _instant(value, value)
        return start, end
    since = None if parts[0] in ("", "..") else _instant(parts[0], value)[0]
    until = None if parts[1] in ("", "..") else _instant(parts[1], value)[1]
    if since and until and since >= until:
        raise BadParameter("datetime", value, "a start not after the end")
    return since, until


def _instant(text: str, whole: str) -> tuple[datetime, datetime]:
    """The first moment that a text means, and the first one after it; a day without a clock is one in UTC."""
    try:
        if len(text) == 10:
            day = datetime.combine(parse_day("datetime", text), datetime.min.time(), UTC)
            return day, day + timedelta(days=1)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or not 2000 <= moment.year <= 2079:
            raise ValueError
    except (ValueError, BadParameter):
        raise BadParameter("datetime", whole, "RFC 3339 such as 2026-11-01T00:00:00Z, 2026-11-01/.. or ../..") from None
    return moment, moment + timedelta(seconds=1)
