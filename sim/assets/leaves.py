"""Foliage as a table of leaves, 14 bytes each, grown to two-sided rhombi when a plant is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.render.mesh import MeshData, Semantic

ROW = np.dtype([("center", "<u2", 3), ("long", "i1", 3), ("short", "i1", 3), ("material", "u1"), ("spare", "u1")])
"""One leaf: centre in steps from the lower corner, two half diagonals in steps of reach / 127, row of the materials."""
CROWN = 0.55
"""Share of the crown's outward direction in a leaf's shading normal; the rest is its own face."""


@dataclass(frozen=True)
class Leaves:
    """All leaves of a plant."""

    center: npt.NDArray[np.float64]
    """[m], (nleaf, 3)."""
    long: npt.NDArray[np.float64]
    """Half of the longer diagonal [m], (nleaf, 3)."""
    short: npt.NDArray[np.float64]
    """Half of the shorter diagonal [m], (nleaf, 3)."""
    material: npt.NDArray[np.uint8]
    """Index of the plant's materials, (nleaf,)."""


def encode(leaves: Leaves) -> tuple[bytes, dict[str, object]]:
    """Packed rows and what is needed to unpack them."""
    lower = leaves.center.min(axis=0)
    step = np.maximum(np.ptp(leaves.center, axis=0), 1e-6) / 65535.0
    reach = float(max(np.abs(leaves.long).max(), np.abs(leaves.short).max()))
    rows = np.zeros(len(leaves.center), ROW)
    rows["center"] = np.round((leaves.center - lower) / step)
    rows["long"] = np.round(leaves.long / reach * 127.0)
    rows["short"] = np.round(leaves.short / reach * 127.0)
    rows["material"] = leaves.material
    return rows.tobytes(), {"lower": lower.tolist(), "step": step.tolist(), "reach": reach}


def decode(raw: bytes, lower: npt.ArrayLike, step: npt.ArrayLike, reach: float) -> Leaves:
    """The inverse of `encode`, up to rounding."""
    rows = np.frombuffer(raw, ROW)
    return Leaves(
        rows["center"] * np.asarray(step, float) + np.asarray(lower, float),
        rows["long"] * (reach / 127.0),
        rows["short"] * (reach / 127.0),
        rows["material"].copy(),
    )


def with_leaves(wood: MeshData, leaves: Leaves) -> MeshData:
    """The wood of a plant and its leaves in one mesh; the leaves' materials are those of the wood's list."""
    c, a, b = leaves.center, leaves.long, leaves.short
    n = len(c)
    corners = np.stack([c - a, c + b, c + a, c - b], 1)
    first = len(wood.vertices) + 4 * np.arange(n)[:, None]
    triangles = np.stack([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])], 1).reshape(-1, 3)
    outward = (c - np.median(c, axis=0)) / np.maximum(np.ptp(c, axis=0), 1e-6)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    face = np.cross(a, b)
    face /= np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-12)
    face *= np.where((face * outward).sum(axis=1, keepdims=True) < 0.0, -1.0, 1.0)
    normal = CROWN * outward + (1.0 - CROWN) * face
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    return MeshData(
        vertices=np.concatenate([wood.vertices, corners.reshape(-1, 3)]).astype(np.float32),
        triangles=np.concatenate([wood.triangles, triangles]).astype(np.int32),
        normals=np.concatenate([wood.normals, np.repeat(normal, 4, axis=0)]).astype(np.float32),
        uvs=np.concatenate([wood.uvs, np.zeros((4 * n, 2))]).astype(np.float32),
        material=np.concatenate([wood.material, np.repeat(leaves.material, 2)]).astype(np.int32),
        semantic=np.concatenate([wood.semantic, np.full(2 * n, int(Semantic.VEGETATION))]).astype(np.uint8),
        materials=wood.materials,
    )
