"""The demo's people fill in forms that pass the same check as everybody's."""

from datetime import UTC, datetime

import numpy as np
import pytest

from audit.catalogue import catalogue
from audit.finding_forms import check, form_for
from demo.finding_values import asked_for


@pytest.mark.parametrize("code", sorted(catalogue().by_code))
def test_every_anomaly_type_is_filled_in_without_a_fault(code: str) -> None:
    for seed in range(5):
        asked = asked_for(code, datetime(2026, 7, 6, tzinfo=UTC), np.random.default_rng(seed))
        _, faults = check(form_for(code, asked.form), asked.values)
        assert faults == []
