"""A motorcycle, a moped and an e-scooter, each with who rides it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import looks as lk
import numpy as np
import numpy.typing as npt
import sh3f
from livery import add_faces
from pack import Piece, bounds_of
from people import Body, Person, Tint
from people_joints import JACKET_MAN
from people_recipes import MEN, WOMEN, Pose
from riders import piece_of, rider_of, seated, with_hat, write, write_rider
from sh3f import Soup
from shape import add_look, box, tube
from shape import to_mesh as mesh_of
from wheels import find_wheels

from sim.assets.own_looks import LOW_BEAM
from sim.render.mesh import Material, Role, Semantic

Array = npt.NDArray[np.float64]
HELMET: dict[str, Material] = {
    "plastictransparent": Material("visor", (0.02, 0.022, 0.025), 0.05, clearcoat=1.0),
    "blackpastics": lk.PLASTIC, "firstcolor": lk.TRIM, "blackrubber": lk.PLASTIC, "inside": lk.PLASTIC,
}  # fmt: skip


@dataclass
class Machine:
    """How a source becomes a machine with two wheels, and how it is ridden; points in the source's frame [m]."""

    name: str
    source: str
    kinds: list[str]
    mass: float
    person: Person
    hips: tuple[float, float, float]
    hand: tuple[float, float, float]
    """Left wrist; the right one mirrors it."""
    soles: dict[str, tuple[float, float, float]]
    """Balls of the feet."""
    lamp: tuple[float, float, float]
    looks: dict[str, Material]
    """By name; others are pictures, or black."""
    tyre: str = "^tires$"
    lamps: dict[str, Role] = field(default_factory=dict)
    """Looks that are lamps."""
    lean: tuple[float, float, float] = (4.0, 6.0, 8.0)
    style: dict[str, float] = field(default_factory=dict)
    scale: float = 1.0
    inner: float = 0.08
    prepare: Callable[[Soup], Soup] | None = None
    helmet: float = 0.88
    """Size of a full-face helmet; 0: bareheaded."""
    category: str = "motorbike"
    semantic: Semantic = Semantic.MOTORCYCLE
    parameters: str = "motorcycle"
    beam: float = 1.0
    """Brightness of the lamp next to a car's low beam."""
    changed: str = "wheels and lamps split off"


def _materials(soup: Soup, table: dict[str, Material], lamps: dict[str, Role]) -> list[Material]:
    """Materials of looks: of the table, or the picture, or black."""
    out = []
    for look in soup.looks:
        role = lamps.get(look.name)
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


def _helmeted(body: Body, size: float) -> tuple[Body, dict[int, Material], list[dict[str, str]]]:
    """A body with a full-face helmet, its materials and its credit."""
    hat = sh3f.load("scopia/casque")
    hat = hat.pick(~hat.of_look("^inside$"))
    middle = (hat.bounds[0] + hat.bounds[1]) / 2
    hat.corners = (hat.corners - middle) * size + body.ends["top"] - np.array([0.0, 0.0, 0.115])
    table = {id(look): m for look, m in zip(hat.looks, _materials(hat, HELMET, {}), strict=True)}
    return with_hat(body, hat), table, [hat.credit]


def build(machine: Machine) -> None:
    """Write a machine, and its rider."""
    soup = sh3f.load(machine.source)
    soup = soup.pick(np.ones(len(soup), bool))
    soup.corners = soup.corners * machine.scale
    if machine.prepare:
        soup = machine.prepare(soup)
    wheels = find_wheels(soup, soup.of_look(machine.tyre), single_track=True, inner=machine.inner)
    front, rear = wheels
    ground = min(soup.corners[w.faces].reshape(-1, 3)[:, 2].min() for w in wheels)
    origin = np.array([rear.center[0], 0.0, ground])
    soup.corners = soup.corners - origin
    materials = _materials(soup, machine.looks, machine.lamps)
    body, table, credits = rider_of(machine.person), {}, []
    if machine.helmet:
        body, table, credits = _helmeted(body, machine.helmet)
    at = np.array(machine.hand)
    hands = {"l": at - origin, "r": at * [1.0, -1.0, 1.0] - origin}
    soles = {side: np.array(p) - origin for side, p in machine.soles.items()}
    pose = seated(body, np.array(machine.hips) - origin, machine.lean, hands, soles, **machine.style)
    top = write_rider(machine.person, body, table, pose[None], [body.soup.credit, *credits])
    rest = ~(front.faces | rear.faces)
    pieces = [Piece("body", mesh_of(soup.pick(rest), materials, machine.semantic))]
    for wheel, name, role in ((front, "front_middle", "steered_wheel"), (rear, "rear_middle", "wheel")):
        pieces.append(piece_of(soup.pick(wheel.faces), name, role, wheel.center - origin, materials, machine.semantic))
    lower, upper = bounds_of(pieces)
    spec: dict[str, object] = {
        "name": machine.name, "mesh": f"{machine.name}.glb", "kinds": machine.kinds, "category": machine.category,
        "semantic": machine.semantic.name.lower(), "size": (upper - lower).tolist(), "box_center": ((upper + lower) / 2).tolist(),
        "mass": machine.mass, "parameters": machine.parameters, "wheelbase": float(front.center[0] - rear.center[0]),
        "wheel_radius": float(rear.radius), "max_steer": 0.5,
        "lights": [{"role": "head_lamp", "pos": (np.array(machine.lamp) - origin).tolist(), "direction": [1.0, 0.0, -0.02],
                    "intensity": [machine.beam * c for c in LOW_BEAM], "inner": 0.12, "outer": 0.6}],
        "rider": f"{machine.person.name}_rider", "ridden_height": top,
    }  # fmt: skip
    write(spec, pieces, None, [soup.credit], machine.changed)


def _moped(soup: Soup) -> Soup:
    """Lamps cut out of the picture: head lamp and indicators ahead, tail and brake lamp behind."""
    picture = "^textured$"
    x, y, z = soup.centers.T
    for name, mask in (
        ("head lamp", (x > 0.3) & (np.abs(y) < 0.2) & (z > 0.5)),
        ("tail lamp", (x < -0.6)),
    ):
        add_look(soup, name, soup.of_look(picture) & mask, "textured")
    return soup


def _electric(soup: Soup) -> Soup:
    """A thick deck with the battery, a broad board, lamps, cables and a display."""
    add = add_faces
    soup = add(soup, box((-0.36, -0.075, 0.075), (0.2, 0.075, 0.135)), "deck")
    soup = add(soup, box((-0.37, -0.085, 0.135), (0.22, 0.085, 0.15)), "grip tape")
    soup = add(soup, box((-0.36, -0.077, 0.1), (0.2, 0.077, 0.108)), "accent")
    soup = add(soup, tube(np.array([[0.31, 0.0, 1.0], [0.36, 0.0, 0.995]]), 0.03, 12), "deck")
    soup = add(soup, tube(np.array([[0.36, 0.0, 0.995], [0.368, 0.0, 0.994]]), 0.026, 12), "head lamp")
    soup = add(soup, box((-0.535, -0.03, 0.24), (-0.52, 0.03, 0.265)), "tail lamp")
    soup = add(soup, box((0.23, -0.04, 1.13), (0.29, 0.04, 1.15)), "deck")
    cable = np.array([[0.26, 0.1, 1.1], [0.33, 0.06, 0.95], [0.36, 0.03, 0.7], [0.4, 0.03, 0.4]])
    return add(soup, tube(cable, 0.004, 5), "deck")


MOTORCYCLE = Machine(
    "motorcycle", "scopia/yamaha-yzr-r6", ["motorcycle"], 190.0,
    Person("motorcycle", "reallusion/male01", JACKET_MAN, [], 1.78, 80.0, Pose(head=(-24.0, 0.0, 0.0)), drop_looks="^(27|10)$",
           tint=[Tint("^1$", 0.0, 0.35, 0.55)]),
    hips=(-0.3, 0.0, 0.852), hand=(0.385, 0.29, 0.945), soles={"l": (-0.16, 0.2, 0.4), "r": (-0.16, -0.2, 0.4)}, lamp=(0.72, 0.0, 0.82),
    looks={"glass": lk.GLASS, "yellow-plastic": lk.PLASTIC, "sweethome3d_window_mirror": lk.MIRROR, "black-leather": lk.SEAT,
           "red-color-front": lk.colored("red", (0.36, 0.012, 0.012), 0.35, clearcoat=1.0),
           "gold-metal": lk.colored("fork", (0.34, 0.27, 0.12), 0.35, metallic=0.8), "metal": lk.STEEL, "grey-metal": lk.STEEL},
    lamps={"lights": Role.TAIL_LAMP, "front-lights": Role.HEAD_LAMP}, lean=(24.0, 42.0, 50.0),
    style={"chin": 2.0, "toes": -22.0, "knees": 12.0, "elbows": 38.0},
)  # fmt: skip
MOPED = Machine(
    "scooter", "scopia/scooter2", ["scooter"], 105.0,
    replace(WOMEN[1], name="scooter", height=1.68, drop_looks="", tint=[Tint("^1$", 0.0, 0.6, 0.8)]),
    hips=(-0.2, 0.0, 0.885), hand=(0.19, 0.27, 1.02), soles={"l": (0.27, 0.11, 0.36), "r": (0.27, -0.11, 0.36)}, lamp=(0.66, 0.0, 0.68),
    looks={"firstcolor": lk.PAINT, "sweethome3d_window_mirror": lk.MIRROR, "blackseat": lk.SEAT, "chrome": lk.CHROME, "tires": lk.TYRE,
           "secondcolor": lk.colored("silver", (0.45, 0.45, 0.46), 0.4, metallic=0.3, clearcoat=0.8), "greymattedmetal": lk.STEEL,
           "backprotection": lk.STEEL, "blackpaintedmetal": lk.TRIM},
    lamps={"head lamp": Role.HEAD_LAMP, "tail lamp": Role.TAIL_LAMP}, prepare=_moped,
    style={"chin": 2.0, "toes": 4.0, "knees": 4.0, "elbows": 24.0}, beam=0.6,
)  # fmt: skip
KICK = Machine(
    "e_scooter", "scopia/scooter", ["e_scooter"], 18.0,
    replace(MEN[2], name="e_scooter", height=1.78, tint=[Tint("hair", 0.0, 0.9, 0.35)]),
    hips=(-0.1, 0.0, 1.04), hand=(0.19, 0.2, 1.15), soles={"l": (0.09, 0.06, 0.175), "r": (-0.17, -0.05, 0.175)}, lamp=(0.37, 0.0, 0.99),
    looks={"white-metal": lk.colored("frame", (0.03, 0.032, 0.035), 0.4, clearcoat=0.5), "metal": lk.TRIM, "black-plastic": lk.TYRE,
           "radius": lk.PLASTIC, "brake": lk.PLASTIC, "dark-metal": lk.PLASTIC, "black-rubber": lk.PLASTIC, "deck": lk.PLASTIC,
           "grip tape": lk.colored("grip tape", (0.02, 0.02, 0.02), 0.95),
           "accent": lk.colored("accent", (0.03, 0.4, 0.12), 0.4, clearcoat=0.5)},
    tyre="^black-plastic$", lamps={"head lamp": Role.HEAD_LAMP, "tail lamp": Role.TAIL_LAMP}, scale=1.3, inner=0.05, prepare=_electric,
    lean=(0.0, 3.0, 5.0), style={"chin": 0.0, "toes": 0.0, "knees": 8.0, "elbows": 30.0}, helmet=0.0, category="bicycle",
    semantic=Semantic.BICYCLE, parameters="bicycle", beam=0.15, changed="enlarged, battery, deck and lamps added, wheels split off",
)  # fmt: skip

ALL = {machine.name: partial(build, machine) for machine in (MOTORCYCLE, MOPED, KICK)}
