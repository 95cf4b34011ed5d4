"""What changed from one bill to the next."""

from decimal import Decimal
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from billing.changes import what_changed

LINE = st.builds(
    SimpleNamespace,
    component=st.sampled_from(["purchase", "line_loss_fee", "tier_2"]),
    quantity=st.decimals(0, 10_000, places=2),
    amount=st.decimals(-5_000, 5_000, places=2),
)


def line(component: str, quantity: str, amount: str) -> SimpleNamespace:
    return SimpleNamespace(component=component, quantity=Decimal(quantity), amount=Decimal(amount))


def test_more_energy_and_a_higher_price_are_told_apart():
    (change,) = what_changed([line("purchase", "100", "50.00")], [line("purchase", "150", "90.00")])
    assert (change.by_quantity, change.by_price, change.difference) == (Decimal("25.00"), Decimal("15.00"), 40)


def test_a_component_that_came_or_went_is_all_quantity():
    came, went = what_changed([line("tier_2", "10", "0.50")], [line("line_loss_fee", "10", "0.70")])
    assert (came.component, came.before, came.by_quantity) == ("line_loss_fee", None, Decimal("0.70"))
    assert (went.component, went.after, went.by_quantity) == ("tier_2", None, Decimal("-0.50"))


def test_what_stayed_the_same_is_not_told():
    assert what_changed([line("purchase", "1", "2")], [line("purchase", "1", "2.00")]) == []


@given(st.lists(LINE, max_size=6), st.lists(LINE, max_size=6))
def test_the_changes_add_up_to_the_difference_of_the_bills(before, after):
    whole = sum((row.amount for row in after), Decimal(0)) - sum((row.amount for row in before), Decimal(0))
    assert sum((change.difference for change in what_changed(before, after)), Decimal(0)) == whole
