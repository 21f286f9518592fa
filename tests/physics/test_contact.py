"""Contacts: found against a NumPy oracle, recorded; impulses conserve momentum and take energy; bodies come to rest on the road."""

from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.physics.contact import _resolve_contacts, resolve_contacts
from sim.physics.pairs import _bound_actors, _find_contacts, bound_actors
from sim.rotation import matrices
from sim.types import Contact, Motion
from tests.physics.worlds import CAR, LORRY, PERSON, actor, build, corners, run, straight, world_rows

FIELD = [straight(length=4000.0, lanes=(2, 2), lane_width=200.0)]
BICYCLE = {
    "category": "bicycle", "size": (1.8, 0.6, 1.8), "mass": 90.0, "wheelbase": 1.05, "wheel_radius": 0.34, "box_center": (0.5, 0, 0.9),
}  # fmt: skip
BOX = {
    "category": "obstacle",
    "size": (1.2, 0.8, 0.6),
    "mass": 40.0,
    "wheelbase": 0.7,
    "wheel_radius": 0.1,
    "box_center": (0, 0, 0.3),
}


def overlap(p, q):
    """Separating axes over both polygons' edges."""
    for poly in (p, q):
        for edge in np.roll(poly, -1, axis=0) - poly:
            n = np.array([-edge[1], edge[0]])
            a, b = p @ n, q @ n
            if a.max() <= b.min() or b.max() <= a.min():
                return False
    return True


def test_contacts_of_all_pairs_agree_with_an_oracle():
    rng = np.random.default_rng(3)
    kinds = (CAR, LORRY, PERSON, BOX)
    worlds, expected = [], []
    for _ in range(12):
        actors = [
            actor(
                kinds[rng.integers(4)],
                100 + rng.uniform(0, 25),
                rng.uniform(-12, 12),
                rng.uniform(-math.pi, math.pi),
                motion=Motion.SCRIPTED,
            )
            for _ in range(10)
        ]
        shapes = [corners((a["x"], a["y"]), a["heading"], a["kind"]) for a in actors]
        worlds.append(world_rows(actors, contact=Contact.REPORT))
        expected.append([[i != j and overlap(p, q) for j, q in enumerate(shapes)] for i, p in enumerate(shapes)])
    arrays = build(worlds, FIELD)
    now = run(arrays, 1, [resolve_contacts]).contact_now.numpy()
    found = np.array([[[bool(int(now[w, i, 0]) >> j & 1) for j in range(10)] for i in range(10)] for w in range(12)])
    expected = np.array(expected)
    assert 30 < expected.sum() < expected.size / 2
    assert (found == expected).all()


def test_a_sweep_finds_the_contacts_that_a_look_at_all_pairs_does():
    """One thread per world sweeps over its sorted actors, a thread per actor looks at all pairs: many places, some actors absent."""
    rng = np.random.default_rng(7)
    nactor, nworld = 40, 6
    kinds = [[(CAR, LORRY, PERSON, BOX)[k] for k in rng.integers(4, size=nactor)] for _ in range(nworld)]
    arrays = build([world_rows([actor(kind, motion=Motion.SCRIPTED) for kind in row]) for row in kinds], FIELD)
    scene, state, _ = arrays
    for _ in range(5):
        pos = np.concatenate([rng.uniform(0, 25, (nworld, nactor, 2)), np.zeros((nworld, nactor, 1))], axis=2)
        state.pos.assign(pos.astype(np.float32))
        state.visible.assign(np.where(rng.random((nworld, nactor)) < 0.8, 7, 0).astype(np.int32))
        run(arrays, 1, [resolve_contacts])
        swept = state.touching.numpy().copy()
        order = state.order.numpy()
        assert (np.sort(order, axis=1) == np.arange(nactor)).all()
        for kernel in (_bound_actors, _find_contacts):
            wp.launch(kernel, dim=(nworld, nactor), inputs=[scene, state, nactor], device="cpu")
        assert (state.touching.numpy() == swept).all()
        assert swept.sum() > 30
        assert (state.order.numpy() == order).all(), "only the sweep sorts"


def test_contacts_of_actors_after_the_32nd_are_kept():
    actors = [actor(BOX, x=100.0 + 20.0 * k, motion=Motion.SCRIPTED) for k in range(70)]
    pairs = [(3, 40), (35, 50), (63, 64)]
    for a, b in pairs:
        actors[b]["x"] = actors[a]["x"] + 0.1
    state = run(build([world_rows(actors, contact=Contact.REPORT)], FIELD), 1, [resolve_contacts])
    now = state.contact_now.numpy()[0]
    found = [(a, b) for a in range(70) for b in range(70) if now[a, b // 32] >> (b % 32) & 1]
    assert found == sorted(pairs + [(b, a) for a, b in pairs])


def test_boxes_at_other_heights_and_absent_actors_do_not_touch():
    def row(**more):
        return world_rows([actor(x=100.0), actor(x=101.0, **more)])

    arrays = build([row(), row(z=1.4), row(z=1.6)], FIELD)
    assert run(arrays, 1, [resolve_contacts]).contact_now.numpy()[:, 0, 0].tolist() == [2, 2, 0]
    arrays = build([row(), row()], FIELD)
    arrays[1].visible.assign(np.array([[7, 7], [7, 0]]))
    assert run(arrays, 1, [resolve_contacts]).contact_now.numpy()[:, 0, 0].tolist() == [2, 0]


def test_report_only_records():
    actors = [actor(x=100.0, speed=20.0, motion=Motion.SCRIPTED), actor(x=130.0, motion=Motion.SCRIPTED)]
    state = run(build([world_rows(actors, contact=Contact.REPORT)], FIELD), 300)
    assert state.motion.numpy()[0].tolist() == [Motion.SCRIPTED, Motion.SCRIPTED]
    assert state.speed.numpy()[0, 0] == 20.0
    # The rear of the one in front stands at 130 + 1.3 - 2.15, the front of the other at 100 + 1.3 + 2.15.
    when = (30.0 - 4.3) / 20.0
    assert abs(state.contact_tick.numpy()[0, 0] * 0.01 - when) <= 0.0101
    assert state.contact_with.numpy()[0].tolist() == [1, 0]
    assert state.contact_speed.numpy()[0] == pytest.approx([20.0, 20.0], rel=1e-4)
    assert state.contact_normal.numpy()[0, 0].tolist() == [-1.0, 0.0, 0.0]
    assert state.contact_point.numpy()[0, 0, 0] == pytest.approx(129.15, abs=0.21)


def arms(arrays):
    """From the reference points to the centres of gravity, world axes."""
    cog = arrays[0].vehicle.cog.numpy()
    local = np.stack([cog[..., 0], 0 * cog[..., 0], cog[..., 1]], -1)
    return np.einsum("...ij,...j", matrices(arrays[1].rot.numpy()), local)


def totals(arrays):
    """Momentum, angular momentum about the origin and kinetic energy, per world."""
    scene, state = arrays[0], arrays[1]
    mass, inertia = scene.vehicle.mass.numpy().astype(float), scene.vehicle.inertia.numpy().astype(float)
    axes, arm = matrices(state.rot.numpy()), arms(arrays)
    rate = state.ang_vel.numpy().astype(float)
    vel = state.vel.numpy() + np.cross(rate, arm)
    spin = np.einsum("...ij,...j,...kj,...k", axes, inertia, axes, rate)
    at = state.pos.numpy() + arm
    momentum = (mass[..., None] * vel).sum(1)
    angular = (spin + mass[..., None] * np.cross(at, vel)).sum(1)
    energy = 0.5 * (mass * (vel**2).sum(-1) + (rate * spin).sum(-1)).sum(1)
    return momentum, angular, energy


def strike_only(scene, state):
    """Contacts without their last part, which moves bodies out of each other."""
    bound_actors(scene, state)
    wp.launch(_find_contacts, dim=(state.tick.shape[0], 1), inputs=[scene, state, 1], device="cpu")
    wp.launch(_resolve_contacts, dim=1, inputs=[scene, state, 0.0, 1], device="cpu")


def test_impulses_conserve_momentum_and_never_add_energy():
    """10,000 impacts of boxes, cars, lorries and people at random places, attitudes and velocities."""
    rng = np.random.default_rng(5)
    nworld, kinds = 6000, (CAR, LORRY, BOX, PERSON)
    layouts = [world_rows([actor(kinds[k // 4]), actor(kinds[k % 4])]) for k in range(16)]
    worlds = [(dict(layouts[k][0]), layouts[k][1]) for k in rng.integers(16, size=nworld)]
    arrays = build(worlds, FIELD)
    scene, state = arrays[0], arrays[1]
    state.motion.fill_(int(Motion.BODY))
    state.fallen.fill_(1)
    reach = scene.size.numpy()[:, :, 0]
    pos = rng.normal(size=(nworld, 2, 3)) * reach[:, :, None] * (0.12, 0.12, 0.08)
    runs = np.arange(nworld) < 2500  # these run into each other from outside
    way = rng.normal(size=(nworld, 3)) * (1, 1, 0.2)
    way /= np.linalg.norm(way, axis=-1, keepdims=True)
    pos[runs, 1] = (way * reach.sum(1, keepdims=True) * rng.uniform(0.15, 0.6, (nworld, 1)))[runs]
    pos[runs, 0] = 0.0
    q = rng.normal(size=(nworld, 2, 4)) * np.where(rng.random((nworld, 1, 1)) < 0.5, (1, 1, 1, 1), (0.02, 0.02, 1, 1))
    state.rot.assign((q / np.linalg.norm(q, axis=-1, keepdims=True)).astype(np.float32))
    state.pos.assign(pos.astype(np.float32))

    def velocities():
        vel = rng.normal(size=(nworld, 2, 3)) * 12.0
        vel[runs, 1] = -30.0 * way[runs]
        return vel.astype(np.float32)

    state.vel.assign(velocities())
    state.ang_vel.assign(rng.normal(size=(nworld, 2, 3)).astype(np.float32) * np.float32(3.0))
    start, hits = state.pos.numpy().copy(), 0
    for _ in range(6):
        before, vel = totals(arrays), state.vel.numpy().copy()
        run(arrays, 1, [strike_only])
        after = totals(arrays)
        hit = np.abs(state.vel.numpy() - vel).max((1, 2)) > 1e-3
        hits += hit.sum()
        size = (scene.vehicle.mass.numpy() * np.linalg.norm(vel, axis=-1)).sum(1)
        assert (np.abs(after[0] - before[0]).max(1) / size).max() < 1e-5
        assert (np.abs(after[1] - before[1]).max(1) / (size * 10.0)).max() < 1e-4
        assert (after[2] <= before[2] * (1 + 1e-5)).all()
        assert (after[2] < 0.99 * before[2])[hit].mean() > 0.5
        state.pos.assign(start)
        state.vel.assign(velocities())
    assert hits > 10000


@pytest.mark.parametrize("closing", [0.1, 2.0, 6.0, 20.0])
def test_central_impact_bounces_by_the_coefficient_of_restitution(closing):
    actors = [actor(x=100.0, speed=closing, motion=Motion.SCRIPTED), actor(x=104.3 - 0.005, motion=Motion.SCRIPTED)]
    state = run(build([world_rows(actors)], FIELD), 1, [resolve_contacts])
    v = state.vel.numpy()[0, :, 0]
    bounce = 0.0 if closing < 0.15 else max(0.6 * math.exp(-0.25 * closing), 0.05)
    assert v[1] - v[0] == pytest.approx(bounce * closing, abs=1e-4)
    assert v[0] + v[1] == pytest.approx(closing, rel=1e-4)
    assert state.motion.numpy()[0].tolist() == [Motion.BODY, Motion.BODY]


def test_offset_impact_spins_both_cars():
    actors = [
        actor(x=100.0, y=0.0, speed=20.0, motion=Motion.SCRIPTED),
        actor(x=106.8, y=0.9, heading=math.pi, motion=Motion.SCRIPTED),
    ]
    state = run(build([world_rows(actors)], FIELD), 1, [resolve_contacts])
    rate = state.ang_vel.numpy()[0, :, 2]
    # The left halves of both fronts meet: each turns towards the side that was hit.
    assert rate[0] > 0.3 and rate[1] > 0.3


@pytest.mark.parametrize(("speed", "thin"), [(70.0, CAR), (70.0, PERSON), (70.0, BOX)])
def test_nothing_passes_through_at_speed(speed, thin):
    for shift in np.linspace(0.0, speed * 0.01, 5):
        actors = [
            actor(x=100.0 + shift, speed=speed, motion=Motion.SCRIPTED),
            actor(thin, x=140.0, motion=Motion.SCRIPTED),
        ]
        state = run(build([world_rows(actors)], FIELD), 150)
        x = state.pos.numpy()[0, :, 0]
        assert state.contact_tick.numpy()[0, 0] > 0
        normal = state.contact_normal.numpy()[0, 0]
        assert normal[0] < -0.99, "hit from behind, not from the side"
        assert x[1] > x[0]


def test_head_on_at_speed_with_little_overlap_is_frontal():
    # 0.2 m of the fronts overlap; 0.8 m are covered in a tick, more than the overlap is wide.
    for gap in (0.05, 0.3, 0.6):
        actors = [
            actor(x=100.0, speed=40.0, motion=Motion.SCRIPTED),
            actor(x=106.9 + gap, y=1.6, heading=math.pi, speed=40.0, motion=Motion.SCRIPTED, direction=-1, lane=1),
        ]
        state = run(build([world_rows(actors)], FIELD), 2)
        assert state.contact_tick.numpy()[0, 0] > 0
        assert state.contact_normal.numpy()[0, 0, 0] < -0.99


def test_bodies_slide_to_rest_and_stay():
    worlds = [
        world_rows([actor(kind, x=100.0, heading=h, speed=0.0, motion=Motion.BODY, vel=(12.0, 0.0, 0.0))])
        for kind in (CAR, LORRY, BOX)
        for h in (0.0, 1.0, math.pi / 2)
    ]
    arrays = build(worlds, FIELD)
    run(arrays, 600)
    vel, rate = arrays[1].vel.numpy()[:, 0], arrays[1].ang_vel.numpy()[:, 0]
    assert (vel == 0.0).all() and (rate == 0.0).all()
    moved = arrays[1].pos.numpy()[:, 0].copy()
    # along its wheels a car slides at 0.35 of friction, across at its tyres' 0.97 less what sliding and load take, a thing at 0.55
    way = moved[:, 0] - 100.0
    for k, share in ((0, 0.35), (2, 0.74), (6, 0.55), (8, 0.55)):
        assert way[k] == pytest.approx(144.0 / (2 * 9.81 * share), rel=0.06), k
    run(arrays, 200)
    assert (arrays[1].pos.numpy()[:, 0] == moved).all()


def test_a_spinning_body_loses_energy_every_tick():
    arrays = build([world_rows([actor(x=100.0, speed=0.0, motion=Motion.BODY, vel=(10.0, 3.0, 0.0))])], FIELD)
    arrays[1].ang_vel.assign(np.array([[[0.0, 0.0, 4.0]]], np.float32))
    first = last = totals(arrays)[2][0]
    for _ in range(80):
        run(arrays, 10)
        energy = totals(arrays)[2][0]
        assert energy <= last + 1e-3 * first  # springs give back a little
        last = energy
    assert last < 1.0


def test_queue_crash_settles_without_jitter():
    """A car runs into three that stand bumper to bumper: they end at rest, hardly overlapping."""
    actors = [actor(x=60.0, speed=18.0, motion=Motion.SCRIPTED)]
    actors += [actor(x=100.0 + 4.5 * k, y=0.2 * k, motion=Motion.SCRIPTED) for k in range(3)]
    arrays = build([world_rows(actors)], FIELD)
    state = run(arrays, 700)
    assert (state.motion.numpy()[0] == Motion.BODY).all()
    assert (np.linalg.norm(state.vel.numpy()[0], axis=1) < 0.01).all()
    x = state.pos.numpy()[0, :, 0]
    assert (np.diff(x) > 4.3 - 0.1).all()
    rested = state.pos.numpy().copy()
    run(arrays, 100)
    assert np.abs(arrays[1].pos.numpy() - rested).max() < 1e-3


def test_hit_bodies_keep_to_a_sloping_road():
    profile = [(s, 0.06 * s) for s in np.linspace(0, 4000, 81)]
    networks = [straight(length=4000.0, profile=profile)]
    actors = [
        actor(x=200.0, y=-1.75, z=12.0, speed=15.0, motion=Motion.SCRIPTED),
        actor(x=215.0, y=-1.75, z=12.9, motion=Motion.SCRIPTED),
        actor(PERSON, x=219.5, y=-1.75, z=13.17, motion=Motion.SCRIPTED),
    ]
    arrays = build([world_rows(actors)], networks)
    state = run(arrays, 800)
    pos = state.pos.numpy()[0]
    assert (state.motion.numpy()[0] == Motion.BODY).all()
    assert pos[:2, 2] == pytest.approx(0.06 * pos[:2, 0], abs=0.03)
    assert 0.0 < pos[2, 2] - 0.06 * pos[2, 0] < 0.2
    assert (state.vel.numpy()[0] == 0.0).all()


def test_people_who_brush_past_each_other_go_on_and_who_bumps_into_a_car_stays_upright():
    actors = [
        actor(PERSON, x=100.0, y=5.0, speed=1.3, motion=Motion.SCRIPTED, road=-1),
        actor(PERSON, x=103.0, y=5.2, heading=math.pi, speed=1.4, motion=Motion.SCRIPTED, road=-1),
        actor(PERSON, x=197.0, y=0.0, speed=1.4, motion=Motion.SCRIPTED, road=-1),
        actor(x=200.0, y=0.0, motion=Motion.SCRIPTED),
    ]
    state = run(build([world_rows(actors)], FIELD), 400)
    assert (state.contact_tick.numpy()[0] > 0).all()
    assert state.motion.numpy()[0].tolist()[:2] == [Motion.SCRIPTED, Motion.SCRIPTED]
    assert state.pos.numpy()[0, 0, 0] == pytest.approx(105.2, abs=0.01)
    assert state.fallen.numpy()[0].tolist() == [0, 0, 0, 0] and state.rot.numpy()[0, 2].tolist() == [0.0, 0.0, 0.0, 1.0]
    assert state.pos.numpy()[0, 2, 0] == pytest.approx(200.0 + 1.3 - 2.15 - 0.15, abs=0.1)
    assert np.linalg.norm(state.pos.numpy()[0, 3, :2] - (200.0, 0.0)) < 0.1


def test_a_cyclist_hit_from_the_side_falls_away_from_the_car_and_lies():
    actors = [
        actor(x=100.0, y=-6.0, heading=math.pi / 2, speed=4.0, motion=Motion.SCRIPTED, road=-1),
        actor(BICYCLE, x=98.5, y=0.0, speed=1.5, motion=Motion.SCRIPTED, road=-1),
    ]
    state = run(build([world_rows(actors)], FIELD), 600)
    up = matrices(state.rot.numpy()[0, 1])[:, 2]
    assert state.fallen.numpy()[0, 1] == state.contact_tick.numpy()[0, 1]
    # It rests on its wheels' side and on its widest part at the top, 0.3 m from its middle and 1.8 m up.
    assert up[2] == pytest.approx(math.sin(math.atan2(0.27, 1.8)), abs=0.02) and up[1] > 0.95
    assert (state.vel.numpy()[0, 1] == 0.0).all()


def test_an_open_door_gives_way():
    actors = [actor(x=100.0, y=0.0, speed=10.0, motion=Motion.SCRIPTED), actor(x=120.0, y=-2.3, motion=Motion.SCRIPTED)]
    shut, opened = (build([world_rows(actors)], FIELD) for _ in range(2))
    opened[1].door.assign(np.array([[(0.0, 0.0), (1.2, 0.0)]], np.float32))
    state = run(opened, 170)
    assert state.contact_with.numpy()[0].tolist() == [1, 0]
    assert state.contact_tick.numpy()[0, 0] == pytest.approx((20.0 - 4.3) / 10.0 * 100, abs=1.1)
    assert state.door.numpy()[0, 1].tolist() == [0.0, 0.0]
    assert 8.3 < state.speed.numpy()[0, 0] < 9.5  # 1200 N s for a car of 1400 kg
    state = run(opened, 600)
    assert np.linalg.norm(state.pos.numpy()[0, 1, :2] - (120.0, -2.3)) < 0.5
    assert (run(shut, 170).contact_tick.numpy()[0] == -1).all()


def test_poles_stand_and_cones_fly():
    from sim.assets.spec import Category

    worlds = []
    for category in (Category.POLE, Category.OBSTACLE):
        scene, rows = world_rows(
            [actor(x=100.0, speed=12.0, motion=Motion.SCRIPTED), actor(BOX, x=110.0, motion=Motion.SCRIPTED)]
        )
        worlds.append((scene | {"category": [int(Category.CAR), int(category)]}, rows))
    state = run(build(worlds, FIELD), 300)
    pos = state.pos.numpy()
    assert pos[0, 1].tolist() == [110.0, 0.0, 0.0] and pos[0, 0, 0] < 110.0 - 3.45
    assert pos[1, 1, 0] > 115.0 and (state.contact_tick.numpy() > 0).all()
