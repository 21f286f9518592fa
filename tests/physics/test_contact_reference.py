"""Against PyBullet, with the same masses, inertias, friction and restitution: impacts of two cars, drops, slides and stacks of boxes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.physics.parameters import actor_parameters
from sim.rotation import matrices
from sim.types import Motion
from tests.physics.test_contact import BOX, FIELD, arms
from tests.physics.worlds import CAR, LORRY, actor, build, run, world_rows

bullet = pytest.importorskip("pybullet", reason="PyBullet, the reference, is not installed (no wheels for this Python)")

STEP = 1.0 / 1000.0
THING_FRICTION, THING_BOUNCE, PAIR_FRICTION = 0.55, 0.2, 0.4
"""What `sim.physics` gives things on the ground, and bodies on each other."""


def quaternion(yaw=0.0, pitch=0.0, roll=0.0):
    return np.array(bullet.getQuaternionFromEuler([roll, pitch, yaw]))


@pytest.fixture
def reference():
    """Starts a PyBullet world of (kind, pos, quaternion, vel); returns a function that runs it and gives poses and velocities."""
    client = bullet.connect(bullet.DIRECT)

    def start(bodies, ground, friction, bounce):
        bullet.resetSimulation(physicsClientId=client)
        bullet.setTimeStep(STEP, physicsClientId=client)
        bullet.setGravity(0, 0, -9.81, physicsClientId=client)
        if ground:
            plane = bullet.createCollisionShape(bullet.GEOM_PLANE, physicsClientId=client)
            base = bullet.createMultiBody(0, plane, physicsClientId=client)
            bullet.changeDynamics(base, -1, lateralFriction=1.0, restitution=1.0, physicsClientId=client)
        ids, centers = [], []
        for kind, pos, rot, vel in bodies:
            params = actor_parameters(**kind)
            cog = np.array([params["cog"][0], 0.0, params["cog"][1]])
            offset = np.array(kind["box_center"]) - cog
            shape = bullet.createCollisionShape(
                bullet.GEOM_BOX,
                halfExtents=np.array(kind["size"]) / 2,
                collisionFramePosition=offset,
                physicsClientId=client,
            )
            axes = matrices(rot)
            at = np.array(pos) + axes @ cog
            one = bullet.createMultiBody(kind["mass"], shape, -1, at, rot, physicsClientId=client)
            bullet.changeDynamics(
                one, -1, localInertiaDiagonal=params["inertia"], lateralFriction=friction, restitution=bounce, linearDamping=0.0,
                angularDamping=0.0, physicsClientId=client,
            )  # fmt: skip
            bullet.resetBaseVelocity(one, vel, (0, 0, 0), physicsClientId=client)
            ids.append(one)
            centers.append(cog)

        def go(seconds):
            for _ in range(round(seconds / STEP)):
                bullet.stepSimulation(physicsClientId=client)
            found = [bullet.getBasePositionAndOrientation(i, physicsClientId=client) for i in ids]
            rot = np.array([q for _, q in found])
            pos = np.array([p for p, _ in found]) - np.einsum("nij,nj->ni", matrices(rot), np.array(centers))
            vel = np.array([bullet.getBaseVelocity(i, physicsClientId=client)[0] for i in ids])
            return pos, rot, vel

        return go

    yield start
    bullet.disconnect(client)


def worlds_of(bodies):
    """The same bodies in a world of ours."""
    rows = [actor(kind, motion=Motion.BODY, vel=vel) for kind, _, _, vel in bodies]
    scene, state = world_rows(rows)
    state["pos"] = np.array([pos for _, pos, _, _ in bodies])
    state["rot"] = np.array([rot for _, _, rot, _ in bodies])
    state["s"], state["t"] = state["pos"][:, 0], state["pos"][:, 1]
    return build([(scene, state)], FIELD)


def cog_velocities(arrays):
    state = arrays[1]
    return (state.vel.numpy() + np.cross(state.ang_vel.numpy(), arms(arrays)))[0].astype(float)


@pytest.mark.parametrize(
    ("heading", "offset", "speeds", "other"),
    [
        (180, 0.0, (15.0, 10.0), CAR),
        (180, 0.8, (15.0, 15.0), CAR),
        (150, 0.5, (12.0, 12.0), CAR),
        (90, 0.3, (14.0, 8.0), CAR),
        (60, 0.2, (18.0, 10.0), CAR),
        (30, 0.6, (20.0, 8.0), CAR),
        (0, 0.5, (20.0, 5.0), CAR),
        (135, 0.4, (14.0, 6.0), LORRY),
    ],
)
def test_delta_v_of_oblique_impacts(reference, heading, offset, speeds, other):
    turn = math.radians(heading)
    forward = np.array([math.cos(turn), math.sin(turn), 0.0])
    where = np.array([100.0 + 1.3, offset, 5.0]) + (speeds[0] * 0.3, 0, 0)  # where both middles would be after 0.3 s
    bodies = []
    for kind, axis, yaw, speed in ((CAR, np.array([1.0, 0, 0]), 0.0, speeds[0]), (other, forward, turn, speeds[1])):
        middle = where * (1, 0 if kind is CAR and axis[0] == 1 and yaw == 0 else 1, 1) - axis * speed * 0.35
        bodies.append((kind, middle - axis * kind["box_center"][0], quaternion(yaw), axis * speed))
    arrays = worlds_of(bodies)
    before = cog_velocities(arrays)
    state = run(arrays, 1)
    ticks = 1
    while state.contact_tick.numpy()[0, 0] < 0 and ticks < 60:
        run(arrays, 1)
        ticks += 1
    ticks += 12
    run(arrays, 12)
    gravity = np.array([0, 0, -9.81 * ticks * 0.01])
    ours = cog_velocities(arrays) - before - gravity
    closing = float(state.impacts.speed.numpy()[0, 0])
    bounce = max(0.6 * math.exp(-0.25 * closing), 0.05)
    go = reference(bodies, False, math.sqrt(PAIR_FRICTION), math.sqrt(bounce))
    theirs = go(ticks * 0.01)[2] - before - gravity
    for mine, reference_value in zip(ours, theirs, strict=True):
        assert np.linalg.norm(mine - reference_value) < 0.1 * np.linalg.norm(reference_value)
    recorded = state.impacts.delta_first.numpy()[0, 0]
    assert np.linalg.norm(recorded - ours[0]) < 0.02 * np.linalg.norm(ours[0])


@pytest.mark.parametrize("tilt", [(0.0, 0.0), (0.2, 0.1), (0.7, 0.3), (0.0, 1.2)])
def test_boxes_dropped_rest_as_the_reference_does(reference, tilt):
    bodies = [(BOX, (100.0, 0.0, 1.0), quaternion(0.3, *tilt), (0.0, 0.0, 0.0))]
    arrays = worlds_of(bodies)
    state = run(arrays, 400)
    pos, rot, _ = reference(bodies, True, THING_FRICTION, THING_BOUNCE)(4.0)
    assert (state.vel.numpy()[0] == 0.0).all() and state.rest.numpy()[0, 0] > 20
    up, theirs = matrices(state.rot.numpy()[0, 0])[2], matrices(rot[0])[2]
    assert np.argmax(np.abs(up)) == np.argmax(np.abs(theirs)) and np.abs(up).max() > 0.9999  # on the same side of it
    middle, other = (
        p + matrices(q) @ BOX["box_center"]
        for p, q in ((state.pos.numpy()[0, 0], state.rot.numpy()[0, 0]), (pos[0], rot[0]))
    )
    assert middle[2] == pytest.approx(other[2], abs=0.005)
    assert np.linalg.norm((middle - other)[:2]) < 0.3


@pytest.mark.parametrize("vel", [(6.0, 0.0, 0.0), (0.0, 4.0, 0.0), (5.0, 3.0, 0.0)])
def test_boxes_slide_as_far_as_the_reference_and_the_formula(reference, vel):
    flat = BOX | {"size": (1.2, 1.0, 0.3), "box_center": (0, 0, 0.15)}
    bodies = [(flat, (100.0, 0.0, 0.0), quaternion(0.3), vel)]
    arrays = worlds_of(bodies)
    state = run(arrays, 300)
    pos, _, _ = reference(bodies, True, THING_FRICTION, THING_BOUNCE)(3.0)
    way = np.linalg.norm(state.pos.numpy()[0, 0, :2] - (100.0, 0.0))
    theirs = np.linalg.norm(pos[0, :2] - (100.0, 0.0))
    exact = np.dot(vel, vel) / (2 * 9.81 * THING_FRICTION)
    assert way == pytest.approx(exact, rel=0.02) and way == pytest.approx(theirs, rel=0.05)
    assert (state.vel.numpy()[0] == 0.0).all()


@pytest.mark.parametrize(("count", "shift"), [(4, 0.1), (8, 0.02)])
def test_a_stack_stands(reference, count, shift):
    flat = BOX | {"size": (1.2, 1.0, 0.5), "box_center": (0, 0, 0.25)}
    bodies = [
        (flat, (100.0 + shift * k, 0.05 * (k % 2), 0.52 * k), quaternion(0.1 * k), (0.0, 0.0, 0.0))
        for k in range(count)
    ]
    arrays = worlds_of(bodies)
    state = run(arrays, 600)
    pos, _, _ = reference(bodies, True, math.sqrt(PAIR_FRICTION), 0.0)(6.0)
    ours = state.pos.numpy()[0]
    assert (state.vel.numpy()[0] == 0.0).all()
    assert np.abs(ours - pos)[:, :2].max() < 0.02
    assert (np.diff(ours[:, 2]) > 0.5 - 0.01).all() and (np.diff(ours[:, 2]) < 0.501).all()
    still = ours.copy()
    run(arrays, 200)
    assert (state.pos.numpy()[0] == still).all()
