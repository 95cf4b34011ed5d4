"""What changed from one bill to the next, component by component: split into energy and price, exact to the cent."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from billing.exact import CONTEXT, ZERO, add_up, half_up


class Line(Protocol):
    """What is asked of a bill's line."""

    @property
    def component(self) -> str:
        """Code of the component."""

    @property
    def quantity(self) -> Decimal:
        """In the line's unit."""

    @property
    def amount(self) -> Decimal:
        """Yuan."""


@dataclass(frozen=True, slots=True)
class Change:
    """One component in two bills: amounts in yuan, None where a bill does not have it.

    `by_quantity` + `by_price` is the difference. The price of a component is its amount over its quantity, so a shift
    between dear and cheap hours counts as price. A component that came or went is all quantity.
    """

    component: str
    before: Decimal | None
    after: Decimal | None
    by_quantity: Decimal
    by_price: Decimal

    @property
    def difference(self) -> Decimal:
        """After less before, yuan."""
        return add_up([self.by_quantity, self.by_price])


def what_changed(before: Iterable[Line], after: Iterable[Line]) -> list[Change]:
    """The changes by component, the largest first; components that stayed the same are left out."""
    old, new = _sums(before), _sums(after)
    found = []
    for component in [*new, *(name for name in old if name not in new)]:
        change = _change(component, old.get(component), new.get(component))
        if change.difference != 0 or change.by_quantity != 0:
            found.append(change)
    return sorted(found, key=lambda change: (-abs(change.difference), change.component))


def _sums(lines: Iterable[Line]) -> dict[str, tuple[Decimal, Decimal]]:
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for line in lines:
        quantity, amount = sums.get(line.component, (ZERO, ZERO))
        sums[line.component] = add_up([quantity, line.quantity]), add_up([amount, line.amount])
    return sums


def _change(component: str, old: tuple[Decimal, Decimal] | None, new: tuple[Decimal, Decimal] | None) -> Change:
    if old is None or new is None:
        whole = add_up([new[1] if new else ZERO, (old[1] if old else ZERO).copy_negate()])
        return Change(component, old[1] if old else None, new[1] if new else None, whole, ZERO)
    difference = CONTEXT.subtract(new[1], old[1])
    if old[0] == 0:
        return Change(component, old[1], new[1], difference, ZERO)
    moved = CONTEXT.divide(CONTEXT.multiply(CONTEXT.subtract(new[0], old[0]), old[1]), old[0])
    by_quantity = half_up(moved, 2)
    return Change(component, old[1], new[1], by_quantity, CONTEXT.subtract(difference, by_quantity))
