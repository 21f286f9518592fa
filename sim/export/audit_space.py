"""Checks labels of space against the picture: keypoints, raster from above, occupancy, lane lines, signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.assets.skeleton import KEYPOINTS
from sim.render.birds_eye import CELL as BEV_CELL
from sim.render.birds_eye import HALF
from sim.render.mesh import Semantic
from sim.render.parts import FIRST_LINE, FIRST_MARKING
from sim.render.voxels import CELL, FREE, LOWER
from sim.rotation import inverse, rotate, yaw_of

Floats = npt.NDArray[np.floating]

NEAR = 3.0
"""How far visible keypoints may lie from a pixel of their person, and all from its amodal box [pixels]."""
SMALL = 16
"""Of people less high in the picture, limbs are thinner than a pixel: between the pixels' middles [pixels]."""
BODY = 0.1
"""How far keypoints may lie outside the 3D box [m]: hair and toes."""
GROUND = (Semantic.ROAD, Semantic.SIDEWALK, Semantic.TERRAIN, Semantic.ROAD_MARKING)
THIN = 1e-3
"""Share of ground pixels that may show slivers narrower than the raster's cells, between their middles."""
MARKED = 0.85
"""Share of a solid line's points at which the raster from above must have a marking: patches and junctions interrupt it."""
NUDGES = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * 4e-3
"""Depth points near a cell's face may belong to the neighbour [m]."""


def check_keypoints(picture: Mapping[str, Any], labels: Mapping[str, Any]) -> list[str]:
    """Keypoints lie in the amodal box and in the 3D box, visible ones on their person."""
    faults = []
    instance = picture["arrays"]["instance"]
    for item in (*labels["objects"], *labels["hidden"]):
        if "keypoints" not in item:
            continue
        small = item["amodal_bbox"][3] < SMALL
        slot = item["track_id"] - 1
        points = np.array(item["keypoints"], float).reshape(-1, 3)
        faults += [] if small else _outside_box(item, points) + _off_person(item, points, instance)
        turn = picture["labels"]["box_rot"][slot]
        local = rotate(inverse(turn), np.array(item["keypoints_3d"]) - picture["labels"]["box_pos"][slot])
        outside = (np.abs(local) - picture["labels"]["box_size"][slot] / 2).max()
        if outside > BODY:
            faults.append(f"{item['actor']}: a keypoint lies {outside:.3f} m outside its 3D box")
        if item["num_keypoints"] != (points[:, 2] > 0).sum():
            faults.append(f"{item['actor']}: {item['num_keypoints']} is not the number of its keypoints")
    return faults


def _outside_box(item: Mapping[str, Any], points: Floats) -> list[str]:
    x, y, width, height = item["amodal_bbox"]
    shown = points[points[:, 2] > 0]
    if not len(shown) or not width:
        return []
    out = np.maximum(np.maximum((x, y) - shown[:, :2], shown[:, :2] - (x + width - 1, y + height - 1)), 0.0).max(1)
    margin = NEAR + 0.06 * height
    return (
        [f"{item['actor']}: a keypoint lies {out.max():.1f} pixels outside its amodal box"]
        if out.max() > margin
        else []
    )


def _off_person(item: Mapping[str, Any], points: Floats, instance: npt.NDArray[np.integer]) -> list[str]:
    pixels = np.argwhere(instance == item["track_id"])[:, ::-1]
    faults = []
    for name, (col, row, seen) in zip(KEYPOINTS, points, strict=True):
        if seen == 2 and (not len(pixels) or np.hypot(*(pixels - (col, row)).T).min() > NEAR):
            faults.append(f"{item['actor']}: its visible {name} at ({col}, {row}) is not on it")
    return faults


def to_grid(points: Floats, pos: Floats, rot: Floats) -> Floats:
    """World points in the level frame that turns with the ego's heading [m]."""
    yaw = float(yaw_of(rot))
    c, s = np.cos(yaw), np.sin(yaw)
    return (points - pos) @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def check_birds_eye(picture: Mapping[str, Any], points: Floats, ego: tuple[Floats, Floats]) -> list[str]:
    """Ground that the picture shows is the raster's; actors in the raster lie in their 3D boxes.

    Args:
        picture: With ``bev``.
        points: Where each pixel's surface is in the world [m], (height, width, 3).
        ego: Its position and orientation.
    """
    arrays, bev = picture["arrays"], picture["bev"]
    ground = (arrays["instance"] == 0) & np.isin(arrays["semantic"], [int(s) for s in GROUND])
    local = to_grid(points[ground], *ego)
    size = len(bev["ground"])
    row, col = (np.floor((HALF - local[:, k]) / BEV_CELL).astype(int) for k in (0, 1))
    # What lies under bridges and eaves is not seen from above.
    inside = (row > 0) & (col > 0) & (row < size - 1) & (col < size - 1) & (np.abs(local[:, 2]) < 4.0)
    row, col, seen = row[inside], col[inside], arrays["semantic"][ground][inside]
    here = bev["ground"][row, col]
    around = np.stack([bev["ground"][row + i, col + j] for i in (-1, 0, 1) for j in (-1, 0, 1)])
    # A line counts for all of its cell, so beside one the raster is broader than the road.
    line = np.any([bev["part"][row + i, col + j] >= FIRST_LINE for i in (-1, 0, 1) for j in (-1, 0, 1)], axis=0)
    sure = (around == here).all(0) & np.isin(here, [int(s) for s in GROUND]) & ~line
    wrong = sure & (here != seen)
    faults = []
    if wrong.sum() > THIN * sure.sum():
        k = int(np.argmax(wrong))
        faults.append(
            f"the raster from above differs at {int(wrong.sum())} of {int(sure.sum())} ground pixels, first {Semantic(int(here[k])).name} "
            f"for {Semantic(int(seen[k])).name} in cell ({row[k]}, {col[k]})"
        )
    return faults + _check_footprints(picture, ego)


def _check_footprints(picture: Mapping[str, Any], ego: tuple[Floats, Floats]) -> list[str]:
    """Cells of an actor lie within its 3D box seen from above."""
    faults = []
    bev, labels = picture["bev"], picture["labels"]
    yaw = float(yaw_of(ego[1]))
    ahead, left = np.array([np.cos(yaw), np.sin(yaw), 0.0]), np.array([-np.sin(yaw), np.cos(yaw), 0.0])
    for track in np.unique(bev["instance"]):
        if track == 0:
            continue
        row, col = np.nonzero(bev["instance"] == track)
        x, y = HALF - (row + 0.5) * BEV_CELL, HALF - (col + 0.5) * BEV_CELL
        center = labels["box_pos"][track - 1]
        flat = np.array(ego[0]) * [1, 1, 0] + x[:, None] * ahead + y[:, None] * left
        turn, size = labels["box_rot"][track - 1], labels["box_size"][track - 1]
        corners = np.array([(i, j, k) for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)]) / 2 * size
        reach = np.linalg.norm((rotate(turn, corners))[:, :2], axis=1).max()
        off = np.linalg.norm(flat[:, :2] - center[:2], axis=1).max() - reach
        if off > 0.02:
            faults.append(f"actor {track - 1}: the raster from above has it {off:.2f} m beyond its box")
    return faults


def check_occupancy(picture: Mapping[str, Any], points: Floats, ego: tuple[Floats, Floats]) -> list[str]:
    """Every point that the picture shows lies in an occupied cell, and cells with one are observed."""
    grid = picture["occupancy"]["semantic"]
    finite = np.isfinite(points).all(-1)
    local = to_grid(points[finite], *ego) - np.array(LOWER)
    size = np.array(grid.shape)
    inside = ((local > 0.01) & (local < size * CELL - 0.01)).all(1)
    near = local[inside][:, None] + NUDGES
    cell = np.clip(np.floor(near / CELL).astype(int), 0, size - 1)
    held = (grid[cell[..., 0], cell[..., 1], cell[..., 2]] != int(FREE)).any(1)
    faults = []
    if not held.all():
        k = int(np.argmin(held))
        faults.append(
            f"{int((~held).sum())} of {len(held)} depth points lie in free cells, first at {local[inside][k].round(3)}"
        )
    seen = (picture["occupancy"]["observed"][cell[..., 0], cell[..., 1], cell[..., 2]] == 1).any(1)
    if not seen.all():
        faults.append(f"{int((~seen).sum())} of {len(seen)} depth points lie in cells that are said to be unobserved")
    return faults


def check_lanes(picture: Mapping[str, Any]) -> list[str]:
    """Solid lines lie on the markings of the raster from above; the drivable polygons have the area of its lanes."""
    faults = []
    part = picture["bev"]["part"]
    marked = part >= FIRST_MARKING
    size = len(part)
    for line in picture["lane_lines"]["lane_lines"]:
        if line["kind"] not in ("solid", "double_solid"):
            continue
        xyz = np.array(line["xyz"])
        row, col = (np.floor((HALF - xyz[:, k]) / BEV_CELL).astype(int) for k in (0, 1))
        inside = (row > 1) & (col > 1) & (row < size - 2) & (col < size - 2)
        row, col = row[inside], col[inside]
        if len(row) < 10:
            continue
        near = np.any([marked[row + i, col + j] for i in (-1, 0, 1) for j in (-1, 0, 1)], axis=0)
        if near.mean() < MARKED:
            faults.append(
                f"lane line {line['track_id']} ({line['kind']}): marked at {near.mean():.0%} of its points only"
            )
    return faults


def check_signals(picture: Mapping[str, Any], labels: Mapping[str, Any], reach: float) -> list[str]:
    """Lamps of traffic lights that are said to be seen, within ``reach`` [m], are; a head is seen if one of its lamps is."""
    semantic = picture["arrays"]["semantic"]
    lights = np.argwhere(semantic == int(Semantic.TRAFFIC_LIGHT))[:, ::-1]
    faults = []
    for signal in labels["signals"]:
        name = f"signal {signal['signal']}"
        if signal["visible"] != any(lamp["visible"] for lamp in signal["lamps"]):
            faults.append(f"{name} is said to be {'' if signal['visible'] else 'not '}visible, its lamps are not so")
        if picture["view"] is None or np.linalg.norm(np.array(signal["position"]) - picture["view"][0]) >= reach:
            continue
        for lamp in signal["lamps"]:
            away = np.hypot(*(lights - lamp["pixel"]).T).min() if len(lights) else np.inf
            if lamp["visible"] and away > NEAR:
                faults.append(f"{name}'s {lamp['aspect']} lamp at {lamp['pixel']} should be seen")
    return faults
