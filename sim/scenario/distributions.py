"""Values that may be random: what the grammar of `sim.scenario.grammar` parses into, and how it is checked and drawn.

Each random node is drawn from a stream of its own, keyed by the path of the field it stands in, so that adding a field, an actor or a
parameter changes no other draw.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sim.scenario.units import NONE, Dimension, QuantityError, describe, multiply

Value = float | str


class Source(Protocol):
    """Where draws and named parameters come from."""

    def uniform(self, purpose: str) -> float:
        """Uniform in [0, 1) for a purpose."""
        ...

    def normal(self, purpose: str) -> float:
        """Standard normal for a purpose."""
        ...

    def parameter(self, name: str) -> Value:
        """Drawn value of a named parameter."""
        ...


Types = Callable[[str], "Dimension | None"]
"""Dimension of a named parameter; None: it holds words. Raises QuantityError if there is none."""


@dataclass(frozen=True)
class Number:
    """A literal in SI; ``zero`` fits every dimension."""

    value: float
    dimension: Dimension
    bare: bool = False
    """Written without a unit."""


@dataclass(frozen=True)
class Word:
    """A name."""

    text: str


@dataclass(frozen=True)
class Reference:
    """A named parameter."""

    name: str


@dataclass(frozen=True)
class Operation:
    """``op`` of one or two operands: + - * / neg min max abs sqrt."""

    op: str
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Uniform:
    """Uniform, or uniform in the logarithm, or over whole numbers (both ends included)."""

    low: Node
    high: Node
    course: str = "linear"
    """'linear', 'log' or 'whole'."""


@dataclass(frozen=True)
class Normal:
    """Normal, cut off at ``low`` and ``high``."""

    mean: Node
    std: Node
    low: Node
    high: Node


@dataclass(frozen=True)
class Choice:
    """One of some options, by weight."""

    options: tuple[tuple[Node, float], ...]


Node = Number | Word | Reference | Operation | Uniform | Normal | Choice


def children(node: Node) -> tuple[Node, ...]:
    """Operands of a node."""
    if isinstance(node, Operation):
        return node.operands
    if isinstance(node, Uniform):
        return node.low, node.high
    if isinstance(node, Normal):
        return node.mean, node.std, node.low, node.high
    if isinstance(node, Choice):
        return tuple(option for option, _ in node.options)
    return ()


def references(node: Node) -> set[str]:
    """Names of the parameters a node depends on."""
    own = {node.name} if isinstance(node, Reference) else set()
    return own.union(*(references(child) for child in children(node)))


def is_random(node: Node) -> bool:
    """Whether a node draws anything itself (parameters aside)."""
    return isinstance(node, Uniform | Normal | Choice) or any(is_random(child) for child in children(node))


def _is_zero(node: Node) -> bool:
    return isinstance(node, Number) and node.bare and node.value == 0.0


def dimension_of(node: Node, types: Types) -> Dimension | None:
    """Dimension of a node; None for words.

    Raises:
        QuantityError: if dimensions do not match.
    """
    if isinstance(node, Number):
        return node.dimension
    if isinstance(node, Word):
        return None
    if isinstance(node, Reference):
        return types(node.name)
    parts = [(child, dimension_of(child, types)) for child in children(node)]
    if isinstance(node, Choice) and all(d is None for _, d in parts):
        return None
    if any(d is None for _, d in parts):
        raise QuantityError("words and numbers cannot be mixed")
    dimensions = [d for child, d in parts if not _is_zero(child) and d is not None]
    if isinstance(node, Operation) and node.op in "*/":
        a, b = parts[0][1], parts[1][1]
        assert a is not None and b is not None
        return multiply(a, b, 1 if node.op == "*" else -1)
    if isinstance(node, Operation) and node.op == "sqrt":
        inner = parts[0][1] or NONE
        if any(e % 2 for e in inner):
            raise QuantityError(f"sqrt of {describe(inner)}")
        return tuple(e // 2 for e in inner)  # type: ignore[return-value]
    for other in dimensions[1:]:
        if other != dimensions[0]:
            raise QuantityError(f"{describe(dimensions[0])} and {describe(other)} do not go together")
    return dimensions[0] if dimensions else NONE


def evaluate(node: Node, source: Source, purpose: str) -> Value:
    """The node's value: drawn where it is random.

    Raises:
        QuantityError: if the result is no finite number or a range is empty.
    """
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Word):
        return node.text
    if isinstance(node, Reference):
        return source.parameter(node.name)
    if isinstance(node, Choice):
        return _choose(node, source, purpose)
    values = [float(evaluate(child, source, f"{purpose}/{i}")) for i, child in enumerate(children(node))]
    if isinstance(node, Operation):
        result = _operate(node.op, values)
    elif isinstance(node, Uniform):
        result = _draw_uniform(node.course, values[0], values[1], source, purpose)
    else:
        result = _draw_normal(values[0], values[1], values[2], values[3], source, purpose)
    if not math.isfinite(result):
        raise QuantityError(f"the value is not a finite number: {result}")
    return result


def _operate(op: str, values: list[float]) -> float:
    try:
        if op == "+":
            return values[0] + values[1]
        if op == "-":
            return values[0] - values[1]
        if op == "*":
            return values[0] * values[1]
        if op == "/":
            return values[0] / values[1]
        if op == "sqrt":
            return math.sqrt(values[0])
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        raise QuantityError(f"cannot be computed: {error}") from None
    return {
        "neg": lambda: -values[0],
        "abs": lambda: abs(values[0]),
        "min": lambda: min(values),
        "max": lambda: max(values),
    }[op]()


def _draw_uniform(course: str, low: float, high: float, source: Source, purpose: str) -> float:
    if high < low:
        raise QuantityError(
            f"the range runs backwards: {low:g} to {high:g}", "To add a range, put it in brackets: $s + (2..5 m)."
        )
    u = source.uniform(purpose)
    if course == "log":
        if low <= 0.0:
            raise QuantityError("loguniform needs positive ends")
        return low * (high / low) ** u
    if course == "whole":
        first, last = math.ceil(low), math.floor(high)
        if last < first:
            raise QuantityError(f"no whole number from {low:g} to {high:g}")
        return float(min(first + math.floor(u * (last - first + 1)), last))
    return low + (high - low) * u


def _draw_normal(mean: float, std: float, low: float, high: float, source: Source, purpose: str) -> float:
    """Truncated by inversion, so that one uniform number suffices and neighbours stay independent."""
    if std <= 0.0 or high <= low:
        raise QuantityError("normal needs a positive deviation and a range that is not empty")
    from statistics import NormalDist

    unit = NormalDist()
    a, b = unit.cdf((low - mean) / std), unit.cdf((high - mean) / std)
    if b - a < 1e-12:
        raise QuantityError(f"the range {low:g}..{high:g} lies too far from the mean {mean:g}")
    p = min(max(a + (b - a) * source.uniform(purpose), 1e-15), 1 - 1e-15)
    return min(max(mean + std * unit.inv_cdf(p), low), high)


def _choose(node: Choice, source: Source, purpose: str) -> Value:
    total = sum(weight for _, weight in node.options)
    u = source.uniform(purpose) * total
    for i, (option, weight) in enumerate(node.options):
        u -= weight
        if u < 0.0 or i == len(node.options) - 1:
            return evaluate(option, source, f"{purpose}/{i}")
    raise AssertionError("a choice has options")


def bounds(node: Node) -> tuple[float, float]:
    """Least and greatest value of a node without parameters; infinite where not known."""
    if isinstance(node, Number):
        return node.value, node.value
    parts = [bounds(child) for child in children(node)]
    if isinstance(node, Uniform):
        return parts[0][0], parts[1][1]
    if isinstance(node, Normal):
        return parts[2][0], parts[3][1]
    if isinstance(node, Choice):
        return min(p[0] for p in parts), max(p[1] for p in parts)
    if isinstance(node, Operation) and node.op == "neg":
        return -parts[0][1], -parts[0][0]
    return -math.inf, math.inf
