"""Swerve's own physics against PyBullet's: the same worlds under both.

    python -m benchmarks.backends          # from the checkout's root, with pybullet; a few minutes

Prints the tables of docs/physics_backends.md.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import warp as wp

from sim.physics.sets import GRAVITY
from sim.rotation import rotate, yaw_of
from sim.simulation import make_steps
from sim.types import Motion
from tests.physics.test_bullet import BOX, CRASHES, FIELD, motion_of
from tests.physics.worlds import CAR, LORRY, PERSON, actor, build, press, world_rows

BOTH = ("swerve", "bullet")
IMPACTS = 60
"""Random two-car impacts."""


def watch(
    actors: list[Any], ticks: int, physics: str, see: Callable[[Any], Any], pedals: Any = None, **more: Any
) -> Any:
    """What ``see`` says of (scene, state, control) of one world before and after each tick."""
    arrays = build([world_rows(actors, **more)], FIELD)
    press(arrays, **(pedals or {}))
    steps, seen = make_steps(*arrays, physics), [see(arrays)]
    for _ in range(ticks):
        steps.launch()
        seen.append(see(arrays))
    return seen


def place(arrays: Any) -> np.ndarray:
    """Positions of a world's actors."""
    return arrays[1].pos.numpy()[0].astype(float)


def middle(arrays: Any) -> np.ndarray:
    """Centre of gravity of the second actor [m], (3,)."""
    arm = (0.0, 0.0, float(arrays[0].vehicle.cog.numpy()[0, 1, 1]))
    return place(arrays)[1] + rotate(arrays[1].rot.numpy()[0, 1], arm)


def print_braking() -> None:
    print(
        "\n| full brake | friction | closed form v^2 / (2 mu g) | Swerve | PyBullet | difference |\n|---|---|---|---|---|---|"
    )
    for name, kind, speed in (
        ("car, 27.8 m/s", CAR, 27.8),
        ("car, 13.9 m/s", CAR, 13.9),
        ("lorry, 22.2 m/s", LORRY, 22.2),
    ):
        for friction in (1.0, 0.6, 0.3, 0.1):
            ticks = round(100 * speed / (0.8 * friction * GRAVITY)) + 150
            a, b = (
                watch([actor(kind, x=100.0, speed=speed)], ticks, p, place, {"accel": -1.0}, friction=friction)[-1][
                    0, 0
                ]
                - 100
                for p in BOTH
            )
            print(
                f"| {name} | {friction} | {speed**2 / (2 * friction * GRAVITY):.1f} m | {a:.1f} m | {b:.1f} m | {b / a - 1:+.1%} |"
            )


def print_turning() -> None:
    def see(arrays: Any) -> tuple[float, float, float]:
        state = arrays[1]
        left = rotate(state.rot.numpy()[0, 0], (0.0, 1.0, 0.0))
        return float(left @ state.accel.numpy()[0, 0]), float(state.ang_vel.numpy()[0, 0, 2]), math.asin(left[2])

    print(
        "\n| car at 15 m/s, steering wheel at | yaw rate, Swerve | PyBullet | roll, Swerve | PyBullet |\n|---|---|---|---|---|"
    )
    for steer in (0.03, 0.06, 0.1, 0.15):
        pedals = {"steer": steer, "accel": 0.05}
        a, b = (watch([actor(x=100.0, speed=15.0)], 300, p, see, pedals)[-1] for p in BOTH)
        print(f"| {steer:.0%} | {a[1]:.3f} rad/s | {b[1]:.3f} rad/s | {a[2]:.4f} rad | {b[2]:.4f} rad |")
    print("\n| friction | greatest lateral acceleration / (mu g), Swerve | PyBullet |\n|---|---|---|")
    for friction in (1.0, 0.8, 0.6, 0.3, 0.1):
        # The tyres saturate, then the median over 0.75 s.
        row = []
        for p in BOTH:
            seen = watch([actor(x=100.0, speed=18.0)], 150, p, see, {"steer": 0.4}, friction=friction)
            row.append(float(np.median([s[0] for s in seen[75:]])) / (friction * GRAVITY))
        print(f"| {friction} | {row[0]:.3f} | {row[1]:.3f} |")


MORE_CRASHES = CRASHES | {
    "rear, offset": [actor(x=100.0, speed=20.0), actor(x=108.0, y=0.9, speed=10.0)],
    "into the side of a parked car": [actor(x=100.0, speed=15.0), actor(x=107.0, y=-1.25, heading=math.pi / 2)],
    "rear of a lorry": [actor(x=100.0, speed=20.0), actor(LORRY, x=112.0, speed=5.0)],
}


def crash(actors: list[Any], physics: str, ticks: int = 700) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Changes of velocity over the impact, yaw rates after it, and final poses (x, y, heading)."""

    def see(arrays: Any) -> Any:
        state = arrays[1]
        poses = [(*p[:2], yaw_of(q)) for p, q in zip(place(arrays), state.rot.numpy()[0], strict=True)]
        rates = state.ang_vel.numpy()[0, :, 2].copy()
        return motion_of(arrays)[1], rates, np.array(poses), int(state.contact_tick.numpy()[0, 0])

    seen = watch(actors, ticks, physics, see)
    tick = seen[-1][3]
    return (seen[tick + 4][0] - seen[tick - 2][0])[:, :2], seen[tick + 4][1], seen[-1][2]


def print_crashes() -> None:
    print("\n| two cars | delta-v of the first, Swerve | PyBullet | of the second, Swerve | PyBullet | yaw rates, Swerve | PyBullet | "
          "resting places apart by |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name, actors in MORE_CRASHES.items():
        (dv, rate, rest), (dv2, rate2, rest2) = (crash(actors, p) for p in BOTH)
        a, b, c, d = (np.linalg.norm(x[i]) for i in (0, 1) for x in (dv, dv2))
        apart = np.linalg.norm((rest2 - rest)[:, :2], axis=1)
        print(f"| {name} | {a:.2f} m/s | {b:.2f} m/s | {c:.2f} m/s | {d:.2f} m/s | {rate[0]:.2f}, {rate[1]:.2f} rad/s | "
              f"{rate2[0]:.2f}, {rate2[1]:.2f} rad/s | {apart[0]:.2f} m, {apart[1]:.2f} m |")  # fmt: skip


def random_pair(rng: np.random.Generator) -> list[Any]:
    """Two cars that meet within half a second, from any side."""
    meet, cars = np.array([150.0, 0.0]) + rng.uniform(-1.2, 1.2, 2), []
    for base in (np.array([150.0, 0.0]), meet):
        heading, speed = rng.uniform(-math.pi, math.pi), rng.uniform(6.0, 20.0)
        ahead = np.array([math.cos(heading), math.sin(heading)])
        start = base - ahead * (speed * 0.5 + 1.3)
        cars.append(actor(x=start[0], y=start[1], heading=heading, speed=speed, road=-1, drag=0.0, side_drag=0.0))
    return cars


def print_random() -> None:
    """Impacts on a road without friction: what both backends make of them, and whether they keep momentum and energy."""
    rng = np.random.default_rng(0)
    pairs = [random_pair(rng) for _ in range(IMPACTS)]
    result: dict[str, list[Any]] = {}
    for physics in BOTH:
        rows = []
        for pair in pairs:
            seen = watch(
                pair, 60, physics, lambda a: (*motion_of(a), int(a[1].contact_tick.numpy()[0, 0])), friction=0.0
            )
            tick = seen[-1][3]
            if not 3 < tick < 50:
                rows.append(None)
                continue
            mass, before, energy, _ = seen[tick - 2]
            after, left = seen[tick + 6][1:3]
            lost = (
                np.abs((mass[:, None] * (after - before)).sum(0)[:2]).max()
                / (mass * np.linalg.norm(before, axis=1)).sum()
            )
            rows.append(((after - before)[:, :2], lost, left / energy - 1.0))
        result[physics] = rows
    both = [(a, b) for a, b in zip(*result.values(), strict=True) if a and b]
    ratio = np.array([np.linalg.norm(b[0], axis=1) / np.linalg.norm(a[0], axis=1) for a, b in both]).ravel()
    off = np.array([np.linalg.norm(b[0] - a[0]) / np.linalg.norm(a[0]) for a, b in both])
    print(f"\n{len(both)} random impacts: delta-v over Swerve's own: median {np.median(ratio):.3f}, "
          f"5th to 95th percentile {np.percentile(ratio, 5):.3f} to {np.percentile(ratio, 95):.3f}; within 10 %: "
          f"{np.mean(np.abs(ratio - 1) < 0.1):.0%}; vector difference: median {np.median(off):.1%}")  # fmt: skip
    for k, physics in enumerate(BOTH):
        lost, grown = max(pair[k][1] for pair in both), max(pair[k][2] for pair in both)
        print(f"{physics}: momentum off by at most {lost:.1e} of its sum; energy changes by at most {grown:+.1e}")


def print_bodies() -> None:
    print("\n| | formula | Swerve | PyBullet |\n|---|---|---|---|")
    for friction in (1.0, 0.3):
        box = [actor(BOX, x=100.0, speed=8.0, motion=Motion.BODY)]
        a, b = (watch(box, 700, p, place, friction=friction)[-1][0, 0] - 100 for p in BOTH)
        formula = 64 / (2 * 0.55 * friction * GRAVITY)
        print(f"| box at 8 m/s slides, friction {friction} | {formula:.2f} m | {a:.2f} m | {b:.2f} m |")
    for speed in (8.0, 12.0, 16.0):
        hit = [
            actor(x=100.0, speed=speed, motion=Motion.SCRIPTED, slide=(0.95, 0.95)),
            actor(PERSON, x=110.0, y=0.3, motion=Motion.SCRIPTED),
        ]
        a, b = (np.linalg.norm(watch(hit, 900, p, middle)[-1][:2] - (110.0, 0.3)) for p in BOTH)
        slid = speed**2 / (2 * 0.66 * GRAVITY)
        bounds = f"{slid:.1f} to {slid * (1 + 0.66**2):.1f} m (Searle 1993)"
        print(f"| person hit at {speed:.0f} m/s is thrown | {bounds} | {a:.1f} m | {b:.1f} m |")
    for n in (3, 6):
        stack = [actor(BOX, x=100.0, z=0.6 * k, motion=Motion.BODY) for k in range(n)]
        start = np.array([(100.0, 0.0, 0.6 * k) for k in range(n)])
        a, b = (1000 * np.linalg.norm(watch(stack, 1000, p, place)[-1] - start, axis=1).max() for p in BOTH)
        print(f"| stack of {n} boxes after 10 s has moved | 0 | {a:.2f} mm | {b:.2f} mm |")
    parked = [watch([actor(x=100.0)], 1000, p, place, {"accel": -1.0})[-1][0] - (100.0, 0.0, 0.0) for p in BOTH]
    a, b = (1000 * np.linalg.norm(d) for d in parked)
    print(f"| parked car after 10 s has moved | 0 | {a:.3f} mm | {b:.3f} mm |")


def print_time() -> None:
    print(
        "\n| cars that brake and steer | Swerve, whole tick | PyBullet, whole tick | PyBullet per car |\n|---|---|---|---|"
    )
    for n in (1, 8, 32):
        cars = [actor(x=100.0 + 12.0 * (k % 8), y=8.0 * (k // 8), speed=15.0) for k in range(n)]
        took = []
        for physics in BOTH:
            arrays = build([world_rows(cars)], FIELD)
            press(arrays, steer=0.01, accel=0.1)
            steps = make_steps(*arrays, physics)
            best = math.inf
            for _ in range(6):
                start = time.thread_time()
                for _ in range(20):
                    steps.launch()
                best = min(best, (time.thread_time() - start) / 20)
            took.append(1e6 * best)
        print(f"| {n} | {took[0]:.0f} us | {took[1]:.0f} us | {1000 * took[1] / n:.0f} ns |")


def processor_time(pid: int) -> float:
    """Of a process, by Linux [s]."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def print_processes() -> None:
    """A tick of 16 worlds with eight cars each by how many processes share them: wall clock, and the processor time of each of them."""
    print(
        "\n| processes | first tick after | a tick | processor time of the main process | of each other |\n|---|---|---|---|---|"
    )
    cars = [actor(x=100.0 + 12.0 * k, y=8.0 * (k % 4), speed=15.0) for k in range(8)]
    ticks = 100
    for processes in (1, 2, 4):
        arrays = build([world_rows(cars)] * 16, FIELD)
        press(arrays, steer=0.01, accel=0.1)
        start = time.perf_counter()
        steps = make_steps(*arrays, "bullet", processes=processes)
        steps.launch()
        first = time.perf_counter() - start
        pids = [os.getpid(), *(p.pid or 0 for p in multiprocessing.active_children())]
        before, start = [processor_time(p) for p in pids], time.perf_counter()
        for _ in range(ticks):
            steps.launch()
        wall = 1e3 * (time.perf_counter() - start) / ticks
        used = [1e3 * (processor_time(p) - b) / ticks for p, b in zip(pids, before, strict=True)]
        others = f"{min(used[1:]):.1f} to {max(used[1:]):.1f} ms" if used[1:] else "-"
        print(f"| {processes} | {first:.1f} s | {wall:.1f} ms | {used[0]:.1f} ms | {others} |")


def main() -> None:
    wp.config.log_level = wp.LOG_WARNING
    print_braking()
    print_turning()
    print_crashes()
    print_random()
    print_bodies()
    print_time()
    print_processes()


if __name__ == "__main__":
    main()
