"""What a reviewer sees beside the picture: classes in colour, boxes with class, id and distance, time to collision, contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from sim.export.coco import CATEGORIES
from sim.render.mesh import Semantic

PALETTE = {
    Semantic.ROAD: (128, 64, 128), Semantic.SIDEWALK: (244, 35, 232), Semantic.BUILDING: (70, 70, 70), Semantic.WALL: (102, 102, 156),
    Semantic.FENCE: (190, 153, 153), Semantic.POLE: (153, 153, 153), Semantic.TRAFFIC_LIGHT: (250, 170, 30),
    Semantic.TRAFFIC_SIGN: (220, 220, 0), Semantic.VEGETATION: (107, 142, 35), Semantic.TERRAIN: (152, 251, 152),
    Semantic.SKY: (70, 130, 180), Semantic.PERSON: (220, 20, 60), Semantic.RIDER: (255, 0, 0), Semantic.CAR: (0, 0, 142),
    Semantic.TRUCK: (0, 0, 70), Semantic.BUS: (0, 60, 100), Semantic.TRAIN: (0, 80, 100), Semantic.MOTORCYCLE: (0, 0, 230),
    Semantic.BICYCLE: (119, 11, 32), Semantic.ROAD_MARKING: (235, 235, 235), Semantic.GUARD_RAIL: (180, 165, 180),
    Semantic.ANIMAL: (255, 128, 0), Semantic.OBSTACLE: (255, 220, 60), Semantic.TRAFFIC_CONE: (255, 90, 20),
    Semantic.STATIC: (110, 110, 90), Semantic.VAN: (30, 60, 190), Semantic.TRAILER: (30, 30, 110), Semantic.VOID: (0, 0, 0),
}  # fmt: skip
"""Colour of each class, sRGB: Cityscapes' where it has the class."""

_LOOKUP = np.zeros((256, 3), np.uint8)
for _semantic, _rgb in PALETTE.items():
    _LOOKUP[_semantic] = _rgb

BOX_COLORS = {
    "person": (255, 92, 122), "rider": (255, 92, 122), "bicycle": (255, 170, 92), "motorcycle": (255, 170, 92),
    "dog": (255, 200, 60), "animal": (255, 200, 60), "obstacle": (255, 230, 110), "traffic cone": (255, 150, 70),
}  # fmt: skip
VEHICLE_COLOR = (92, 200, 255)
CONFLICT_COLOR = (255, 60, 60)

WARNING, DANGER = 4.0, 1.5
"""Times to collision at which the banner comes, and turns red [s]."""
LEAST_NAMED = 13.0
"""Height of the smallest box with a name, in a picture of 800 by 450 pixels: about that of the name [pixels]."""
FLASH = 0.5
"""How long a contact flashes [s]."""
EDGES = tuple((i, i | 1 << axis) for i in range(8) for axis in range(3) if not i >> axis & 1)
"""Pairs of corners of a box."""

Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom [pixels]; the last two are beyond it."""

_NAMES = {category.id: category.name for category in CATEGORIES}


def colorize(semantic: np.ndarray) -> np.ndarray:
    """Classes as colours, (height, width, 3)."""
    return _LOOKUP[semantic]


@lru_cache(maxsize=8)
def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def draw_overlay(
    rgb: np.ndarray, semantic: np.ndarray, labels: Mapping[str, Any], hazard: Mapping[str, Any]
) -> np.ndarray:
    """The picture with classes, boxes and warnings drawn in.

    Args:
        rgb: (height, width, 3) uint8.
        semantic: (height, width) uint8.
        labels: Of the picture, as `sim.export.annotate.annotate` gives them.
        hazard: The frame's row of `sim.export.hazard.hazard_rows`.
    """
    from PIL import Image, ImageDraw

    grey = rgb.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    mixed = 0.55 * grey[..., None] + 0.45 * colorize(semantic).astype(np.float32)
    image = Image.fromarray(np.clip(mixed + 0.5, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    height, width = semantic.shape
    scale = max(min(width / 800, height / 450), 0.4)
    danger = _danger(hazard)
    # Far ones first; whom the ego is in conflict with last of all, so that nothing covers them.
    items = sorted(labels["objects"], key=lambda item: (item["actor"] in danger, -item["distance"]))
    for item in items:
        _draw_solid(draw, item, item["actor"] in danger, scale)
    for item in items:
        _draw_outline(draw, item, item["actor"] in danger, scale)
    # Names take their places the other way round, and none covers another, or the box of one that comes before it.
    taken: list[Rectangle] = []
    items.sort(key=lambda item: (danger.get(item["actor"], len(danger)), item["distance"]))
    boxes = [_rectangle(item) for item in items]
    for k, item in enumerate(items):
        _draw_name(draw, item, item["actor"] in danger, scale, taken, (boxes[:k], boxes[k + 1 :]), (width, height))
    _draw_status(draw, hazard, scale, (width, height))
    return np.asarray(image)


def _danger(hazard: Mapping[str, Any]) -> dict[str, int]:
    """Whom the ego touched or is in conflict with, by name, and how much they matter: 0 most.

    After the contact the ego is thrown about, and whom it then heads for says nothing.
    """
    touched = hazard["collision_time"] is not None
    order = (hazard["collision_actor"], None if touched else hazard["conflict_actor"], hazard["onset_actor"])
    return {name: rank for rank, name in enumerate(dict.fromkeys(name for name in order if name is not None))}


def _color(item: Mapping[str, Any], conflict: bool) -> tuple[int, int, int]:
    return CONFLICT_COLOR if conflict else BOX_COLORS.get(_NAMES[item["category_id"]], VEHICLE_COLOR)


def _draw_solid(draw: Any, item: Mapping[str, Any], conflict: bool, scale: float) -> None:
    """The 3D box, if all of it is before the camera."""
    corners = item["box_3d"]["corners_image"]
    if any(c[0] is None or c[2] < 0.3 or max(abs(c[0]), abs(c[1])) > 1e4 for c in corners):
        return
    faded = tuple(int(0.6 * c + 60) for c in _color(item, conflict))
    for i, j in EDGES:
        draw.line([tuple(corners[i][:2]), tuple(corners[j][:2])], fill=faded, width=max(1, round(scale)))


def _rectangle(item: Mapping[str, Any]) -> Rectangle:
    x, y, w, h = item["bbox"]
    return x, y, x + w, y + h


def _draw_outline(draw: Any, item: Mapping[str, Any], conflict: bool, scale: float) -> None:
    """The visible 2D box."""
    x, y, right, bottom = _rectangle(item)
    line = max(1, round((2.6 if conflict else 1.6) * scale))
    draw.rectangle([x, y, right - 1, bottom - 1], outline=_color(item, conflict), width=line)


def _draw_name(
    draw: Any,
    item: Mapping[str, Any],
    conflict: bool,
    scale: float,
    taken: list[Rectangle],
    boxes: tuple[Sequence[Rectangle], Sequence[Rectangle]],
    size: tuple[int, int],
) -> None:
    """Class, id and distance at the box, where there is room; of boxes that are not small, or in conflict.

    Args:
        draw: Of the picture.
        item: The label.
        conflict: Whether the ego is in conflict with it; its name may then go over any box, if there is no other place.
        scale: Size of things drawn, 1 in a picture of 800 by 450 pixels.
        taken: Where names are already; this one's place is added.
        boxes: Those that matter more, which the name may not cover, and all others, which it covers only if there is no other place.
        size: (width, height) of the picture.
    """
    if item["bbox"][3] < LEAST_NAMED * scale and not conflict:
        return
    text = f"{_NAMES[item['category_id']]} {item['track_id']}  {item['distance']:.0f} m"
    font = _font(max(9, round(13 * scale)))
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    pad = 3 * scale
    tw, th = right - left + 2 * pad, bottom - top + 2 * pad
    x, y, _, below = _rectangle(item)
    px = min(max(x, 0), max(size[0] - tw, 0))
    places = [(px, py, px + tw, py + th) for py in (y - th, below, y) if py >= 0 and py + th <= size[1]]
    free = [place for place in places if not any(_overlap(place, other) for other in taken)]
    apart = [place for place in free if not any(_overlap(place, other) for other in boxes[0])]
    clear = [place for place in apart if not any(_overlap(place, other) for other in boxes[1])]
    for place in (clear or apart or (free if conflict else []))[:1]:
        taken.append(place)
        draw.rectangle(place, fill=_color(item, conflict))
        draw.text((place[0] + pad - left, place[1] + pad - top), text, fill=(10, 12, 16), font=font)


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _caption(hazard: Mapping[str, Any]) -> str:
    """Time, speed, and the gap to whom the ego is in conflict with; if there is none, or after contact, to whom is nearest."""
    parts = [f"t {hazard['time']:.2f} s", f"{hazard['ego_speed'] * 3.6:.0f} km/h"]
    if hazard["conflict_distance"] is not None and hazard["collision_time"] is None:
        parts.append(f"gap to {hazard['conflict_actor']} {hazard['conflict_distance']:.1f} m")
    elif hazard["distance"] is not None:
        parts.append(f"gap to the nearest {hazard['distance']:.1f} m")
    return "   ".join(parts)


def _draw_status(draw: Any, hazard: Mapping[str, Any], scale: float, size: tuple[int, int]) -> None:
    """Time, speed and distance below; banner and frame in danger and at contact."""
    width, height = size
    font, large = _font(max(9, round(14 * scale))), _font(max(11, round(20 * scale)))
    pad = round(8 * scale)
    text = _caption(hazard)
    box = draw.textbbox((0, 0), text, font=font)
    top = height - (box[3] - box[1]) - 2 * pad
    draw.rectangle([0, top, box[2] - box[0] + 2 * pad, height], fill=(12, 14, 18))
    draw.text((pad - box[0], top + pad - box[1]), text, fill=(235, 238, 245), font=font)
    ttc = hazard["time_to_collision"]
    since = None if hazard["collision_time"] is None else hazard["time"] - hazard["collision_time"]
    if since is not None:
        banner, color = f"CONTACT  {hazard['collision_actor']}", CONFLICT_COLOR
    elif ttc is not None and ttc < WARNING:
        banner = f"TTC {ttc:.1f} s  {hazard['conflict_actor'] or ''}".rstrip()
        color = CONFLICT_COLOR if ttc < DANGER else (255, 176, 32)
    else:
        return
    box = draw.textbbox((0, 0), banner, font=large)
    w, h = box[2] - box[0], box[3] - box[1]
    left = (width - w) / 2
    draw.rectangle([left - 2 * pad, 0, left + w + 2 * pad, h + 2 * pad], fill=color)
    draw.text((left - box[0], pad - box[1]), banner, fill=(12, 12, 12), font=large)
    if (since is not None and since < FLASH) or (since is None and ttc is not None and ttc < DANGER):
        draw.rectangle([0, 0, width - 1, height - 1], outline=color, width=max(2, round(6 * scale)))
