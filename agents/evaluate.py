"""Evaluate a trained policy or a rule-based driver on held-out draws.

    python -m agents.evaluate --scenario cut-in-wet-motorway --driver idm_aeb --draws 200
    python -m agents.evaluate --scenario cut-in-wet-motorway --policy runs/cut-in/policy.zip --draws 200

The policy to compare a trained one with is an untrained one: `python -m agents.sb3 --steps 0` saves it. Prints the shares
of draws with success, collision and leaving the road (Wilson score intervals, 95 %) and the mean minimum time to collision
(bootstrap percentile interval, 95 %; 0 s at a collision, at most 10 s) as a table, or as JSON with --json. ``--record-worst
DIR`` films up to five episodes that did not succeed, the worst first: collisions, then the shortest times to collision.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from agents.drivers import DRIVERS, drive
from sim.config import MAX_DRAWS
from sim.envs.vector_env import SwerveVectorEnv
from sim.errors import told_plainly
from sim.types import TICK

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
    off_road: bool
    min_ttc: float
    """[s]"""
    time: float
    """How long the episode was [s]."""


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson score interval of a share (Wilson 1927)."""
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


RESAMPLES = 2000
"""Of a bootstrap interval."""


def bootstrap(values: np.ndarray) -> tuple[float, float]:
    """95 % percentile interval of a mean (Efron 1979): it never leaves the range of the values, so that of times is not negative.

    Args:
        values: The sample, (n,); one value tells nothing of its spread, and gives NaN.
    """
    n = len(values)
    if n < 2:
        return math.nan, math.nan
    rng = np.random.default_rng(0)
    means = [values[rng.integers(n, size=n)].mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def as_policy(model: Any, settings: dict[str, Any]) -> Policy:
    """An SB3 model as a deterministic function of observations.

    Args:
        model: The model.
        settings: What it is trained with, by the names of `agents.sb3.Args`.
    """
    last: list[np.ndarray] = []
    scale = np.array([settings["steer"], 1.0], np.float32)

    def act(obs: np.ndarray) -> np.ndarray:
        if settings["observation"] == "camera":
            picture = np.moveaxis(obs, -1, 1)
            last[:] = [*(last or [np.zeros_like(picture)] * settings["frames"])[1:], picture]
            obs = np.concatenate(last, axis=1)
        return model.predict(obs, deterministic=True)[0] * scale

    return act


def load_policy(path: Path) -> tuple[Policy, dict[str, Any]]:
    """A saved SB3 policy as a deterministic function of observations, and the settings it was trained with."""
    from agents.sb3 import ALGORITHMS

    settings = json.loads((path.parent / "settings.json").read_text())
    return as_policy(ALGORITHMS[settings["algo"]].load(path, device="cpu"), settings), settings


def decision_ticks(settings: dict[str, Any]) -> int:
    """Ticks between a policy's decisions, by its settings; also those of a rule-based driver, which has none."""
    return int(settings.get("decision_ticks", 10))


def make_env(
    scenario: str | list[str], keys: list[int], seed: int, settings: dict[str, Any], **more: Any
) -> SwerveVectorEnv:
    """The held-out worlds of some keys, one draw each, seen and driven as a policy's settings say."""
    return SwerveVectorEnv(
        len(keys), scenario, keys=keys, observation=settings.get("observation", "state"),
        decision_ticks=decision_ticks(settings), seed=seed, draws=1, autoreset=False, **more,
    )  # fmt: skip


def run_episodes(
    env: SwerveVectorEnv, keys: list[int], policy: Policy | str, watch: Callable[[np.ndarray], None] | None = None
) -> list[Outcome]:
    """One episode of every world at once.

    Args:
        env: Worlds that do not reset themselves.
        keys: Their keys.
        policy: A function of observations, or a driver's name.
        watch: Called before each decision with which worlds have ended.
    """
    obs, _ = env.reset()
    assert env.batch is not None
    ended = np.zeros(len(keys), bool)
    outcomes: dict[int, Outcome] = {}
    steps = 0
    while not ended.all():
        if watch is not None:
            watch(ended)
        actions = drive(env.batch, policy) if isinstance(policy, str) else policy(obs)
        obs, _, terminated, truncated, info = env.step(actions)
        steps += 1
        now = (terminated | truncated) & ~ended
        for i in np.flatnonzero(now):
            collided = bool(info["collided"][i])
            least = 0.0 if collided else min(float(info["min_time_to_collision"][i]), TTC_CAP)
            success, off_road = bool(info["success"][i]), bool(info["off_road"][i]) and not collided
            outcomes[int(i)] = Outcome(keys[i], success, collided, off_road, least, steps * env.decision_seconds)
        ended |= now
    return [outcomes[i] for i in range(len(keys))]


def summarise(outcomes: list[Outcome]) -> dict[str, Any]:
    """Rates with 95 % intervals, and the keys of the five worst episodes."""
    n = len(outcomes)
    ttc = np.array([o.min_ttc for o in outcomes])
    summary: dict[str, Any] = {"draws": n}
    for name, hits in (
        ("success", sum(o.success for o in outcomes)),
        ("collision", sum(o.collided for o in outcomes)),
        ("off_road", sum(o.off_road for o in outcomes)),
    ):
        summary |= {name: hits / n, f"{name}_interval": wilson(hits, n)}
    summary |= {"min_ttc": float(ttc.mean()), "min_ttc_interval": bootstrap(ttc)}
    worst = sorted(outcomes, key=lambda o: (o.success, not o.collided, o.min_ttc, o.time))
    return summary | {"mean_time": sum(o.time for o in outcomes) / n, "worst": [o.key for o in worst[:5]]}


def record(
    scenario: str, keys: list[int], seed: int, settings: dict[str, Any], policy: Policy | str, out: Path
) -> list[Path]:
    """Drive some draws again and film each from behind its ego: one .mp4 per key; progress goes to standard error."""
    from sim.export.progress import Progress
    from sim.export.video import encode_video

    pictures: list[list[np.ndarray]] = [[] for _ in keys]

    env = make_env(scenario, keys, seed, settings, render_mode="rgb_array")
    bars: list[Callable[[float], None]] = []
    with closing(env), Progress() as progress, ExitStack() as stack:

        def watch(ended: np.ndarray) -> None:
            if not bars:  # Drawn at the first reset: only now is it known how long the episodes may be.
                assert env.batch is not None
                longest = max(row[0].duration for row in env.batch.specs)
                bars.append(stack.enter_context(progress.simulation(longest, f"Filming {len(keys)} draws")))
            frames = env.render()
            assert frames is not None
            bars[0](max(map(len, pictures)) * env.decision_seconds)
            for i in np.flatnonzero(~ended):
                pictures[i].append(frames[i])

        run_episodes(env, keys, policy, watch)
    out.mkdir(parents=True, exist_ok=True)
    rate = Fraction(round(1.0 / TICK), decision_ticks(settings))
    paths = [out / f"{Path(scenario).stem}-{key}.mp4" for key in keys]
    for path, frames in zip(paths, pictures, strict=True):
        path.write_bytes(encode_video(frames, rate))
    return paths


SEED_HELP = f"seed of the draws, a whole number that training does not use (default {HELD_OUT_SEED})"
RECORD_HELP = "also film up to five episodes that did not succeed into DIR, one .mp4 each (takes minutes)"


def record_worst(args: argparse.Namespace, outcomes: list[Outcome], worst: list[int]) -> None:
    """Film those of the worst draws that did not succeed, and say on standard error which and where.

    Args:
        args: The command's options.
        outcomes: Of all draws.
        worst: Keys of the worst, worst first.
    """
    by_key = {outcome.key: outcome for outcome in outcomes}
    keys = [key for key in worst if not by_key[key].success]
    if not keys:
        print("every draw succeeded: nothing to film", file=sys.stderr)
        return
    # Loaded anew: a policy keeps the pictures it has seen.
    policy, settings = load_policy(args.policy) if args.policy else (args.driver, {})
    print(f"filming draws {keys}, the worst that did not succeed", file=sys.stderr, flush=True)
    for path in record(args.scenario, keys, args.seed, settings, policy, args.record_worst):
        print(path, file=sys.stderr)


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--scenario", required=True, help="scenario file (.yaml, .xosc) or an id that `swerve list` shows"
    )
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--policy", type=Path, help="policy.zip saved by agents.sb3, beside its settings.json")
    who.add_argument(
        "--driver", choices=sorted(DRIVERS), metavar="NAME", help=f"rule-based driver: {', '.join(sorted(DRIVERS))}"
    )
    parser.add_argument("--draws", type=int, default=200, help=f"worlds to evaluate, 1 to {MAX_DRAWS} (default 200)")
    parser.add_argument("--seed", type=int, default=HELD_OUT_SEED, help=SEED_HELP)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--record-worst", type=Path, metavar="DIR", help=RECORD_HELP)
    args = parser.parse_args(argv)
    if not 1 <= args.draws <= MAX_DRAWS:
        parser.error(f"--draws must lie between 1 and {MAX_DRAWS}")
    if args.policy and not args.policy.is_file():
        parser.error(f"there is no policy {args.policy}")
    policy, settings = load_policy(args.policy) if args.policy else (args.driver, {})
    keys = list(range(args.draws))
    with closing(make_env(args.scenario, keys, args.seed, settings)) as env:
        outcomes = run_episodes(env, keys, policy)
    result: dict[str, Any] = {"seed": args.seed, **summarise(outcomes)}
    if args.record_worst:
        record_worst(args, outcomes, result["worst"])
    if args.json:
        print(json.dumps(result, indent=2))
        return
    for name, unit in (("success", ""), ("collision", ""), ("off_road", ""), ("min_ttc", " s")):
        low, high = result[f"{name}_interval"]
        print(f"{name:10s} {result[name]:.3f}{unit}  [{low:.3f}, {high:.3f}]")
    print(f"worst draws: {result['worst']}")


if __name__ == "__main__":
    with told_plainly():
        main()
