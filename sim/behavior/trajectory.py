"""Trajectories as polylines: sampled densely enough that following them is exact to millimetres."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.errors import ScenarioError
from sim.road.geometry import Arc, Geometry, Line, Spiral
from sim.road.network import Pose
from sim.scenario.storyboard import Clothoid, ClothoidSpline, Nurbs, Polyline, Position, Trajectory

SPACING = 0.25
"""Between samples of curved shapes [m]."""

MAX_POINTS = 20_000

Resolve = Callable[[Position], Pose]


@dataclass
class PathPoints:
    """A sampled path."""

    pos: np.ndarray
    """[m], (n, 3)."""
    heading: np.ndarray
    """Direction of travel [rad], unwrapped, (n,)."""
    s: np.ndarray
    """Arc length in the plane [m], (n,)."""
    time: np.ndarray
    """[s], negative where not timed, (n,)."""
    explicit_heading: bool = False


def sample_trajectory(trajectory: Trajectory, resolve: Resolve, corners: bool) -> PathPoints:
    """Points of a trajectory.

    Args:
        trajectory: Its shape.
        resolve: World pose of a position.
        corners: Turn gradually between the middles of a polyline's segments ('position' mode) instead of at its corners.

    Raises:
        ScenarioError: if it is degenerate or too long.
    """
    shape = trajectory.shape
    if isinstance(shape, Polyline):
        return _polyline(trajectory, shape, resolve, corners)
    if isinstance(shape, Clothoid):
        start = resolve(shape.position)
        end = shape.curvature + shape.curvature_prime * shape.length
        piece = Spiral(0.0, start.x, start.y, start.heading, shape.length, shape.curvature, end)
        times = (shape.start_time, shape.stop_time)
        return _pieces([piece], start.z, times if None not in times else None)  # type: ignore[arg-type]
    if isinstance(shape, ClothoidSpline):
        return _spline(shape, resolve)
    return _nurbs(trajectory, shape, resolve)


def _polyline(trajectory: Trajectory, shape: Polyline, resolve: Resolve, corners: bool) -> PathPoints:
    poses = [resolve(v.position) for v in shape.vertices]
    if len(poses) < 2:
        raise ScenarioError(f"trajectory {trajectory.name}: a polyline needs at least two vertices")
    pos = np.array([[p.x, p.y, p.z] for p in poses])
    steps = np.hypot(*np.diff(pos[:, :2], axis=0).T)
    s = np.concatenate([[0.0], np.cumsum(steps)])
    directions = np.arctan2(np.diff(pos[:, 1]), np.diff(pos[:, 0]))
    for i in np.flatnonzero(steps < 1e-6):
        directions[i] = directions[i - 1] if i else poses[0].heading
    directions = np.unwrap(directions)
    times = np.array([-1.0 if v.time is None else v.time for v in shape.vertices])
    if corners and len(poses) > 2:
        heading = np.empty(len(poses))
        heading[0], heading[-1] = directions[0], directions[-1]
        heading[1:-1] = (directions[:-1] + directions[1:]) / 2
        return PathPoints(pos, heading, s, times)
    # one heading per segment: each inner vertex stands twice, with the headings before and after it
    index = np.repeat(np.arange(len(poses)), 2)[1:-1]
    return PathPoints(pos[index], np.repeat(directions, 2), s[index], times[index])


def _pieces(pieces: list[Geometry], z: float, times: tuple[float, float] | None) -> PathPoints:
    total = sum(p.length for p in pieces)
    if total <= 0 or total / SPACING > MAX_POINTS:
        raise ScenarioError(
            f"a trajectory of {total:g} m cannot be followed", hint=f"Up to {MAX_POINTS * SPACING:g} m."
        )
    rows, headings, s = [], [], []
    base = 0.0
    for piece in pieces:
        ds = np.linspace(0.0, piece.length, max(2, math.ceil(piece.length / SPACING) + 1))
        x, y, h, _ = piece.evaluate(ds)
        first = 1 if rows else 0
        rows += list(zip(x[first:], y[first:], strict=True))
        headings += list(h[first:])
        s += list(base + ds[first:])
        base += piece.length
    pos = np.column_stack([np.array(rows), np.full(len(rows), z)])
    arc = np.array(s)
    time = np.full(len(arc), -1.0) if times is None else np.interp(arc, [0, base], times)
    return PathPoints(pos, np.unwrap(headings), arc, time)


def _spline(shape: ClothoidSpline, resolve: Resolve) -> PathPoints:
    first = shape.segments[0].position_start
    if first is None:
        raise ScenarioError("a clothoid spline's first segment needs a start position")
    pose = resolve(first)
    x, y, h, z = pose.x, pose.y, pose.heading, pose.z
    pieces: list[Geometry] = []
    for segment in shape.segments:
        if segment.position_start is not None and pieces:
            pose = resolve(segment.position_start)
            x, y, h = pose.x, pose.y, pose.heading
        h += segment.h_offset
        a, b = segment.curvature_start, segment.curvature_end
        base = (0.0, x, y, h, segment.length)
        piece: Geometry = Line(*base) if a == b == 0 else Arc(*base, a) if a == b else Spiral(*base, a, b)
        pieces.append(piece)
        px, py, ph, _ = piece.evaluate(np.array([segment.length]))
        x, y, h = float(px[0]), float(py[0]), float(ph[0])
    times = None if shape.time_end is None else (0.0, shape.time_end)
    return _pieces(pieces, z, times)


def _nurbs(trajectory: Trajectory, shape: Nurbs, resolve: Resolve) -> PathPoints:
    poses = [resolve(c.position) for c in shape.control_points]
    points = np.array([[p.x, p.y, p.z] for p in poses])
    weights = np.array([c.weight for c in shape.control_points])
    knots = np.asarray(shape.knots, float)
    n, k = len(points), shape.order
    if n < k or len(knots) != n + k:
        raise ScenarioError(
            f"trajectory {trajectory.name}: {len(knots)} knots do not fit {n} control points of order {k}",
            hint=f"{n + k} knots are right.",
        )
    reach = float(np.sum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    count = min(MAX_POINTS, max(50, math.ceil(reach / SPACING)))
    u = np.linspace(knots[k - 1], knots[n], count)
    basis = _basis(u, knots, n, k) * weights
    pos = basis @ points / basis.sum(axis=1, keepdims=True)
    s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(pos[:, :2], axis=0).T))])
    heading = np.unwrap(np.arctan2(np.gradient(pos[:, 1]), np.gradient(pos[:, 0])))
    times = [c.time for c in shape.control_points]
    time = np.full(count, -1.0)
    if all(t is not None for t in times):
        time = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, n), [float(t or 0) for t in times])
    return PathPoints(pos, heading, s, time)


def _basis(u: np.ndarray, knots: np.ndarray, n: int, order: int) -> np.ndarray:
    """Values of the B-spline basis (Cox 1972, de Boor 1972), (len(u), n)."""
    last = np.flatnonzero(knots < knots[n])[-1]
    level = np.array([(knots[i] <= u) & (u < knots[i + 1]) for i in range(len(knots) - 1)], float).T
    level[u >= knots[n], last] = 1.0
    for degree in range(1, order):
        lifted = np.zeros((len(u), len(knots) - 1 - degree))
        for i in range(len(knots) - 1 - degree):
            left, right = knots[i + degree] - knots[i], knots[i + degree + 1] - knots[i + 1]
            if left > 0:
                lifted[:, i] += (u - knots[i]) / left * level[:, i]
            if right > 0:
                lifted[:, i] += (knots[i + degree + 1] - u) / right * level[:, i + 1]
        level = lifted
    return level[:, :n]
