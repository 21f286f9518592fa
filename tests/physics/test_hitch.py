"""Trailers on tyres: loads at the coupling, off-tracking, braking, jackknife, trailer swing; that the joint holds and takes no energy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.physics.controls import LINE_LAG
from sim.physics.hitch import BALL_HEIGHT, MAX_BEND, PLATE_HALF, PLATE_HEIGHT, hold_trailers
from sim.physics.sets import GRAVITY, SETS
from sim.physics.vehicle import SLEEP_TICKS
from sim.rotation import inverse, rotate
from sim.structs import to_numpy
from sim.types import Motion
from tests.physics.trains import CARAVAN, SEMI, TRACTOR, TUG, bend, coupled, gap, train
from tests.physics.worlds import actor, press, run, straight, world_rows

OPEN = [straight(length=4000.0, lanes=(0, 2), lane_width=200.0)]
NO_AIDS = {"abs_slip": 0.0, "esc": 0.0}
HEAVY = TRACTOR["mass"] + SEMI["mass"]


def nose(trailer):
    """Load of a trailer's coupling [kg]."""
    return SETS[trailer["category"]].front_load * trailer["mass"]


def share_brakes(arrays, front):
    """Give the front axles of the pulling vehicles this share of their brake force."""
    cars = arrays[0].vehicle.car.numpy()
    cars["front"]["brake"][:, 0], cars["rear"]["brake"][:, 0] = front, 1.0 - front
    arrays[0].vehicle.car.assign(cars)


def follow(arrays, ticks, kinds=(TRACTOR, SEMI)):
    """Run; widest gap of the coupling [m], articulation [rad, (ntick, nworld)]."""
    wide, bends = 0.0, []
    for _ in range(ticks):
        state = run(arrays, 1)
        wide = max(wide, gap(state, *kinds).max())
        bends.append(bend(state))
    return wide, np.array(bends)


@pytest.mark.parametrize(("tow", "trailer"), [(TRACTOR, SEMI), (TRACTOR, SEMI | {"mass": 18000.0}), (TUG, CARAVAN)])
def test_the_coupling_loads_the_axles_as_levers_have_it(tow, trailer):
    arrays = coupled([train(tow, trailer, ends=({"rolling": 0.0}, {"rolling": 0.0}))], OPEN)
    loads = run(arrays, 1000).vehicle.load.numpy()[0]
    ahead, base = tow["carries"][0], tow["wheelbase"]
    own = SETS["tractor" if tow is TRACTOR else "car"].front_load * tow["mass"]
    front = (own + nose(trailer) * ahead / base) * GRAVITY
    rear = (tow["mass"] - own + nose(trailer) * (1.0 - ahead / base)) * GRAVITY
    assert loads[0, :2].sum() == pytest.approx(front, rel=0.01)
    assert loads[0, 2:].sum() == pytest.approx(rear, rel=0.01)
    assert loads[1].sum() == pytest.approx((trailer["mass"] - nose(trailer)) * GRAVITY, rel=0.01)


@pytest.mark.parametrize(("tow", "trailer", "speed", "lock"), [(TRACTOR, SEMI, 16.0, 0.10), (TUG, CARAVAN, 25.0, 0.10)])
def test_the_joint_holds_in_a_hard_manoeuvre(tow, trailer, speed, lock):
    """Left, right, left at the limit, then a full brake in the bend, on 0.8 and on 0.3; nobody rolls over."""
    arrays = coupled([train(tow, trailer, speed=speed, friction=f) for f in (0.8, 0.3)], OPEN)
    wide = 0.0
    for steer, accel, ticks in ((lock, 0.3, 120), (-lock, 0.0, 120), (lock, 0.0, 80), (lock, -1.0, 200)):
        press(arrays, steer, accel)
        wide = max(wide, follow(arrays, ticks, (tow, trailer))[0])
    assert rotate(arrays[1].rot.numpy()[:, :2], (0.0, 0.0, 1.0))[..., 2].min() > 0.9
    assert 1e-6 < wide < 0.003


@pytest.mark.parametrize("lock", [0.25, 0.4])
def test_a_semitrailer_cuts_the_corner(lock):
    """Hitch on R^2 + h^2, the trailer's still point p behind it on that less p^2 (Winkler 1998: p = L + a^2/L of two axles 2a apart)."""
    arrays = coupled([train(speed=2.5)], OPEN)
    for _ in range(200):
        press(arrays, lock, 2.5 - float(arrays[1].speed.numpy()[0, 0]))
        state = run(arrays, 20)
    speed = np.linalg.norm(state.vel.numpy()[0, :2], axis=1)
    radius = speed / np.abs(state.ang_vel.numpy()[0, :2, 2])
    arm, apart = SEMI["coupler"], SETS["semitrailer"].spread
    still = arm + apart**2 / arm
    hitch = radius[0] ** 2 + TRACTOR["carries"][0] ** 2
    assert radius[1] == pytest.approx(math.sqrt(hitch - still**2 + (still - arm) ** 2), rel=0.01)
    assert radius[0] - radius[1] > 1.0


def test_pedal_forces_stop_a_train():
    """Below the limit the brake forces are the pedal's; what lags costs way."""
    speed, pedal = 20.0, 0.35
    arrays = coupled([train(speed=speed, ends=(NO_AIDS, NO_AIDS))], OPEN)
    press(arrays, accel=-pedal)
    tow, trailer = SETS["tractor"], SETS["semitrailer"]
    forces = np.array([tow.brake * (TRACTOR["mass"] + nose(SEMI)), trailer.brake * (SEMI["mass"] - nose(SEMI))]) * pedal
    lag = forces @ [0.5 * pedal / tow.brake_rate, LINE_LAG] / forces.sum()
    resist = tow.rolling * HEAVY * GRAVITY + 0.5 * 1.225 * (tow.drag_area + trailer.drag_area) * 0.5 * speed**2
    slows = (forces.sum() + resist) / (HEAVY + 4.0 * (tow.wheel_inertia + trailer.wheel_inertia) / 0.5**2)
    state = run(arrays, round(100 * speed / slows) + 150)
    assert abs(state.speed.numpy()[0]).max() < 0.05
    assert state.pos.numpy()[0, 0, 0] - 200.0 == pytest.approx(speed**2 / (2.0 * slows) + lag * speed, rel=0.01)


def test_a_full_brake_meets_the_rule_and_rests():
    """UNECE R13, annex 4: 5 m/s^2 or more on a dry road (here 0.9), in line; then the train sleeps."""
    arrays = coupled([train(speed=16.7, friction=0.9)], OPEN)
    press(arrays, accel=-1.0)
    speeds = [run(arrays, 1).speed.numpy()[0, 0] for _ in range(400)]
    first, last = (np.argmax(np.array(speeds) < share * 16.7) for share in (0.8, 0.1))
    assert 5.0 < 0.7 * 16.7 / (0.01 * (last - first)) < 0.9 * GRAVITY
    state = run(arrays, 500)
    assert state.rest.numpy()[0, :2].min() >= SLEEP_TICKS
    assert np.abs(bend(state)).max() < 0.01
    press(arrays, accel=0.5)
    state = run(arrays, 200)
    assert state.speed.numpy()[0, :2].min() > 0.3


def swerve(tow, trailer, front=None, brakes=-0.5, ticks=400):
    """Articulation once a train brakes in a bend of about 110 m on snow, (ntick,), and the state."""
    arrays = coupled([train(speed=16.0, friction=0.3, ends=(tow, trailer))], OPEN)
    if front is not None:
        share_brakes(arrays, front)
    press(arrays, 0.05, 0.05)
    run(arrays, 150)
    press(arrays, 0.05, brakes)
    wide, bends = follow(arrays, ticks)
    assert wide < 0.005
    return bends[:, 0], arrays[1]


def test_a_locked_drive_axle_jackknifes_and_anti_lock_prevents_it():
    locked, state = swerve(NO_AIDS, {}, front=0.1)
    assert state.vehicle.wheel_speed.numpy()[0, 0, 2:].max() == 0.0  # rear wheels of the tractor
    assert locked[0] < 0.2 and locked.max() > 1.2
    assert np.all(np.diff(locked[10 : np.argmax(locked > 1.0)]) > 0.0)  # it runs away
    held, _ = swerve({"esc": 0.0}, {}, front=0.1)
    assert held[149] < 0.4 < 1.0 < locked[149], "before a driver who keeps the wheel turned could have straightened it"
    ruled, _ = swerve({}, {}, front=0.1)
    assert ruled.max() < 0.4, "stability control holds it for good"
    assert locked.max() < MAX_BEND + 0.05


def test_locked_trailer_wheels_swing_out_and_anti_lock_prevents_it():
    """The tractor turns on, unbraked: a trailer that holds its track bends behind it, one that slides swings to the other side."""
    swung, state = swerve({"max_brake": 100.0, "esc": 0.0}, {"abs_slip": 0.0}, brakes=-1.0, ticks=350)
    assert np.all(state.vehicle.wheel_speed.numpy()[0, 1] == 0.0)
    assert swung[0] > 0.1 and swung.min() < -0.15
    held, _ = swerve({"max_brake": 100.0, "esc": 0.0}, {}, brakes=-1.0, ticks=350)
    assert held.min() > 0.1


def test_the_back_of_the_cab_ends_a_jackknife():
    arrays = coupled([train(speed=15.0, friction=0.6, ends=(NO_AIDS, {}))], OPEN)
    share_brakes(arrays, 0.0)
    press(arrays, 0.3, -1.0)
    _, bends = follow(arrays, 500)
    assert MAX_BEND - 0.1 < np.abs(bends).max() < MAX_BEND + 0.06


def test_a_fifth_wheel_passes_roll_and_a_ball_does_not():
    arrays = coupled([train(speed=13.0)], OPEN)
    press(arrays, 0.06, 0.1)
    state = run(arrays, 400)
    moment, load = state.vehicle.plate.numpy()[0, 1], state.vehicle.pull.numpy()[0, 1, 2]
    assert 0.05 * load * PLATE_HALF < abs(moment) <= load * PLATE_HALF * 1.05
    left, up = (rotate(state.rot.numpy()[0, k], axis) for k, axis in ((0, (0.0, 1.0, 0.0)), (1, (0.0, 0.0, 1.0))))
    assert abs(left @ up) < 1e-3  # the plate lies flat
    ball = coupled([train(TUG, CARAVAN, speed=20.0)], OPEN)
    press(ball, 0.06, 0.1)
    state = run(ball, 300)
    assert state.vehicle.plate.numpy()[0, 1] == 0.0
    left, up = (rotate(state.rot.numpy()[0, k], axis) for k, axis in ((0, (0.0, 1.0, 0.0)), (1, (0.0, 0.0, 1.0))))
    assert abs(left @ up) > 3e-3


def ends(arrays):
    """Of all pairs: velocities of the centres of gravity and of both sides of the joint (n, 2, 3), momentum (n, 3), kinetic energy (n,)."""
    cars = arrays[0].vehicle.car.numpy()
    rot, vel, rate = (getattr(arrays[1], name).numpy()[:, :2].astype(float) for name in ("rot", "vel", "ang_vel"))
    back = np.stack([cars["reference"], 0.0 * cars["stand"], -cars["stand"]], -1)
    cog = vel - np.cross(rate, rotate(rot, back))
    ahead = np.stack([arrays[0].story.hitch.numpy()[:, 0], arrays[0].story.coupler.numpy()[:, 1]], 1)
    height = np.where(arrays[0].story.coupler.numpy()[:, 1:] > 5.0, PLATE_HEIGHT, BALL_HEIGHT)
    joint = vel + np.cross(rate, rotate(rot, np.stack([ahead, 0.0 * ahead, height + 0.0 * ahead], -1)))
    to_body = inverse(rot)
    masses = np.stack([cars["mass"], cars["mass"], cars["sprung"]], -1)
    parts = masses * rotate(to_body, cog) ** 2 + cars["inertia"] * rotate(to_body, rate) ** 2
    return joint, rotate(rot, masses * rotate(to_body, cog)).sum(1), 0.5 * parts.sum((1, 2))


def test_the_joint_keeps_momentum_and_takes_energy():
    """500 pairs of vehicles thrown about: after the impulse both sides of the joint move alike."""
    rng = np.random.default_rng(7)
    arrays = coupled([train(*((TRACTOR, SEMI), (TUG, CARAVAN))[i % 2], speed=5.0) for i in range(500)], OPEN)
    state = arrays[1]
    for name, size in (("vel", 10.0), ("ang_vel", 1.0)):
        field = getattr(state, name)
        field.assign((field.numpy() + rng.normal(0.0, size, field.numpy().shape)).astype(np.float32))
    _, momentum, energy = ends(arrays)
    run(arrays, 1, [hold_trailers])
    joint, after, left = ends(arrays)
    apart = np.linalg.norm(joint[:, 0] - joint[:, 1], axis=1)
    assert apart.max() < 1e-3 * 10.0
    assert np.all(left < energy * (1.0 + 1e-6))
    assert np.median(left / energy) < 0.95
    assert np.abs(after - momentum).max() < 1e-3 * np.abs(momentum).max()


def test_a_wreck_keeps_its_trailer():
    """What pulled it is a body after a contact: nobody drives, both slide to rest together."""
    arrays = coupled([train(speed=15.0, motion=Motion.BODY), train(TUG, CARAVAN, speed=15.0, motion=Motion.BODY)], OPEN)
    state = arrays[1]
    spun = state.ang_vel.numpy()
    spun[:, 0, 2] = 1.0
    state.ang_vel.assign(spun)
    follow(arrays, 1500)
    assert np.all(state.motion.numpy()[:, 1] == Motion.DRIVEN)
    assert np.linalg.norm(state.vel.numpy()[:, :2], axis=-1).max() < 0.05
    assert gap(state)[0] < 0.005 and gap(state, TUG, CARAVAN)[1] < 0.005
    assert state.pos.numpy()[0, 0, 0] > 220.0


def mixed():
    """Trains and what they do."""
    worlds = [
        train(speed=16.0, friction=0.3, ends=(NO_AIDS, {})), train(TUG, CARAVAN, speed=22.0), train(speed=8.0, heading=0.4),
    ]  # fmt: skip
    return worlds, [(0.05, -0.6), (0.1, 0.2), (-0.4, 0.3)]


def test_a_train_alone_equals_the_train_in_a_batch():
    def drive(chosen):
        worlds, controls = mixed()
        arrays = coupled([worlds[i] for i in chosen], OPEN)
        for name, k in (("steer", 0), ("accel", 1)):
            field = getattr(arrays[2], name)
            field.assign(np.array([[controls[i][k], 0.0] for i in chosen], np.float32))
        run(arrays, 400)
        return to_numpy(arrays[1])

    batch = drive([0, 1, 2, 0, 1])
    assert abs(batch["vehicle.plate"][0, 1]) > 0.0
    for i in range(3):
        alone = drive([i])
        for name, value in alone.items():
            assert value[0].tobytes() == batch[name][i].tobytes(), (i, name)


def test_a_train_of_three_holds_at_both_joints():
    """A car, a caravan, and a second one behind it: all wheels bear all the weight, in a bend and in a full brake."""
    scene, state = world_rows(
        [
            actor(TUG, x=200.0, y=-200.0, speed=15.0),
            actor(CARAVAN, x=195.05, y=-200.0, speed=15.0, motion=Motion.SCRIPTED),
            actor(CARAVAN, x=189.05, y=-200.0, speed=15.0, motion=Motion.SCRIPTED),
        ]
    )
    scene["story"] = {"hitch": np.array([-0.95, -2.0, 0.0]), "coupler": np.array([0.0, 4.0, 4.0])}
    state["story"] |= {"tow": np.array([-1, 0, 1]), "towing": np.array([1, 2, -1])}
    arrays = coupled([(scene, state)], OPEN)
    wide = 0.0
    for steer, accel, ticks in ((0.05, 0.2, 150), (-0.05, 0.0, 150), (0.0, -0.8, 300)):
        press(arrays, steer, accel)
        for _ in range(ticks):
            after = run(arrays, 1)
            pos, rot = after.pos.numpy()[0], after.rot.numpy()[0]
            for k, hitch in ((0, -0.95), (1, -2.0)):
                apart = (
                    pos[k]
                    + rotate(rot[k], (hitch, 0.0, BALL_HEIGHT))
                    - pos[k + 1]
                    - rotate(rot[k + 1], (4.0, 0.0, BALL_HEIGHT))
                )
                wide = max(wide, float(np.linalg.norm(apart)))
    assert 1e-6 < wide < 0.003
    weight = (TUG["mass"] + 2.0 * CARAVAN["mass"]) * GRAVITY
    assert after.vehicle.load.numpy()[0].sum() == pytest.approx(weight, rel=0.02)
