"""Vehicles that ground: the underside on speed bumps, crests and kerbs, and what it does not do anywhere else."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.physics.parameters import actor_parameters
from sim.physics.sets import GRAVITY
from sim.road.elements import Bump
from sim.road.geometry import Cubic
from sim.road.relief import relief_heights
from sim.road.shorthand import CrossSection, Segment, road
from sim.structs import to_numpy
from tests.physics.worlds import CAR, actor, build, press, run, world_rows

LOW, HIGH = 0.12, 0.6
"""Ground clearances [m]: of a lowered car, and of one that nothing reaches."""
HUMP = Bump(50.0, -3.5, 3.5, 0.2, 1.2)


def clearance(height) -> dict[str, Any]:
    """Changes of `CarSet` that put a car's underside this high over the ground [m]."""
    car = actor_parameters(**CAR)["car"]
    top, low = car.hull[2] + car.hull_half[2], height - car.stand
    return {
        "hull": (car.hull[0], car.hull[1], 0.5 * (top + low)),
        "hull_half": (car.hull_half[0], car.hull_half[1], 0.5 * (top - low)),
    }


def cars(network, heights=(LOW, HIGH), **more):
    """A car on its own lane for each clearance, a world each."""
    at: dict[str, Any] = {"y": -1.75} | more
    return build([world_rows([actor(**(at | clearance(h)))]) for h in heights], [network])


def energy(state):
    """Kinetic and potential energy over the mass, spins left out [J/kg], (nworld,)."""
    return 0.5 * (state.vel.numpy()[:, 0] ** 2).sum(-1) + GRAVITY * state.pos.numpy()[:, 0, 2]


def sunk(state, heights, bumps):
    """How deep the middle line of each car's underside is in the bumps [m], (nworld,)."""
    deep = []
    for world, height in enumerate(heights):
        pos, (x, y, z, w) = state.pos.numpy()[world, 0], state.rot.numpy()[world, 0]
        ahead = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)])
        up = np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
        along = np.linspace(-0.5, 0.5, 200) * CAR["size"][0] + CAR["box_center"][0]
        place = pos + along[:, None] * ahead + height * up
        deep.append((relief_heights(bumps, [], place[:, :2]) - place[:, 2]).max())
    return np.array(deep)


def hill(slope=0.25, radius=2.0):
    """A straight road over a sharp crest, and where it is [m]."""
    network = road([Segment(400.0)], CrossSection())
    pieces, s, z, rise = [Cubic(0.0, 0.0)], 30.0, 0.0, 0.0
    half = radius * slope
    for length, bend in ((20.0, slope / 20.0), (10.0, 0.0), (2 * half, -1 / radius), (10.0, 0.0), (20.0, slope / 20.0)):
        pieces.append(Cubic(s, z, rise, 0.5 * bend))
        z, rise, s = z + rise * length + 0.5 * bend * length**2, rise + bend * length, s + length
    network.order[0].elevation[:] = [*pieces, Cubic(s, z, rise)]
    return network, 60.0 + half


def test_low_car_is_left_hanging_on_a_bump():
    arrays = cars(road([Segment(400.0)], CrossSection(), bumps=[HUMP]), x=42.0, speed=4.0)
    full, deepest = energy(arrays[1]), 0.0
    for _ in range(100):
        state = run(arrays, 6)
        assert (energy(state) <= full + 1e-2).all()
        deepest = max(deepest, sunk(state, (LOW,), [HUMP])[0])
    low, high = state.speed.numpy()[:, 0]
    assert abs(low) < 0.05 and high > 2.0
    assert abs(state.pos.numpy()[0, 0, 0] + CAR["box_center"][0] - HUMP.s) < 1.3  # the bump is under the floor
    borne = state.vehicle.load.numpy()[:, 0].sum(-1) / (CAR["mass"] * GRAVITY)
    assert borne[0] < 0.8 and abs(borne[1] - 1.0) < 0.05
    assert deepest < 0.03


def test_scraping_over_a_bump_at_speed_takes_way_off():
    arrays = cars(road([Segment(400.0)], CrossSection(), bumps=[HUMP]), x=40.0, speed=10.0)
    state = run(arrays, 300)
    low, high = state.speed.numpy()[:, 0]
    assert high > 8.5 and 5.0 < low < high - 1.5
    assert np.abs(state.rot.numpy()[:, 0, :3]).max() < 0.02  # both stand upright on the road again
    assert np.abs(state.pos.numpy()[:, 0, 1] + 1.75).max() < 0.2


def test_crest_hangs_a_car_up_with_its_wheels_in_the_air():
    """At 4 m/s its nose comes down onto the front wheels, at full droop; at 3.7 it rests on its middle, nearly all wheels in the air."""
    network, crest = hill()
    fast, slow = (cars(network, x=crest - 4.5, speed=v, z=4.0, nose_down=-0.245) for v in (4.0, 3.7))
    stood, stood_slow = (run(arrays, 250).pos.numpy()[:, 0].copy() for arrays in (fast, slow))
    assert crest - 2.6 < stood_slow[0, 0] < stood[0, 0] < crest
    assert stood[1, 0] > crest + 2.0  # the other one has crossed it
    # Only ground holds it, by its underside: not the plane through the wheels' ground, which is in the air beyond a crest, under the nose.
    assert stood[0, 0] > stood_slow[0, 0] + 0.3
    for arrays, before in ((fast, stood), (slow, stood_slow)):
        press(arrays, accel=0.5)
        assert np.linalg.norm(run(arrays, 150).pos.numpy()[0, 0] - before[0]) < 0.05
    state = slow[1]
    assert state.vehicle.load.numpy()[0, 0].sum() < 0.2 * CAR["mass"] * GRAVITY
    assert state.vehicle.wheel_speed.numpy()[0, 0].max() > 100.0  # driven wheels spin


def test_kerb_between_the_wheels_scrapes():
    network = road([Segment(400.0)], CrossSection(sidewalk=4.0))
    arrays = cars(
        network, (0.06, HIGH), x=50.0, y=-3.9, speed=8.0
    )  # the kerb, 0.12 m high, is 0.4 m left of the middle
    state = run(arrays, 200)
    low, high = state.speed.numpy()[:, 0]
    assert low < high - 0.7  # its sill alone, where it leans onto the plane under the wheels, takes 0.4 m/s


def test_nothing_but_what_rises_matters():
    """Two clearances, one motion: on flat ground, in bends and over bumps lower than both."""
    segments = [Segment(60.0), Segment(radius=50.0, angle=1.0), Segment(200.0)]
    network = road(segments, CrossSection(forward=2), bumps=[Bump(30.0, -7.0, 7.0, 0.05, 3.7)])
    arrays = cars(network, (0.15, HIGH), x=10.0, speed=12.0)
    arrays[2].steer.fill_(0.06)
    run(arrays, 150)
    press(arrays, steer=0.1, accel=-0.3)
    run(arrays, 200)
    for name, value in to_numpy(arrays[1]).items():
        np.testing.assert_array_equal(value[0], value[1], err_msg=name)


def test_grounded_world_in_a_batch_is_the_world_alone():
    network = road([Segment(400.0)], CrossSection(), bumps=[HUMP])
    both, one = (cars(network, heights, x=44.0, speed=6.0) for heights in ((HIGH, LOW), (LOW,)))
    one[0].world_key.assign(both[0].world_key.numpy()[1:])
    a, b = (to_numpy(run(arrays, 200)) for arrays in (both, one))
    for name in a:
        np.testing.assert_array_equal(a[name][1], b[name][0], err_msg=name)
