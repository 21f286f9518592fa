"""The four-wheel vehicle against closed forms: braking, acceleration, cornering, load transfer, standing still."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.physics.sets import GRAVITY, SETS
from sim.road.elements import FrictionPatch
from tests.physics.worlds import CAR, LORRY, actor, build, press, run, straight, world_rows

OPEN = [straight(length=4000.0, lanes=(0, 2), lane_width=200.0)]
"""A wide road on which there is room to turn."""


def ramp(slope):
    """Profile of a road that climbs evenly but for its ends."""
    return [(s, slope * s) for s in np.linspace(0.0, 4000.0, 81)]


def drive(speed, ticks, steer=0.0, accel=0.0, friction=1.0, kind=CAR, networks=None, **more):
    """State of one vehicle after ``ticks`` with fixed controls."""
    arrays = build(
        [world_rows([actor(kind, x=200.0, y=-200.0, speed=speed, **more)], friction=friction)], networks or OPEN
    )
    press(arrays, steer, accel)
    return run(arrays, ticks)


@pytest.mark.parametrize("friction", [1.0, 0.7, 0.3, 0.12])
def test_braking_distance_follows_friction(friction):
    speed = 20.0
    arrays = build([world_rows([actor(x=200.0, y=-200.0, speed=speed)], friction=friction)], OPEN)
    press(arrays, accel=-1.0)
    resist = SETS["car"].rolling * GRAVITY + 0.5 * 1.225 * SETS["car"].drag_area * 0.5 * speed**2 / CAR["mass"]
    deceleration = min(friction * GRAVITY, SETS["car"].brake) + resist
    state = run(arrays, round(100 * speed / deceleration * 1.4) + 150)
    assert abs(state.speed.numpy()[0, 0]) < 0.01
    distance = state.pos.numpy()[0, 0, 0] - 200.0
    expected = speed**2 / (2 * deceleration)
    # Pressure builds up in about 0.2 s; anti-lock keeps the tyres near their peak, which for a car lies 10 % above the mean one lengthwise.
    assert 0.88 * expected < distance < 1.12 * expected + 0.15 * speed


def test_anti_lock_keeps_steering_and_locked_wheels_do_not():
    with_abs = drive(25.0, 150, steer=0.3, accel=-1.0, friction=0.5)
    without = drive(25.0, 150, steer=0.3, accel=-1.0, friction=0.5, abs_slip=0.0)
    assert np.all(without.vehicle.wheel_speed.numpy()[0, 0] == 0.0)
    assert with_abs.vehicle.wheel_speed.numpy()[0, 0].min() > 0.0
    assert with_abs.pos.numpy()[0, 0, 1] + 200.0 > 3.0 * (without.pos.numpy()[0, 0, 1] + 200.0)


def test_engine_gives_its_power_and_no_more():
    seconds = 10.0
    state = drive(0.0, round(100 * seconds), accel=1.0)
    speed = float(state.speed.numpy()[0, 0])
    p = SETS["car"]
    turn = p.power / (p.drive * GRAVITY)  # up to this speed the greatest force binds, then the power does
    bound = math.sqrt(turn**2 + 2 * p.power * (seconds - turn / (p.drive * GRAVITY)))
    assert 0.9 * bound < speed < bound
    first = drive(0.0, 100, accel=1.0)
    assert first.speed.numpy()[0, 0] < SETS["car"].drive * GRAVITY * 1.0


def test_top_speed_balances_drag():
    state = drive(58.0, 3000, accel=1.0)
    p, mass = SETS["car"], CAR["mass"]
    speeds = np.linspace(20, 100, 8001)
    resist = 0.5 * 1.225 * p.drag_area * speeds**3 + p.rolling * mass * GRAVITY * speeds
    expected = speeds[np.argmin(abs(resist - p.power * mass))]
    assert state.speed.numpy()[0, 0] == pytest.approx(expected, rel=0.03)


def test_wheels_in_the_air_spin_no_faster_than_the_engine():
    """Full throttle in a fall of 3 s: driven wheels come near the limiter's speed and stay below it, the others do not turn."""
    arrays = build([world_rows([actor(x=200.0, y=-200.0, z=100.0)])], OPEN)
    arrays[1].vehicle.ready.fill_(1)
    press(arrays, 0.0, 1.0)
    state = run(arrays, 300)
    assert state.pos.numpy()[0, 0, 2] > 50.0
    p, mass, limit = SETS["car"], CAR["mass"], float(arrays[0].vehicle.car.numpy()["top_speed"][0, 0])
    top = limit / 1.15
    assert 0.5 * 1.225 * p.drag_area * top**3 + p.rolling * mass * GRAVITY * top == pytest.approx(
        p.power * mass, rel=1e-3
    )
    rim = CAR["wheel_radius"] * state.vehicle.wheel_speed.numpy()[0, 0]
    assert (0.95 * limit < rim[:2]).all() and (rim[:2] < 1.001 * limit).all()
    assert (rim[2:] == 0.0).all()


@pytest.mark.parametrize("kind", [CAR, LORRY])
def test_steady_turn_matches_the_single_track_model(kind):
    speed, angle = 15.0, 0.03
    p = SETS["car" if kind is CAR else "lorry"]
    state = drive(speed, 250, steer=angle / p.max_steer, kind=kind)
    v = float(state.speed.numpy()[0, 0])
    load = kind["mass"] * GRAVITY
    front, rear = 0.5 * p.front_load * load, 0.5 * (1 - p.front_load) * load
    nominal = load / 4

    def stiffness(z):
        return p.tyre.ky1 * nominal * math.sin(2 * math.atan(z / (p.tyre.ky2 * nominal)))

    gradient = (front / stiffness(front) - rear / stiffness(rear)) / GRAVITY
    expected = v * angle / (kind["wheelbase"] + gradient * v * v)
    assert gradient > 0 or kind is LORRY  # the car understeers
    assert state.ang_vel.numpy()[0, 0, 2] == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("friction", [0.9, 0.3])
def test_cornering_force_ends_at_the_road_s_friction(friction):
    state = drive(25.0, 150, steer=0.5, friction=friction)
    force = np.linalg.norm(state.accel.numpy()[0, 0])
    assert 0.6 * friction * GRAVITY < force < 1.06 * friction * GRAVITY + 0.3  # the air's drag on top


def test_wheel_loads_carry_the_weight_and_shift_forward_when_braking():
    state = drive(25.0, 250, accel=-0.5)
    loads = state.vehicle.load.numpy()[0, 0]
    p = SETS["car"]
    assert loads.sum() == pytest.approx(CAR["mass"] * GRAVITY, rel=1e-3)
    deceleration = -state.accel.numpy()[0, 0, 0]
    assert deceleration == pytest.approx(0.5 * p.brake, rel=0.08)
    shift = CAR["mass"] * deceleration * p.cog_height / CAR["wheelbase"]
    static = p.front_load * CAR["mass"] * GRAVITY
    assert loads[0] + loads[1] == pytest.approx(static + shift, rel=0.03)
    assert loads[0] == pytest.approx(loads[1], rel=1e-3)


def test_load_moves_to_the_outer_wheels_and_the_body_rolls_outwards():
    state = drive(15.0, 200, steer=0.1)
    loads, (x, y, z, w) = state.vehicle.load.numpy()[0, 0], state.rot.numpy()[0, 0]
    assert loads[1] > 1.2 * loads[0] and loads[3] > 1.2 * loads[2]
    assert math.asin(2 * (w * x + y * z)) > 0.005  # left turn: left side up


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_parked_stays_put(slope):
    networks = [straight(length=4000.0, profile=ramp(slope))]
    pitch = -math.atan(slope)
    arrays = build([world_rows([actor(x=150.0, y=-1.75, z=150.0 * slope, nose_down=pitch)])], networks)
    press(arrays, accel=-1.0)
    start = arrays[1].pos.numpy()[0, 0].copy()
    state = run(arrays, 500)
    assert np.linalg.norm((state.pos.numpy()[0, 0] - start)[:2]) < 0.02
    moved = state.pos.numpy()[0, 0].copy()
    state = run(arrays, 500)
    assert np.linalg.norm(state.pos.numpy()[0, 0] - moved) < 2e-3


def test_slope_takes_and_gives_speed():
    networks = [straight(length=4000.0, profile=ramp(0.05))]
    arrays = build([world_rows([actor(x=150.0, y=-1.75, z=7.5, speed=15.0, nose_down=-math.atan(0.05))])], networks)
    state = run(arrays, 300)
    climbed = GRAVITY * math.sin(math.atan(0.05)) * 3.0
    lost = 15.0 - float(state.speed.numpy()[0, 0])
    assert climbed < lost < climbed + 1.1  # rolling resistance and drag on top
    pos = state.pos.numpy()[0, 0]
    assert pos[2] == pytest.approx(0.05 * pos[0], abs=0.03)


def test_split_friction_yaws_the_vehicle_when_braking():
    # Left wheels on ice: the right ones brake alone and pull the nose to the right.
    patch = [FrictionPatch(0.0, 4000.0, -1.75, 3.5, 0.1)]
    networks = [straight(length=4000.0, patches=patch)]
    arrays = build([world_rows([actor(x=100.0, y=-1.75, speed=20.0)])], networks)
    press(arrays, accel=-1.0)
    state = run(arrays, 60)
    assert state.ang_vel.numpy()[0, 0, 2] < -0.05


def test_friction_patches_lengthen_the_way():
    dry = drive(15.0, 150, accel=-1.0, networks=[straight(length=4000.0, lanes=(0, 2), lane_width=200.0)])
    patch = [FrictionPatch(0.0, 4000.0, -400.0, 0.0, 0.2)]
    icy = drive(
        15.0, 150, accel=-1.0, networks=[straight(length=4000.0, lanes=(0, 2), lane_width=200.0, patches=patch)]
    )
    assert icy.speed.numpy()[0, 0] > 10.0 > 3.0 > dry.speed.numpy()[0, 0]


def test_nonsense_controls_do_not_spread():
    state = drive(15.0, 50, steer=float("nan"), accel=float("inf"))
    for name in ("pos", "vel", "ang_vel", "speed"):
        assert np.isfinite(getattr(state, name).numpy()).all(), name
    assert state.steer.numpy()[0, 0] == 0.0 and state.pos.numpy()[0, 0, 1] == -200.0
