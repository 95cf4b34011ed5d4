"""Make the demo's data files from their originals: `python -m demo.prepare ORIGINALS [--part territory|streets]`.

The product never runs this. It is here so that the originals stay replaceable: borders with rights of their own, a
newer list of towns, another street network. `territory` reads the five files named in `ORIGINAL_FILES`; `streets` needs
pandapower, and names in Latin letters need pypinyin, neither of which the product installs.
"""

import argparse
import csv
import gzip
import heapq
import io
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import shapely

DATA = Path(__file__).resolve().parent / "data"
MAP = Path(__file__).resolve().parents[1] / "assets" / "map"
ORIGINAL_FILES = (
    "jibei_counties.geojson",
    "jibei_towns_villages.csv",
    "jibei_coast.geojson",
    "jibei_rivers.geojson",
    "jibei_places.geojson",
)
MAP_BOX = (113.0, 38.0, 120.5, 43.0)
"""West, south, east, north of the map layers, WGS-84 degrees."""
COUNTY_TOLERANCE = 0.0007
"""Degrees (about 65 m): on top of the original's 50 m, still one coverage without gaps."""
PREFECTURES = {
    "1302": ("唐山市", "Tangshan"),
    "1303": ("秦皇岛市", "Qinhuangdao"),
    "1307": ("张家口市", "Zhangjiakou"),
    "1308": ("承德市", "Chengde"),
    "1310": ("廊坊市", "Langfang"),
}
COUNTY_NAMES_EN = {
    "130202": "Lunan", "130203": "Lubei", "130204": "Guye", "130205": "Kaiping", "130207": "Fengnan",
    "130208": "Fengrun", "130209": "Caofeidian", "130224": "Luannan", "130225": "Laoting", "130227": "Qianxi",
    "130229": "Yutian", "130281": "Zunhua", "130283": "Qian'an", "130284": "Luanzhou", "130302": "Haigang",
    "130303": "Shanhaiguan", "130304": "Beidaihe", "130306": "Funing", "130321": "Qinglong", "130322": "Changli",
    "130324": "Lulong", "130702": "Qiaodong", "130703": "Qiaoxi", "130705": "Xuanhua", "130706": "Xiahuayuan",
    "130708": "Wanquan", "130709": "Chongli", "130722": "Zhangbei", "130723": "Kangbao", "130724": "Guyuan",
    "130725": "Shangyi", "130726": "Yuxian", "130727": "Yangyuan", "130728": "Huai'an", "130730": "Huailai",
    "130731": "Zhuolu", "130732": "Chicheng", "130802": "Shuangqiao", "130803": "Shuangluan",
    "130804": "Yingshouyingzi", "130821": "Chengde County", "130822": "Xinglong", "130824": "Luanping",
    "130825": "Longhua", "130826": "Fengning", "130827": "Kuancheng", "130828": "Weichang", "130881": "Pingquan",
    "131002": "Anci", "131003": "Guangyang", "131022": "Gu'an", "131023": "Yongqing", "131024": "Xianghe",
    "131025": "Daicheng", "131026": "Wen'an", "131028": "Dachang", "131081": "Bazhou", "131082": "Sanhe",
}  # fmt: skip
CITY_PLACES = {"Tangshan", "Langfang", "Qinhuangdao", "Zhangjiakou", "Chengde"}
CORRECTED_ZH = {"承徳市": "承德", "滦县": "滦州"}
"""GeoNames writes Chengde with a variant character, and Luanzhou under its name before 2018."""
NEIGHBOURS = (("北京", "Beijing", 116.397, 39.908), ("天津", "Tianjin", 117.201, 39.133))
"""Not Jibei, but a map of it cannot be read without them (domain sheet 0)."""
VILLAGE_ENDINGS = re.compile(r"(社区居民委员会|社区居委会|居民委员会|村民委员会|村委会|居委会|家委会|社区|村)$")
TOWN_ENDINGS = re.compile(r"(满族乡|回族乡|蒙古族乡|满族镇|回族镇|街道办事处|街道|办事处|管理处|筹备处|地区|镇|乡)$")


def _read(path: Path) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def _write(path: Path, features: list[dict[str, Any]]) -> None:
    body = {"type": "FeatureCollection", "features": features}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def _geometry(shape: Any) -> dict[str, Any]:
    """GeoJSON with five decimals, about a metre."""

    def rounded(value: Any) -> Any:
        return round(value, 5) if isinstance(value, float) else [rounded(part) for part in value]

    mapping = shapely.geometry.mapping(shape)
    return {"type": mapping["type"], "coordinates": rounded(mapping["coordinates"])}


def counties(originals: Path) -> None:
    """Borders as one simplified coverage, so that neighbours keep sharing their line."""
    source = _read(originals / ORIGINAL_FILES[0])
    shapes = shapely.coverage_simplify([shapely.geometry.shape(row["geometry"]) for row in source], COUNTY_TOLERANCE)
    features = []
    for row, shape in zip(source, shapes, strict=True):
        code = row["properties"]["adcode"]
        whole = shapely.make_valid(shapely.set_precision(shape, 1e-5))
        polygons = shapely.MultiPolygon([part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"])
        properties = {"code": code, "name_zh": row["properties"]["name"], "name_en": COUNTY_NAMES_EN[code]}
        features.append({"type": "Feature", "properties": properties, "geometry": _geometry(polygons)})
    _write(DATA / "counties.geojson", sorted(features, key=lambda feature: feature["properties"]["code"]))


def _pinyin(name: str) -> str:
    from pypinyin import lazy_pinyin

    syllables = lazy_pinyin(name)
    joined = syllables[0] + "".join("'" + part if part[0] in "aoe" else part for part in syllables[1:])
    return joined.capitalize()


def towns(originals: Path) -> None:
    """Towns with their villages: code, name, name in Latin letters, short village names joined by `|`."""
    villages: dict[str, list[str]] = defaultdict(list)
    names: dict[str, str] = {}
    with (originals / ORIGINAL_FILES[1]).open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            if row["county_code"] not in COUNTY_NAMES_EN:
                continue  # Development zones: no border of their own in the data.
            names[row["town_code"]] = row["town"]
            villages[row["town_code"]].append(VILLAGE_ENDINGS.sub("", row["village"]) or row["village"])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("code", "name_zh", "name_en", "villages"))
    for code in sorted(names):
        short = TOWN_ENDINGS.sub("", names[code]) or names[code]
        writer.writerow((code, names[code], _pinyin(short), "|".join(villages[code])))
    # A fixed time in the header keeps the file the same for the same content.
    (DATA / "towns.csv.gz").write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))


def lines(originals: Path, name: str, target: str) -> None:
    """Coast or rivers clipped to the map's box."""
    features = []
    for row in _read(originals / name):
        clipped = shapely.clip_by_rect(shapely.geometry.shape(row["geometry"]), *MAP_BOX)
        features += [
            {"type": "Feature", "properties": {"rank": row["properties"]["level"]}, "geometry": _geometry(part)}
            for part in shapely.get_parts(clipped)
            if part.geom_type == "LineString" and not part.is_empty
        ]
    _write(MAP / target, features)


def places(originals: Path) -> None:
    """Towns and cities; `rank` 1 prefecture seats and neighbours, 2 county seats, 3 the rest."""
    features, seen = [], set()
    for row in _read(originals / ORIGINAL_FILES[4]):
        given = row["properties"]
        county = given["adcode"]
        rank = 1 if given["name"] in CITY_PLACES else 3 if county in seen or given["name"] == "Lunan" else 2
        if given["name"] in ("Haigang", "Lubei", "Guangyang", "Shuangqiao", "Shuangluan", "Anci"):
            rank = 3  # Districts of a city whose own name stands a few kilometres away.
        seen.add(county)
        properties = {
            "name_zh": CORRECTED_ZH.get(given["zh"], given["zh"]),
            "name_en": given["name"].replace("’", "'"),
            "rank": rank,
            "population": given["population"],
            "county_code": county,
        }
        point = {"type": "Point", "coordinates": [round(value, 5) for value in row["geometry"]["coordinates"]]}
        features.append({"type": "Feature", "properties": properties, "geometry": point})
    for name_zh, name_en, longitude, latitude in NEIGHBOURS:
        properties = {"name_zh": name_zh, "name_en": name_en, "rank": 1, "population": 0, "county_code": None}
        point = {"type": "Point", "coordinates": [longitude, latitude]}
        features.append({"type": "Feature", "properties": properties, "geometry": point})
    _write(MAP / "places.json", features)


def _tree(root: int, links: dict[int, list[tuple[int, float, list[Any]]]]) -> tuple[dict[int, int], dict[int, Any]]:
    """Shortest-path tree from the transformer: parent of each bus, and the line's course from parent to bus."""
    best, parent, course = {root: 0.0}, {}, {}
    queue = [(0.0, root)]
    while queue:
        distance, bus = heapq.heappop(queue)
        if distance > best[bus]:
            continue
        for other, length, points in links[bus]:
            if distance + length < best.get(other, math.inf):
                best[other] = distance + length
                parent[other], course[other] = bus, points
                heapq.heappush(queue, (distance + length, other))
    return parent, course


def streets() -> None:
    """The 14 transformer areas of pandapower's `lv_schutterwald`: street tree and customer points in whole metres.

    Each area: `x`, `y` east and north of the transformer, `parent` index of the next node towards it (-1 at the
    transformer), `customers` indices of the nodes where somebody is connected.
    """
    from pandapower.networks import lv_schutterwald

    net = lv_schutterwald()
    opened = {int(row.element) for row in net.switch.itertuples() if row.et == "l" and not row.closed}
    links: dict[int, list[tuple[int, float, list[Any]]]] = defaultdict(list)
    for row in net.line.itertuples():
        if row.Index in opened or not row.in_service:
            continue
        course = json.loads(row.geo)["coordinates"]
        links[row.from_bus].append((row.to_bus, row.length_km, course))
        links[row.to_bus].append((row.from_bus, row.length_km, course[::-1]))
    where = {int(bus): json.loads(geo)["coordinates"] for bus, geo in net.bus.geo.items() if isinstance(geo, str)}
    loads = {int(bus) for bus in net.load.bus}
    areas = []
    for root in (int(bus) for bus in net.trafo.lv_bus):
        parent, course = _tree(root, links)
        wanted: set[int] = set()
        for bus in loads & parent.keys():
            while bus != root and bus not in wanted:
                wanted.add(bus)
                bus = parent[bus]
        start = course[next(bus for bus in wanted if parent[bus] == root)][0] if root not in where else where[root]
        areas.append(_area(root, start, parent, course, sorted(wanted), loads))
    areas.sort(key=lambda area: -len(area["customers"]))
    (DATA / "street_template.json").write_text(json.dumps({"areas": areas}, separators=(",", ":")) + "\n")


def _area(
    root: int,
    start: list[float],
    parent: dict[int, int],
    course: dict[int, Any],
    wanted: Iterable[int],
    loads: set[int],
) -> dict[str, list[int]]:
    east = 111_320 * math.cos(math.radians(start[1]))
    nodes: list[tuple[int, int, int]] = [(0, 0, -1)]
    index = {root: 0}
    waiting = list(wanted)
    while waiting:
        later = []
        for bus in waiting:
            if parent[bus] not in index:
                later.append(bus)
                continue
            before = index[parent[bus]]
            for longitude, latitude in course[bus][1:]:
                x, y = round((longitude - start[0]) * east), round((latitude - start[1]) * 110_950)
                if (x, y) != nodes[before][:2]:
                    nodes.append((x, y, before))
                    before = len(nodes) - 1
            index[bus] = before
        waiting = later
    customers = sorted({index[bus] for bus in wanted if bus in loads})
    columns = np.array(nodes).T.tolist()
    return {"x": columns[0], "y": columns[1], "parent": columns[2], "customers": customers}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("originals", type=Path, help="folder with the original files")
    parser.add_argument("--part", choices=("territory", "streets"), default="territory")
    chosen = parser.parse_args()
    if chosen.part == "streets":
        streets()
        return
    counties(chosen.originals)
    towns(chosen.originals)
    lines(chosen.originals, ORIGINAL_FILES[2], "coast.json")
    lines(chosen.originals, ORIGINAL_FILES[3], "rivers.json")
    places(chosen.originals)


if __name__ == "__main__":
    main()
