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
WAITING_FOR: Final[dict[str, str]] = {}
"""Anomaly code → the data that it waits for: key `rules.waiting_NAME` of the text catalogues."""
