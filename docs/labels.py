"""Makes `docs/labels.jpg`: every label of one frame, side by side.

python docs/labels.py [--scenario NAME] [--draw K] [--time SECONDS] [--out FILE]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2  # noqa: TID253  (a script, not the package)
import numpy as np
import numpy.typing as npt

from sim.config import LABELS, DatasetConfig, SimConfig
from sim.export.coco import SKELETON
from sim.export.frames import FrameRenderer
from sim.export.outputs import encode_srgb
from sim.export.overlay import EDGES, colorize
from sim.export.tracks import record
from sim.export.views import views_of
from sim.render.lens import intrinsic_matrix
from sim.render.voxels import CELL, FREE, LOWER
from sim.render.world import build_library
from sim.rotation import quaternion, rotate, yaw_of
from sim.sampling import sample_worlds
from sim.scenario.reader import library_files, load_scenario

SIZE = (640, 360)
TILE = (400, 225)
RATE = 5
Image = npt.NDArray[np.uint8]


def palette(count: int = 256) -> Image:
    """Colours that tell numbers apart, 0 black."""
    hues = (np.arange(count) * 47) % 180
    hsv = np.stack([hues, np.full(count, 170), 130 + (np.arange(count) * 71) % 126], -1).astype(np.uint8)
    rgb = cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)[0]
    rgb[0] = 0
    return np.asarray(rgb, np.uint8)


COLORS = palette()


def stretched(array: npt.NDArray[Any], low: float, high: float) -> Image:
    """Numbers as grey, or three of them as colours."""
    scaled = np.clip((np.nan_to_num(array, posinf=high, neginf=low) - low) / (high - low), 0, 1) * 255
    return np.repeat(scaled[..., None], 3, -1).astype(np.uint8) if scaled.ndim == 2 else scaled.astype(np.uint8)


def flow_color(flow: npt.NDArray[Any]) -> Image:
    """Direction as hue, length as brightness."""
    u, v = np.nan_to_num(flow[..., 0]), np.nan_to_num(flow[..., 1])
    hue = (np.degrees(np.arctan2(v, u)) % 360) / 2
    value = np.clip(np.hypot(u, v) / 25.0, 0, 1) ** 0.6 * 255
    hsv = np.stack([hue, np.full_like(hue, 200), value], -1).astype(np.uint8)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def over(rgb: Image, mask: npt.NDArray[Any], share: float = 0.65) -> Image:
    """Numbers in colour over a dim picture."""
    grey = np.repeat(rgb.mean(-1, keepdims=True), 3, -1) * 0.6
    shown = np.where(mask[..., None] > 0, (1 - share) * grey + share * COLORS[mask % 256], grey)
    return shown.astype(np.uint8)


def draw_boxes(rgb: Image, labels: Mapping[str, Any]) -> Image:
    """Visible boxes (white), amodal ones (yellow), 3D boxes (blue)."""
    out = rgb.copy()
    for item in labels["objects"]:
        corners = item["box_3d"]["corners_image"]
        if all(c[0] is not None for c in corners):
            for a, b in EDGES:
                p, q = (tuple(int(np.clip(v, -2000, 2000)) for v in corners[k][:2]) for k in (a, b))
                cv2.line(out, p, q, (90, 200, 255), 1, cv2.LINE_AA)
        for key, color in (("amodal_bbox", (255, 220, 60)), ("bbox", (255, 255, 255))):
            x, y, w, h = item[key]
            cv2.rectangle(out, (x, y), (x + w, y + h), color, 1)
    return out


def draw_people(rgb: Image, labels: Mapping[str, Any]) -> Image:
    """Skeletons; visible keypoints green, hidden ones red."""
    out = (rgb * 0.6).astype(np.uint8)
    for item in labels["objects"]:
        points = np.array(item.get("keypoints", [])).reshape(-1, 3)
        for a, b in SKELETON if len(points) else ():
            if points[a - 1, 2] and points[b - 1, 2]:
                ends = (tuple(int(v) for v in points[k - 1, :2].round()) for k in (a, b))
                cv2.line(out, *ends, (255, 220, 60), 1, cv2.LINE_AA)
        for x, y, seen in points:
            if seen:
                cv2.circle(out, (round(x), round(y)), 2, (60, 255, 90) if seen == 2 else (255, 60, 60), -1)
    return out


def draw_lines(rgb: Image, picture: Mapping[str, Any], ego: tuple[Any, Any]) -> Image:
    """Lane lines and kerbs, seen parts thick."""
    out = (rgb * 0.6).astype(np.uint8)
    k = intrinsic_matrix(DatasetConfig(size=SIZE).cameras[0])
    pos, rot = picture["view"]
    for row in picture["lane_lines"]["lane_lines"]:
        local = (rotate(ego[1], np.array(row["xyz"])) + ego[0] - pos) @ rot
        color = tuple(int(v) for v in COLORS[2 * row["category"] + 3])
        for a, b, seen in zip(local[:-1], local[1:], row["visibility"], strict=False):
            if min(a[2], b[2]) > 0.5:
                p, q = (tuple(int(v) for v in (k @ c)[:2] / c[2]) for c in (a, b))
                cv2.line(out, p, q, color, 3 if seen else 1, cv2.LINE_AA)
    return out


def draw_voxels(grid: Mapping[str, Any]) -> Image:
    """Occupied cells from behind and above, nearer ones over farther ones."""
    height, width = SIZE[1], SIZE[0]
    index = np.argwhere(grid["semantic"] != int(FREE))
    points = (index + 0.5) * CELL + np.array(LOWER)
    keep = (points[:, 0] > -14) & (points[:, 2] < 5.0)
    index, points = index[keep], points[keep]
    turn = quaternion(0.0, 0.55)
    local = rotate(np.asarray(turn) * [-1, -1, -1, 1], points - np.array([-22.0, 0.0, 17.0]))
    order = np.argsort(-local[:, 0])
    out = np.full((height, width, 3), 24, np.uint8)
    colors = colorize(grid["semantic"][tuple(index.T)])
    shade = 0.65 + 0.35 * np.clip((points[:, 2] + 1) / 4, 0, 1)
    for i in order:
        x, y, z = local[i]
        if x > 2.0:
            u, v, s = width / 2 - 420 * y / x, height / 2 - 420 * z / x, 420 * CELL / x
            color = tuple(int(c) for c in colors[i] * shade[i])
            cv2.rectangle(out, (round(u - s / 2), round(v - s / 2)), (round(u + s / 2), round(v + s / 2)), color, -1)
    return out


def tile(image: Image, text: str) -> Image:
    """A picture at the sheet's size with its name."""
    height, width = TILE[1], TILE[0]
    if image.shape[0] == image.shape[1]:
        square = cv2.resize(image, (height, height), interpolation=cv2.INTER_AREA)
        image = np.full((height, width, 3), 24, np.uint8)
        image[:, (width - height) // 2 : (width + height) // 2] = square
    out = np.ascontiguousarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))
    cv2.rectangle(out, (0, 0), (9 * len(text) + 8, 20), (0, 0, 0), -1)
    cv2.putText(out, text, (5, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.48, (255, 255, 255), 1, cv2.LINE_AA)
    return out


def panels(picture: Mapping[str, Any], labels: Mapping[str, Any], ego: tuple[Any, Any]) -> list[Image]:
    """Every label as a picture."""
    a, bev = picture["arrays"], picture["bev"]
    rgb, hdr = a["rgb"], a["hdr"]
    amodal = np.zeros(rgb.shape[:2], int)
    for slot in np.argsort(-picture["labels"]["camera_pos"][:, 2]):
        amodal[picture["amodal"][slot]] = slot + 1
    depth = 1.0 / np.maximum(a["depth"], 1.0)
    nothing = bev["semantic"] == 255
    top = np.where(nothing[..., None], 24, colorize(np.where(nothing, 0, bev["semantic"])))
    return [
        tile(rgb, "rgb"), tile(encode_srgb(hdr * 0.25 / max(float(hdr.mean()), 1e-6)), "hdr, exposed by hand"),
        tile(encode_srgb(a["albedo"]), "albedo"), tile(colorize(a["semantic"]), "semantic"),
        tile(over(rgb, a["instance"] * 7 % 255 + (a["instance"] > 0)), "instance"),
        tile(over(rgb, np.where(a["panoptic"] > 0, a["panoptic"] * 13 % 251 + 1, 0), 0.8), "panoptic"),
        tile(over(rgb, a["part"].astype(int) * 5 % 256, 0.8), "part"), tile(over(rgb, amodal * 7), "amodal masks"),
        tile(draw_boxes(rgb, labels), "boxes: visible, amodal, 3D"), tile(draw_people(rgb, labels), "keypoints: seen, hidden"),
        tile(stretched(depth, 0.0, 0.25), "depth (inverse)"), tile(stretched(a["normal"], -1, 1), "normals, camera"),
        tile(stretched(a["normal_world"], -1, 1), "normals, world"), tile(flow_color(a["flow"]), "flow"),
        tile(stretched(a["flow_occluded"], 0, 1), "hidden in the next frame"), tile(flow_color(a["flow_back"]), "flow back"),
        tile(stretched(a["scene_flow"], -1.0, 1.0), "scene flow, world"), tile(over(rgb, a["anomaly"].astype(int) * 40), "anomaly"),
        tile(over(rgb, a["lamp"].astype(int) * 90, 0.9), "lamps: off, on"), tile(over(rgb, a["lane"].astype(int) * 3), "road markings"),
        tile(over(rgb, a["drivable"].astype(int) * 60), "drivable area"), tile(draw_lines(rgb, picture, ego), "lane lines and kerbs, 3D"),
        tile(top.astype(np.uint8), "from above"), tile(draw_voxels(picture["occupancy"]), "occupancy"),
        tile(stretched(picture["occupancy"]["observed"].any(2)[::-1, ::-1], 0, 1), "observed"),
    ]  # fmt: skip


def main() -> None:
    """Render the frame and write the sheet."""
    parser = argparse.ArgumentParser(description="Every label of one frame")
    parser.add_argument("--scenario", default="cyclist-in-blind-spot")
    parser.add_argument("--draw", type=int, default=1)
    parser.add_argument("--time", type=float, default=3.2)
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".jpg"))
    args = parser.parse_args()
    scenario = load_scenario(library_files()[args.scenario])
    batch = sample_worlds([scenario], [args.draw], None, SimConfig(pool=1))
    tracks = record(batch, Fraction(RATE))[0]
    config = DatasetConfig(size=SIZE, quality=args.quality, outputs=LABELS)
    renderer = FrameRenderer(build_library(batch), batch, 0, tracks, config)
    frame = min(round(args.time * RATE), tracks.nframe - 1)
    picture = renderer.render(frame)
    labels = renderer.sample(views_of("sheet", config)[0], frame, picture)["json"]
    ego = tracks.arrays["pos"][frame, 0].astype(float), tracks.arrays["rot"][frame, 0].astype(float)
    print(
        f"{args.scenario}, {frame / RATE:.1f} s, heading {np.degrees(yaw_of(ego[1])):.0f} deg, {len(labels['objects'])} objects"
    )
    tiles = panels(picture, labels, ego)
    rows = [np.hstack(tiles[i : i + 5]) for i in range(0, len(tiles), 5)]
    sheet = np.vstack(rows)[..., ::-1]
    quality = 88
    while True:
        _, data = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if len(data) <= 500_000:
            break
        quality -= 4
    args.out.write_bytes(data.tobytes())
    print(f"{args.out}: {sheet.shape[1]}x{sheet.shape[0]}, {len(data) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
