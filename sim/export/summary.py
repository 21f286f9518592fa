"""What is written once all frames stand: annotations, hazards, calibration, the joined video, the page, and the manifest's contents."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sim.cameras import CameraConfig
from sim.config import DatasetConfig
from sim.export.class_maps import class_table
from sim.export.coco import CATEGORIES, Film, merge_annotations, merge_panoptic
from sim.export.film import film_parts
from sim.export.folder import tracks_path, video_path
from sim.export.hazard import find_events, format_csv, hazard_rows
from sim.export.lane_lines import line_names
from sim.export.layers import layer_names, layer_path, legends
from sim.export.outputs import OUTPUTS
from sim.export.plan import FORMAT, Plan, PlannedDraw, sha256_of
from sim.export.sensors import sensor_configs, sensor_index
from sim.export.split import SPLITS, split_of
from sim.export.tracks import Tracks
from sim.export.video import join_videos
from sim.export.views import View, label_path, views_of
from sim.export.writer import encode_json, write_bytes, write_chunks
from sim.render import birds_eye, voxels
from sim.render.lens import intrinsic_matrix, largest_angle
from sim.render.mesh import Semantic
from sim.render.parts import part_names
from sim.review.page import build_page
from sim.review.readable import readable
from sim.rotation import multiply, quaternion, rotate
from sim.scenario.world import Scenario
from sim.types import TICK

CONVENTIONS = {
    "units": "metres, seconds, radians, pixels",
    "world": "ISO 8855: x forward, y left, z up; the frame of the map",
    "ego": "origin at the OpenSCENARIO reference point: on the ground below the middle of the rear axle",
    "camera": "OpenCV: x right, y down, z forward; the middle of the first pixel is (0, 0)",
    "camera_pose": "images[].camera of annotations.json: position in the world frame, rotation row by row from camera to world",
    "mounting": "camera_to_ego, also as translation and rotation: of a camera that is not attached, its pose in the world frame; "
    "of one that follows, where it would be on level ground with nothing in between",
    "lens": "OpenCV's models: pinhole and brown_conrady as projectPoints (distortion k1 k2 p1 p2 k3 k4 k5 k6), kannala_brandt as "
    "fisheye::projectPoints (k1 .. k4); nothing is seen beyond max_angle from the axis (class 255, void)",
    "masks": "masks/*.semantic.png: class; masks/*.instance.png (16 bit): track_id of annotations.json, 0 where no actor is",
}
"""What the arrays mean, said in calibration.json."""

SERIES = (
    "time", "ego_speed", "ego_acceleration", "distance", "time_to_collision", "conflict_actor", "hazard", "collided", "off_road",
)  # fmt: skip
"""Columns of the hazard rows that the page plots or tells."""
SIGNIFICANT = 6
"""Digits of the numbers in the page."""


def write_summary(plan: Plan, root: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """Write everything that spans the frames.

    Args:
        plan: What was rendered.
        root: The data set's folder.
        known: `sim.export.plan.identity` of the run.

    Returns:
        The manifest.
    """
    films, hazards, rows, pages = [], [], [], []
    for draw in plan.draws:
        some, hazard, row, page = _summarize_draw(plan, draw, root)
        films += some
        hazards += hazard
        rows.append(row)
        pages.append(page)
    info = {"description": "Made by Swerve", "version": known["version"], "fingerprint": known["fingerprint"]}
    more = _write_annotations(plan, films, info, root)
    write_bytes(root / "hazard.csv", format_csv(hazards).encode())
    write_bytes(root / "calibration.json", encode_json(calibration(plan.config)))
    if sensor_configs(plan.config):
        scans = [(draw.id, row["frames"]) for draw, row in zip(plan.draws, rows, strict=True)]
        write_bytes(root / "sensors.json", encode_json(sensor_index(root, scans, plan.config)))
        more.append("sensors.json")
    if len(plan.draws) > 1:
        write_bytes(root / "video.mp4", join_videos([video_path(root, draw, len(plan.draws)) for draw in plan.draws]))
    page = {
        "version": known["version"],
        "config": known["config"],
        "scenarios": [page_scenario(s) for s in plan.scenarios],
        "categories": {str(c.id): c.name for c in CATEGORIES},
        "parts": film_parts(plan.config),
        "legends": legends(plan.config),
        "labels": label_files(plan.config),
        "draws": pages,
    }
    write_bytes(root / "index.html", build_page(page))
    outputs = ["annotations.json", "hazard.csv", "calibration.json", "video.mp4", "index.html", *more]
    return {"format": FORMAT, **known, "draws": rows, "outputs": {name: sha256_of(root / name) for name in outputs}}


def _summarize_draw(
    plan: Plan, draw: PlannedDraw, root: Path
) -> tuple[list[Film], list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """A draw's films, hazard rows, row of the manifest and part of the page."""
    tracks = Tracks.decode(tracks_path(root, draw).read_bytes())
    names = [actor.name for actor in draw.spec.actors]
    views, hazard = views_of(draw.id, plan.config), hazard_rows(draw.id, tracks, names)
    impacts = tracks.impacts(names)
    events = find_events(tracks, hazard, [i for i in impacts if i["actors"][0] == names[0]])
    index = next(i for i, s in enumerate(plan.scenarios) if s is draw.scenario)
    split, films = split_of(plan.config.seed, draw.family, draw.key), []
    for view in views:
        size, suffix = (view.camera.width, view.camera.height), view.picture.rsplit(".", 1)[-1]
        read = partial(view.read_labels, root, tracks.nframe)
        films.append(Film(view.name, size, suffix, read, draw.family, split))
    cut = {"cut_at": plan.config.duration if is_cut(tracks, draw, plan.config.duration) else None}
    row = draw_row(draw, index, tracks, hazard, events, root) | {"impacts": impacts} | cut
    video = video_path(root, draw, len(plan.draws)).relative_to(root).as_posix()
    seen = merge_views([view.read_labels(root, tracks.nframe) for view in views])
    layers = {n: layer_path(root, draw.id, n).relative_to(root).as_posix() for n in layer_names(plan.config)}
    page = page_draw(draw, index, tracks, views, seen, hazard, events, video) | cut | {"layers": layers}
    return films, hazard, row, page


def _write_annotations(plan: Plan, films: Sequence[Film], info: Mapping[str, Any], root: Path) -> list[str]:
    """Write COCO's annotations of all films and, where there are any, of each split and panoptic ones; names of the latter files."""
    write_chunks(root / "annotations.json", merge_annotations(films, info))
    parts = {f"{split}.json": [film for film in films if film.split == split] for split in SPLITS}
    parts = parts if all(parts.values()) else {}
    for name, some in parts.items():
        write_chunks(root / name, merge_annotations(some, info))
    if "panoptic" not in plan.config.outputs:
        return [*parts]
    write_chunks(root / "panoptic.json", merge_panoptic(films, info))
    return [*parts, "panoptic.json"]


def draw_row(
    draw: PlannedDraw,
    scenario: int,
    tracks: Tracks,
    hazard: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    root: Path,
) -> dict[str, Any]:
    """A draw in the manifest: what rebuilds its world, and what happened in it."""
    least = [row["time_to_collision"] for row in hazard if row["time_to_collision"] is not None]
    return {
        "id": draw.id,
        "scenario": scenario,
        "key": draw.key,
        "record": draw.spec.record,
        "tracks_sha256": sha256_of(tracks_path(root, draw)),
        "frames": tracks.nframe,
        "actors": [actor.name for actor in draw.spec.actors],
        "collided": bool(hazard[-1]["collided"]),
        "goal_reached": bool(hazard[-1]["goal_reached"]),
        "min_time_to_collision": min(least, default=None),
        "events": list(events),
    }


def is_cut(tracks: Tracks, draw: PlannedDraw, duration: float | None) -> bool:
    """Whether a draw was watched for ``duration`` [s] alone and would have gone on after that."""
    if duration is None or duration >= draw.spec.duration - TICK:
        return False
    return bool(tracks.arrays["done"][tracks.nframe - 1] == 0)


def calibration(config: DatasetConfig) -> dict[str, Any]:
    """Intrinsics and mounting of the cameras, names of classes and parts, and what every file's numbers mean."""
    return {
        "fps": config.fps,
        "cameras": [camera_row(camera) for camera in config.cameras],
        "classes": {str(int(semantic)): semantic.name.lower() for semantic in Semantic},
        "class_maps": class_table(),
        **_vocabularies(config.outputs),
        "conventions": CONVENTIONS | {name: OUTPUTS[name].about for name in config.outputs},
    }


def camera_row(camera: CameraConfig) -> dict[str, Any]:
    """One camera: ``translation``, ``rotation`` (w, x, y, z) and ``camera_intrinsic`` as nuScenes calls them, OpenCV's K and D."""
    mount = quaternion(camera.yaw, camera.pitch, camera.roll)
    # Columns: the camera's right, down and forward axes in the ego's frame.
    axes = np.array([(0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0)])
    to_ego = np.eye(4)
    to_ego[:3, :3] = rotate(mount, axes).T
    to_ego[:3, 3] = camera.pos
    # The camera's axes are the mount's, turned by (0.5, -0.5, 0.5, -0.5) in the order w, x, y, z.
    turn = multiply(mount, np.array([-0.5, 0.5, -0.5, 0.5]))
    k = intrinsic_matrix(camera)
    pinhole = camera.lens.model == "pinhole"
    plain = [0.0] * (4 if camera.lens.model == "kannala_brandt" else 5)  # OpenCV's functions take no empty list
    return {
        "name": camera.name,
        "width": camera.width,
        "height": camera.height,
        "model": camera.lens.model,
        "intrinsics": k,
        "distortion": list(camera.lens.distortion) or plain,
        "max_angle": None if pinhole else largest_angle(camera.lens),
        "horizontal_fov": camera.horizontal_fov if camera.lens.intrinsics is None else None,
        "attached": camera.attached,
        "follows": camera.follows,
        "camera_to_ego": np.round(to_ego, 12),
        "translation": list(camera.pos),
        "rotation": np.round(np.roll(turn, 1), 12),
        "camera_intrinsic": k,
        **{name: asdict(getattr(camera, name)) for name in ("shutter", "optics")},
        "sensor": None if camera.sensor is None else asdict(camera.sensor),
        "jpeg": camera.jpeg,
        "faults": [asdict(fault) for fault in camera.faults],
    }


def _vocabularies(outputs: Sequence[str]) -> dict[str, Any]:
    """Names of what the chosen outputs number, and the sizes of their grids."""
    out: dict[str, Any] = {}
    if {"part", "lane", "bev"} & set(outputs):
        out["parts"] = {str(number): name for number, name in part_names().items()}
    if "bev" in outputs:
        out["bev"] = {"half": birds_eye.HALF, "cell": birds_eye.CELL, "nothing": birds_eye.NOTHING}
    if "occupancy" in outputs:
        out["occupancy"] = {"size": voxels.SIZE, "cell": voxels.CELL, "lower": voxels.LOWER, "free": int(voxels.FREE)}
    if "lane_lines" in outputs:
        out["lane_categories"] = line_names()
    return out


# --- the page's data ------------------------------------------------------------------------------------------------------


def page_scenario(scenario: Scenario) -> dict[str, Any]:
    """What the page says of a scenario."""
    return {
        "id": scenario.id,
        "name": scenario.description or scenario.id,
        "danger": scenario.danger,
        "source": scenario.source,
        "tags": list(scenario.tags),
        "file": Path(scenario.path).name,
        "notes": [f"line {note.line}: {note.message}" for note in scenario.notes],
    }


def label_files(config: DatasetConfig) -> list[list[Any]]:
    """Where each label's files stand: its name, folder, what follows a frame's number, and whether a frame has it once."""
    root, view = Path(), views_of("draw", config)[0]
    paths = {name: label_path(root, view, name, 0) for name in config.outputs}
    return [[n, path.parts[0], path.name.split(".", 1)[1], OUTPUTS[n].once] for n, path in paths.items()]


def page_draw(
    draw: PlannedDraw,
    scenario: int,
    tracks: Tracks,
    views: Sequence[View],
    seen: Sequence[Sequence[Sequence[Any]]],
    hazard: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    video: str,
) -> dict[str, Any]:
    """A draw as the page plots it: a list per value with an entry per frame; ``seen``: `merge_views`."""
    names = [actor.name for actor in draw.spec.actors]
    danger = hazard_actor(hazard, names)
    series: dict[str, list[Any]] = {name: [_short(row[name]) for row in hazard] for name in SERIES}
    # Thrown about by a contact, the ego heads for one actor after another: times to collision then only flicker.
    series["time_to_collision"] = [
        None if row["collided"] else ttc for row, ttc in zip(hazard, series["time_to_collision"], strict=True)
    ]
    gaps = tracks.arrays["gap"][: tracks.nframe, names.index(danger)] if danger else [row["distance"] for row in hazard]
    series["hazard_distance"] = [
        None if g is None or not math.isfinite(g) else _short(round(float(g), 4)) for g in gaps
    ]
    return {
        "id": draw.id,
        "scenario": scenario,
        "key": draw.key,
        "video": video,
        "pictures": [[v.camera.name, v.name, v.picture.rsplit(".", 1)[-1]] for v in views],
        "fps": [tracks.rate.numerator, tracks.rate.denominator],
        "parameters": {name: readable(name, value) for name, value in draw.spec.record.items()},
        "actors": names,
        "hazard_actor": danger,
        "series": series,
        "events": list(events),
        "objects": seen,
    }


def merge_views(labels: Sequence[Sequence[Mapping[str, Any]]]) -> list[list[list[Any]]]:
    """Whom a draw's cameras see, frame by frame and the nearest first, each as the camera does that sees most of it.

    Args:
        labels: `View.read_labels` of each camera.

    Returns:
        Per frame and actor: track, category, distance [m], hidden share, area [pixels], numbers of the cameras that see it.
    """
    frames = []
    for together in zip(*labels, strict=True):
        best: dict[int, list[Any]] = {}
        for number, one in enumerate(together):
            for o in one["objects"]:
                row = [o["track_id"], o["category_id"], _short(o["distance"]), round(o["occlusion"], 2), o["area"]]
                old = best.get(o["track_id"])
                cameras = [*(old[5] if old else ()), number]
                best[o["track_id"]] = [*(old[:5] if old and old[4] >= o["area"] else row), cameras]
        frames.append(sorted(best.values(), key=lambda row: row[2]))
    return frames


def hazard_actor(hazard: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str | None:
    """Whom a draw is about: which of the actors the ego touched, else who became a hazard first, else who was nearest in time."""
    last = hazard[-1]
    timed = [row for row in hazard if row["time_to_collision"] is not None]
    nearest = min(timed, key=lambda row: row["time_to_collision"])["conflict_actor"] if timed else None
    touched = last["collision_actor"] if last["collision_actor"] in names else None
    return touched or last["onset_actor"] or nearest


def _short(value: Any) -> Any:
    """A number to the digits that matter on a page."""
    if isinstance(value, float) and math.isfinite(value) and value:
        return float(f"{value:.{SIGNIFICANT}g}")
    return value
