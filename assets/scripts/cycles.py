"""Bicycles and who rides them: machines of sweethome3d-furniture with wheels, fork, cranks and pedals that move."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import bodies
import looks as lk
import numpy as np
import numpy.typing as npt
import sh3f
from bodies import Figure
from body_recipes import ALL as FIGURES
from body_recipes import outfit
from livery import add_faces
from neutral import turn
from pack import Gait, Piece, bounds_of
from people import Body, Person, Tint
from people_joints import JACKET_MAN
from people_recipes import CHILDREN, WOMEN, Pose
from riders import cycle_helmet, piece_of, rider_of, seated, with_hat, write, write_rider
from sh3f import Soup
from shape import box, components, decimate, lathe, to_mesh

from sim.render.mesh import Material, MeshData, Semantic, merge

Array = npt.NDArray[np.float64]
CYCLISTS = (
    Person(
        "cyclist", "reallusion/male01", JACKET_MAN, [], 1.76, 75.0, Pose(head=(-24.0, 0.0, 0.0)), drop_looks="^27$",
        tint=[Tint("^10$", 0.0, 0.7, 0.5)],
    ),
    replace(WOMEN[0], name="cyclist_woman", height=1.72,
            tint=[Tint("^1$", 40.0, 1.0, 1.0, (0.0, 0.0, 1.0, 0.6), over=0.6), Tint("^11$", 0.0, 0.5, 0.5)]),
)  # fmt: skip
SCALE = 1.17
"""The source is smaller than bicycles are: 28 inch wheels."""
FRAMES = 16


@dataclass
class Cycle:
    """A bicycle whose rear axle is above the origin, and how it is ridden."""

    soup: Soup
    masks: dict[str, npt.NDArray[np.bool_]]
    """Faces of its parts: rear, front, fork, crank, l_pedal, r_pedal."""
    at: dict[str, Array]
    """Middles of both wheels, the cranks and the pedals [m]."""
    materials: list[Material]
    hips: Array
    """Of who rides it, above the saddle [m]."""
    grip: Array
    """Left wrist [m]; the right one mirrors it."""
    lean: tuple[float, float, float]
    mass: float
    kinds: list[str]
    way: float = 4.9
    """Distance of one turn of the cranks [m]."""
    changed: str = "wheels, fork and cranks split off, scaled"


def _parts(soup: Soup) -> tuple[npt.NDArray[np.int64], Array, Array]:
    """Component of each face; lower and upper corner of each component."""
    part = components(soup.corners)
    low, high = (np.full((part.max() + 1, 3), s * np.inf) for s in (1.0, -1.0))
    np.minimum.at(low, part, soup.corners.min(axis=1))
    np.maximum.at(high, part, soup.corners.max(axis=1))
    return part, low, high


def _bicycle() -> Cycle:
    """A bicycle with 28 inch wheels."""
    soup = sh3f.load("scopia/bicycle")
    soup = soup.pick(np.ones(len(soup), bool))
    soup.corners = soup.corners * SCALE
    soup.corners = soup.corners + np.array([0.4555 * SCALE, 0.0, 0.0])
    part, low, high = _parts(soup)
    middle, size = (low + high) / 2, high - low
    tyre = np.bincount(part, soup.of_look("^tires$")) > 100
    rear = middle[tyre & (middle[:, 0] < 0.3)][0]
    front = middle[tyre & (middle[:, 0] > 0.3)][0]
    crank = np.array([0.3755 * SCALE, 0.0, 0.265 * SCALE])
    masks: dict[str, npt.NDArray[np.bool_]] = {}
    hub = size.max(axis=1) < 0.62 * SCALE
    for name, center in (("rear", rear), ("front", front)):
        near = np.hypot(*(middle - center)[:, [0, 2]].T) < 0.03
        masks[name] = (near & hub)[part]
    # Chain and stays share the rear hub's neighbourhood, not its middle.
    at = np.hypot(*(middle - crank)[:, [0, 2]].T)
    thin = size[:, 1] < 0.02
    masks["crank"] = (
        (at < 0.11 * SCALE) & (size.max(axis=1) < 0.23) & (np.abs(middle[:, 1]) < 0.06) & (middle[:, 2] < 0.5)
    )[part]
    masks["crank"] |= ((at < 0.02) & thin)[part]
    pedal = (at > 0.13) & (at < 0.21) & (np.abs(middle[:, 1]) > 0.05)
    masks["l_pedal"] = (pedal & (middle[:, 1] > 0))[part]
    masks["r_pedal"] = (pedal & (middle[:, 1] < 0))[part]
    fork = (
        (middle[:, 0] > 0.65)
        & (np.abs(middle[:, 0] - front[0]) < 0.16)
        & (high[:, 2] < 0.75)
        & ~(tyre | (np.hypot(*(middle - front)[:, [0, 2]].T) < 0.03))
    )
    masks["fork"] = fork[part]
    points = {"rear": rear, "front": front, "crank": crank}
    for side in "lr":
        points[f"{side}_pedal"] = soup.corners[masks[f"{side}_pedal"]].reshape(-1, 3).mean(axis=0)
    materials = [
        BICYCLE_LOOKS[look.name] or lk.atlas("chain and spokes", look.texture, 0.4, metallic=0.6)  # type: ignore[arg-type]
        for look in soup.looks
    ]  # type: ignore[arg-type]
    hips, grip = (
        np.array([0.245 * SCALE, 0.0, 0.84 * SCALE + 0.028]),
        np.array([0.855 * SCALE - 0.035, 0.235, 0.8 * SCALE + 0.06]),
    )
    return Cycle(soup, masks, points, materials, hips, grip, (20.0, 36.0, 47.0), 15.0, ["bicycle"])


def _e_bike() -> Cycle:
    """The bicycle with a motor at its cranks, a battery on its frame, a carrier with panniers, lamps and a display."""
    cycle = _bicycle()
    before = len(cycle.soup)
    soup, crank, saddle = cycle.soup, cycle.at["crank"], cycle.hips[0]
    motor = lathe([(0.001, -0.055), (0.075, -0.05), (0.085, -0.03), (0.085, 0.03), (0.075, 0.05), (0.001, 0.055)], 18)
    soup = add_faces(soup, motor[:, :, [0, 2, 1]] + [crank[0] + 0.02, 0.0, crank[2] + 0.03], "motor")
    top = np.array([cycle.at["front"][0] - 0.2, 0.0, 0.8])
    along = (top - crank) / np.linalg.norm(top - crank)
    pack = box((-0.19, -0.042, -0.04), (0.19, 0.042, 0.045))
    up = np.cross(along, [0.0, -1.0, 0.0])
    turned = pack[..., :1] * along + pack[..., 1:2] * np.array([0.0, 1.0, 0.0]) + pack[..., 2:] * up
    soup = add_faces(soup, turned + crank + 0.52 * (top - crank) + 0.045 * up, "battery")
    rear = saddle - 0.1
    soup = add_faces(soup, box((rear - 0.38, -0.06, 0.73), (rear, 0.06, 0.75)), "carrier")
    for side in (-1.0, 1.0):
        near, far = sorted((side * 0.065, side * 0.19))
        soup = add_faces(soup, box((rear - 0.37, near, 0.4), (rear - 0.03, far, 0.72)), "pannier")
        soup = add_faces(soup, box((rear - 0.33, far - 0.002, 0.58), (rear - 0.07, far + 0.004, 0.61)), "reflector")
    soup = add_faces(soup, box((rear - 0.4, -0.04, 0.68), (rear - 0.38, 0.04, 0.72)), "tail light")
    soup = add_faces(soup, box((top[0] + 0.07, -0.03, 0.86), (top[0] + 0.13, 0.03, 0.91)), "head light")
    extra = len(soup) - before
    cycle.masks = {name: np.concatenate([mask, np.zeros(extra, bool)]) for name, mask in cycle.masks.items()}
    cycle.materials = [*cycle.materials, *(E_BIKE_LOOKS[x.name] for x in soup.looks[len(cycle.materials) :])]
    cycle.soup, cycle.mass, cycle.kinds = soup, 24.0, ["bicycle", "e_bike"]
    cycle.lean = (18.0, 32.0, 42.0)
    cycle.changed += ", motor, battery, carrier and panniers added"
    return cycle


E_BIKE_LOOKS = {
    "motor": replace(lk.PLASTIC, name="motor"), "battery": replace(lk.TRIM, name="battery"), "carrier": lk.STEEL,
    "pannier": Material("pannier", (0.05, 0.06, 0.045), 0.8), "reflector": Material("reflector", (0.6, 0.6, 0.58), 0.3),
    "tail light": Material("tail light", (0.4, 0.01, 0.01), 0.2, clearcoat=0.8),
    "head light": Material("head light", (0.7, 0.7, 0.68), 0.15, clearcoat=1.0),
}  # fmt: skip
BICYCLE_LOOKS = {
    "textured": None, "firstcolor": replace(lk.PAINT, name="frame"), "chrome": lk.STEEL, "seat": lk.PLASTIC, "rubber": lk.TYRE,
    "plastic": lk.PLASTIC, "mudguards": lk.TRIM, "tires": lk.TYRE,
}  # fmt: skip


def _bmx() -> Cycle:
    """A child's bicycle with 16 inch wheels; the chain's rollers go, spokes and tyres are thinned out."""
    soup = sh3f.load("blendswap-cc-by/bike")
    soup = soup.pick(np.ones(len(soup), bool))
    part, low, high = _parts(soup)
    soup = soup.pick(((high - low).max(axis=1) > 0.008)[part])
    soup = decimate(soup, soup.of_look("^Material.003$"), 0.45)
    soup = decimate(soup, soup.of_look("^Material$"), 0.6)
    soup.corners = soup.corners + np.array([0.378, 0.0, 0.0])
    part, low, high = _parts(soup)
    middle, size = (low + high) / 2, high - low
    axles = {"rear": np.array([0.0, 0.0, 0.207]), "front": np.array([0.754, 0.0, 0.207])}
    crank = np.array([0.2775, 0.0, 0.234])
    spin = np.hypot(*(middle - crank)[:, [0, 2]].T)
    arm = (spin < 0.06) & (size.max(axis=1) < 0.2) & (middle[:, 2] < 0.3)
    pedal = (size[:, 1] > 0.06) & (size[:, 2] < 0.03) & (spin < 0.12) & (spin > 0.04)
    masks = {"l_pedal": (pedal & (middle[:, 1] > 0.1))[part], "r_pedal": (pedal & (middle[:, 1] < -0.1))[part]}
    masks["crank"] = (arm & ~pedal & (size[:, 2] > 0.05))[part]
    for name, at in axles.items():
        masks[name] = soup.of_group("^Torus") & (np.abs(soup.centers[:, 0] - at[0]) < 0.25)
    reach = np.hypot(soup.corners[..., 0] - 0.74, soup.corners[..., 2] - 0.21).max(axis=1)
    masks["fork"] = soup.of_look("^Material.002$") & (soup.corners[..., 2].max(axis=1) < 0.5) & (reach < 0.31)
    points = {**axles, "crank": crank}
    for side in "lr":
        points[f"{side}_pedal"] = soup.corners[masks[f"{side}_pedal"]].reshape(-1, 3).mean(axis=0)
    looks = {
        "Material.003": lk.TYRE,
        "Material.002": lk.TRIM,
        "Material.001": replace(lk.PAINT, name="frame"),
        "Material": lk.STEEL,
    }
    materials = [looks[look.name] for look in soup.looks]
    hips, grip = np.array([0.13, 0.0, 0.66]), np.array([0.6, 0.15, 0.79])
    return Cycle(soup, masks, points, materials, hips, grip, (6.0, 12.0, 18.0), 9.0, ["child_bicycle"], 2.8,
                 "wheels, fork and cranks split off, thinned out, recoloured")  # fmt: skip


def build_cyclist(person: Person, make: Callable[[], Cycle], figure: Figure | None = None) -> None:
    """Write a bicycle, wheels and fork as parts, cranks and pedals as a clip, and the rider who turns them.

    Args:
        person: The rider; of a figure its own.
        make: Reads the bicycle.
        figure: A body of MakeHuman's instead of a static person.
    """
    cycle = make()
    soup, masks, at, materials = cycle.soup, cycle.masks, cycle.at, cycle.materials
    body = bodies.neutral_of(figure) if figure else rider_of(person)
    body = with_hat(body, cycle_helmet(body.ends["top"] - [0.012, 0.0, 0.115], (0.135, 0.105, 0.125)))
    phases = [(k + 0.5) / FRAMES for k in range(FRAMES)]
    poses = np.array([_pedalling(body, cycle, phase) for phase in phases])
    top = write_rider(person, body, {}, poses, [body.soup.credit], cycle.way)
    moving = [to_mesh(soup.pick(masks[name]), materials, Semantic.BICYCLE) for name in ("crank", "l_pedal", "r_pedal")]
    cranks = merge(moving)
    bones = np.repeat(
        np.concatenate([np.full(len(m.vertices), i, np.uint8) for i, m in enumerate(moving)])[:, None], 4, axis=1
    )
    weights = np.tile([1.0, 0.0, 0.0, 0.0], (len(bones), 1))
    turns = np.array([_cranks(at, phase) for phase in phases])
    gaits = {"stand": Gait(0.0, turns[:1]), "ride": Gait(cycle.way, turns)}
    rest = ~np.any(list(masks.values()), axis=0)
    pieces = [Piece("body", to_mesh(soup.pick(rest), materials, Semantic.BICYCLE))]
    for name, role in (("front", "steered_wheel"), ("rear", "wheel")):
        pieces.append(piece_of(soup.pick(masks[name]), f"{name}_middle", role, at[name], materials))
    pieces.append(piece_of(soup.pick(masks["fork"]), "fork", "steered", at["front"], materials))
    shown = Piece("shown", replace(cranks, vertices=_posed(cranks, bones, weights, turns[0])))
    lower, upper = bounds_of([*pieces, shown])
    pieces.append(Piece("cranks", cranks, "clip", joints=bones, weights=weights))
    spec = {
        "name": person.name, "mesh": f"{person.name}.glb", "kinds": cycle.kinds, "category": "bicycle", "semantic": "bicycle",
        "size": (upper - lower).tolist(), "box_center": ((upper + lower) / 2).tolist(), "mass": cycle.mass,
        "parameters": "bicycle",
        "wheelbase": float(at["front"][0] - at["rear"][0]), "wheel_radius": float(at["rear"][2]), "max_steer": 0.6,
        "rider": f"{person.name}_rider", "ridden_height": top,
    }  # fmt: skip
    write(spec, pieces, gaits, [soup.credit], cycle.changed)


def _posed(mesh: MeshData, bones: npt.NDArray[np.uint8], weights: Array, pose: Array) -> npt.NDArray[np.float32]:
    blend = np.einsum("vk,vkij->vij", weights, pose[bones])
    return (np.einsum("vij,vj->vi", blend[:, :, :3], mesh.vertices) + blend[:, :, 3]).astype(np.float32)


def _cranks(at: dict[str, Array], phase: float) -> Array:
    """Matrices of cranks and both pedals at a share of a turn, (3, 3, 4)."""
    spin = turn("y", 360.0 * phase)
    out = [np.concatenate([spin, (at["crank"] - spin @ at["crank"])[:, None]], axis=1)]
    for side in "lr":
        moved = at["crank"] + spin @ (at[f"{side}_pedal"] - at["crank"])
        out.append(np.concatenate([np.eye(3), (moved - at[f"{side}_pedal"])[:, None]], axis=1))
    return np.array(out)


def _pedalling(body: Body, cycle: Cycle, phase: float) -> Array:
    """Bone matrices of the rider at a share of a turn of the cranks, (19, 3, 4)."""
    moved = _cranks(cycle.at, phase)[1:, :, 3]
    soles = {s: cycle.at[f"{s}_pedal"] + moved[i] + np.array([0.0, 0.0, 0.045]) for i, s in enumerate("lr")}
    hands = {s: cycle.grip * [1.0, y, 1.0] for s, y in (("l", 1.0), ("r", -1.0))}
    hips = cycle.hips + [0.0, 0.006 * math.sin(2 * math.pi * phase), 0.0]
    return seated(body, hips, cycle.lean, hands, soles, chin=4.0, toes=-8.0, knees=2.0, elbows=22.0)


CHILD = replace(CHILDREN[0], name="cyclist_child", height=1.14, mass=21.0, head_size=1.24, tint=[
    Tint("RL_Upper", 215.0, 1.1, 1.0), Tint("RL_Hair", 5.0, 0.7, 0.7), Tint("RL_Lower", 0.0, 1.0, 1.6),
])  # fmt: skip
E_BIKER = replace(
    next(f for f in FIGURES if f.person.name == "woman_coat"), style="bun", wear=outfit(1.93, 1.93, 0.2, thick=0.011, belly=0.008),
    person=Person("e_bike", "", {}, [], 1.7, 64.0, tint=[Tint("^top$", 150.0, 1.2, 0.75), Tint("^trousers$", 0.0, 1.0, 1.6)]),
)  # fmt: skip
ALL = {
    E_BIKER.person.name: partial(build_cyclist, E_BIKER.person, _e_bike, E_BIKER),
    **{person.name: partial(build_cyclist, person, _bicycle) for person in CYCLISTS},
    CHILD.name: partial(build_cyclist, CHILD, _bmx),
}
