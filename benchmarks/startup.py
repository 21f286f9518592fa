"""How long a newcomer waits: a cold first frame, a warm `simulate`, `import sim`.

    python benchmarks/startup.py --out benchmarks/results/startup.json

Each figure is of a fresh process; the cold one has an empty kernel cache of its own. Aims: cold first frame within a
minute, warm simulate within 3 s.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SWERVE = [sys.executable, "-c", "import sys; from sim.cli import main; sys.exit(main())"]
SCENARIO = "child-between-parked-cars"


def seconds(command: list[str], environment: dict[str, str] | None = None) -> float:
    """Wall-clock time of a command that must succeed."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.strip()[-800:]}")
    return time.perf_counter() - started


def cold_first_frame(scenario: str, size: str) -> tuple[float, float]:
    """Seconds until the first picture lies on disk, and until the command of one picture ends, with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [*SWERVE, "render", scenario, "--out", str(out), "--duration", "0.1", "--size", size]
        environment = {**os.environ, "WARP_CACHE_PATH": str(Path(folder) / "cache")}
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
        )
        first = None
        while process.poll() is None:
            if first is None and any(p.suffix in (".png", ".jpg") for p in out.rglob("*") if p.is_file()):
                first = time.perf_counter() - started
            time.sleep(0.02)
        total = time.perf_counter() - started
        if process.returncode != 0:
            message = process.stderr.read() if process.stderr else ""
            raise SystemExit(f"render failed: {message.strip()[-800:]}")
        return total if first is None else first, total


def measure(scenario: str, size: str, repeats: int) -> dict[str, float]:
    """All figures [s]."""
    first, total = cold_first_frame(scenario, size)
    simulate = [*SWERVE, "simulate", scenario]
    seconds(simulate)
    return {
        "cold_first_frame_s": first,
        "cold_render_s": total,
        "warm_simulate_s": statistics.median(seconds(simulate) for _ in range(repeats)),
        "import_sim_s": statistics.median(seconds([sys.executable, "-c", "import sim"]) for _ in range(repeats)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default=SCENARIO, help=f"scenario file or id (default {SCENARIO})")
    parser.add_argument("--size", default="800x450", help="of the cold frame (default 800x450)")
    parser.add_argument("--repeats", type=int, default=3, help="warm runs; the median counts (default 3)")
    parser.add_argument("--note", default="", help="kept with the result, such as what else the machine did")
    parser.add_argument("--out", type=Path, help="also write the result here")
    args = parser.parse_args()
    from sim.bench import commit, machine

    figures = {name: round(value, 3) for name, value in measure(args.scenario, args.size, args.repeats).items()}
    command = f"python benchmarks/startup.py --scenario {args.scenario} --size {args.size} --repeats {args.repeats}"
    result = {"machine": machine(), "commit": commit(), "command": command, "note": args.note, **figures}
    text = json.dumps(result, indent=2)
    print(text)
    if args.out:
        args.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
