"""Speed on this machine, against peers: `swerve bench`.

Peers run one after another in processes of their own, one per core, on the same work: PyBullet's TinyRenderer draws
the same street mesh and cars from the same pose; highway-env drives 50 vehicles.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.errors import SwerveError

CASES = ("render", "env")
DECISIONS = (10, 100)
"""Ticks per decision of the environment: the default, and highway-env's second."""
SIZES = ((128, 128), (640, 384))
DETAILS = {"light": 80_000, "heavy": 800_000}
"""Streets by their number of triangles."""


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        name = next(
            (l.split(":")[1].strip() for l in cpuinfo.read_text().splitlines() if l.startswith("model name")), name
        )
    import warp as wp

    gpu = wp.get_device("cuda:0").name if wp.is_cuda_available() else None
    return {
        "cpu": name,
        "cores": os.cpu_count(),
        "gpu": gpu,
        "python": platform.python_version(),
        "warp": wp.__version__,
    }


def commit() -> str | None:
    """Commit of the checkout, if it is one."""
    here = Path(__file__).resolve().parent
    done = subprocess.run(["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or None


def rate(action: Callable[[], int], seconds: float) -> float:
    """Items per second of ``action``, which returns how many items it did; one call goes first uncounted."""
    action()
    started = time.perf_counter()
    items = 0
    while time.perf_counter() - started < seconds:
        items += action()
    return items / (time.perf_counter() - started)


def process_rate(module: str, arguments: list[str]) -> float | None:
    """Summed rate of one process per core of ``python -m module``; None if what it needs is not installed.

    Each process prints its own rate as its last line.
    """
    command = [sys.executable, "-m", module, *arguments]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(os.cpu_count() or 1)
    ]
    ended = [(*process.communicate(), process.returncode) for process in running]
    if any(code == 3 for _, _, code in ended):
        return None
    for _, err, code in ended:
        if code != 0:
            raise SwerveError(f"{' '.join(command)} failed: {err.strip()[-400:]}")
    return sum(float(out.strip().splitlines()[-1]) for out, _, _ in ended)


def bench_env(seconds: float, peers: bool) -> list[dict[str, Any]]:
    """Environment steps per second with 50 vehicles, all pairs checked for contact, resets included."""
    import numpy as np

    from sim.envs.vector_env import SwerveVectorEnv
    from sim.paths import data_root

    worlds = 64
    scenario = str(data_root("scenarios") / "benchmark" / "motorway-50.yaml")
    other = process_rate("sim.bench_peers", ["highway", str(seconds)]) if peers else None
    rows = []
    for ticks in DECISIONS:
        env = SwerveVectorEnv(worlds, scenario, draws=2, decision_ticks=ticks)
        env.reset(seed=0)
        rng = np.random.default_rng(0)
        plan = rng.uniform((-0.004, 0.0), (0.004, 0.5), (64, worlds, 2)).astype(np.float32)
        done = 0

        def run(env: SwerveVectorEnv = env, plan: np.ndarray = plan) -> int:
            nonlocal done
            env.step(plan[done % len(plan)])
            done += 1
            return worlds

        own = rate(run, seconds)
        row = {"case": "env", "vehicles": 50, "worlds": worlds, "decision_s": env.decision_seconds, "steps_per_s": own}
        if peers:
            row |= {"peer": "highway-fast-v0", "peer_decision_s": 1.0, "peer_steps_per_s": other}
        if other:
            row |= {"ratio_per_decision": own / other, "ratio_per_simulated_second": own * env.decision_seconds / other}
        rows.append(row)
    return rows


def bench_render(seconds: float, peers: bool) -> list[dict[str, Any]]:
    """Frames per second with rgb, shadow, depth and masks on a light and a heavy street.

    Of one process per core, as of the peer, and of one process with a thread per core.
    """
    from sim.bench_street import render_rate

    rows = []
    for name, triangles in DETAILS.items():
        for size in SIZES:
            arguments = [str(seconds), str(triangles), str(size[0]), str(size[1])]
            own = process_rate("sim.bench_street", arguments)
            count, shared = render_rate(triangles, size, seconds, threads=os.cpu_count() or 1)
            row: dict[str, Any] = {
                "case": f"render {name}", "triangles": count, "size": list(size), "frames_per_s": own, "frames_per_s_threads": shared,
            }  # fmt: skip
            if peers:
                other = process_rate("sim.bench_peers", ["tinyrenderer", *arguments])
                row |= {"peer": "PyBullet TinyRenderer", "peer_frames_per_s": other}
                if own and other:
                    row |= {"ratio": own / other, "ratio_threads": shared / other}
            rows.append(row)
    return rows


def run_cases(case: str, *, seconds: float, peers: bool) -> dict[str, Any]:
    """Run one case or all; returns rows, a printable table, and what is needed to repeat them."""
    if case not in (*CASES, "all"):
        raise SwerveError(f"no case {case!r}: choose all, {' or '.join(CASES)}")
    rows: list[dict[str, Any]] = []
    if case in ("all", "env"):
        rows += bench_env(seconds, peers)
    if case in ("all", "render"):
        rows += bench_render(seconds, peers)
    table = "\n".join(json.dumps(row) for row in rows)
    return {
        "machine": machine(),
        "commit": commit(),
        "command": f"swerve bench {case} --seconds {seconds}",
        "rows": rows,
        "table": table,
    }
