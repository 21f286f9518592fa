"""What `swerve render --outputs` offers: which images of the renderer each label needs, its file, and how it is coded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.config import LABELS
from sim.render.mesh import Semantic

Picture = Mapping[str, Any]
"""What `sim.export.frames.FrameRenderer.render` gives."""

BASE = ("rgb", "semantic", "instance")
"""Images of every data set."""


def half(array: np.ndarray) -> np.ndarray:
    """As float16; what is beyond its range becomes infinite."""
    with np.errstate(over="ignore"):
        return array.astype(np.float16)


def encode_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear 0..1 as 8-bit sRGB (IEC 61966-2-1)."""
    x = np.clip(linear, 0.0, 1.0)
    code = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.power(x, 1 / 2.4, where=x > 0, out=np.zeros_like(x)) - 0.055)
    return (255.0 * code + 0.5).astype(np.uint8)


def panoptic_rgb(ids: np.ndarray) -> np.ndarray:
    """COCO's colours of panoptic ids: R + 256 G + 65536 B, (height, width, 3) uint8."""
    return np.stack([ids & 255, (ids >> 8) & 255, (ids >> 16) & 255], -1).astype(np.uint8)


AMBIENT = 0.5
"""Share of a flat picture's light that comes from everywhere; the rest comes from a lamp along the camera's axis."""
FLAT_SKY = 0.5
"""What a flat picture shows for sky, linear."""


def flat_picture(albedo: np.ndarray, normal: np.ndarray, semantic: np.ndarray) -> np.ndarray:
    """The picture of a renderer without light, shadow and weather's air: albedo times the cosine to a lamp along the camera's axis.

    Args:
        albedo: Linear, (height, width, 3).
        normal: In the camera's frame, z forward; 0 for sky, (height, width, 3).
        semantic: Classes, (height, width).

    Returns:
        8-bit sRGB, black where the lens shows nothing, (height, width, 3).
    """
    light = AMBIENT + (1.0 - AMBIENT) * np.abs(normal[..., 2:])
    sky = np.where(semantic == int(Semantic.VOID), 0.0, FLAT_SKY)[..., None]
    return encode_srgb(np.where(normal.any(-1, keepdims=True), albedo * light, sky))


@dataclass(frozen=True)
class Output:
    """One label."""

    file: str
    """Extension of its file; the last part chooses the coding (`sim.export.writer`)."""
    folder: str
    images: tuple[str, ...]
    """Images of the renderer that it needs."""
    encode: Callable[[Picture], Any]
    """From a picture to what the file holds."""
    about: str
    """What the numbers mean, for calibration.json."""
    once: bool = False
    """Whether a frame has it once, whatever its cameras."""


def _mask(name: str, about: str) -> Output:
    """A class image as the renderer has it."""
    return Output(
        f"{name}.png", "masks", (name,), lambda picture: picture["arrays"][name], f"masks/*.{name}.png: {about}"
    )


def _flow(name: str) -> Callable[[Picture], Any]:
    # Columns and rows as a plane each: a third smaller, and faster to compress.
    return lambda picture: {
        "flow": np.asfortranarray(half(picture["arrays"][name])),
        "occluded": picture["arrays"][f"{name}_occluded"],
    }


OUTPUTS: dict[str, Output] = {
    "depth": Output(
        "depth.npz", "depth", ("depth", "range"), lambda p: {k: half(p["arrays"][k]) for k in ("depth", "range")},
        "depth/*.npz: 'depth' along the camera's z axis, 'range' along the pixel's ray, infinite for sky",
    ),
    "flow": Output(
        "flow.npz", "flow", ("flow",), _flow("flow"),
        "flow/*.npz: 'flow' in columns and rows from this frame to the next; 'occluded' is 1 where the point is then hidden",
    ),
    "flow_back": Output(
        "flow_back.npz", "flow_back", ("flow_back",), _flow("flow_back"),
        "flow_back/*.npz: the same from this frame to the one before",
    ),
    "scene_flow": Output(
        "scene_flow.npz", "scene_flow", ("scene_flow",), lambda p: {"motion": p["arrays"]["scene_flow"]},
        "scene_flow/*.npz: 'motion' of the pixel's point to the next frame in the world frame [m], float32, NaN where it is then gone",
    ),
    "normals": Output(
        "normals.npz", "normals", ("normal",), lambda p: {"normals": half(p["arrays"]["normal"])},
        "normals/*.npz: 'normals' in the camera frame, unit, zero for sky",
    ),
    "normals_world": Output(
        "normals_world.npz", "normals_world", ("normal_world",), lambda p: {"normals": half(p["arrays"]["normal_world"])},
        "normals_world/*.npz: 'normals' in the world frame, unit, zero for sky",
    ),
    "albedo": Output(
        "albedo.png", "albedo", ("albedo",), lambda p: encode_srgb(p["arrays"]["albedo"]),
        "albedo/*.png: base colour of the surface without light, 8-bit sRGB, black for sky",
    ),
    "flat": Output(
        "flat.png", "flat", ("albedo", "normal"),
        lambda p: flat_picture(p["arrays"]["albedo"], p["arrays"]["normal"], p["arrays"]["semantic"]),
        "flat/*.png: the same under a lamp along the camera's axis and as much light from everywhere, no shadows, 8-bit sRGB, grey sky",
    ),
    "hdr": Output(
        "hdr.npz", "hdr", ("hdr",), lambda p: {"radiance": half(p["arrays"]["hdr"])},
        "hdr/*.npz: 'radiance', linear RGB before exposure, in the scale in which a sunlit white wall has 2",
    ),
    "panoptic": Output(
        "panoptic.png", "masks", ("panoptic",), lambda p: panoptic_rgb(p["arrays"]["panoptic"]),
        "masks/*.panoptic.png: COCO panoptic, id = R + 256 G + 65536 B = 256 track_id + class + 1; segments in panoptic.json",
    ),
    "part": _mask("part", "part of the thing, of the road or of its markings: names under 'parts'"),
    "lane": _mask("lane", "the same for road markings alone, 0 elsewhere"),
    "drivable": _mask("drivable", "1 lanes and junctions, 2 what lies beside them and is paved, 0 elsewhere"),
    "anomaly": _mask("anomaly", "1 animal, 2 obstacle, 3 somebody or a cycle that lies, 4 overturned vehicle, 0 elsewhere"),
    "lamp": _mask("lamp", "1 a lamp that is off, 2 one that is on, 0 elsewhere"),
    "bev": Output(
        "bev.npz", "bev", (), lambda p: p["bev"],
        "bev/*.npz: from above, row 0 farthest ahead, column 0 farthest left of the ego: 'ground' and 'semantic' (with actors) classes, "
        "'part', 'instance' track_id; 255: nothing there",
        once=True,
    ),
    "occupancy": Output(
        "occupancy.npz", "occupancy", (), lambda p: p["occupancy"],
        "occupancy/*.npz: 'semantic' class of each cell (x ahead, y left, z up), 255 free; 'observed' 1 where a camera sees it or past it",
    ),
    "lane_lines": Output(
        "lane_lines.json", "lane_lines", ("depth",), lambda p: p["lane_lines"],
        "lane_lines/*.json: lines and kerbs as polylines in the ego's frame with OpenLane's categories; drivable area as polygons",
    ),
}  # fmt: skip
"""Labels beside those of every data set, in the order in which they are written."""
assert tuple(OUTPUTS) == LABELS


def images_of(outputs: Sequence[str]) -> tuple[str, ...]:
    """Images that a renderer makes for a data set: those of `BASE` and of the chosen outputs, each once."""
    return tuple(dict.fromkeys([*BASE, *(image for name in outputs for image in OUTPUTS[name].images)]))
