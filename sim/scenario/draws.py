"""Draws of one world: each value by its own path, recorded, and read back from a record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sim.random import Stream
from sim.scenario.distributions import Node, Value, evaluate, is_random, references
from sim.scenario.fields import Quantity, check_bounds
from sim.scenario.source import Path_, dotted
from sim.scenario.units import QuantityError


class Rejected(Exception):
    """A drawn world is not acceptable; another draw may be.

    Args:
        reason: Why not.
        path: Where the fault shows in the file.
    """

    def __init__(self, reason: str, path: Path_ = (), hint: str = "") -> None:
        self.reason = reason
        self.path = path
        self.hint = hint
        super().__init__(reason)


class _Scoped:
    """Draws of one try from one stream; see `sim.scenario.distributions.Source`."""

    def __init__(self, draws: Draws, stream: Stream) -> None:
        self.draws = draws
        self.stream = stream

    def uniform(self, purpose: str) -> float:
        return self.stream.uniform(f"{self.draws.scope}/{purpose}", self.draws.attempt)

    def normal(self, purpose: str) -> float:
        return self.stream.normal(f"{self.draws.scope}/{purpose}", self.draws.attempt)

    def parameter(self, name: str) -> Value:
        return self.draws.parameter(name)


class Draws:
    """Draws a file's values, or reads them from a record.

    Args:
        parameters: The file's named parameters.
        map_parameters: Those the map depends on: drawn from the map's stream, so that worlds share maps.
        stream: The world's stream; None with a record.
        attempt: Counts rejected tries.
        record: Draws to repeat.
        scope: Keeps the draws of different scenarios apart that share a key: its id.
    """

    def __init__(
        self,
        parameters: Mapping[str, Node],
        map_parameters: frozenset[str],
        stream: Stream | None,
        attempt: int = 0,
        record: Mapping[str, float | str] | None = None,
        scope: str = "",
    ) -> None:
        self.parameters = parameters
        self.map_parameters = map_parameters
        self.attempt = attempt
        self.scope = scope
        self.given = record
        self.record: dict[str, float | str] = {}
        self._values: dict[str, Value] = {}
        self._active: set[str] = set()
        stream = stream or Stream(0, 0)
        self.world = _Scoped(self, stream)
        variant = self._keep(
            "map.variant", lambda: float(stream.integer(f"{scope}/map.variant", max(1, stream.map_variants), attempt))
        )
        self.variant = int(variant)
        self.map = _Scoped(self, Stream(stream.seed, self.variant))

    def _keep(self, name: str, draw: Any) -> float | str:
        """A draw by name: from the record if there is one, else drawn and recorded."""
        if self.given is not None:
            if name not in self.given:
                raise QuantityError(
                    f"the record holds no draw {name!r}", "It was made with another version of the file."
                )
            value = self.given[name]
        else:
            value = draw()
        self.record[name] = value
        return value

    def parameter(self, name: str) -> Value:
        """Drawn value of a named parameter."""
        if name not in self._values:
            if name in self._active:
                raise QuantityError(f"parameter {name!r} depends on itself")
            self._active.add(name)
            scope = self.map if name in self.map_parameters else self.world
            self._values[name] = self._evaluate(self.parameters[name], f"parameters.{name}", scope)
            self._active.discard(name)
        return self._values[name]

    def _evaluate(self, node: Node, name: str, scope: _Scoped) -> Value:
        if is_random(node):
            return self._keep(name, lambda: evaluate(node, scope, name))
        return evaluate(node, scope, name)

    def value(self, quantity: Quantity, path: Path_) -> Value:
        """A field's value.

        Raises:
            Rejected: if it leaves its bounds.
        """
        name = dotted(path)
        try:
            value = self._evaluate(
                quantity.node, name, self.map if name.startswith(("map.", "setting")) else self.world
            )
            if quantity.kind is not None:
                value = float(value)
                check_bounds(value, quantity.kind, quantity.text)
                if quantity.kind.whole and abs(value - round(value)) > 1e-6:
                    raise QuantityError(f"{quantity.text!r} drew {value:g}, not a whole number", "Use whole(1..4).")
        except QuantityError as error:
            raise Rejected(error.message, path, error.hint) from None
        return value

    def number(self, quantity: Quantity | None, path: Path_, default: float = 0.0) -> float:
        """A number, or the default where the file says nothing."""
        return default if quantity is None else float(self.value(quantity, path))

    def whole(self, quantity: Quantity | None, path: Path_, default: int = 0) -> int:
        """A whole number."""
        return default if quantity is None else round(float(self.value(quantity, path)))

    def word(self, quantity: Quantity | None, path: Path_, default: str = "") -> str:
        """A word.

        Raises:
            Rejected: if a parameter brings in one that is not allowed here.
        """
        if quantity is None:
            return default
        text = str(self.value(quantity, path))
        if quantity.words and text not in quantity.words:
            raise Rejected(f"{text!r} is not one of {', '.join(quantity.words)}", path)
        return text

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> float:
        """A layout draw that the file only implies, by name."""
        return float(self._keep(name, lambda: low + (high - low) * self.world.uniform(name)))

    def choose(self, name: str, node: Node) -> str:
        """A word from a choice that stands for many things of one kind (fillers)."""
        if not is_random(node):
            return str(evaluate(node, self.world, name))
        return str(self._keep(name, lambda: evaluate(node, self.world, name)))

    def sample(self, name: str, quantity: Quantity, path: Path_) -> float:
        """A number drawn again for each of many things of one kind (fillers)."""
        try:
            value = float(self._evaluate(quantity.node, name, self.world))
            if quantity.kind is not None:
                check_bounds(value, quantity.kind, quantity.text)
        except QuantityError as error:
            raise Rejected(error.message, path, error.hint) from None
        return value

    def integer(self, name: str, n: int) -> int:
        """A layout draw of 0..n-1 by name."""
        return min(int(self.uniform(name) * n), n - 1)

    def asset(self, name: str, choose: Any) -> str:
        """Which asset a layout draw picks: ``choose`` maps a non-negative integer to a name."""
        return str(self._keep(name, lambda: choose(int(self.world.uniform(name) * 2**31))))

    def look_seed(self) -> int:
        """Seeds everything that changes looks only, apart from all layout draws."""
        return int(self._keep("look", lambda: float(self.world.stream.words(f"{self.scope}/look")[0])))


def tell_rejections(rejected: Sequence[str], drawn: int) -> str:
    """What share of tries was rejected and why most of them, with one of these as an example.

    Args:
        rejected: The reasons; those that differ only in their numbers count as one.
        drawn: How many tries were not rejected.
    """
    tries = len(rejected) + drawn
    kinds = [re.sub(r"[-+]?\d+(\.\d+)?", "#", reason) for reason in rejected]
    kind, count = Counter(kinds).most_common(1)[0]
    most = "" if count == len(rejected) else f"{count} times "
    example = rejected[kinds.index(kind)]
    return (
        f"{len(rejected) / tries:.0%} of tries rejected and drawn again ({len(rejected)} of {tries}): {most}{example}"
    )


def closure(names: set[str], parameters: Mapping[str, Node]) -> frozenset[str]:
    """The named parameters and all they depend on."""
    found: set[str] = set()
    queue = [n for n in names if n in parameters]
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue += [n for n in references(parameters[name]) if n in parameters]
    return frozenset(found)
