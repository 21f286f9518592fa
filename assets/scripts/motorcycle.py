"""A motorcycle with a rider in a full-face helmet."""

from __future__ import annotations

import looks as lk
import numpy as np
import sh3f
from pack import Piece, bounds_of
from people import Person, Tint
from people_joints import JACKET_MAN
from people_recipes import Pose
from riders import piece_of, rider_of, seated, with_hat, write, write_rider
from sh3f import Soup
from shape import to_mesh
from vehicles import LOW_BEAM
from wheels import find_wheels

from sim.render.mesh import Material, Role, Semantic

RIDER = Person(
    "motorcycle", "reallusion/male01", JACKET_MAN, [], 1.78, 80.0, Pose(head=(-24.0, 0.0, 0.0)), drop_looks="^(27|10)$",
    tint=[Tint("^1$", 0.0, 0.35, 0.55)],
)  # fmt: skip
LAMPS = {"lights": Role.TAIL_LAMP, "front-lights": Role.HEAD_LAMP}
LOOKS: dict[str, Material] = {
    "glass": lk.GLASS, "yellow-plastic": lk.PLASTIC, "sweethome3d_window_mirror": lk.MIRROR, "black-leather": lk.SEAT,
    "red-color-front": lk.colored("red", (0.36, 0.012, 0.012), 0.35, clearcoat=1.0),
    "gold-metal": lk.colored("fork", (0.34, 0.27, 0.12), 0.35, metallic=0.8), "metal": lk.STEEL, "grey-metal": lk.STEEL,
}  # fmt: skip
HELMET: dict[str, Material] = {
    "plastictransparent": Material("visor", (0.02, 0.022, 0.025), 0.05, clearcoat=1.0),
    "blackpastics": lk.PLASTIC, "firstcolor": lk.TRIM, "blackrubber": lk.PLASTIC, "inside": lk.PLASTIC,
}  # fmt: skip


def _materials(soup: Soup, table: dict[str, Material]) -> list[Material]:
    """Materials of looks: of the table, or the picture, or black."""
    out = []
    for look in soup.looks:
        role = LAMPS.get(look.name)
        if role is not None:
            out.append(lk.lamp(role, texture=look.texture))
        elif look.name in table:
            out.append(table[look.name])
        elif look.texture is not None and look.name != "tires":
            out.append(Material(look.name, (0.9, 0.9, 0.9), 0.35, clearcoat=0.8, texture=look.texture))
        elif look.texture is not None:
            out.append(Material(look.name, (0.35, 0.35, 0.35), 0.9, texture=look.texture))
        else:
            out.append(lk.PLASTIC)
    return out


def build() -> None:
    """Write the motorcycle, and its rider."""
    soup = sh3f.load("scopia/yamaha-yzr-r6")
    soup = soup.pick(np.ones(len(soup), bool))
    wheels = find_wheels(soup, soup.of_look("^tires$"), single_track=True, inner=0.08)
    front, rear = wheels
    ground = min(soup.corners[w.faces].reshape(-1, 3)[:, 2].min() for w in wheels)
    origin = np.array([rear.center[0], 0.0, ground])
    soup.corners = soup.corners - origin
    materials = _materials(soup, LOOKS)
    body = rider_of(RIDER)
    hat = sh3f.load("scopia/casque")
    hat = hat.pick(~hat.of_look("^inside$"))
    middle = (hat.bounds[0] + hat.bounds[1]) / 2
    hat.corners = (hat.corners - middle) * 0.88 + body.ends["top"] - np.array([0.0, 0.0, 0.115])
    dressed = with_hat(body, hat)
    table = {id(look): m for look, m in zip(hat.looks, _materials(hat, HELMET), strict=True)}
    hips = np.array([-0.3, 0.0, 0.852]) - origin
    hands = {s: np.array([0.385, y, 0.945]) - origin for s, y in (("l", 0.29), ("r", -0.29))}
    soles = {s: np.array([-0.16, y, 0.4]) - origin for s, y in (("l", 0.2), ("r", -0.2))}
    pose = seated(dressed, hips, (24.0, 42.0, 50.0), hands, soles, chin=2.0, toes=-22.0, knees=12.0, elbows=38.0)
    top = write_rider(RIDER, dressed, table, pose[None], [body.soup.credit, hat.credit])
    rest = ~(front.faces | rear.faces)
    pieces = [Piece("body", to_mesh(soup.pick(rest), materials, Semantic.MOTORCYCLE))]
    for wheel, name, role in ((front, "front_middle", "steered_wheel"), (rear, "rear_middle", "wheel")):
        pieces.append(
            piece_of(soup.pick(wheel.faces), name, role, wheel.center - origin, materials, Semantic.MOTORCYCLE)
        )
    lower, upper = bounds_of(pieces)
    lamp = np.array([0.72, 0.0, 0.82]) - origin
    spec: dict[str, object] = {
        "name": "motorcycle", "mesh": "motorcycle.glb", "kinds": ["motorcycle"], "category": "motorbike", "semantic": "motorcycle",
        "size": (upper - lower).tolist(), "box_center": ((upper + lower) / 2).tolist(), "mass": 190.0,
        "wheelbase": float(front.center[0] - rear.center[0]), "wheel_radius": float(rear.radius), "max_steer": 0.5,
        "lights": [{"role": "head_lamp", "pos": lamp.tolist(), "direction": [1.0, 0.0, -0.02], "intensity": list(LOW_BEAM),
                    "inner": 0.12, "outer": 0.6}],
        "rider": "motorcycle_rider", "ridden_height": top,
    }  # fmt: skip
    write(spec, pieces, None, [soup.credit], "wheels and lamps split off")
