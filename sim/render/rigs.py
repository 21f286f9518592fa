"""Rigs: several cameras on one ego, as presets or from a YAML file.

A file holds a list under ``cameras``, whose entries have the fields of `sim.cameras.CameraConfig`; quantities carry their units::

    cameras:
      - name: front
        size: 1280x960
        pos: [1.7 m, 0 m, 1.5 m]
        lens: {model: kannala_brandt, intrinsics: [610, 612, 641.2, 478.9], distortion: [0.07, -0.01, 0.002, 0]}
      - {name: rear, size: 800x450, pos: [-0.6 m, 0 m, 1.1 m], yaw: 180 deg, horizontal_fov: 100 deg}
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from sim.cameras import CameraConfig, Lens, inner_config
from sim.errors import SwerveError
from sim.scenario.distributions import Number
from sim.scenario.grammar import parse_value
from sim.scenario.source import Source, read_source
from sim.scenario.units import ANGLE, LENGTH, NONE, TIME, Dimension, QuantityError, article, describe

MAX_CAMERAS = 16

DIMENSIONS: dict[str, Dimension] = {
    "pos": LENGTH, "yaw": ANGLE, "pitch": ANGLE, "roll": ANGLE, "horizontal_fov": ANGLE, "max_angle": ANGLE, "readout": TIME,
    "exposure": TIME, "aperture": LENGTH, "focus": LENGTH, "start": TIME, "end": TIME,
}  # fmt: skip
"""Of the fields that carry a unit."""

NUSCENES = (
    # name, x, y, z [m], yaw, pitch, roll [deg], f, cx, cy [pixels of 1600x900]
    ("CAM_FRONT_LEFT", 1.524, 0.495, 1.509, 55.16, -0.14, 0.12, 1272.6, 826.6, 479.8),
    ("CAM_FRONT", 1.701, 0.016, 1.511, 0.33, 0.32, -0.05, 1266.4, 816.3, 491.5),
    ("CAM_FRONT_RIGHT", 1.551, -0.493, 1.496, -56.40, 0.78, 0.52, 1260.8, 808.0, 495.3),
    ("CAM_BACK_LEFT", 1.036, 0.485, 1.591, 108.60, 0.92, -0.22, 1256.7, 792.1, 492.8),
    ("CAM_BACK", 0.028, 0.003, 1.579, 179.86, -0.96, 0.23, 809.2, 829.2, 481.8),
    ("CAM_BACK_RIGHT", 1.015, -0.481, 1.562, -110.79, 0.93, 0.62, 1259.5, 807.3, 501.2),
)  # fmt: skip
"""Mounting and intrinsics of one of nuScenes' cars (Caesar et al. 2020; its logs n015), whose ego frame is ours."""


def nuscenes6() -> tuple[CameraConfig, ...]:
    """The six cameras of nuScenes, 1600x900; its pictures are published without distortion."""
    return tuple(
        CameraConfig(
            name, 1600, 900, pos=(x, y, z), yaw=math.radians(yaw), pitch=math.radians(pitch), roll=math.radians(roll),
            lens=Lens("pinhole", (f, f, cx, cy)),
        )
        for name, x, y, z, yaw, pitch, roll, f, cx, cy in NUSCENES
    )  # fmt: skip


def surround4() -> tuple[CameraConfig, ...]:
    """Four fisheyes of 190 degrees about the car, 1280x960, for views from above and parking; equidistant lenses."""
    places = (
        ("front", (3.7, 0.0, 0.7), 0.0, 20.0),
        ("left", (1.9, 1.0, 1.0), 90.0, 35.0),
        ("rear", (-0.9, 0.0, 0.9), 180.0, 25.0),
        ("right", (1.9, -1.0, 1.0), -90.0, 35.0),
    )
    return tuple(
        CameraConfig(
            name, 1280, 960, math.radians(190.0), pos, math.radians(yaw), math.radians(pitch), lens=Lens("kannala_brandt")
        )
        for name, pos, yaw, pitch in places
    )  # fmt: skip


def single() -> tuple[CameraConfig, ...]:
    """One camera behind the windscreen."""
    return (CameraConfig(),)


PRESETS = {"single": single, "nuscenes6": nuscenes6, "surround4": surround4}


def load_rig(name: str | Path, size: tuple[int, int] | None = None) -> tuple[CameraConfig, ...]:
    """The cameras of a preset or of a YAML file.

    Args:
        name: One of `PRESETS`, or a file.
        size: Width and height of the first camera's pictures, the others' in proportion; None: as the rig says.

    Raises:
        SwerveError: for rigs that cannot be; with file and line.
    """
    text = str(name)
    if text in PRESETS:
        cameras = PRESETS[text]()
    elif Path(text).suffix in (".yaml", ".yml"):
        cameras = _read_rig(read_source(Path(text)))
    else:
        raise SwerveError(f"no rig {text!r}: choose one of {', '.join(PRESETS)}, or name a .yaml file")
    if size is None:
        return cameras
    x, y = size[0] / cameras[0].width, size[1] / cameras[0].height
    return tuple(c.scaled(max(1, round(c.width * x)), max(1, round(c.height * y))) for c in cameras)


def _read_rig(source: Source) -> tuple[CameraConfig, ...]:
    rows = source.data.get("cameras")
    strangers = sorted(set(source.data) - {"cameras"})
    if strangers:
        raise source.error(f"unknown key {strangers[0]!r}", (strangers[0],), "A rig holds a list under 'cameras'.")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_CAMERAS:
        raise source.error(f"'cameras' must be a list of 1 to {MAX_CAMERAS} cameras", ("cameras",))
    cameras = []
    for k, row in enumerate(rows):
        path = ("cameras", k)
        if isinstance(row, dict) and "size" in row:
            row = {**row, **_size(source, row["size"], (*path, "size"))}
            del row["size"]
        camera = _config(source, CameraConfig, row, path)
        if any(camera.name == other.name for other in cameras):
            raise source.error(f"there are two cameras {camera.name!r}", path, "Names of files come from theirs.")
        if not camera.name or not all(c.isalnum() or c in "_-" for c in camera.name):
            raise source.error(
                f"a camera's name names files: {camera.name!r} cannot", path, "Letters, digits, _ and -."
            )
        cameras.append(camera)
    return tuple(cameras)


def _size(source: Source, text: Any, path: tuple[str | int, ...]) -> dict[str, str]:
    parts = str(text).split("x")
    if len(parts) != 2 or not all(p.strip().isdigit() for p in parts):
        raise source.error(f"size must be like 1280x960, not {text!r}", path)
    return {"width": parts[0], "height": parts[1]}


def _config(source: Source, kind: type[Any], data: Any, path: tuple[str | int, ...]) -> Any:
    """A dataclass of a YAML mapping; its own checks speak with the file's line."""
    if not isinstance(data, Mapping):
        known = ", ".join(field.name for field in fields(kind))
        raise source.error(f"here belongs a mapping, not {data!r}", path, f"Its keys: {known}.")
    hints, values = get_type_hints(kind), {}
    known = [field.name for field in fields(kind)]
    for key, value in data.items():
        at = (*path, key)
        if key not in known:
            near = difflib.get_close_matches(key, [*known, "size"], 1, 0.6)
            raise source.error(
                f"unknown key {key!r}", at, f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
            )
        values[key] = _field(source, key, hints[key], value, at)
    try:
        return kind(**values)
    except TypeError as error:
        raise source.error(f"a {kind.__name__} lacks something: {error}", path) from None
    except SwerveError as error:
        raise source.error(str(error), path) from None


def _field(source: Source, key: str, hint: Any, value: Any, path: tuple[str | int, ...]) -> Any:
    """A field's value, of the shape that its type has: a list, a mapping, or one of either's entries."""
    inner, listed = inner_config(hint), tuple in [get_origin(kind) for kind in (hint, *get_args(hint))]
    if value is None:
        if type(None) not in get_args(hint):
            raise source.error(f"{key} has no value", path, "Leave it out for the default.")
        return None
    if listed:
        if not isinstance(value, list):
            raise source.error(f"{key} must be a list, not {value!r}", path, f"Write {key}: [...].")
        if inner is not None:
            return tuple(_config(source, inner, v, (*path, i)) for i, v in enumerate(value))
        return tuple(_value(source, key, float, v, (*path, i)) for i, v in enumerate(value))
    return _config(source, inner, value, path) if inner is not None else _value(source, key, hint, value, path)


def _value(source: Source, key: str, hint: Any, value: Any, path: tuple[str | int, ...]) -> Any:
    """A scalar: words and truth values as they are, quantities in SI."""
    kinds = (hint, *get_args(hint))
    if not isinstance(value, str) and not (isinstance(value, bool) and bool in kinds):
        raise source.error(f"{key} must be {'a word' if str in kinds else 'a number'}, not {value!r}", path)
    if bool in kinds and not isinstance(value, bool):
        raise source.error(f"{key} must be true or false, not {value!r}", path)
    if isinstance(value, bool) or str in kinds:
        return value
    try:
        node = parse_value(value)
    except QuantityError as error:
        raise source.error(error.message, path, error.hint) from None
    wanted = DIMENSIONS.get(key, NONE)
    sign = 1.0
    while not isinstance(node, Number) and getattr(node, "op", "") == "neg":
        node, sign = node.operands[0], -sign  # pyright: ignore[reportAttributeAccessIssue]
    if not isinstance(node, Number) or node.dimension != wanted:
        what = describe(wanted) if wanted == NONE else article(describe(wanted).split(" ", 1)[-1]) + " with its unit"
        raise source.error(f"{key} must be {what}, not {value!r}", path)
    number = sign * node.value
    return int(number) if hint is int and number == int(number) else number
