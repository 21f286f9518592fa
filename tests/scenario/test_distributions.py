"""Drawn values against the closed form of their distributions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest

from sim.random import Stream
from sim.scenario.distributions import Value, evaluate
from sim.scenario.grammar import parse_value

N = 4000
KS = 1.95 / math.sqrt(N)
"""Kolmogorov's bound at a level of 0.1 %."""


class Keyed:
    """Draws of one world."""

    def __init__(self, key: int) -> None:
        self.stream = Stream(7, key)

    def uniform(self, purpose: str) -> float:
        return self.stream.uniform(purpose)

    def normal(self, purpose: str) -> float:
        return self.stream.normal(purpose)

    def parameter(self, name: str) -> Value:
        raise KeyError(name)


def draws(text: str, purpose: str = "x") -> list[Value]:
    node = parse_value(text)
    return [evaluate(node, Keyed(key), purpose) for key in range(N)]


def numbers(text: str) -> list[float]:
    return [float(value) for value in draws(text)]


def distance(values: list[float], cdf: Callable[[float], float]) -> float:
    """Greatest distance of the empirical distribution from ``cdf``."""
    x = np.sort(np.array(values, float))
    expected = np.array([cdf(v) for v in x])
    steps = np.arange(N + 1) / N
    return float(max(np.abs(steps[1:] - expected).max(), np.abs(steps[:-1] - expected).max()))


def test_uniform() -> None:
    values = numbers("30..60 km/h")
    low, high = 30 / 3.6, 60 / 3.6
    assert min(values) >= low and max(values) <= high
    assert distance(values, lambda v: (v - low) / (high - low)) < KS


def test_log_uniform() -> None:
    values = numbers("loguniform(50..5000 m)")
    assert min(values) >= 50 and max(values) <= 5000
    assert distance(values, lambda v: math.log(v / 50) / math.log(100)) < KS


def test_truncated_normal() -> None:
    values = numbers("normal(50 +- 10 | 45..80) km/h")
    unit = NormalDist(50 / 3.6, 10 / 3.6)
    a, b = unit.cdf(45 / 3.6), unit.cdf(80 / 3.6)
    assert min(values) >= 45 / 3.6 and max(values) <= 80 / 3.6
    assert distance(values, lambda v: (unit.cdf(v) - a) / (b - a)) < KS


@pytest.mark.parametrize(("text", "shares"), [("choice(1 x3 | 2 | 4 x0.5)", {1.0: 3 / 4.5, 2.0: 1 / 4.5, 4.0: 0.5 / 4.5}),
                                               ("whole(2..5)", {2.0: 0.25, 3.0: 0.25, 4.0: 0.25, 5.0: 0.25}),
                                               ("choice(left | right x9)", {"left": 0.1, "right": 0.9})])  # fmt: skip
def test_weights(text: str, shares: dict[Value, float]) -> None:
    counts = Counter(draws(text))
    assert set(counts) == set(shares)
    chi = sum((counts[k] - N * p) ** 2 / (N * p) for k, p in shares.items())
    assert chi < 16.3, "chi squared at a level of 0.1 % with up to 3 degrees of freedom"


def test_a_choice_of_ranges_draws_within_the_chosen_one() -> None:
    values = np.array(draws("choice(0..1 m x3 | 10..11 m)"), float)
    near = values[values < 5]
    assert len(near) / N == pytest.approx(0.75, abs=4 * math.sqrt(0.75 * 0.25 / N))
    assert near.max() <= 1.0 and values[values > 5].min() >= 10.0
    assert near.mean() == pytest.approx(0.5, abs=4 * math.sqrt(1 / 12 / len(near)))


def test_purposes_and_worlds_are_independent() -> None:
    a, b = np.array(draws("0..1", "a"), float), np.array(draws("0..1", "b"), float)
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / math.sqrt(N)
    assert abs(np.corrcoef(a[:-1], a[1:])[0, 1]) < 4 / math.sqrt(N)
    assert draws("0..1", "a") == draws("0..1", "a")
