"""Vehicles on wet, loose and split surfaces, and in side wind."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.physics.parameters import AIR_CENTER, SIDE_DRAG
from sim.physics.sets import GRAVITY, SETS
from sim.road.elements import FrictionPatch
from sim.road.friction import GRIPS, film_factor, tyre_factor
from tests.physics.worlds import CAR, actor, build, press, run, straight, world_rows

OPEN = [straight(length=4000.0, lanes=(0, 2), lane_width=200.0)]


def stretch(kind, depth=0.0):
    """A road that is all of one kind of patch."""
    grip = GRIPS[kind]
    patch = FrictionPatch(0.0, 4000.0, -400.0, 0.0, grip.friction, kind, depth or grip.depth)
    return [straight(length=4000.0, lanes=(0, 2), lane_width=200.0, patches=[patch])]


def deceleration(speed, networks=OPEN, accel=-1.0, ticks=60, **weather):
    """Of a car under fixed pedals from ``speed`` [m/s^2], once they have taken hold."""
    arrays = build([world_rows([actor(x=200.0, y=-200.0, speed=speed)], friction=-1.0)], networks)
    for name, value in weather.items():
        getattr(arrays[0].weather, name).fill_(value)
    press(arrays, accel=accel)
    run(arrays, 30)
    before = float(arrays[1].speed.numpy()[0, 0])
    run(arrays, ticks)
    return (before - float(arrays[1].speed.numpy()[0, 0])) / (ticks * 0.01)


def test_brakes_hold_below_the_onset_of_aquaplaning_and_not_above():
    onset = tyre_factor(SETS["car"].tyre.pressure) * film_factor(0.005)
    water = stretch("water", 0.005)
    below, above = deceleration(0.8 * onset, water), deceleration(1.35 * onset, water)
    assert below > 0.85 * GRIPS["water"].friction * GRAVITY
    rain = deceleration(1.35 * onset, wetness=1.0, film=film_factor(0.005))
    # The same water from the sky; what stands there holds wheels back, which then slide beyond their peak.
    assert max(above, rain) < 0.15 * below


@pytest.mark.parametrize("kind", ["concrete", "gravel", "leaves", "oil", "snow", "ice"])
def test_each_surface_brakes_by_its_friction(kind):
    value = deceleration(20.0, stretch(kind))
    drag = 0.5 * 1.225 * SETS["car"].drag_area * 15.0**2 / CAR["mass"]
    most = GRIPS[kind].friction * GRAVITY * SETS["car"].tyre.friction + drag
    assert 0.85 * GRIPS[kind].friction * GRAVITY < value < 1.05 * most + 0.3


def test_loose_ground_slows_what_rolls_on_it():
    rolls = deceleration(10.0, stretch("gravel"), accel=0.0) - deceleration(10.0, accel=0.0)
    assert rolls == pytest.approx(GRIPS["gravel"].rolling * GRAVITY, rel=0.1)


def test_split_friction_yaws_the_car_towards_the_side_that_grips():
    patch = [FrictionPatch(0.0, 4000.0, -200.0, 0.0, 0.15, "ice")]
    networks = [straight(length=4000.0, lanes=(0, 2), lane_width=200.0, patches=patch)]
    arrays = build([world_rows([actor(x=200.0, y=-200.0, speed=25.0, esc=0.0)])], networks)
    press(arrays, accel=-0.5)
    run(arrays, 60)
    assert arrays[1].ang_vel.numpy()[0, 0, 2] < -0.1  # ice on the left: the right wheels pull


def test_side_wind_pushes_and_turns_the_car():
    speed, wind = 30.0, 12.0
    arrays = build([world_rows([actor(x=200.0, y=-200.0, speed=speed, esc=0.0)], wind=(0.0, wind))], OPEN)
    run(arrays, 2)
    air = math.hypot(speed, wind)
    force = 0.5 * 1.225 * SIDE_DRAG * CAR["size"][0] * CAR["size"][2] * air * wind
    # Before tyres answer: Newton and Euler, with the force AIR_CENTER ahead of the wheelbase's middle.
    arm = (0.5 + AIR_CENTER - SETS["car"].front_load) * CAR["wheelbase"]
    inertia = float(arrays[0].vehicle.inertia.numpy()[0, 0, 2])
    start = build([world_rows([actor(x=200.0, y=-200.0, speed=speed, esc=0.0)], wind=(0.0, wind), friction=0.0)], OPEN)
    run(start, 20)
    rate = float(start[1].ang_vel.numpy()[0, 0, 2])
    assert rate == pytest.approx(force * arm * speed / air / inertia * 0.2, rel=0.1)
    side = float(start[1].vel.numpy()[0, 0, 1])
    assert side == pytest.approx(force / CAR["mass"] * 0.2 - rate * SETS["car"].front_load * CAR["wheelbase"], rel=0.15)
    run(arrays, 198)
    assert arrays[1].pos.numpy()[0, 0, 1] + 200.0 > 0.3 and arrays[1].ang_vel.numpy()[0, 0, 2] > 0.0
    assert np.all(np.isfinite(arrays[1].pos.numpy()))
