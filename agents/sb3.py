"""Train a driver with Stable-Baselines3.

    python -m agents.sb3 --algo ppo --scenario cut-in-wet-motorway --steps 300000 --out runs/cut-in

Logs to TensorBoard in the output folder and saves the policy as ``policy.zip`` with the settings it was trained with
(``settings.json``). An interrupted run is resumed by the same command: the last checkpoint is loaded and the remaining
steps are done. ``--steps 0`` saves the untrained policy.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3 import A2C, PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList, CheckpointCallback
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnvWrapper, VecFrameStack, VecMonitor, VecTransposeImage

from sim.config import RewardConfig
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
        SystemExit: if a word is no weight.
    """
    names = {field.name for field in fields(RewardConfig)}
    weights: dict[str, float] = {}
    for word in text.split():
        name, _, value = word.partition("=")
        try:
            weights[name] = float(value)
        except ValueError:
            raise SystemExit(f"--reward {word!r} is not NAME=NUMBER") from None
        if name not in names:
            raise SystemExit(f"--reward has no weight {name!r}: choose {', '.join(sorted(names))}")
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
        decision_ticks=args.decision_ticks, reward=reward_config(args.reward),
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


def check_settings(args: Args, file: Path) -> None:
    """Keep a folder's settings; a run may go on with more steps, not with other settings."""
    settings = asdict(args)
    if file.exists():
        before = json.loads(file.read_text())
        changed = sorted(k for k in settings if k not in ("steps", "device", "out") and before.get(k) != settings[k])
        if changed:
            raise SystemExit(
                f"{file.parent} holds a run with other settings ({', '.join(changed)}): choose another --out"
            )
    file.write_text(json.dumps(settings, indent=2) + "\n")


def train(args: Args) -> Path:
    """Train and save; returns the policy's path."""
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    check_settings(args, out / "settings.json")
    env = make_env(args)
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
        model.learn(remaining, callback=CallbackList([checkpoint, OutcomeLog()]), reset_num_timesteps=not checkpoints)
    model.save(out / "policy.zip")
    env.close()
    return out / "policy.zip"


if __name__ == "__main__":
    print(train(parse_args()))
