"""Lidars and radars under names of their kind: figures typical of what is sold, of no one maker's product."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sim.errors import SwerveError
from sim.sensors.config import LidarConfig, RadarConfig

ROOF = (0.9, 0.0, 1.9)
GRILLE = (3.7, 0.0, 0.6)


def spread(low: float, high: float, count: int) -> tuple[float, ...]:
    """Evenly spaced elevations from ``low`` to ``high`` [deg], as [rad]."""
    step = (high - low) / (count - 1)
    return tuple(math.radians(low + step * k) for k in range(count))


def _dense(blocks: Sequence[tuple[float, float, int]]) -> tuple[float, ...]:
    """Blocks of evenly spaced elevations [deg] that follow one another, as [rad]."""
    return tuple(angle for block in blocks for angle in spread(*block))


LIDARS: dict[str, LidarConfig] = {
    # 2 degrees apart.
    "spin16": LidarConfig(
        pos=ROOF, elevations=spread(-15.0, 15.0, 16), columns=1800, firing_interval=2.3e-6, max_range=100.0, range_10=50.0,
        range_noise=0.015,
    ),
    # 4/3 degrees apart, mostly below the horizon, 20 turns per second.
    "spin32": LidarConfig(
        pos=ROOF, elevations=spread(-30.67, 10.67, 32), columns=1080, rate=20.0, firing_interval=1.1e-6,
        min_range=1.5, max_range=100.0, range_10=60.0,
    ),
    # An upper block 1/3 and a lower block 1/2 degree apart.
    "spin64": LidarConfig(
        pos=ROOF, elevations=_dense([(-24.33, -8.83, 32), (-8.33, 2.0, 32)]), columns=2048, firing_interval=0.6e-6,
        min_range=1.5, max_range=120.0, range_10=80.0,
    ),
    # 0.11 degrees apart about the horizon, coarser above and below.
    "spin128": LidarConfig(
        pos=ROOF, elevations=_dense([(-25.0, -6.4, 40), (-6.25, 0.68, 64), (1.0, 15.0, 24)]), columns=1800, firing_interval=0.35e-6,
        min_range=1.5, max_range=245.0, range_10=180.0, beam_divergence=1.8e-3, pulse=6e-9,
    ),
    # A mirror's window ahead.
    "solid": LidarConfig(
        pos=(1.6, 0.0, 1.45), pattern="raster", elevations=spread(-12.5, 12.5, 126), columns=600, firing_interval=1e-6,
        horizontal_fov=math.radians(120.0), max_range=250.0, range_10=150.0, beam_divergence=1.5e-3, pulse=5e-9,
    ),
    # Two prisms that draw another rosette in each scan.
    "rosette": LidarConfig(
        pos=(1.6, 0.0, 1.45), pattern="rosette", columns=24000, horizontal_fov=math.radians(70.4), max_range=260.0, range_10=90.0,
        beam_divergence=2.8e-3, pulse=6e-9,
    ),
}  # fmt: skip
"""By name; spinning ones by their number of channels."""

_LONG = RadarConfig(name="radar_long", pos=GRILLE)
_SHORT = RadarConfig(
    name="radar_short", pos=GRILLE, beams=30, horizontal_fov=math.radians(120.0), vertical_fov=math.radians(14.0), rays=(8, 8),
    max_range=80.0, range_resolution=0.2, gain=14.0, losses=8.0,
)  # fmt: skip
_IMAGING = RadarConfig(
    name="radar_imaging", pos=GRILLE, beams=80, horizontal_fov=math.radians(100.0), vertical_fov=math.radians(24.0), rays=(3, 16),
    max_range=150.0, range_resolution=0.3, speed_resolution=0.1, measures_elevation=True, gain=19.0, power=0.02,
)  # fmt: skip


def _corner(name: str, x: float, y: float, yaw: float) -> RadarConfig:
    return replace(_SHORT, name=name, pos=(x, y, 0.6), yaw=math.radians(yaw))


RADARS: dict[str, tuple[RadarConfig, ...]] = {
    # 20 degrees ahead, 250 m.
    "long": (_LONG,),
    # 120 degrees ahead, 80 m.
    "short": (_SHORT,),
    "long+short": (_LONG, _SHORT),
    # 100 degrees ahead in 80 beams, with elevation.
    "imaging": (_IMAGING,),
    # Ahead far, and one at each corner.
    "surround": (
        _LONG, _corner("radar_front_left", 3.4, 0.8, 60.0), _corner("radar_front_right", 3.4, -0.8, -60.0),
        _corner("radar_rear_left", -0.8, 0.8, 120.0), _corner("radar_rear_right", -0.8, -0.8, -120.0),
    ),
}  # fmt: skip
"""By name; each is one radar or several."""


def find_preset(kind: str, name: str | None, presets: Mapping[str, object]) -> None:
    """Refuse a preset that is not there.

    Raises:
        SwerveError: naming those that are.
    """
    if name is not None and name not in presets:
        raise SwerveError(f"no {kind} preset {name!r}: choose one of {', '.join(presets)}")
