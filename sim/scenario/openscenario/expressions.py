"""Expressions of ASAM OpenSCENARIO XML 1.3 (``${...}``): a small parser of its own, so that a file can compute and nothing else."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

Value = float | bool | str

MAX_LENGTH = 10_000
"""Longest expression [characters]."""

MAX_DEPTH = 60
"""Deepest nesting of brackets, calls and signs."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|\$(?P<parameter>[A-Za-z_][\w]*)|(?P<name>[A-Za-z_][\w]*)"
    r"|'(?P<text>[^']*)'|(?P<op><=|>=|==|!=|&&|\|\||[-+*/%(),<>!]))"
)

_CONSTANTS = {"pi": math.pi, "e": math.e, "true": True, "false": False}


class ExpressionError(Exception):
    """An expression that cannot be read or computed."""


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


_FUNCTIONS: dict[str, tuple[int, int, Callable[..., Any]]] = {
    "abs": (1, 1, abs), "sign": (1, 1, _sign), "sqrt": (1, 1, math.sqrt), "pow": (2, 2, math.pow), "exp": (1, 1, math.exp),
    "log": (1, 1, math.log), "floor": (1, 1, math.floor), "ceil": (1, 1, math.ceil), "round": (1, 1, lambda x: math.floor(x + 0.5)),
    "min": (1, 20, min), "max": (1, 20, max), "sin": (1, 1, math.sin), "cos": (1, 1, math.cos), "tan": (1, 1, math.tan),
    "asin": (1, 1, math.asin), "acos": (1, 1, math.acos), "atan": (1, 2, lambda *a: math.atan2(*a) if len(a) == 2 else math.atan(*a)),
    "atan2": (2, 2, math.atan2),
}  # fmt: skip


def evaluate(text: str, parameter: Callable[[str], Value]) -> Value:
    """Value of an expression.

    Args:
        text: What stands between ``${`` and ``}``.
        parameter: Value of a parameter by name; may raise.

    Raises:
        ExpressionError: if it is no expression, or its value is no finite number.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression of {len(text)} characters is too long")
    return _Parser(_tokens(text), parameter).whole()


def _tokens(text: str) -> list[tuple[str, str]]:
    out, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(f"{text[at:].strip()[:20]!r} is not understood in the expression {text[:80]!r}")
        kind = str(match.lastgroup)
        out.append((kind, match.group(kind)))
        at = match.end()
    return out


class _Parser:
    """Recursive descent, loosest first: or, and, comparison, sum, product, sign."""

    def __init__(self, tokens: list[tuple[str, str]], parameter: Callable[[str], Value]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.parameter = parameter

    def whole(self) -> Value:
        if not self.tokens:
            raise ExpressionError("the expression is empty")
        value = self.either()
        if self.at < len(self.tokens):
            raise ExpressionError(f"{self.tokens[self.at][1]!r} is left over at the end of the expression")
        return value

    def take(self, *wanted: str) -> str | None:
        if self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            if kind in ("op", "name") and text in wanted:
                self.at += 1
                return text
        return None

    def either(self) -> Value:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("the expression is nested too deeply")
        value = self.both()
        while self.take("or", "||"):
            right = self.both()
            value = _truth(value) or _truth(right)
        self.depth -= 1
        return value

    def both(self) -> Value:
        value = self.comparison()
        while self.take("and", "&&"):
            right = self.comparison()
            value = _truth(value) and _truth(right)
        return value

    def comparison(self) -> Value:
        left = self.sum()
        op = self.take("<=", ">=", "==", "!=", "<", ">")
        if op is None:
            return left
        right = self.sum()
        if op in ("==", "!="):
            return _equal(left, right) == (op == "==")
        a, b = _number(left), _number(right)
        return {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[op]

    def sum(self) -> Value:
        value = self.product()
        while op := self.take("+", "-"):
            right = _number(self.product())
            value = _finite(_number(value) + right if op == "+" else _number(value) - right)
        return value

    def product(self) -> Value:
        value = self.signed()
        while op := self.take("*", "/", "%"):
            left, right = _number(value), _number(self.signed())
            if op != "*" and right == 0.0:
                raise ExpressionError("division by zero")
            value = _finite(left * right if op == "*" else left / right if op == "/" else math.fmod(left, right))
        return value

    def signed(self) -> Value:
        op = self.take("-", "+", "not", "!")
        if op is None:
            return self.atom()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("the expression is nested too deeply")
        inner = self.signed()
        self.depth -= 1
        if op in ("not", "!"):
            return not _truth(inner)
        return -_number(inner) if op == "-" else _number(inner)

    def atom(self) -> Value:
        if self.at >= len(self.tokens):
            raise ExpressionError("the expression ends too early")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return _finite(float(text))
        if kind == "text":
            return text
        if kind == "parameter":
            return self.parameter(text)
        if kind == "op" and text == "(":
            value = self.either()
            self.close()
            return value
        if kind == "name":
            return self.named(text)
        raise ExpressionError(f"{text!r} is out of place in the expression")

    def named(self, name: str) -> Value:
        if self.take("("):
            if name not in _FUNCTIONS:
                raise ExpressionError(f"there is no function {name!r}; known are {', '.join(_FUNCTIONS)}")
            least, most, function = _FUNCTIONS[name]
            arguments = [_number(self.either())]
            while self.take(","):
                arguments.append(_number(self.either()))
            self.close()
            if not least <= len(arguments) <= most:
                raise ExpressionError(f"{name} takes {least} argument{'s' if least > 1 else ''}, not {len(arguments)}")
            try:
                return _finite(float(function(*arguments)))
            except (ValueError, OverflowError, ZeroDivisionError):
                raise ExpressionError(f"{name}({', '.join(f'{a:g}' for a in arguments)}) cannot be computed") from None
        if name not in _CONSTANTS:
            raise ExpressionError(f"the name {name!r} is not known; parameters are written ${name}")
        return _CONSTANTS[name]

    def close(self) -> None:
        if not self.take(")"):
            raise ExpressionError("a closing bracket is missing")


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ExpressionError("the value is not a finite number")
    return value


def _number(value: Value) -> float:
    if isinstance(value, (bool, int, float)):
        return float(value)
    try:
        return _finite(float(value))
    except ValueError:
        raise ExpressionError(f"{value!r} is not a number") from None


def _equal(left: Value, right: Value) -> bool:
    """Equal as numbers, where both are, else as texts."""
    try:
        return float(left) == float(right)
    except ValueError:
        return format_value(left).lower() == format_value(right).lower()


def _truth(value: Value) -> bool:
    if isinstance(value, str):
        if value.lower() in ("true", "false", "1", "0"):
            return value.lower() in ("true", "1")
        raise ExpressionError(f"{value!r} is neither true nor false")
    return bool(value)


def format_value(value: Value) -> str:
    """A value as it would stand in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
