"""A radar's figures as kernels read them, and what follows from them alone."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import math

import warp as wp

from sim.sensors.config import RadarConfig
from sim.sensors.cross_section import Reflectivity, make_reflectivity, rain_coefficients
from sim.sensors.mount import Mount, make_mount

wp.set_module_options({"enable_backward": False})

BOLTZMANN_T0 = 1.380649e-23 * 290.0
"""[W/Hz]."""


@wp.struct
class RadarSet:
    """A radar's figures, from `RadarConfig`."""

    mount: Mount
    table: Reflectivity
    beams: int
    rays: wp.vec2i
    """Per beam, across and up."""
    fov: wp.vec2
    """Horizontal and vertical [rad]."""
    reach: wp.vec2
    """Least and greatest range [m]."""
    resolution: wp.vec2
    """Of range [m] and speed [m/s]."""
    max_speed: float
    """[m/s]."""
    constant: float
    """SNR of 1 m^2 at 1 m on the axis."""
    threshold: float
    """As a ratio."""
    rain: wp.vec2
    """k and alpha of rain's attenuation."""
    ghosts: int
    noise: int
    elevation: int


def radar_constant(config: RadarConfig) -> float:
    """SNR that a cross-section of 1 m^2 gives at 1 m on the axis, in dry air."""
    wavelength = 299_792_458.0 / config.frequency
    gain = 10.0 ** (config.gain / 10.0)
    noise = BOLTZMANN_T0 * 10.0 ** ((config.noise_figure + config.losses) / 10.0) / config.integration
    return config.power * gain**2 * wavelength**2 / ((4.0 * math.pi) ** 3 * noise)


def make_radar_set(config: RadarConfig, device: wp.DeviceLike) -> RadarSet:
    """Figures of a radar on a device."""
    out = RadarSet()
    out.mount = make_mount(config)
    out.table = make_reflectivity(device)
    out.beams = config.beams
    out.rays = wp.vec2i(*config.rays)
    out.fov = wp.vec2(config.horizontal_fov, config.vertical_fov)
    out.reach = wp.vec2(config.min_range, config.max_range)
    out.resolution = wp.vec2(config.range_resolution, config.speed_resolution)
    out.max_speed = config.max_speed
    out.constant = radar_constant(config)
    out.threshold = 10.0 ** (config.threshold / 10.0)
    out.rain = wp.vec2(*rain_coefficients(config.frequency))
    out.ghosts, out.noise, out.elevation = int(config.ghosts), int(config.noise), int(config.measures_elevation)
    return out


@wp.func
def antenna_gain(azimuth: float, elevation: float, fov: wp.vec2) -> float:
    """Two-way gain over that on the axis: Gaussian lobes, 6 dB down there and back at the edges of the field of view."""
    x = 2.0 * azimuth / fov[0]
    y = 2.0 * elevation / fov[1]
    return wp.exp(-1.3816 * (x * x + y * y))


@wp.func
def wrap_speed(speed: float, most: float) -> float:
    """A radial speed as a chirp sequence tells it: within -most .. most."""
    return speed - 2.0 * most * wp.floor((speed + most) / (2.0 * most))
