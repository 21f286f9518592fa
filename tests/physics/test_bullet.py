"""PyBullet as second opinion: closed forms, Swerve's own vehicles and contacts, and a scenario from file to CSV."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from sim.errors import SwerveError
from sim.physics.sets import GRAVITY
from sim.rotation import inverse, rotate
from sim.simulation import check_physics, make_steps
from sim.structs import slice_worlds, to_numpy
from sim.types import TICK, Contact, Motion
from tests.physics.worlds import CAR, LORRY, PERSON, actor, build, press, straight, world_rows

pytest.importorskip("pybullet", reason="PyBullet has wheels for Python 3.10 and 3.11 only")

BOX = {
    "category": "obstacle", "size": (1.0, 1.0, 0.6), "mass": 100.0, "wheelbase": 0.6, "wheel_radius": 0.1, "box_center": (0, 0, 0.3),
}  # fmt: skip
MOTORCYCLE = {
    "category": "motorbike", "size": (2.2, 0.8, 1.5), "mass": 280.0, "wheelbase": 1.4, "wheel_radius": 0.31, "box_center": (0.7, 0, 0.75),
}  # fmt: skip
FIELD = [straight(length=2000.0, lanes=(2, 2), lane_width=50.0)]


def ramp(slope):
    return [straight(length=2000.0, lanes=(1, 1), profile=[(s, slope * s) for s in np.linspace(0, 2000, 41)])]


def go(arrays, ticks, physics="bullet", watch=None):
    """Step by ``ticks``; what ``watch`` says of the state after each."""
    steps, seen = make_steps(*arrays, physics), []
    for _ in range(ticks):
        steps.launch()
        if watch is not None:
            seen.append(watch(arrays[1]))
    return np.array(seen)


def one(actors, ticks, physics="bullet", networks=None, pedals=None, watch=None, category=None, **more):
    """State after some ticks of one world on a wide field."""
    scene, state = world_rows(actors, **more)
    if category is not None:
        scene["category"] = [int(c) for c in category]
    arrays = build([(scene, state)], networks or FIELD)
    press(arrays, **(pedals or {}))
    return arrays, go(arrays, ticks, physics, watch)


def pos(state, a=0):
    return state.pos.numpy()[0, a].astype(float)


def lowest(state, kind, a=0):
    """Height of the lowest corner of an actor's box [m]."""
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    local = corners * kind["size"] + np.array(kind["box_center"], float)
    return float((rotate(state.rot.numpy()[0, a], local) + pos(state, a))[:, 2].min())


# --- bodies -------------------------------------------------------------------------------------------------------------


def test_a_box_falls_freely_and_lands():
    fall = [actor(BOX, x=100.0, z=5.0, motion=Motion.BODY)]
    _, seen = one(fall, 300, watch=lambda s: (*pos(s), s.vel.numpy()[0, 0, 2], s.accel.numpy()[0, 0, 2]))
    t = 0.5
    assert seen[49, 2] == pytest.approx(5.0 - 0.5 * GRAVITY * t * t, abs=0.01)
    assert seen[49, 3] == pytest.approx(-GRAVITY * t, rel=1e-4) and seen[49, 4] == pytest.approx(-GRAVITY, rel=1e-3)
    assert abs(seen[-1, 2]) < 0.002 and seen[:, 2].min() > -0.12 and abs(seen[-1, 3]) < 1e-3


@pytest.mark.parametrize("friction", [1.0, 0.3])
def test_a_box_slides_as_far_as_friction_lets_it(friction):
    speed = 8.0
    arrays, _ = one([actor(BOX, x=100.0, speed=speed, motion=Motion.BODY)], 600, friction=friction)
    assert pos(arrays[1])[0] - 100.0 == pytest.approx(speed**2 / (2 * 0.55 * friction * GRAVITY), rel=0.04)
    assert np.linalg.norm(arrays[1].vel.numpy()[0, 0]) < 1e-3


def test_a_box_rests_on_a_slope_and_slides_on_ice():
    slope = 0.2
    start = [actor(BOX, x=500.0, y=-1.75, z=500 * slope, nose_down=-math.atan(slope), motion=Motion.BODY)]
    rests, _ = one(start, 300, networks=ramp(slope))
    assert np.linalg.norm(pos(rests[1]) - (500.0, -1.75, 500 * slope)) < 0.003
    slides, seen = one(start, 100, networks=ramp(slope), friction=0.2, watch=lambda s: s.vel.numpy()[0, 0].copy())
    angle = math.atan(slope)
    pull = GRAVITY * (math.sin(angle) - 0.55 * 0.2 * math.cos(angle))
    assert np.linalg.norm(seen[-1]) == pytest.approx(pull * 1.0, rel=0.03)
    assert pos(slides[1])[2] == pytest.approx(slope * pos(slides[1])[0], abs=0.01)


def test_a_stack_of_boxes_stays():
    stack = [actor(BOX, x=100.0, z=0.6 * k, motion=Motion.BODY) for k in range(3)]
    arrays, _ = one(stack, 500)
    for k in range(3):
        assert np.linalg.norm(pos(arrays[1], k) - (100.0, 0.0, 0.6 * k)) < 0.005
    assert np.abs(arrays[1].vel.numpy()).max() < 1e-3


def test_bodies_that_overlap_part_without_speed():
    pair = [actor(BOX, x=100.0, motion=Motion.BODY), actor(BOX, x=100.8, motion=Motion.BODY)]
    arrays, seen = one(pair, 300, watch=lambda s: np.abs(s.vel.numpy()).max())
    assert seen.max() < 0.2
    assert pos(arrays[1], 1)[0] - pos(arrays[1])[0] > 0.95


def test_a_car_that_rolls_over_comes_to_rest_above_the_road():
    arrays = build([world_rows([actor(x=100.0, z=0.8, vel=(6.0, 5.0, 0.0), motion=Motion.BODY)])], FIELD)
    arrays[1].ang_vel.assign(np.array([[(4.0, 0.0, 0.0)]], np.float32))
    seen = go(arrays, 800, watch=lambda s: (rotate(s.rot.numpy()[0, 0], (0, 0, 1.0))[2], lowest(s, CAR)))
    assert seen[-1, 0] < 0.5, "it lies on side or roof"
    assert seen[-1, 1] > -0.1  # the shape leaves out the lowest 9 cm, where wheels are
    assert np.linalg.norm(arrays[1].vel.numpy()[0, 0]) < 0.02


# --- vehicles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("friction", "speed", "ticks"), [(1.0, 20.0, 350), (0.6, 20.0, 500), (0.1, 8.0, 1000)])
def test_braking_distance_is_near_swerve_s_own(friction, speed, ticks):
    ways = []
    for physics in ("swerve", "bullet"):
        brake = {"pedals": {"accel": -1.0}, "friction": friction}
        arrays, _ = one([actor(x=100.0, speed=speed)], ticks, physics, **brake)
        assert abs(float(arrays[1].speed.numpy()[0, 0])) < 0.05
        ways.append(pos(arrays[1])[0] - 100.0)
    assert ways[1] == pytest.approx(ways[0], rel=0.1)
    most = 1.1 * friction * GRAVITY
    assert speed**2 / (2 * (most + 0.25)) < ways[1] < speed**2 / (2 * 0.97 * most) + 0.3 * speed


def roll_of(state):
    """Roll of actor 0 against level ground [rad]."""
    return math.asin(rotate(state.rot.numpy()[0, 0], (0, 1.0, 0))[2])


@pytest.mark.parametrize(("steer", "bound"), [(0.03, 0.02), (0.06, 0.03), (0.1, 0.05)])
def test_steady_turn_is_near_swerve_s_own(steer, bound):
    def watch(state):
        return state.ang_vel.numpy()[0, 0, 2] * 15.0 / state.speed.numpy()[0, 0], roll_of(state)

    pedals = {"steer": steer, "accel": 0.05}
    seen = [one([actor(x=100.0, speed=15.0)], 300, p, pedals=pedals, watch=watch)[1][-1] for p in ("swerve", "bullet")]
    assert seen[1][0] == pytest.approx(seen[0][0], rel=bound)
    assert seen[1][1] == pytest.approx(seen[0][1], rel=0.15) and seen[1][1] > 0.0


@pytest.mark.parametrize("friction", [0.8, 0.3])
def test_lateral_limit_is_the_tyres_friction(friction):
    def watch(state):
        return rotate(state.rot.numpy()[0, 0], (0, 1.0, 0)) @ state.accel.numpy()[0, 0]

    _, seen = one([actor(x=100.0, speed=18.0)], 150, pedals={"steer": 0.4}, friction=friction, watch=watch)
    assert 0.8 * friction * GRAVITY < np.median(seen[75:]) < friction * GRAVITY


def test_a_parked_car_stays_put_on_a_slope():
    slope = 0.1
    start = [actor(x=500.0, y=-1.75, z=500 * slope, nose_down=-math.atan(slope))]
    _, seen = one(start, 1000, networks=ramp(slope), pedals={"accel": -1.0}, watch=pos)
    assert np.linalg.norm(seen[-1] - seen[499]) < 1e-3
    assert np.linalg.norm(seen[-1] - (500.0, -1.75, 500 * slope)) < 0.05


def test_split_friction_yaws_to_the_side_that_holds():
    from sim.road.shorthand import FrictionPatch

    networks = [straight(length=2000.0, patches=[FrictionPatch(0.0, 2000.0, -1.75, 3.5, 0.1)])]
    arrays, _ = one([actor(x=100.0, y=-1.75, speed=20.0)], 60, networks=networks, pedals={"accel": -1.0})
    assert arrays[1].ang_vel.numpy()[0, 0, 2] < -0.05


def test_a_ridden_motorcycle_leans_and_falls_once_it_is_hit():
    rider = [actor(MOTORCYCLE, x=100.0, speed=15.0)]
    arrays, seen = one(
        rider, 250, pedals={"steer": 0.03}, watch=lambda s: (s.ang_vel.numpy()[0, 0, 2], s.speed.numpy()[0, 0])
    )
    lean = roll_of(arrays[1])
    assert lean == pytest.approx(-math.atan(seen[-1, 0] * seen[-1, 1] / GRAVITY), rel=0.1) and lean < -0.05
    arrays[1].motion.fill_(int(Motion.BODY))
    arrays[1].fallen.fill_(1)
    go(arrays, 300)
    assert abs(rotate(arrays[1].rot.numpy()[0, 0], (0, 0, 1.0))[2]) < 0.3


# --- contacts -----------------------------------------------------------------------------------------------------------

CRASHES = {
    "rear": [actor(x=100.0, speed=20.0), actor(x=108.0, speed=10.0)],
    "head-on, offset": [actor(x=100.0, speed=15.0), actor(x=115.0, y=0.9, heading=math.pi, speed=15.0, direction=-1)],
    "oblique": [actor(x=100.0, speed=15.0), actor(x=110.0, y=-6.25, heading=math.pi / 2 + 0.4, speed=10.0)],
}


def motion_of(arrays):
    """Masses, velocities of the centres of gravity, kinetic energy of a world."""
    state, vehicle = arrays[1], arrays[0].vehicle
    mass, inertia = vehicle.mass.numpy()[0].astype(float), vehicle.inertia.numpy()[0].astype(float)
    vel, rate = state.vel.numpy()[0].astype(float), state.ang_vel.numpy()[0].astype(float)
    energy = 0.0
    for a, q in enumerate(state.rot.numpy()[0]):
        ahead, height = vehicle.cog.numpy()[0, a].astype(float)
        vel[a] += np.cross(rate[a], rotate(q, (ahead, 0.0, height)))
        energy += 0.5 * mass[a] * vel[a] @ vel[a] + 0.5 * inertia[a] @ rotate(inverse(q), rate[a]) ** 2
    return mass, vel, energy


@pytest.mark.parametrize("name", list(CRASHES))
def test_a_crash_keeps_momentum_and_is_near_swerve_s_own(name):
    changes = []
    for physics in ("swerve", "bullet"):
        # On a road without friction only the impact changes what moves in the plane.
        arrays = build([world_rows(CRASHES[name], friction=0.0)], FIELD)
        cars = arrays[0].vehicle.car.numpy()
        cars["drag"] = cars["side_drag"] = 0.0
        arrays[0].vehicle.car.assign(cars)
        seen = [motion_of(arrays)]
        steps = make_steps(*arrays, physics)
        for _ in range(80):
            steps.launch()
            seen.append(motion_of(arrays))
        tick = int(arrays[1].contact_tick.numpy()[0, 0])
        assert tick > 0 and (arrays[1].motion.numpy()[0] == Motion.BODY).all()
        (mass, before, energy), (_, after, left) = seen[tick - 2], seen[tick + 8]
        total = (mass[:, None] * after).sum(0) - (mass[:, None] * before).sum(0)
        assert np.abs(total[:2]).max() < 1e-4 * (mass * np.linalg.norm(before, axis=1)).sum()
        assert left < energy + 1.0
        changes.append((after - before)[:, :2])
    size = np.linalg.norm(changes[0], axis=1)
    assert np.linalg.norm(changes[1], axis=1) == pytest.approx(size, rel=0.1)
    assert np.linalg.norm(changes[1] - changes[0], axis=1).max() < 0.15 * size.max()


def test_impacts_are_recorded_as_swerve_records_them():
    states = []
    for physics in ("swerve", "bullet"):
        states.append(one(CRASHES["oblique"], 60, physics)[0][1])
    own, bullet = states
    assert np.abs(own.contact_tick.numpy() - bullet.contact_tick.numpy()).max() <= 1
    assert (own.contact_with.numpy() == bullet.contact_with.numpy()).all()
    assert bullet.contact_speed.numpy() == pytest.approx(own.contact_speed.numpy(), rel=0.02)
    assert np.abs(own.contact_normal.numpy() - bullet.contact_normal.numpy()).max() < 0.05
    assert np.abs(own.contact_point.numpy() - bullet.contact_point.numpy())[..., :2].max() < 0.2
    arrays, seen = one(CRASHES["rear"], 60, watch=lambda s: s.contact_now.numpy()[0, :, 0].tolist())
    tick = int(arrays[1].contact_tick.numpy()[0, 0])
    assert seen[tick - 1].tolist() == [2, 1] and (seen[: tick - 1] == 0).all()
    lorry, _ = one([actor(x=100.0, speed=20.0), actor(LORRY, x=112.0, speed=5.0)], 80)
    point = lorry[1].contact_point.numpy()[0, 0]
    assert abs(point[1]) < 0.05 and 0.6 < point[2] < 1.1, "the middle of two faces that press on each other"


@pytest.mark.parametrize("speed", [10.0, 60.0])
def test_nothing_passes_through_a_thin_wall(speed):
    from sim.assets.spec import Category

    wall = BOX | {"size": (0.2, 8.0, 3.0), "box_center": (0, 0, 1.5)}
    actors = [actor(x=100.0, speed=speed), actor(wall, x=110.0, motion=Motion.SCRIPTED)]
    arrays, seen = one(actors, 120, category=(Category.CAR, Category.BUILDING), watch=pos)
    assert seen[:, 0].max() < 110.0 - 0.1 - 3.45 + 0.15
    assert pos(arrays[1], 1).tolist() == [110.0, 0.0, 0.0]
    assert arrays[1].contact_tick.numpy()[0, 1] > 0


@pytest.mark.parametrize("speed", [8.0, 16.0])
def test_a_person_is_felled_and_thrown_as_far_as_by_swerve_s_own(speed):
    """A car that brakes strikes him; his middle's way over v^2 / (2 mu g), v the car's speed: Searle 1993 has 1 to 1.44."""
    shares = []
    for physics, lying in (("swerve", 0.15), ("bullet", 0.2)):  # half his depth; the radius of PyBullet's capsule
        car = actor(x=93.4, speed=math.hypot(speed, 6.0), slide=(0.95, 0.95))
        hit = [car, actor(PERSON, x=100.0, heading=1.57, motion=Motion.SCRIPTED)]
        arrays, seen = one(hit, 400, physics, pedals={"accel": -1.0}, watch=lambda s: s.vel.numpy()[0, 0, 0])
        state, tick = arrays[1], int(arrays[1].contact_tick.numpy()[0, 1])
        up = rotate(state.rot.numpy()[0, 1], (0, 0, 1.0))
        shares.append((pos(state, 1) + 0.97 * up - 100.0)[0] * 2 * 0.66 * GRAVITY / seen[tick - 2] ** 2)
        assert abs(state.fallen.numpy()[0, 1] - tick) <= 1 and abs(up[2]) < 0.1
        assert np.linalg.norm(state.vel.numpy()[0, 1]) < 0.02 and abs(pos(state, 1)[2] - lying) < 0.01
    assert all(0.95 < share < 1 + 0.66**2 for share in shares)
    assert shares[1] == pytest.approx(shares[0], rel=0.15)


def test_who_is_pushed_lightly_stays_upright():
    push = [actor(x=100.0, speed=1.5), actor(PERSON, x=104.5, motion=Motion.SCRIPTED)]
    arrays, _ = one(push, 120)
    assert arrays[1].contact_tick.numpy()[0, 1] > 0 and arrays[1].motion.numpy()[0, 1] == Motion.BODY
    assert arrays[1].fallen.numpy()[0, 1] == 0 and (np.abs(arrays[1].rot.numpy()[0, 1]) == (0, 0, 0, 1)).all()


def test_people_who_brush_past_each_other_go_on():
    actors = [
        actor(PERSON, x=100.0, y=5.0, speed=1.3, motion=Motion.SCRIPTED, road=-1),
        actor(PERSON, x=103.0, y=5.2, heading=math.pi, speed=1.4, motion=Motion.SCRIPTED, road=-1),
    ]
    arrays, _ = one(actors, 200)
    assert (arrays[1].contact_tick.numpy()[0] > 0).all()
    assert (arrays[1].motion.numpy()[0] == Motion.SCRIPTED).all()


def test_an_open_door_gives_way():
    actors = [actor(x=100.0, speed=10.0), actor(x=120.0, y=-2.3, motion=Motion.SCRIPTED)]
    shut, opened = (build([world_rows(actors)], FIELD) for _ in range(2))
    opened[1].door.assign(np.array([[(0.0, 0.0), (1.2, 0.0)]], np.float32))
    seen = go(opened, 260, watch=lambda s: s.speed.numpy()[0, 0])
    tick = int(opened[1].contact_tick.numpy()[0, 0])
    assert opened[1].contact_with.numpy()[0].tolist() == [1, 0] and tick > 150
    assert opened[1].door.numpy()[0, 1].tolist() == [0.0, 0.0]
    assert 0.5 < seen[tick - 2] - seen[tick] < 1.5  # 1200 N s for a car of 1400 kg
    go(shut, 260)
    assert (shut[1].contact_tick.numpy()[0] == -1).all()


# --- the seam -----------------------------------------------------------------------------------------------------------


def test_scripted_actors_are_exact_until_they_are_hit():
    actors = [
        actor(x=100.0, speed=15.0),
        actor(x=130.0, speed=5.0, motion=Motion.SCRIPTED),
        actor(x=200.0, y=-60.0, lane=-2, speed=12.0, motion=Motion.SCRIPTED),
    ]
    own, bullet = (build([world_rows(actors)], FIELD) for _ in range(2))
    steps = make_steps(*own, "swerve"), make_steps(*bullet, "bullet")
    for _ in range(349):
        for each in steps:
            each.launch()
        scripted = bullet[1].motion.numpy()[0] == Motion.SCRIPTED
        for name in ("pos", "rot", "vel", "speed"):
            a, b = getattr(own[1], name).numpy()[0], getattr(bullet[1], name).numpy()[0]
            assert (a[scripted] == b[scripted]).all()
        hit = bullet[1].contact_tick.numpy()[0, 1]
        assert scripted[1] == (hit < 0) and scripted[2]
    assert 200 < hit < 300


def test_contacts_are_only_reported_where_the_world_says_so():
    actors = [actor(x=100.0, speed=15.0), actor(x=110.0, motion=Motion.SCRIPTED)]
    arrays, _ = one(actors, 100, contact=Contact.REPORT)
    assert arrays[1].contact_tick.numpy()[0].tolist() == [39, 39]
    assert arrays[1].motion.numpy()[0].tolist() == [Motion.DRIVEN, Motion.SCRIPTED]
    assert pos(arrays[1])[0] > 114.0 and pos(arrays[1], 1)[0] == 110.0


def test_what_is_set_from_outside_is_taken_over():
    arrays, _ = one([actor(x=100.0, speed=10.0)], 20)
    steps = make_steps(*arrays, "bullet")
    steps.launch()
    arrays[1].vel.assign(np.array([[(3.0, 0.0, 0.0)]], np.float32))
    steps.launch()
    assert arrays[1].speed.numpy()[0, 0] == pytest.approx(3.0, abs=0.05)
    arrays[1].pos.assign(np.array([[(300.0, 3.0, 0.0)]], np.float32))
    steps.launch()
    assert pos(arrays[1])[:2] == pytest.approx((300.0 + 3.0 * TICK, 3.0), abs=0.005)


def test_a_world_of_a_batch_equals_the_world_alone():
    rows = [world_rows(CRASHES[name]) for name in CRASHES]
    arrays = build(rows, FIELD)
    go(arrays, 120)
    alone = tuple(slice_worlds(struct, 1, 2, 3) for struct in build(rows, FIELD))
    go(alone, 120)
    batch, single = to_numpy(arrays[1]), to_numpy(alone[1])
    different = [name for name in single if not np.array_equal(batch[name][1:2], single[name], equal_nan=True)]
    assert not different


def test_a_scenario_runs_from_file_to_csv_and_repeats(tmp_path):
    from sim.export.trace import simulate_file

    results, files = [], []
    for k, physics in enumerate(("swerve", "bullet", "bullet")):
        path = tmp_path / f"{k}.csv"
        results.append(
            simulate_file("red-light-runner", csv=path, driver="constant", contact="physics", physics=physics)
        )
        files.append(path.read_bytes())
    assert results[1] == results[2] and files[1] == files[2]
    assert files[0] != files[1]
    own, bullet = (r["contacts"] for r in results[:2])
    assert [(c["actor"], c["with"]) for c in own] == [(c["actor"], c["with"]) for c in bullet] and own
    assert [c["t"] for c in bullet] == pytest.approx([c["t"] for c in own], abs=0.03)


def test_without_pybullet_there_is_a_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "pybullet", None)
    with pytest.raises(SwerveError, match="pip install pybullet"):
        check_physics("bullet")
    check_physics("swerve")


def test_what_it_cannot_do_is_refused():
    from sim.export.trace import simulate_file

    with pytest.raises(SwerveError, match=r"faults of vehicles .* need --physics swerve"):
        simulate_file("tyre-blowout-motorway", driver="constant", contact="physics", physics="bullet")
