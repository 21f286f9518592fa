"""Cycles and who rides them, an asset each: rigged people seated by inverse kinematics on machines of sweethome3d-furniture."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import falls
import gait as ga
import looks as lk
import numpy as np
import numpy.typing as npt
import people
import sh3f
from manifest import record
from neutral import LEFT, about, turn
from pack import ASSETS, Gait, Piece, bounds_of, write_glb, write_spec
from people import Body, Person, Tint
from people_joints import JACKET_MAN
from people_recipes import WOMEN, Pose
from rigging import four
from sh3f import Look, Soup
from shape import components, grid_faces, to_mesh
from skeleton import JOINTS, ROW, frame, matrices, skin

from sim.render.mesh import Material, MeshData, Semantic, merge

Array = npt.NDArray[np.float64]
AHEAD = np.array([1.0, 0.0, 0.0])


def seated(
    body: Body,
    hips: Array,
    lean: tuple[float, float, float],
    hands: dict[str, Array],
    soles: dict[str, Array],
    **style: float,
) -> Array:
    """Bone matrices of somebody who sits, holds two grips and rests the balls of the feet, (19, 3, 4).

    Args:
        body: In the neutral pose.
        hips: Middle of the hip joints [m].
        lean: Forward lean of pelvis, spine and chest [degrees].
        hands: Where the wrists go, by side [m].
        soles: Where the toe joints go, by side [m].
        style: ``toes`` (pitch of the feet, up positive), ``knees`` (outward), ``elbows`` (outward), ``chin`` (up), all in degrees.
    """
    j = body.joints
    turns = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    for name, angle in zip(("pelvis", "spine", "chest"), lean, strict=True):
        turns[ROW[name]] = turn("y", angle)
    turns[ROW["neck"]] = turn("y", lean[2] * 0.55)
    turns[ROW["head"]] = turn("y", 4.0 - style.get("chin", 0.0))
    middle = turns[0] @ ((j[ROW["l_thigh"]] + j[ROW["r_thigh"]]) / 2 - j[0])
    root = hips - middle
    posed = matrices(j, turns, root)[1]
    for side, sign in (("l", 1.0), ("r", -1.0)):
        pitch = style.get("toes", 0.0)
        ball = turn("y", -pitch) @ (j[ROW[f"{side}_toe"]] - j[ROW[f"{side}_foot"]])
        ahead = turn("z", sign * style.get("knees", 3.0)) @ AHEAD
        ga.leg_turns(turns, j, side, posed[ROW[f"{side}_thigh"]], soles[side] - ball, pitch, False, ahead)
        turns[ROW[f"{side}_toe"]] = turn("y", -pitch)
        _arm(turns, j, side, posed[ROW[f"{side}_arm"]], hands[side], style.get("elbows", 25.0) * sign)
    return matrices(j, turns, root)[0]


def _arm(turns: Array, joints: Array, side: str, shoulder: Array, wrist: Array, outward: float) -> None:
    """Write the turns of an arm that reaches for a grip, palm down."""
    names = [f"{side}_{n}" for n in ("arm", "fore", "hand")]
    a, b, c = (joints[ROW[n]] for n in names)
    upper, lower = float(np.linalg.norm(b - a)), float(np.linalg.norm(c - b))
    down = turn("x", outward) @ np.array([-0.35, 0.0, -1.0])
    elbow = ga.reach_knee(shoulder, wrist, upper, lower, down)
    hinge = np.cross(elbow - shoulder, wrist - elbow)
    hinge = hinge if np.linalg.norm(hinge) > 1e-6 else -LEFT
    turns[ROW[names[0]]] = frame(elbow - shoulder, hinge) @ frame(b - a, -LEFT).T
    fore = frame(wrist - elbow, hinge) @ frame(c - b, -LEFT).T
    roll = 75.0 if side == "l" else -75.0
    turns[ROW[names[1]]] = about(wrist - elbow, 0.5 * roll) @ fore
    turns[ROW[names[2]]] = turn("y", 18.0) @ about(wrist - elbow, roll) @ fore


def rider_of(person: Person) -> Body:
    """A body in the neutral pose, with the pictures' coordinates in a narrow range."""
    body = people.neutral(people.body_of(person), person)
    people.whole_uvs(body.soup)
    return body


def with_hat(body: Body, hat: Soup) -> Body:
    """The body with a helmet that follows the head; the helmet's looks come last."""
    soup = body.soup
    index = len(body.points) + np.arange(3 * len(hat)).reshape(-1, 3)
    joined = Soup(
        np.concatenate([soup.corners, hat.corners]),
        np.concatenate([soup.uvs, hat.uvs]),
        np.concatenate([soup.look, hat.look + len(soup.looks)]),
        np.concatenate([soup.group, hat.group * 0]),
        [*soup.looks, *hat.looks],
        soup.groups,
        soup.credit,
    )
    weights = np.zeros((3 * len(hat), len(JOINTS)))
    weights[:, ROW["head"]] = 1.0
    return Body(
        joined, np.concatenate([body.index, index]), np.concatenate([body.points, hat.corners.reshape(-1, 3)]),
        np.concatenate([body.weights, weights]), body.joints, body.ends,
    )  # fmt: skip


def cycle_helmet(center: Array, radius: tuple[float, float, float]) -> Soup:
    """A vented shell, open below: rings of an ellipsoid, ribs painted."""
    rings, sides = 9, 28
    points = []
    for k in range(rings + 1):
        polar = 0.02 + (math.pi / 2 + 0.12) * k / rings
        for_ring = []
        for i in range(sides):
            a = 2 * math.pi * i / sides
            rib = 1.0 + 0.035 * math.cos(6 * a) * math.sin(polar) ** 2
            x = radius[0] * math.sin(polar) * math.cos(a) * rib
            z = radius[2] * math.cos(polar) + (0.02 if k == rings and math.cos(a) > 0 else 0.0)
            for_ring.append((x, radius[1] * math.sin(polar) * math.sin(a) * rib, z))
        points.append(for_ring)
    corners = grid_faces(np.array(points)) + center
    local = corners.mean(axis=1) - center
    angle = np.arctan2(local[:, 1] / radius[1], local[:, 0] / radius[0])
    vent = (np.cos(6 * angle) < -0.35) & (local[:, 2] > 0.25 * radius[2]) & (local[:, 2] < 0.93 * radius[2])
    looks = [Look("helmet"), Look("vents")]
    return Soup(
        corners, np.zeros((len(corners), 3, 2)), vent.astype(np.int32), np.zeros(len(corners), np.int32), looks, [""]
    )


HELMET = {
    "helmet": Material("helmet", (0.72, 0.72, 0.7), 0.35, clearcoat=0.6),
    "vents": Material("vents", (0.02, 0.02, 0.02), 0.8),
}


def body_mesh(
    body: Body,
    person: Person,
    semantic: Semantic,
    table: dict[int, Material] | None = None,
) -> tuple[MeshData, npt.NDArray[np.int64]]:
    """Mesh of a rider and the point of each vertex.

    Args:
        body: With the hat.
        person: The recipe.
        semantic: Of all faces.
        table: Materials by identity of their look; others are the person's.
    """
    given = table or {}
    materials = [
        given.get(id(look)) or HELMET.get(look.name) or people.material_of(look, person) for look in body.soup.looks
    ]
    return people.mesh_of(body, materials, semantic)


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
PEDALS_PER_CYCLE = 4.9
"""Distance of one turn of the cranks [m]."""
FRAMES = 16


def _bicycle() -> tuple[Soup, dict[str, npt.NDArray[np.bool_]], dict[str, Array]]:
    """The bicycle at true size with the rear axle above the origin, masks of its parts, and points of it."""
    soup = sh3f.load("scopia/bicycle")
    soup = soup.pick(np.ones(len(soup), bool))
    soup.corners = soup.corners * SCALE
    soup.corners = soup.corners + np.array([0.4555 * SCALE, 0.0, 0.0])
    part = components(soup.corners)
    low, high = (np.full((part.max() + 1, 3), s * np.inf) for s in (1.0, -1.0))
    np.minimum.at(low, part, soup.corners.min(axis=1))
    np.maximum.at(high, part, soup.corners.max(axis=1))
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
    return soup, masks, points


BICYCLE_LOOKS = {
    "textured": None, "firstcolor": replace(lk.PAINT, name="frame"), "chrome": lk.STEEL, "seat": lk.PLASTIC, "rubber": lk.TYRE,
    "plastic": lk.PLASTIC, "mudguards": lk.TRIM, "tires": lk.TYRE,
}  # fmt: skip


def build_cyclist(person: Person) -> None:
    """Write a bicycle, wheels and fork as parts, cranks and pedals as a clip, and the rider who turns them."""
    soup, masks, at = _bicycle()
    materials = [
        BICYCLE_LOOKS[look.name] or lk.atlas("chain and spokes", look.texture, 0.4, metallic=0.6)  # type: ignore[arg-type]
        for look in soup.looks
    ]  # type: ignore[arg-type]
    body = rider_of(person)
    body = with_hat(body, cycle_helmet(body.ends["top"] - [0.012, 0.0, 0.115], (0.135, 0.105, 0.125)))
    phases = [(k + 0.5) / FRAMES for k in range(FRAMES)]
    poses = np.array([_pedalling(body, at, phase) for phase in phases])
    top = write_rider(person, body, {}, poses, sources=[body.soup.credit])
    moving = [to_mesh(soup.pick(masks[name]), materials, Semantic.BICYCLE) for name in ("crank", "l_pedal", "r_pedal")]
    cranks = merge(moving)
    bones = np.repeat(
        np.concatenate([np.full(len(m.vertices), i, np.uint8) for i, m in enumerate(moving)])[:, None], 4, axis=1
    )
    weights = np.tile([1.0, 0.0, 0.0, 0.0], (len(bones), 1))
    turns = np.array([_cranks(at, phase) for phase in phases])
    gaits = {"stand": Gait(0.0, turns[:1]), "ride": Gait(PEDALS_PER_CYCLE, turns)}
    rest = ~np.any(list(masks.values()), axis=0)
    pieces = [Piece("body", to_mesh(soup.pick(rest), materials, Semantic.BICYCLE))]
    for name, role in (("front", "steered_wheel"), ("rear", "wheel")):
        pieces.append(piece_of(soup.pick(masks[name]), f"{name}_middle", role, at[name], materials))
    pieces.append(piece_of(soup.pick(masks["fork"]), "fork", "steered", at["front"], materials))
    shown = Piece("shown", replace(cranks, vertices=_posed(cranks, bones, weights, turns[0])))
    lower, upper = bounds_of([*pieces, shown])
    pieces.append(Piece("cranks", cranks, "clip", joints=bones, weights=weights))
    spec = {
        "name": person.name, "mesh": f"{person.name}.glb", "kinds": ["bicycle"], "category": "bicycle", "semantic": "bicycle",
        "size": (upper - lower).tolist(), "box_center": ((upper + lower) / 2).tolist(), "mass": 15.0,
        "wheelbase": float(at["front"][0] - at["rear"][0]), "wheel_radius": float(at["rear"][2]), "max_steer": 0.6,
        "rider": f"{person.name}_rider", "ridden_height": top,
    }  # fmt: skip
    write(spec, pieces, gaits, [soup.credit], "wheels, fork and cranks split off, scaled")


def write_rider(
    person: Person,
    body: Body,
    materials: dict[int, Material],
    poses: Array,
    sources: list[dict[str, str]],
) -> float:
    """Write who sits on a cycle, in the cycle's frame; returns the height of the head [m].

    The box is that of the body stretched out and upright, about its middle in the saddle: what a fall is reckoned with.

    Args:
        person: The recipe.
        body: With the hat.
        materials: Materials by identity of their look; others are the person's.
        poses: Bone matrices while riding: a cycle of `PEDALS_PER_CYCLE`, or one pose.
        sources: Credits.
    """
    mesh, vertex = body_mesh(body, person, Semantic.RIDER, table=materials)
    bones, weights = four(body.weights[vertex])
    seat = skin(body.points, body.weights, poses[0])
    trunk = [
        m[:, :3] @ body.joints[ROW[name]] + m[:, 3] for name, m in ((n, poses[0][ROW[n]]) for n in ("pelvis", "chest"))
    ]
    middle = (trunk[0] + trunk[1]) / 2
    starts = [poses[0], poses[len(poses) // 2]]
    tall, width = 0.97 * person.height, 0.3 * person.height
    fall = falls.fall_of(body, starts, middle[0], middle[2] - 0.5 * tall)
    thick = max(np.ptp(skin(body.points, body.weights, pose)[:, 0]) for pose in fall[-2:])
    gaits = {"stand": Gait(0.0, poses[:1]), "fall": Gait(0.0, fall)}
    if len(poses) > 1:
        gaits["ride"] = Gait(PEDALS_PER_CYCLE, poses)
    spec = {
        "name": f"{person.name}_rider", "mesh": f"{person.name}_rider.glb", "kinds": ["rider"], "category": "pedestrian",
        "semantic": "rider", "size": [float(thick), width, tall], "box_center": [float(middle[0]), 0.0, float(middle[2])],
        "mass": person.mass,
    }  # fmt: skip
    piece = Piece("rider", mesh, "clip", joints=bones, weights=weights)
    write(spec, [piece], gaits, sources, "rigged and seated, helmet put on, taken to fall")
    return float(seat[:, 2].max())


def piece_of(
    soup: Soup, name: str, role: str, pivot: Array, materials: list[Material], semantic: Semantic = Semantic.BICYCLE
) -> Piece:
    """A part about a pivot; moves the soup."""
    soup.corners = soup.corners - pivot
    return Piece(name, to_mesh(soup, materials, semantic), role, (float(pivot[0]), float(pivot[1]), float(pivot[2])))


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


def _pedalling(body: Body, at: dict[str, Array], phase: float) -> Array:
    """Bone matrices of the rider at a share of a turn of the cranks, (19, 3, 4)."""
    moved = _cranks(at, phase)[1:, :, 3]
    soles = {s: at[f"{s}_pedal"] + moved[i] + np.array([0.0, 0.0, 0.045]) for i, s in enumerate("lr")}
    hands = {s: np.array([0.855 * SCALE - 0.035, y, 0.8 * SCALE + 0.06]) for s, y in (("l", 0.235), ("r", -0.235))}
    rock = 0.006 * math.sin(2 * math.pi * phase)
    hips = np.array([0.245 * SCALE, rock, 0.84 * SCALE + 0.028])
    return seated(body, hips, (20.0, 36.0, 47.0), hands, soles, chin=4.0, toes=-8.0, knees=2.0, elbows=22.0)


def write(
    spec: dict[str, object],
    pieces: list[Piece],
    gaits: dict[str, Gait] | None,
    sources: list[dict[str, str]],
    changed: str,
) -> None:
    """Write mesh, spec and entry of the manifest of a machine or a rider."""
    folder = ASSETS / "people"
    spec["credits"] = [f"{c['creator']}, {c['licence']}, {c['package']}; changed: {changed}" for c in sources]
    size = write_glb(folder / str(spec["mesh"]), pieces, gaits)
    write_spec(folder / f"{spec['name']}.yaml", spec, "riders.py")
    record(folder / str(spec["mesh"]), sources, changed)
    triangles = sum(len(p.mesh.triangles) for p in pieces)
    print(f"{spec['name']!s:16} {triangles:6d} triangles {size / 1024:6.0f} KB {spec['size']}", flush=True)


ALL = {person.name: partial(build_cyclist, person) for person in CYCLISTS}
