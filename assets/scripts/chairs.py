"""A wheelchair with who drives it by its rims, and a stroller with who pushes it."""

from __future__ import annotations

import math
from dataclasses import replace

import gait as ga
import looks as lk
import numpy as np
import numpy.typing as npt
import sh3f
from falls import turns_of
from livery import add_faces
from pack import Piece, bounds_of
from people import Body, Tint
from people_recipes import MEN, WOMEN
from riders import reach_arm, rider_of, seated, write, write_rider
from shape import box, decimate, to_mesh, tube
from skeleton import ROW, matrices

from sim.render.mesh import Material, Semantic, Surface

Array = npt.NDArray[np.float64]
FRAMES = 16
PUSH = 0.95
"""Distance of one push of a wheelchair's rims [m]."""
RIM = 0.27
"""Radius of the rims [m]."""
DRIVER = replace(
    MEN[1], name="wheelchair", height=1.75, mass=74.0,
    tint=[Tint("^1$", -150.0, 0.55, 0.8, (0.0, 0.0, 1.0, 0.49)), Tint("^1$", 0.0, 0.5, 0.55, (0.0, 0.49, 0.6, 1.0)), Tint("^27$", 0.0,
         0.3, 0.6)],
)  # fmt: skip
MOTHER = replace(
    WOMEN[0], name="stroller", height=1.69, mass=62.0,
    tint=[Tint("^1$", 205.0, 0.7, 0.9, (0.0, 0.0, 1.0, 0.6), over=0.6), Tint("^11$", 5.0, 0.9, 0.5)],
)  # fmt: skip


def _spec(
    name: str, kinds: list[str], pieces: list[Piece], mass: float, base: float, radius: float, top: float
) -> dict[str, object]:
    lower, upper = bounds_of(pieces)
    return {
        "name": name, "mesh": f"{name}.glb", "kinds": kinds, "category": "wheelchair", "semantic": "static",
        "size": (upper - lower).tolist(), "box_center": ((upper + lower) / 2).tolist(), "mass": mass, "parameters": "bicycle",
        "wheelbase": base, "wheel_radius": radius, "max_steer": 0.6, "rider": f"{name}_rider", "ridden_height": top,
    }  # fmt: skip


def build_wheelchair() -> None:
    """Write the wheelchair, its large wheels as one part, and who sits in it."""
    soup = sh3f.load("blendswap-cc-by/wheelchair")
    soup = decimate(soup.pick(np.ones(len(soup), bool)), soup.of_look("^(Rim|Tire)$"), 0.14)
    axle = np.array([-0.0995, 0.0, 0.2845])
    for y in (-0.13, 0.13):
        soup = add_faces(soup, box((0.3, y - 0.08, 0.085), (0.46, y + 0.08, 0.1)), "plate")
        soup = add_faces(soup, tube(np.array([[0.345, 1.45 * y, 0.31], [0.37, y, 0.1]]), 0.011, 6), "Rim")
    soup.corners = soup.corners - [axle[0], 0.0, 0.0]
    axle[0] = 0.0
    materials = [{"Rim": lk.STEEL, "Tire": lk.TYRE, "plate": lk.PLASTIC}.get(look.name, SEAT) for look in soup.looks]
    wheel = soup.of_group(r"^(1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20)_") & (soup.centers[:, 0] < 0.3)
    wheel &= ~soup.of_look("^plate$") & (soup.corners[..., 2].max(axis=1) < 0.6) & (np.abs(soup.centers[:, 1]) > 0.24)
    body = rider_of(DRIVER)
    poses = np.array([_rolling(body, axle, (k + 0.5) / FRAMES) for k in range(FRAMES)])
    top = write_rider(DRIVER, body, {}, poses, [body.soup.credit], PUSH, rest=poses[FRAMES // 4])
    pieces = [Piece("body", to_mesh(soup.pick(~wheel), materials, Semantic.STATIC))]
    part = soup.pick(wheel)
    part.corners = part.corners - axle
    pieces.append(Piece("rear_axle", to_mesh(part, materials, Semantic.STATIC), "wheel", (0.0, 0.0, float(axle[2]))))
    spec = _spec("wheelchair", ["wheelchair"], pieces, 14.0, 0.4, float(axle[2]), top)
    write(spec, pieces, None, [soup.credit], "thinned out, footplates added, wheels split off")


def _rolling(body: Body, axle: Array, phase: float) -> Array:
    """Bone matrices of who drives a wheelchair at a share of a push: forward on the rims, back above them, (19, 3, 4)."""
    if phase < 0.55:
        angle, lift = -6.0 + 56.0 * phase / 0.55, 0.0
    else:
        back = (phase - 0.55) / 0.45
        angle, lift = 50.0 - 28.0 * (1.0 - math.cos(math.pi * back)), 0.07 * math.sin(math.pi * back)
    a, r = math.radians(angle), RIM + 0.045 + lift
    hand = axle + [r * math.sin(a), 0.0, r * math.cos(a)]
    hands = {s: hand + [-0.02, y, 0.05] for s, y in (("l", 0.3), ("r", -0.3))}
    soles = {s: np.array([0.52, y, 0.125]) for s, y in (("l", 0.1), ("r", -0.1))}
    lean = 4.0 + 5.0 * math.sin(math.pi * min(phase / 0.55, 1.0))
    return seated(
        body,
        np.array([0.06, 0.0, 0.475]),
        (-8.0, lean - 3.0, lean + 3.0),
        hands,
        soles,
        toes=0.0,
        knees=4.0,
        elbows=30.0,
    )


def build_stroller() -> None:
    """Write the stroller and who walks behind it with both hands on its handle."""
    soup = sh3f.load("scopia/stroller")
    soup = decimate(soup.pick(np.ones(len(soup), bool)), soup.of_look("wheels|black-plastic|strap"), 0.4)
    soup.corners = soup.corners + [0.225, 0.0, 0.0]
    materials = [_cloth(look.name) for look in soup.looks]
    body = rider_of(MOTHER)
    handle = np.array([-0.185, 0.0, 0.97])
    stand, poses, stride = _pushing(body, handle)
    top = write_rider(MOTHER, body, {}, poses, [body.soup.credit], stride, Semantic.PERSON, stand)
    pieces = [Piece("body", to_mesh(soup, materials, Semantic.STATIC))]
    spec = _spec("stroller", ["stroller"], pieces, 9.0, 0.57, 0.057, top)
    write(spec, pieces, None, [soup.credit], "thinned out, recoloured")


def _cloth(name: str) -> Material:
    colors = {
        "color-bag": (0.012, 0.09, 0.11),
        "strap-bag": (0.02, 0.02, 0.022),
        "light-color-chair": (0.03, 0.14, 0.16),
        "dark-color-chair": (0.03, 0.032, 0.035),
    }
    if name in colors:
        return lk.colored(name, colors[name], 0.9, surface=Surface.CLOTH)
    return (
        lk.STEEL
        if name == "Aluminum"
        else lk.colored("wheels", (0.25, 0.25, 0.24), 0.6)
        if name == "beige-wheels"
        else lk.PLASTIC
    )


def _pushing(body: Body, handle: Array) -> tuple[Array, Array, float]:
    """Bone matrices of who stands and of who walks behind a handle, and the distance of a cycle [m]."""
    style = replace(ga.WALK, stride=0.66, lean=4.0, chest_yaw=2.0)
    feet = ga.feet_of(body.points, body.weights, body.joints)
    height = float(np.ptp(body.points[:, 2]))
    walk, stride = ga.cycle(body.joints, feet, height, style)
    stand = ga.standing(body.joints, feet, height)
    hands = {s: handle + [-0.02, y, 0.03] for s, y in (("l", 0.15), ("r", -0.15))}
    both = [np.array([_holding(body, pose, handle[0] - 0.45, hands) for pose in poses]) for poses in (stand, walk)]
    return both[0][0], both[1], stride


def _holding(body: Body, pose: Array, x: float, hands: dict[str, Array]) -> Array:
    """A pose moved ahead by ``x`` with both arms at a handle."""
    turns, root = turns_of(pose, body.joints)
    root = root + [x, 0.0, 0.0]
    posed = matrices(body.joints, turns, root)[1]
    for side, sign in (("l", 1.0), ("r", -1.0)):
        reach_arm(turns, body.joints, side, posed[ROW[f"{side}_arm"]], hands[side], 16.0 * sign)
    return matrices(body.joints, turns, root)[0]


SEAT = lk.colored("seat", (0.02, 0.021, 0.024), 0.85, surface=Surface.CLOTH)
ALL = {"wheelchair": build_wheelchair, "stroller": build_stroller}
