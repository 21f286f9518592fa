"""Traffic on IDM: equilibrium, stopping behind obstacles, leaders over road ends, leaving the map."""

from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.behavior.follow import ACCELERATION, BRAKING_LIMIT, HEADWAY, JAM_GAP
from sim.behavior.leaders import _find_leaders, find_leaders
from sim.road.shorthand import CrossSection, intersection
from sim.types import Lamp, Motion
from tests.physics.worlds import CAR, LORRY, PERSON, actor, build, run, straight, world_rows

ROAD = [straight(length=4000.0, lanes=(1, 2))]
LENGTH = CAR["size"][0]


def traffic(x, speed, wish=None, kind=CAR, y=-1.75, lane=-1, **more):
    return actor(
        kind,
        x=x,
        y=y,
        lane=lane,
        speed=speed,
        desired_speed=speed if wish is None else wish,
        motion=Motion.TRAFFIC,
        **more,
    )


def test_order_of_actors_does_not_matter():
    """All react to the same moment: a queue behind a car that brakes moves alike whoever comes first in the arrays."""
    cars = [traffic(30.0 * k, 20.0 - 5.0 * (k == 3), wish=1.0 if k == 3 else 25.0) for k in range(4)]
    speeds = []
    for order in (cars, cars[::-1]):
        arrays = build([world_rows(order)], ROAD)
        run(arrays, 4)
        speeds.append(arrays[1].speed.numpy()[0, :: 1 if order is cars else -1])
    assert np.abs(np.diff(speeds[0])).min() > 0.002
    np.testing.assert_allclose(speeds[0], speeds[1], rtol=0.0, atol=2e-6)


def test_a_look_along_the_queue_finds_the_leaders_that_a_look_at_all_actors_does():
    """One thread per world looks along its sorted actors, a thread per actor at all: arms of a junction, both ways, long lorries."""
    rng = np.random.default_rng(5)
    nworld, nactor = 6, 60
    rows = []
    for _ in range(nworld):
        actors = []
        for _ in range(nactor):
            side = -1 if rng.random() < 0.7 else 1
            kind = {**LORRY, "size": (rng.uniform(4.0, 30.0), 2.5, 3.4)} if rng.random() < 0.2 else CAR
            y = side * 1.75 + rng.normal(0, 0.7)
            actors.append(traffic(0.0, 10.0, kind=kind, y=y, lane=side, direction=-side, road=int(rng.integers(8))))
        rows.append(world_rows(actors))
    scene, state, _ = build(rows, [intersection(CrossSection(oncoming=1, forward=1))])
    length = scene.road.road_length.numpy()[state.road.numpy()]
    for _ in range(4):
        state.s.assign((rng.uniform(0, 1, (nworld, nactor)) * length).astype(np.float32))
        state.visible.assign(np.where(rng.random((nworld, nactor)) < 0.8, 7, 3).astype(np.int32))
        find_leaders(scene, state)
        leader, gap = state.vehicle.leader.numpy().copy(), state.vehicle.leader_gap.numpy().copy()
        wp.launch(_find_leaders, dim=(nworld, nactor), inputs=[scene, state, nactor], device="cpu")
        assert (state.vehicle.leader.numpy() == leader).all() and (state.vehicle.leader_gap.numpy() == gap).all()
        ahead = np.take_along_axis(state.road.numpy(), np.maximum(leader - 1, 0), 1)
        assert (leader > 0).mean() > 0.3
        assert ((leader > 0) & (ahead != state.road.numpy())).any(), "nobody is followed over a road's end"


@pytest.mark.parametrize("far", [0.0, 90.0])
def test_boxes_may_reach_as_far_as_they_like(far):
    """A wall whose reference point lies far from the follower is in the way with its near end, however long it is."""
    wall = {**CAR, "size": (200.0, 1.8, 1.5), "box_center": (-far, 0.0, 0.75)}
    actors = [traffic(100.0, 10.0), traffic(700.0, 5.0), actor(wall, x=260.0 + far, y=-1.75, lane=-1)]
    scene, state, _ = build([world_rows(actors)], ROAD)
    find_leaders(scene, state)
    leader, gap = state.vehicle.leader.numpy()[0, 0], state.vehicle.leader_gap.numpy()[0, 0]
    assert (leader, gap) == (3, pytest.approx(160.0 - 100.0 - LENGTH / 2 - CAR["box_center"][0], abs=1e-3))


def test_equilibrium_gap():
    """Behind a steady leader the gap is s* / sqrt(1 - (v / v0)^4) (Treiber 2000, eq. 6)."""
    wish, speed = 25.0, 15.0
    actors = [actor(x=0.0, y=30.0, road=-1, motion=Motion.SCRIPTED), traffic(400.0, speed), traffic(340.0, speed, wish)]
    state = run(build([world_rows(actors)], ROAD), 6000)
    x = state.pos.numpy()[0, :, 0]
    assert state.speed.numpy()[0, 2] == pytest.approx(speed, abs=0.01)
    expected = (JAM_GAP + speed * HEADWAY) / math.sqrt(1 - (speed / wish) ** 4)
    assert x[1] - x[2] - LENGTH == pytest.approx(expected, rel=0.01)


def test_free_acceleration_follows_the_model():
    actors = [actor(x=0.0, y=30.0, road=-1, motion=Motion.SCRIPTED), traffic(100.0, 5.0, 20.0)]
    state = run(build([world_rows(actors)], ROAD), 1000)
    v, x = 5.0, 100.0
    for _ in range(10000):
        a = ACCELERATION * (1 - (v / 20.0) ** 4)
        x += v * 1e-3 + 0.5 * a * 1e-6
        v += a * 1e-3
    assert state.speed.numpy()[0, 1] == pytest.approx(v, abs=0.02)
    assert state.pos.numpy()[0, 1, 0] == pytest.approx(x, abs=0.2)


def test_a_queue_stops_behind_a_parked_lorry_without_contact():
    actors = [
        actor(x=20.0, y=30.0, road=-1, motion=Motion.SCRIPTED),
        actor(LORRY, x=500.0, y=-1.75, motion=Motion.SCRIPTED),
    ]
    actors += [traffic(380.0 - 32.0 * k, 22.0) for k in range(8)]
    arrays = build([world_rows(actors)], ROAD)
    hardest = 0.0
    for _ in range(60):
        state = run(arrays, 50)
        hardest = min(hardest, state.accel.numpy()[0, :, 0].min())
    assert (state.contact_tick.numpy()[0] == -1).all()
    x = state.pos.numpy()[0, 2:, 0]
    gaps = np.concatenate([[500.0 - 1.5 - x[0] - 3.45], -np.diff(x) - LENGTH])
    assert (gaps > 0.9 * JAM_GAP).all() and (gaps < JAM_GAP + 2.0).all()
    assert -BRAKING_LIMIT <= hardest < -2.0
    assert (state.lamps.numpy()[0, 2:] & int(Lamp.BRAKE)).all()


@pytest.mark.parametrize("who", ["person", "ego cutting in", "other lane", "invisible"])
def test_who_counts_as_a_leader(who):
    ahead = {
        "person": actor(PERSON, x=160.0, y=-1.2, motion=Motion.SCRIPTED, heading=1.57),
        "ego cutting in": actor(x=140.0, y=-3.2, lane=-2, speed=0.0, motion=Motion.SCRIPTED),
        "other lane": actor(x=140.0, y=-5.25, lane=-2, motion=Motion.SCRIPTED),
        "invisible": actor(x=140.0, y=-1.75, motion=Motion.SCRIPTED),
    }[who]
    arrays = build([world_rows([ahead, traffic(80.0, 12.0)])], ROAD)
    if who == "invisible":
        arrays[1].visible.assign(np.array([[3, 7]]))
    state = run(arrays, 3)
    braked = state.accel.numpy()[0, 1, 0] < -0.3
    assert braked == (who in ("person", "ego cutting in"))


def test_oncoming_traffic_keeps_to_its_lane_and_facing():
    actors = [actor(x=0.0, y=30.0, road=-1, motion=Motion.SCRIPTED)]
    actors += [traffic(300.0 + 40.0 * k, 10.0, y=1.75, lane=1, heading=math.pi, direction=-1) for k in range(3)]
    state = run(build([world_rows(actors)], ROAD), 500)
    pos, vel = state.pos.numpy()[0, 1:], state.vel.numpy()[0, 1:]
    assert pos[:, 1] == pytest.approx(1.75, abs=1e-4)
    assert (vel[:, 0] < -9.0).all()
    forward = state.rot.numpy()[0, 1:]
    assert np.abs(2 * np.arctan2(forward[:, 2], forward[:, 3])) == pytest.approx(math.pi, abs=1e-4)


def test_who_reaches_the_end_of_the_map_leaves():
    actors = [actor(x=0.0, y=30.0, road=-1, motion=Motion.SCRIPTED), traffic(390.0, 10.0), traffic(370.0, 10.0)]
    state = run(build([world_rows(actors)], [straight(length=400.0)]), 220)
    assert state.visible.numpy()[0].tolist() == [7, 0, 7]
    assert state.speed.numpy()[0, 2] > 9.0, "nobody stops for who has left"


def test_velocity_is_the_change_of_position_in_a_bend():
    from sim.road.shorthand import CrossSection, Segment, road

    bend = road([Segment(radius=120.0, angle=4.5)], CrossSection(oncoming=1, forward=1, lane_width=3.5))
    actors = [actor(x=0.0, y=300.0, road=-1, motion=Motion.SCRIPTED), traffic(100.0, 14.0, 30.0)]
    arrays = build([world_rows(actors)], [bend])
    run(arrays, 1000)
    before = arrays[1].pos.numpy()[0, 1].copy()
    state = run(arrays, 1)
    moved = (state.pos.numpy()[0, 1] - before) / 0.01
    assert state.vel.numpy()[0, 1] == pytest.approx(moved, abs=0.05)
    # drivers take the bend at the sideways acceleration they accept
    speed = float(state.speed.numpy()[0, 1])
    radius = speed / state.ang_vel.numpy()[0, 1, 2]
    assert abs(radius) == pytest.approx(120.0, abs=4.0)
    assert speed**2 / abs(radius) == pytest.approx(2.5, rel=0.1)
