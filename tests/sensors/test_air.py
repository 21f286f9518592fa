"""Lidar through fog, rain and snow against the published models, worked out anew in NumPy and SciPy."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from sim.render.mesh import Material, Semantic
from sim.sensors.config import LidarConfig
from sim.sensors.echoes import EchoType
from sim.sensors.lidar import Lidar
from sim.sensors.presets import spread
from tests.render import scenes

LIGHT = 299_792_458.0
WHITE = Material("white", (0.8, 0.8, 0.8), roughness=1.0)
WINDOW = LidarConfig(
    attached=False, pattern="raster", elevations=spread(-4, 4, 16), columns=64, horizontal_fov=math.radians(10), pos=(0, 0, 0),
    noise=False, returns=2, max_range=200.0, range_10=150.0,
)  # fmt: skip


def scan(config, weather, distance=None, **settings):
    """A window of beams at a wall across the x axis, or into the open."""
    wall = scenes.model(scenes.box((0, -40, -40), (0.1, 40, 40), Semantic.WALL, WHITE), "wall")
    lib = scenes.library([wall], scenes.plane(half=1.0, z=-900.0))
    actors = [] if distance is None else [("wall", (distance, 0.0, 0.0), 0.0)]
    scene, state = scenes.batch([scenes.world(lib, actors, weather, **settings)])
    lidar = Lidar(lib, scene, state, config)
    lidar.scan(scene)
    return lidar, {name: array[0] for name, array in lidar.numpy().items()}


def kim_extinction(visibility, wavelength):
    """Kim, McArthur and Korevaar 2001, eqs. 4 and 5; visibility in km, wavelength in nm, 1/km."""
    v = visibility
    q = 1.6 if v > 50 else 1.3 if v > 6 else 0.16 * v + 0.34 if v > 1 else v - 0.5 if v > 0.5 else 0.0
    return 3.912 / v * (wavelength / 550) ** -q


def flake_extinction(snow):
    """Of dry flakes: twice their cross-section, the integral over Gunn and Marshall's sizes done by quadrature, 1/m."""
    n0, rate = 3800 * snow**-0.87, 2.55 * snow**-0.48
    area = quad(lambda d: n0 * math.exp(-rate * d) * math.pi / 4 * (2.15 * d) ** 2, 0, 60)[0]
    return 2 * area * 1e-6


MODELS = [
    ({"fog_visibility": 60.0}, 3.912 / 60),
    ({"fog_visibility": 300.0}, 3.912 / 300),
    ({"fog_visibility": 800.0}, kim_extinction(0.8, 905) / 1000),
    ({"fog_visibility": 3000.0}, kim_extinction(3.0, 905) / 1000),
    ({"rain": 5.0}, 1.076 * 5**0.67 / 1000 * math.log(10) / 10),
    ({"rain": 50.0}, 1.076 * 50**0.67 / 1000 * math.log(10) / 10),
    ({"snow": 0.5}, flake_extinction(0.5)),
    ({"snow": 3.0}, flake_extinction(3.0)),
]


@pytest.mark.parametrize(("weather", "extinction"), MODELS, ids=[str(w) for w, _ in MODELS])
def test_a_wall_s_echo_fades_by_twice_the_published_extinction(weather, extinction):
    for distance in (15.0, 60.0):
        lidar, out = scan(WINDOW, weather, distance)
        hard = out["echo"] == EchoType.HARD
        cosine = np.broadcast_to(lidar.pattern.directions[:, :1], hard.shape)[hard]
        r = distance / cosine
        expected = 0.8 * cosine * np.exp(-2 * extinction * r)
        # All of them are there whose power, 1 / R^2 of this, reaches the threshold.
        enough = (0.8 * np.exp(-2 * extinction * distance) / distance**2) > 1.2 * 0.1 / 150**2
        assert hard.any(1).all() if enough else not hard.all()
        np.testing.assert_allclose(out["intensity"][hard], expected, rtol=1e-3)


@pytest.mark.parametrize("visibility", [30.0, 100.0, 300.0])
@pytest.mark.parametrize("pulse", [5e-9, 20e-9])
def test_fog_sends_back_what_the_soft_target_model_says(visibility, pulse):
    """Hahner et al. 2021: greatest power of the soft target over all ranges, by quadrature."""
    config = replace(WINDOW, pulse=pulse)
    _, out = scan(config, {"fog_visibility": visibility})
    fog = out["echo"][:, 0] == EchoType.FOG
    extinction = 3.912 / visibility
    beta = 0.046 / (math.log(20) / extinction)
    half = LIGHT * pulse

    def power(r):
        def part(x):
            return (
                math.sin(math.pi * (r - x) / half) ** 2 * min((x - 0.9) / 0.1, 1) / x**2 * math.exp(-2 * extinction * x)
            )

        lower, upper = max(r - half, 0.9), r
        return (
            math.pi * beta * quad(part, lower, upper, points=[1.0] if lower < 1 < upper else None, limit=200)[0]
            if upper > 0.9
            else 0
        )

    ranges = np.arange(1.0, 12.0, 0.05)
    powers = np.array([power(r) for r in ranges])
    best = powers.argmax()
    assert fog.all() == (powers[best] > 0.1 / 150**2)
    measured = out["intensity"][fog, 0] / out["range"][fog, 0] ** 2
    np.testing.assert_allclose(measured, powers[best], rtol=0.05)
    assert abs(out["range"][fog, 0] - ranges[best]).max() < 0.3
    assert set(out["semantic"][fog, 0]) == {255} and not out["instance"].any()


def test_fog_hides_a_far_wall_and_a_near_wall_hides_fog():
    kinds = {}
    for distance in (4.0, 12.0, 60.0):
        _, out = scan(WINDOW, {"fog_visibility": 40.0}, distance)
        kinds[distance] = [set(out["echo"][:, n]) for n in (0, 1)]
    assert kinds[4.0][0] == {EchoType.HARD}
    # Of two returns the strongest is fog's, the last the wall's; at 60 m the wall is lost.
    assert kinds[12.0] == [{EchoType.FOG}, {EchoType.HARD}]
    assert kinds[60.0] == [{EchoType.FOG}, {EchoType.NONE}]


def drop_model(config, n0, rate, largest, reflectance, extinction, count, seed=3):
    """LISA's model (Kilic et al. 2021) drawn in NumPy: share of beams into the open whose strongest drop is detected, its mean range."""
    rng = np.random.default_rng(seed)
    least = 0.1 / config.range_10**2
    edges = np.linspace(config.min_range, 40.0, 4001)
    r, step = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    width = config.beam_exit + config.beam_divergence * r
    smallest = 1e3 * width * np.sqrt(least * r**2 * np.exp(2 * extinction * r) / reflectance)
    density = np.where(smallest < largest, n0 / rate * np.exp(-rate * smallest), 0) * math.pi / 4 * width**2 * step
    numbers = rng.poisson(density.sum(), count)
    found, ranges = np.zeros(count, bool), []
    for i in np.flatnonzero(numbers):
        k = rng.choice(len(r), numbers[i], p=density / density.sum())
        d = np.minimum(smallest[k] + rng.exponential(1 / rate, numbers[i]), largest) / (1e3 * width[k])
        power = reflectance * np.minimum(d**2, 1) / r[k] ** 2 * np.exp(-2 * extinction * r[k])
        best = power.argmax()
        found[i] = power[best] + rng.normal() * least / 5 >= least
        if found[i]:
            ranges.append(r[k[best]])
    return found.mean(), np.mean(ranges)


@pytest.mark.parametrize(
    ("weather", "kind", "sizes", "extinction"),
    [
        ({"rain": 20.0}, EchoType.RAIN, (8000.0, 4.1 * 20**-0.21, 6.0, 0.02), 1.076 * 20**0.67 / 1000 * math.log(10) / 10),
        (
            {"snow": 1.0}, EchoType.SNOW, (3800.0 / 2.15, 2.55 / 2.15, 20.0, 0.0173), flake_extinction(1.0)
        ),
    ],
    ids=["rain", "snow"],
)  # fmt: skip
def test_drops_and_flakes_echo_as_often_as_their_sizes_say(weather, kind, sizes, extinction):
    config = replace(WINDOW, noise=True, range_10=90.0, columns=1250, range_noise=0.0)
    _, out = scan(config, weather)
    found = out["echo"][:, 0] == kind
    share, mean = drop_model(config, *sizes, extinction, 20_000)
    n = len(found)
    assert 0.005 < share < 0.9
    # Both are samples; pieces of the beam stand for its varying width.
    assert found.mean() == pytest.approx(share, abs=4 * math.sqrt(share / n) + 0.08 * share)
    assert out["range"][found, 0].mean() == pytest.approx(mean, rel=0.1)


def test_weather_s_noise_is_the_world_s_own():
    config = replace(WINDOW, noise=True)
    one, again, other, later = (
        scan(config, {"rain": 30.0, "fog_visibility": 200.0}, 30.0, key=key, tick=tick)[1]
        for key, tick in ((1, 5), (1, 5), (2, 5), (1, 6))
    )
    assert one["range"].tobytes() == again["range"].tobytes()
    assert one["range"].tobytes() != other["range"].tobytes() != later["range"].tobytes()
