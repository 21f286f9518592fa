"""Triangles of a mesh in the order of a tree of boxes with eight branches at each node, so that what is out of sight is skipped.

The tree needs no pointers. Of ``n`` triangles, leaf ``i`` holds those from 8 i to 8 i + 7 and node ``j`` of height ``h`` the leaves from
8^h j to 8^h (j + 1) - 1; the last one of a height may be short. A node's row holds the boxes of its eight children, rows start at the
root, which is of height `tree_height`, and then go height by height. `sim.render.eights` walks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from weakref import ref

import numpy as np
import numpy.typing as npt

from sim.render.mesh import MeshData

EIGHT = 8
"""Triangles of a leaf and branches of a node: as many as a CPU handles at a time."""


def tree_height(ntriangle: int) -> int:
    """Height of the root, at least 1; the leaves have 0."""
    height = 1
    while EIGHT ** (height + 1) < ntriangle:
        height += 1
    return height


def _starts(ntriangle: int, size: int) -> npt.NDArray[np.int64]:
    """First triangle of each group of ``size``."""
    return np.arange(0, max(ntriangle, 1), size, dtype=np.int64)


def _half_areas(bounds: npt.NDArray[np.float32], order: npt.NDArray[np.int32], half: int) -> npt.NDArray[np.float32]:
    """Surface of the box of each group of ``half`` triangles, weighted with their number; two in a row make a node, (nnode,)."""
    starts = _starts(len(order), half)
    # The last group is filled up with its last triangle; then groups are folded in two until one row of each is left.
    missing = len(starts) * half - len(order)
    filled = np.concatenate([order, np.repeat(order[-1:], missing)]) if missing else order
    least = bounds.take(filled, axis=0).reshape(len(starts), -1)
    while least.shape[1] > 6:
        middle = least.shape[1] // 2
        least = np.minimum(least[:, :middle], least[:, middle:])
    x, y, z = (-least[:, k + 3] - least[:, k] for k in range(3))
    area = (x * y + y * z + z * x) * np.diff(starts, append=len(order))
    return np.add.reduceat(area, np.arange(0, len(starts), 2))


_orders: dict[tuple[int, int], tuple[ref[np.ndarray], ref[np.ndarray], npt.NDArray[np.int32]]] = {}
"""Orders by the identity of a mesh's vertices and triangles, as long as these live: the next batch has many of the same meshes."""


def _known_order(mesh: MeshData) -> npt.NDArray[np.int32]:
    """`_tree_order`, found once for all meshes with the very same vertices and triangles."""
    key = id(mesh.vertices), id(mesh.triangles)
    known = _orders.get(key)
    if known is None or known[0]() is not mesh.vertices or known[1]() is not mesh.triangles:

        def forget(_: object) -> None:
            _orders.pop(key, None)

        known = _orders[key] = ref(mesh.vertices, forget), ref(mesh.triangles, forget), _tree_order(mesh)
    return known[2]


def _tree_order(mesh: MeshData) -> npt.NDArray[np.int32]:
    """Order of the tree for a mesh's triangles, (ntriangle,).

    Three times a node, groups are halved across the axis that leaves the least surface (MacDonald and Booth 1990). They stay sorted
    along each axis throughout.
    """
    n = len(mesh.triangles)
    corners = mesh.vertices[mesh.triangles].astype(np.float32)
    bounds = np.concatenate([corners.min(axis=1), -corners.max(axis=1)], axis=1)
    centers = corners.sum(axis=1)
    orders = [np.argsort(centers[:, k], kind="stable").astype(np.int32) for k in range(3)]
    upper_half = np.zeros(n, bool)
    size = EIGHT
    while size < n:
        size *= 2
    while size > EIGHT:
        half = size // 2
        axis = np.argmin([_half_areas(bounds, order, half) for order in orders], axis=0)
        place = np.arange(n)
        in_upper = (place & half) != 0
        chosen = np.choose(axis[place // size], orders)
        upper_half[chosen] = in_upper
        for order in orders:
            moved = upper_half[order]
            order[in_upper], order[~in_upper] = order[moved], order[~moved]
        size = half
    return orders[0]


def sort_clip(frames: Sequence[MeshData]) -> list[MeshData]:
    """The poses of a clip with triangles in the order of the tree of the first, vertices in the order of their first use.

    What lies together then also lies together in memory.
    """
    head = frames[0]
    order = _known_order(head)
    triangles = head.triangles[order]
    used, first, place = np.unique(triangles, return_index=True, return_inverse=True)
    by_use = np.argsort(first, kind="stable")
    number = np.empty_like(by_use)
    number[by_use] = np.arange(len(by_use))
    triangles = number[place].reshape(-1, 3).astype(np.int32)
    vertex = used[by_use]
    material, semantic = head.material[order], head.semantic[order]
    part = None if head.part is None else head.part[order]
    return [
        replace(
            frame, triangles=triangles, material=material, semantic=semantic, part=part,
            vertices=frame.vertices[vertex], normals=frame.normals[vertex], uvs=frame.uvs[vertex],
        )
        for frame in frames
    ]  # fmt: skip


def tree_boxes(vertices: npt.NDArray[np.floating], triangles: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
    """Boxes of the children of each node, (nnode, 6, 8): x, y, z of their centres, then half their sizes [m].

    Args:
        vertices: Of the mesh, or of one pose of it [m], (nvertex, 3).
        triangles: In the order of the tree, (ntriangle, 3).
    """
    n = len(triangles)
    corners = vertices[triangles.ravel()]
    starts = 3 * _starts(n, EIGHT)
    lower = np.minimum.reduceat(corners, starts)
    upper = np.maximum.reduceat(corners, starts)
    rows = []
    for _ in range(tree_height(n)):
        # The last node's missing children repeat its last one.
        missing = -len(lower) % EIGHT
        lower = np.concatenate([lower, np.repeat(lower[-1:], missing, axis=0)])
        upper = np.concatenate([upper, np.repeat(upper[-1:], missing, axis=0)])
        half = (upper - lower) / 2
        # Rounding must not lose a corner.
        half += 1e-6 * (half + np.maximum(np.abs(lower), np.abs(upper)).max(axis=1, keepdims=True))
        boxes = np.concatenate([(lower + upper) / 2, half], axis=1)
        rows.append(boxes.reshape(-1, EIGHT, 6).transpose(0, 2, 1))
        starts = np.arange(0, len(lower), EIGHT)
        lower = np.minimum.reduceat(lower, starts)
        upper = np.maximum.reduceat(upper, starts)
    return np.concatenate(rows[::-1]).astype(np.float32)
