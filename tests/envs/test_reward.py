"""Each term of the reward and each end of an episode, in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import warp as wp

from sim.config import RewardConfig
from sim.envs.reward import Episode, reward_weights, score_decision, start_episodes
from sim.structs import from_rows
from tests.physics.worlds import actor, build, world_rows

NONE = RewardConfig(progress=0.0, goal=0.0, collision=0.0, off_road=0.0, comfort=0.0, near_miss=0.0)
ROUTE = [(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)]


def score(
    weights=None,
    x=10.0,
    y=0.0,
    moved=(0.0, 0.0),
    accel=(0.0, 0.0, 0.0),
    ticks=10,
    path=ROUTE,
    tick=5,
    end=1000,
    **metrics,
):
    """The episode's bookkeeping after one decision in which the ego moved."""
    scene_row, state_row = world_rows([actor(x=x, y=y)], path=path)
    scene_row["end_tick"] = end
    state_row |= {"tick": tick, "accel": [accel], "done": metrics.pop("done", 0)}
    state_row["metrics"] = {"time_to_collision": np.inf, "min_time_to_collision": 9.0, **metrics}
    scene, state, _ = build([(scene_row, state_row)])
    episode = from_rows(Episode, [{}], "cpu", {})
    start_episodes(scene, state, wp.full(1, 1, dtype=wp.int32, device="cpu"), episode)
    state.pos.assign(np.array([[[x + moved[0], y + moved[1], 0.0]]], np.float32))
    config = RewardConfig(**{**vars(NONE), **(weights or {})})
    score_decision(scene, state, reward_weights(config), ticks, episode)
    return {name: getattr(episode, name).numpy()[0] for name in Episode.vars}


def test_progress_is_counted_along_the_route():
    assert score({"progress": 0.5}, moved=(4.0, 1.0))["reward"] == pytest.approx(2.0)
    assert score({"progress": 0.5}, moved=(-4.0, 0.0))["reward"] == pytest.approx(-2.0)
    # Round the corner at (50, 0): from 45 m to 60 m along.
    assert score({"progress": 1.0}, x=45.0, moved=(5.0, 10.0))["reward"] == pytest.approx(15.0)


def test_without_a_route_there_is_no_progress():
    assert score({"progress": 1.0}, moved=(4.0, 0.0), path=None)["reward"] == 0.0


def test_comfort_costs_squared_acceleration_times_time():
    got = score({"comfort": -0.1}, accel=(3.0, 4.0, 0.0), ticks=20)
    assert got["reward"] == pytest.approx(-0.1 * 25.0 * 0.2)


@pytest.mark.parametrize(("ttc", "cost"), [(1.49, -0.3), (1.51, 0.0), (np.inf, 0.0)])
def test_near_miss_costs_below_a_second_and_a_half(ttc, cost):
    assert score({"near_miss": -0.3}, time_to_collision=ttc)["reward"] == pytest.approx(cost)


ENDS = {"collision": -3.0, "off_road": -2.0, "goal": 5.0}


@pytest.mark.parametrize(
    ("metrics", "reward", "terminated", "truncated", "success"),
    [
        ({}, 0.0, 0, 0, 0),
        ({"collided": 1}, -3.0, 1, 0, 0),
        ({"off_road": 1}, -2.0, 1, 0, 0),
        ({"goal_reached": 1}, 5.0, 1, 0, 1),
        ({"collided": 1, "goal_reached": 1, "off_road": 1}, -3.0, 1, 0, 0),
        ({"done": 1}, 0.0, 0, 1, 0),
        ({"tick": 1000}, 0.0, 0, 1, 0),
        ({"tick": 999}, 0.0, 0, 0, 0),
        ({"goal_reached": 1, "done": 1}, 5.0, 1, 0, 1),
    ],
)
def test_ends(metrics, reward, terminated, truncated, success):
    got = score(ENDS, **metrics)
    assert got["reward"] == pytest.approx(reward)
    assert (got["terminated"], got["truncated"], got["success"]) == (terminated, truncated, success)
    assert got["ended"] == max(terminated, truncated)
    assert got["collided"] == metrics.get("collided", 0)


def test_terms_add_up():
    weights = {"progress": 1.0, "comfort": -1.0, "near_miss": -1.0, "goal": 8.0}
    got = score(weights, moved=(2.0, 0.0), accel=(1.0, 0.0, 0.0), time_to_collision=0.5, goal_reached=1)
    assert got["reward"] == pytest.approx(2.0 - 0.1 - 1.0 + 8.0)
    assert got["min_time_to_collision"] == 9.0
