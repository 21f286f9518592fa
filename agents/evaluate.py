"""Evaluate a trained policy or a rule-based driver on held-out draws.

    python -m agents.evaluate --scenario cut-in-wet-motorway --driver idm_aeb --draws 200
    python -m agents.evaluate --scenario cut-in-wet-motorway --policy runs/cut-in/policy.zip --draws 200

The policy to compare a trained one with is an untrained one: `python -m agents.sb3 --steps 0` saves it. Prints success and collision rate (Wilson score intervals, 95 %) and the mean minimum time to collision (normal interval) as a table, or as
JSON with --json.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agents.drivers import DRIVERS, drive
from sim.envs.vector_env import SwerveVectorEnv

HELD_OUT_SEED = 1_000_003
"""Seed of evaluation draws; training uses small seeds."""

TTC_CAP = 10.0
"""Minimum times to collision above this count as this [s]."""

Policy = Callable[[np.ndarray], np.ndarray]


@dataclass
class Outcome:
    """What happened in one draw."""

    key: int
    success: bool
    collided: bool
    min_ttc: float
    """[s]"""
    steps: int


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson score interval of a share (Wilson 1927)."""
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def load_policy(path: Path, observation: str) -> Policy:
    """A saved SB3 policy as a function of observations, deterministic."""
    from agents.sb3 import ALGORITHMS

    settings = json.loads((path.parent / "settings.json").read_text())
    model = ALGORITHMS[settings["algo"]].load(path, device="cpu")

    def act(obs: np.ndarray) -> np.ndarray:
        if observation == "camera":
            obs = np.moveaxis(obs, -1, 1)
        return model.predict(obs, deterministic=True)[0]

    return act


def run_episodes(scenario: str, draws: int, observation: str, seed: int, policy: Policy | str) -> list[Outcome]:
    """One episode of each of ``draws`` worlds, all at once; ``policy`` is a function or a driver's name."""
    env = SwerveVectorEnv(draws, scenario, observation=observation, seed=seed, draws=1, autoreset=False)
    obs, _ = env.reset(seed=seed)
    assert env.batch is not None
    metrics = env.batch.state.metrics
    ended = np.zeros(draws, bool)
    outcomes: dict[int, Outcome] = {}
    steps = 0
    while not ended.all():
        actions = drive(env.batch, policy) if isinstance(policy, str) else policy(obs)
        obs, _, terminated, truncated, info = env.step(actions)
        steps += 1
        now = (terminated | truncated) & ~ended
        if now.any():
            collided, ttc = metrics.collided.numpy(), metrics.min_time_to_collision.numpy()
            for i in np.flatnonzero(now):
                least = 0.0 if collided[i] else min(float(ttc[i]), TTC_CAP)
                outcomes[int(i)] = Outcome(int(i), bool(info["success"][i]), bool(collided[i]), least, steps)
            ended |= now
    return [outcomes[i] for i in range(draws)]


def summarise(outcomes: list[Outcome]) -> dict[str, Any]:
    """Rates with 95 % intervals."""
    n = len(outcomes)
    ttc = np.array([o.min_ttc for o in outcomes])
    half = 1.96 * ttc.std(ddof=1) / math.sqrt(n) if n > 1 else math.nan
    success, collisions = sum(o.success for o in outcomes), sum(o.collided for o in outcomes)
    return {
        "draws": n,
        "success": success / n,
        "success_interval": wilson(success, n),
        "collision": collisions / n,
        "collision_interval": wilson(collisions, n),
        "min_ttc": float(ttc.mean()),
        "min_ttc_interval": (float(ttc.mean() - half), float(ttc.mean() + half)),
        "worst": [o.key for o in sorted(outcomes, key=lambda o: (o.min_ttc, o.steps))[:5]],
    }


def record_worst(scenario: str, driver: str | Path, keys: list[int], seed: int, out: Path) -> None:
    """Render the given draws with their driver, as `swerve render` does."""
    from sim.export.dataset import render_dataset

    render_dataset([Path(scenario)], out, keys=keys, seed=seed, driver=str(driver), draws=1)


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", required=True, help="scenario file or id")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--policy", type=Path, help="policy.zip saved by agents.sb3")
    who.add_argument("--driver", choices=sorted(DRIVERS), help="rule-based driver")
    parser.add_argument("--draws", type=int, default=200, help="worlds to evaluate (default 200)")
    parser.add_argument("--seed", type=int, default=HELD_OUT_SEED, help="seed of the draws, not used in training")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--record-worst", type=Path, metavar="DIR", help="also render the worst episodes into DIR (drivers)"
    )
    args = parser.parse_args(argv)
    if args.draws < 1:
        parser.error("--draws must be at least 1")
    observation = "state"
    if args.policy:
        observation = json.loads((args.policy.parent / "settings.json").read_text())["observation"]
    policy: Policy | str = load_policy(args.policy, observation) if args.policy else args.driver
    result = summarise(run_episodes(args.scenario, args.draws, observation, args.seed, policy))
    if args.record_worst:
        if args.policy:
            parser.error("--record-worst needs --driver")
        record_worst(args.scenario, args.driver, result["worst"], args.seed, args.record_worst)
    if args.json:
        print(json.dumps(result, indent=2))
        return
    for name, unit in (("success", ""), ("collision", ""), ("min_ttc", " s")):
        low, high = result[f"{name}_interval"]
        print(f"{name:10s} {result[name]:.3f}{unit}  [{low:.3f}, {high:.3f}]")
    print(f"worst draws: {result['worst']}")


if __name__ == "__main__":
    main()
