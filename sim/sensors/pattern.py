"""Where and when the beams of a lidar are fired: tables of one scan."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.sensors.config import LidarConfig


@dataclass(frozen=True)
class Pattern:
    """Beams of one scan in the order in which they are fired, (npoint,) each."""

    azimuth: npt.NDArray[np.float64]
    """Left of the sensor's x axis, -pi .. pi [rad]."""
    elevation: npt.NDArray[np.float64]
    """Above its xy plane [rad]."""
    ago: npt.NDArray[np.float64]
    """How long before the end of the scan it is fired, from 1 / rate down to 0 [s]."""
    channel: npt.NDArray[np.int32]
    """Row of ``LidarConfig.elevations``; of a rosette 0."""

    @property
    def directions(self) -> npt.NDArray[np.float64]:
        """Unit vectors in the sensor's frame, (npoint, 3)."""
        flat = np.cos(self.elevation)
        return np.stack([flat * np.cos(self.azimuth), flat * np.sin(self.azimuth), np.sin(self.elevation)], 1)


def make_pattern(config: LidarConfig) -> Pattern:
    """The beams of a scan."""
    return {"spinning": _spinning, "raster": _raster, "rosette": _rosette}[config.pattern](config)


def _grid(config: LidarConfig) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """When each beam is fired since the scan began [s], and its channel: column by column."""
    channel = np.tile(np.arange(len(config.elevations), dtype=np.int32), config.columns)
    column = np.repeat(np.arange(config.columns), len(config.elevations))
    return column / (config.rate * config.columns) + channel * config.firing_interval, channel


def _spinning(config: LidarConfig) -> Pattern:
    """A head that turns clockwise, seen from above, from backwards to backwards; it turns on between the firings of a column."""
    time, channel = _grid(config)
    turned = math.tau * config.rate * time
    azimuth = np.remainder(math.pi - turned + math.pi, math.tau) - math.pi
    return Pattern(azimuth, np.array(config.elevations)[channel], 1.0 / config.rate - time, channel)


def _raster(config: LidarConfig) -> Pattern:
    """A window crossed from left to right, column by column."""
    time, channel = _grid(config)
    column = np.repeat(np.arange(config.columns), len(config.elevations))
    azimuth = config.horizontal_fov * (0.5 - (column + 0.5) / config.columns)
    return Pattern(azimuth, np.array(config.elevations)[channel], 1.0 / config.rate - time, channel)


def _rosette(config: LidarConfig) -> Pattern:
    """Two wedge prisms of equal deflection that turn at different rates (Risley pair), small angles added."""
    time = np.arange(config.columns) / (config.rate * config.columns)
    first, second = (math.tau * turns * time for turns in config.prisms)
    reach = config.horizontal_fov / 4.0
    across, up = reach * (np.cos(first) + np.cos(second)), reach * (np.sin(first) + np.sin(second))
    angle, around = np.hypot(across, up), np.arctan2(up, across)
    flat = np.sin(angle)
    x, y, z = np.cos(angle), flat * np.cos(around), flat * np.sin(around)
    return Pattern(np.arctan2(y, x), np.arcsin(z), 1.0 / config.rate - time, np.zeros(config.columns, np.int32))
