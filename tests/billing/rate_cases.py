"""The cases of the NREL rate engine as our tariffs: the same prices in a tariff file, the same hours, the same load."""

import datetime
import gzip
import json
from decimal import Decimal
from functools import cache
from pathlib import Path

from billing import TariffBook, standard_book
from billing.tariff.rows import TariffFile

FILE = Path(__file__).parent / "data" / "rate_engine_cases.json.gz"
YEAR = 2023  # not a leap year, like the engine's 8,760 hours
LETTERS = {1: "S", 2: "P", 3: "F", 4: "V"}
PERIODS = {1: "sharp", 2: "peak", 3: "flat", 4: "valley"}
HOURS_BEFORE = [24 * (datetime.date(YEAR, month, 1) - datetime.date(YEAR, 1, 1)).days for month in range(1, 13)] + [
    8760
]


@cache
def cases() -> dict:
    return json.loads(gzip.decompress(FILE.read_bytes()), parse_float=str)


def area(case: dict) -> TariffFile:
    """The case's prices as an area: tiers for the tiered one, period prices and hours for time-of-use."""
    dated = {"valid_from": "2000-01-01", "document": "rate engine case, prices are examples", "certainty": "found"}
    rows = case["ec_tou_mat"]
    first = [str(row[4]) for row in rows]
    zero = [
        {"id": f"none-{name}", "component": name, "value": "0", "unit": "CNY/kWh", **dated}
        for name in ("line_loss_fee", "transmission_distribution", "system_operation", "government_funds", "demand")
    ]
    content = {"format": "gridaudit.tariff/1", "area": case["name"], "title": {"en": case["name"]}, "prices": zero}
    if len(rows) == 4:
        content["prices"] += [
            {"id": f"energy-{PERIODS[int(row[0])]}", "component": "agency_purchase", "period": PERIODS[int(row[0])],
             "value": str(row[4]), "unit": "CNY/kWh", **dated}
            for row in rows
        ]  # fmt: skip
        content["prices"] += [
            {"id": "energy-deep", "component": "agency_purchase", "period": "deep_valley", "value": "0",
             "unit": "CNY/kWh", **dated},
            {"id": "fixed", "component": "capacity", "value": str(case["options"].get("fixed", 0)),
             "unit": "CNY/kVA/month", **dated},
        ]  # fmt: skip
        months = {str(m + 1): "".join(LETTERS[int(h)] for h in hours) for m, hours in enumerate(case["sched"])}
        content["hours"] = [{"id": "hours", "months": months, **dated}]
    else:
        content["prices"].append(
            {"id": "energy", "component": "residential_energy", "value": first[0], "unit": "CNY/kWh", **dated}
        )
        limits = [str(row[2]) for row in rows[:-1]] or ["100000000", "100000000"]
        adders = [str(Decimal(price) - Decimal(first[0])) for price in first[1:]] or ["0", "0"]
        content["tiers"] = [{"id": "tiers", "limits": limits, "adders": adders, **dated}]
    content["policies"] = [standard_book().areas["jibei"].tariff.policies[0].model_dump()]
    return TariffFile.model_validate(content)


def book(case: dict) -> TariffBook:
    return standard_book().with_tariffs(area(case))


def month(case: dict, number: int) -> dict:
    """One month of the case as the content of a case file: an 8,760-hour load cut at the month."""
    scale = Decimal(str(case["load_scale"]))
    load = cases()["loads_kw"][case["load"]][HOURS_BEFORE[number - 1] : HOURS_BEFORE[number]]
    start = datetime.date(YEAR, number, 1)
    end = datetime.date(YEAR + number // 12, number % 12 + 1, 1)
    account = {"account": case["name"], "area": case["name"], "scheme": "tiered"}
    if len(case["ec_tou_mat"]) == 4:
        # The fixed charge of the engine is a capacity charge of one kVA: the only charge by the month that there is.
        account |= {"scheme": "two_part", "time_of_use": True, "basic_charge": "capacity", "capacity_kva": "1"}
    return {
        "account": account,
        "readings": {
            "start": start,
            "end": end,
            "intervals": [{"start": f"{start}T00:00:00+08:00", "minutes": 60,
                           "kwh": [str(Decimal(str(kw)) * scale) for kw in load]}],
        },
        "policy": {"energy_digits": 6},
    }  # fmt: skip
