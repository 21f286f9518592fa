"""Do drivers learn? Trains from `state` and from `camera`, then compares on held-out draws with untrained and rule-based ones.

    python benchmarks/training.py --out benchmarks/results/training.json

Runs that are already complete in --runs are kept, and interrupted ones go on. Policies are chosen on selection draws
(`agents.sb3 --select-every`); then each driver gets the same held-out draws, of another seed. Success rates come with 95 % Wilson
intervals, and a claim "better" means that the intervals are apart.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sim.errors import SwerveError, told_plainly

STATE = [
    "--scenario", "cut-in-wet-motorway", "--decision-ticks", "20", "--steer", "0.05", "--select-every", "50000",
]  # fmt: skip
CAMERA = [
    "--scenario", "wrong-way-driver-in-fog", "--observation", "camera", "--decision-ticks", "30", "--steer", "0.02",
    "--num-envs", "32", "--batch", "256", "--epochs", "8", "--select-every", "10000",
    "--reward", "collision=-2 off_road=-2 goal=3 progress=0.02 comfort=-0.0002",
]  # fmt: skip
RUNS = {
    "state": [*STATE, "--steps", "400000"],
    "state untrained": [*STATE, "--steps", "0"],
    "camera": [*CAMERA, "--steps", "80000"],
    "camera untrained": [*CAMERA, "--steps", "0"],
}
"""Options of `agents.sb3` by name of the run."""
DRIVERS = ("constant", "brake", "idm", "idm_aeb")
CLAIMS = [(kind, f"{kind} {other}") for kind in ("state", "camera") for other in ("untrained", "constant", "brake")]
"""Who should be better than whom."""


def run(command: list[str], show: bool = False) -> str:
    """Output of a command that must succeed, or with ``show`` on the screen; what it says as errors is always shown."""
    print("$ python", shlex.join(command), flush=True)
    done = subprocess.run([sys.executable, *command], stdout=None if show else subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SwerveError(f"failed: {shlex.join(command)}")
    return done.stdout or ""


def train(name: str, folder: Path, threads: int) -> tuple[Path, dict[str, Any]]:
    """The policy of a run, trained unless it is there, and how it came about: command, seeds, steps, seconds, scores.

    Seconds are unknown where the run was interrupted.

    Raises:
        SwerveError: if its folder holds a run with other settings.
    """
    from agents.sb3 import SELECTION_SEED, parse_args

    out = folder / name.replace(" ", "-")
    options = [*RUNS[name], *(["--threads", str(threads)] if threads else [])]
    command = ["-m", "agents.sb3", "--algo", "ppo", *options, "--out"]
    policy, clock, scores = out / "policy.zip", out / "seconds.json", out / "selection.json"
    wanted = {k: v for k, v in asdict(parse_args(command[2:-1])).items() if k not in ("device", "out")}
    known = out / "settings.json"
    begun = known.is_file()
    if begun:
        before = json.loads(known.read_text())
        changed = sorted(k for k, value in wanted.items() if before.get(k) != value)
        if changed:
            raise SwerveError(f"{out} holds a run with other settings ({', '.join(changed)}): choose another --runs")
    if not policy.is_file():
        start = time.perf_counter()
        run([*command, str(out)], show=True)
        clock.write_text(json.dumps(None if begun else round(time.perf_counter() - start, 1)))
    settings = json.loads(known.read_text())
    account: dict[str, Any] = {
        "command": f"python {shlex.join(command)} runs/{out.name}",
        "seed": settings["seed"],
        "steps": settings["steps"],
        "seconds": json.loads(clock.read_text()) if clock.is_file() else None,
    }
    if scores.is_file():
        account["selection"] = {
            "seed": SELECTION_SEED,
            "draws": settings["select_draws"],
            "scores": json.loads(scores.read_text()),
        }
    return policy, account


def evaluate(scenario: str, who: list[str], draws: int) -> dict[str, Any]:
    """Rates of a driver on a scenario's held-out draws."""
    output = run(["-m", "agents.evaluate", "--scenario", scenario, *who, "--draws", str(draws), "--json"])
    return json.loads(output[output.index("{") :])


def measure(kind: str, folder: Path, draws: int, threads: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Train from an observation; how the runs came about, and the rates of all drivers, by name."""
    runs: dict[str, Any] = {}
    results: dict[str, Any] = {}
    for name in (kind, f"{kind} untrained"):
        policy, runs[name] = train(name, folder, threads)
        results[name] = evaluate(RUNS[name][1], ["--policy", str(policy)], draws)
    results |= {f"{kind} {who}": evaluate(RUNS[kind][1], ["--driver", who], draws) for who in DRIVERS}
    return runs, results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/training"), help="folder of the runs (default runs/training)"
    )
    parser.add_argument("--draws", type=int, default=200, help="held-out draws (default 200)")
    parser.add_argument("--only", choices=("state", "camera"), help="only this observation")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of training (default: all cores)")
    parser.add_argument("--out", type=Path, help="write the result here")
    args = parser.parse_args()
    from sim.bench import commit, machine

    runs: dict[str, Any] = {}
    results: dict[str, Any] = {}
    for kind in (args.only,) if args.only else ("state", "camera"):
        more_runs, more_results = measure(kind, args.runs, args.draws, args.threads)
        runs |= more_runs
        results |= more_results
    claims = [
        {"better": a, "than": b, "apart": results[a]["success_interval"][0] > results[b]["success_interval"][1]}
        for a, b in CLAIMS
        if a in results
    ]
    command = shlex.join(["python", "benchmarks/training.py", *sys.argv[1:]])
    result = {
        "machine": machine(), "commit": commit(), "command": command, "draws": args.draws,
        "runs": runs, "claims": claims, "results": results,
    }  # fmt: skip
    for name, row in results.items():
        low, high = row["success_interval"]
        print(f"{name:18s} success {row['success']:.3f} [{low:.3f}, {high:.3f}]  collision {row['collision']:.3f}")
    print(json.dumps(claims))
    if args.out:
        args.out.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    with told_plainly():
        main()
