"""What stands beside the road stops bodies: closed forms, redirection, tunnelling, PyBullet, and the same things as in pictures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.physics.impulse import FRICTION
from sim.physics.scenery import RAIL_FRICTION, meet_scenery
from sim.rotation import inverse, rotate
from sim.scenery.solids import Solids, build_solid_tables
from sim.simulation import make_steps
from sim.structs import to_numpy
from sim.types import SCENERY, Contact, Motion, Solid
from tests.physics.worlds import CAR, LORRY, PERSON, actor, build, corners, press, run, straight, world_rows

CUBE = {
    "category": "none",
    "size": (0.25,) * 3,
    "mass": 12.0,
    "wheelbase": 0.0,
    "wheel_radius": 0.0,
    "box_center": (0, 0, 0.125),
}


def solids(**things):
    """`Solids` by the names of its methods: lists of arguments."""
    out = Solids()
    for name, calls in things.items():
        for arguments in calls:
            getattr(out, name)(*arguments)
    return out


POLE = solids(posts=[(Solid.POLE, [30.0, 0.0, 0.0], 0.15, 6.0)])
WALL = solids(boxes=[(Solid.WALL, [30.0, 0.0, 0.0], (0.3, 20.0, 3.0), 0.0)])
LINE = np.stack([np.arange(0.0, 201.0, 4.0), np.full(51, 4.0), np.zeros(51)], 1)
RAIL = solids(chain=[(Solid.GUARD_RAIL, LINE, 0.2, 0.76)])
NEAR = 27.0
"""Where a car of `CAR` is shortly before it touches what stands at 30 m."""


def crash(things, actors, ticks=40, contact=Contact.PHYSICS, stages=None):
    """One world after some ticks."""
    arrays = build([world_rows(actors, contact=contact)], solids=[things])
    return run(arrays, ticks, stages)


def first_impact(state, world=0):
    impacts = {
        n: getattr(state.impacts, n).numpy()[world]
        for n in ("count", "pair", "speed", "delta_first", "delta_second", "normal", "risk")
    }
    return {n: v if n == "count" else v[0] for n, v in impacts.items()}


@pytest.mark.parametrize("things, kind", [(POLE, Solid.POLE), (WALL, Solid.WALL)])
@pytest.mark.parametrize("speed", [4.0, 12.0, 20.0])
def test_head_on_a_car_is_thrown_back_by_its_restitution(things, kind, speed):
    state = crash(things, [actor(CAR, x=NEAR - 0.2 * speed, speed=speed)], 30)
    hit = first_impact(state)
    assert hit["count"] == 1 and hit["pair"].tolist() == [0, SCENERY - kind] and hit["normal"][0] == pytest.approx(1.0)
    bounce = max(0.6 * math.exp(-0.25 * hit["speed"]), 0.05)
    assert hit["speed"] == pytest.approx(speed, rel=0.02)
    assert hit["delta_first"] == pytest.approx([-(1.0 + bounce) * hit["speed"], 0.0, 0.0], abs=0.02 * speed)
    assert hit["delta_second"].tolist() == [0, 0, 0] and hit["risk"][1] == 0.0 and hit["risk"][0] > 0.0
    assert state.contact_with.numpy()[0, 0] == state.metrics.collision_actor.numpy()[0] == SCENERY - kind
    assert state.metrics.collided.numpy()[0] == 1 and state.motion.numpy()[0, 0] == Motion.BODY
    # The front stays where it struck but for what the bounce gives back.
    assert state.pos.numpy()[0, 0, 0] < 30.0 - 3.45 - 0.1


@pytest.mark.parametrize("side", [-1, 1])
def test_a_pole_off_the_middle_spins_the_car(side):
    state = crash(POLE, [actor(CAR, x=24.0, y=0.6 * side, speed=15.0)], 45)
    spin = state.ang_vel.numpy()[0, 0, 2]
    assert spin * side < -1.2, "what is struck on the right turns to the right"
    assert state.pos.numpy()[0, 0, 0] < 30.0 and state.vel.numpy()[0, 0, 1] * side > 1.0


def motion(arrays, world=0):
    """Velocity of the ego's centre of gravity [m/s] and its kinetic energy over its mass [J/kg]."""
    state, vehicle = arrays[1], arrays[0].vehicle
    rot, rate = state.rot.numpy()[world, 0], state.ang_vel.numpy()[world, 0].astype(float)
    ahead, height = vehicle.cog.numpy()[world, 0].astype(float)
    vel = state.vel.numpy()[world, 0] + np.cross(rate, rotate(rot, (ahead, 0.0, height)))
    own = rotate(inverse(rot), rate)
    inertia = vehicle.inertia.numpy()[world, 0] / vehicle.mass.numpy()[world, 0]
    return vel, 0.5 * vel @ vel + 0.5 * inertia @ own**2


def watch(arrays, ticks):
    """`motion` after every tick, (ticks, 3) and (ticks,)."""
    seen = []
    for _ in range(ticks):
        run(arrays, 1)
        seen.append(motion(arrays))
    return np.array([v for v, _ in seen]), np.array([e for _, e in seen])


@pytest.mark.parametrize("degrees", [8, 15, 25])
def test_a_guard_rail_redirects_a_car(degrees):
    """25 m/s into a rail: along it afterwards, on the road's side of it, and no tick adds energy; at 8 and 15 its driver brakes fully."""
    arrays = build([world_rows([actor(CAR, x=3.0, y=0.5, heading=math.radians(degrees), speed=25.0)])], solids=[RAIL])
    vel, energy = watch(arrays, 200)
    state = arrays[1]
    assert (np.diff(energy) < 0.002 * energy[0]).all(), "no more than springs give back of what the blow put into roll"
    assert state.impacts.pair.numpy()[0, 0].tolist() == [0, SCENERY - Solid.GUARD_RAIL]
    pos, rot = state.pos.numpy()[0, 0], state.rot.numpy()[0, 0]
    yaw = 2.0 * math.atan2(rot[2], rot[3])
    assert abs(yaw) < math.radians(8), "it lies along the rail"
    assert vel[-1, 0] > 8.0 and abs(vel[-1, 1]) < 0.6
    assert corners(pos[:2], yaw, CAR)[:, 1].max() < 3.9 + 0.03
    # It never catches on a joint: no tick takes more speed along the rail than the first blow did.
    blow = np.flatnonzero(np.diff(vel[:, 1]) < -1.0)
    later = np.diff(vel[:, 0])[blow[-1] + 5 :]
    assert later.min() > -0.2


def test_no_impulse_adds_energy():
    """A thousand cars and cubes flung against rails, poles and walls at random."""
    rng = np.random.default_rng(4)
    worlds = []
    for _ in range(1000):
        kind = (CAR, CUBE)[int(rng.integers(2))]
        at, to = rng.uniform([26.0, -3.0], [33.0, 3.0]), rng.uniform(-25.0, 25.0, 3) * [1.0, 1.0, 0.2]
        spin = {"vel": tuple(to), "z": float(rng.uniform(0.0, 0.5)), "nose_down": float(rng.uniform(-0.5, 0.5))}
        worlds.append(world_rows([actor(kind, *at, heading=float(rng.uniform(-3, 3)), motion=Motion.BODY, **spin)]))
    for _, state in worlds:
        state["ang_vel"] = rng.normal(0.0, 2.0, (1, 3))
    things = solids(
        posts=[(Solid.POLE, [(27.0, 0.0, 0.0), (32.0, 2.0, 0.0)], 0.2, 6.0)], boxes=[(Solid.WALL, [30.0, -2.0, 0.0], (0.3, 3.0, 3.0), 0.4)],
        chain=[(Solid.GUARD_RAIL, [(26.0, -3.0, 0.0), (30.0, 0.0, 0.0), (31.0, 3.0, 0.0)], 0.2, 0.76)],
    )  # fmt: skip
    arrays = build(worlds, solids=[things])
    before = energies(arrays)
    state = run(arrays, 1, [meet_all])
    assert state.impacts.count.numpy().sum() > 400
    assert (energies(arrays) <= before * (1 + 1e-5)).all()


def energies(arrays):
    """Kinetic energy of every world's ego over its mass [J/kg]."""
    return np.array([motion(arrays, w)[1] for w in range(arrays[1].tick.shape[0])])


def test_friction_with_rails_is_less_than_with_walls():
    lost = {}
    for kind in (Solid.GUARD_RAIL, Solid.BARRIER):
        things = solids(chain=[(kind, LINE, 0.2, 0.9)])
        state = crash(things, [actor(CAR, x=3.0, y=1.0, heading=math.radians(20), speed=25.0)], 60)
        hit = first_impact(state)
        along, push = -hit["delta_first"][0], -hit["delta_first"][1]
        lost[kind] = along / push
    assert lost[Solid.GUARD_RAIL] == pytest.approx(RAIL_FRICTION, rel=0.1)
    assert lost[Solid.BARRIER] == pytest.approx(FRICTION, rel=0.1)


def test_a_person_thrown_against_a_wall_falls_before_it():
    thrown = actor(PERSON, x=28.5, speed=0.0, motion=Motion.BODY, vel=(9.0, 0.0, 0.0), z=0.3)
    state = crash(WALL, [thrown], 150)
    hit = first_impact(state)
    assert hit["pair"].tolist() == [0, SCENERY - Solid.WALL] and hit["risk"][0] > 0.01
    assert hit["delta_first"][0] == pytest.approx(-9.0 * 1.05, rel=0.05)
    assert state.fallen.numpy()[0, 0] > 0 and 27.0 < state.pos.numpy()[0, 0, 0] < 29.85


@pytest.mark.parametrize(
    "things", [POLE, WALL, solids(chain=[(Solid.GUARD_RAIL, LINE[:, [1, 0, 2]] + [26.0, -100.0, 0.0], 0.2, 0.76)])],
    ids=["pole", "wall", "rail"],
)  # fmt: skip
def test_nothing_passes_through_at_sixty_metres_per_second(things):
    worlds = []
    for kind in (CAR, LORRY, PERSON, CUBE):
        length, width, _ = kind["size"]
        for y in (-0.3, 0.0, 0.3):
            for x in np.linspace(26.4, 27.0, 4):
                wide = 0.8 * width / 2 if things is POLE else 1.0
                x -= kind["box_center"][0] + length / 2
                fast = {"vel": (60.0, 0.0, 0.0), "z": 0.1 if kind is CUBE else 0.0}
                worlds.append(world_rows([actor(kind, x=x, y=y / 0.3 * wide, speed=60.0, motion=Motion.BODY, **fast)]))
    state = run(build(worlds, solids=[things]), 14)
    assert (state.contact_with.numpy()[:, 0] <= SCENERY).all(), "somebody passed through"
    x, _, z = state.pos.numpy()[:, 0].T
    over = (np.arange(len(x)) // 12 == 2) & (z > 1.0)  # people turn over a rail, below the middle of them
    if things is WALL:
        assert not over.any()
    if (
        things is POLE
    ):  # round it they turn, and lose two thirds of their speed at least; who meets it head-on is thrown back
        assert (state.impacts.delta_first.numpy()[:, 0, 0] < -40.0).all()
        assert (state.vel.numpy()[:, 0, 0].reshape(-1, 3, 4)[:, 1] < 0.0).all() and (
            x.reshape(-1, 3, 4)[:, 1] < 30.0
        ).all()
    else:
        assert ((x < 30.2) | over).all()
    assert np.isfinite(state.pos.numpy()).all()


def test_scripted_actors_and_reports():
    """A scripted actor goes its way through a wall, unflagged; with `report` a DRIVEN one does too, flagged."""
    through = [actor(CAR, x=26.6, speed=0.0, motion=Motion.SCRIPTED)]
    state = crash(WALL, through, 3, stages=[meet_all])
    assert state.contact_tick.numpy()[0, 0] == -1 and not state.contact_now.numpy().any()
    state = crash(WALL, [actor(CAR, x=24.0, speed=20.0)], 20, contact=Contact.REPORT)
    assert state.contact_with.numpy()[0, 0] == SCENERY - Solid.WALL and state.metrics.collided.numpy()[0] == 1
    assert state.contact_now.numpy()[0, 0].tolist() == [2], "scenery counts as the actor after the last"
    assert state.vel.numpy()[0, 0, 0] > 19.0 and state.impacts.count.numpy()[0] == 0


def meet_all(scene, state):
    from sim.physics.pairs import bound_actors

    bound_actors(scene, state)
    meet_scenery(scene, state)


def test_a_driver_may_lean_against_a_wall():
    """Parking into a wall at walking pace stops the car; it stays driven."""
    arrays = build([world_rows([actor(CAR, x=26.2, speed=0.5)])], solids=[WALL])
    press(arrays, accel=0.02)
    state = run(arrays, 150)
    assert state.motion.numpy()[0, 0] == Motion.DRIVEN and abs(state.vel.numpy()[0, 0, 0]) < 0.05
    assert state.pos.numpy()[0, 0, 0] + 3.45 < 29.86


def test_a_body_in_the_midst_of_something_is_not_thrown_out_of_it():
    state = crash(WALL, [actor(CAR, x=26.75, speed=0.0, motion=Motion.BODY)], 100)
    assert np.abs(state.vel.numpy()[0, 0]).max() < 0.3 and state.pos.numpy()[0, 0, 0] + 3.45 < 29.87


def test_a_world_in_a_batch_is_the_world_alone():
    rows = [
        world_rows(
            [
                actor(CAR, x=20.0, y=y, heading=h, speed=22.0),
                actor(PERSON, x=28.0, y=1.5, speed=2.0, motion=Motion.BODY),
            ]
        )
        for y, h in ((0.0, 0.0), (0.7, 0.02), (-0.8, -0.01), (2.0, 0.3))
    ]
    things = solids(
        posts=[(Solid.TREE, [(30.0, 0.0, 0.0), (33.0, 1.0, 0.0)], 0.2, 5.0)],
        chain=[(Solid.GUARD_RAIL, LINE, 0.2, 0.76)],
    )
    together = to_numpy(run(build(rows, solids=[things]), 120))
    for i, row in enumerate(rows):
        alone = to_numpy(run(build([row], solids=[things]), 120))
        for name, value in alone.items():
            assert np.array_equal(value[0], together[name][i], equal_nan=True), name
    assert (together["contact_with"][:, 0] <= SCENERY).sum() == 3 and (together["impacts.count"] > 0).all()


def test_two_actors_of_a_world_strike_scenery_in_one_tick():
    """Each has its impact, in the order of their indices, the same as alone; what one strikes is no matter of the other's."""
    cars = [actor(CAR, x=25.0, y=y, speed=20.0) for y in (-5.0, 5.0)]
    state = crash(WALL, cars, 12)
    impacts = {n: getattr(state.impacts, n).numpy()[0] for n in ("count", "tick", "pair", "speed", "delta_first")}
    assert impacts["count"] == 2 and impacts["tick"][0] == impacts["tick"][1]
    assert impacts["pair"][:2].tolist() == [[0, SCENERY - Solid.WALL], [1, SCENERY - Solid.WALL]]
    for i, car in enumerate(cars):
        alone = crash(WALL, [car], 12)
        assert impacts["speed"][i] == alone.impacts.speed.numpy()[0, 0]
        assert (impacts["delta_first"][i] == alone.impacts.delta_first.numpy()[0, 0]).all()


@pytest.mark.parametrize("angle", [0.0, 1.2])
def test_an_open_door_meets_a_post_that_the_car_itself_passes(angle):
    arrays = build([world_rows([actor(CAR, x=20.0, y=-1.4, speed=10.0)])], solids=[POLE])
    arrays[1].door.assign(np.array([[(angle, 0.0)]], np.float32))
    state = run(arrays, 120)
    struck = angle > 0.0
    assert state.contact_with.numpy()[0, 0] == (SCENERY - Solid.POLE if struck else -1)
    assert (state.pos.numpy()[0, 0, 0] < 30.0) == struck and state.impacts.count.numpy()[0] == int(struck)


def test_with_report_only_drivers_are_flagged():
    """A loose body is not, whether or not another world on the map has a driver, for whom its solids are there."""
    loose = world_rows([actor(CUBE, x=28.0, motion=Motion.BODY, vel=(6.0, 0.0, 0.0))], contact=Contact.REPORT)
    driver = world_rows([actor(CAR, x=24.0, speed=20.0)], contact=Contact.REPORT)
    state = run(build([loose, driver], solids=[WALL]), 40)
    assert state.contact_with.numpy()[:, 0].tolist() == [-1, SCENERY - Solid.WALL]


def test_each_map_has_its_own_things():
    rows = [world_rows([actor(CAR, x=24.0, speed=20.0)]) for _ in range(3)]
    for i, (scene, _) in enumerate(rows):
        scene["map_index"] = i
    arrays = build(rows, [straight(), straight(), straight()], solids=[WALL, Solids(), POLE])
    state = run(arrays, 25)
    assert state.contact_with.numpy()[:, 0].tolist() == [SCENERY - Solid.WALL, -1, SCENERY - Solid.POLE]


def test_thin_things_give_way():
    things = solids(
        posts=[(Solid.POLE, [(0.0, 0, 0)], 0.04, 2.0), (Solid.TREE, [(1.0, 0, 0), (2.0, 0, 0)], [0.045, 0.06], 2.0)]
    )
    assert things.rows()["center"][:, 0].tolist() == [2.0]
    tables = build_solid_tables([things.rows()], "cpu")
    assert tables.item.shape[0] == 1 and tables.entry.numpy().tolist() == [0]


@pytest.mark.parametrize("y", [0.0, 0.5])
@pytest.mark.parametrize("things", [POLE, WALL], ids=["pole", "wall"])
def test_delta_v_is_near_pybullet_s(things, y):
    pytest.importorskip("pybullet")
    delta = {}
    for physics in ("swerve", "bullet"):
        arrays = build([world_rows([actor(CAR, x=25.0, y=y, speed=14.0)])], solids=[things])
        steps, state, seen = make_steps(arrays[0], arrays[1], arrays[2], physics, processes=1), arrays[1], []
        for _ in range(25):
            steps.launch()
            seen.append(motion(arrays)[0])
        contact = int(state.contact_tick.numpy()[0, 0])
        assert state.contact_with.numpy()[0, 0] == SCENERY - things.rows()["kind"][0] and 8 <= contact <= 20
        assert state.motion.numpy()[0, 0] == Motion.BODY and state.metrics.collided.numpy()[0] == 1
        delta[physics] = (seen[contact + 1] - seen[contact - 3])[:2]
    assert np.linalg.norm(delta["bullet"]) == pytest.approx(np.linalg.norm(delta["swerve"]), rel=0.1), delta


def test_nothing_catches_on_the_joints_of_a_chain():
    """Cars that slide along a wall of short links, pressed against it, lose speed by friction alone."""
    line = np.stack([np.arange(0.0, 61.0, 1.0), np.full(61, 4.0), np.zeros(61)], 1)
    things = solids(chain=[(Solid.WALL, line, 0.2, 1.0)])
    worlds = [
        world_rows(
            [actor(CAR, x=5.0 + 0.07 * i, y=3.01, heading=0.02, motion=Motion.BODY, vel=(1.0 + 0.4 * i, 0.3, 0.0))]
        )
        for i in range(24)
    ]
    arrays = build(worlds, solids=[things])
    before = np.array([motion(arrays, w)[0][0] for w in range(24)])
    for _ in range(60):
        run(arrays, 1)
        now = np.array([motion(arrays, w)[0][0] for w in range(24)])
        assert (before - now).max() < 0.25
        before = now
    assert (arrays[1].contact_with.numpy()[:, 0] == SCENERY - Solid.WALL).all()
