"""The Stable-Baselines3 face of the vector environment."""

from __future__ import annotations

import numpy as np

from sim.envs.sb3 import SwerveVecEnv
from sim.envs.vector_env import SwerveVectorEnv

SCENARIO = "cut-in-wet-motorway"


def repeat(action, n):
    return np.tile(np.asarray(action, np.float32), (n, 1))


def test_last_observations_are_those_of_worlds_that_are_not_reset():
    n = 4
    env = SwerveVecEnv(n, SCENARIO, draws=2)
    env.seed(4)
    twin = SwerveVectorEnv(n, SCENARIO, draws=2, autoreset=False)
    assert np.array_equal(env.reset(), twin.reset(seed=4)[0])
    for _ in range(200):
        obs, rewards, dones, infos = env.step(repeat((1.0, 0.3), n))
        plain, plain_rewards, terminated, truncated, _ = twin.step(repeat((1.0, 0.3), n))
        assert np.array_equal(dones, terminated | truncated)
        assert np.allclose(rewards, plain_rewards)
        assert rewards.dtype == np.float32
        assert [i["TimeLimit.truncated"] for i in infos] == (truncated & ~terminated).tolist()
        if dones.any():
            for i in np.flatnonzero(dones):
                assert np.array_equal(infos[i]["terminal_observation"], plain[i])
                assert not np.array_equal(obs[i], plain[i])
                assert infos[i]["is_success"] is False
            assert all("terminal_observation" not in infos[i] for i in np.flatnonzero(~dones))
            return
    raise AssertionError("no episode ended")


def test_running_out_of_time_is_a_truncation():
    env = SwerveVecEnv(1, "lost-cargo-ahead", draws=1, decision_ticks=100)
    env.reset()
    for _ in range(100):
        _, _, dones, infos = env.step(repeat((0.0, -1.0), 1))
        if dones[0]:
            assert infos[0]["TimeLimit.truncated"] is True
            return
    raise AssertionError("time did not run out")


def test_attributes_reach_the_vector_environment():
    env = SwerveVecEnv(2, SCENARIO, draws=1, decision_ticks=25)
    assert env.get_attr("decision_seconds") == [0.25, 0.25]
    assert env.get_attr("decision_seconds", 0) == [0.25]
    assert env.env_is_wrapped(object) == [False, False]
