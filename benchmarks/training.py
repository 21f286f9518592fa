"""Do drivers learn? Trains from `state` and from `camera`, then compares on held-out draws with untrained and rule-based ones.

    python benchmarks/training.py --out benchmarks/results/training.json

Runs that are already complete in --runs are kept. Each driver gets the same held-out draws; success rates come with 95 %
Wilson intervals, and a claim "better" means that the intervals are apart.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

STATE = ["--scenario", "cut-in-wet-motorway", "--decision-ticks", "20", "--steer", "0.05"]
CAMERA = [
    "--scenario", "red-light-runner", "--observation", "camera", "--decision-ticks", "30", "--steer", "0.005",
    "--num-envs", "16", "--draws", "8", "--horizon", "32", "--batch", "128", "--learning-rate", "1e-3", "--log-std", "-0.5",
    "--gamma", "0.997", "--reward", "collision=-0.5 goal=8 progress=0.06 comfort=0 near_miss=0",
]  # fmt: skip
RUNS = {
    "state": [*STATE, "--steps", "400000"],
    "state untrained": [*STATE, "--steps", "0"],
    "camera": [*CAMERA, "--steps", "60000"],
    "camera untrained": [*CAMERA, "--steps", "0"],
}
"""Options of `agents.sb3` by name of the run."""
DRIVERS = ("constant", "brake", "idm", "idm_aeb")
CLAIMS = [("state", f"state {other}") for other in ("untrained", "constant", "brake")] + [
    ("camera", "camera untrained")
]
"""Who should be better than whom."""


def run(command: list[str]) -> str:
    """Output of a command that must succeed; what it says as errors is shown."""
    print("$ python", *command, flush=True)
    done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    return done.stdout


def train(name: str, folder: Path) -> tuple[Path, list[str]]:
    """The policy of a run, trained unless it is there, and the command that trains it."""
    out = folder / name.replace(" ", "-")
    command = ["-m", "agents.sb3", "--algo", "ppo", *RUNS[name], "--out", str(out)]
    policy = out / "policy.zip"
    if not policy.is_file():
        run(command)
    return policy, command


def evaluate(scenario: str, who: list[str], draws: int) -> dict[str, Any]:
    """Rates of a driver on a scenario's held-out draws."""
    output = run(["-m", "agents.evaluate", "--scenario", scenario, *who, "--draws", str(draws), "--json"])
    return json.loads(output[output.index("{") :])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/training"), help="folder of the runs (default runs/training)"
    )
    parser.add_argument("--draws", type=int, default=200, help="held-out draws (default 200)")
    parser.add_argument("--only", choices=("state", "camera"), help="only this observation")
    parser.add_argument("--note", default="", help="kept with the result, such as what else the machine did")
    parser.add_argument("--out", type=Path, help="write the result here")
    args = parser.parse_args()
    from sim.bench import commit, machine

    results: dict[str, Any] = {}
    commands: dict[str, str] = {}
    for name in RUNS:
        if args.only in (None, name.split()[0]):
            policy, command = train(name, args.runs)
            commands[name] = "python " + " ".join(command[:-1]) + " runs/" + policy.parent.name
            results[name] = evaluate(RUNS[name][1], ["--policy", str(policy)], args.draws)
            if "untrained" in name:
                kind = name.split()[0]
                results |= {f"{kind} {who}": evaluate(RUNS[name][1], ["--driver", who], args.draws) for who in DRIVERS}
    claims = [
        {"better": a, "than": b, "apart": results[a]["success_interval"][0] > results[b]["success_interval"][1]}
        for a, b in CLAIMS
        if a in results and b in results
    ]
    result = {
        "machine": machine(), "commit": commit(), "note": args.note, "draws": args.draws,
        "commands": commands, "claims": claims, "results": results,
    }  # fmt: skip
    for name, row in results.items():
        low, high = row["success_interval"]
        print(f"{name:18s} success {row['success']:.3f} [{low:.3f}, {high:.3f}]  collision {row['collision']:.3f}")
    print(json.dumps(claims))
    if args.out:
        args.out.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
