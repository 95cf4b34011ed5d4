"""Planted faults that sit in the account's file: one function a fault, one line an anomaly code.

A fault in the file makes wrong bills, not wrong readings: the account is billed by terms that do not suit it, from the
month after the fault began to the month in which it was put right.
"""

from collections.abc import Callable
from typing import Any

from demo.energy_accounts import Terms
from demo.load_shapes import Calendar, next_month
from demo.truth_rows import Truth

Content = dict[str, Any]


def _without(*keys: str) -> Callable[[Content], Content]:
    return lambda content: {key: value for key, value in content.items() if key not in keys}


def _single_part(content: Content) -> Content:
    if content["scheme"] != "two_part":
        return content
    return {**_without("basic_charge", "contract_demand_kw")(content), "scheme": "single_part"}


def _no_time_of_use(content: Content) -> Content:
    return {**content, "time_of_use": False} if content.get("time_of_use") else content


def _other_standard(content: Content) -> Content:
    other = {"0.90": "0.85", "0.85": "0.80", "0.80": "0.85"}
    standard = content.get("power_factor_standard")
    return {**content, "power_factor_standard": other[standard]} if standard else content


def _agricultural(content: Content) -> Content:
    if content["scheme"] != "single_part" or content["voltage"] != "<1kV":
        return content
    return {**content, "scheme": "agricultural", "time_of_use": False}


def _low_contract(content: Content) -> Content:
    if content["scheme"] != "two_part":
        return content
    low = str(round(float(content["capacity_kva"]) * 0.28))
    return {**content, "basic_charge": "contract_demand", "contract_demand_kw": low}


FILE_FAULTS: dict[str, Callable[[Content], Content]] = {
    "DJ03": _single_part,
    "DJ04": _no_time_of_use,
    "DJ05": _other_standard,
    "DJ06": _agricultural,
    "DJ08": _low_contract,
    "CH10": _without("line_loss_percent"),
}
"""Anomaly code (domain sheet 1.4) → the account's terms with the fault."""


def plant_in_file(terms: list[Terms], truth: list[Truth], calendar: Calendar) -> None:
    """Add the changed terms to the accounts that have such a fault."""
    for one in truth:
        fault = FILE_FAULTS.get(one.code)
        if fault is None or one.account is None:
            continue
        mine = terms[one.account]
        wrong = fault(mine.content)
        if wrong == mine.content or mine.changed:
            continue
        mine.changed.append((next_month(one.started), wrong))
        if one.ended is not None and next_month(one.ended) > next_month(one.started):
            mine.changed.append((next_month(one.ended), mine.content))
