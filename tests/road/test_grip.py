"""Friction of surfaces in weather, and aquaplaning, against the formulas that their sources print."""

from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.road.friction import (
    FADE_SPEED,
    FLOAT,
    GRIPS,
    ICE,
    PEAK_SLIP,
    SNOW,
    TREAD,
    WET_SPEED,
    film_depth,
    film_factor,
    horne_speed,
    tyre_factor,
)
from sim.road.grip import SurfacePoint, road_friction
from sim.structs import from_rows
from sim.types import Weather

wp.set_module_options({"enable_backward": False})


@wp.kernel
def _frictions(weather: Weather, point: SurfacePoint, speed: wp.array[float], factor: float, out: wp.array2d[float]):
    """Reads weather and speeds. Writes the friction of a surface, (nworld, nspeed)."""
    world, i = wp.tid()
    out[world, i] = road_friction(weather, world, point, speed[i], factor)


def friction(speeds, cover="asphalt", pressure=220.0, film=0.0, **weather):
    """Friction of a cover at some speeds [m/s]; ``film``: what the water on it contributes."""
    row = {"friction_scale": -1.0, **weather}
    point = SurfacePoint()
    point.friction, point.wet_loss, point.film = GRIPS[cover].friction, GRIPS[cover].wet_loss, film
    speed = wp.array(np.atleast_1d(speeds), dtype=float, device="cpu")
    out = wp.zeros((1, speed.shape[0]), dtype=float, device="cpu")
    scene = from_rows(Weather, [row], "cpu", {name: () for name in Weather.vars})
    wp.launch(
        _frictions, dim=out.shape, inputs=[scene, point, speed, tyre_factor(pressure)], outputs=[out], device="cpu"
    )
    return out.numpy()[0]


def onset_mph(depth_inch, pressure_psi, tread_32nds, texture_inch, spin_down=10.0):
    """Gallaway et al. 1979, as printed."""
    a = max(
        10.409 / depth_inch**0.06 + 3.507,
        (28.952 / depth_inch**0.06 - 7.817) * texture_inch**0.14,
    )
    return spin_down**0.04 * pressure_psi**0.3 * (tread_32nds + 1.0) ** 0.06 * a


@pytest.mark.parametrize("depth", [0.0025, 0.005, 0.01])
@pytest.mark.parametrize("pressure", [165.0, 220.0, 750.0])
def test_aquaplaning_sets_in_at_gallaway_s_speed(depth, pressure):
    mph = onset_mph(depth / 0.0254, pressure / 6.894757, TREAD / 25.4 * 32, 0.8 / 25.4)
    onset = mph * 0.44704
    assert tyre_factor(pressure) * film_factor(depth) == pytest.approx(onset, rel=1e-4)
    wet = friction([0.5 * onset, onset, 2.0 * onset], "water", pressure, film=film_factor(depth))
    assert wet[0] == pytest.approx(GRIPS["water"].friction)
    assert wet[1] == pytest.approx(0.5 * (wet[0] + FLOAT), rel=1e-4)  # half of it is gone at the onset
    assert wet[2] == pytest.approx(FLOAT)


def test_deep_water_floats_car_tyres_near_horne_and_dreher_s_speed():
    assert horne_speed(220.0) * 3.6 == pytest.approx(6.36 * math.sqrt(220.0))
    for pressure in (165.0, 220.0):
        ratio = tyre_factor(pressure) * film_factor(0.005) / horne_speed(pressure)
        assert 0.85 < ratio < 1.0  # spun down by a tenth before they float altogether


def test_thin_films_float_tyres_later_by_pavdrn_s_law():
    assert film_factor(0.0006) / film_factor(0.0024) == pytest.approx(4.0**0.259, rel=1e-6)
    assert film_factor(0.0) == 0.0


def test_rain_lies_on_the_road_as_gallaway_measured():
    assert film_depth(10.0) == 0.0
    depth = 0.01485 * 0.8**0.11 * 7.0**0.43 * 100.0**0.59 / 0.025**0.42 - 0.8
    assert film_depth(100.0) == pytest.approx(depth * 1e-3)
    assert 60.0 < 3.6 * tyre_factor(220.0) * film_factor(film_depth(100.0)) < 110.0


def test_wet_asphalt_loses_its_share_and_more_with_speed():
    slow, usual, fast = friction([0.0, WET_SPEED, 40.0], wetness=1.0)
    assert usual == pytest.approx(1.0 - GRIPS["asphalt"].wet_loss)
    assert fast / usual == pytest.approx(math.exp((WET_SPEED - 40.0) / FADE_SPEED), rel=1e-5)
    assert slow > usual
    assert FADE_SPEED * PEAK_SLIP * 3.6 == pytest.approx(14.2 + 89.7 * 0.75)  # 0.8 mm of sand is 0.75 mm of profile
    assert friction(WET_SPEED, wetness=0.5)[0] == pytest.approx(1.0 - 0.5 * GRIPS["asphalt"].wet_loss)


def test_weather_does_not_make_ice_of_ice():
    assert friction(20.0, "ice", ice=1.0, snow_cover=1.0)[0] == pytest.approx(ICE)
    assert friction(20.0, snow_cover=1.0)[0] == pytest.approx(SNOW)
    assert friction(20.0, dust=1.0)[0] == pytest.approx(GRIPS["gravel"].friction)
    assert friction(20.0, "ice", dust=1.0)[0] == pytest.approx(ICE)
    assert friction(20.0, ice=0.5)[0] == pytest.approx(0.5 + 0.5 * ICE)
    assert friction(20.0, "gravel", friction_scale=0.5, wetness=1.0)[0] == pytest.approx(0.35)  # the file's own word


def test_surfaces_are_ordered_by_grip():
    grip = [friction(15.0, name)[0] for name in ("ice", "oil", "snow", "leaves", "gravel", "asphalt")]
    assert all(a < b for a, b in zip(grip, grip[1:], strict=False))
