"""Triangles of a mesh in the order of a balanced tree of boxes, so that whole branches out of sight are skipped.

The tree needs no pointers: node 1 is the root, node i has the children 2 i and 2 i + 1, and of ``n`` triangles node i of
level l (the root's is 0) holds those from ``n k >> l`` to ``n (k + 1) >> l``, k = i - 2^l.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sim.render.mesh import MeshData

LEAF = 8
"""Most triangles of a leaf."""


def tree_levels(ntriangle: int) -> int:
    """Level of the leaves."""
    return max(0, int(np.ceil(np.log2(max(ntriangle, 1) / LEAF))))


def _starts(ntriangle: int, level: int) -> npt.NDArray[np.int64]:
    return (np.arange((1 << level) + 1, dtype=np.int64) * ntriangle) >> level


def _tree_order(mesh: MeshData) -> npt.NDArray[np.int64]:
    """Order of the tree for a mesh's triangles, (ntriangle,): each node halves its triangles along its longest side."""
    n = len(mesh.triangles)
    a, b, c = mesh.triangles.T
    centers = mesh.vertices[a] + mesh.vertices[b] + mesh.vertices[c]
    order = np.arange(n)
    for level in range(tree_levels(n)):
        starts = _starts(n, level)
        own = centers[order]
        lower = np.minimum.reduceat(own, starts[:-1])
        extent = np.maximum.reduceat(own, starts[:-1]) - lower
        axis = extent.argmax(axis=1)
        node = np.repeat(np.arange(1 << level), np.diff(starts))
        chosen = axis[node]
        along = own[np.arange(n), chosen] - lower[node, chosen]
        order = order[np.argsort(node + 0.999 * along / np.maximum(extent[node, chosen], 1e-9), kind="stable")]
    return order


def sort_clip(frames: Sequence[MeshData]) -> list[MeshData]:
    """The poses of a clip with triangles in the order of the tree of the first, vertices in the order of their first use.

    What lies together then also lies together in memory.
    """
    head = frames[0]
    order = _tree_order(head)
    triangles = head.triangles[order]
    used, first, place = np.unique(triangles, return_index=True, return_inverse=True)
    by_use = np.argsort(first, kind="stable")
    number = np.empty_like(by_use)
    number[by_use] = np.arange(len(by_use))
    triangles = number[place].reshape(-1, 3).astype(np.int32)
    vertex = used[by_use]
    material, semantic = head.material[order], head.semantic[order]
    return [
        replace(
            frame, triangles=triangles, material=material, semantic=semantic,
            vertices=frame.vertices[vertex], normals=frame.normals[vertex], uvs=frame.uvs[vertex],
        )
        for frame in frames
    ]  # fmt: skip


def tree_boxes(
    vertices: npt.NDArray[np.floating], triangles: npt.NDArray[np.integer]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Centres and half sizes [m] of the nodes' boxes, each (2^(levels + 1), 3); row 0 is no node.

    Args:
        vertices: Of the mesh, or of one pose of it [m], (nvertex, 3).
        triangles: In the order of the tree, (ntriangle, 3).
    """
    levels = tree_levels(len(triangles))
    lower = np.zeros((2 << levels, 3), np.float32)
    upper = np.zeros_like(lower)
    corners = vertices[triangles.ravel()]
    starts = 3 * _starts(len(triangles), levels)[:-1]
    first = 1 << levels
    lower[first:] = np.minimum.reduceat(corners, starts)
    upper[first:] = np.maximum.reduceat(corners, starts)
    for level in reversed(range(levels)):
        i = np.arange(1 << level, 2 << level)
        lower[i] = np.minimum(lower[2 * i], lower[2 * i + 1])
        upper[i] = np.maximum(upper[2 * i], upper[2 * i + 1])
    half = (upper - lower) / 2
    # Rounding must not lose a corner.
    margin = 1e-6 * (half + np.abs(upper).max(axis=1, keepdims=True))
    return ((lower + upper) / 2).astype(np.float32), (half + margin).astype(np.float32)
