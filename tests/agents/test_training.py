"""Tiny training runs: they save, load, log and resume."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
import torch

from agents.evaluate import HELD_OUT_SEED, load_policy, main, make_env, run_episodes
from agents.ppo import Args as PpoArgs
from agents.ppo import advantages
from agents.ppo import parse_args as parse_ppo_args
from agents.ppo import train as train_ppo
from agents.sb3 import SELECTION_SEED, Args, parse_args, reward_config, train
from agents.sb3 import make_env as make_training_env
from benchmarks import training
from sim.config import RewardConfig
from sim.errors import SwerveError

SCENARIO = "cut-in-wet-motorway"
TINY = Args(scenario=SCENARIO, num_envs=4, steps=64, draws=1, horizon=8, batch=16, epochs=1, device="cpu")


def events(folder):
    return [p for p in folder.rglob("events.out.tfevents.*") if p.stat().st_size > 0]


@pytest.mark.parametrize("algo", ["ppo", "a2c", "sac"])
def test_a_run_saves_what_evaluation_loads(algo, tmp_path, capsys):
    out = tmp_path / algo
    path = train(replace(TINY, algo=algo, out=str(out)))
    assert path.is_file()
    assert events(out)
    main(["--scenario", SCENARIO, "--policy", str(path), "--draws", "2", "--json"])
    text = capsys.readouterr().out
    assert json.loads(text[text.index("{") :])["draws"] == 2


def test_a_run_resumes_and_refuses_other_settings(tmp_path, capsys):
    args = replace(TINY, out=str(tmp_path))
    train(args)
    train(replace(args, steps=96))
    assert "resuming from policy_64_steps.zip" in capsys.readouterr().out
    assert (tmp_path / "checkpoints" / "policy_96_steps.zip").is_file()
    with pytest.raises(SwerveError, match="learning_rate"):
        train(replace(args, learning_rate=1.0))


def test_training_changes_the_policy_and_zero_steps_do_not(tmp_path):
    untrained, again, trained = (tmp_path / name for name in ("untrained", "again", "trained"))
    for out, steps in ((untrained, 0), (again, 0), (trained, 64)):
        train(replace(TINY, out=str(out), steps=steps))
    obs = np.zeros((1, make_env(SCENARIO, [0], 0, {}).single_observation_space.shape[0]), np.float32)
    acts = [load_policy(out / "policy.zip")[0](obs) for out in (untrained, again, trained)]
    assert np.array_equal(acts[0], acts[1])
    assert not np.array_equal(acts[0], acts[2])


def test_the_best_policy_on_selection_draws_is_kept(tmp_path):
    args = replace(TINY, out=str(tmp_path), steps=96, select_every=32, select_draws=6, learning_rate=0.05, epochs=4)
    path = train(args)
    scores = json.loads((tmp_path / "selection.json").read_text())
    assert [s["steps"] for s in scores] == [32, 64, 96, 96]
    assert path.read_bytes() == (tmp_path / "best.zip").read_bytes()
    policy, settings = load_policy(path)
    outcomes = run_episodes(make_env(SCENARIO, list(range(6)), SELECTION_SEED, settings), list(range(6)), policy)
    best = max(s["success"] for s in scores)
    assert sum(o.success for o in outcomes) / 6 == best
    assert min(s["success"] for s in scores) < best  # Otherwise any policy would pass.
    assert SELECTION_SEED not in (args.seed, HELD_OUT_SEED)


def test_a_run_that_goes_on_forgets_what_it_lost(tmp_path):
    """The best score came after the last checkpoint: it and its policy are of steps that are done again."""
    args = replace(TINY, out=str(tmp_path), steps=96, select_every=32, select_draws=6, learning_rate=0.05, epochs=4)
    train(args)
    before = json.loads((tmp_path / "selection.json").read_text())
    checkpoints = tmp_path / "checkpoints"
    for path in checkpoints.glob("policy_*_steps.zip"):
        if int(path.stem.split("_")[1]) > 64:
            path.unlink()
    kept = [s for s in before if s["steps"] <= 64]
    lost = [{"steps": 96, "success": 1.5, "collided": 0.0}]
    (tmp_path / "selection.json").write_text(json.dumps(kept + lost))
    (tmp_path / "best.zip").write_bytes(b"lost")
    path = train(args)
    scores = json.loads((tmp_path / "selection.json").read_text())
    assert scores[: len(kept)] == kept and [s["steps"] for s in scores[len(kept) :]] == [96, 96]
    policy, settings = load_policy(path)
    outcomes = run_episodes(make_env(SCENARIO, list(range(6)), SELECTION_SEED, settings), list(range(6)), policy)
    assert sum(o.success for o in outcomes) / 6 == max(s["success"] for s in scores)


def test_the_benchmark_keeps_only_runs_of_its_own_settings(tmp_path, monkeypatch):
    monkeypatch.setitem(training.RUNS, "state", ["--scenario", SCENARIO, "--steps", "64", "--num-envs", "4"])
    out = tmp_path / "state"
    out.mkdir()
    (out / "policy.zip").write_bytes(b"policy")
    (out / "seconds.json").write_text("2.5")
    settings = asdict(parse_args([*training.RUNS["state"], "--out", "elsewhere", "--threads", "1"]))
    (out / "settings.json").write_text(json.dumps(settings))
    policy, account = training.train("state", tmp_path, 1)
    assert policy.read_bytes() == b"policy" and (account["steps"], account["seconds"]) == (64, 2.5)
    for changed in ({"steps": 128}, {"steer": 0.5}):
        (out / "settings.json").write_text(json.dumps(settings | changed))
        with pytest.raises(SwerveError, match=next(iter(changed))):
            training.train("state", tmp_path, 1)


@pytest.mark.slow
def test_the_benchmark_does_not_know_how_long_an_interrupted_run_took(tmp_path, monkeypatch):
    tiny = [
        "--scenario",
        SCENARIO,
        "--steps",
        "64",
        "--num-envs",
        "4",
        "--draws",
        "1",
        "--horizon",
        "8",
        "--batch",
        "16",
    ]
    monkeypatch.setitem(training.RUNS, "state", tiny)
    policy, account = training.train("state", tmp_path, 1)
    assert account["seconds"] > 0.0
    policy.unlink()
    policy, account = training.train("state", tmp_path, 1)
    assert policy.is_file() and account["seconds"] is None


def test_training_tells_that_it_explores_and_how_episodes_end(tmp_path, capsys):
    """Full lock at every decision: all episodes end off the road."""
    args = replace(TINY, out=str(tmp_path), steer=1.0, log_std=3.0, steps=4 * 160, horizon=80, batch=80)
    train(args)
    last = capsys.readouterr().out.splitlines()[-1]
    found = re.search(r"while exploring, first \(short ones finish first\) \d+ episodes: (.*), return", last)
    assert found, last
    shares = dict(word.split(" ") for word in found[1].split(", "))
    assert list(shares) == ["success", "collision", "off_road"]
    assert float(shares["off_road"]) > 0.0
    assert 0.98 < sum(map(float, shares.values())) < 1.02


@pytest.mark.parametrize("command", [parse_args, parse_ppo_args])
def test_help_gives_each_option_a_meaning(command, capsys):
    with pytest.raises(SystemExit):
        command(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    for item in fields(Args if command is parse_args else PpoArgs):
        assert re.search(rf"--{item.name.replace('_', '-')} \S+ (?!\(default|--)\w", told), item.name
    assert "decisions of all worlds together" in told
    if command is parse_args:
        assert "{ppo,a2c,sac} algorithm (default ppo)" in told and "{state,camera}" in told and "ticks of 10 ms" in told
        with pytest.raises(SystemExit):
            parse_args(["--algo", "dqn"])
        assert "'ppo', 'a2c', 'sac'" in capsys.readouterr().err


def test_reward_weights_are_named_on_the_command_line():
    assert reward_config("") == RewardConfig()
    assert reward_config("collision=-1 goal=5") == replace(RewardConfig(), collision=-1.0, goal=5.0)
    for text, fault in (("goal", "NAME=NUMBER"), ("goal=much", "NAME=NUMBER"), ("gaol=5", "choose .*goal")):
        with pytest.raises(SwerveError, match=fault):
            reward_config(text)


def test_a_run_is_rewarded_as_its_weights_say_and_steers_gently():
    gentle = replace(TINY, num_envs=2, steer=0.25)
    action = np.full((2, 2), 0.5, np.float32)
    rewards = []
    for weight in ("progress=0.01", "progress=0.03"):
        env = make_training_env(replace(gentle, reward=f"{weight} comfort=0 near_miss=0"))
        env.reset()
        rewards.append(env.step(action)[1])
        control = env.unwrapped.vector.batch.control
        assert np.allclose(control.steer.numpy()[:, 0], 0.125) and np.allclose(control.accel.numpy()[:, 0], 0.5)
    assert (rewards[0] > 0.0).all()
    assert np.allclose(rewards[1], 3.0 * rewards[0])


def test_camera_policies_see_their_last_pictures(tmp_path):
    out = tmp_path / "camera"
    path = train(replace(TINY, out=str(out), observation="camera", frames=2, num_envs=2, steps=8, horizon=4, batch=4))
    policy, settings = load_policy(path)
    env = make_env(SCENARIO, [0], 1, settings)
    obs, _ = env.reset()
    still = policy(obs)
    assert still.shape == (1, 2)
    assert not np.array_equal(policy(np.zeros_like(obs)), policy(np.zeros_like(obs)))
    assert run_episodes(env, [0], load_policy(path)[0])[0].time > 0.0


def test_advantages_of_a_hand_made_episode():
    args = PpoArgs(gamma=0.5, gae_lambda=0.5)
    rewards = torch.tensor([[1.0], [2.0], [4.0]])
    values = torch.tensor([[0.5], [1.0], [2.0]])
    following = torch.tensor([[1.0], [2.0], [8.0]])
    no, yes = torch.zeros(3, 1, dtype=torch.bool), torch.tensor([[False], [False], [True]])
    # Deltas: 1 + 0.5 - 0.5 = 1; 2 + 1 - 1 = 2; last 4 + 4 - 2 = 6 if cut off by time, 4 - 2 = 2 if terminated.
    assert advantages(rewards, values, following, yes, no, args).squeeze().tolist() == [1 + 0.25 * 3.5, 3.5, 6.0]
    assert advantages(rewards, values, following, yes, yes, args).squeeze().tolist() == [1 + 0.25 * 2.5, 2.5, 2.0]


def test_ppo_on_the_device_saves_its_agent(tmp_path, capsys):
    path = train_ppo(
        PpoArgs(scenario=SCENARIO, num_envs=4, draws=1, steps=64, horizon=8, out=str(tmp_path), device="cpu")
    )
    assert torch.load(path, weights_only=True)["log_std"].shape == (2,)
    assert events(tmp_path)
    assert "steps" in capsys.readouterr().out
