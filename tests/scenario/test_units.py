"""Units of quantities: factors to SI, dimensions, and what is refused with a suggestion."""

from __future__ import annotations

import math

import pytest

from sim.scenario.distributions import Number
from sim.scenario.grammar import parse_value
from sim.scenario.units import UNITS, QuantityError, allowed_units, describe, multiply, read_unit

SI = {
    "3.5 m": 3.5, "2 km": 2000.0, "15 cm": 0.15, "12 mm": 0.012, "10 ft": 3.048, "1 mi": 1609.344, "2 s": 2.0,
    "250 ms": 0.25, "3 min": 180.0, "1 h": 3600.0, "40 kg": 40.0, "1.5 t": 1500.0, "1 rad": 1.0, "180 deg": math.pi,
    "-2 degC": -2.0, "4 mm/h": 4.0, "10 m/s": 10.0, "36 km/h": 10.0, "10 mph": 4.4704, "3 m/s2": 3.0, "3 m/s^2": 3.0,
    "1 g": 9.80665, "90 deg/s": math.pi / 2, "2 rad/s": 2.0, "50 %": 0.5, "18:30": 66600.0, "07:00:30": 25230.0,
    "36km/h": 10.0, ".5 m": 0.5, "1e3 m": 1000.0,
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SI.items())
def test_a_quantity_is_read_in_si(text: str, value: float) -> None:
    node = parse_value(text)
    assert isinstance(node, Number)
    assert node.value == pytest.approx(value, rel=1e-12)


def test_every_unit_is_tested() -> None:
    tested = {read_unit(text, len(text.split()[0]))[0] for text in SI if " " in text}
    assert tested == set(UNITS)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("50 kph", "km/h"), ("50 kmh", "km/h"), ("3 meters", "m"), ("20 °C", "degC"), ("2 sec", "s"), ("5 Km", "km")],
)
def test_an_unknown_unit_gets_a_suggestion(text: str, meant: str) -> None:
    with pytest.raises(QuantityError) as caught:
        parse_value(text)
    assert repr(meant) in caught.value.hint


@pytest.mark.parametrize("text", ["5 m/", "5 m m", "5 km/h/s", "5 ms2", "3 m/s3", "12:60", "24:00:61", "5 x", "5 µm"])
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        parse_value(text)


def test_a_longer_unit_wins_over_its_beginning() -> None:
    assert read_unit("5 mm/h", 1) == ("mm/h", 6)
    assert read_unit("5 mm", 1) == ("mm", 4)
    assert read_unit("5 min", 1) == ("min", 5)
    assert read_unit("5 deg/s", 1) == ("deg/s", 7)


def test_dimensions_multiply_and_have_names() -> None:
    speed = multiply(UNITS["m"][0], UNITS["s"][0], -1)
    assert speed == UNITS["km/h"][0]
    assert describe(speed) == "a speed"
    assert describe(multiply(speed, speed)) == "a quantity in m^2 s^-2"
    assert allowed_units(speed) == "m/s, km/h, mph"
    assert UNITS["mm/h"][0] != UNITS["km/h"][0], "rain is no speed"
