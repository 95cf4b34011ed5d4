"""Exact numbers: one rounding rule and one sharing rule for every amount and every kWh of the package.

Binary floats are wrong for bills (domain sheet 2.11), and the caller's decimal context is not ours to trust:
everything here computes in a private context that is wide enough for every product of the package.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import wraps
from typing import ParamSpec, TypeVar

CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)
ZERO = Decimal(0)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def exactly(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Run a function in our decimal context, whatever precision or rounding the caller's thread has set."""

    @wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with localcontext(CONTEXT):
            return function(*args, **kwargs)

    return run


def add_up(values: Iterable[Decimal]) -> Decimal:
    """The exact sum.

    >>> add_up([Decimal("0.1"), Decimal("0.2")])
    Decimal('0.3')
    """
    result = ZERO
    for value in values:
        result = CONTEXT.add(result, value)
    return result


def half_up(value: Decimal, digits: int) -> Decimal:
    """Round half away from zero to `digits` decimals, the rule of a bill line (domain sheet 2.11).

    >>> half_up(Decimal("0.125"), 2), half_up(Decimal("-0.125"), 2)
    (Decimal('0.13'), Decimal('-0.13'))
    """
    return value.quantize(Decimal(1).scaleb(-digits), context=CONTEXT)


def allocate(total: Decimal, weights: Sequence[Decimal], digits: int) -> list[Decimal]:
    """Share `total` by `weights`; each share half-up to `digits` decimals, the remainder to the largest weight.

    The first of equal weights takes the remainder; without any weight the first share takes all.
    Source: domain sheet 2.10 (loss apportioned to periods by read kWh, remainder to the largest).

    >>> allocate(Decimal(367), [Decimal(9000), Decimal(13500), Decimal(7500)], 0)
    [Decimal('110'), Decimal('165'), Decimal('92')]
    """
    whole = add_up(weights)
    if whole == 0:
        return [total, *([ZERO] * (len(weights) - 1))]
    shares = [half_up(CONTEXT.divide(CONTEXT.multiply(total, weight), whole), digits) for weight in weights]
    largest = max(range(len(weights)), key=lambda index: weights[index])
    shares[largest] = add_up([shares[largest], total, *(share.copy_negate() for share in shares)])
    return shares


def text(value: Decimal) -> str:
    """Plain notation without an exponent: what files, traces and messages carry.

    >>> text(Decimal("1E+2")), text(Decimal("0.90"))
    ('100', '0.90')
    """
    return format(value, "f")
