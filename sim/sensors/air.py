"""What air does to a lidar's pulse: extinction, and echoes of fog, rain and snow.

Powers are told as in `sim.sensors.lidar`: a matt white board hit squarely at range R in clear air gives 1 / R^2.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import math

import warp as wp

from sim.render.draws import Key, philox
from sim.types import Weather

wp.set_module_options({"enable_backward": False})

LIGHT = 299_792_458.0
"""[m/s]."""
BINS = 80
"""Rows of the table of fog's echo."""
BIN = 0.25
"""Step of the table [m]; further away the echo has long passed its greatest power."""
STEPS = 32
"""Of the integral over the pulse."""
CROSSOVER = (0.9, 1.0)
"""Where beam and field of view begin and end to overlap [m] (Hahner et al. 2021)."""
PI = wp.constant(3.14159265)
BINS_OF_DROPS = 8
FARTHEST_DROP = 40.0
"""[m]."""


@wp.struct
class Air:
    """Of each world, at the last scan."""

    extinction: wp.array[float]
    """At the lidar's wavelength [1/m], (nworld,)."""
    fog: wp.array2d[wp.vec2]
    """Greatest power of fog's echo from nearer than a range, and where it comes from [m], (nworld, BINS)."""


def make_air(nworld: int, device: wp.DeviceLike) -> Air:
    """Empty tables."""
    out = Air()
    out.extinction = wp.zeros(nworld, dtype=float, device=device)
    out.fog = wp.zeros((nworld, BINS), dtype=wp.vec2, device=device)
    return out


@wp.func
def fog_extinction(visibility: float, wavelength: float) -> float:
    """Extinction of air with a meteorological visibility [m] at a wavelength [m], in [1/m].

    Koschmieder: 3.912 / V at 550 nm, times (wavelength / 550 nm)^-q with q after Kim, McArthur and Korevaar 2001: none in fog of
    less than 500 m.
    """
    v = wp.max(visibility, 1.0)
    km = v * 1.0e-3
    q = float(1.6)
    if km < 0.5:
        q = 0.0
    elif km < 1.0:
        q = km - 0.5
    elif km < 6.0:
        q = 0.16 * km + 0.34
    elif km < 50.0:
        q = 1.3
    return 3.912 / v * wp.pow(wavelength / 550.0e-9, -q)


@wp.func
def rain_extinction(rain: float) -> float:
    """Extinction of rain of R mm/h [1/m]: 1.076 R^0.67 dB/km (Carbonneau and Wisely 1998)."""
    return wp.where(rain > 0.0, 2.4776e-4 * wp.pow(wp.max(rain, 1.0e-6), 0.67), 0.0)


@wp.func
def snow_extinction(snow: float) -> float:
    """Extinction of falling dry snow of S mm/h of water [1/m]: twice the flakes' cross-section.

    Gunn and Marshall 1958: N(D) = 3800 S^-0.87 exp(-2.55 S^0.48 D) per m^3 and mm of melted diameter D; a flake of a tenth of
    water's density is 2.15 times as wide: pi/2 2.15^2 3800 S^-0.87 2 / (2.55 S^-0.48)^3 mm^2/m^3.
    """
    s = wp.max(snow, 1.0e-6)
    rate = 2.55 * wp.pow(s, -0.48)
    return wp.where(snow > 0.0, 7.26e-6 * 3800.0 * wp.pow(s, -0.87) * 2.0 / (rate * rate * rate), 0.0)


@wp.func
def overlap(r: float) -> float:
    """Share of the beam that the receiver sees at a range."""
    return wp.clamp((r - wp.static(CROSSOVER[0])) / wp.static(CROSSOVER[1] - CROSSOVER[0]), 0.0, 1.0)


@wp.func
def fog_power(r: float, length: float, extinction: float, backscatter: float) -> float:
    """Power of a soft target that fills the beam, at the range r of its echo.

    Hahner et al. 2021, eqs. 12 to 15: pi beta times the integral over u from 0 to ``length`` = c tau_H of
    sin^2(pi u / length) xi(r - u) / (r - u)^2 exp(-2 alpha (r - u)), for pulses sin^2 of half-power width tau_H.
    """
    begin = wp.max(r - length, wp.static(CROSSOVER[0]))
    if begin >= r:
        return 0.0
    # The integrand falls with the square of the distance: steps of equal ratio.
    step = wp.log(r / begin) / float(STEPS)
    sum = float(0.0)
    for k in range(STEPS):
        d = begin * wp.exp((float(k) + 0.5) * step)
        wave = wp.sin(PI * (r - d) / length)
        sum += wave * wave * overlap(d) / d * wp.exp(-2.0 * extinction * d)
    return PI * backscatter * sum * step


@wp.kernel
def _fill_air(weather: Weather, wavelength: float, length: float, air: Air):
    """Reads weather. Writes the air's tables."""
    world = wp.tid()
    fog = fog_extinction(weather.fog_visibility[world], wavelength)
    air.extinction[world] = fog + rain_extinction(weather.rain[world]) + snow_extinction(weather.snow[world])
    # Rasshofer et al. 2011: beta = 0.046 / MOR, with MOR = ln 20 / alpha.
    backscatter = 0.046 * fog / wp.static(math.log(20.0))
    best = wp.vec2(0.0, 0.0)
    for k in range(BINS):
        r = float(k + 1) * BIN
        power = fog_power(r, length, air.extinction[world], backscatter)
        if power > best[0]:
            best = wp.vec2(power, r)
        air.fog[world, k] = best


def fill_air(weather: Weather, wavelength: float, pulse: float, air: Air) -> None:
    """Bring the tables up to date; only launches.

    Args:
        weather: Of the worlds.
        wavelength: [m].
        pulse: Half-power width [s].
        air: Written.
    """
    n, device = air.extinction.shape[0], air.extinction.device
    wp.launch(_fill_air, dim=n, inputs=[weather, wavelength, LIGHT * pulse], outputs=[air], device=device)


@wp.func(inline=True)
def fog_echo(air: Air, world: int, r: float) -> wp.vec2:
    """Power and range of fog's strongest echo from before a range."""
    k = wp.min(int(r / BIN), BINS) - 1
    if k < 0:
        return wp.vec2(0.0, 0.0)
    return air.fog[world, k]


@wp.struct
class Drops:
    """What falls: N(D) = count exp(-rate D) per m^3 and mm of diameter."""

    count: float
    """[1/(m^3 mm)]."""
    rate: float
    """[1/mm]."""
    largest: float
    """[mm]."""
    reflectance: float
    """Of one that fills the beam."""


@wp.func
def rain_drops(rain: float) -> Drops:
    """Marshall and Palmer 1948; water's Fresnel reflectance at 905 nm, as in LISA (Kilic et al. 2021)."""
    return Drops(8000.0, 4.1 * wp.pow(rain, -0.21), 6.0, 0.02)


@wp.func
def snow_flakes(snow: float) -> Drops:
    """Gunn and Marshall 1958, as in `snow_extinction`, by the flakes' own diameter; ice's Fresnel reflectance, as in LISA."""
    return Drops(3800.0 * wp.pow(snow, -0.87) / 2.15, 2.55 * wp.pow(snow, -0.48) / 2.15, 20.0, 0.0173)


@wp.func
def drop_echo(drops: Drops, key: Key, beam: int, reach: float, least: float, shape: wp.vec2, near: float, k: float) -> wp.vec2:  # fmt: skip
    """Power and range of the strongest echo of a drop in the beam from before ``reach`` [m], (0, 0) for none.

    LISA's model: a drop of diameter D in a beam of diameter b gives rho min(1, (D / b)^2) / r^2 exp(-2 k r). Drops that give
    ``least`` or more are a Poisson process along the beam; it is drawn in `BINS_OF_DROPS` pieces of equal ratio.

    Args:
        drops: Their sizes.
        key: Of the random draws.
        beam: Its number.
        reach: Range of what stands behind [m].
        least: Power that is detected.
        shape: Diameter of the beam where it leaves [m], and its divergence [rad].
        near: Least range [m].
        k: Extinction [1/m].
    """
    best = wp.vec2(0.0, 0.0)
    ratio = wp.pow(FARTHEST_DROP / near, 1.0 / float(BINS_OF_DROPS))
    lower = float(near)
    u = wp.vec4()
    for i in range(BINS_OF_DROPS):
        upper = wp.min(lower * ratio, reach)
        if i % 4 == 0:
            u = philox(key, beam, 8 + i / 4)
        if upper > lower:
            r = 0.5 * (lower + upper)
            width = shape[0] + shape[1] * r
            needed = least * r * r * wp.exp(2.0 * k * r) / drops.reflectance
            size = 1.0e3 * width * wp.sqrt(needed)
            if needed < 1.0 and size < drops.largest:
                mean = (
                    drops.count / drops.rate * wp.exp(-drops.rate * size) * 0.25 * PI * width * width * (upper - lower)
                )
                none = wp.exp(-mean)
                if u[i % 4] > none:
                    v = philox(key, beam, 16 + i)
                    d = wp.min(size - wp.log(1.0 - v[0]) / drops.rate, drops.largest) / (1.0e3 * width)
                    at = wp.lerp(lower, upper, v[1])
                    power = drops.reflectance * wp.min(d * d, 1.0) / (at * at) * wp.exp(-2.0 * k * at)
                    if power > best[0]:
                        best = wp.vec2(power, at)
        lower = lower * ratio
    return best
