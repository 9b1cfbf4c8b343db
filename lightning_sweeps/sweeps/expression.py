"""Conditions over parameters: the `constraints` and `when` of a sweep file.

An expression is a small subset of Python: numbers, strings, truth values, names of parameters (dotted if nested),
arithmetic, comparisons, `in`, `and`, `or`, `not`, and the functions `abs`, `min` and `max`. The parsed tree is
evaluated here and never passed to `eval`. Every evaluation is short: there are no loops, and powers are bounded.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 500
MAX_NODES = 200
MAX_BITS = 1024
"""Largest size of an integer power, in bits."""

ALLOWED = "numbers, strings, parameters, + - * / // % **, comparisons, `in`, `and`, `or`, `not`, abs(), min(), max()"

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
_SIGNS: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"abs": abs, "min": min, "max": max}
_NODES: tuple[type[ast.AST], ...] = (
    ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.BinOp, ast.Pow, ast.Compare, ast.Tuple, ast.List, ast.Load,
    *_ARITHMETIC, *_COMPARISONS, *_SIGNS,
)  # fmt: skip


class ExpressionError(ValueError):
    """The text is not an expression. The message describes the error and its column."""


class MissingParameterError(LookupError):
    """The expression names a parameter that the parameter set does not have."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed condition."""

    text: str
    tree: ast.expr

    @property
    def names(self) -> frozenset[str]:
        """The parameters in the expression."""
        return frozenset(_names(self.tree))

    def holds(self, params: Mapping[str, Any]) -> bool:
        """Return whether the condition holds for a parameter set. A condition that cannot be computed does not hold.

        Raises:
            MissingParameterError: the set lacks a parameter that the expression names.
        """
        try:
            return bool(_value(self.tree, params))
        except (TypeError, ValueError, ArithmeticError):
            return False


def parse(text: str) -> Expression:
    """Parse an expression.

    Raises:
        ExpressionError: the text is not an expression.
    """
    if len(text) > MAX_TEXT:
        raise ExpressionError(f"has {len(text)} characters, allowed: {MAX_TEXT}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = f" at column {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise ExpressionError(f"is `{text}`, which is not an expression{column}, allowed: {ALLOWED}") from error
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        raise ExpressionError(f"is too long, allowed: {MAX_NODES} names, numbers and operators")
    _check(tree, text)
    return Expression(text, tree)


def _check(node: ast.AST, text: str) -> None:
    if not _is_allowed(node):
        part = ast.get_source_segment(text.strip(), node) if isinstance(node, ast.expr) else ""
        where = f" at column {node.col_offset + 1}" if isinstance(node, ast.expr) else ""
        raise ExpressionError(f"has `{part or type(node).__name__}`{where}, allowed: {ALLOWED}")
    if isinstance(node, ast.Name | ast.Attribute | ast.Constant):
        return
    children = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    for child in children:
        _check(child, text)


def _is_allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, bool | int | float | str) or node.value is None
    if isinstance(node, ast.Name | ast.Attribute):
        return _dotted(node) is not None
    if isinstance(node, ast.Call):
        is_known = isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
        return is_known and bool(node.args) and not node.keywords
    return isinstance(node, _NODES)


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name | ast.Attribute):
        return [_dotted(node) or ""]
    children = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    return [name for child in children for name in _names(child)]


def _value(node: ast.expr, params: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name | ast.Attribute):
        return _parameter(_dotted(node) or "", params)
    if isinstance(node, ast.BoolOp):
        parts = (bool(_value(part, params)) for part in node.values)
        return all(parts) if isinstance(node.op, ast.And) else any(parts)
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, params)
        return not value if isinstance(node.op, ast.Not) else _SIGNS[type(node.op)](value)
    if isinstance(node, ast.BinOp):
        return _computed(node.op, _value(node.left, params), _value(node.right, params))
    if isinstance(node, ast.Compare):
        return _compared(node, params)
    if isinstance(node, ast.Tuple | ast.List):
        return [_value(item, params) for item in node.elts]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _FUNCTIONS[node.func.id](*(_value(argument, params) for argument in node.args))
    raise TypeError(type(node).__name__)


def _parameter(name: str, params: Mapping[str, Any]) -> Any:
    for value in _values_of(name, params):
        return value
    raise MissingParameterError(name)


def _values_of(name: str, params: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the value with this dotted name. It is joined from names that may have dots themselves."""
    if name in params:
        yield params[name]
    for outer, inner in params.items():
        if isinstance(inner, Mapping) and name.startswith(f"{outer}."):
            yield from _values_of(name.removeprefix(f"{outer}."), inner)


def _computed(kind: ast.operator, left: Any, right: Any) -> Any:
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        raise TypeError("arithmetic needs numbers")
    if not isinstance(kind, ast.Pow):
        return _ARITHMETIC[type(kind)](left, right)
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > MAX_BITS:
        raise OverflowError("the power is too large")
    return left**right


def _compared(node: ast.Compare, params: Mapping[str, Any]) -> bool:
    left = _value(node.left, params)
    for kind, following in zip(node.ops, node.comparators, strict=True):
        right = _value(following, params)
        if not _COMPARISONS[type(kind)](left, right):
            return False
        left = right
    return True
