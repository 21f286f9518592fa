"""The film of a draw from its files: the pictures, and beside them boxes and classes; of several cameras mosaics, of depth too."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.config import DatasetConfig
from sim.errors import SwerveError
from sim.export.colors import depth_color, draw_bands
from sim.export.hazard import hazard_rows
from sim.export.tracks import Tracks
from sim.export.views import View, label_path, read_label, views_of

WIDEST = 1920
"""Of a mosaic [pixels]: pictures are made smaller where they are wider together."""


def overlaid_frames(
    root: Path, draw: str, tracks: Tracks, names: Sequence[str], config: DatasetConfig
) -> Iterator[np.ndarray]:
    """The film of a draw: each picture, or the view from behind, and beside it boxes and classes."""
    from sim.export.video import side_by_side

    views = views_of(draw, config)
    labels = [view.read_labels(root, tracks.nframe) for view in views]
    rows = hazard_rows(draw, tracks, names)
    for k in range(tracks.nframe):
        cells = [_read(root, view, k, labels[i][k], rows[k]) for i, view in enumerate(views)]
        if len(cells) == 1:
            yield side_by_side(*cells[0])
            continue
        titles = [view.camera.name for view in views]
        parts = [mosaic([plain for plain, _ in cells], titles), mosaic([drawn for _, drawn in cells])]
        if "depth" in config.outputs:
            parts.append(mosaic([_read_depth(root, view, k) for view in views]))
        yield side_by_side(*parts)


def _read_depth(root: Path, view: View, frame: int) -> np.ndarray:
    """Length of the pixels' rays as colours, near ones warm."""
    return draw_bands(depth_color, read_label(label_path(root, view, "depth", frame))["range"])


def _read(
    root: Path, view: View, frame: int, labels: Mapping[str, Any], hazard: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """A picture, or the view from behind, and the picture with boxes and classes."""
    import cv2

    from sim.export.overlay import draw_overlay

    writer, key = view.writer(root), view.key(frame)
    picture = writer.path(key, view.picture)
    paths = picture, writer.path(key, "semantic.png"), view.chase_path(root, frame) if view.chase else picture
    bgr, semantic, shown = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in paths)
    if bgr is None or semantic is None or shown is None:
        raise SwerveError(f"{root}: frame {frame} of {view.name} is damaged; remove its file in labels/ and run again")
    drawn = draw_overlay(np.ascontiguousarray(bgr[..., ::-1]), np.asarray(semantic), labels, hazard)
    return np.ascontiguousarray(shown[..., ::-1]), drawn


def mosaic_cell(sizes: Sequence[tuple[int, int]]) -> tuple[int, int, int]:
    """Height and width of a cell of a mosaic of pictures (height, width), and how many stand in a row."""
    across = 3 if len(sizes) % 3 == 0 else math.ceil(math.sqrt(len(sizes)))
    height, width = (max(size[axis] for size in sizes) for axis in (0, 1))
    scale = min(1.0, WIDEST / 2 / (across * width))
    return 2 * max(1, round(height * scale / 2)), 2 * max(1, round(width * scale / 2)), across


def film_parts(config: DatasetConfig) -> list[tuple[str, int]]:
    """What stands beside one another in a film, and how wide each is [pixels]."""
    from sim.export.sensors import sensor_configs

    sizes = [(camera.height, camera.width) for camera in config.cameras]
    height, width = sizes[0]
    names = ["picture", "labels"]
    if len(sizes) > 1:
        height, width, across = mosaic_cell(sizes)
        height, width = height * -(-len(sizes) // across), width * across
        names += ["depth"] if "depth" in config.outputs else []
    parts = [(name, width) for name in names]
    return [*parts, ("above", height + height % 2)] if sensor_configs(config) else parts


def mosaic(images: Sequence[np.ndarray], titles: Sequence[str] = ()) -> np.ndarray:
    """Pictures in a grid, each as large as its cell allows and with its title in a corner; half a film's width at most.

    Args:
        images: Two or more, (height, width, 3) uint8 each.
        titles: Names of the cameras, if they are to be read.
    """
    import cv2

    height, width, across = mosaic_cell([(image.shape[0], image.shape[1]) for image in images])
    down = -(-len(images) // across)
    out = np.zeros((down * height, across * width, 3), np.uint8)
    for k, image in enumerate(images):
        fit = min(height / image.shape[0], width / image.shape[1])
        h, w = (max(1, min(limit, round(n * fit))) for n, limit in zip(image.shape, (height, width), strict=False))
        small = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)
        top, left = (k // across) * height + (height - h) // 2, (k % across) * width + (width - w) // 2
        if titles:
            write_title(small, titles[k])
        out[top : top + h, left : left + w] = small
    return out


def write_title(image: np.ndarray, title: str) -> None:
    """Write a camera's name into the lower left corner of its picture, in white on a dark ground, as large as fits."""
    import cv2

    font, size = cv2.FONT_HERSHEY_SIMPLEX, max(0.3, image.shape[0] / 500.0)
    (width, height), below = cv2.getTextSize(title, font, size, 1)
    if width + 8 > image.shape[1]:
        size *= max(image.shape[1] - 8, 1) / width
        (width, height), below = cv2.getTextSize(title, font, size, 1)
    top = image.shape[0] - height - below - 6
    image[max(top, 0) :, : width + 8] //= 3
    cv2.putText(image, title, (4, image.shape[0] - below - 2), font, size, (255, 255, 255), 1, cv2.LINE_AA)
