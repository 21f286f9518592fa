"""The view from above beside the film: a lidar's points by class, radar detections with their speeds, boxes of all actors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.config import DatasetConfig
from sim.export.overlay import PALETTE
from sim.export.sensors import read_points, sensor_configs, sensor_to_ego
from sim.export.tracks import Tracks
from sim.rotation import inverse, rotate
from sim.sampling import ResolvedActor
from sim.sensors.config import LidarConfig
from sim.sensors.echoes import NO_CLASS
from sim.sensors.radar_rays import DetectionType

AHEAD, BEHIND = 60.0, 30.0
"""How far the view reaches [m]."""
BACKGROUND = (16, 18, 22)
RING = (44, 48, 56)
SOFT = (150, 205, 255)
"""Colour of echoes of fog, rain, snow and noise."""
BOX, EGO = (255, 255, 255), (90, 220, 120)
RADAR = {
    DetectionType.TARGET: (255, 220, 60),
    DetectionType.CLUTTER: (150, 140, 110),
    DetectionType.GHOST: (255, 90, 220),
    DetectionType.NOISE: (120, 120, 160),
}
ARROW = 0.5
"""Length of a detection's arrow per speed [s]."""

_COLORS = np.full((256, 3), SOFT, np.uint8)
for _semantic, _rgb in PALETTE.items():
    # Dark classes are lifted, so that they stand out from the background.
    _COLORS[_semantic] = np.clip(np.array(_rgb) * 0.75 + 64, 0, 255)


class TopView:
    """Draws one draw's frames, square and as high as the film.

    Args:
        root: The data set's folder.
        draw: Id of the draw.
        tracks: Its tracks.
        actors: Of its world.
        config: Of the data set.
        height: Of the film [pixels].
    """

    def __init__(
        self, root: Path, draw: str, tracks: Tracks, actors: Sequence[ResolvedActor], config: DatasetConfig, height: int
    ) -> None:
        self.root, self.draw, self.tracks, self.actors = root, draw, tracks, actors
        self.sensors, self.height = sensor_configs(config), height
        self.scale = height / (AHEAD + BEHIND)

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Column and row of points of the ego's frame: ahead is up, left is left, (..., 2)."""
        col = self.height / 2 - points[..., 1] * self.scale
        row = (AHEAD - points[..., 0]) * self.scale
        return np.stack([col, row], -1)

    def frame(self, k: int) -> np.ndarray:
        """The view at a frame, (height, height, 3) uint8."""
        from PIL import Image, ImageDraw

        image = Image.new("RGB", (self.height, self.height), BACKGROUND)
        draw = ImageDraw.Draw(image)
        for radius in range(20, 200, 20):
            ends = self.pixels(np.array([[radius, radius], [-radius, -radius]], float))
            draw.ellipse([*map(float, ends[0]), *map(float, ends[1])], outline=RING)
        canvas = np.array(image)
        for sensor in self.sensors:
            if isinstance(sensor, LidarConfig):
                self._scatter(canvas, read_points(self.root, sensor.name, self.draw, k), sensor_to_ego(sensor))
        image = Image.fromarray(canvas)
        draw = ImageDraw.Draw(image)
        self._boxes(draw, k)
        for sensor in self.sensors:
            if not isinstance(sensor, LidarConfig):
                self._detections(draw, k, read_points(self.root, sensor.name, self.draw, k), sensor_to_ego(sensor))
        return np.asarray(image)

    def _scatter(self, canvas: np.ndarray, points: Mapping[str, np.ndarray], to_ego: np.ndarray) -> None:
        """A pixel per point; what is no ground over the ground, the higher the brighter."""
        pos = points["pos"] @ to_ego[:3, :3].T + to_ego[:3, 3]
        at = np.floor(self.pixels(pos)).astype(int)
        inside = np.flatnonzero(((at >= 0) & (at < self.height)).all(axis=1))
        height = np.where(points["semantic"] == NO_CLASS, 1e3, pos[:, 2])
        order = inside[np.argsort(height[inside], kind="stable")]
        bright = np.clip(0.55 + 0.25 * pos[order, 2:3], 0.55, 1.0)
        canvas[at[order, 1], at[order, 0]] = (_COLORS[points["semantic"][order]] * bright).astype(np.uint8)

    def _boxes(self, draw: Any, k: int) -> None:
        """Outlines of the contact boxes, a line from the middle through the front."""
        arrays = self.tracks.arrays
        pos, rot = arrays["pos"][k].astype(float), arrays["rot"][k].astype(float)
        back = inverse(rot[0])
        for a, actor in enumerate(self.actors):
            if not int(arrays["visible"][k, a]) & 2:
                continue
            half = np.array(actor.size) / 2
            front = (half[0], 0.0)
            outline = [(half[0], half[1]), (half[0], -half[1]), (-half[0], -half[1]), (-half[0], half[1])]
            local = np.array([(x, y, 0.0) for x, y in (*outline, (0.0, 0.0), front)]) + actor.box_center
            at = self.pixels(rotate(back, rotate(rot[a], local) + pos[a] - pos[0]))
            if (np.abs(at) > 4 * self.height).any():
                continue
            color = EGO if a == 0 else BOX
            draw.polygon([tuple(map(float, p)) for p in at[:4]], outline=color)
            draw.line([tuple(map(float, p)) for p in at[4:]], fill=color)

    def _detections(self, draw: Any, k: int, points: Mapping[str, np.ndarray], to_ego: np.ndarray) -> None:
        """A disc per detection, larger if stronger, and a line along the ray: how fast it comes or goes over the ground."""
        pos = points["pos"] @ to_ego[:3, :3].T + to_ego[:3, 3]
        ray = points["pos"] / np.maximum(points["range"], 1e-3)[:, None] @ to_ego[:3, :3].T
        arrays = self.tracks.arrays
        back = inverse(arrays["rot"][k, 0])
        own, rate = (rotate(back, arrays[name][k, 0].astype(float)) for name in ("vel", "ang_vel"))
        speed = points["speed"] + ray @ (own + np.cross(rate, to_ego[:3, 3]))
        ends = self.pixels(pos + ray * speed[:, None] * ARROW)
        for at, end, kind, snr in zip(self.pixels(pos), ends, points["kind"], points["snr"], strict=True):
            color = RADAR[DetectionType(int(kind))]
            radius = float(np.clip(0.006 * self.height * (0.5 + snr / 40.0), 1.5, 6.0))
            x, y = (float(v) for v in at)
            draw.line([(x, y), (float(end[0]), float(end[1]))], fill=color)
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], outline=color)


def add_top_view(
    frames: Iterator[np.ndarray], root: Path, draw: str, tracks: Tracks, actors: Sequence[ResolvedActor], config: DatasetConfig
) -> Iterator[np.ndarray]:  # fmt: skip
    """A film's frames with the view from above beside them, if there is a lidar or a radar."""
    from sim.export.video import side_by_side

    view: TopView | None = None
    for k, frame in enumerate(frames):
        if not sensor_configs(config):
            yield frame
            continue
        view = view or TopView(root, draw, tracks, actors, config, frame.shape[0])
        yield side_by_side(frame, view.frame(k))
