"""The layers that a GIS may open: one value a collection, with its columns, key, geometry and time.

No names, phones or addresses: a GIS file is copied and passed on, and what a person's data may be used for can't be
passed on with it. The number of a customer or ticket is enough to find the rest in the program, by those who may.
"""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["string", "integer", "number", "boolean", "date", "date-time"]
PYTHON: dict[str, str] = {"integer": "bigint", "number": "numeric", "boolean": "boolean", "date": "date"}
"""How a value of a query is read by the database; texts and times as text."""


@dataclass(frozen=True, slots=True)
class Property:
    """A column that is shown. `filter`: it may be asked for by equality."""

    name: str
    kind: Kind = "string"
    filter: bool = True

    @property
    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        if self.kind in ("date", "date-time"):
            return {"title": self.name, "type": "string", "format": self.kind}
        return {"title": self.name, "type": self.kind}


@dataclass(frozen=True, slots=True)
class Collection:
    """A layer. `key` is unique within the utility or, for large tables, within a county.

    `min_zoom`: tiles of lower zooms are empty, a single one would hold more than a screen can show.
    """

    id: str
    table: str
    key: str
    geometry: str
    properties: tuple[Property, ...]
    by_county: bool
    """The primary key begins with `county_code`; a feature's id is then `130202.KEY`."""
    moment: str | None = None
    min_zoom: int = 0

    @property
    def filters(self) -> dict[str, Property]:
        """What may be asked for by equality."""
        return {one.name: one for one in self.properties if one.filter}


_CODE, _NAME, _COUNTY = Property("code"), Property("name"), Property("county_code")
COLLECTIONS: dict[str, Collection] = {
    one.id: one
    for one in (
        Collection(
            "organisations", "organisation", "code", "boundary",
            (_CODE, Property("parent_code"), Property("level", "integer"), Property("name_zh"), Property("name_en")),
            by_county=False,
        ),
        Collection(
            "substations", "substation", "code", "location",
            (_CODE, _NAME, _COUNTY, Property("voltage_kv", "integer")), by_county=False, min_zoom=6,
        ),
        Collection(
            "feeders", "feeder", "code", "path",
            (_CODE, _NAME, _COUNTY, Property("substation_code")), by_county=False, min_zoom=9,
        ),
        Collection(
            "districts", "transformer_district", "code", "location",
            (_CODE, _NAME, _COUNTY, Property("kind"), Property("capacity_kva", "integer"), Property("feeder_code"),
             Property("customer_count", "integer")),
            by_county=True, min_zoom=9,
        ),
        Collection(
            "service-areas", "transformer_district", "code", "service_area",
            (_CODE, _NAME, _COUNTY, Property("kind"), Property("capacity_kva", "integer"), Property("feeder_code")),
            by_county=True, min_zoom=11,
        ),
        Collection(
            "customers", "customer", "number", "location",
            (Property("number"), _COUNTY, Property("category"), Property("voltage"),
             Property("contract_capacity_kva", "number"), Property("tariff_code"), Property("trade_code"),
             Property("district_code"), Property("opened_on", "date"), Property("closed_on", "date")),
            by_county=True, min_zoom=13,
        ),
        Collection(
            "risk-points", "risk_point", "number", "location",
            (Property("number"), _COUNTY, Property("station_code"), Property("anomaly_code"),
             Property("level", "integer"), Property("state", "integer"), Property("score", "integer"),
             Property("exposure_yuan", "number", filter=False), Property("district_code"), Property("customer_number"),
             Property("detected_at", "date-time", filter=False)),
            by_county=True, moment="detected_at", min_zoom=9,
        ),
        Collection(
            "tickets", "audit_ticket", "number", "location",
            (Property("number"), _COUNTY, Property("anomaly_code"), Property("level", "integer"),
             Property("status", "integer"), Property("finding"), Property("district_code"),
             Property("customer_number"), Property("opened_at", "date-time", filter=False),
             Property("due_at", "date-time", filter=False), Property("closed_at", "date-time", filter=False)),
            by_county=True, moment="opened_at", min_zoom=6,
        ),
    )
}  # fmt: skip
"""Adding a layer is one value here and its two texts in `i18n/*/features.yaml`."""
