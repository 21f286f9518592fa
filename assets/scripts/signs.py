"""Traffic signs of several countries on posts: a mesh and an atlas for each shape, the signs as its variants.

Pictures: npm `mapillary_sprite_source` 1.8.0 (MIT). ``npm pack mapillary_sprite_source@1.8.0``, unpack it, and set SWERVE_SIGNS to the
folder that holds its ``package_signs``.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import cv2  # noqa: TID253
import looks as lk
import numpy as np
import numpy.typing as npt
from manifest import record
from pack import ASSETS, Piece, bounds_of, write_glb, write_spec
from PIL import Image
from props import Sculpture
from shape import box, lathe, to_mesh

from sim.render.mesh import Material, Semantic, Surface

FOLDER = Path(os.environ.get("SWERVE_SIGNS", "node_modules/mapillary_sprite_source"))
SOURCE = {"package": "npm mapillary_sprite_source 1.8.0", "creator": "Mapillary", "licence": "MIT"}
CELL, COLUMNS = 128, 4
"""Pixels of a sign's side, signs in a row of an atlas."""
GREY = lk.colored("sign's back", (0.3, 0.31, 0.32), 0.5, metallic=0.6, surface=Surface.METAL)
STEEL = lk.colored("post", (0.36, 0.37, 0.38), 0.5, metallic=0.6, surface=Surface.METAL)


@dataclass(frozen=True)
class Shape:
    """Signs of one outline."""

    name: str
    size: float
    """Of the longer side [m]."""
    middle: float
    """Height [m]."""
    signs: tuple[tuple[str, str, str], ...]
    """Name, kind beside 'sign', and file of each; the first gives the outline."""


def _rows(text: str) -> tuple[tuple[str, str, str], ...]:
    rows = [line.split() for line in text.strip().splitlines()]
    return tuple((f"sign_{name}", kind, file) for name, kind, file in rows)


SHAPES = (
    Shape("sign_round", 0.6, 2.45, _rows("""
        speed_30 speed_sign regulatory--maximum-speed-limit-30--g1
        speed_50 speed_sign regulatory--maximum-speed-limit-50--g1
        speed_70 speed_sign regulatory--maximum-speed-limit-70--g1
        speed_80 speed_sign regulatory--maximum-speed-limit-80--g1
        speed_100 speed_sign regulatory--maximum-speed-limit-100--g1
        no_entry prohibition_sign regulatory--no-entry--g1
        no_overtaking prohibition_sign regulatory--no-overtaking--g1
        no_parking prohibition_sign regulatory--no-parking--g1
        no_left_turn prohibition_sign regulatory--no-left-turn--g1
        keep_right mandatory_sign regulatory--keep-right--g1
        turn_right mandatory_sign regulatory--turn-right--g1
        roundabout mandatory_sign regulatory--roundabout--g1
        cycle_path mandatory_sign regulatory--bicycles-only--g1
        footpath mandatory_sign regulatory--pedestrians-only--g2
        stop_round stop_sign regulatory--stop--g3
        no_parking_letter prohibition_sign regulatory--no-parking--g2""")),
    Shape("sign_triangle", 0.8, 2.4, _rows("""
        children warning_sign warning--children--g1
        pedestrians warning_sign warning--pedestrians-crossing--g1
        curve_left warning_sign warning--curve-left--g1
        double_curve warning_sign warning--double-curve-first-left--g1
        slippery warning_sign warning--slippery-road-surface--g1
        roadworks warning_sign warning--roadworks--g3
        roadworks_yellow warning_sign warning--roadworks--g1
        deer warning_sign warning--wild-animals--g1
        cattle warning_sign warning--domestic-animals--g7
        signals warning_sign warning--traffic-signals--g1
        uneven warning_sign warning--uneven-road--g1
        bump warning_sign warning--road-bump--g1
        narrows warning_sign warning--road-narrows--g1
        crossroads warning_sign warning--crossroads--g1
        roundabout_ahead warning_sign warning--roundabout--g1
        cyclists warning_sign warning--bicycles-crossing--g1""")),
    Shape("sign_diamond", 0.85, 2.4, _rows("""
        priority priority_sign regulatory--priority-road--g1
        children_diamond warning_sign warning--children--g2
        pedestrians_diamond warning_sign warning--pedestrians-crossing--g4
        curve_left_diamond warning_sign warning--curve-left--g2
        slippery_diamond warning_sign warning--slippery-road-surface--g2
        roadworks_diamond warning_sign warning--roadworks--g2
        roadworks_orange warning_sign warning--roadworks--g9
        deer_diamond warning_sign warning--wild-animals--g3
        cattle_diamond warning_sign warning--domestic-animals--g3
        signals_diamond warning_sign warning--traffic-signals--g2
        bump_diamond warning_sign warning--road-bump--g2
        narrows_diamond warning_sign warning--road-narrows--g2
        crossroads_diamond warning_sign warning--crossroads--g3
        cyclists_diamond warning_sign warning--bicycles-crossing--g3
        moose_diamond warning_sign warning--wild-animals--g8
        roundabout_diamond warning_sign warning--roundabout--g2""")),
    Shape("sign_octagon", 0.75, 2.3, _rows("""
        stop stop_sign regulatory--stop--g1
        stop_hand stop_sign regulatory--stop--g7
        stop_arabic stop_sign regulatory--stop--g8
        stop_korean stop_sign regulatory--stop--g10""")),
    Shape("sign_yield", 0.8, 2.35, _rows("""
        give_way yield_sign regulatory--yield--g1
        stop_japanese stop_sign regulatory--stop--g2""")),
    Shape("sign_board", 0.7, 2.4, _rows("""
        crossing information_sign information--pedestrians-crossing--g1
        parking information_sign information--parking--g1
        motorway information_sign information--motorway--g1
        hospital information_sign information--hospital--g1
        bus_stop information_sign information--bus-stop--g2
        priority_board priority_sign regulatory--priority-road--g2
        roundabout_board mandatory_sign regulatory--roundabout--g2
        two_people information_sign information--children--g2""")),
    Shape("sign_panel", 0.75, 2.3, _rows("""
        limit_30 speed_sign regulatory--maximum-speed-limit-30--g3
        limit_50 speed_sign regulatory--maximum-speed-limit-50--g3
        limit_70 speed_sign regulatory--maximum-speed-limit-70--g3
        keep_right_panel mandatory_sign regulatory--keep-right--g3
        one_way_panel mandatory_sign regulatory--one-way-right--g2
        no_left_turn_panel prohibition_sign regulatory--no-left-turn--g4
        turn_only_panel mandatory_sign regulatory--turn-right--g3
        median_panel mandatory_sign regulatory--keep-right--g4""")),
)  # fmt: skip


def drawn(file: str) -> npt.NDArray[np.uint8]:
    """A sign as sRGB with alpha, cropped and centred, CELL pixels square; what is beyond its edge continues the edge's colour."""
    import cairosvg

    raw = cairosvg.svg2png(url=str(FOLDER / "package_signs" / f"{file}.svg"), output_width=4 * CELL)
    image = np.asarray(Image.open(io.BytesIO(raw)).convert("RGBA"))
    rows, cols = np.flatnonzero(image[..., 3].max(axis=1) > 127), np.flatnonzero(image[..., 3].max(axis=0) > 127)
    image = image[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    side = max(image.shape[:2]) + 8
    square = np.zeros((side, side, 4), np.uint8)
    top, left = (side - image.shape[0]) // 2, (side - image.shape[1]) // 2
    square[top : top + image.shape[0], left : left + image.shape[1]] = image
    hole = (square[..., 3] < 250).astype(np.uint8)
    _, label = cv2.distanceTransformWithLabels(hole, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    solid = np.zeros((label.max() + 1, 3), np.uint8)
    solid[label[hole == 0]] = square[..., :3][hole == 0]
    square[..., :3] = solid[label]
    return cv2.resize(square, (CELL, CELL), interpolation=cv2.INTER_AREA)


def _outline(alpha: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Convex outline of a sign, shares of its cell from the top left, clockwise as seen, (n, 2)."""
    contours, _ = cv2.findContours((alpha > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(contours, key=len))
    points = cv2.approxPolyDP(hull, 0.008 * cv2.arcLength(hull, True), True)[:, 0].astype(float)
    area = np.cross(points, np.roll(points, -1, axis=0)).sum()
    return (points + 0.5 if area > 0 else points[::-1] + 0.5) / CELL


def _plate(s: Sculpture, shape: Shape, outline: npt.NDArray[np.float64], face: Material, rows: int) -> None:
    """A sheet of 6 mm on two brackets: the picture looks along -x, towards who drives along +x."""
    span = np.ptp(outline, axis=0).max()
    k = shape.size / span
    y, z = -(outline[:, 0] - 0.5) * k, shape.middle - (outline[:, 1] - 0.5) * k
    front = np.stack([np.full(len(y), -0.046), y, z], 1)
    back = front + [0.006, 0.0, 0.0]
    fan = np.array([[0, i, i + 1] for i in range(1, len(y) - 1)])
    uv = outline * [1.0 / COLUMNS, 1.0 / rows]
    s.add(front[fan], face, np.repeat(uv[fan][..., :], 1, axis=0))
    s.add(back[fan[:, ::-1]], GREY)
    ring = np.concatenate([np.arange(len(y)), [0]])
    for a, b in zip(ring, ring[1:], strict=False):
        s.add(np.array([[front[a], back[a], back[b]], [front[a], back[b], front[b]]]), GREY)
    for dz in (-0.25, 0.25):
        low = shape.middle + dz * shape.size
        s.add(box((-0.04, -0.05, low - 0.02), (0.034, 0.05, low + 0.02)), STEEL)


def build(shape: Shape) -> None:
    """Write one shape's post and plate, with its signs as variants."""
    cells = [drawn(file) for _, _, file in shape.signs]
    rows = -(-len(cells) // COLUMNS)
    atlas = np.full((rows * CELL, COLUMNS * CELL, 4), 255, np.uint8)
    for i, cell in enumerate(cells):
        r, c = divmod(i, COLUMNS)
        atlas[r * CELL : (r + 1) * CELL, c * CELL : (c + 1) * CELL, :3] = cell[..., :3]
    face = lk.atlas("sign", atlas, 0.35, clearcoat=0.4)
    s = Sculpture()
    s.add(
        lathe(
            [(0.03, 0.0), (0.03, shape.middle + 0.3 * shape.size), (0.0, shape.middle + 0.3 * shape.size + 0.01)], 12
        ),
        STEEL,
    )
    _plate(s, shape, _outline(cells[0][..., 3]), face, rows)
    soup, materials = s.finish()
    pieces = [Piece("body", to_mesh(soup, materials, Semantic.TRAFFIC_SIGN))]
    lower, upper = bounds_of(pieces)
    entries = []
    for i, (name, kind, _) in enumerate(shape.signs):
        r, c = divmod(i, COLUMNS)
        entries.append({"name": name, "kinds": ["sign", kind], "cell": [c / COLUMNS, r / rows]})
    changed = "drawn into an atlas, on posts modelled here"
    spec: dict[str, object] = {
        "name": shape.name, "mesh": f"{shape.name}.glb", "kinds": [shape.name], "category": "pole", "semantic": "traffic_sign",
        "size": (upper - lower).tolist(), "box_center": ((upper + lower) / 2).tolist(), "mass": 18.0, "variants": entries,
        "credits": [f"{SOURCE['creator']}, {SOURCE['licence']}, {SOURCE['package']}; changed: {changed}"],
    }  # fmt: skip
    folder = ASSETS / "signs"
    size = write_glb(folder / f"{shape.name}.glb", pieces)
    write_spec(folder / f"{shape.name}.yaml", spec, "signs.py")
    record(folder / f"{shape.name}.glb", [{**SOURCE, "file": "package_signs/*.svg"}], changed)
    print(
        f"{shape.name:16s} {len(shape.signs):3d} signs {len(pieces[0].mesh.triangles):5d} triangles {size / 1024:5.0f} KB",
        flush=True,
    )


ALL = {shape.name: shape for shape in SHAPES}
