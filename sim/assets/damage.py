"""Vehicles after a crash or a fire, made from whole ones as they are read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sim.assets.glb import Node
from sim.render.mesh import Material, MeshData, Role, Surface

CRUSH = 0.24
"""Share of a vehicle's length that gives way."""
DEPTH = 0.6
"""How much of it is pushed in at the middle of the blow."""
RIM, TORN = 0.62, 0.5
"""Of a wheel: its rim's radius over its own, and the share of what a burst tyre leaves outside it that is torn away where most is."""
SPREAD, TWIST = 1.12, 0.04
"""Width of that over the tyre's, and how far it is bent aside, over the wheel's radius."""
CHARRED = Material("charred metal", (0.075, 0.05, 0.037), 0.9, surface=Surface.METAL)
ASH = Material("ash", (0.03, 0.028, 0.026), 0.95)


def _noise(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Folds of sheet metal, -1 to 1, equal on both sides of a crease, (n,)."""
    x, y, z = p.T
    return 0.5 * np.sin(11.0 * y + 7.0 * z) + 0.3 * np.sin(23.0 * x - 13.0 * y) + 0.2 * np.sin(31.0 * z + 17.0 * x)


def dent(node: Node, lower: npt.NDArray[np.float64], upper: npt.NDArray[np.float64]) -> Node:
    """A body whose front left corner met something hard.

    Args:
        node: A part; wheels stay round.
        lower: Corner of the vehicle's box [m].
        upper: The other corner [m].
    """
    if node.role in ("wheel", "steered_wheel"):
        return node
    p = node.mesh.vertices.astype(np.float64) + np.array(node.pivot)
    zone = CRUSH * (upper[0] - lower[0])
    ahead = np.clip((p[:, 0] - (upper[0] - zone)) / zone, 0.0, 1.0)
    across = 0.65 + 0.35 * np.tanh((p[:, 1] - 0.1) / 0.35)
    push = ahead**1.2 * across
    high = np.clip((p[:, 2] - 0.55 * upper[2]) / (0.2 * upper[2]) + 1.0, 0.0, 1.0)
    moved = p.copy()
    moved[:, 0] -= push * zone * (DEPTH + 0.16 * _noise(p))
    moved[:, 2] += push * (0.16 * high * np.sin(3.0 * np.pi * ahead) + 0.06 * _noise(p[:, [1, 2, 0]])) * (p[:, 2] > 0.3)
    moved[:, 1] += push * 0.09 * _noise(p[:, [2, 0, 1]])
    vertices = (moved - np.array(node.pivot)).astype(np.float32)
    return replace(
        node,
        mesh=with_normals(
            replace(node.mesh, vertices=vertices), np.abs(vertices - node.mesh.vertices).max(axis=1) > 1e-4
        ),
    )


def with_normals(mesh: MeshData, where: npt.NDArray[np.bool_]) -> MeshData:
    """A mesh whose normals follow its faces anew, at some vertices."""
    a, b, c = (mesh.vertices[mesh.triangles[:, i]].astype(np.float64) for i in range(3))
    face = np.cross(b - a, c - a)
    face *= np.sign((face * mesh.normals[mesh.triangles[:, 0]]).sum(axis=1, keepdims=True)) + 1e-9
    normal = np.zeros(mesh.normals.shape)
    for i in range(3):
        np.add.at(normal, mesh.triangles[:, i], face)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    bad = ~where | (np.linalg.norm(normal, axis=1) < 0.5)
    return replace(mesh, normals=np.where(bad[:, None], mesh.normals, normal).astype(np.float32))


def burst(mesh: MeshData, drop: float) -> MeshData:
    """A wheel whose tyre has burst: what rubber is left lies folded and torn about the rim.

    Args:
        mesh: The wheel about its axle, y.
        drop: Share of its radius that is lost.
    """
    p = mesh.vertices.astype(np.float64)
    radius = np.hypot(p[:, 0], p[:, 2])
    whole = radius.max()
    rim = RIM * whole
    outer = np.clip((radius - rim) / (whole - rim), 0.0, 1.0)
    angle = np.arctan2(p[:, 2], p[:, 0])
    torn = 0.5 + 0.3 * np.sin(5.0 * angle + 1.0) + 0.2 * np.sin(11.0 * angle)
    left = np.minimum(radius, rim) + outer * ((1.0 - drop) * whole - rim) * (1.0 - TORN * torn)
    p[:, [0, 2]] *= (left / np.maximum(radius, 1e-9))[:, None]
    middle = 0.5 * (p[:, 1].min() + p[:, 1].max())
    p[:, 1] += outer * ((SPREAD - 1.0) * (p[:, 1] - middle) + TWIST * whole * np.sin(3.0 * angle + 2.0))
    return with_normals(replace(mesh, vertices=p.astype(np.float32)), outer > 0.0)


def overturn(node: Node, lower: npt.NDArray[np.float64], upper: npt.NDArray[np.float64]) -> Node:
    """A vehicle lying on its left side, its footprint's middle at the origin; nothing of it turns any more.

    Args:
        node: A part.
        lower: Corner of the vehicle's box [m].
        upper: The other corner [m].
    """
    p, n = node.mesh.vertices.astype(np.float64) + np.array(node.pivot), node.mesh.normals
    middle = (lower + upper) / 2
    lying = np.stack([p[:, 0] - middle[0], middle[2] - p[:, 2], upper[1] - p[:, 1]], 1)
    # The left side (greatest y) comes to lie on the ground.
    turned = np.stack([n[:, 0], -n[:, 2], -n[:, 1]], 1)
    lying[:, 1] *= -1.0
    turned[:, 1] *= -1.0
    mesh = replace(node.mesh, vertices=lying.astype(np.float32), normals=turned.astype(np.float32))
    return replace(node, mesh=mesh, role="body", pivot=(0.0, 0.0, 0.0))


def burn(node: Node) -> Node:
    """What a fire leaves: no glass, no paint, no rubber; the wreck sits on its rims."""
    mesh = node.mesh
    glass = np.array([m.role == Role.GLASS or m.transmission > 0.0 for m in mesh.materials])
    keep = ~glass[mesh.material]
    materials = []
    for m in mesh.materials:
        dark = m.role not in (Role.PAINT,) and m.metallic < 0.5
        materials.append(replace(ASH if dark else CHARRED, name=m.name))
    kept = replace(
        mesh, triangles=mesh.triangles[keep], material=mesh.material[keep], semantic=mesh.semantic[keep],
        part=None if mesh.part is None else mesh.part[keep], materials=materials,
    )  # fmt: skip
    return replace(node, mesh=kept)
