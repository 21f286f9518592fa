"""Numbers of the `state` observation in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import warp as wp

from sim.envs.observation import ACTOR, EGO, NEGO, NROUTE, ROUTE_AHEAD, observation_size, observe
from tests.physics.worlds import CAR, LORRY, actor, build, straight, world_rows

ROUTE = [*((2.0 * k, -1.75) for k in range(31)), *((60.0, 2.0 * k) for k in range(42))]


def look(actors, max_actors=3, path=ROUTE, network=None, **scene):
    """Named numbers of the ego, route points and rows of actors of one world."""
    scene_row, state_row = world_rows(actors, path=path)
    scene_row |= scene
    world = build([(scene_row, state_row)], [network or straight(lanes=(1, 1))])
    obs = wp.full((1, observation_size(max_actors)), np.nan, dtype=float, device="cpu")
    observe(world[0], world[1], wp.full(1, 1, dtype=wp.int32, device="cpu"), max_actors, obs)
    row = obs.numpy()[0]
    assert np.isfinite(row).all()
    ego = {name.split(" /")[0].split(",")[0]: value for name, value in zip(EGO, row, strict=False)}
    others = [dict(zip(ACTOR, values, strict=True)) for values in row[NEGO + NROUTE :].reshape(max_actors, -1)]
    return ego, row[NEGO : NEGO + NROUTE].reshape(-1, 2), others


def ego_at(**more):
    return actor(x=20.0, y=-1.25, s=20.0, t=-1.25, lane=-1, speed=10.0, **more)


def test_ego_and_its_lane():
    ego, _, _ = look([ego_at(heading=0.1)], end_tick=1500)
    assert ego["speed"] == pytest.approx(0.5)
    assert ego["lateral speed"] == pytest.approx(0.0, abs=1e-6)
    assert ego["offset from the route"] == pytest.approx(0.5 / 4)
    assert ego["sin of heading minus the route's"] == pytest.approx(math.sin(0.1), abs=1e-6)
    assert ego["cos of heading minus the route's"] == pytest.approx(math.cos(0.1), abs=1e-6)
    assert ego["route still to go"] == pytest.approx((40.0 + 83.75) / 200.0)
    assert ego["time left"] == pytest.approx(0.5)
    assert ego["left border of the ego's lane"] == pytest.approx(1.25 / 4)
    assert ego["right border of the ego's lane"] == pytest.approx(-2.25 / 4)
    assert ego["left edge of what may be driven on"] == pytest.approx(4.75 / 10)
    assert ego["right edge of what may be driven on"] == pytest.approx(-2.25 / 10)


def test_lane_as_seen_by_one_who_drives_against_the_road():
    ego, _, _ = look([actor(x=50.0, y=1.0, s=50.0, t=1.0, lane=1, heading=math.pi)])
    assert ego["left border of the ego's lane"] == pytest.approx(1.0 / 4)
    assert ego["right border of the ego's lane"] == pytest.approx(-2.5 / 4)
    assert ego["left edge of what may be driven on"] == pytest.approx(4.5 / 10)
    assert ego["right edge of what may be driven on"] == pytest.approx(-2.5 / 10)


def test_route_ahead_turns_with_the_ego():
    _, route, _ = look([ego_at()])
    for (x, y), ahead in zip(route, ROUTE_AHEAD, strict=True):
        along = 20.0 + ahead
        expected = (along, -1.75) if along <= 60.0 else (60.0, -1.75 + along - 60.0)
        assert (x * 50.0, y * 20.0) == pytest.approx((expected[0] - 20.0, expected[1] + 1.25), abs=1e-4)
    _, turned, _ = look([ego_at(heading=math.pi / 2)])
    assert turned[0] * (50.0, 20.0) == pytest.approx((-0.5, -5.0), abs=1e-4)


def test_nearest_actors_come_first_and_absent_ones_are_zero():
    far = actor(LORRY, x=60.0, y=1.75, heading=math.pi, speed=5.0)
    near = actor(CAR, x=30.0, y=-1.25, speed=4.0)
    _, _, others = look([ego_at(), far, near])
    first, second, third = others
    assert first["1 if present"] == second["1 if present"] == 1.0
    assert set(third.values()) == {0.0}
    assert first["x / 50 m of the box centre, ego frame"] == pytest.approx(10.0 / 50)
    assert first["y / 20 m"] == pytest.approx(0.0, abs=1e-6)
    assert first["velocity x minus the ego's / 20 m/s, ego frame"] == pytest.approx(-6.0 / 20)
    assert first["length / 10 m"] == pytest.approx(CAR["size"][0] / 10)
    assert second["length / 10 m"] == pytest.approx(LORRY["size"][0] / 10)
    assert second["velocity x minus the ego's / 20 m/s, ego frame"] == pytest.approx(-15.0 / 20)
    assert second["cos of heading minus the ego's"] == pytest.approx(-1.0)
    assert second["x / 50 m of the box centre, ego frame"] == pytest.approx((60.0 - 3.0 - 21.3) / 50)


def test_only_so_many_actors_are_seen():
    crowd = [actor(x=30.0 + 8.0 * k, y=1.75) for k in range(6)]
    _, _, others = look([ego_at(), *crowd], max_actors=2)
    assert [o["x / 50 m of the box centre, ego frame"] * 50 for o in others] == pytest.approx([10.0, 18.0], abs=1e-4)


def test_masked_worlds_keep_their_observation():
    world = build([world_rows([ego_at()], path=ROUTE)] * 2, [straight()])
    obs = wp.full((2, observation_size(1)), 7.0, dtype=float, device="cpu")
    observe(world[0], world[1], wp.array([0, 1], dtype=wp.int32, device="cpu"), 1, obs)
    assert (obs.numpy()[0] == 7.0).all()
    assert (obs.numpy()[1] != 7.0).any()
