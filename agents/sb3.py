"""Train a driver with Stable-Baselines3.

    python -m agents.sb3 --algo ppo --scenario cut-in-wet-motorway --steps 300000 --out runs/cut-in

Logs to TensorBoard in the output folder and saves the policy as ``policy.zip`` with the settings it was trained with
(``settings.json``). An interrupted run is resumed by the same command: the last checkpoint is loaded and the remaining
steps are done. ``--steps 0`` saves the untrained policy. ``--select-every N`` scores the policy every N decisions on draws
of their own, neither trained on nor those of `agents.evaluate`, and saves the best one.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import torch
from stable_baselines3 import A2C, PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList, CheckpointCallback
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnvWrapper, VecFrameStack, VecMonitor, VecTransposeImage

from agents.evaluate import as_policy, run_episodes
from agents.evaluate import make_env as make_evaluation_env
from sim.config import RewardConfig
from sim.envs.sb3 import SwerveVecEnv
from sim.errors import SwerveError, told_plainly

SELECTION_SEED = 500_009
"""Seed of the draws that choose among a run's policies: neither a training run's nor `agents.evaluate.HELD_OUT_SEED`."""

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
    frames: int = 1
    """last pictures that a camera policy sees at once"""
    num_envs: int = 64
    """worlds in the batch"""
    steps: int = 300_000
    """decisions in all"""
    decision_ticks: int = 10
    """ticks of 10 ms per decision"""
    steer: float = 0.1
    """share of full lock that a policy's full steer is: at speed little goes a long way"""
    draws: int = 16
    """draws per world that its episodes cycle through"""
    seed: int = 1
    """seed of worlds and learning; evaluation takes another"""
    learning_rate: float = 5e-4
    """of Adam, falling linearly to zero"""
    gamma: float = 0.99
    """discount per decision"""
    horizon: int = 64
    """decisions per world between updates (ppo, a2c)"""
    batch: int = 1024
    """decisions per gradient step"""
    epochs: int = 6
    """passes over each rollout (ppo)"""
    entropy: float = 0.001
    """weight of the entropy bonus (ppo, a2c)"""
    log_std: float = -1.0
    """logarithm of the first standard deviation of actions (ppo, a2c)"""
    reward: str = ""
    """weights other than those of sim.config.RewardConfig, such as 'collision=-1 goal=5'"""
    select_every: int = 0
    """decisions between scores on selection draws, the best policy being kept; 0: the last policy is kept"""
    select_draws: int = 50
    """selection draws"""
    threads: int = 0
    """CPU threads of worlds and of learning; 0: all cores"""
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
    args = Args(**vars(parser.parse_args(argv)))
    if args.algo not in ALGORITHMS:
        parser.error(f"--algo must be one of {', '.join(ALGORITHMS)}, not {args.algo!r}")
    return args


def reward_config(text: str) -> RewardConfig:
    """Weights from words such as ``collision=-1``.

    Raises:
        SwerveError: if a word is no weight.
    """
    names = {field.name for field in fields(RewardConfig)}
    weights: dict[str, float] = {}
    for word in text.split():
        name, _, value = word.partition("=")
        try:
            weights[name] = float(value)
        except ValueError:
            raise SwerveError(f"--reward {word!r} is not NAME=NUMBER") from None
        if name not in names:
            raise SwerveError(f"--reward has no weight {name!r}: choose {', '.join(sorted(names))}")
    return RewardConfig(**weights)


class GentleSteering(VecEnvWrapper):
    """Scales the steering of a policy's actions.

    Args:
        env: Where the actions go.
        steer: Share of full lock.
    """

    def __init__(self, env: Any, steer: float) -> None:
        super().__init__(env)
        self._scale = np.array([steer, 1.0], np.float32)

    def reset(self) -> Any:
        """See `VecEnv.reset`."""
        return self.venv.reset()

    def step_async(self, actions: np.ndarray) -> None:
        """See `VecEnv.step_async`."""
        self.venv.step_async(actions * self._scale)

    def step_wait(self) -> Any:
        """See `VecEnv.step_wait`."""
        return self.venv.step_wait()


def make_env(args: Args) -> Any:
    """The batch as SB3 takes it; images channel first, stacked in time."""
    env: Any = SwerveVecEnv(
        args.num_envs, args.scenario.split(), observation=args.observation, draws=args.draws, seed=args.seed,
        decision_ticks=args.decision_ticks, reward=reward_config(args.reward), threads=args.threads or None,
    )  # fmt: skip
    env = VecMonitor(GentleSteering(env, args.steer), info_keywords=("is_success", "collided"))
    if args.observation == "camera":
        env = VecTransposeImage(env)
        env = VecFrameStack(env, args.frames, channels_order="first") if args.frames > 1 else env
    return env


def make_model(args: Args, env: Any) -> BaseAlgorithm:
    """A fresh model."""
    policy = "CnnPolicy" if args.observation == "camera" else "MlpPolicy"
    common: dict[str, Any] = {
        "env": env, "learning_rate": LinearSchedule(args.learning_rate, 0.0, 1.0), "seed": args.seed,
        "device": args.device, "gamma": args.gamma, "tensorboard_log": args.out, "verbose": 0,
    }  # fmt: skip
    if args.algo == "sac":
        return SAC(policy, batch_size=args.batch, **common)
    common |= {"n_steps": args.horizon, "ent_coef": args.entropy, "policy_kwargs": {"log_std_init": args.log_std}}
    if args.algo == "a2c":
        return A2C(policy, **common)
    return PPO(policy, batch_size=args.batch, n_epochs=args.epochs, **common)


class OutcomeLog(BaseCallback):
    """Logs the shares of finished episodes that succeeded and that collided, and prints them now and then."""

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        episodes = list(self.model.ep_info_buffer or [])
        if not episodes:
            return
        shares = {name: sum(e[name] for e in episodes) / len(episodes) for name in ("is_success", "collided")}
        self.logger.record("rollout/collision_rate", shares["collided"])
        reward = sum(e["r"] for e in episodes) / len(episodes)
        print(
            f"{self.num_timesteps} steps, last {len(episodes)} episodes: success {shares['is_success']:.2f}, "
            f"collision {shares['collided']:.2f}, return {reward:.2f}",
            flush=True,
        )


class KeepBest(BaseCallback):
    """Scores the policy on selection draws as it learns and keeps the best as ``best.zip``.

    Scores go to ``selection.json`` and TensorBoard; of equally good policies the later one is kept. A run that goes on from a
    checkpoint forgets the scores after it, and goes back to the best policy before it.

    Args:
        args: Settings of the run.
        out: Its folder.
    """

    def __init__(self, args: Args, out: Path) -> None:
        super().__init__()
        self._args, self._out = args, out
        self._keys = list(range(args.select_draws))
        self._env: Any = None
        self._file = out / "selection.json"
        self._scores: list[dict[str, float]] = json.loads(self._file.read_text()) if self._file.exists() else []

    def _on_training_start(self) -> None:
        self._scores = [score for score in self._scores if score["steps"] <= self.num_timesteps]
        best = max(self._scores, key=lambda score: (score["success"], score["steps"]), default=None)
        if best is None:
            (self._out / "best.zip").unlink(missing_ok=True)
        else:
            copyfile(self._policy_of(best["steps"]), self._out / "best.zip")

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        last = self._scores[-1]["steps"] if self._scores else 0
        if self.num_timesteps >= last + self._args.select_every:
            self._score()

    def _on_training_end(self) -> None:
        self._score()
        self._env.close()

    def _policy_of(self, steps: float) -> Path:
        """Where a policy stands that was the best so far."""
        return self._out / "checkpoints" / f"best_{steps}_steps.zip"

    def _score(self) -> None:
        args = self._args
        if self._env is None:
            self._env = make_evaluation_env(
                args.scenario.split(), self._keys, SELECTION_SEED, asdict(args), threads=args.threads or None
            )
        outcomes = run_episodes(self._env, self._keys, as_policy(self.model, asdict(args)))
        shares = {name: sum(getattr(o, name) for o in outcomes) / len(outcomes) for name in ("success", "collided")}
        if not self._scores or shares["success"] >= max(s["success"] for s in self._scores):
            self.model.save(self._policy_of(self.num_timesteps))
            copyfile(self._policy_of(self.num_timesteps), self._out / "best.zip")
        self._scores.append({"steps": self.num_timesteps, **shares})
        self._file.write_text(json.dumps(self._scores, indent=2) + "\n")
        for name, value in shares.items():
            self.logger.record(f"selection/{name}", value)
        print(f"{self.num_timesteps} steps, {len(outcomes)} selection draws: {shares}", flush=True)


def check_settings(args: Args, file: Path) -> None:
    """Keep a folder's settings; a run may go on with more steps, not with other settings.

    Raises:
        SwerveError: if the folder holds a run with other settings.
    """
    settings = asdict(args)
    if file.exists():
        before = json.loads(file.read_text())
        changed = sorted(
            k for k in settings if k not in ("steps", "device", "out", "threads") and before.get(k) != settings[k]
        )
        if changed:
            raise SwerveError(
                f"{file.parent} holds a run with other settings ({', '.join(changed)}): choose another --out"
            )
    file.write_text(json.dumps(settings, indent=2) + "\n")


def train(args: Args) -> Path:
    """Train and save; returns the policy's path."""
    if args.threads:
        torch.set_num_threads(args.threads)
    env = make_env(args)  # Before anything is written: what is wrong with the settings is told here.
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    check_settings(args, out / "settings.json")
    checkpoints = sorted((out / "checkpoints").glob("policy_*_steps.zip"), key=lambda p: int(p.stem.split("_")[1]))
    if checkpoints:
        model = ALGORITHMS[args.algo].load(checkpoints[-1], env=env, device=args.device)
        print(f"resuming from {checkpoints[-1].name}")
    else:
        model = make_model(args, env)
    every = max(1, args.steps // 10 // args.num_envs)
    checkpoint = CheckpointCallback(every, str(out / "checkpoints"), name_prefix="policy")
    remaining = args.steps - model.num_timesteps
    if remaining > 0:
        callbacks: list[BaseCallback] = [checkpoint, OutcomeLog()]
        callbacks += [KeepBest(args, out)] if args.select_every else []
        model.learn(remaining, callback=CallbackList(callbacks), reset_num_timesteps=not checkpoints)
    if args.select_every and (out / "best.zip").is_file():
        copyfile(out / "best.zip", out / "policy.zip")
    else:
        model.save(out / "policy.zip")
    env.close()
    return out / "policy.zip"


if __name__ == "__main__":
    with told_plainly():
        print(train(parse_args()))
