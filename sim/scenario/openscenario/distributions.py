"""ParameterValueDistribution files: draws of a scenario's parameters, recorded by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import NormalDist

from sim.scenario.openscenario.parameters import declare, parameter_name
from sim.scenario.openscenario.xml import Node

MAX_VALUES = 1_000_000

Draw = Callable[[float], str]
"""Value of a uniform number in [0, 1)."""


@dataclass
class Distribution:
    """One draw of a file: of a parameter, or of a set of parameters that vary together."""

    name: str
    """Name of the draw in records."""
    draw: Draw
    sets: list[dict[str, str]] = field(default_factory=list)
    """Of a set: the assignments of each; the draw is its number."""
    values: tuple[str, ...] = ()
    """Every value of a deterministic parameter; empty if there are too many to list or it is random."""

    def assign(self, value: str) -> dict[str, str]:
        """Parameters that a drawn value sets.

        Raises:
            ValueError: if it is not one of the set's numbers.
        """
        if not self.sets:
            return {self.name: value}
        index = int(float(value))
        if not 0 <= index < len(self.sets):
            raise ValueError(f"there is no value set {value}")
        return self.sets[index]


def _pick(values: tuple[str, ...]) -> Draw:
    return lambda u: values[min(int(u * len(values)), len(values) - 1)]


def _text(value: float) -> str:
    return repr(float(f"{value:.12g}"))


def read_distributions(node: Node) -> list[Distribution]:
    """All distributions of a ParameterValueDistribution.

    Raises:
        ScenarioError: for empty or broken ones.
    """
    node = declare(node)
    out: list[Distribution] = []
    for kind in node.all():
        if kind.tag == "Deterministic":
            out += [_deterministic(child, i) for i, child in enumerate(kind.all())]
        elif kind.tag == "Stochastic":
            kind.get("numberOfTestRuns")
            kind.get("randomSeed")
            out += [_stochastic(child) for child in kind.children("StochasticDistribution")]
        elif kind.tag != "ScenarioFile":
            kind.note(f"{kind.tag} is not used")
    names = [d.name for d in out]
    for name in names:
        if names.count(name) > 1:
            raise node.error(f"parameter {name!r} has two distributions")
    return out


def _deterministic(node: Node, index: int) -> Distribution:
    if node.tag == "DeterministicMultiParameterDistribution":
        holder = node.need("ValueSetDistribution")
        sets = [
            {parameter_name(a): a.text("value") for a in chosen.children("ParameterAssignment")}
            for chosen in holder.children("ParameterValueSet")
        ]
        if not sets:
            raise holder.error("the distribution has no value set")
        values = tuple(str(i) for i in range(len(sets)))
        return Distribution(f"set {index}", _pick(values), sets, values)
    if node.tag != "DeterministicSingleParameterDistribution":
        raise node.error(
            f"the distribution {node.tag} is not known", "Deterministic single or multi parameter distributions."
        )
    name, inner = node.text("parameterName"), node.only()
    if inner.tag == "DistributionSet":
        values = tuple(e.text("value") for e in inner.children("Element"))
    elif inner.tag == "DistributionRange":
        values = _range(inner)
    else:
        raise inner.error(f"the distribution {inner.tag} is not known", "A DistributionSet or a DistributionRange.")
    if not values:
        raise inner.error(f"the distribution of {name} has no value")
    return Distribution(name, _pick(values), values=values)


def _limits(node: Node) -> tuple[float, float]:
    inner = node.need("Range")
    low, high = inner.number("lowerLimit"), inner.number("upperLimit")
    if high < low:
        raise inner.error(f"the range runs backwards: {low:g} to {high:g}")
    return low, high


def _range(node: Node) -> tuple[str, ...]:
    low, high = _limits(node)
    step = node.number("stepWidth")
    if step <= 0.0:
        raise node.error(f"stepWidth={step:g} is not positive")
    count = math.floor((high - low) / step + 1e-6) + 1
    if count > MAX_VALUES:
        raise node.error(f"the range has {count} values", f"At most {MAX_VALUES}.")
    return tuple(_text(low + i * step) for i in range(count))


# --- random ones --------------------------------------------------------------------------------------------------------


def _stochastic(node: Node) -> Distribution:
    name, inner = node.text("parameterName"), node.only()
    match inner.tag:
        case "UniformDistribution":
            low, high = _limits(inner)
            return Distribution(name, lambda u: _text(low + (high - low) * u))
        case "NormalDistribution" | "LogNormalDistribution":
            return Distribution(name, _normal(inner))
        case "ProbabilityDistributionSet":
            pairs = [(e.text("value"), e.number("weight", low=0.0)) for e in inner.children("Element")]
            return Distribution(name, _weighted(inner, pairs, lambda value, _: value))
        case "Histogram":
            bins = [(_limits(b), b.number("weight", low=0.0)) for b in inner.children("Bin")]
            return Distribution(name, _weighted(inner, bins, lambda ends, f: _text(ends[0] + (ends[1] - ends[0]) * f)))
        case "PoissonDistribution":
            return Distribution(name, _poisson(inner))
    raise inner.error(
        f"the distribution {inner.tag} is not known",
        "Uniform, normal, log-normal, Poisson, histogram or a weighted set.",
    )


def _weighted(node: Node, pairs: list, value: Callable[..., str]) -> Draw:
    total = sum(weight for _, weight in pairs)
    if total <= 0.0:
        raise node.error("the weights add up to nothing")

    def draw(u: float) -> str:
        rest = u * total
        for item, weight in pairs:
            if rest < weight:
                return value(item, rest / weight)
            rest -= weight
        return value(pairs[-1][0], 1.0)

    return draw


def _normal(node: Node) -> Draw:
    """Cut off at the range's ends, by inversion."""
    mean, variance = node.number("expectedValue"), node.number("variance")
    if variance <= 0.0:
        raise node.error(f"variance={variance:g} is not positive")
    logarithmic = node.tag == "LogNormalDistribution"
    unit, deviation = NormalDist(), math.sqrt(variance)
    low, high = _limits(node) if node.child("Range") is not None else (-math.inf, math.inf)
    if logarithmic:
        if high <= 0.0:
            raise node.error("a log-normal value is positive: the range holds none")
        low, high = math.log(low) if low > 0.0 else -math.inf, math.log(high) if high < math.inf else math.inf
    a, b = unit.cdf((low - mean) / deviation), unit.cdf((high - mean) / deviation)
    if b - a < 1e-12:
        raise node.error("the range lies too far from the expected value")

    def draw(u: float) -> str:
        x = mean + deviation * unit.inv_cdf(min(max(a + (b - a) * u, 1e-15), 1 - 1e-15))
        x = min(max(x, low), high)
        return _text(math.exp(x) if logarithmic else x)

    return draw


def _poisson(node: Node) -> Draw:
    mean = node.number("expectedValue")
    if not 0.0 < mean < 700.0:
        raise node.error(f"expectedValue={mean:g} is out of range", "More than 0, less than 700.")

    def draw(u: float) -> str:
        k, p = 0, math.exp(-mean)
        total = p
        while u > total and k < 5000:
            k += 1
            p *= mean / k
            total += p
        return str(k)

    return draw
