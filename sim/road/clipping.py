"""Cutting convex polygons in the plane: what keeps road surfaces from lying on top of each other.

Polygons are counter-clockwise lists of (x, y, z); cuts are vertical, so z is interpolated along the cut edges and a piece stays on the
surface of the polygon it came from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Point = tuple[float, float, float]
Polygon = list[Point]

MIN_AREA = 1e-5
"""Pieces smaller than this are dropped [m^2]."""

TOLERANCE = 1e-4
"""Overlaps thinner than this do not count [m]."""

LEVEL_GAP = 2.0
"""Surfaces further apart in height than this pass over each other (bridges) [m]."""


def area(polygon: Sequence[Point]) -> float:
    """Signed area in the plane [m^2], positive counter-clockwise."""
    total = 0.0
    x0, y0, _ = polygon[-1]
    for x1, y1, _ in polygon:
        total += x0 * y1 - x1 * y0
        x0, y0 = x1, y1
    return total / 2


def split(polygon: Polygon, ax: float, ay: float, bx: float, by: float) -> tuple[Polygon, Polygon]:
    """Parts of a polygon left and right of the directed line through a and b."""
    dx, dy = bx - ax, by - ay
    scale = 1.0 / max((dx * dx + dy * dy) ** 0.5, 1e-12)
    side = [(dx * (p[1] - ay) - dy * (p[0] - ax)) * scale for p in polygon]
    if min(side) > -TOLERANCE:
        return polygon, []
    if max(side) < TOLERANCE:
        return [], polygon
    left: Polygon = []
    right: Polygon = []
    for i, p in enumerate(polygon):
        d, e = side[i - 1], side[i]
        if (d < 0.0 < e) or (e < 0.0 < d):
            q = polygon[i - 1]
            f = d / (d - e)
            cut = (q[0] + (p[0] - q[0]) * f, q[1] + (p[1] - q[1]) * f, q[2] + (p[2] - q[2]) * f)
            left.append(cut)
            right.append(cut)
        if e >= 0.0:
            left.append(p)
        if e <= 0.0:
            right.append(p)
    return left, right


def cut(polygon: Polygon, window: Sequence[Sequence[float]]) -> tuple[Polygon, list[Polygon]]:
    """Part of a convex polygon inside a convex window (counter-clockwise), and the convex pieces outside it."""
    inside = polygon
    outside: list[Polygon] = []
    for i in range(len(window)):
        a, b = window[i - 1], window[i]
        if abs(a[0] - b[0]) + abs(a[1] - b[1]) < 1e-7:
            continue
        inside, out = split(inside, a[0], a[1], b[0], b[1])
        if len(out) > 2 and area(out) > MIN_AREA:
            outside.append(out)
        if len(inside) < 3:
            return [], outside
    return (inside, outside) if area(inside) > MIN_AREA else ([], outside)


def overlapping_pairs(target: Floats, window: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs of convex quads that overlap in the plane and lie on one level.

    Args:
        target: Corners [m], (n, 4, 3).
        window: Corners [m], (m, 4, 3).

    Returns:
        Rows of ``target`` and rows of ``window``, each (npair,), sorted by both.
    """
    a, b = close_pairs(target[:, :, :2], window[:, :, :2])
    if len(a) == 0:
        return a, b
    keep = np.abs(target[a, :, 2].mean(1) - window[b, :, 2].mean(1)) < LEVEL_GAP
    a, b = a[keep], b[keep]
    apart = _separated(target[a, :, :2], window[b, :, :2]) | _separated(window[b, :, :2], target[a, :, :2])
    a, b = a[~apart], b[~apart]
    order = np.lexsort((b, a))
    return a[order], b[order]


def close_pairs(target: Floats, window: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs whose bounding boxes overlap, found over a grid that the windows are entered in."""
    none = np.zeros(0, np.int64)
    if len(target) == 0 or len(window) == 0:
        return none, none
    t_low, t_high = target.min(1), target.max(1)
    w_low, w_high = window.min(1), window.max(1)
    spans = np.concatenate([t_high - t_low, w_high - w_low])
    size = max(2.0, float(np.percentile(spans.max(1), 75)))
    origin = np.minimum(t_low.min(0), w_low.min(0))
    cell_w, row_w = _enter(w_low, w_high, origin, size)
    cell_t, row_t = _enter(t_low, t_high, origin, size)
    order = np.argsort(cell_w, kind="stable")
    cell_w, row_w = cell_w[order], row_w[order]
    first = np.searchsorted(cell_w, cell_t, side="left")
    count = np.searchsorted(cell_w, cell_t, side="right") - first
    a = np.repeat(row_t, count)
    offset = np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count)
    b = row_w[np.repeat(first, count) + offset]
    hit = ((t_low[a] < w_high[b] - TOLERANCE) & (w_low[b] < t_high[a] - TOLERANCE)).all(1)
    pairs = np.unique(a[hit] * len(window) + b[hit])
    return pairs // len(window), pairs % len(window)


def _enter(
    low: Floats, high: Floats, origin: Floats, size: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Cells that boxes touch, as one key per cell, and the box of each key."""
    i0 = ((low - origin) // size).astype(np.int64)
    i1 = ((high - origin) // size).astype(np.int64)
    span = i1 - i0 + 1
    count = span[:, 0] * span[:, 1]
    row = np.repeat(np.arange(len(low)), count)
    k = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return (i0[row, 0] + k % span[row, 0]) * (1 << 31) + i0[row, 1] + k // span[row, 0], row


def _separated(a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
    """Whether an edge of a keeps b outside, for pairs of counter-clockwise convex quads (n, 4, 2)."""
    edge = np.roll(a, -1, 1) - a
    length = np.linalg.norm(edge, axis=2)
    normal = np.stack([edge[..., 1], -edge[..., 0]], -1) / np.maximum(length, 1e-9)[..., None]
    reach = np.einsum("nek,nck->nec", normal, b) - np.einsum("nek,nek->ne", normal, a)[..., None]
    return ((reach.min(2) > -TOLERANCE) & (length > 1e-7)).any(1)


def contains(window: Floats, target: Floats) -> npt.NDArray[np.bool_]:
    """Whether convex quad ``window[i]`` holds all of ``target[i]``, (n, 4, 2) each."""
    edge = np.roll(window, -1, 1) - window
    normal = np.stack([edge[..., 1], -edge[..., 0]], -1)
    normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-9)
    reach = np.einsum("nek,nck->nec", normal, target) - np.einsum("nek,nek->ne", normal, window)[..., None]
    return (reach.max(2) < TOLERANCE).all(1)


def subtract_all(
    target: Floats, window: Floats, allowed: npt.NDArray[np.bool_] | None = None, pairs: tuple | None = None
) -> dict[int, list[Polygon]]:
    """Targets that windows cut into, with what is left of them (nothing: an empty list).

    Args:
        target: Convex quads [m], (n, 4, 3).
        window: Convex quads [m], (m, 4, 3).
        allowed: Which of the ``pairs`` may cut, (npair,).
        pairs: What `overlapping_pairs` gave; found here if None.
    """
    a, b = overlapping_pairs(target, window) if pairs is None else pairs
    if allowed is not None:
        a, b = a[allowed], b[allowed]
    left: dict[int, list[Polygon]] = {}
    whole = contains(window[b, :, :2], target[a, :, :2]) if len(a) else np.zeros(0, bool)
    for row in np.unique(a[whole]):
        left[int(row)] = []
    starts = np.flatnonzero(np.r_[True, a[1:] != a[:-1]]) if len(a) else []
    ends = np.r_[starts[1:], len(a)] if len(a) else []
    for start, end in zip(starts, ends, strict=True):
        row = int(a[start])
        if row in left:
            continue
        pieces: list[Polygon] = [[tuple(p) for p in target[row].tolist()]]
        for k in b[start:end]:
            corners = window[k].tolist()
            pieces = [out for piece in pieces for out in _outside(piece, corners)]
            if not pieces:
                break
        left[row] = pieces
    return left


def _outside(piece: Polygon, window: list[list[float]]) -> list[Polygon]:
    """Pieces of a polygon outside a window; the polygon itself where they do not overlap."""
    inside, outside = cut(piece, window)
    return outside if inside else [piece]
