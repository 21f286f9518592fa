"""Does a GPU agree with the CPU, and how fast is it?

    python -m benchmarks.gpu reference .gpu/cpu.npz             # on the CPU
    python -m benchmarks.gpu compare .gpu/cpu.npz --device cuda:0 --out OUT
    python -m benchmarks.gpu bench --device cuda:0 --out OUT
    python -m benchmarks.gpu all .gpu/cpu.npz --out OUT --budget 500      # both, within 500 s
    python -m benchmarks.gpu pictures --device cuda:0 --out OUT           # pictures alone, memory per world

`reference` drives fixed worlds with fixed actions and keeps poses, observations, rewards, ends and 64x64 pictures, and the scenes of
`benchmarks.gpu_physics`. `compare` repeats that on another device and checks the limits in `LIMITS`. Both devices run the same kernels on
floats of 32 bits but with different orders of rounding and different libm, so figures drift apart as time goes on, and after a contact
quickly: what is compared of the library's worlds ends at a world's first contact on either device. All steps run as captured graphs, so
that a step that CUDA cannot capture fails here. `bench` times physics alone, environments, and environments with a camera. Results are
files in the folder OUT, written as they come; what has not begun when the budget is used up is left out. `pictures` draws worlds that
all differ, the same on every device (`benchmarks.render`): of 8192 some two minutes go into drawing them by lot.
"""

from __future__ import annotations

import argparse
import json
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu_physics import SCENES, agent_rate, drive_scene, scene_difference
from sim.config import CameraConfig
from sim.envs.vector_env import SwerveVectorEnv

LIMITS = {
    "position": 0.05,
    "heading": 0.01,
    "speed": 0.05,
    "observation": 0.02,
    "reward": 0.02,
    "ends": 0.01,
    "pixels": 0.02,
    "repeats": 0.0,
} | {name: scene.limit for name, scene in SCENES.items()}
"""Greatest difference allowed: of actors' positions [m], headings [rad] and speeds [m/s], of observations and rewards
over the worlds' uncontested part (the 99.9th percentile each); the share of worlds that end otherwise; the share of pixels that differ by
more than 8 of 255; how far contacts end up elsewhere when they are run again [m]; and what each scene of physics may differ by [m]."""


def library(limit: int | None = None) -> list[str]:
    """Files of the library's scenarios."""
    from sim.scenario.reader import library_files

    return [str(path) for path in list(library_files().values())[:limit]]


def actions_of(nworld: int, decisions: int) -> np.ndarray:
    """Fixed smooth actions, (decisions, nworld, 2): gentle steering, some braking."""
    t, w = np.meshgrid(np.arange(decisions) * 0.1, np.arange(nworld), indexing="ij")
    steer = 0.03 * np.sin(0.7 * t + w)
    pedal = 0.2 * np.sin(0.3 * t + 2.0 * w) - 0.1 * (w % 3)
    return np.stack([steer, pedal], -1).astype(np.float32)


def drive(device: str | None, nworld: int, decisions: int, scenarios: list[str]) -> dict[str, np.ndarray]:
    """What happens in fixed worlds under fixed actions, by name; decision first."""
    env = SwerveVectorEnv(nworld, scenarios, device=device, draws=1, autoreset=False, seed=3)
    env.reset()
    assert env.batch is not None
    state = env.batch.state
    rows: dict[str, list[np.ndarray]] = {}
    for action in actions_of(nworld, decisions):
        obs, reward, terminated, truncated, _ = env.step(action)
        step = {
            "position": state.pos.numpy(), "rotation": state.rot.numpy(), "speed": state.speed.numpy(),
            "contact": (state.contact_tick.numpy() >= 0).any(axis=1), "observation": obs, "reward": reward,
            "ends": terminated | truncated,
        }  # fmt: skip
        for name, value in step.items():
            rows.setdefault(name, []).append(value.copy())
    return {name: np.stack(values) for name, values in rows.items()}


def picture(device: str | None, scenarios: list[str], size: int) -> np.ndarray:
    """The first camera observation of one world of each scenario, uint8 (nworld, size, size, 3)."""
    camera = CameraConfig(width=size, height=size)
    env = SwerveVectorEnv(
        len(scenarios), scenarios, observation="camera", camera=camera, device=device, draws=1, seed=3
    )
    return env.reset()[0]


def drive_all(
    device: str | None, nworld: int, decisions: int, scenarios: list[str], size: int
) -> dict[str, np.ndarray]:
    """All that is compared."""
    data = drive(device, nworld, decisions, scenarios)
    data["pixels"] = picture(device, scenarios, size)
    return data | {name: drive_scene(name, device) for name in SCENES}


def differences(ours: dict[str, np.ndarray], reference: dict[str, np.ndarray]) -> dict[str, float]:
    """Differences by the names of `LIMITS`."""
    clean = ~(ours["contact"] | reference["contact"]) & ~(ours["ends"] | reference["ends"]).cumsum(axis=0).astype(bool)
    chord = [np.linalg.norm(ours["rotation"] - sign * reference["rotation"], axis=-1) for sign in (1.0, -1.0)]
    parts = {
        "position": np.linalg.norm(ours["position"] - reference["position"], axis=-1)[clean],
        "heading": (4.0 * np.arcsin(np.minimum(*chord).clip(0.0, 2.0) / 2.0))[clean],
        "speed": np.abs(ours["speed"] - reference["speed"])[clean],
        "observation": np.abs(ours["observation"] - reference["observation"])[clean],
        "reward": np.abs(ours["reward"] - reference["reward"])[clean],
    }
    out = {name: float(np.quantile(part, 0.999)) if part.size else 0.0 for name, part in parts.items()}
    out["ends"] = float((ours["ends"].any(axis=0) != reference["ends"].any(axis=0)).mean())
    far = np.abs(ours["pixels"].astype(int) - reference["pixels"].astype(int)).max(-1) > 8
    out |= {name: scene_difference(ours[name], reference[name]) for name in SCENES}
    return out | {"pixels": float(far.mean())}


def run_reference(args: argparse.Namespace) -> int:
    scenarios = library(args.scenarios)
    settings = {
        "worlds": args.worlds[0],
        "decisions": args.decisions,
        "scenarios": len(scenarios),
        "size": args.sizes[0],
    }
    data = drive_all(args.device, args.worlds[0], args.decisions, scenarios, args.sizes[0])
    args.file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(args.file, settings=np.array(json.dumps(settings)), **data)  # pyright: ignore[reportArgumentType]
    print(f"{args.file}: {settings}")
    return 0


def run_compare(args: argparse.Namespace) -> int:
    with np.load(args.file) as stored:
        reference = {name: stored[name] for name in stored.files if name != "settings"}
        settings = json.loads(str(stored["settings"]))
    scenarios = library(settings["scenarios"])
    ours = drive_all(args.device, settings["worlds"], settings["decisions"], scenarios, settings["size"])
    found = differences(ours, reference)
    found["repeats"] = float(np.abs(drive_scene("contacts", args.device) - ours["contacts"]).max())
    for name, limit in LIMITS.items():
        print(f"{name:12s} {found[name]:.3g}  limit {limit}  {'ok' if found[name] <= limit else 'EXCEEDED'}")
    keep(args, "compare", {"device": args.device, "differences": found, "limits": LIMITS, "settings": settings})
    return int(any(found[name] > limit for name, limit in LIMITS.items()))


def throughput(observation: str, nworld: int, size: int, args: argparse.Namespace) -> dict[str, Any]:
    """Decisions per second of all worlds together, device tensors in and out, resets included."""
    import torch
    import warp as wp

    camera = CameraConfig(width=size, height=size)
    started = time.perf_counter()
    env = SwerveVectorEnv(
        nworld, library(args.scenarios), observation=observation, xp="torch", device=args.device, draws=2, camera=camera
    )
    obs, _ = env.reset(seed=1)
    built = time.perf_counter() - started
    action = torch.zeros((nworld, 2), device=obs.device)

    def run(decisions: int) -> float:
        began = time.perf_counter()
        for _ in range(decisions):
            env.step(action)
        wp.synchronize()
        return time.perf_counter() - began

    run(2)
    elapsed = run(args.decisions)
    row = {
        "case": observation, "worlds": nworld, "steps_per_s": nworld * args.decisions / elapsed, "build_s": built,
        "decision_s": env.decision_seconds,
    }  # fmt: skip
    return row | ({"size": size} if observation == "camera" else {})


def run_bench(args: argparse.Namespace) -> int:
    began, rows, late = time.perf_counter(), [], []
    cases: list[tuple[str, Callable[[], dict[str, Any]]]] = [
        (f"physics {n}x{a}", partial(agent_rate, n, a, args.device, args.decisions)) for n in args.worlds for a in args.actors
    ]  # fmt: skip
    cases += [(f"state {n}", partial(throughput, "state", n, args.sizes[0], args)) for n in args.worlds]
    cases += [
        (f"camera {n} {size}", partial(throughput, "camera", n, size, args)) for size in args.sizes for n in args.worlds
    ]
    for name, case in cases:
        if time.perf_counter() - began > args.budget:
            late.append(name)
            continue
        try:
            rows.append(case())
        except (RuntimeError, MemoryError) as error:  # out of memory: smaller ones may fit
            rows.append({"case": name, "failed": str(error)[:300]})
        print(json.dumps(rows[-1]), flush=True)
        keep(args, "bench", {"device": args.device, "rows": rows, "left_out": late})
    print(f"left out: {late}")
    keep(args, "bench", {"device": args.device, "rows": rows, "left_out": late})
    return int(any("failed" in row for row in rows))


def run_pictures(args: argparse.Namespace) -> int:
    """Pictures alone, as a captured graph: tree refitted, drawn with shadows; one large one at `standard` too."""
    from benchmarks import render

    began, rows, late = time.perf_counter(), [], []
    worlds = render.make_worlds(max(args.worlds), args.device, args.scenarios, args.detail)
    built = {"build_s": time.perf_counter() - began, "device": args.device}
    cases = [(n, size, outputs) for outputs in (("rgb",), render.LABELS) for size in args.sizes for n in args.worlds]
    for n, size, outputs in cases:
        if time.perf_counter() - began > args.budget:
            late.append(f"{n} {size} {outputs}")
            continue
        some = worlds.first(n)
        row = {"case": "pictures", "quality": "fast", "size": [size, size], "outputs": outputs, **some.about()}
        try:
            row |= render.world_memory(some, (size, size), outputs, args.seconds)
        except (RuntimeError, MemoryError) as error:  # out of memory: smaller ones may fit
            row["failed"] = str(error)[:300]
        rows.append(row)
        print(json.dumps(row), flush=True)
        keep(args, "pictures", built | {"rows": rows, "left_out": late})
    if time.perf_counter() - began < args.budget:
        some = worlds.first(1)
        for quality in ("standard", "fast"):
            seconds = render.picture_seconds(some, tuple(args.large), quality, 1, 5)
            rows.append({"case": "large", "quality": quality, "size": args.large, "seconds": seconds, **some.about()})
            print(json.dumps(rows[-1]), flush=True)
    keep(args, "pictures", built | {"rows": rows, "left_out": late})
    return int(any("failed" in row for row in rows))


def run_all(args: argparse.Namespace) -> int:
    """Compare, then time with what is left of the budget; a failure of one does not keep the other from running."""
    began, failed = time.perf_counter(), 1
    try:
        failed = run_compare(args)
    except Exception:
        traceback.print_exc()
    args.budget -= time.perf_counter() - began
    return max(failed, run_bench(args))


def keep(args: argparse.Namespace, case: str, result: dict[str, Any]) -> None:
    """Write a result with what is needed to repeat it."""
    from sim.bench import commit, machine

    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        known = {"machine": machine(), "commit": commit(), "case": case}
        (args.out / f"gpu-{case}.json").write_text(json.dumps(known | result, indent=2) + "\n")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("reference", "compare", "bench", "pictures", "all"))
    parser.add_argument("file", type=Path, nargs="?", help="reference file (.npz)")
    parser.add_argument("--device", help="Warp device; default: CUDA if there is one (reference: cpu)")
    parser.add_argument("--worlds", type=int, nargs="+", help="worlds (reference 48; bench: 1024 4096 16384 65536)")
    parser.add_argument(
        "--actors", type=int, nargs="+", default=[8, 32], help="vehicles of a world of physics alone (default 8 32)"
    )
    parser.add_argument("--decisions", type=int, default=50, help="decisions to drive or to time (default 50)")
    parser.add_argument("--scenarios", type=int, help="only the first so many scenarios of the library")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[64, 128], help="pictures' height and width (default 64 128)"
    )
    parser.add_argument("--detail", type=float, default=1.0, help="of the scenery of `pictures`: 1 is what ships")
    parser.add_argument("--seconds", type=float, default=3.0, help="to draw pictures for, each case (default 3)")
    parser.add_argument(
        "--large", type=int, nargs=2, default=[1280, 720], help="size of the large picture of `pictures`"
    )
    parser.add_argument("--budget", type=float, default=1e9, help="begin no other case after that many seconds")
    parser.add_argument("--out", type=Path, help="folder for the results")
    args = parser.parse_args(argv)
    if args.task not in ("bench", "pictures") and args.file is None:
        parser.error(f"{args.task} needs a file")
    args.device = args.device or ("cpu" if args.task == "reference" else None)
    usual = {"reference": [48], "pictures": [256, 1024, 4096, 8192]}
    args.worlds = args.worlds or usual.get(args.task, [1024, 4096, 16384, 65536])
    tasks = {
        "reference": run_reference,
        "compare": run_compare,
        "bench": run_bench,
        "pictures": run_pictures,
        "all": run_all,
    }
    return tasks[args.task](args)


if __name__ == "__main__":
    raise SystemExit(main())
