"""The grammar of values: what binds first, where units go, checks of dimensions, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sim.scenario.distributions import Choice, Normal, Uniform, bounds, dimension_of, evaluate, is_random, references
from sim.scenario.grammar import parse_value
from sim.scenario.units import LENGTH, NONE, SPEED, TIME, QuantityError


@dataclass
class Fixed:
    """A source whose every draw is the same number."""

    u: float = 0.5
    parameters: dict[str, float | str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def uniform(self, purpose: str) -> float:
        self.asked.append(purpose)
        return self.u

    def normal(self, purpose: str) -> float:
        raise AssertionError("normals are drawn by inversion")

    def parameter(self, name: str) -> float | str:
        return self.parameters[name]


def value(text: str, u: float = 0.5, **parameters: float | str) -> float | str:
    return evaluate(parse_value(text), Fixed(u, parameters), "test")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9.0), ("7 - 2 - 1", 4.0), ("8 / 2 / 2", 2.0), ("-2 + 5", 3.0), ("--2", 2.0),
        ("2 * -3", -6.0), ("10 m + 5 m", 15.0), ("36 km/h * 2 s", 20.0), ("20 m / 2 s", 10.0), ("(3 + 4) m", 7.0),
        ("(30 + 6) km/h", 10.0), ("min(3 m | 2 m | 5 m)", 2.0), ("max(3 | 4)", 4.0), ("abs(-3 m)", 3.0), ("sqrt(9 m * 4 m)", 6.0),
        ("30..60 km/h", 12.5), ("(30..60) km/h", 12.5), ("30 km/h..60 km/h", 12.5), ("(1..3 m) + 2 m", 4.0), ("1 m + 2 m..5 m", 4.0),
        ("-8..8 deg", 0.0), ("07:00..09:00", 28800.0), ("choice(1 m | 2 m)", 2.0), ("choice(1 m x3 | 2 m)", 1.0), ("whole(1..4)", 3.0),
        ("loguniform(1..100) m", 10.0), ("normal(50 +- 5 | 30..70) km/h", 50 / 3.6), ("normal(50 ± 5 | 30..70)", 50.0),
        ("$v * 2 s", 24.0), ("$v + (0..2 m/s)", 13.0), ("choice($v | 3 m/s)", 3.0), ("choice(1..3 m x2 | 9 m) + 1 m", 3.0),
    ],
)  # fmt: skip
def test_values(text: str, expected: float) -> None:
    assert value(text, v=12.0) == pytest.approx(expected)


def test_words() -> None:
    assert value("choice(left | right x3)", 0.2) == "left"
    assert value("choice(left | right x3)", 0.3) == "right"


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("3 m", LENGTH),
        ("3 m / 2 s", SPEED),
        ("3 m / 2 m", NONE),
        ("30..60 km/h", SPEED),
        ("0 + 3 s", TIME),
        ("sqrt(4 m * 1 m)", LENGTH),
    ],
)
def test_dimensions(text: str, dimension: tuple[int, ...]) -> None:
    assert dimension_of(parse_value(text), lambda _: None) == dimension


@pytest.mark.parametrize(
    "text", ["3 m + 2 s", "1 m..2 s", "min(1 m | 2 s)", "sqrt(2 m)", "choice(1 m | left)", "3 m + 2"]
)
def test_dimensions_that_do_not_go_together(text: str) -> None:
    with pytest.raises(QuantityError):
        dimension_of(parse_value(text), lambda _: None)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1 +", "* 2", "(1", "1)", "1 2", "$", "$1", "1..", "..2", "choice()", "choice(1 |)", "choice(1 x0)", "normal(1)",
        "normal(1 +- 2)", "normal(1 +- 2 | 3)", "loguniform(1)", "min(1)", "sqrt()", "foo(1)", "1, 2", "import os", "__import__(1)",
        "1..2..3", "25:00", "1e999", "0x10", "1_000",
    ],
)  # fmt: skip
def test_what_does_not_follow_the_grammar(text: str) -> None:
    with pytest.raises(QuantityError):
        parse_value(text)


def test_computing_what_has_no_value() -> None:
    for text in ("1 / 0", "sqrt(0 - 4)", "1e308 * 1e308"):
        with pytest.raises(QuantityError):
            value(text)


def test_a_range_that_runs_backwards_says_what_is_meant() -> None:
    with pytest.raises(QuantityError) as caught:
        value("$s + 2..5 m", s=40.0)
    assert "$s + (2..5 m)" in caught.value.hint


def test_bounds_references_and_randomness() -> None:
    assert bounds(parse_value("choice(1 m | 4..6 m)")) == (1.0, 6.0)
    assert bounds(parse_value("normal(5 +- 1 | 3..8) m")) == (3.0, 8.0)
    assert bounds(parse_value("-(2..3)")) == (-3.0, -2.0)
    assert references(parse_value("$a * (1..$b) + choice($c | 2)")) == {"a", "b", "c"}
    assert is_random(parse_value("1 + choice(1 | 2)"))
    assert not is_random(parse_value("$a + 1"))
    assert isinstance(parse_value("1..2 m"), Uniform)
    assert isinstance(parse_value("normal(5 +- 1 | 3..8) m"), Normal)
    assert isinstance(parse_value("choice(1 | 2)"), Choice)


def test_each_random_part_has_a_purpose_of_its_own() -> None:
    source = Fixed()
    evaluate(parse_value("(1..2 m) + (3..4 m) * choice(1 | 2)"), source, "at.s")
    assert len(source.asked) == len(set(source.asked)) == 3
    assert all(purpose.startswith("at.s") for purpose in source.asked)
