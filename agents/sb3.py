"""Train a driver with Stable-Baselines3.

    python -m agents.sb3 --algo ppo --scenario cut-in-wet-motorway --steps 300000 --out runs/cut-in

Logs to TensorBoard in the output folder and saves the policy as ``policy.zip`` with the settings it was trained with (``settings.json``).
An interrupted run is resumed by the same command: the last checkpoint is loaded and the remaining steps are done.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from stable_baselines3 import A2C, PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import CheckpointCallback
from stable_baselines3.common.vec_env import VecMonitor, VecTransposeImage

from sim.envs.sb3 import SwerveVecEnv

ALGORITHMS: dict[str, type[BaseAlgorithm]] = {"ppo": PPO, "a2c": A2C, "sac": SAC}


@dataclass
class Args:
    """Settings of a run; each is an option of the command."""

    algo: str = "ppo"
    """ppo, a2c or sac"""
    scenario: str = "cut-in-wet-motorway"
    """scenario file or id; several are separated by spaces"""
    observation: str = "state"
    """state or camera"""
    num_envs: int = 32
    """worlds in the batch"""
    steps: int = 300_000
    """decisions in all"""
    draws: int = 16
    """draws per world that its episodes cycle through"""
    seed: int = 1
    """seed of worlds and learning; evaluation takes another"""
    learning_rate: float = 3e-4
    """of Adam"""
    out: str = "runs/sb3"
    """folder for policy, checkpoints and TensorBoard logs"""
    device: str = "auto"
    """torch device of the policy"""


def parse_args(argv: list[str] | None = None) -> Args:
    """Command-line options from the fields of `Args`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for field in fields(Args):
        default = field.default
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=type(default), default=default, help=f"default {default}"
        )
    return Args(**vars(parser.parse_args(argv)))


def make_env(args: Args) -> VecMonitor:
    """The batch as SB3 takes it; images channel first."""
    env: Any = SwerveVecEnv(
        args.num_envs, args.scenario.split(), observation=args.observation, draws=args.draws, seed=args.seed
    )
    env = VecMonitor(env)
    return VecTransposeImage(env) if args.observation == "camera" else env


def make_model(args: Args, env: Any) -> BaseAlgorithm:
    """A fresh model; PPO with horizons that fit episodes of some 100 decisions."""
    policy = "CnnPolicy" if args.observation == "camera" else "MlpPolicy"
    common: dict[str, Any] = {
        "env": env, "learning_rate": args.learning_rate, "seed": args.seed, "device": args.device,
        "tensorboard_log": args.out, "verbose": 0,
    }  # fmt: skip
    if args.algo == "ppo":
        return PPO(
            policy, n_steps=128, batch_size=1024, n_epochs=6, gamma=0.99, gae_lambda=0.95, ent_coef=0.003,
            clip_range=0.2, policy_kwargs={"log_std_init": -0.7}, **common,
        )  # fmt: skip
    return ALGORITHMS[args.algo](policy, **common)


def train(args: Args) -> Path:
    """Train and save; returns the policy's path."""
    if args.algo not in ALGORITHMS:
        raise SystemExit(f"--algo must be one of {', '.join(ALGORITHMS)}, not {args.algo!r}")
    torch.set_num_threads(max(1, torch.get_num_threads()))
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "settings.json").write_text(json.dumps(asdict(args), indent=2))
    env = make_env(args)
    checkpoints = sorted((out / "checkpoints").glob("policy_*_steps.zip"), key=lambda p: int(p.stem.split("_")[1]))
    if checkpoints:
        model = ALGORITHMS[args.algo].load(checkpoints[-1], env=env, device=args.device)
        print(f"resuming from {checkpoints[-1].name}")
    else:
        model = make_model(args, env)
    every = max(1, args.steps // 10 // args.num_envs)
    callback = CheckpointCallback(every, str(out / "checkpoints"), name_prefix="policy")
    remaining = args.steps - model.num_timesteps
    if remaining > 0:
        model.learn(remaining, callback=callback, reset_num_timesteps=not checkpoints, progress_bar=True)
    model.save(out / "policy.zip")
    return out / "policy.zip"


if __name__ == "__main__":
    print(train(parse_args()))
