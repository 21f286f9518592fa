"""Hats, vests, bags: made to measure for a body as it is read, and skinned to its bones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.assets.glb import Glb, Node
from sim.assets.skeleton import ROW
from sim.render.mesh import Material, MeshData, Semantic, Surface

Array = npt.NDArray[Any]
FELT = Material("hat", (0.05, 0.045, 0.04), 0.9, surface=Surface.CLOTH)
CAP = Material("hat", (0.02, 0.035, 0.1), 0.85, surface=Surface.CLOTH)
STRAW = Material("hat", (0.42, 0.33, 0.19), 0.85)
NAVY = Material("peaked cap", (0.008, 0.01, 0.022), 0.7)
GLOSSY = Material("peak", (0.006, 0.006, 0.007), 0.2, clearcoat=0.8)
HARD = Material("hard hat", (0.75, 0.42, 0.02), 0.35, clearcoat=0.6)
NYLON = Material("backpack", (0.03, 0.035, 0.045), 0.8, surface=Surface.CLOTH)
STRAP = Material("strap", (0.012, 0.012, 0.013), 0.8)
LEATHER = Material("handbag", (0.09, 0.035, 0.018), 0.5, clearcoat=0.2)
CARRIER = Material("shopping bag", (0.5, 0.5, 0.47), 0.6)
SLATE = Material("phone", (0.01, 0.01, 0.011), 0.1, clearcoat=1.0)


class _Body:
    """A body in its rest pose and what is worn over it."""

    def __init__(self, data: Glb, node: Node) -> None:
        assert node.joints is not None and node.weights is not None
        self.points, self.node = data.points, node
        self.vertices = node.mesh.vertices.astype(np.float64)
        full = np.zeros((len(self.vertices), len(ROW)))
        np.put_along_axis(full, node.joints.astype(int), 0.0, 1)
        for k in range(4):
            full[np.arange(len(full)), node.joints[:, k].astype(int)] += node.weights[:, k]
        self.weights = full
        self.height = float(np.ptp(self.vertices[:, 2]))

    def own(self, *bones: str) -> Array:
        """Share of some bones in each vertex, (nvertex,)."""
        return self.weights[:, [ROW[b] for b in bones]].sum(axis=1)

    def head(self) -> tuple[Array, Array]:
        """Middle and half size of the head's upper part [m]."""
        head = self.vertices[self.own("head") > 0.7]
        top, joint = head[:, 2].max(), self.points["head"][2]
        crown = head[head[:, 2] > joint + 0.45 * (top - joint)]
        lower, upper = np.percentile(crown, 2, axis=0), np.percentile(crown, 98, axis=0)
        return np.array([*(lower + upper)[:2] / 2, top]), (upper - lower) / 2

    def depth(self, y: float, z: float, side: float) -> float:
        """How far the trunk reaches ahead (``side`` 1) or back (-1) at a place [m]."""
        trunk = self.own("pelvis", "spine", "chest", "neck") > 0.5
        p = self.vertices[trunk]
        near = p[(np.abs(p[:, 1] - y) < 0.05) & (np.abs(p[:, 2] - z) < 0.05)]
        near = near if len(near) else p
        return float((side * near[:, 0]).max()) * side


Surfaces = list[tuple[Array, Array, Material]]
"""Vertices (n, 3), triangles (m, 3) and material."""


def _grid(rings: Array, material: Material, closed: bool = True) -> tuple[Array, Array, Material]:
    """Triangles between successive rings of points, (nring, nside, 3)."""
    n, m = rings.shape[:2]
    i, j = np.meshgrid(np.arange(n - 1), np.arange(m if closed else m - 1), indexing="ij")
    a, b = i * m + j, i * m + (j + 1) % m
    quads = np.concatenate([np.stack([a, b, b + m], -1).reshape(-1, 3), np.stack([a, b + m, a + m], -1).reshape(-1, 3)])
    return rings.reshape(-1, 3), quads, material


def _dome(middle: Array, half: Array, drop: float, material: Material, rise: float = 0.02, sides: int = 20) -> tuple:
    """An ellipsoid over a head, ``drop`` down from its top."""
    a = np.arange(sides) * (math.tau / sides)
    rings = []
    for polar in np.linspace(0.02, math.pi / 2, 7):
        r, z = math.sin(polar), middle[2] + rise - drop * (1.0 - math.cos(polar))
        rings.append(
            np.stack([middle[0] + half[0] * r * np.cos(a), middle[1] + half[1] * r * np.sin(a), np.full(sides, z)], 1)
        )
    return _grid(np.array(rings[::-1]), material)


def _brim(middle: Array, half: Array, z: float, wide: Callable[[Array], Array], material: Material) -> tuple:
    """A sheet around a hat; ``wide``: its width by the angle from ahead [m]."""
    a = np.linspace(-math.pi, math.pi, 29)[:-1]
    inner = np.stack([middle[0] + half[0] * np.cos(a), middle[1] + half[1] * np.sin(a), np.full(28, z)], 1)
    w = wide(a)
    outer = inner + np.stack([w * np.cos(a), w * np.sin(a), -0.22 * w], 1)
    return _grid(np.array([inner, outer, inner - [0.0, 0.0, 0.004]]), material)


def _peak(a: Array) -> Array:
    return 0.075 * np.clip(np.cos(a) * 1.6 - 0.55, 0.0, 1.0) ** 0.5


def _hat(body: _Body, kind: str) -> Surfaces:
    middle, half = body.head()
    half = half + 0.014
    rim = middle[2] - 0.085
    if kind == "cap":
        return [_dome(middle, half, 0.095, CAP, 0.01), _brim(middle, half, rim + 0.012, _peak, CAP)]
    if kind == "hard_hat":
        big = half + 0.015
        return [
            _dome(middle, big, 0.1, HARD, 0.035),
            _brim(middle, big, rim + 0.035, lambda a: 0.016 + 0.55 * _peak(a), HARD),
        ]
    if kind == "sun_hat":
        return [
            _dome(middle, half, 0.11, STRAW, 0.03),
            _brim(middle, half, rim + 0.01, lambda a: np.full_like(a, 0.085), STRAW),
        ]
    crown = half + [0.03, 0.03, 0.0]
    a = np.arange(20) * (math.tau / 20)
    ring = lambda h, z: np.stack([middle[0] + h[0] * np.cos(a), middle[1] + h[1] * np.sin(a), np.full(20, z)], 1)  # noqa: E731
    band = np.array(
        [
            ring(half, rim),
            ring(half, rim + 0.045),
            ring(crown, rim + 0.075),
            ring(half * 0.5, rim + 0.1),
            ring(half * 0.02, rim + 0.1),
        ]
    )
    return [_grid(band, NAVY), _brim(middle, half, rim + 0.012, _peak, GLOSSY)]


def _block(middle: Array, size: Array, material: Material, round_: float = 0.55) -> tuple:
    """A soft box: a superellipsoid."""
    polar, around = np.linspace(-math.pi / 2, math.pi / 2, 9), np.arange(16) * (math.tau / 16)
    power = lambda v: np.sign(v) * np.abs(v) ** round_  # noqa: E731
    rings = [
        np.stack(
            [
                power(np.cos(p)) * power(np.cos(around)),
                power(np.cos(p)) * power(np.sin(around)),
                np.full(16, power(np.sin(p))),
            ],
            1,
        )
        for p in polar
    ]
    return _grid(np.array(rings) * size / 2 + middle, material)


def _band(path: Array, across: Array, width: float, material: Material) -> tuple:
    """A flat strap along points."""
    half = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9) * width / 2
    return _grid(np.array([path - half, path + half]).transpose(1, 0, 2), material, closed=False)


def _backpack(body: _Body) -> Surfaces:
    p, k = body.points, body.height / 1.75
    top, low = p["neck"][2] - 0.02 * k, p["spine"][2] - 0.04 * k
    back = body.depth(0.0, (top + low) / 2, -1.0)
    middle = np.array([back - 0.075 * k, 0.0, (top + low) / 2])
    out: Surfaces = [_block(middle, np.array([0.19, 0.31, top - low]) * [k, k, 1.0], NYLON),
                     _block(middle + [-0.085 * k, 0.0, -0.22 * (top - low)], np.array([0.09, 0.22, 0.42 * (top - low)]) * [k, k, 1.0],
                          NYLON)]  # fmt: skip
    for side in (1.0, -1.0):
        y = 0.105 * side * k
        path = []
        shoulder = p["l_arm"][2] + 0.035 * k
        for z, ahead in (
            (top - 0.06, -1.0),
            (shoulder, -1.0),
            (shoulder, 1.0),
            (shoulder - 0.12 * k, 1.0),
            (low + 0.1 * k, 1.0),
        ):
            x = body.depth(y, min(z, shoulder - 0.03 * k), ahead)
            rise = 0.03 * k if z == shoulder else 0.0
            path.append([0.45 * x if z == shoulder else x + 0.012 * ahead, y, z + rise])
        path.append([p["spine"][0], 1.55 * y, low + 0.04])
        path.append([middle[0], 1.3 * y, low + 0.03])
        out.append(_band(np.array(path), np.tile([0.0, 1.0, 0.0], (len(path), 1)), 0.045 * k, STRAP))
    return out


def _handbag(body: _Body) -> Surfaces:
    p, k = body.points, body.height / 1.7
    hip = p["r_thigh"] + [0.02, 0.0, 0.03]
    trunk = body.vertices[(body.own("pelvis", "spine", "r_thigh") > 0.6)]
    side = float(trunk[np.abs(trunk[:, 2] - hip[2]) < 0.08][:, 1].min())
    middle = np.array([hip[0] - 0.06, side - 0.045, hip[2] + 0.03])
    shoulder = p["r_arm"] + [-0.01, 0.012, 0.055 * k]
    path = np.array([middle + [0.1, 0.02, 0.08], [shoulder[0] + 0.07, side + 0.01, p["chest"][2]], shoulder + [0.035, 0.0, -0.01],
         shoulder + [-0.035, 0.0, -0.01],
                     [shoulder[0] - 0.08, side + 0.01, p["chest"][2]], middle + [-0.1, 0.02, 0.08]])  # fmt: skip
    return [
        _block(middle, np.array([0.27, 0.1, 0.2]) * k, LEATHER, 0.45),
        _band(path, np.tile([0.0, 1.0, 0.0], (6, 1)), 0.02, STRAP),
    ]


def _shopping(body: _Body) -> Surfaces:
    hand = body.points["r_fingers"] * 0.6 + body.points["r_hand"] * 0.4
    middle = hand - [0.0, 0.0, 0.3]
    path = np.array(
        [middle + [-0.07, 0.0, 0.16], hand - [0.02, 0.0, 0.02], hand - [-0.02, 0.0, 0.02], middle + [0.07, 0.0, 0.16]]
    )
    return [
        _block(middle, np.array([0.3, 0.13, 0.34]), CARRIER, 0.4),
        _band(path, np.tile([0.0, 1.0, 0.0], (4, 1)), 0.015, CARRIER),
    ]


def _phone(body: _Body) -> Surfaces:
    hand = body.points["r_fingers"] * 0.75 + body.points["r_hand"] * 0.25
    return [_block(hand + [0.02, 0.035, 0.0], np.array([0.012, 0.07, 0.14]), SLATE, 0.25)]


def _vest_picture(police: bool) -> npt.NDArray[np.uint8]:
    """Front (left half) and back of a safety vest, sRGB with alpha."""
    import cv2

    image = np.full((192, 384, 4), 255, np.uint8)
    image[..., :3] = (18, 24, 44) if police else (206, 232, 28)
    silver, edge = (206, 208, 210), (206, 232, 28) if police else (236, 96, 20)
    for top in (96, 146):
        image[top - 4 : top + 24, :, :3] = edge
        image[top : top + 20, :, :3] = silver
    if not police:
        for u in (44, 132, 236, 324):
            image[:96, u : u + 18, :3] = silver
    else:
        for left in (0, 192):
            cv2.putText(
                image, "POLICE", (left + 36, 74), cv2.FONT_HERSHEY_DUPLEX, 1.05, (240, 240, 240, 255), 3, cv2.LINE_AA
            )
    return image


VEST = Material("vest", (1.0, 1.0, 1.0), 0.6, texture=_vest_picture(False))
POLICE = Material("police vest", (1.0, 1.0, 1.0), 0.6, texture=_vest_picture(True))


def _vest(body: _Body, material: Material) -> Node:
    """The trunk's own faces, pushed out and pictured."""
    mesh, p, k = body.node.mesh, body.points, body.height / 1.75
    trunk = body.own("pelvis", "spine", "chest") + 0.45 * body.own("l_arm", "r_arm")
    low, top = p["pelvis"][2] - 0.02 * k, p["neck"][2] + 0.005 * k
    z = body.vertices[:, 2]
    inside = (trunk > 0.5) & (z > low) & (z < top) & (body.own("head", "neck") < 0.3)
    inside &= np.abs(body.vertices[:, 1]) < abs(p["l_arm"][1]) + 0.015 * k
    faces = mesh.triangles[inside[mesh.triangles].all(axis=1)]
    used, index = np.unique(faces, return_inverse=True)
    _, same = np.unique(np.round(body.vertices[used], 4), axis=0, return_inverse=True)
    normal = np.stack([np.bincount(same.ravel(), mesh.normals[used, i]) for i in range(3)], 1)[same.ravel()]
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    at = body.vertices[used] + 0.017 * k * normal
    half = float(np.abs(at[:, 1]).max())
    across = np.clip(0.25 * at[:, 1] / half, -0.249, 0.249)
    ahead = mesh.normals[used, 0] > 0.0
    # A face must not reach across the two halves of the picture: its middle says which it shows.
    triangles = index.reshape(-1, 3)
    front = (ahead[triangles].sum(axis=1) > 1).repeat(3)
    corner = triangles.ravel()
    uv = np.stack(
        [
            np.where(front, 0.25 + across[corner], 0.75 - across[corner]),
            (at[corner, 2].max() - at[corner, 2]) / np.ptp(at[:, 2]),
        ],
        1,
    )
    worn = MeshData(
        at[corner].astype(np.float32), np.arange(len(corner), dtype=np.int32).reshape(-1, 3), normal[corner].astype(np.float32),
        uv.astype(np.float32), np.zeros(len(triangles), np.int32), np.full(len(triangles), int(Semantic.PERSON), np.uint8), [material],
    )  # fmt: skip
    assert body.node.joints is not None and body.node.weights is not None
    return Node(
        material.name, worn, "clip", (0.0, 0.0, 0.0), body.node.joints[used][corner], body.node.weights[used][corner]
    )


def _rigid(name: str, surfaces: Surfaces, bones: dict[str, float], semantic: int) -> Node:
    """Surfaces that follow some bones, each by its share."""
    parts, base = [], 0
    for vertices, triangles, material in surfaces:
        a, b, c = (vertices[triangles[:, i]] for i in range(3))
        face = np.cross(b - a, c - a)
        normal = np.zeros_like(vertices)
        for i in range(3):
            np.add.at(normal, triangles[:, i], face)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        parts.append((vertices, triangles + base, normal, material))
        base += len(vertices)
    materials = list(dict.fromkeys(part[3] for part in parts))
    mesh = MeshData(
        np.concatenate([q[0] for q in parts]).astype(np.float32), np.concatenate([q[1] for q in parts]).astype(np.int32),
        np.concatenate([q[2] for q in parts]).astype(np.float32), np.zeros((base, 2), np.float32),
        np.concatenate([np.full(len(q[1]), materials.index(q[3]), np.int32) for q in parts]),
        np.full(sum(len(q[1]) for q in parts), semantic, np.uint8), materials,
    )  # fmt: skip
    rows = [ROW[bone] for bone in bones] + [0] * (4 - len(bones))
    shares = [*bones.values()] + [0.0] * (4 - len(bones))
    joints, weights = np.tile(np.array(rows, np.uint8), (base, 1)), np.tile(np.array(shares, np.float32), (base, 1))
    return Node(name, mesh, "clip", (0.0, 0.0, 0.0), joints, weights)


def worn(data: Glb, node: Node, items: tuple[str, ...]) -> list[Node]:
    """Skinned nodes of what somebody wears.

    Args:
        data: The body's file; its ``points`` are the rest pose's.
        node: The body.
        items: Some of `sim.assets.variants.WEAR`.
    """
    body = _Body(data, node)
    semantic = int(np.bincount(node.mesh.semantic).argmax())
    out = []
    for item in items:
        if item in ("vest", "police_vest"):
            out.append(_vest(body, POLICE if item == "police_vest" else VEST))
        elif item == "backpack":
            out.append(_rigid(item, _backpack(body), {"chest": 0.75, "spine": 0.25}, semantic))
        elif item == "handbag":
            out.append(_rigid(item, _handbag(body), {"pelvis": 0.5, "spine": 0.5}, semantic))
        elif item in ("shopping_bag", "phone"):
            make = _shopping if item == "shopping_bag" else _phone
            out.append(_rigid(item, make(body), {"r_hand": 1.0}, semantic))
        else:
            out.append(_rigid(item, _hat(body, item), {"head": 1.0}, semantic))
    return out
