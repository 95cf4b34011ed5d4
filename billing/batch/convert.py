"""Between cases and rows: a row as a case explains a batch bill; cases as rows make a batch of what is in files."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from billing.batch.columns import (
    BASIC_CHARGES,
    COLUMNS,
    MISSING,
    PERIODS,
    REGISTERS,
    SCHEMES,
    SUPPLIES,
    VOLTAGES,
    Columns,
)
from billing.batch.plans import EPOCH, day_of, scaled
from billing.exact import CONTEXT
from billing.model.account import Account, FormulaLoss
from billing.model.case import Case, PolicyChoice
from billing.tariff.book import TariffBook


def case_of_row(
    columns: Columns, row: int, book: TariffBook, policy: PolicyChoice | None = None, known_at: datetime | None = None
) -> Case:
    """One row as a case: `billing.bill` of it is the row's bill with lines, trace and explanation.

    Raises IndexError, OverflowError or ValidationError for a row whose codes or days are none; `BatchResult.findings`
    says what is wrong with such a row.
    """

    def number(name: str) -> Decimal | None:
        value = int(columns.get(name)[row]) if COLUMNS[name].default != MISSING or columns.has(name) else MISSING
        return None if value == MISSING else Decimal(value).scaleb(-COLUMNS[name].scale, CONTEXT)

    def whole(name: str) -> int:
        return int(columns.get(name)[row])

    def day(name: str) -> date | None:
        value = number(name)
        return None if value is None else day_of(int(value))

    areas = tuple(book.areas)
    area = whole("area")
    account: dict[str, Any] = {
        "account": columns.name(row),
        "area": areas[area] if 0 <= area < len(areas) else f"area {area}",
        "scheme": SCHEMES[whole("scheme")],
        "voltage": VOLTAGES[whole("voltage")],
        "time_of_use": bool(whole("time_of_use")),
        "supply": SUPPLIES[whole("supply")],
        "agency_penalty": bool(whole("agency_penalty")),
        "green_premium": number("green_premium"),
        "basic_charge": BASIC_CHARGES[whole("basic_charge")],
        "capacity_kva": number("capacity_kva"),
        "contract_demand_kw": number("contract_demand_kw"),
        "persons": whole("persons"),
        "free_kwh": number("free_kwh"),
        "opened": day("opened"),
        "closed": day("closed"),
        "line_loss_percent": number("line_loss_percent"),
        "line_loss_reactive_percent": number("line_loss_reactive_percent"),
        "contract_prices": {
            period: price for period in PERIODS if (price := number(f"contract_price_{period}")) is not None
        },
    }
    if whole("power_factor_standard"):
        account["power_factor_standard"] = number("power_factor_standard")
    account["capacity_spans"] = _spans(number, day, whole)
    account["transformers"] = _transformers(number, whole)
    if whole("sub_kind"):
        account["sub_accounts"] = [
            {
                "code": "sub",
                "kind": "ratio" if whole("sub_kind") == 1 else "quantity",
                "value": number("sub_value"),
                "scheme": SCHEMES[whole("sub_scheme")],
            }
        ]
    readings: dict[str, Any] = {
        "start": day("period_start"),
        "end": day("period_end"),
        "cycle_days": whole("cycle_days") or None,
        "meters": _meters(columns, number, whole),
        "adjust_kwh": {period: value for period in PERIODS if (value := number(f"adjust_{period}"))},
        "green_kwh": number("green_kwh"),
        "year_to_date_kwh": number("year_to_date_kwh"),
    }
    content = {"account": account, "readings": readings, "policy": policy or PolicyChoice(), "known_at": known_at}
    return Case.model_validate(content)


def _spans(number: Any, day: Any, whole: Any) -> list[dict[str, Any]]:
    spans = []
    if any(number(name) is not None for name in ("basic_kva", "basic_from", "basic_to", "second_kva")):
        for prefix in ("basic", "second"):
            kva = number(f"{prefix}_kva")
            if kva is None and prefix == "basic":
                kva = number("capacity_kva") or Decimal(0)
            if kva is not None:
                spans.append(
                    {
                        "kva": kva,
                        "start": day(f"{prefix}_from") or day_of(whole("period_start")),
                        "until": day(f"{prefix}_to") or day_of(whole("period_end")),
                    }
                )
    return spans


def _transformers(number: Any, whole: Any) -> list[dict[str, Any]]:
    names: tuple[str, ...]
    match whole("loss_method"):
        case 1:
            names = ("no_load_loss_kw", "load_loss_kw", "no_load_current_percent", "short_circuit_percent",
                     "load_shape_factor")  # fmt: skip
            return [
                {"method": "formula", "rated_kva": number("rated_kva") or 0, "hours": number("transformer_hours")}
                | {name: number(name) for name in names}
            ]
        case 2:
            names = ("iron_kwh_per_day", "copper_share", "iron_kvarh_per_day", "copper_reactive_share")
            return [{"method": "table", "days": number("transformer_days")} | {name: number(name) for name in names}]
    return []


def _meters(columns: Columns, number: Any, whole: Any) -> list[dict[str, Any]]:
    meters = []
    for meter, prefix in (("1", ""), ("removed", "removed_")):
        registers = {
            register: {"previous": previous, "current": current}
            for register in REGISTERS
            if columns.has(f"{prefix}current_{register}")
            and (previous := number(f"{prefix}previous_{register}")) is not None
            and (current := number(f"{prefix}current_{register}")) is not None
        }
        demand = number(f"{prefix}maximum_demand")
        if registers or demand is not None or not prefix:
            meters.append(
                {
                    "meter": meter,
                    "multiplier": number(f"{prefix}multiplier"),
                    "digits": min(12, max(1, whole(f"{prefix}digits"))),
                    "registers": registers,
                    "maximum_demand": demand,
                }
            )
    return meters


def row_of_case(case: Case, book: TariffBook) -> dict[str, int] | None:
    """A case as one row, or None when it holds what columns can't (several lines, interval data, finer decimals)."""
    account, readings = case.account, case.readings
    if account.area not in book.areas or readings.intervals or readings.demand_lines or not readings.meters:
        return None
    if len(readings.meters) > 2 or len(account.transformers) > 1 or len(account.sub_accounts) > 1:
        return None
    if len(account.capacity_spans) > 2 or any(span.until <= span.start for span in account.capacity_spans):
        return None
    values: dict[str, Decimal | int | date | None] = {
        "area": list(book.areas).index(account.area),
        "scheme": SCHEMES.index(account.scheme),
        "voltage": VOLTAGES.index(account.voltage),
        "time_of_use": int(account.time_of_use),
        "supply": SUPPLIES.index(account.supply),
        "agency_penalty": int(account.agency_penalty),
        "basic_charge": BASIC_CHARGES.index(account.basic_charge),
        "power_factor_standard": account.power_factor_standard or 0,
        "period_start": readings.start,
        "period_end": readings.end,
        "cycle_days": readings.cycle_days or 0,
    }
    for name in ("green_premium", "capacity_kva", "contract_demand_kw", "persons", "free_kwh", "opened", "closed",
                 "line_loss_percent", "line_loss_reactive_percent"):  # fmt: skip
        values[name] = getattr(account, name)
    values |= {"green_kwh": readings.green_kwh, "year_to_date_kwh": readings.year_to_date_kwh}
    values |= {f"adjust_{period}": kwh for period, kwh in readings.adjust_kwh.items()}
    values |= {f"contract_price_{period}": price for period, price in account.contract_prices.items()}
    for prefix, meter in zip(("", "removed_"), readings.meters, strict=False):
        values |= {f"{prefix}multiplier": meter.multiplier, f"{prefix}digits": meter.digits,
                   f"{prefix}maximum_demand": meter.maximum_demand}  # fmt: skip
        for register, reading in meter.registers.items():
            values |= {f"{prefix}previous_{register}": reading.previous, f"{prefix}current_{register}": reading.current}
    for prefix, span in zip(("basic", "second"), account.capacity_spans, strict=False):
        values |= {f"{prefix}_kva": span.kva, f"{prefix}_from": span.start, f"{prefix}_to": span.until}
    values |= _loss_values(account)
    for sub in account.sub_accounts:
        kinds = {"ratio": 1, "quantity": 2}
        values |= {"sub_kind": kinds[sub.kind], "sub_value": sub.value, "sub_scheme": SCHEMES.index(sub.scheme)}
    return _scaled(values)


def _loss_values(account: Account) -> dict[str, Decimal | int | date | None]:
    for item in account.transformers:
        if isinstance(item, FormulaLoss):
            return {
                "loss_method": 1, "rated_kva": item.rated_kva, "no_load_loss_kw": item.no_load_loss_kw,
                "load_loss_kw": item.load_loss_kw, "no_load_current_percent": item.no_load_current_percent,
                "short_circuit_percent": item.short_circuit_percent, "load_shape_factor": item.load_shape_factor,
                "transformer_hours": item.hours,
            }  # fmt: skip
        return {
            "loss_method": 2, "iron_kwh_per_day": item.iron_kwh_per_day, "copper_share": item.copper_share,
            "iron_kvarh_per_day": item.iron_kvarh_per_day, "copper_reactive_share": item.copper_reactive_share,
            "transformer_days": item.days,
        }  # fmt: skip
    return {}


def _scaled(values: dict[str, Decimal | int | date | None]) -> dict[str, int] | None:
    row = {}
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, date):
            row[name] = (value - EPOCH).days
            continue
        number = scaled(Decimal(value), COLUMNS[name].scale)
        if number is None or abs(number) >= 10**15:
            return None
        row[name] = number
    return row


def columns_of_cases(cases: Sequence[Case], book: TariffBook) -> tuple[Columns, list[int], list[int]]:
    """The cases that fit columns as columns, their positions, and the positions of the others."""
    rows, fitting, others = [], [], []
    for position, case in enumerate(cases):
        row = row_of_case(case, book)
        if row is None:
            others.append(position)
        else:
            rows.append(row)
            fitting.append(position)
    names = {"area", "scheme", "period_start", "period_end"} | {name for row in rows for name in row}
    arrays = {name: [row.get(name, COLUMNS[name].default or 0) for row in rows] for name in sorted(names)}
    return (
        Columns({name: np.array(values, np.int64) for name, values in arrays.items()},
                [cases[position].account.account for position in fitting]),
        fitting,
        others,
    )  # fmt: skip
