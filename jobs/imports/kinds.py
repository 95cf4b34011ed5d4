"""What can be imported, and the columns of each kind: one value a kind. Pure description; the SQL is `data_access`'s.

A column's heading in a file may be its name here or its label in either language (`i18n/*/imports.yaml`); a mapping
names any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Form = Literal["text", "code", "choice", "whole", "decimal", "day", "moment"]
Shape = Literal["none", "point", "line", "area"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `lowest` and `highest` bound a number; `choices` are words of files → the value that is stored."""

    name: str
    form: Form = "text"
    required: bool = False
    lowest: int = 0
    highest: int = 2_000_000_000
    scale: int = 2
    choices: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. With a `shape` the file's geometry is read, or `longitude` and `latitude`, or `wkt`."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    shape: Shape = "none"
    shape_required: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    """Columns that are called otherwise in this kind: the `number` of a customer is the `customer_number`."""

    def label_of(self, column: str) -> str:
        """The name under which the catalogues hold what people call a column."""
        return self.labels.get(column, column)

    @property
    def headings(self) -> tuple[str, ...]:
        """The columns of a template, those of the place last."""
        places = {"none": (), "point": ("longitude", "latitude"), "line": ("wkt",), "area": ("wkt",)}[self.shape]
        return (*(column.name for column in self.columns), *places)


def _code(name: str, required: bool = True) -> Column:
    return Column(name, "code", required)


def _choice(name: str, words: Mapping[str, str], required: bool = True, default: str | None = None) -> Column:
    """`words`: value → "word of a file|another word"."""
    choices = {word: value for value, given in words.items() for word in (value, *given.split("|")) if word}
    return Column(name, "choice", required, choices=MappingProxyType(choices), default=default)


_CATEGORY = _choice(
    "category",
    {
        "residential": "居民|居民生活",
        "agricultural": "农业|农业生产",
        "commercial_industrial": "工商业|一般工商业|大工业",
    },
)  # fmt: skip
_VOLTAGES = Column(
    "voltage", "choice", True,
    choices=MappingProxyType({
        "<1kV": "<1kV", "220V": "<1kV", "380V": "<1kV", "0.4kV": "<1kV", "不满1千伏": "<1kV",
        "1-10(20)kV": "1-10(20)kV", "10kV": "1-10(20)kV", "20kV": "1-10(20)kV", "35kV": "35kV",
        "110kV": "110kV", "220kV": ">=220kV", ">=220kV": ">=220kV",
    }),
)  # fmt: skip
_REGISTER = _choice(
    "register",
    {"total": "总|有功总", "sharp": "尖", "peak": "峰", "flat": "平", "valley": "谷", "deep_valley": "深谷",
     "reactive_forward": "正向无功", "reactive_reverse": "反向无功", "maximum_demand": "最大需量"},
)  # fmt: skip  # fmt: skip

_READING_KIND = _choice(
    "kind", {"period_end": "例行|抄表", "installed": "装表", "removed": "拆表"}, False, "period_end"
)
_METHOD = _choice("method", {"remote": "远采|集抄|自动", "manual": "手工|现场", "estimated": "估抄"}, False, "remote")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "organisations", ("code",),
            (_code("code"), _code("parent_code", False), Column("name_zh", required=True), Column("name_en")),
            "area",
            labels={"code": "unit_code"},
        ),
        Kind(
            "substations", ("code",),
            (_code("code"), Column("name", required=True), _code("county_code"),
             Column("voltage_kv", "whole", True, highest=1_100)),
            "point", True,
            labels={"code": "substation_code"},
        ),
        Kind(
            "feeders", ("code",),
            (_code("code"), Column("name", required=True), _code("substation_code")),
            "line", True,
            labels={"code": "feeder_code"},
        ),
        Kind(
            "districts", ("county_code", "code"),
            (_code("code"), Column("name", required=True), _code("station_code"),
             _choice("kind", {"public": "公变", "dedicated": "专变"}),
             Column("capacity_kva", "whole", True, lowest=1, highest=200_000), _code("feeder_code"),
             _code("manager_number", False)),
            "point", True,
            labels={"code": "district_code"},
        ),
        Kind(
            "customers", ("county_code", "number"),
            (_code("number"), Column("name", required=True), _CATEGORY, _VOLTAGES,
             Column("contract_capacity_kva", "decimal", True), _code("tariff_code"), _code("trade_code", False),
             Column("phone"), Column("address"), _code("district_code"), _code("reading_section_code", False),
             Column("opened_on", "day", True), Column("closed_on", "day")),
            "point",
            labels={"number": "customer_number", "name": "customer_name"},
        ),
        Kind(
            "meters", ("county_code", "number"),
            (_code("number"), _code("customer_number"), Column("multiplier", "whole", lowest=1, default="1"),
             Column("digits", "whole", True, lowest=3, highest=9), Column("installed_on", "day", True),
             Column("removed_on", "day")),
            labels={"number": "meter_number"},
        ),
        Kind(
            "readings", ("county_code", "month", "customer_number", "meter_number", "register", "read_at"),
            (_code("customer_number"), _code("meter_number"), _REGISTER, Column("read_at", "moment", True),
             Column("reading", "decimal", True, scale=4),
             _READING_KIND,
             _METHOD,
             _choice("quality", {"valid": "正常|有效", "suspect": "可疑"}, False, "valid")),
        ),
        Kind(
            "usage", ("county_code", "month", "customer_number"),
            (_code("customer_number"), Column("day", "day", True), Column("kwh", "decimal", True)),
        ),
        Kind(
            "risks", ("county_code", "number"),
            (_code("number"), _code("anomaly_code"),
             _choice("level", {"1": "I|Ⅰ|一级", "2": "II|Ⅱ|二级", "3": "III|Ⅲ|三级", "4": "IV|Ⅳ|四级"}),
             Column("state", "whole", highest=5, default="0"),
             Column("score", "whole", True, highest=100), Column("exposure_yuan", "decimal", default="0"),
             _code("district_code"), _code("customer_number", False), Column("detected_at", "moment", True)),
            "point", True,
            labels={"number": "risk_number"},
        ),
    )
}  # fmt: skip
"""In the order in which an empty database is filled. Adding a kind is one value here, its SQL in
`data_access.import_rules` and its texts."""
