"""Vehicles over speed bumps and potholes: against a half-car model of its own, wheel by wheel, and in batches."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.physics.parameters import actor_parameters
from sim.physics.sets import GRAVITY
from sim.road.elements import Bump, Pothole
from sim.road.shorthand import CrossSection, Segment, road
from sim.simulation import make_steps
from sim.structs import to_numpy
from sim.types import Motion
from tests.physics.worlds import CAR, PERSON, actor, build, run, world_rows

WATTS = Bump(50.0, -3.5, 3.5, 0.1, 3.7)
SPEEDS = (20.0, 30.0, 50.0)
"""[km/h]."""


def street(bumps=(), potholes=()):
    return road([Segment(400.0)], CrossSection(), bumps=bumps, potholes=potholes)


def cross(network, speeds=SPEEDS, y=-1.75):
    """Cars that roll over what lies at s = 50 m, a world each: way, vertical acceleration [m/s^2], loads [N], heights under wheels.

    Of the rear axle's middle; every tick, until it has passed s = 60 m: (nworld, ntick) and (nworld, ntick, 4).
    """
    rows = [world_rows([actor(x=40.0, y=y, speed=v / 3.6)]) for v in speeds]
    arrays = build(rows, [network])
    seen = []
    for _ in range(round(22.0 / (min(speeds) / 3.6) * 100)):
        run(arrays, 1)
        s = arrays[1]
        now = (
            s.pos.numpy()[:, 0, 0],
            s.accel.numpy()[:, 0, 2],
            s.vehicle.load.numpy()[:, 0],
            s.vehicle.ground.numpy()[:, 0],
        )
        seen.append([part.copy() for part in now])
    x, accel, load, ground = (np.stack(part, 1) for part in zip(*seen, strict=True))
    return x, accel, load, ground


def arc(x):
    """Height of `WATTS` at x [m]."""
    half, h = 0.5 * WATTS.length, WATTS.height
    radius = (half**2 + h**2) / (2.0 * h)
    x = np.asarray(x) - WATTS.s
    return np.where(np.abs(x) < half, np.sqrt(np.maximum(radius**2 - x**2, 0.0)) - (radius - h), 0.0)


def half_car(speed, dt=1e-4):
    """Vertical acceleration over the rear axle, every 10 ms, and loads of a front and a rear wheel [N]: Gillespie 1992, ch. 5.

    Heave, pitch and two axles that hop on their tyres, on the arc of the bump; `CAR` with its set's springs.
    """
    car = actor_parameters(**CAR)["car"]
    axles = (car.front, car.rear)
    arm = np.array([a.x for a in axles])
    spring, damper, tyre = (2.0 * np.array([getattr(a, n) for a in axles]) for n in ("spring", "damper", "tyre_spring"))
    mass = np.array([a.mass for a in axles])
    weight = car.sprung * GRAVITY * np.array([-arm[1], arm[0]]) / (arm[0] - arm[1]) + mass * GRAVITY
    body, rate, hop, hop_rate = np.zeros(2), np.zeros(2), np.zeros(2), np.zeros(2)  # body: rise and nose up
    accel, loads = [], []
    for k in range(round(24.0 / speed / dt)):
        z = arc(40.0 + speed * k * dt + arm - arm[1])
        load = np.maximum(weight + tyre * (z - hop), 0.0)
        past = np.maximum(np.abs(hop - body[0] - arm * body[1]) - car.travel, 0.0)
        push = spring * (hop - body[0] - arm * body[1]) + damper * (hop_rate - rate[0] - arm * rate[1])
        push += np.sign(hop - body[0] - arm * body[1]) * past * 10.0 * spring
        turn = np.array([push.sum() / car.sprung, (push * arm).sum() / car.inertia[1]])
        hop_rate = hop_rate + dt * (load - weight - push) / mass
        rate = rate + dt * turn
        body, hop = body + dt * rate, hop + dt * hop_rate
        accel.append(turn[0] + arm[1] * turn[1])
        loads.append(0.5 * load)
    tick = round(0.01 / dt)
    n = len(accel) // tick
    return np.array(accel)[: n * tick].reshape(n, tick).mean(1), np.array(loads)


@pytest.fixture(scope="module")
def over_watts():
    return cross(street([WATTS]))


def test_a_watts_hump_lifts_the_body_as_a_half_car_says(over_watts):
    x, accel, load, ground = over_watts
    for i, speed in enumerate(SPEEDS):
        here = x[i] < 58.0
        theirs, loads = half_car(speed / 3.6)
        got, want = np.array([accel[i][here].max(), accel[i][here].min()]), np.array([theirs.max(), theirs.min()])
        np.testing.assert_allclose(got, want, rtol=0.1)
        np.testing.assert_allclose(load[i][here][:, [0, 2]].max(0), loads.max(0), rtol=0.08)
        assert ground[i].max() == pytest.approx(0.1, abs=0.002)


def test_faster_is_harder_and_at_last_wheels_lift(over_watts):
    _, accel, load, _ = over_watts
    up, down = accel.max(1), -accel.min(1)
    assert (np.diff(up) > 0.5).all() and (np.diff(down) > 2.0).all()
    assert load[0].min() > 1000.0 and load[2].min() == 0.0
    # Below the discomfort of about 0.7 g at the 20 mph that such humps are made for, above it at 50 km/h.
    assert up[0] < 0.7 * GRAVITY and down[2] > GRAVITY


def test_wheels_meet_the_hump_where_the_file_has_it(over_watts):
    x, _, _, ground = over_watts
    base = CAR["wheelbase"]
    for i in range(len(SPEEDS)):
        step = float(np.diff(x[i]).max())
        for wheels, ahead in ((slice(0, 2), base), (slice(2, 4), 0.0)):
            on = x[i][(ground[i][:, wheels] > 1e-4).any(1)] + ahead
            # The ground is read half a tick ahead, and by a wheel's tread 0.19 m around.
            assert on.min() == pytest.approx(48.15, abs=0.2 + 1.5 * step)
            assert on.max() == pytest.approx(51.85, abs=0.2 + 1.5 * step)


def test_a_pothole_hits_one_side_and_turns_the_car_to_it():
    x, accel, load, ground = cross(street(potholes=[Pothole(50.0, -2.53, 0.6, 0.08)]))
    for i in range(len(SPEEDS)):
        assert ground[i][:, [0, 2]].min() == 0.0 and -0.08 < ground[i][:, [1, 3]].min() < -0.04
        still = load[i][0]
        assert load[i][:, 1].min() == 0.0 and load[i][:, 1].max() > 1.8 * still[1]  # drops, then strikes the far side
        assert load[i][:, 0].max() < 1.3 * still[0] and np.abs(accel[i]).max() < GRAVITY
    struck = x[0][load[0][:, 1].argmax()] + CAR["wheelbase"]
    assert 50.0 < struck < 50.5


def test_who_drives_beside_a_pothole_does_not_feel_it():
    with_hole, without = cross(street(potholes=[Pothole(50.0, 1.75, 0.6, 0.08)])), cross(street())
    for a, b in zip(with_hole, without, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_world_in_a_batch_is_the_world_alone():
    network = street([WATTS], [Pothole(55.0, -2.5, 0.6, 0.08)])
    rows = [
        world_rows([actor(x=40.0 + i, y=-1.75, speed=8.0 + i), actor(PERSON, x=50.0, y=1.0, motion=Motion.BODY)])
        for i in range(5)
    ]
    batch = run(build(rows, [network]), 250)
    alone = run(build(rows[3:4], [network]), 250)
    for name, value in to_numpy(batch).items():
        if name in ("pos", "rot", "vel", "ang_vel"):
            np.testing.assert_array_equal(value[3], to_numpy(alone)[name][0])


def test_scripted_cars_and_people_stand_on_a_hump():
    at = [
        actor(x=47.0, y=-1.75, speed=4.0, motion=Motion.SCRIPTED),
        actor(PERSON, x=50.0, y=1.75, lane=1, speed=0.5, motion=Motion.SCRIPTED),
    ]
    arrays = build([world_rows(at)], [street([WATTS])])
    for _ in range(150):
        run(arrays, 1)
        pos, rot = arrays[1].pos.numpy()[0], arrays[1].rot.numpy()[0]
        base = CAR["wheelbase"]
        heights = arc(pos[0, 0] + np.array([0.0, base]))
        assert pos[0, 2] == pytest.approx(heights[0], abs=1e-3)
        nose = 2.0 * math.asin(-rot[0, 1])
        assert nose == pytest.approx(math.atan((heights[1] - heights[0]) / base), abs=2e-3)
    assert pos[1, 2] == pytest.approx(arc(pos[1, 0]), abs=1e-4) and abs(rot[1, 1]) < 1e-6


def test_pybullet_drives_over_the_same_hump():
    pytest.importorskip("pybullet", reason="PyBullet has wheels for Python 3.10 and 3.11 only")
    peaks = []
    for physics in ("swerve", "bullet"):
        arrays = build([world_rows([actor(x=44.0, y=-1.75, speed=6.0)])], [street([WATTS])])
        steps = make_steps(*arrays, physics)
        track = []
        for _ in range(160):
            steps.launch()
            track.append(arrays[1].pos.numpy()[0, 0].copy())
        x, _, z = np.array(track).T
        assert np.abs(z[x < 45.0]).max() < 0.01  # both axles still before it
        peaks.append(z.max())
    assert 0.1 < peaks[0] and peaks[1] == pytest.approx(peaks[0], rel=0.3)
