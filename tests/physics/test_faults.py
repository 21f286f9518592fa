"""Faults of vehicles: each changes what physics says it should, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.physics.faults import BRAKE_IRON, BURST_TIME, DROP, FADE_END, FADE_LEFT, FADE_START, FLAT_ROLLING, IRON_HEAT
from sim.physics.sets import GRAVITY, SETS
from sim.road.elements import FrictionPatch
from sim.rotation import yaw_of
from sim.types import BURST_TYRE, Fault
from tests.physics.worlds import CAR, actor, build, press, run, straight, world_rows

OPEN = [straight(length=4000.0, lanes=(0, 2), lane_width=200.0)]
LEFT, RIGHT, REAR_LEFT = 0, 1, 2


def car(speed, fault=0, networks=None, steer=0.0, accel=0.0, friction=1.0, **more):
    """(scene, state, control) of one car with faults from the start, its controls held."""
    arrays = build([world_rows([actor(x=200.0, y=-200.0, speed=speed, **more)], friction=friction)], networks or OPEN)
    press(arrays, steer, accel)
    arrays[1].faults.broken.fill_(int(fault))
    return arrays


def aside(arrays):
    """How far left of its start the car is [m]."""
    return float(arrays[1].pos.numpy()[0, 0, 1]) + 200.0


def slowing(arrays, ticks=20):
    """Mean deceleration over the coming ticks [m/s^2]."""
    before = float(arrays[1].speed.numpy()[0, 0])
    run(arrays, ticks)
    return (before - float(arrays[1].speed.numpy()[0, 0])) / (ticks * 0.01)


def test_burst_tyre_pulls_to_its_side_by_what_its_resistance_turns():
    left, right, whole = (car(33.0, f, esc=0.0) for f in (Fault.BURST << LEFT, Fault.BURST << RIGHT, 0))
    for arrays in (left, right, whole):
        run(arrays, 200)
    assert abs(aside(whole)) < 0.01
    assert aside(left) == pytest.approx(-aside(right), rel=0.02)
    # Resistance at half the track turns the car; tyres soon hold against it. 2 s of it all would carry it 14 m away.
    set_ = SETS["car"]
    load = 0.5 * set_.front_load * CAR["mass"] * GRAVITY
    inertia = left[0].vehicle.inertia.numpy()[0, 0, 2]
    turn = FLAT_ROLLING * load * 0.5 * set_.track * CAR["size"][1] / inertia
    assert 0.3 < aside(left) < 33.0 * turn * 2.0**3 / 6.0
    assert left[1].ang_vel.numpy()[0, 0, 2] > 0.01


def test_burst_tyre_brakes_the_car_and_lets_its_corner_down():
    arrays = car(33.0, Fault.BURST << LEFT)
    run(arrays, 1)
    assert arrays[1].faults.flat.numpy()[0, 0] == pytest.approx([0.01 / BURST_TIME, 0, 0, 0], rel=1e-3)
    assert arrays[1].visible.numpy()[0, 0] == 7
    run(arrays, 99)
    assert arrays[1].visible.numpy()[0, 0] == 7 | BURST_TYRE << LEFT, "pictures show it"
    x, y, z, w = arrays[1].rot.numpy()[0, 0]
    roll, pitch = math.asin(2 * (w * x + y * z)), math.asin(2 * (w * y - z * x))
    track = SETS["car"].track * CAR["size"][1]
    drop = DROP * CAR["wheel_radius"]
    assert roll < -0.15 * drop / track and pitch > 0.1 * drop / CAR["wheelbase"]  # left and front down
    load = arrays[1].vehicle.load.numpy()[0, 0, LEFT]
    whole = car(33.0)
    run(whole, 100)
    more = slowing(arrays) - slowing(whole)
    assert more == pytest.approx(FLAT_ROLLING * load / CAR["mass"], rel=0.25)


def test_burst_rear_tyre_takes_the_rear_axle_s_hold():
    rates = []
    for fault in (0, Fault.BURST << RIGHT + 2):
        arrays = car(30.0, fault, steer=0.03, esc=0.0)
        run(arrays, 150)
        rates.append(float(arrays[1].ang_vel.numpy()[0, 0, 2]))
    assert rates[1] > 1.3 * rates[0] > 0.05  # turning left, the outer rear tyre has burst


@pytest.mark.parametrize("wheels", [(0, 3), (1, 2), (0, 1), (2, 3)])
def test_a_failed_circuit_leaves_the_other_s_share_of_deceleration(wheels):
    front = SETS["car"].brake_front
    shares = [0.5 * front, 0.5 * front, 0.5 - 0.5 * front, 0.5 - 0.5 * front]
    values = []
    for lost in ((), wheels):
        arrays = car(30.0, Fault.BRAKES, accel=-0.35, esc=0.0)
        loss = np.zeros((1, 1, 4), np.float32)
        loss[0, 0, list(lost)] = 1.0
        arrays[1].faults.brake_loss.assign(loss)
        run(arrays, 100)
        values.append(slowing(arrays, 60))
    resist = SETS["car"].rolling * GRAVITY + 0.5 * 1.225 * SETS["car"].drag_area * 26.0**2 / CAR["mass"]
    left = sum(s for i, s in enumerate(shares) if i not in wheels)
    assert values[0] == pytest.approx(0.35 * SETS["car"].brake + resist, rel=0.04)
    assert values[1] == pytest.approx(0.35 * SETS["car"].brake * left + resist, rel=0.06)


def test_without_any_brakes_only_the_road_and_the_air_slow_the_car():
    arrays = car(30.0, Fault.BRAKES, accel=-1.0)
    arrays[1].faults.brake_loss.fill_(1.0)
    assert slowing(arrays, 100) < 0.6


def test_brakes_heat_by_what_they_dissipate():
    arrays = car(40.0, accel=-0.6)
    run(arrays, 750)
    assert abs(arrays[1].speed.numpy()[0, 0]) < 0.05
    front, rear = arrays[1].faults.heat.numpy()[0, 0]
    share = SETS["car"].brake_front
    mean = share * front + (1 - share) * rear
    assert mean == pytest.approx(0.5 * 40.0**2 / (BRAKE_IRON * IRON_HEAT), rel=0.12)  # the air and the tyres take some


def test_hot_brakes_fade():
    cold, hot = car(30.0, accel=-0.5), car(30.0, accel=-0.5)
    hot[1].faults.heat.fill_(FADE_END + 35.0)
    for arrays in (cold, hot):
        run(arrays, 40)
    resist = SETS["car"].rolling * GRAVITY + 0.5 * 1.225 * SETS["car"].drag_area * 29.0**2 / CAR["mass"]
    assert slowing(hot) - resist == pytest.approx(FADE_LEFT * (slowing(cold) - resist), rel=0.08)


def test_brakes_fade_the_sooner_the_warmer_the_air():
    held = []
    for air in (-30.0, 15.0, 45.0):
        arrays = car(30.0, accel=-0.5)
        arrays[0].weather.temperature.fill_(air)
        arrays[1].faults.heat.fill_(FADE_START - 20.0)
        run(arrays, 40)
        held.append(slowing(arrays, 30))
    share = 1.0 - (1.0 - FADE_LEFT) * 30.0 / (FADE_END - FADE_START)  # some more, as braking heats
    assert held[0] > held[1] > held[2]
    assert share - 0.1 < held[2] / held[0] < share


def test_locked_steering_stays_and_free_wheels_straighten():
    for fault, ends in ((Fault.STEERING_LOCKED, (0.0199, 0.0201)), (Fault.STEERING_FREE, (-0.004, 0.004))):
        arrays = car(20.0, steer=0.02 / SETS["car"].max_steer)
        run(arrays, 100)
        arrays[1].faults.broken.fill_(int(fault))
        press(arrays, steer=-0.5)
        run(arrays, 150)
        assert ends[0] < arrays[1].steer.numpy()[0, 0] < ends[1], fault.name
    assert abs(arrays[1].ang_vel.numpy()[0, 0, 2]) < 0.01  # nothing turns the car that nobody steers


def test_stuck_throttle_drives_a_car_that_nobody_drives():
    arrays = car(10.0, Fault.THROTTLE)
    arrays[1].faults.throttle.fill_(0.5)
    run(arrays, 300)
    faster = float(arrays[1].speed.numpy()[0, 0])
    assert 14.0 < faster < 10.0 + 3.0 * SETS["car"].drive * GRAVITY * 0.5
    press(arrays, accel=-1.0)
    assert slowing(arrays, 50) > 4.0  # brakes are stronger than the engine


def test_lost_wheel_drops_its_corner_onto_the_road():
    arrays = car(25.0, Fault.WHEEL_LOST << LEFT)
    run(arrays, 200)
    load = arrays[1].vehicle.load.numpy()[0, 0]
    assert load[LEFT] == 0.0 and load[REAR_LEFT + 1] < 0.9 * load[RIGHT]
    x, y, z, w = arrays[1].rot.numpy()[0, 0]
    assert math.asin(2 * (w * x + y * z)) < -0.02 and math.asin(2 * (w * y - z * x)) > 0.02
    whole = car(25.0)
    run(whole, 200)
    assert arrays[1].speed.numpy()[0, 0] < whole[1].speed.numpy()[0, 0] - 1.0  # the body scrapes
    assert aside(arrays) > 0.1


def test_stability_control_holds_the_car_on_split_friction():
    patch = [FrictionPatch(0.0, 4000.0, -200.0, 200.0, 0.15, "ice")]
    networks = [straight(length=4000.0, lanes=(2, 2), lane_width=200.0, patches=patch)]
    turned = []
    for esc in (0.0, 1.0):
        arrays = build([world_rows([actor(x=200.0, y=-200.0, speed=25.0, esc=esc)])], networks)
        press(arrays, accel=-0.5)
        run(arrays, 150)
        turned.append(abs(yaw_of(arrays[1].rot.numpy()[0, 0])))
    assert turned[0] > 0.1 and turned[1] < 0.7 * turned[0]


def test_worlds_with_faults_do_not_depend_on_their_batch():
    faults = [0, Fault.BURST << LEFT, Fault.WHEEL_LOST << REAR_LEFT, Fault.STEERING_FREE | Fault.THROTTLE]
    rows = [world_rows([actor(x=200.0, y=-200.0, speed=25.0)]) for _ in faults]

    def final(which):
        arrays = build([rows[i] for i in which], OPEN)
        press(arrays, 0.05, -0.4)
        arrays[1].faults.broken.assign(np.array([[int(faults[i])] for i in which], np.int32))
        arrays[1].faults.throttle.fill_(0.6)
        run(arrays, 60)
        return arrays[1].pos.numpy(), arrays[1].rot.numpy(), arrays[1].faults.heat.numpy()

    together = final(range(4))
    for i in range(4):
        for one, all_ in zip(final([i]), together, strict=True):
            assert np.array_equal(one[0], all_[i])


def test_faults_at_random_under_hostile_controls_stay_numbers():
    draw = np.random.default_rng(4)
    n = 48
    arrays = build([world_rows([actor(x=2000.0, y=-200.0, speed=v)]) for v in draw.uniform(0.0, 60.0, n)], OPEN)
    faults = arrays[1].faults
    for _ in range(10):
        bits = faults.broken.numpy() | (1 << draw.integers(0, 12, (n, 1))).astype(np.int32)
        faults.broken.assign(bits)
        faults.brake_loss.assign(draw.uniform(0.0, 1.0, (n, 1, 4)).astype(np.float32))
        faults.throttle.assign(draw.uniform(0.0, 1.0, (n, 1)).astype(np.float32))
        faults.heat.assign(draw.uniform(0.0, 1500.0, (n, 1, 2)).astype(np.float32))
        for control in (arrays[2].steer, arrays[2].accel):
            control.assign(draw.choice([-1.0, 0.3, 1.0, np.nan, np.inf], (n, 1)).astype(np.float32))
        state = run(arrays, 20)
        assert np.isfinite(state.pos.numpy()).all() and np.isfinite(state.rot.numpy()).all()
        assert np.linalg.norm(state.vel.numpy(), axis=-1).max() < 75.0
        assert -1.0 < state.pos.numpy()[..., 2].min() and state.pos.numpy()[..., 2].max() < 3.0
