"""Labels as films of their own, which the reviewer's page lays over the film's boxes and classes, each with its legend."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.config import DatasetConfig
from sim.export.colors import (
    FAR,
    NEAR,
    NOTHING,
    Image,
    depth_color,
    direction_color,
    draw_bands,
    hue_color,
    log_share,
    number_color,
    turbo,
    wheel_color,
)
from sim.export.film import WIDEST, mosaic
from sim.export.outputs import OUTPUTS
from sim.export.overlay import PALETTE, colorize
from sim.export.tracks import Tracks
from sim.export.video import encode_video, pad_even
from sim.export.views import View, label_path, read_label, views_of
from sim.export.writer import write_bytes
from sim.render.mesh import Semantic
from sim.render.parts import FIRST_MARKING, part_names

CRF = 23
"""Of x264 for layers: colours are read off a legend, so they are coarser than the film."""
DARK, BRIGHT = 1e-3, 1e2
"""Luminances at the ends of the colours of radiance."""
HIDDEN = 0.4
"""How bright flow is drawn of what is then hidden."""
FAST = 30.0
"""Speed from which on scene flow has its full colour [m/s]."""
STOPS = 13
"""Colours of a scale that the page gets."""
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
TRACKS = 1024
"""Tracks after which colours of things come again."""
MEMORY = 4 << 30
"""Of all threads that write films together [bytes]."""

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Layer:
    """How one label is drawn and explained."""

    title: str
    about: str
    """What is seen, for people."""
    draw: Callable[[Any, DatasetConfig], Image]
    """From what the label's file holds to (height, width, 3)."""
    legend: Callable[[DatasetConfig], dict[str, Any]]
    """Its ``kind``: 'scale' has stops [share, colour], ticks [share, text] and a unit; 'wheel' stops by turn and what the rim means;
    'names' has [colour, text]."""
    masked: bool = False
    """Whether only the picture's classes tell what a lens does not show."""


# --- what each label's layer looks like -------------------------------------------------------------------------------------


def _nice(value: float) -> float:
    """The nearest smaller 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(k * power for k in (1.0, 2.0, 5.0) if k * power <= value * (1.0 + 1e-9))


def flow_scale(config: DatasetConfig) -> float:
    """Length of flow in full colour [pixels]: a tenth of the width at 10 Hz and at most a quarter, rounded down to 1, 2 or 5."""
    return _nice(config.cameras[0].width * min(1.0 / config.fps, 0.25))


def _scene_scale(config: DatasetConfig) -> float:
    return _nice(FAST / config.fps)


def _draw_flow(arrays: Arrays, config: DatasetConfig) -> Image:
    colors = wheel_color(arrays["flow"], flow_scale(config))
    return np.where(arrays["occluded"][..., None] != 0, colors * np.float32(HIDDEN), colors).astype(np.uint8)


def _draw_motion(arrays: Arrays, config: DatasetConfig) -> Image:
    # y is left of x on a map and down in a picture, so its sign changes.
    return wheel_color(arrays["motion"][..., :2] * np.array([1.0, -1.0], np.float32), _scene_scale(config))


def _draw_radiance(arrays: Arrays, _: DatasetConfig) -> Image:
    return turbo(
        log_share(arrays["radiance"].astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32), DARK, BRIGHT)
    )


def _draw_above(arrays: Arrays, _: DatasetConfig) -> Image:
    shown = arrays["semantic"]
    return np.where((shown == int(Semantic.VOID))[..., None], np.array(NOTHING, np.uint8), colorize(shown))


def _scale(
    color: Callable[[npt.NDArray[Any]], Image], ticks: Sequence[float], low: float, high: float
) -> dict[str, Any]:
    shares = np.linspace(0.0, 1.0, STOPS)
    colors = color(low * (high / low) ** shares)
    return {
        "kind": "scale",
        "stops": [[round(float(s), 4), c.tolist()] for s, c in zip(shares, colors, strict=True)],
        "ticks": [[round(float(log_share(np.array(t), low, high)), 4), f"{t:g}"] for t in ticks],
    }


def _wheel(full: float, unit: str) -> dict[str, Any]:
    turns = np.linspace(0.0, 1.0, STOPS)
    rim = np.stack([np.cos(2.0 * math.pi * turns), np.sin(2.0 * math.pi * turns)], -1)
    colors = wheel_color(rim, 1.0)
    return {
        "kind": "wheel",
        "stops": [[round(float(t), 4), c.tolist()] for t, c in zip(turns, colors, strict=True)],
        "rim": f"{full:g} {unit}",
    }


def _names(rows: Sequence[tuple[Sequence[int], str]]) -> dict[str, Any]:
    return {"kind": "names", "names": [[[int(v) for v in color], text] for color, text in rows]}


def _directions(axes: tuple[int, int, int], names: Sequence[str]) -> dict[str, Any]:
    units = np.array([sign * np.eye(3)[axis] for axis in range(3) for sign in (1, -1)])
    return _names(list(zip(direction_color(units, axes).tolist(), names, strict=True)))


def _class_names() -> list[tuple[Sequence[int], str]]:
    return [(rgb, s.name.lower().replace("_", " ")) for s, rgb in PALETTE.items() if s is not Semantic.VOID]


def _mask(title: str, about: str, names: Mapping[int, str], colors: Image | None = None) -> Layer:
    """A layer of numbers with names, in ``colors`` (one for each number) or such as tell them apart."""

    def draw(image: npt.NDArray[Any], _: Any = None) -> Image:
        return number_color(image) if colors is None else colors[image]

    rows = [(draw(np.array(number)).tolist(), name) for number, name in names.items() if number]
    return Layer(title, about, draw, lambda _: _names(rows))


def _picture(title: str, about: str) -> Layer:
    return Layer(title, about, lambda image, _: image, lambda _: _names([]))


def _flow(title: str, other: str) -> Layer:
    about = (
        f"Motion to the {other} frame in pixels; white: none, darker: then hidden or outside, darkest: not in the lens"
    )
    return Layer(title, about, _draw_flow, lambda config: _wheel(flow_scale(config), "px"), masked=True)


_PARTS = part_names()
LAMP_COLORS = np.array([NOTHING, (96, 104, 122), (255, 222, 84)], np.uint8)
CAMERA_AXES = (1, -1, -1)
"""Signs of the camera's axes that normals are drawn along: right, up and towards the camera."""

LAYERS: dict[str, Layer] = {
    "depth": Layer(
        "Depth", "Length of the pixel's ray in metres; dark: sky", lambda a, _: depth_color(a["range"]),
        lambda _: _scale(depth_color, (1, 2, 5, 10, 20, 50, 100, 200), NEAR, FAR) | {"unit": "m"},
    ),
    "flow": _flow("Flow", "next"),
    "flow_back": _flow("Flow back", "previous"),
    "scene_flow": Layer(
        "Scene flow", "Motion on the map to the next frame in metres, x to the right, y up; white: none, dark: then gone", _draw_motion,
        lambda config: _wheel(_scene_scale(config), "m"), masked=True,
    ),
    "normals": Layer(
        "Normals", "Where the surface faces, as unit vectors in the camera's frame; dark: sky",
        lambda a, _: direction_color(a["normals"], CAMERA_AXES),
        lambda _: _directions(CAMERA_AXES, ("right", "left", "down", "up", "away", "towards the camera")),
    ),
    "normals_world": Layer(
        "Normals, world", "Where the surface faces, as unit vectors on the map; dark: sky", lambda a, _: direction_color(a["normals"]),
        lambda _: _directions((1, 1, 1), ("x", "-x", "y", "-y", "up", "down")),
    ),
    "albedo": _picture("Albedo", "Base colour of the surface without light; black: sky"),
    "flat": _picture("Flat", "Albedo under a lamp along the camera's axis, without shadows"),
    "hdr": Layer(
        "Radiance", "Luminance before exposure; a sunlit white wall has 2", _draw_radiance,
        lambda _: _scale(lambda v: turbo(log_share(v, DARK, BRIGHT)), (0.001, 0.01, 0.1, 1, 10, 100), DARK, BRIGHT) | {"unit": ""},
    ),
    "panoptic": Layer(
        "Panoptic", "Each actor has a colour of its own, each part of it of another class too; all else that of its class",
        lambda a, _: _draw_panoptic(a), lambda _: _names(_class_names()),
    ),
    "part": _mask("Parts", "Part of the thing, of the road or of its markings", _PARTS),
    "lane": _mask("Markings", "Road markings by kind and colour", {n: name for n, name in _PARTS.items() if n >= FIRST_MARKING}),
    "drivable": _mask("Drivable", "Where one may drive", {1: "lanes and junctions", 2: "paved beside them"}),
    "anomaly": _mask(
        "Anomalies", "What has no business on a road",
        {1: "animal", 2: "obstacle", 3: "somebody or a cycle that lies", 4: "overturned vehicle"},
    ),
    "lamp": _mask("Lamps", "Lamps of vehicles, signals and streets", {1: "off", 2: "on"}, LAMP_COLORS),
    "bev": Layer(
        "From above", "Classes seen from above, the ego in the middle and its heading up: 100 m a side", _draw_above,
        lambda _: _names(_class_names()),
    ),
}  # fmt: skip
"""Labels that have a film of their own, in the order of the page's menu; `OUTPUTS` that are no picture have none."""


def _draw_panoptic(rgb: Image) -> Image:
    # id = 256 track_id + class + 1, and 0 where there is nothing.
    track = rgb[..., 1].astype(np.int32) + 256 * rgb[..., 2].astype(np.int32)
    return _panoptic_colors()[(track > 0) * (1 + (track - 1) % TRACKS), rgb[..., 0]]


@lru_cache(maxsize=1)
def _panoptic_colors() -> Image:
    """Colours of segments by track and class + 1, (1 + `TRACKS`, 256, 3); track 0: of no actor."""
    track, number = np.mgrid[0 : 1 + TRACKS, -1:255]
    # Brightness and share tell classes apart to the byte, hues the tracks of one, each as far from the last ones as can be.
    hue = 6.0 * ((track * GOLDEN + number * 0.29) % 1.0)
    out = hue_color(hue, 0.4 + 0.06 * (number // 3 % 10), 250.0 - 45.0 * (number % 3))
    out[0, 0], out[0, 1:] = NOTHING, colorize(np.arange(255))
    return out


def layer_names(config: DatasetConfig) -> list[str]:
    """Labels of a data set that have a layer."""
    return [name for name in LAYERS if name in config.outputs]


def legends(config: DatasetConfig) -> dict[str, dict[str, Any]]:
    """What the page says of the film's classes and of each layer, by the layer's name; '' for the film's."""
    classes = {"title": "Boxes and classes", "about": "", **_names(_class_names())}
    rows = {name: LAYERS[name] for name in layer_names(config)}
    return {"": classes} | {
        name: {"title": layer.title, "about": layer.about, **layer.legend(config)} for name, layer in rows.items()
    }


# --- films ------------------------------------------------------------------------------------------------------------------


def layer_path(root: Path, draw: str, name: str) -> Path:
    """Where a layer's film stands."""
    return root / "layers" / draw / f"{name}.mp4"


def missing_layers(root: Path, draw: str, config: DatasetConfig) -> list[str]:
    """Layers of a draw of which no film stands."""
    return [name for name in layer_names(config) if not layer_path(root, draw, name).is_file()]


def write_layers(
    root: Path, draw: str, names: Sequence[str], tracks: Tracks, config: DatasetConfig, step: Callable[[int], None] = lambda _: None
) -> None:  # fmt: skip
    """Write films of some layers, several at a time; the first error, or the user, ends all that are not done.

    Args:
        root: The data set's folder.
        draw: Id of the draw.
        names: The layers.
        tracks: The draw's.
        config: What is written.
        step: Takes how many more pictures are done, from several threads.
    """
    stop = Event()

    def frames(name: str) -> Iterator[Image]:
        for image in layer_frames(root, draw, name, tracks.nframe, config):
            if stop.is_set():
                raise CancelledError
            yield image
            step(1)

    def write(name: str) -> None:
        write_bytes(layer_path(root, draw, name), encode_video(frames(name), tracks.rate, crf=CRF))

    workers = ThreadPoolExecutor(worker_count(len(names), config))
    try:
        for done in as_completed([workers.submit(write, name) for name in names]):
            done.result()
    finally:
        stop.set()
        workers.shutdown(cancel_futures=True)


def worker_count(films: int, config: DatasetConfig) -> int:
    """How many films are written at a time: as many as there are cores, fewer if their pictures are very large."""
    sizes = [camera.width * camera.height for camera in config.cameras]
    # A label has 12 bytes a pixel at most; drawn pictures, of which all cameras' make a frame, have 3.
    each = 12 * max(sizes) + 3 * sum(sizes)
    return max(1, min(films, os.cpu_count() or 1, MEMORY // each))


def layer_frames(root: Path, draw: str, name: str, count: int, config: DatasetConfig) -> Iterator[Image]:
    """The pictures of a layer's film: of several cameras mosaics, as in the film of the pictures."""
    import cv2

    views = views_of(draw, config)
    views = views[:1] if OUTPUTS[name].once else views
    for k in range(count):
        images = [draw_layer(root, view, name, k, config) for view in views]
        if len(images) > 1:
            yield mosaic(images)
            continue
        height, width = images[0].shape[:2]
        share = min(1.0, WIDEST / 2 / width)
        size = max(1, round(width * share)), max(1, round(height * share))
        yield pad_even(images[0] if share == 1.0 else cv2.resize(images[0], size, interpolation=cv2.INTER_AREA))


def draw_layer(root: Path, view: View, name: str, frame: int, config: DatasetConfig) -> Image:
    """A label of one picture in colours; dark where the lens shows nothing."""
    layer = LAYERS[name]
    image = draw_bands(lambda label: layer.draw(label, config), read_label(label_path(root, view, name, frame)))
    if layer.masked:
        image[read_label(view.writer(root).path(view.key(frame), "semantic.png")) == int(Semantic.VOID)] = NOTHING
    return image
