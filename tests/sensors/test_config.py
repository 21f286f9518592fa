"""Settings of lidars and radars that cannot be meant are refused, and the message says what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import SwerveError
from sim.sensors.config import LidarConfig, RadarConfig

REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (LidarConfig, {"name": "../up"}, "name must be letters, digits"),
    (LidarConfig, {"pos": (1.0, 2.0)}, r"pos must be x, y, z \[m\]"),
    (LidarConfig, {"yaw": float("nan")}, "yaw must be a finite number"),
    (LidarConfig, {"pattern": "flash"}, "no lidar pattern 'flash': choose one of spinning, raster, rosette"),
    (LidarConfig, {"elevations": ()}, "at least one elevation"),
    (LidarConfig, {"elevations": (30.0,)}, r"elevation \[rad\] must lie between -1.6 and 1.6, not 30"),
    (LidarConfig, {"columns": 0}, "columns must be a whole number between 1"),
    (LidarConfig, {"returns": 3}, "returns must be a whole number between 1 and 2"),
    (LidarConfig, {"rate": 0.0}, "rate must lie between"),
    (LidarConfig, {"range_noise": -0.1}, "range_noise must lie between 0"),
    (LidarConfig, {"min_range": 200.0, "max_range": 100.0}, "min_range must lie between 0 and 100, not 200"),
    (RadarConfig, {"min_range": 9.0, "max_range": 5.0}, "min_range must lie between 0 and 5, not 9"),
    (RadarConfig, {"beams": 0}, "beams must be a whole number between 1"),
    (RadarConfig, {"rays": (4,)}, "rays are two numbers"),
    (RadarConfig, {"horizontal_fov": 70.0}, r"horizontal_fov \[rad\] must lie between 0.001 and 3.1, not 70"),
    (RadarConfig, {"max_speed": 0.0}, "max_speed must lie between"),
    (RadarConfig, {"threshold": -3.0}, "threshold must lie between 0 and 100"),
]


@pytest.mark.parametrize(
    ("config", "settings", "message"), REFUSED, ids=[f"{c.__name__}-{next(iter(s))}" for c, s, _ in REFUSED]
)
def test_a_setting_that_cannot_be_meant_is_refused(config: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SwerveError, match=message):
        config(**settings)
