"""What Gymnasium, its wrappers and Stable-Baselines3 rely on."""

from __future__ import annotations

import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import DictInfoToList, RecordEpisodeStatistics
from stable_baselines3.common.env_checker import check_env as check_env_sb3

import sim
from sim.envs.vector_env import SwerveVectorEnv
from sim.errors import SwerveError
from sim.scenario.reader import library_files

IDS = sorted(i for i in gym.registry if i.startswith("swerve/"))
SCENARIO = "cut-in-wet-motorway"
FULL_BRAKE = (0.0, -1.0)
LEFT = (1.0, 0.3)


def drive_until(env, actions, done, limit=200):
    """Step with fixed actions until ``done(step)``; returns the last step."""
    for _ in range(limit):
        step = env.step(actions)
        if done(step):
            return step
    raise AssertionError(f"nothing ended in {limit} decisions")


def ended(step):
    return step[2] | step[3]


def repeat(action, n):
    return np.tile(np.asarray(action, np.float32), (n, 1))


def test_every_scenario_of_the_library_is_registered():
    assert {f"swerve/{name}-v0" for name in library_files()} <= set(IDS)
    assert len(library_files()) >= 12
    assert all(gym.spec(i).vector_entry_point for i in IDS)
    assert sim.library()


@pytest.mark.parametrize("env_id", IDS)
def test_checkers_pass(env_id):
    env = gym.make(env_id, draws=2).unwrapped
    check_env(env, skip_render_check=True)
    check_env_sb3(env)


def test_checker_passes_with_pictures():
    check_env(gym.make(f"swerve/{SCENARIO}-v0", draws=1, render_mode="rgb_array").unwrapped)
    env = gym.make(f"swerve/{SCENARIO}-v0", draws=1, observation="camera").unwrapped
    check_env_sb3(env, skip_render_check=True)


def test_make_vec_gives_the_native_environment():
    env = gym.make_vec(f"swerve/{SCENARIO}-v0", num_envs=5, draws=1)
    assert isinstance(env.unwrapped, SwerveVectorEnv)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    obs, info = env.reset(seed=0)
    assert obs.shape == (5, *env.single_observation_space.shape)
    assert obs in env.observation_space
    assert info == {}
    env.action_space.seed(0)
    for _ in range(5):
        obs, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        assert obs in env.observation_space
        assert reward.shape == (5,)
        assert reward.dtype == np.float64
        assert terminated.dtype == truncated.dtype == np.bool_


def test_final_observation_is_the_one_before_the_reset():
    """What `final_obs` holds is what the same worlds show without automatic resets, and `obs` is their next draw's first."""
    n = 8
    env = SwerveVectorEnv(n, SCENARIO, draws=2)
    twin = SwerveVectorEnv(n, SCENARIO, draws=2, autoreset=False)
    assert np.array_equal(env.reset(seed=4)[0], twin.reset(seed=4)[0])
    for _ in range(200):
        obs, reward, terminated, truncated, info = env.step(repeat(LEFT, n))
        plain, plain_reward, plain_terminated, plain_truncated, plain_info = twin.step(repeat(LEFT, n))
        over = terminated | truncated
        assert np.array_equal(reward, plain_reward)
        assert np.array_equal(over, plain_terminated | plain_truncated)
        assert np.array_equal(obs[~over], plain[~over])
        if not over.any():
            assert "final_obs" not in info
            continue
        assert np.array_equal(info["_final_obs"], over)
        assert np.array_equal(info["_final_info"], over)
        for i in range(n):
            if over[i]:
                assert np.array_equal(info["final_obs"][i], plain[i])
                assert info["final_info"]["off_road"][i] == plain_info["off_road"][i]
            else:
                assert info["final_obs"][i] is None
        fresh, _ = twin.reset(options={"reset_mask": over})
        assert np.array_equal(fresh[over], obs[over])
        assert not np.array_equal(obs[over], plain[over])
        return
    raise AssertionError("no episode ended")


def test_gymnasium_wrappers_run():
    n = 4
    env = RecordEpisodeStatistics(SwerveVectorEnv(n, SCENARIO, draws=2))
    env.reset(seed=1)
    lengths, returns = np.zeros(n, int), np.zeros(n)
    for _ in range(200):
        _, reward, terminated, truncated, info = env.step(repeat(LEFT, n))
        lengths, returns = lengths + 1, returns + reward
        over = terminated | truncated
        if over.any():
            assert np.array_equal(info["episode"]["l"][over], lengths[over])
            assert np.allclose(info["episode"]["r"][over], returns[over])
            lengths[over], returns[over] = 0, 0.0
        if env.episode_count >= 6:
            break
    assert env.episode_count >= 6
    listed = DictInfoToList(SwerveVectorEnv(2, SCENARIO, draws=1))
    listed.reset(seed=0)
    infos = listed.step(repeat(FULL_BRAKE, 2))[4]
    assert [sorted(i) for i in infos] == [["collided", "min_time_to_collision", "off_road", "success"]] * 2


def test_ends_are_told_apart():
    n = 4
    env = SwerveVectorEnv(n, SCENARIO, draws=1, autoreset=False)
    env.reset(seed=2)
    _, _, terminated, truncated, info = drive_until(env, repeat(LEFT, n), lambda s: ended(s).all())
    assert info["off_road"].any()
    assert terminated[info["off_road"]].all()
    assert not (terminated & truncated).any()
    assert not info["success"].any()


def test_standing_still_runs_out_of_time():
    env = SwerveVectorEnv(1, "lost-cargo-ahead", draws=1)
    env.reset(seed=0)
    _, _, terminated, truncated, info = drive_until(env, repeat(FULL_BRAKE, 1), lambda s: ended(s).any(), 600)
    assert truncated[0]
    assert not terminated[0]
    assert not info["final_info"]["success"][0]


def test_seeds_decide_everything():
    def rollout(seed):
        env = SwerveVectorEnv(3, SCENARIO, draws=2)
        out = [env.reset(seed=seed)[0]]
        for k in range(12):
            out.append(env.step(repeat((0.02 * k, 0.5), 3))[0])
        return np.stack(out)

    assert np.array_equal(rollout(7), rollout(7))
    assert not np.array_equal(rollout(7), rollout(8))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_envs": 0}, "num_envs"),
        ({"num_envs": 10**9}, "num_envs"),
        ({"scenario": ()}, "at least one scenario"),
        ({"observation": "lidar"}, "observation"),
        ({"xp": "jax"}, "xp"),
        ({"draws": 0}, "draws"),
        ({"keys": [1, 2, 3]}, "keys"),
        ({"render_mode": "human"}, "render_mode"),
    ],
)
def test_unusable_settings_are_refused(settings, message):
    with pytest.raises(SwerveError, match=message):
        SwerveVectorEnv(**{"num_envs": 2, "scenario": SCENARIO, **settings})


def test_misuse_is_refused():
    env = SwerveVectorEnv(2, SCENARIO, draws=1)
    with pytest.raises(SwerveError, match="reset"):
        env.step(repeat(FULL_BRAKE, 2))
    with pytest.raises(SwerveError, match="reset_mask"):
        env.reset(options={"reset_mask": np.array([True, False])})
    env.reset(seed=0)
    with pytest.raises(SwerveError, match="bool of shape"):
        env.reset(options={"reset_mask": np.array([1, 0])})
    with pytest.raises(SwerveError, match="one integer"):
        env.reset(seed=[1, 2])


def test_import_is_light():
    code = "import sys, sim; print([m for m in ('torch', 'pybullet', 'warp', 'stable_baselines3') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
