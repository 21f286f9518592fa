"""Every setting of a lidar or a radar, in frozen dataclasses that refuse what cannot be meant."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.checks import check_number, check_whole, check_word
from sim.errors import SwerveError

PATTERNS = ("spinning", "raster", "rosette")


@dataclass(frozen=True)
class MountConfig:
    """Where a lidar or a radar sits on the ego; its own frame is x forward, y left, z up."""

    name: str = "sensor"
    """Names its files and its random streams."""
    pos: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """In the ego's frame (x forward from the rear axle, on the ground) [m]."""
    yaw: float = 0.0
    pitch: float = 0.0
    """Positive looks down (ISO 8855) [rad]."""
    roll: float = 0.0
    attached: bool = True
    """True: moves with the ego; False: ``pos`` and angles are in the world frame."""
    show_ego: bool = False
    """Whether it sees the ego's own mesh."""

    def __post_init__(self) -> None:
        if not self.name or not self.name.replace("_", "a").replace("-", "a").isalnum():
            raise SwerveError(f"a sensor's name must be letters, digits, - and _, not {self.name!r}")
        if len(self.pos) != 3:
            raise SwerveError(f"a sensor's pos must be x, y, z [m], not {self.pos!r}")
        angles = (("yaw", self.yaw), ("pitch", self.pitch), ("roll", self.roll))
        for name, value in (*zip(("pos.x", "pos.y", "pos.z"), self.pos, strict=True), *angles):
            check_number(f"a sensor's {name}", value)


@dataclass(frozen=True)
class LidarConfig(MountConfig):
    """A pulsed lidar: a pattern of beams and what its receiver sees (`sim.sensors.lidar`); presets in `sim.sensors.presets`."""

    name: str = "lidar"
    pos: tuple[float, float, float] = (0.9, 0.0, 1.9)
    pattern: str = "spinning"
    """One of `PATTERNS`: a head that turns, rows within a window, or the rosette of two turning prisms."""
    elevations: tuple[float, ...] = (0.0,)
    """Of each channel, up positive; spinning and raster [rad]."""
    columns: int = 1800
    """Firings of each channel per scan; of a rosette: points per scan."""
    rate: float = 10.0
    """Scans per second."""
    firing_interval: float = 0.0
    """Between the firings of two channels of a column [s]."""
    horizontal_fov: float = 2.0 * math.pi
    """Width of the raster's window, or diameter of the rosette [rad]."""
    prisms: tuple[float, float] = (121.9, -77.7)
    """Turns per second of the rosette's two prisms."""
    wavelength: float = 905e-9
    """[m]."""
    min_range: float = 0.9
    max_range: float = 120.0
    """[m]."""
    range_10: float = 60.0
    """Where every second echo of a matt surface of 10 % reflectance, hit squarely in clear air, is detected [m]."""
    range_noise: float = 0.02
    """Standard deviation of a strong echo's range [m]."""
    pulse: float = 10e-9
    """Half-power width of the pulse [s]."""
    beam_exit: float = 0.01
    """Diameter of the beam where it leaves [m]."""
    beam_divergence: float = 3e-3
    """Full angle [rad]."""
    samples: int = 1
    """Rays per beam: 1 knows no divergence."""
    returns: int = 2
    """Echoes kept per beam: 1 the strongest, 2 also the last (or, if that is it, the second strongest)."""
    noise: bool = True
    """False: no noise of range and power and no false alarms."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_word("lidar pattern", self.pattern, PATTERNS)
        check_whole("a lidar's columns", self.columns, 1, 1_000_000)
        check_whole("a lidar's samples", self.samples, 1, 16)
        check_whole("a lidar's returns", self.returns, 1, 2)
        if not self.elevations:
            raise SwerveError("a lidar needs a channel: name at least one elevation [rad]")
        for value in self.elevations:
            check_number("a lidar's elevation [rad]", value, -1.6, 1.6)
        for name in ("rate", "wavelength", "max_range", "range_10", "pulse"):
            check_number(f"a lidar's {name}", getattr(self, name), 1e-12)
        for name in ("firing_interval", "range_noise", "beam_exit", "beam_divergence"):
            check_number(f"a lidar's {name}", getattr(self, name), 0.0)
        check_number("a lidar's min_range", self.min_range, 0.0, self.max_range)
        check_number("a lidar's horizontal_fov [rad]", self.horizontal_fov, 1e-3, 2.0 * math.pi)


@dataclass(frozen=True)
class RadarConfig(MountConfig):
    """A frequency-modulated continuous-wave radar (`sim.sensors.radar`); presets in `sim.sensors.presets`."""

    name: str = "radar"
    pos: tuple[float, float, float] = (3.7, 0.0, 0.6)
    frequency: float = 76.5e9
    """[Hz]."""
    beams: int = 24
    """Azimuth cells that it tells apart."""
    horizontal_fov: float = 0.35
    """Of all of them together [rad]."""
    vertical_fov: float = 0.14
    """[rad]."""
    rays: tuple[int, int] = (4, 10)
    """Rays cast in each beam: side by side, and one above the other."""
    min_range: float = 0.5
    max_range: float = 250.0
    """[m]."""
    range_resolution: float = 0.5
    """[m]."""
    speed_resolution: float = 0.15
    """[m/s]."""
    max_speed: float = 70.0
    """Radial speeds beyond wrap around, as a chirp sequence's do [m/s]."""
    measures_elevation: bool = False
    """False: ``elevation`` is 0."""
    power: float = 0.01
    """Transmitted [W]."""
    gain: float = 25.0
    """Of either antenna on its axis [dBi]."""
    noise_figure: float = 12.0
    """[dB]."""
    losses: float = 10.0
    """[dB]."""
    integration: float = 0.02
    """Time over which a frame integrates coherently [s]."""
    threshold: float = 12.0
    """Of detection over the noise [dB]."""
    ghosts: bool = True
    """Whether echoes by way of one mirroring surface are cast."""
    noise: bool = True
    """False: no fluctuation, no errors of measurement, no false alarms."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("a radar's beams", self.beams, 1, 512)
        if len(self.rays) != 2:
            raise SwerveError(f"a radar's rays are two numbers, across and up, not {self.rays!r}")
        for count in self.rays:
            check_whole("a radar's rays", count, 1, 64)
        check_number("a radar's horizontal_fov [rad]", self.horizontal_fov, 1e-3, 3.1)
        check_number("a radar's vertical_fov [rad]", self.vertical_fov, 1e-3, 1.5)
        for name in (
            "frequency",
            "max_range",
            "range_resolution",
            "speed_resolution",
            "max_speed",
            "power",
            "integration",
        ):
            check_number(f"a radar's {name}", getattr(self, name), 1e-12)
        check_number("a radar's min_range", self.min_range, 0.0, self.max_range)
        for name in ("gain", "noise_figure", "losses", "threshold"):
            check_number(f"a radar's {name}", getattr(self, name), 0.0, 100.0)
