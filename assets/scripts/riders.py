"""Who rides or pushes what has wheels, an asset of its own beside it: rigged people seated by inverse kinematics."""

from __future__ import annotations

import math

import falls
import gait as ga
import numpy as np
import numpy.typing as npt
import people
from keypoints import skeleton_of
from manifest import record
from neutral import LEFT, about, turn
from pack import ASSETS, Gait, Piece, write_glb, write_spec
from people import Body, Person
from rigging import four
from sh3f import Look, Soup
from shape import grid_faces, to_mesh
from skeleton import JOINTS, ROW, frame, matrices, skin

from sim.render.mesh import Material, MeshData, Semantic

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
        reach_arm(turns, j, side, posed[ROW[f"{side}_arm"]], hands[side], style.get("elbows", 25.0) * sign)
    return matrices(j, turns, root)[0]


def reach_arm(turns: Array, joints: Array, side: str, shoulder: Array, wrist: Array, outward: float) -> None:
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


def write_rider(
    person: Person,
    body: Body,
    materials: dict[int, Material],
    poses: Array,
    sources: list[dict[str, str]],
    stride: float = 0.0,
    semantic: Semantic = Semantic.RIDER,
    rest: Array | None = None,
) -> float:
    """Write who sits on a cycle, in the cycle's frame; returns the height of the head [m].

    The box is that of the body stretched out and upright, about its middle in the saddle: what a fall is reckoned with.

    Args:
        person: The recipe.
        body: With the hat.
        materials: Materials by identity of their look; others are the person's.
        poses: Bone matrices while riding: a cycle, or one pose.
        sources: Credits.
        stride: Distance of the cycle [m].
        semantic: Of all faces.
        rest: Pose at rest; None: the first of ``poses``.
    """
    rest = poses[0] if rest is None else rest
    mesh, vertex = body_mesh(body, person, semantic, table=materials)
    bones, weights = four(body.weights[vertex])
    seat = skin(body.points, body.weights, rest)
    trunk = [
        m[:, :3] @ body.joints[ROW[name]] + m[:, 3] for name, m in ((n, poses[0][ROW[n]]) for n in ("pelvis", "chest"))
    ]
    middle = (trunk[0] + trunk[1]) / 2
    starts = [poses[0], poses[len(poses) // 2]]
    tall, width = 0.97 * person.height, 0.3 * person.height
    fall = falls.fall_of(body, starts, middle[0], middle[2] - 0.5 * tall)
    thick = max(np.ptp(skin(body.points, body.weights, pose)[:, 0]) for pose in fall[-2:])
    gaits = {"stand": Gait(0.0, rest[None]), "fall": Gait(0.0, fall)}
    if len(poses) > 1:
        gaits["ride"] = Gait(stride, poses)
    spec = {
        "name": f"{person.name}_rider", "mesh": f"{person.name}_rider.glb", "kinds": ["rider"], "category": "pedestrian",
        "semantic": semantic.name.lower(), "size": [float(thick), width, tall], "box_center": [float(middle[0]), 0.0, float(middle[2])],
        "mass": person.mass,
    }  # fmt: skip
    piece = Piece("rider", mesh, "clip", joints=bones, weights=weights)
    write(spec, [piece], gaits, sources, "rigged and seated, taken to fall", skeleton_of(body))
    return float(seat[:, 2].max())


def piece_of(
    soup: Soup, name: str, role: str, pivot: Array, materials: list[Material], semantic: Semantic = Semantic.BICYCLE
) -> Piece:
    """A part about a pivot; moves the soup."""
    soup.corners = soup.corners - pivot
    return Piece(name, to_mesh(soup, materials, semantic), role, (float(pivot[0]), float(pivot[1]), float(pivot[2])))


def write(
    spec: dict[str, object],
    pieces: list[Piece],
    gaits: dict[str, Gait] | None,
    sources: list[dict[str, str]],
    changed: str,
    skeleton: dict[str, object] | None = None,
) -> None:
    """Write mesh, spec and entry of the manifest of a machine or a rider."""
    folder = ASSETS / "people"
    spec["credits"] = [f"{c['creator']}, {c['licence']}, {c['package']}; changed: {changed}" for c in sources]
    size = write_glb(folder / str(spec["mesh"]), pieces, gaits, skeleton)
    write_spec(folder / f"{spec['name']}.yaml", spec, "riders.py")
    record(folder / str(spec["mesh"]), sources, changed)
    triangles = sum(len(p.mesh.triangles) for p in pieces)
    print(f"{spec['name']!s:16} {triangles:6d} triangles {size / 1024:6.0f} KB {spec['size']}", flush=True)
