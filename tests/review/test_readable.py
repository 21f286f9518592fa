"""Drawn values as text."""

from __future__ import annotations

import pytest

from sim.review.readable import readable


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("actors.ego.speed", 13.888889, "13.89 m/s (50.0 km/h)"),
        ("environment.time", 45299.9, "12:34"),
        ("environment.time", 86400.0, "00:00"),
        ("environment.rain", 0.0, "0 mm/h"),
        ("environment.fog", 18000.066, "18000 m"),
        ("actors.van.at.gap", 1.23456, "1.235 m"),
        ("map.variant", 3.0, "3"),
        ("look", 926805825.0, "926805825"),
        ("setting", "town", "town"),
        ("flow-1.asset", "</script>", "</script>"),
    ],
)
def test_values_read_well(name, value, text):
    assert readable(name, value) == text
