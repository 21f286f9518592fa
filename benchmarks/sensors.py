"""How fast lidar and radar are on one core.

    python -m benchmarks.sensors --out benchmarks/results/sensors.json

Scans of worlds of the library, each with its own map and actors, on one thread, timed by what the thread used of the processor (least
of several), so that what else the machine does matters less. Bounds, refit and weather tables are part of each figure.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

WORLDS = (
    ("child-between-parked-cars", "spin64", "clear"),
    ("child-between-parked-cars", "spin32", "clear"),
    ("cut-in-wet-motorway", "spin64", "clear"),
    ("cut-in-wet-motorway", "spin64", "rain 20 mm/h"),
    ("wrong-way-driver-in-fog", "spin64", "fog 60 m"),
    ("wrong-way-driver-in-fog", "spin128", "clear"),
    ("child-between-parked-cars", "rosette", "clear"),
)
"""Scenario, preset of the lidar, weather."""
WEATHER = {"clear": (1e5, 0.0), "rain 20 mm/h": (1e5, 20.0), "fog 60 m": (60.0, 0.0)}
"""Visibility [m] and rain [mm/h]."""


def least(action: Callable[[], object], repeats: int) -> float:
    """Processor time of an action of this thread [s]: the least of several."""
    times = []
    for _ in range(repeats):
        started = time.thread_time()
        action()
        times.append(time.thread_time() - started)
    return min(times)


def prepared(name: str) -> tuple[Any, Any]:
    """A world of a scenario two seconds after its start, and its library."""
    from sim.export.tracks import assign_poses, record
    from sim.render.world import build_library
    from sim.sampling import sample_worlds
    from sim.scenario.reader import expand, load_scenario

    batch = sample_worlds([load_scenario(expand([name])[0])], [0], "cpu")
    tracks = record(batch, Fraction(2), 2.5)[0]
    assign_poses(tracks, 4, batch.state)
    return batch, build_library(batch)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--note", default="", help="kept with the result, such as what else the machine did")
    args = parser.parse_args()
    from sim.bench import commit, machine
    from sim.sensors.lidar import Lidar
    from sim.sensors.presets import LIDARS, RADARS
    from sim.sensors.radar import Radar

    ready: dict[str, tuple[Any, Any]] = {}
    rows = []
    for name, preset, weather in WORLDS:
        batch, library = ready.setdefault(name, prepared(name))
        visibility, rain = WEATHER[weather]
        batch.scene.weather.fog_visibility.fill_(visibility)
        batch.scene.weather.rain.fill_(rain)
        lidar = Lidar(library, batch.scene, batch.state, LIDARS[preset])
        lidar.scan(batch.scene)
        seconds = least(lambda lidar=lidar, batch=batch: lidar.scan(batch.scene), args.repeats)
        beams, points = len(lidar.pattern.ago), int((lidar.points.echo.numpy() > 0).sum())
        rows.append(
            {
                "scenario": name, "lidar": preset, "weather": weather, "triangles": library.triangle_count, "beams": beams,
                "points": points, "ms_per_scan": round(1e3 * seconds, 1), "ns_per_beam": round(1e9 * seconds / beams),
                "points_per_second": round(points / seconds),
            }
        )  # fmt: skip
        print(rows[-1], flush=True)
    batch, library = ready["child-between-parked-cars"]
    for preset in ("long", "short", "imaging"):
        config = replace(RADARS[preset][0])
        radar = Radar(library, batch.scene, batch.state, config)
        radar.measure(batch.scene)
        seconds = least(lambda radar=radar: radar.measure(batch.scene), args.repeats)
        rays = config.beams * config.rays[0] * config.rays[1]
        found = int((radar.detections.kind.numpy() > 0).sum())
        row = {"radar": preset, "rays": rays, "detections": found, "ms_per_frame": round(1e3 * seconds, 2)}
        rows.append(row | {"ns_per_ray": round(1e9 * seconds / rays)})
        print(rows[-1], flush=True)
    command = "python -m benchmarks.sensors"
    result = {"machine": machine(), "commit": commit(), "command": command, "note": args.note, "rows": rows}
    if args.out:
        args.out.write_text(json.dumps(result, indent=1, default=np.generic.item) + "\n")


if __name__ == "__main__":
    main()
