"""The small language of YAML rules: arithmetic, comparison and logic over named facts, in Decimal, nothing else.

A rule file comes from a utility, so it must not be able to do anything but compute: the syntax tree is checked against
a closed list before it is ever evaluated.
"""

import ast
from collections.abc import Mapping
from decimal import Decimal, DivisionByZero, InvalidOperation

from billing.exact import CONTEXT

Value = Decimal | bool | str | None

FUNCTIONS = {"abs": abs, "min": min, "max": max}
ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult,
    ast.Div, ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Tuple, ast.Name,
    ast.Load, ast.Constant, ast.Call,
)  # fmt: skip


class Unknown(Exception):
    """A fact that the expression needs is not known, or a quotient has no value: the rule stays silent."""


class Expression:
    """One checked expression. Raises ValueError for anything outside the language."""

    def __init__(self, source: str) -> None:
        try:
            tree = ast.parse(source, mode="eval")
        except SyntaxError as error:
            raise ValueError(f"not an expression: {source!r}: {error.msg}") from error
        for node in ast.walk(tree):
            if not isinstance(node, ALLOWED):
                raise ValueError(f"{type(node).__name__} is not allowed in {source!r}")
            if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS):
                raise ValueError(f"only {', '.join(FUNCTIONS)} can be called in {source!r}")
        self.source = source
        self._tree = tree.body
        called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and
                  isinstance(node.func, ast.Name)}  # fmt: skip
        self.names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - called

    def evaluate(self, facts: Mapping[str, Value]) -> Value:
        """The value over facts, None when a fact that it needs is unknown."""
        try:
            return _value(self._tree, facts)
        except (Unknown, DivisionByZero, InvalidOperation):
            return None


def _value(node: ast.expr, facts: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=bool() | str() as value):
            return value
        case ast.Constant(value=value):
            return Decimal(str(value))
        case ast.Name(id=name):
            known = facts.get(name)
            if known is None:
                raise Unknown(name)
            return known
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, facts)
        case ast.UnaryOp(operand=operand):
            return -_number(operand, facts)
        case ast.BoolOp(op=operation, values=values):
            results = (_value(item, facts) for item in values)
            return all(results) if isinstance(operation, ast.And) else any(results)
        case ast.BinOp(left=left, op=operation, right=right):
            return _arithmetic(operation, _number(left, facts), _number(right, facts))
        case ast.Compare(left=left, ops=operations, comparators=comparators):
            return _comparison(left, operations, comparators, facts)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name](*(_number(item, facts) for item in arguments))  # type: ignore[operator]
    raise ValueError(f"{ast.dump(node)} is not allowed here")


def _number(node: ast.expr, facts: Mapping[str, Value]) -> Decimal:
    value = _value(node, facts)
    if not isinstance(value, Decimal):
        raise Unknown(f"{value!r} is not a number")
    return value


def _arithmetic(operation: ast.operator, left: Decimal, right: Decimal) -> Decimal:
    match operation:
        case ast.Add():
            return CONTEXT.add(left, right)
        case ast.Sub():
            return CONTEXT.subtract(left, right)
        case ast.Mult():
            return CONTEXT.multiply(left, right)
    return CONTEXT.divide(left, right)


def _comparison(
    left: ast.expr, operations: list[ast.cmpop], comparators: list[ast.expr], facts: Mapping[str, Value]
) -> bool:
    before = _value(left, facts)
    for operation, comparator in zip(operations, comparators, strict=True):
        if isinstance(operation, ast.In | ast.NotIn):
            if not isinstance(comparator, ast.Tuple):
                raise Unknown("in needs a list")
            inside = before in [_value(item, facts) for item in comparator.elts]
            if inside != isinstance(operation, ast.In):
                return False
            continue
        after = _value(comparator, facts)
        if not _holds(operation, before, after):
            return False
        before = after
    return True


def _holds(operation: ast.cmpop, left: Value, right: Value) -> bool:
    if isinstance(operation, ast.Eq | ast.NotEq):
        return (left == right) == isinstance(operation, ast.Eq)
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        raise Unknown("only numbers have an order")
    match operation:
        case ast.Lt():
            return left < right
        case ast.LtE():
            return left <= right
        case ast.Gt():
            return left > right
    return left >= right
