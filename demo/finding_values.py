"""What the demo's people fill in when a finding has to be priced: plausible values for every field of every form.

Amounts are then computed like everybody's (`data_access.ticket_amounts`), from the demo customers' own bills.
"""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from audit.finding_forms import FormField, form_for
from data_access.ticket_amounts import Asked
from settings import DISPLAY_ZONE

LEFT_EMPTY = 0.7
"""Share of optional fields that nobody fills in: then the bills know the figure, or the rule."""
RANGES: dict[str, tuple[float, float, int]] = {
    "power_kw": (0.8, 9, 1),
    "supply_kw": (2, 40, 0),
    "excess_kva": (20, 160, 0),
    "sealed_kva": (50, 315, 0),
    "months": (1, 5, 0),
    "days": (20, 150, 0),
    "hours_a_day": (3, 12, 0),
    "billed_multiplier": (20, 30, 0),
    "true_multiplier": (40, 60, 0),
    "error_percent": (-6, 4, 1),
    "normal_kwh": (300, 2_400, 0),
    "fault_kwh": (20, 290, 0),
    "true_kwh": (300, 2_400, 0),
    "billed_kwh": (60, 290, 0),
    "right_line_loss_percent": (0.5, 3, 1),
    "amount_yuan": (200, 60_000, 2),
    "times": (1, 1, 0),
}
"""Least, most and decimals, by field; others lie between 1 and 500."""
FIXED: dict[str, Any] = {
    "basis": "device_rating",
    "change": "line_loss",
    "right_scheme": "single_part",
    "element_1": "right",
    "element_2": "right",
    "element_3": "none",
    "stopped": True,
    "corrected": True,
    "replaced": True,
}


def asked_for(anomaly_code: str, now: datetime, chance: np.random.Generator) -> Asked:
    """A filled-in form of the anomaly's usual kind; the breach charge is left to the preview's cap."""
    form = form_for(anomaly_code)
    today = now.astimezone(DISPLAY_ZONE).date()
    given: dict[str, Any] = {}
    for field in form.fields:
        if field.plays(given) and (field.required or chance.random() > LEFT_EMPTY):
            given[field.name] = _value(field, today, chance)
    return Asked(form=form.code, values=given)


def _value(field: FormField, today: date, chance: np.random.Generator) -> Any:
    if field.name in FIXED:
        return FIXED[field.name]
    match field.kind:
        case "choice":
            return str(field.choices[int(chance.integers(len(field.choices)))])
        case "yes_no":
            return True
        case "date":
            back = 20 if field.name in ("until_day", "corrected_on", "done_on", "banked_on") else 140
            return (today - timedelta(days=back)).isoformat()
        case "text":
            return "示例"
    low, high, decimals = RANGES.get(field.name, (1, 500, 0))
    return f"{float(chance.uniform(low, high)):.{decimals}f}"
