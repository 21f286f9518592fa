"""How fast pictures are, what they cost by triangles and instances, and what a world takes up.

    python -m benchmarks.render --out benchmarks/results/render.json     # all cases, some 15 minutes of an idle machine
    python -m benchmarks.render frames standard --seconds 5              # some of them

- frames: worlds of the library that all differ (scenario, draw, map, actors), refit and shadows included, labels too: on one core, on
  all cores by threads of one process, each with its own worlds, and on all cores by a process each;
- standard: seconds per picture of 1280x720 at `standard` and `fast`, on one thread and on all that share a picture;
- triangles, instances: the street of `swerve bench`, drawn finer and with more cars;
- memory: what a world more takes up, with pictures of three sizes;
- library: what all assets with all their poses take up on the device.

Pictures per second on a GPU, by the same worlds: `benchmarks.gpu`.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import warp as wp

from sim.bench import commit, machine, process_rate, rate
from sim.bench_street import build_renderer
from sim.config import CameraConfig, RenderConfig, SimConfig
from sim.console import parse_size
from sim.errors import SwerveError
from sim.render.frames import Renderer
from sim.render.library import MeshLibrary
from sim.render.world import build_library, library_of
from sim.sampling import Batch, sample_worlds
from sim.scenario.reader import library_files, load_scenario
from sim.simulation import WorldGraph
from sim.structs import is_struct, slice_worlds

SIZES = ((128, 128), (640, 384))
LABELS = ("rgb", "depth", "semantic", "instance")
"""What the pictures of `frames` come with; pictures alone are measured too."""
LARGE = (1280, 720)
STANDARD = ("child-between-parked-cars", "deer-at-night", "cut-in-wet-motorway")
"""A town by day, a wood by night, a wet motorway."""
TRIANGLES = (20_000, 80_000, 320_000, 1_280_000)
INSTANCES = (0, 12, 48, 96)
MEMORY = ((16, 64), (64, 64), (64, 128))
"""Worlds and side of the picture [pixels]; on a GPU `benchmarks.gpu` measures thousands."""


@dataclass
class Worlds:
    """Worlds ready to be drawn."""

    batch: Batch
    library: MeshLibrary

    @property
    def triangles(self) -> int:
        """Triangles in a world, in the mean: its map and all that stands or moves in it."""
        first = np.array([len(m.mesh.triangles) for m in self.library.maps])
        sizes = {m.name: sum(len(p.frames[0].triangles) for p in m.parts) for m in self.library.models}
        first += np.array([sum(sizes[i.model] for i in m.instances) for m in self.library.maps])
        actors = [sum(sizes[a.asset.name] for a in draws[0]) for draws in self.batch.actor_specs]
        return round(float(np.mean(first[self.batch.scene.map_index.numpy()] + np.array(actors))))

    @property
    def instances(self) -> int:
        """Meshes that stand or move in a world, its map's own included, in the mean."""
        parts = {m.name: len(m.parts) for m in self.library.models}
        fixed = np.array([1 + sum(parts[i.model] for i in m.instances) for m in self.library.maps])
        actors = [sum(parts[a.asset.name] for a in draws[0]) for draws in self.batch.actor_specs]
        return round(float(np.mean(fixed[self.batch.scene.map_index.numpy()] + np.array(actors))))

    def about(self) -> dict[str, Any]:
        """What is needed to compare figures."""
        return {
            "worlds": self.batch.nworld, "distinct_worlds": self.batch.nworld, "maps": len(self.library.maps), "shadows": True,
            "triangles_per_world": self.triangles, "instances_per_world": self.instances,
        }  # fmt: skip

    def first(self, nworld: int) -> Worlds:
        """The first so many of them, in the same arrays."""
        b, n = self.batch, self.batch.nworld
        scene, state, control = (slice_worlds(s, 0, nworld, n) for s in (b.scene, b.state, b.control))
        rows = {"specs": b.specs[:nworld], "keys": b.keys[:nworld], "actor_specs": b.actor_specs[:nworld]}
        return Worlds(replace(b, scene=scene, state=state, control=control, **rows), self.library)


def make_worlds(nworld: int, device: Any = None, scenarios: int | None = None, detail: float = 1.0) -> Worlds:
    """Worlds of the library in turn, each another draw.

    Args:
        nworld: How many.
        device: Warp device.
        scenarios: Only the first so many files; None: all.
        detail: Of the scenery, 1 is what ships.
    """
    files = list(library_files().values())[:scenarios]
    config = SimConfig(pool=1, map_variants=2)
    batch = sample_worlds([load_scenario(f) for f in files], list(range(nworld)), device, config)
    return Worlds(batch, build_library(batch, detail=detail))


def picture_graph(
    worlds: Worlds, size: tuple[int, int], outputs: tuple[str, ...] = LABELS, threads: int = 1
) -> tuple[WorldGraph, list[Renderer]]:
    """One recorded picture of every world: poses moved on, tree refitted, drawn; threads take worlds of their own."""
    camera = CameraConfig(width=size[0], height=size[1])
    renderers: list[Renderer] = []

    def make_stage(scene: Any, state: Any) -> Callable[[], None]:
        renderer = Renderer(worlds.library, scene, state, RenderConfig((camera,), "fast", outputs))
        renderer.reset(scene, state)
        renderer.bvh.rebuild(scene, renderer.window.current)
        renderers.append(renderer)

        def stage() -> None:
            renderer.advance(scene, state)
            renderer.render(scene)

        return stage

    batch = worlds.batch
    graph = WorldGraph(make_stage, [batch.scene, batch.state], batch.nworld, batch.device, threads=threads)
    return graph, renderers


def frame_rate(
    worlds: Worlds, size: tuple[int, int], seconds: float, outputs: tuple[str, ...] = LABELS, threads: int = 1
) -> float:
    """Pictures per second of all worlds together."""
    return graph_rate(worlds, picture_graph(worlds, size, outputs, threads)[0], seconds)


def graph_rate(worlds: Worlds, graph: WorldGraph, seconds: float) -> float:
    """Pictures per second of all worlds together, by their recorded picture."""

    def run() -> int:
        graph.launch()
        wp.synchronize_device(worlds.batch.device)
        return worlds.batch.nworld

    return rate(run, seconds)


def array_bytes(*owners: Any) -> int:
    """Bytes of all Warp arrays that objects hold, each once, whatever holds them."""
    seen: set[int] = set()
    total, stack = 0, list(owners)
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, wp.array):
            if value.ptr is not None and value.ptr not in seen:
                seen.add(value.ptr)
                total += value.capacity
        elif is_struct(value):
            stack += [getattr(value, name) for name in value._cls.vars]
        elif isinstance(value, (list, tuple)):
            stack += value
        elif isinstance(value, dict):
            stack += value.values()
        elif type(value).__module__.startswith("sim.") and hasattr(value, "__dict__"):
            stack += vars(value).values()
    return total


def memory_in_use(device: Any) -> int:
    """Of the device, or on a CPU of the process [bytes]."""
    device = wp.get_device(device)
    gc.collect()
    if device.is_cuda:
        wp.synchronize_device(device)
        return device.total_memory - device.free_memory
    ctypes.CDLL(None).malloc_trim(0)  # what is free goes back, or it would be taken again unseen
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- cases ------------------------------------------------------------------------------------------------------------


def bench_frames(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Pictures per second on one core and on all."""
    worlds, cores = make_worlds(args.worlds, "cpu", args.scenarios, args.detail), os.cpu_count() or 1
    for size in args.sizes:
        row = {"case": "frames", "quality": "fast", "size": list(size), **worlds.about()}
        for name, outputs in (("", LABELS), ("_rgb_only", ("rgb",))):
            row[f"frames_per_s_1_core{name}"] = frame_rate(worlds, size, args.seconds, outputs=outputs)
        row["frames_per_s_threads"] = frame_rate(worlds, size, args.seconds, threads=cores)
        numbers = [
            "one",
            "--seconds",
            str(args.seconds),
            "--worlds",
            str(args.worlds),
            "--sizes",
            f"{size[0]}x{size[1]}",
        ]
        numbers += ["--detail", str(args.detail), *(["--scenarios", str(args.scenarios)] if args.scenarios else [])]
        row["frames_per_s_processes"] = process_rate("benchmarks.render", numbers)
        row["cores"] = cores
        for how in ("threads", "processes"):
            row[f"scaling_{how}"] = row[f"frames_per_s_{how}"] / row["frames_per_s_1_core"]
        yield row


def bench_standard(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Seconds per large picture."""
    size, files = args.large, library_files()
    for name in [n for n in STANDARD if n in files][: args.scenarios]:
        batch = sample_worlds([load_scenario(files[name])], [0], "cpu", SimConfig(pool=1))
        worlds = Worlds(batch, build_library(batch, detail=args.detail))
        for quality in ("standard", "fast"):
            row = {"case": "standard", "scenario": name, "quality": quality, "size": list(size), **worlds.about()}
            for threads in sorted({1, os.cpu_count() or 1}):
                row[f"seconds_{threads}_threads"] = picture_seconds(worlds, size, quality, threads, args.repeats)
            yield row


def picture_seconds(worlds: Worlds, size: tuple[int, int], quality: str, threads: int, repeats: int) -> float:
    """Seconds per picture of one world, which some threads share."""
    config = RenderConfig((CameraConfig(width=size[0], height=size[1]),), quality, ("rgb",))
    scene, state = worlds.batch.scene, worlds.batch.state
    renderer = Renderer(worlds.library, scene, state, config, threads=threads)
    renderer.reset(scene, state)
    renderer.render(scene)
    wp.synchronize()

    def draw() -> None:
        renderer.render(scene)
        wp.synchronize()

    return least(draw, repeats)


def least(action: Callable[[], object], repeats: int) -> float:
    """Time of an action [s]: the least of several."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return min(times)


def street_rate(triangles: int, size: tuple[int, int], seconds: float, cars: int) -> tuple[int, float]:
    """Triangles drawn, and pictures per second on one core, of the street with some cars."""
    renderer, scene, state, count = build_renderer(triangles, size, 1, cars)

    def run() -> int:
        renderer.advance(scene, state)
        renderer.render(scene)
        wp.synchronize()
        return state.pos.shape[0]

    return count, rate(run, seconds)


def bench_triangles(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One street, drawn ever finer."""
    for triangles in args.triangles:
        for size in args.sizes:
            count, speed = street_rate(triangles, size, args.seconds, 12)
            row = {"case": "triangles", "triangles_per_world": count, "instances_per_world": 13, "size": list(size)}
            yield row | {
                "shadows": True,
                "frames_per_s_1_core": speed,
                "ns_per_pixel": 1e9 / speed / (size[0] * size[1]),
            }


def bench_instances(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One street, ever fuller."""
    for cars in args.instances:
        for size in args.sizes:
            count, speed = street_rate(args.triangles[min(1, len(args.triangles) - 1)], size, args.seconds, cars)
            row = {
                "case": "instances",
                "triangles_per_world": count,
                "instances_per_world": cars + 1,
                "size": list(size),
            }
            yield row | {
                "shadows": True,
                "frames_per_s_1_core": speed,
                "ns_per_pixel": 1e9 / speed / (size[0] * size[1]),
            }


def bench_memory(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What a world takes up besides the meshes that all share."""
    for nworld, side in args.memory or MEMORY:
        worlds = make_worlds(nworld, "cpu", args.scenarios, args.detail)
        yield {"case": "memory", "size": [side, side], **worlds.about(), **world_memory(worlds, (side, side), LABELS)}


def world_memory(
    worlds: Worlds, size: tuple[int, int], outputs: tuple[str, ...], seconds: float = 0.0
) -> dict[str, float]:
    """Bytes per world of its state and of its pictures, and by how much the memory in use grew with the latter; pictures per second too."""
    batch = worlds.batch
    before = memory_in_use(batch.device)
    graph, renderers = picture_graph(worlds, size, outputs)
    graph.launch()
    speed = graph_rate(worlds, graph, seconds) if seconds > 0.0 else 0.0
    grown = memory_in_use(batch.device) - before
    shared = [worlds.library, batch.scene.road, batch.scene.solid]
    steps = [array_bytes(*shared)]
    for more in ([batch.scene, batch.state, batch.control], renderers):
        shared += more
        steps.append(array_bytes(*shared))
    return {
        "simulation_bytes_per_world": (steps[1] - steps[0]) / batch.nworld,
        "picture_bytes_per_world": (steps[2] - steps[1]) / batch.nworld,
        "grown_bytes_per_world": grown / batch.nworld, "library_bytes": array_bytes(worlds.library),
    } | ({"frames_per_s": speed} if speed else {})  # fmt: skip


def bench_library(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What all assets together take up in one library."""
    from sim.assets import list_assets
    from sim.render.world import asset_model

    names = list(list_assets())[: args.assets]
    for name in names:
        asset_model(name)  # read before, so that what they take up on the host does not count
    before = memory_in_use("cpu")
    library = library_of(names, [], "cpu")
    grown = memory_in_use("cpu") - before
    yield {
        "case": "library", "assets": len(names), "triangles_of_all_poses": library.triangle_count, "bytes": array_bytes(library),
        "bytes_with_trees": grown,
    }  # fmt: skip


CASES = {
    "library": bench_library, "memory": bench_memory, "frames": bench_frames, "standard": bench_standard,
    "triangles": bench_triangles, "instances": bench_instances,
}  # fmt: skip


def size(text: str) -> tuple[int, int]:
    """`parse_size` as argparse wants it."""
    try:
        return parse_size(text)
    except SwerveError as e:
        raise argparse.ArgumentTypeError(str(e)) from None


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[*CASES, "one", []], help="default: all")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seconds", type=float, default=4.0, help="to measure each figure for")
    parser.add_argument("--worlds", type=int, default=14, help="worlds of `frames`")
    parser.add_argument("--scenarios", type=int, help="only the first so many scenarios of the library")
    parser.add_argument("--detail", type=float, default=1.0, help="of the scenery: 1 is what ships")
    parser.add_argument("--sizes", type=size, nargs="+", default=list(SIZES))
    parser.add_argument("--large", type=size, default=LARGE, help="size of `standard`")
    parser.add_argument("--triangles", type=int, nargs="+", default=list(TRIANGLES))
    parser.add_argument("--instances", type=int, nargs="+", default=list(INSTANCES))
    parser.add_argument(
        "--memory", type=int, nargs=2, action="append", metavar=("WORLDS", "SIDE"), help="may be repeated"
    )
    parser.add_argument("--assets", type=int, help="only the first so many assets in `library`")
    parser.add_argument("--repeats", type=int, default=3, help="pictures of `standard`, of which the fastest counts")
    parser.add_argument("--note", default="", help="kept with the result, such as what else the machine did")
    args = parser.parse_args(argv)
    if args.cases == ["one"]:
        print(frame_rate(make_worlds(args.worlds, "cpu", args.scenarios, args.detail), args.sizes[0], args.seconds))
        return 0
    rows = []
    for name in args.cases or CASES:
        for row in CASES[name](args):
            rows.append({key: round(v, 4) if isinstance(v, float) else v for key, v in row.items()})
            print(json.dumps(rows[-1]), flush=True)
            if args.out:
                command = f"python -m benchmarks.render {' '.join(argv or sys.argv[1:])}"
                result = {"machine": machine(), "commit": commit(), "command": command, "note": args.note, "rows": rows}
                args.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
