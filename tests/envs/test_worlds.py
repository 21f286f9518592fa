"""Worlds of a batch are independent, bit for bit, whoever else is in it and whenever the others are reset."""

from __future__ import annotations

import numpy as np
import pytest

from sim.envs.vector_env import SwerveVectorEnv
from sim.structs import to_numpy

SCENARIOS = ["cut-in-wet-motorway", "lost-cargo-ahead", "child-between-parked-cars"]


def actions(nworld, decisions):
    rng = np.random.default_rng(5)
    out = rng.uniform(-0.15, 0.15, (decisions, nworld, 2)).astype(np.float32)
    out[:, ::3] = (0.8, 0.5)  # Every third world leaves the road and is reset.
    return out


def test_a_world_equals_itself_alone_through_resets():
    n, decisions = 64, 60
    plan = actions(n, decisions)
    env = SwerveVectorEnv(n, SCENARIOS, draws=2, threads=2)
    first, _ = env.reset(seed=9)
    steps = [env.step(a) for a in plan]
    resets = np.sum([s[2] | s[3] for s in steps], axis=0)
    assert resets.sum() > 5
    for i in (0, 1, 2, 5, 63):
        alone = SwerveVectorEnv(1, SCENARIOS[i % 3], keys=[i], draws=2)
        obs, _ = alone.reset(seed=9)
        assert np.array_equal(obs[0], first[i])
        for a, step in zip(plan, steps, strict=True):
            got = alone.step(a[i : i + 1])
            for mine, batch in zip(got[:4], step[:4], strict=True):
                assert np.array_equal(mine[0], batch[i])
    assert resets[0] > 0


def test_a_partial_reset_touches_no_other_world():
    n = 6
    env = SwerveVectorEnv(n, SCENARIOS, draws=2, autoreset=False)
    env.reset(seed=3)
    for a in actions(n, 10):
        env.step(a)
    before = to_numpy(env.batch.state)
    mask = np.array([False, True, False, False, True, False])
    env.reset(options={"reset_mask": mask})
    after = to_numpy(env.batch.state)
    assert all(np.array_equal(before[name][~mask], after[name][~mask], equal_nan=True) for name in before)
    assert (after["tick"][mask] == 0).all()
    assert (after["tick"][~mask] == 100).all()


def test_torch_and_numpy_agree():
    torch = pytest.importorskip("torch")
    n, decisions = 6, 40
    plan = actions(n, decisions)
    a = SwerveVectorEnv(n, SCENARIOS, draws=2, xp="numpy", device="cpu")
    b = SwerveVectorEnv(n, SCENARIOS, draws=2, xp="torch", device="cpu")
    obs, _ = a.reset(seed=6)
    tensor, _ = b.reset(seed=6)
    assert isinstance(tensor, torch.Tensor)
    assert np.array_equal(obs, tensor.numpy())
    ends = 0
    for action in plan:
        obs, reward, terminated, truncated, info = a.step(action)
        tensor, t_reward, t_terminated, t_truncated, t_info = b.step(torch.from_numpy(action))
        assert np.array_equal(obs, tensor.numpy())
        assert np.array_equal(reward, t_reward.numpy())
        assert np.array_equal(terminated, t_terminated.numpy())
        assert np.array_equal(truncated, t_truncated.numpy())
        over = terminated | truncated
        assert np.array_equal(t_info["_final_obs"].numpy(), over)
        for i in np.flatnonzero(over):
            ends += 1
            assert np.array_equal(info["final_obs"][i], t_info["final_obs"][i].numpy())
    assert ends > 0


def test_camera_shows_a_world_as_alone_and_its_last_picture():
    from sim.config import CameraConfig

    n = 4
    camera = CameraConfig(width=48, height=32)
    scenario = "lost-cargo-ahead"
    env = SwerveVectorEnv(n, scenario, observation="camera", camera=camera, draws=2, threads=2)
    obs, _ = env.reset(seed=2)
    assert obs.shape == (n, 32, 48, 3)
    assert obs.dtype == np.uint8
    assert all(picture.std() > 10 for picture in obs)
    alone = SwerveVectorEnv(1, scenario, observation="camera", camera=camera, draws=2, keys=[3])
    assert np.array_equal(alone.reset(seed=2)[0][0], obs[3])
    action = np.tile(np.float32([0.9, 0.5]), (n, 1))
    last = obs[3]
    for _ in range(200):
        obs, _, terminated, truncated, info = env.step(action)
        mine, _, over, late, my_info = alone.step(action[:1])
        assert np.array_equal(mine[0], obs[3])
        if terminated[3] or truncated[3]:
            assert over[0] or late[0]
            assert np.array_equal(info["final_obs"][3], my_info["final_obs"][0])
            assert not np.array_equal(info["final_obs"][3], obs[3])
            assert not np.array_equal(info["final_obs"][3], last)
            return
        last = obs[3]
    raise AssertionError("world 3 did not end")
