"""Make `data/load_profiles.json` from SimBench's time series: `python -m demo.prepare_profiles FOLDER`.

The product never runs this. FOLDER holds `LoadProfile.csv` and `RESProfile.csv` of a SimBench "complete data" set
(package `simbench`, database under the ODbL 1.0): a year of quarter-hour values in 2016 for each consumer class. Kept
is what the demo needs: the shape of the day by season and kind of day, the level of each, and how single days lie
around it.
"""

import argparse
import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

TARGET = Path(__file__).resolve().parent / "data" / "load_profiles.json"
LOADS = (
    "H0-A", "H0-B", "H0-C", "H0-G", "H0-H", "H0-L", "G0-A", "G0-M", "G1-A", "G1-B", "G1-C", "G2-A", "G3-A", "G3-H",
    "G3-M", "G4-A", "G4-B", "G4-H", "G4-M", "G5-A", "G6-A", "L0-A", "L1-A", "L2-A", "L2-M", "BL-H", "WB-H",
    "APLS_A_11.0", "Air_Alternative_1", "Air_Parallel_1",
)  # fmt: skip
GENERATORS = ("PV1", "PV3", "PV5")
SEASONS = ("winter", "between", "summer")
DAY_KINDS = ("workday", "saturday", "sunday")
FIRST = date(2016, 1, 1)
QUARTERS = 96


def season_of(day: date) -> int:
    """0 winter (December to February), 2 summer (June to August), else 1."""
    return {12: 0, 1: 0, 2: 0, 6: 2, 7: 2, 8: 2}.get(day.month, 1)


def _columns(path: Path, wanted: dict[str, str]) -> dict[str, Any]:
    with path.open(newline="") as file:
        rows = csv.reader(file, delimiter=";")
        header = next(rows)
        places = {name: header.index(column) for name, column in wanted.items()}
        values: dict[str, list[float]] = {name: [] for name in wanted}
        for row in rows:
            for name, place in places.items():
                values[name].append(float(row[place]))
    return {name: np.array(column) for name, column in values.items()}


def _profile(quarters: Any) -> dict[str, Any]:
    count = len(quarters) // QUARTERS
    days = np.maximum(quarters[: count * QUARTERS], 0).reshape(count, QUARTERS)
    calendar = [FIRST + timedelta(days=number) for number in range(count)]
    season = np.array([season_of(day) for day in calendar])
    kind = np.array([0 if day.weekday() < 5 else day.weekday() - 4 for day in calendar])
    energy = days.sum(axis=1)
    hours = days.reshape(count, 24, 4).sum(axis=2)
    level: list[list[float]] = []
    shape: list[list[list[float]]] = []
    residual = np.ones(count)
    for one in range(3):
        level.append([])
        shape.append([])
        for other in range(3):
            chosen = (season == one) & (kind == other)
            mean = hours[chosen].mean(axis=0)
            total = max(mean.sum(), 1e-9)
            level[one].append(round(float(total / max(energy.mean(), 1e-9)), 4))
            shape[one].append([round(float(value / total), 5) for value in mean])
            residual[chosen] = energy[chosen] / max(energy[chosen].mean(), 1e-9)
    peak = days.max(axis=1) * QUARTERS / np.maximum(energy, 1e-9)
    return {
        "level": level,
        "shape": shape,
        "residual": [round(float(value), 3) for value in residual],
        "peak": round(float(np.median(peak[energy > 0])), 3),
    }


def make(folder: Path) -> dict[str, Any]:
    """All profiles of the data file."""
    loads = _columns(folder / "LoadProfile.csv", {name: f"{name}_pload" for name in LOADS})
    generators = _columns(folder / "RESProfile.csv", {name: name for name in GENERATORS})
    return {
        "source": "SimBench (www.simbench.de), ODbL 1.0; shapes derived from its 2016 time series",
        "made_on": datetime.now(UTC).date().isoformat(),
        "seasons": SEASONS,
        "day_kinds": DAY_KINDS,
        "profiles": {name: _profile(values) for name, values in (loads | generators).items()},
    }


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    TARGET.write_text(json.dumps(make(folder), separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
