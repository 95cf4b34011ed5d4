"""Numbers that remember how they were made: the "why" of a bill.

A rule computes with `Traced` values and gets its proof for nothing. A stored trace is a flat list of nodes, each
naming its operation and the earlier nodes it takes, so that a total used by ten lines is stored once and anyone can
compute the list again from its leaves, without the tariff book, and compare to the cent.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from billing.exact import CONTEXT, allocate, half_up, text

Detail = dict[str, str]


class TraceMismatch(ValueError):
    """A stored trace does not give the values that it states."""


class TraceNode(BaseModel):
    """One step of a calculation; `inputs` are positions of earlier nodes in the same list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: str
    value: Decimal
    inputs: tuple[int, ...] = ()
    label: str = ""
    unit: str = ""
    detail: Detail = Field(default_factory=dict)


def _product(values: Sequence[Decimal], _detail: Detail) -> Decimal:
    result = Decimal(1)
    for value in values:
        result = CONTEXT.multiply(result, value)
    return result


def _total(values: Sequence[Decimal], _detail: Detail) -> Decimal:
    result = Decimal(0)
    for value in values:
        result = CONTEXT.add(result, value)
    return result


def _lookup(values: Sequence[Decimal], detail: Detail) -> Decimal:
    """The row was chosen by its key; another key would have been another row, so the proof must not hold."""
    if values[0] != Decimal(detail["key"]):
        raise TraceMismatch(f"lookup in {detail['table']}: key {text(values[0])}, row stored for {detail['key']}")
    return Decimal(detail["row"])


OPERATIONS: dict[str, Callable[[Sequence[Decimal], Detail], Decimal]] = {
    "add": _total,
    "subtract": lambda values, _: CONTEXT.subtract(values[0], values[1]),
    "multiply": _product,
    "divide": lambda values, _: CONTEXT.divide(values[0], values[1]),
    "root": lambda values, _: values[0].sqrt(CONTEXT),
    "absolute": lambda values, _: abs(values[0]),
    "minimum": lambda values, _: min(values),
    "maximum": lambda values, _: max(values),
    "round": lambda values, detail: half_up(values[0], int(detail["digits"])),
    "allocate": lambda values, detail: allocate(values[0], values[1:], int(detail["digits"]))[int(detail["share"])],
    "lookup": _lookup,
}
"""Every operation that a trace may hold, except the leaf. One line here and one method below add another."""


class Traced:
    """A Decimal with its history. Immutable by convention; `label` is a key of the text catalogue."""

    __slots__ = ("detail", "inputs", "label", "operation", "unit", "value")

    def __init__(
        self,
        value: Decimal,
        operation: str = "leaf",
        inputs: tuple["Traced", ...] = (),
        label: str = "",
        unit: str = "",
        detail: Detail | None = None,
    ) -> None:
        self.value = value
        self.operation = operation
        self.inputs = inputs
        self.label = label
        self.unit = unit
        self.detail = detail or {}

    def named(self, label: str, unit: str = "", **detail: str) -> "Traced":
        """The same step under a name that `explain` can print."""
        return Traced(self.value, self.operation, self.inputs, label, unit, {**self.detail, **detail})

    def __add__(self, other: "Traced") -> "Traced":
        return apply("add", self, other)

    def __sub__(self, other: "Traced") -> "Traced":
        return apply("subtract", self, other)

    def __mul__(self, other: "Traced") -> "Traced":
        return apply("multiply", self, other)

    def __truediv__(self, other: "Traced") -> "Traced":
        return apply("divide", self, other)

    def rounded(self, digits: int) -> "Traced":
        """Half-up to `digits` decimals as a step of its own."""
        return apply("round", self, digits=str(digits))

    def __repr__(self) -> str:
        return f"Traced({text(self.value)}, {self.operation}, {self.label!r})"


def leaf(value: Decimal | int | str, label: str, unit: str = "", **detail: str) -> Traced:
    """A number that came from outside: a reading, a tariff row, a date difference."""
    return Traced(Decimal(value), "leaf", (), label, unit, detail)


def apply(operation: str, *inputs: Traced, **detail: str) -> Traced:
    """One operation of `OPERATIONS` on traced numbers."""
    value = OPERATIONS[operation]([item.value for item in inputs], detail)
    return Traced(value, operation, inputs, detail=detail)


def total(values: Iterable[Traced], label: str, unit: str = "") -> Traced:
    """Sum of any number of traced values, zero for none."""
    return apply("add", *values).named(label, unit)


def allocated(whole: Traced, weights: Sequence[Traced], digits: int) -> list[Traced]:
    """`exact.allocate` with a trace for each share."""
    return [apply("allocate", whole, *weights, share=str(i), digits=str(digits)) for i in range(len(weights))]


def flatten(roots: Sequence[Traced]) -> tuple[list[TraceNode], list[int]]:
    """Nodes in an order in which inputs come first, and the position of each root."""
    nodes: list[TraceNode] = []
    places: dict[int, int] = {}

    def place(item: Traced) -> int:
        known = places.get(id(item))
        if known is not None:
            return known
        inputs = tuple(place(source) for source in item.inputs)
        nodes.append(
            TraceNode(
                operation=item.operation,
                value=item.value,
                inputs=inputs,
                label=item.label,
                unit=item.unit,
                detail=item.detail,
            )
        )
        places[id(item)] = len(nodes) - 1
        return len(nodes) - 1

    return nodes, [place(root) for root in roots]


def evaluate(nodes: Sequence[TraceNode]) -> list[Decimal]:
    """Compute a stored trace again from its leaves.

    Raises TraceMismatch when a step names an unknown operation, a later node, or gives another value than stored.
    """
    values: list[Decimal] = []
    for position, node in enumerate(nodes):
        if any(source >= position for source in node.inputs):
            raise TraceMismatch(f"node {position} takes a later node")
        if node.operation == "leaf":
            values.append(node.value)
            continue
        if node.operation not in OPERATIONS:
            raise TraceMismatch(f"node {position}: unknown operation {node.operation!r}")
        value = OPERATIONS[node.operation]([values[source] for source in node.inputs], node.detail)
        if value != node.value:
            raise TraceMismatch(f"node {position} ({node.label}): stored {text(node.value)}, computed {text(value)}")
        values.append(value)
    return values
