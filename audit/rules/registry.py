"""All rules that run, by anomaly code, and why the other types of the catalogue don't run yet.

A rule is one function in a file of its subject and one entry in that file's `RULES`; a subject is one line here.
"""

from typing import Final

from audit.rules import (
    billing_checks,
    connection,
    consumption,
    generation,
    line_loss,
    metering,
    reading,
    tariff,
    theft,
)
from audit.rules.rule import Rule

_SUBJECTS: tuple[tuple[Rule, ...], ...] = (
    consumption.RULES,
    theft.RULES,
    metering.RULES,
    line_loss.RULES,
    generation.RULES,
    tariff.RULES,
    reading.RULES,
    billing_checks.RULES,
    connection.RULES,
)
RULES: Final[dict[str, Rule]] = {rule.code: rule for subject in _SUBJECTS for rule in subject}
"""Anomaly code → rule."""
_WAITING: tuple[tuple[str, str], ...] = (
    ("applications", "YK01 YK02 YK05"),
    ("contractors", "YK03"),
    ("contracts", "YK08"),
    ("capacity_events", "YK06 YK09"),
    ("fixed_ratios", "DJ07"),
    ("meter_assets", "DJ09"),
    ("discounts", "DJ10"),
    ("charging_piles", "DJ12"),
    ("market_exits", "DJ13"),
    ("check_meters", "CH06"),
    ("reader_history", "CH15"),
    ("meter_events", "JL01 JL02 JL03 JL09 FQ03 FQ04 FQ06"),
    ("currents", "JL04 JL08"),
    ("buildings", "FQ09"),
    ("receipts", "ZW01 ZW02 ZW03 ZW04 ZW05 ZW06 ZW07 ZW08 ZW09"),
    ("calls", "FW01 FW02"),
    ("outages", "FW04 FW05"),
    ("generation_settlement", "XX03"),
)
WAITING_FOR: Final[dict[str, str]] = {code: data for data, codes in _WAITING for code in codes.split()}
"""Anomaly code → the data that it waits for: key `rules.waiting_NAME` of the text catalogues."""
