"""The grammar of values in YAML scenario files. No value holds a comma, as YAML's flow mappings split there.

value     := sum [".." sum]                      30..60 km/h        uniform; a unit at the end serves both ends
sum       := product (("+" | "-") product)*
product   := factor (("*" | "/") factor)*        $gap / $speed      units are checked
factor    := "-" factor | atom
atom      := number [unit] | clock | "$" name | "(" value ")" [unit] | call [unit]
call      := "normal" "(" sum "+-" sum "|" sum ".." sum ")"         normal(50 +- 5 | 30..70) km/h   truncated normal
| "choice" "(" option ("|" option)* ")"                  choice(0 mm/h x3 | 4 mm/h)      weighted
| "loguniform" "(" sum ".." sum ")" | "whole" "(" sum ".." sum ")"
| ("min" | "max") "(" sum ("|" sum)+ ")" | ("abs" | "sqrt") "(" sum ")"
option    := (value | word) ["x" weight]
clock     := hh ":" mm [":" ss]                  18:30
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from sim.scenario.distributions import Choice, Node, Normal, Number, Operation, Reference, Uniform, Word, children
from sim.scenario.units import NONE, TIME, UNITS, QuantityError, read_unit

MAX_TEXT = 400
MAX_DEPTH = 20

_BLANK = re.compile(r"\s*")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?![\d:])")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?|\.\d+)([eE][+-]?\d+)?")
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_REFERENCE = re.compile(r"\$([A-Za-z_]\w*)")
_WEIGHT = re.compile(r"x(\d+(?:\.\d+)?)")
_CALLS = ("normal", "choice", "loguniform", "whole", "min", "max", "abs", "sqrt")


def parse_value(text: str) -> Node:
    """Parse a value.

    Raises:
        QuantityError: if it does not follow the grammar.
    """
    if len(text) > MAX_TEXT:
        raise QuantityError(f"a value of {len(text)} characters is too long", f"At most {MAX_TEXT}.")
    if "," in text:
        raise QuantityError(
            f"a comma in {text!r}", "Values hold no commas: write normal(50 +- 5 | 30..70), choice(a | b)."
        )
    parser = _Parser(text)
    node = parser.value()
    parser.end()
    return node


def _with_unit(node: Node, unit: str) -> Node:
    """The unit written after a distribution serves its literals that have none."""
    dimension, factor = UNITS[unit]
    if isinstance(node, Number):
        return Number(node.value * factor, dimension) if node.bare else node
    if isinstance(node, Operation):
        return (
            replace(node, operands=tuple(_with_unit(n, unit) for n in node.operands))
            if node.op in ("neg", "+", "-")
            else node
        )
    if isinstance(node, Uniform):
        return replace(node, low=_with_unit(node.low, unit), high=_with_unit(node.high, unit))
    if isinstance(node, Normal):
        return Normal(*(_with_unit(n, unit) for n in children(node)))
    if isinstance(node, Choice):
        return Choice(tuple((_with_unit(option, unit), weight) for option, weight in node.options))
    return node


def _last_unit(text: str) -> str | None:
    """The unit at the end of a text, if a number stands before it."""
    for unit in sorted(UNITS, key=len, reverse=True):
        if text.rstrip().endswith(unit) and re.search(r"\d\s*$", text.rstrip()[: -len(unit)]):
            return unit
    return None


class _Parser:
    """Recursive descent over one value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def fail(self, message: str, hint: str = "") -> QuantityError:
        found = self.text[self.at : self.at + 12] or "the end"
        return QuantityError(f"{self.text!r}: {message}, found {found!r}", hint)

    def skip(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def take(self, token: str) -> bool:
        self.skip()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def need(self, token: str) -> None:
        if not self.take(token):
            raise self.fail(f"expected {token!r}")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.skip()
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def end(self) -> None:
        self.skip()
        if self.at != len(self.text):
            raise self.fail("expected the end of the value")

    def value(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise QuantityError("a value is nested too deeply")
        node = self.sum()
        if self.take(".."):
            node = self._range(node, "linear")
        self.depth -= 1
        return node

    def _range(self, low: Node, course: str) -> Uniform:
        start = self.at
        high = self.sum()
        unit = _last_unit(self.text[start : self.at])
        return Uniform(_with_unit(low, unit) if unit else low, high, course)

    def sum(self) -> Node:
        node = self.product()
        while True:
            self.skip()
            if self.text.startswith("+-", self.at):
                return node
            if self.take("+"):
                node = Operation("+", (node, self.product()))
            elif self.take("-"):
                node = Operation("-", (node, self.product()))
            else:
                return node

    def product(self) -> Node:
        node = self.factor()
        while True:
            if self.take("*"):
                node = Operation("*", (node, self.factor()))
            elif self.take("/"):
                node = Operation("/", (node, self.factor()))
            else:
                return node

    def factor(self) -> Node:
        self.depth += 1
        if self.depth > 3 * MAX_DEPTH:
            raise QuantityError("a value is nested too deeply")
        node = Operation("neg", (self.factor(),)) if self.take("-") else self.atom()
        self.depth -= 1
        if isinstance(node, Operation) and node.op == "neg" and isinstance(node.operands[0], Number):
            return replace(node.operands[0], value=-node.operands[0].value)
        return node

    def atom(self) -> Node:
        clock = self.match(_CLOCK)
        if clock:
            hours, minutes, seconds = int(clock[1]), int(clock[2]), int(clock[3] or 0)
            if hours > 24 or minutes > 59 or seconds > 59:
                raise QuantityError(f"no such time of day: {clock[0]}", "Write 18:30.")
            return Number(hours * 3600.0 + minutes * 60.0 + seconds, TIME)
        number = self.match(_NUMBER)
        if number:
            value = float(number[0])
            if not math.isfinite(value):
                raise QuantityError(f"not a finite number: {number[0]}")
            return self.unit(Number(value, NONE, bare=True))
        reference = self.match(_REFERENCE)
        if reference:
            return Reference(reference[1])
        if self.take("("):
            node = self.value()
            self.need(")")
            return self.unit(node)
        start = self.at
        name = self.match(_NAME)
        if name and name[0] in _CALLS:
            self.need("(")
            node = self.call(name[0])
            self.need(")")
            return self.unit(node)
        self.at = start
        raise self.fail("expected a number", "Write a quantity such as 3.5 m, 30..60 km/h or $name.")

    def unit(self, node: Node) -> Node:
        unit, self.at = read_unit(self.text, self.at)
        return _with_unit(node, unit) if unit else node

    def call(self, name: str) -> Node:
        if name == "choice":
            options = [self.option()]
            while self.take("|"):
                options.append(self.option())
            if sum(weight for _, weight in options) <= 0.0:
                raise QuantityError(f"{self.text!r}: all weights are zero")
            return Choice(tuple(options))
        first = self.sum()
        if name in ("loguniform", "whole"):
            self.need("..")
            return self._range(first, "log" if name == "loguniform" else "whole")
        if name in ("min", "max"):
            self.need("|")
            rest = [first, self.sum()]
            while self.take("|"):
                rest.append(self.sum())
            return Operation(name, tuple(rest))
        if name in ("abs", "sqrt"):
            return Operation(name, (first,))
        if not (self.take("+-") or self.take("±")):
            raise self.fail("expected '+-'", "Write normal(50 +- 5 | 30..70) km/h.")
        std = self.sum()
        self.need("|")
        low = self.sum()
        self.need("..")
        cut = self._range(low, "linear")
        return Normal(first, std, cut.low, cut.high)

    def option(self) -> tuple[Node, float]:
        self.skip()
        start = self.at
        word = self.match(_NAME)
        if word and word[0] not in _CALLS:
            node: Node = Word(word[0])
        else:
            self.at = start
            node = self.value()
        weight = self.match(_WEIGHT)
        return node, float(weight[1]) if weight else 1.0
