"""Train a driver with Stable-Baselines3.

    python -m agents.sb3 --algo ppo --scenario cut-in-wet-motorway --steps 300000 --out runs/cut-in

Logs to TensorBoard in the output folder and saves the policy as ``policy.zip`` with the settings it was trained with
(``settings.json``). An interrupted run is resumed by the same command: the last checkpoint is loaded and the remaining
steps are done. ``--steps 0`` saves the untrained policy. ``--select-every N`` scores the policy every N decisions on draws
of their own, neither trained on nor those of `agents.evaluate`, and saves the best one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from functools import partial
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
from agents.options import WorldOptions, option, parse_options
from sim.config import RewardConfig
from sim.envs.sb3 import SwerveVecEnv
from sim.errors import SwerveError, told_plainly

SELECTION_SEED = 500_009
"""Seed of the draws that choose among a run's policies: neither a training run's nor `agents.evaluate.HELD_OUT_SEED`."""

OUTCOMES = ("is_success", "collided", "off_road")
"""What is kept of each finished episode."""

ALGORITHMS: dict[str, type[BaseAlgorithm]] = {"ppo": PPO, "a2c": A2C, "sac": SAC}


@dataclass
class Args(WorldOptions):
    """Settings of a run; each is an option of the command."""

    algo: str = option("ppo", "algorithm", tuple(ALGORITHMS))
    observation: str = option(
        "state", "what the policy sees: numbers about itself and those around it, or pictures", ("state", "camera")
    )
    frames: int = option(1, "last pictures that a camera policy sees at once, 1 or more")
    steps: int = option(300_000, "decisions of all worlds together; 0 saves the untrained policy")
    decision_ticks: int = option(10, "time between decisions, in ticks of 10 ms")
    steer: float = option(
        0.1, "share of full lock that the full steer of a policy is, 0 to 1: at speed little goes a long way"
    )
    draws: int = option(16, "draws per world that its episodes cycle through")
    learning_rate: float = option(5e-4, "step size of Adam at the start; it falls linearly to zero")
    horizon: int = option(64, "decisions per world between updates (ppo, a2c)")
    batch: int = option(1024, "decisions that each gradient step learns from")
    epochs: int = option(6, "passes over each rollout (ppo)")
    entropy: float = option(0.001, "weight of the entropy bonus (ppo, a2c)")
    log_std: float = option(-1.0, "logarithm of the first standard deviation of actions (ppo, a2c)")
    reward: str = option("", "weights other than those of sim.config.RewardConfig, such as 'collision=-1 goal=5'")
    select_every: int = option(
        0,
        "decisions of all worlds together between scores on selection draws, the best policy being kept; 0: the last is kept",
    )
    select_draws: int = option(50, "selection draws that a score is over")
    threads: int = option(0, "CPU threads of worlds and of learning; 0: all cores")
    out: str = option("runs/sb3", "folder for policy, checkpoints and TensorBoard logs")
    device: str = option("auto", "torch device of the policy: auto, cpu or cuda")


parse_args = partial(parse_options, Args, __doc__)
"""Settings from the words of a command line; None: this process's."""


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
    env = VecMonitor(GentleSteering(env, args.steer), info_keywords=OUTCOMES)
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
    """Logs how the last finished episodes ended, and prints it now and then.

    They are driven while exploring, with noise on the actions: how good the policy alone is, `agents.evaluate` measures.
    """

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        kept = self.model.ep_info_buffer
        # A run begun by an earlier version goes on with episodes of which less is known.
        episodes = [e for e in kept or () if all(name in e for name in OUTCOMES)]
        if kept is None or not episodes:
            return
        shares = {name: sum(e[name] for e in episodes) / len(episodes) for name in OUTCOMES}
        self.logger.record("rollout/collision_rate", shares["collided"])
        self.logger.record("rollout/off_road_rate", shares["off_road"])
        reward = sum(e["r"] for e in episodes) / len(episodes)
        which = "last" if len(episodes) == kept.maxlen else "first (short ones finish first)"
        print(
            f"{self.num_timesteps} steps, while exploring, {which} {len(episodes)} episodes: "
            f"success {shares['is_success']:.2f}, collision {shares['collided']:.2f}, off_road {shares['off_road']:.2f}, "
            f"return {reward:.2f}",
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


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    args = parse_args(argv)
    path = train(args)
    print(
        f"to score it without exploring: python -m agents.evaluate --scenario {args.scenario.split()[0]} --policy {path}"
    )
    print(path)


if __name__ == "__main__":
    with told_plainly():
        main()
