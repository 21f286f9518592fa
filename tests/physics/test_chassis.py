"""The six-degree-of-freedom vehicle against closed forms, on uneven ground, at rest, in batches."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.physics.cars import flat_cars, step_cars
from sim.physics.parameters import actor_parameters
from sim.physics.sets import GRAVITY
from tests.physics.worlds import CAR

FRICTIONS = [1.0, 0.8, 0.6, 0.3, 0.1]


def sedan(**more):
    """The set "car"; ``more``: fields changed."""
    car = actor_parameters(**CAR)["car"]
    for name, value in more.items():
        setattr(car, name, value)
    return car


def ideal(**more):
    """Without anti-lock system, drag, rolling resistance, load sensitivity, relaxation."""
    car = sedan(abs_slip=0.0, drag=0.0, rolling=0.0, brake_rate=1e3, **more)
    for name in ("dx2", "dy2", "ky2", "relax_x", "relax_y"):
        setattr(car.tyre, name, 0.0)
    return car


def centre(car):
    """Centre of gravity of the whole: ahead of the rear axle and over the contact plane [m]."""
    unsprung = car.front.mass + car.rear.mass
    x = (car.front.mass * car.front.x + car.rear.mass * car.rear.x) / car.mass - car.rear.x
    return x, (car.sprung * car.height + unsprung * car.radius) / car.mass


def drive(car, speed, ticks, inputs=lambda k: {}, friction=1.0, steps=3, slope=None, look=None):
    """State after ``ticks``; ``inputs``: tick -> fields of the driver, ``look``: called with the state after each tick."""
    cars, state, given = flat_cars([car], [[0]], speed, friction, device="cpu")
    if slope is not None:
        normal = np.array([-math.sin(slope), 0.0, math.cos(slope)], np.float32)
        given.normal.assign(np.broadcast_to(normal, (1, 1, 4, 3)).copy())
    for k in range(ticks):
        for name, value in inputs(k).items():
            getattr(given, name).fill_(value)
        step_cars(cars, state, given, 0.01, steps)
        if look is not None:
            look(k, state)
    return state


def test_static_loads_are_the_weight_shared_by_the_levers():
    car = sedan()
    state = drive(car, 0.0, 200, lambda k: {"brake": 1e4})
    load = state.load.numpy()[0, 0]
    front = centre(car)[0] / (car.front.x - car.rear.x)
    assert load.sum() == pytest.approx(car.mass * GRAVITY, rel=1e-3)
    assert load[:2].sum() == pytest.approx(front * car.mass * GRAVITY, rel=5e-3)
    assert load[0] == pytest.approx(load[1], rel=1e-4)


@pytest.mark.parametrize("friction", FRICTIONS)
def test_ideal_brakes_stop_within_the_peak_friction(friction):
    mu = friction * ideal().tyre.dx1
    sets, force = [], []
    for level in (0.97, 0.98, 0.99, 1.0):  # a tyre beyond its peak locks: the best of these is ideal
        for shift in (-0.02, -0.01, 0.0, 0.01, 0.02):
            car = ideal()
            ahead, tall = centre(car)
            spins = 2 * car.spin / car.radius**2  # brakes slow down the wheels of an axle, too
            whole = car.mass + 2 * spins
            share = (car.mass * (ahead + mu * tall) / (car.front.x - car.rear.x) + spins) / whole + shift
            car.front.brake, car.rear.brake = share, 1.0 - share
            car.max_brake = 2.0 * whole * mu * GRAVITY
            sets.append(car)
            force.append(level * whole * mu * GRAVITY)
    cars, state, given = flat_cars(sets, np.arange(len(sets))[:, None], 28.0, friction, device="cpu")
    seen = []
    for k in range(round(100 * 28.0 / (mu * GRAVITY)) + 150):
        given.brake.assign((np.array(force, np.float32) * min(k / 80, 1.0))[:, None])
        step_cars(cars, state, given)
        seen.append((state.pos.numpy()[:, 0, 0].copy(), state.vel.numpy()[:, 0, 0].copy()))
    way = []
    for x, v in np.array(seen).transpose(2, 1, 0):
        a, b = np.argmax(v < 22.0), np.argmax(v < 3.0)
        if 0 < a < b:
            way.append((x[b] - x[a]) / ((v[a] ** 2 - v[b] ** 2) / (2 * mu * GRAVITY)))
    assert 0.995 < min(way) < 1.02


@pytest.mark.parametrize("friction", FRICTIONS)
def test_lateral_acceleration_ends_at_the_peak_friction(friction):
    car = ideal()
    car.tyre.ky1 = -40.0  # at the peak the wheels' angles are small: their cosines are not what is tested
    seen = []
    speed = 8.0 + 20.0 * math.sqrt(friction)
    rate = 0.02 * math.sqrt(friction)
    drive(
        car, speed, 900, lambda k: {"steer": 0.01 * rate * k}, friction,
        look=lambda k, s: seen.append(s.vel.numpy()[0, 0, :2].copy()),
    )  # fmt: skip
    vel = np.array(seen)
    accel = (vel[30:] - vel[:-30]) / 0.3
    along = vel[15:-15] / np.linalg.norm(vel[15:-15], axis=1)[:, None]
    side = np.abs(along[:, 0] * accel[:, 1] - along[:, 1] * accel[:, 0])
    assert side.max() == pytest.approx(friction * car.tyre.dy1 * GRAVITY, rel=0.02)


def test_a_locked_suspension_rolls_over_at_half_the_track_over_the_height():
    car = ideal(travel=1.0)
    for axle in (car.front, car.rear):
        axle.spring, axle.damper, axle.bar = 3e6, 3e4, 0.0
    car.front.tyre_spring = car.rear.tyre_spring = 4e6
    car.height = 1.2
    seen = []

    def look(_k, state):
        seen.append((*state.vel.numpy()[0, 0, :2], state.load.numpy()[0, 0, [0, 2]].max()))

    drive(car, 18.0, 800, lambda k: {"steer": 0.00015 * k}, 1.5, steps=30, look=look)
    vx, vy, inner = np.array(seen).T
    lift = int(np.argmax(inner[20:] < 1.0)) + 20
    assert inner[lift] < 1.0
    accel = math.hypot(*(np.array((vx[lift + 5] - vx[lift - 5], vy[lift + 5] - vy[lift - 5])) / 0.1))
    assert accel / GRAVITY == pytest.approx(0.5 * car.front.track / centre(car)[1], rel=0.03)


def test_coast_down():
    car = sedan()
    car.tyre.relax_x = 0.0
    state = drive(car, 40.0, 1500)
    c, roll = car.drag, car.rolling * car.mass * GRAVITY
    inert = car.mass + 4 * car.spin / car.radius**2
    turn = math.sqrt(roll / c)
    expected = turn * math.tan(math.atan(40.0 / turn) - math.sqrt(c * roll) / inert * 15.0)
    assert state.vel.numpy()[0, 0, 0] == pytest.approx(expected, rel=0.005)


def test_terminal_speed_balances_power():
    car = sedan()
    speeds = np.linspace(20, 100, 80001)
    resist = car.drag * speeds**3 + car.rolling * car.mass * GRAVITY * speeds
    expected = speeds[np.argmin(abs(resist - car.power))]
    state = drive(car, expected - 1.0, 4000, lambda k: {"drive": 1e6})
    assert state.vel.numpy()[0, 0, 0] == pytest.approx(expected, rel=0.01)


def brake_share(car, friction):
    """Mean fully developed deceleration (UN R13-H: from 0.8 to 0.1 of the speed, over the way) over friction times gravity."""
    cars, state, given = flat_cars([car], [[0]], 27.8, friction, device="cpu")
    given.brake.fill_(1e6)
    seen, spin = [], []
    while not seen or seen[-1][1] > 2.0:
        step_cars(cars, state, given)
        seen.append((state.pos.numpy()[0, 0, 0], state.vel.numpy()[0, 0, 0]))
        spin.append(state.spin.numpy()[0, 0].min())
    x, v = np.array(seen).T
    a, b = np.argmax(v < 0.8 * 27.8), np.argmax(v < 0.1 * 27.8)
    return float((v[a] ** 2 - v[b] ** 2) / (2 * (x[b] - x[a])) / (friction * GRAVITY)), min(spin[:b])


@pytest.mark.parametrize("friction", FRICTIONS)
def test_anti_lock_keeps_deceleration_and_wheels_turning(friction):
    share, spin = brake_share(sedan(), friction)
    assert 0.85 < share < sedan().tyre.dx1 + 0.3 / (friction * GRAVITY)  # the air's drag helps
    assert spin > 0.0
    locked, still = brake_share(sedan(abs_slip=0.0), friction)
    assert locked < share and still == 0.0


@pytest.mark.parametrize("slope", [0.0, 0.15])
def test_a_parked_vehicle_stays(slope):
    places = []
    drive(
        sedan(), 0.0, 1500, lambda k: {"brake": 1e6}, slope=slope,
        look=lambda k, s: places.append(s.pos.numpy()[0, 0].copy()),
    )  # fmt: skip
    assert np.linalg.norm(places[-1] - places[500]) < 1e-3


def test_a_kerb_under_one_wheel_lifts_it_and_rolls_the_body():
    car = sedan()
    cars, state, given = flat_cars([car], [[0]], 10.0, device="cpu")
    struck = 0.0
    for k in range(200):
        if k == 50:
            point = np.zeros((1, 1, 4, 3), np.float32)
            point[0, 0, 0, 2] = 0.05
            given.point.assign(point)
        step_cars(cars, state, given)
        struck = max(struck, state.load.numpy()[0, 0, 0])
    assert struck > 1.5 * 0.25 * car.mass * GRAVITY
    lift = state.lift.numpy()[0, 0]
    roll = 2 * state.rot.numpy()[0, 0, 0]
    assert lift[0] > lift[1] and roll > 0.003
    assert state.load.numpy()[0, 0].sum() == pytest.approx(car.mass * GRAVITY, rel=0.02)


def test_a_vehicle_in_a_batch_is_the_vehicle_alone():
    car = sedan()
    speeds = np.linspace(5.0, 40.0, 12).reshape(6, 2)
    batch = flat_cars([sedan(mass=1500.0), car], np.ones((6, 2)), speeds, 0.7, device="cpu")
    alone = flat_cars([car], [[0]], speeds[4, 1], 0.7, device="cpu")
    for cars, state, given in (batch, alone):
        given.steer.fill_(0.1)
        given.brake.fill_(4e3)
        for _ in range(150):
            step_cars(cars, state, given)
    for name in ("pos", "rot", "vel", "rate", "spin", "lift", "load"):
        assert np.array_equal(getattr(batch[1], name).numpy()[4, 1], getattr(alone[1], name).numpy()[0, 0]), name


def test_hostile_inputs_stay_finite():
    rng = np.random.default_rng(1)
    cars, state, given = flat_cars([sedan()], np.zeros((64, 4)), rng.uniform(0, 60, (64, 4)), device="cpu")
    for _ in range(300):
        given.steer.assign(rng.uniform(-2, 2, (64, 4)).astype(np.float32))
        given.drive.assign(rng.uniform(-1e5, 1e5, (64, 4)).astype(np.float32))
        given.brake.assign(rng.uniform(-1e5, 1e5, (64, 4)).astype(np.float32))
        given.friction.assign(rng.uniform(0, 1.2, (64, 4, 4)).astype(np.float32))
        step_cars(cars, state, given)
    for name in ("pos", "rot", "vel", "rate", "spin", "lift", "load"):
        assert np.isfinite(getattr(state, name).numpy()).all(), name


def test_a_vehicle_that_rolls_over_stays_finite_and_gains_no_energy():
    car = sedan(height=1.5)
    cars, state, given = flat_cars([car], [[0]], 22.0, 1.5, device="cpu")
    given.steer.fill_(0.2)
    energy, rolled = [], False
    for _ in range(600):
        step_cars(cars, state, given)
        v, z = state.vel.numpy()[0, 0], state.pos.numpy()[0, 0, 2]
        spin = 0.5 * float(np.dot(np.array(car.inertia), state.rate.numpy()[0, 0] ** 2))
        energy.append(0.5 * car.mass * float(v @ v) + car.mass * GRAVITY * z + spin)
        x, y, _, _ = state.rot.numpy()[0, 0]
        rolled |= 1 - 2 * (x * x + y * y) < 0.0
    assert rolled
    assert np.isfinite(energy).all()
    assert max(energy) < 1.05 * energy[0]
