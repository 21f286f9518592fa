"""Impacts: recorded with delta-v and risk; nothing tunnels; a light touch leaves a driver at the wheel; bodies sleep bit for bit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.assets.spec import Category
from sim.physics.parameters import CLEARANCE
from sim.physics.record import BLOW_TICKS
from sim.rotation import matrices
from sim.types import MAX_IMPACTS, Contact, Motion
from tests.physics.test_contact import BICYCLE, BOX, FIELD, arms
from tests.physics.worlds import CAR, LORRY, PERSON, actor, build, press, run, straight, world_rows

WALL = {
    "category": "obstacle", "size": (0.2, 30.0, 6.0), "mass": 9000.0, "wheelbase": 0.1, "wheel_radius": 0.1, "box_center": (0, 0, 3.0),
}  # fmt: skip
BALL = {
    "category": "obstacle", "size": (0.25, 0.25, 0.25), "mass": 8.0, "wheelbase": 0.1, "wheel_radius": 0.1, "box_center": (0, 0, 0.125),
}  # fmt: skip


def world(actors, categories=None, **more):
    scene, state = world_rows(actors, **more)
    if categories:
        scene["category"] = [int(c) for c in categories]
    return scene, state


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("kind", [CAR, PERSON, BOX, BALL])
def test_nothing_tunnels_at_60_m_s_through_a_wall_of_20_cm(kind, fixed):
    """From 24 distances, so that ticks end at all places about the wall, straight and askew, upright and tumbling."""
    rng = np.random.default_rng(2)
    category = Category.RAILING if fixed else Category.OBSTACLE
    worlds = []
    for k in range(24):
        turn = 0.0 if k % 2 else rng.uniform(-0.6, 0.6)
        vel = (60.0 * math.cos(turn), 60.0 * math.sin(turn), 0.0)
        one = actor(kind, x=92.0 + 0.6 * k / 24, z=0.3, heading=turn, motion=Motion.BODY, vel=vel)
        worlds.append(world([one, actor(WALL, x=100.0, motion=Motion.SCRIPTED)], [Category.OBSTACLE, category]))
    arrays = build(worlds, FIELD)
    if kind is not CAR:
        arrays[1].ang_vel.assign(np.stack([rng.normal(size=(24, 3)) * 5, np.zeros((24, 3))], 1).astype(np.float32))
        arrays[1].fallen.fill_(1)
    for _ in range(10):
        state = run(arrays, 4)
        wall = matrices(state.rot.numpy()[:, 1])[:, :, 0]
        # The centre of gravity stays on its side of the middle of the wall.
        behind = ((state.pos.numpy()[:, 0] + arms(arrays)[:, 0] - state.pos.numpy()[:, 1]) * wall).sum(-1)
        assert (behind < 0.0).all(), behind
    assert (state.contact_tick.numpy()[:, 0] > 0).all()
    if fixed:
        assert (state.pos.numpy()[:, 1] == np.array([100.0, 0.0, 0.0], np.float32)).all()
    assert state.impacts.speed.numpy()[:, 0].max() > 55.0


def test_an_impact_is_recorded_with_delta_v_and_risk():
    actors = [
        actor(x=90.0, speed=20.0, motion=Motion.SCRIPTED),
        actor(x=100.0, motion=Motion.SCRIPTED),
        actor(PERSON, x=110.0, motion=Motion.SCRIPTED),
    ]
    arrays = build([world(actors, [Category.CAR, Category.CAR, Category.PEDESTRIAN])], FIELD)
    state = run(arrays, 110)
    impacts = {
        name: getattr(state.impacts, name).numpy()[0]
        for name in ("tick", "last", "pair", "speed", "risk", "point", "normal")
    }
    assert state.impacts.count.numpy()[0] >= 2  # the first car may catch up with the second again
    assert impacts["pair"][:2].tolist() == [[0, 1], [1, 2]]
    assert impacts["tick"][0] == state.contact_tick.numpy()[0, 0] == pytest.approx((10 - 4.3) / 20 * 100, abs=1.01)
    assert impacts["speed"][0] == pytest.approx(20.0, abs=1e-3) and impacts["normal"][0].tolist() == [1.0, 0.0, 0.0]
    assert impacts["point"][0, 0] == pytest.approx(100.0 + 1.3 - 2.15, abs=0.01)
    bounce = max(0.6 * math.exp(-0.25 * 20.0), 0.05)
    dv = 0.5 * 20.0 * (1 + bounce)
    first, second = state.impacts.delta_first.numpy()[0], state.impacts.delta_second.numpy()[0]
    assert first[0] == pytest.approx([-dv, 0, 0], abs=0.15) and second[0] == pytest.approx([dv, 0, 0], abs=0.15)
    # Joksch: (delta-v / 71 mph)^4; Rosen and Sander: 8 % at 50 km/h
    assert impacts["risk"][0] == pytest.approx((np.linalg.norm([first[0], second[0]], axis=1) / 31.74) ** 4, rel=1e-3)
    speed = impacts["speed"][1] * 3.6
    assert 25.0 < speed < 40.0
    assert impacts["risk"][1, 1] == pytest.approx(1 / (1 + math.exp(6.9 - 0.09 * speed)), rel=1e-4)
    # 0.92: the push of the bonnet's edge turns him and is cut, as he is limp
    assert np.linalg.norm(second[1]) > 0.9 * impacts["speed"][1] and np.linalg.norm(first[1]) < 1.0
    assert impacts["risk"][1, 0] < 1e-3


def test_the_list_of_impacts_is_bounded_and_touching_again_is_the_same_impact():
    actors = [actor(LORRY, x=80.0, speed=25.0, motion=Motion.SCRIPTED)]
    actors += [actor(BOX, x=100.0 + 4.0 * k, y=0.1 * k, motion=Motion.SCRIPTED) for k in range(14)]
    state = run(build([world(actors), world(actors, contact=Contact.REPORT)], FIELD), 300)
    assert state.impacts.count.numpy().tolist() == [MAX_IMPACTS, 0]
    pairs = state.impacts.pair.numpy()[0].tolist()
    ticks, last = state.impacts.tick.numpy()[0], state.impacts.last.numpy()[0]
    assert [0, 1] in pairs and (np.diff(ticks) >= 0).all() and (last >= ticks).all()
    for pair in pairs:
        times = [(t, e) for p, t, e in zip(pairs, ticks, last, strict=True) if p == pair]
        assert all(b[0] - a[1] > 10 for a, b in zip(times, times[1:], strict=False))


def test_an_impacts_delta_v_is_that_of_one_blow():
    """Somebody pinned between a car and a wall, or another car, which drives on; a box that falls onto a car and stays there."""
    pinned = [actor(x=90.0, speed=12.0), actor(PERSON, x=96.0, heading=1.57, motion=Motion.SCRIPTED)]
    car = actor(x=90.0, speed=0.0, motion=Motion.BODY)
    people = [Category.CAR, Category.PEDESTRIAN]
    arrays = build(
        [
            world([*pinned, actor(WALL, x=97.0, motion=Motion.SCRIPTED)], [*people, Category.RAILING]),
            world([*pinned, actor(x=97.5, motion=Motion.SCRIPTED)], [*people, Category.CAR]),
            world([car, actor(BOX, x=91.0, z=4.0, motion=Motion.BODY)], [Category.CAR, Category.OBSTACLE]),
        ],
        FIELD,
    )
    press(arrays, accel=0.3)
    state = run(arrays, 400)
    count, speed = state.impacts.count.numpy(), state.impacts.speed.numpy()
    ticks, last = state.impacts.tick.numpy(), state.impacts.last.numpy()
    change = state.impacts.delta_second.numpy() - state.impacts.delta_first.numpy()
    assert (count >= 2).all()
    assert (last[1] - ticks[1]).max() > 3 * BLOW_TICKS, "the car pushes him on"
    for i in range(3):
        n = count[i]
        blow = np.linalg.norm(change[i, :n], axis=-1)
        # Later ones may be of a turning body's end, which gives way; slow ones press somebody who lies between the two.
        # Parting whom they squeeze gives him no height from which he would fall and be struck again.
        assert (blow[:2] > 0.5 * speed[i, :2]).all() and (blow < 1.25 * speed[i, :n]).all()
    person = np.linalg.norm(state.impacts.delta_second.numpy()[:2, 0], axis=-1)
    assert ((person > 0.9 * 12.0) & (person < 12.5)).all()


def test_a_light_touch_leaves_the_driver_at_the_wheel_and_a_hard_one_does_not():
    worlds = [
        world([actor(x=100.0, speed=10.0), actor(BOX, x=115.0, y=1.2, mass=mass, motion=Motion.SCRIPTED)])
        for mass in (10.0, 2000.0)
    ]
    arrays = build(worlds, FIELD)
    press(arrays, accel=0.0)
    state = run(arrays, 150)
    assert (state.contact_tick.numpy()[:, 0] > 0).all()
    assert state.motion.numpy()[:, 0].tolist() == [Motion.DRIVEN, Motion.BODY]
    delta = np.linalg.norm(state.impacts.delta_first.numpy()[:, 0], axis=-1)
    assert 0.02 < delta[0] < 1.0 < delta[1]
    assert (state.motion.numpy()[:, 1] == Motion.BODY).all()


def test_a_sleeping_body_is_still_bit_for_bit_and_wakes_when_hit():
    actors = [
        actor(x=60.0, speed=0.0, motion=Motion.SCRIPTED),
        actor(BOX, x=100.0, z=0.4, heading=0.3, motion=Motion.BODY),
    ]
    arrays = build([world(actors)], FIELD)
    state = run(arrays, 150)
    pose = [state.pos.numpy()[0, 1].tobytes(), state.rot.numpy()[0, 1].tobytes()]
    run(arrays, 1000)
    assert [state.pos.numpy()[0, 1].tobytes(), state.rot.numpy()[0, 1].tobytes()] == pose
    assert (state.vel.numpy()[0, 1] == 0).all() and (state.accel.numpy()[0, 1] == 0).all()
    speed = state.speed.numpy()
    speed[0, 0] = 8.0
    state.speed.assign(speed)
    state.vel.assign(np.array([[(8.0, 0, 0), (0, 0, 0)]], np.float32))
    state.pos.assign(np.array([[(94.0, 0, 0), state.pos.numpy()[0, 1]]], np.float32))
    state.motion.assign(np.array([[Motion.BODY, Motion.BODY]], np.int32))
    run(arrays, 60)
    assert np.linalg.norm(state.pos.numpy()[0, 1] - (100.0, 0, 0)) > 1.0


@pytest.mark.parametrize("grade", [0.1, 0.3])
def test_bodies_hold_or_slide_on_a_slope_as_friction_says(grade):
    """Friction 0.55 holds a box on 10 and 30 per cent; a car off its brakes slides from 0.35 down 40 per cent."""
    profile = [(s, grade * s) for s in np.linspace(0, 4000, 81)]
    place = {"x": 200.0, "y": -1.75, "z": 200.0 * grade + 0.1, "nose_down": -math.atan(grade), "motion": Motion.BODY}
    worlds = [world([actor(BOX, **place)]), world([actor(PERSON, **place)])]
    arrays = build(worlds, [straight(length=4000.0, profile=profile)])
    arrays[1].fallen.fill_(1)
    state = run(arrays, 400)
    moved = state.pos.numpy()[:, 0].copy()
    assert (state.vel.numpy() == 0).all()
    assert np.linalg.norm(moved[0] - (200.0, -1.75, 200.0 * grade)) < 0.1
    height = moved[:, 2] - grade * moved[:, 0]
    assert (height > -0.01).all()
    run(arrays, 300)
    assert (state.pos.numpy()[:, 0] == moved).all()


@pytest.mark.parametrize("kind", [BOX, PERSON, BALL])
def test_a_body_in_the_air_keeps_its_angular_momentum_and_energy(kind):
    rng = np.random.default_rng(4)
    arrays = build([world([actor(kind, x=100.0, z=1000.0, motion=Motion.BODY)]) for _ in range(40)], FIELD)
    arrays[1].fallen.fill_(1)
    q = rng.normal(size=(40, 1, 4))
    arrays[1].rot.assign((q / np.linalg.norm(q, axis=-1, keepdims=True)).astype(np.float32))
    arrays[1].ang_vel.assign((rng.normal(size=(40, 1, 3)) * 7).astype(np.float32))

    def spin():
        axes = matrices(arrays[1].rot.numpy()[:, 0])
        rate = arrays[1].ang_vel.numpy()[:, 0].astype(float)
        momentum = np.einsum("nij,j,nkj,nk->ni", axes, arrays[0].vehicle.inertia.numpy()[0, 0], axes, rate)
        return momentum, (rate * momentum).sum(-1)

    momentum, energy = spin()
    run(arrays, 300)
    after, left = spin()
    assert (left <= energy * (1 + 1e-3)).all() and (left > 0.98 * energy).all()
    assert (np.linalg.norm(after - momentum, axis=-1) < 0.01 * np.linalg.norm(momentum, axis=-1)).all()


def test_thrown_bodies_stay_finite_and_above_the_road():
    """Things, people, cycles, cars and lorries, in all attitudes, at tens of m/s and up to 20 rad/s, onto a sloping road and each other."""
    rng = np.random.default_rng(11)
    grade, nworld = 0.06, 60
    kinds = (BOX, PERSON, BICYCLE, BALL, CAR, LORRY)
    profile = [(s, grade * s) for s in np.linspace(0, 4000, 81)]
    worlds = []
    for _ in range(nworld):
        row = []
        for k in range(6):
            vel = rng.normal(size=3) * (9, 5, 5)
            x = 500.0 + 12.0 * k
            place = {"x": x, "y": rng.uniform(-8, 8), "z": grade * x + rng.uniform(3, 8), "vel": np.clip(vel, -40, 40)}
            row.append(actor(kinds[k], motion=Motion.BODY, **place))
        worlds.append(world(row, friction=rng.uniform(0.6, 1.0)))
    arrays = build(worlds, [straight(length=4000.0, lanes=(2, 2), lane_width=200.0, profile=profile)])
    scene, state, _ = arrays
    q = rng.normal(size=(nworld, 6, 4))
    state.rot.assign((q / np.linalg.norm(q, axis=-1, keepdims=True)).astype(np.float32))
    state.ang_vel.assign(np.clip(rng.normal(size=(nworld, 6, 3)) * 8, -20, 20).astype(np.float32))
    state.fallen.fill_(1)
    sharp = np.array([k not in (PERSON, BICYCLE) for k in kinds])  # a cycle's lower corners are not there
    signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    for _ in range(16):
        run(arrays, 50)
        pos, axes = state.pos.numpy().astype(float), matrices(state.rot.numpy())
        assert np.isfinite(pos).all() and np.isfinite(axes).all() and np.isfinite(state.vel.numpy()).all()
        local = scene.box_center.numpy()[:, :, None] + 0.5 * scene.size.numpy()[:, :, None] * signs
        # A vehicle's box reaches down to the road, its body does not.
        local[:, 4:, signs[:, 2] < 0, 2] += (CLEARANCE * scene.vehicle.wheel_radius.numpy()[:, 4:])[..., None]
        at = pos[:, :, None] + np.einsum("waij,wakj->waki", axes, local)
        depth = (grade * at[..., 0] - at[..., 2]).max(-1)
        assert depth[:, sharp].max() < 0.2
    assert depth[:, sharp].max() < 0.03
    assert depth[:, 1].max() < 0.15 * (math.sqrt(3) - 1) + 0.01, "a person's corners are round"
    speed = np.linalg.norm(state.vel.numpy(), axis=-1)
    assert (speed[:, [0, 1, 3]] < 0.1).mean() > 0.9, "things and people lie still after 8 s"
