"""The score of domain sheet 1.6, part by part."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from audit.scores import RiskInputs, risk_score, trend, unit_risk


def test_the_worst_case_is_100_and_every_part_is_kept() -> None:
    """40·1 + 25·1 + 15·1 + 10·1 + 10·1."""
    score = risk_score(RiskInputs(1, Decimal(50_000), 3, Decimal(1), Decimal(1)))
    assert score.value == 100
    assert {name: part["points"] for name, part in score.parts.items()} == {
        "severity": "40.0",
        "exposure": "25.0",
        "repeats": "15.0",
        "confidence": "10.0",
        "overdue": "10.0",
    }


def test_a_case_by_hand() -> None:
    """Level II: 28; 12 500 yuan: 6.25; one repeat: 5; precision 0.62: 6.2; in time: 0. Sum 45.45 → 45."""
    score = risk_score(RiskInputs(2, Decimal(12_500), 1, Decimal("0.62")))
    assert score.value == 45
    assert score.parts["exposure"] == {"points": "6.3", "from": "12500"}
    assert score.parts["confidence"]["from"] == "0.62"


def test_a_rule_without_history_is_neither_trusted_nor_distrusted() -> None:
    assert risk_score(RiskInputs(4, Decimal(0))).value == 13  # 8 + 5
    assert risk_score(RiskInputs(4, Decimal(0))).parts["confidence"]["from"] is None


@given(
    some.integers(1, 4), some.decimals(-1_000, 10**7, places=2), some.integers(0, 50), some.decimals(-1, 5, places=2)
)
def test_it_stays_between_0_and_100(level: int, exposure: Decimal, repeats: int, overdue: Decimal) -> None:
    score = risk_score(RiskInputs(level, exposure, repeats, Decimal("0.5"), overdue))
    assert 0 <= score.value <= 100
    higher = risk_score(RiskInputs(max(1, level - 1), exposure, repeats, Decimal("0.5"), overdue))
    assert higher.value >= score.value


@pytest.mark.parametrize("level", [0, 5])
def test_an_unknown_level_is_a_fault(level: int) -> None:
    with pytest.raises(ValueError, match="expected 1, 2, 3 or 4"):
        risk_score(RiskInputs(level, Decimal(0)))


def test_a_unit_is_as_risky_as_its_money() -> None:
    assert unit_risk([(80, Decimal(9_000)), (20, Decimal(1_000))]) == Decimal("74.0")
    assert unit_risk([(80, Decimal(0)), (20, Decimal(0))]) == Decimal("50.0")
    assert unit_risk([]) is None
    assert trend(Decimal("74.0"), Decimal("70.5")) == Decimal("3.5")
    assert trend(None, Decimal(1)) is None
