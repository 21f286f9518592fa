"""Trajectories as polylines: sampled densely enough that following them is exact to millimetres.

Headings are esmini's: those of the vertices where the file gives them, else the direction to the next vertex; between vertices they
change along the whole segment ('follow' mode), or only within `CORNER` of a vertex ('position' mode).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.behavior.codes import Anchor
from sim.errors import ScenarioError
from sim.road.geometry import Arc, Geometry, Line, Spiral
from sim.road.network import Pose
from sim.scenario.storyboard import (
    Clothoid,
    ClothoidSpline,
    Nurbs,
    Polyline,
    Position,
    RelativeLanePosition,
    RelativeRoadPosition,
    RelativeWorldPosition,
    Trajectory,
    WorldPosition,
)

SPACING = 0.25
"""Between samples of curved shapes [m]."""

NURBS_SPACING = 1.0
"""Length of the chords of a NURBS, about [m]. As in esmini arc length is that of the chords, the actor turns evenly along each from the
tangent at one end to that at the other, and along the first keeps the tangent at its end."""

CORNER = 2.0
"""Reach of a turn at a vertex [m]."""

FINE = max(1, math.ceil(NURBS_SPACING / SPACING))
"""Samples of a NURBS per chord."""

MAX_POINTS = 20_000

Resolve = Callable[[Position], Pose]


@dataclass
class PathPoints:
    """A sampled path."""

    pos: np.ndarray
    """[m], (n, 3)."""
    heading: np.ndarray
    """Of the actor [rad], unwrapped, (n,)."""
    s: np.ndarray
    """Arc length in the plane [m], (n,)."""
    time: np.ndarray
    """[s], negative where not timed, (n,)."""
    explicit_heading: bool = False
    """Whether the headings are the file's own, not the direction of travel."""
    absolute_z: bool = False
    """Whether the heights are the file's own, not the road's."""
    shares: np.ndarray | None = None
    """Of a NURBS's control points in its points, and then in the tangents at its chords' ends, (n + nchord + 1, k)."""


def shape_positions(shape: Polyline | Clothoid | ClothoidSpline | Nurbs) -> list[Position]:
    """Positions that a shape is made of."""
    if isinstance(shape, Polyline):
        return [v.position for v in shape.vertices]
    if isinstance(shape, Clothoid):
        return [shape.position]
    if isinstance(shape, ClothoidSpline):
        return [s.position_start for s in shape.segments if s.position_start is not None]
    return [c.position for c in shape.control_points]


def has_heading(position: Position) -> bool:
    """Whether a position says a heading of its own."""
    if isinstance(position, WorldPosition):
        return position.h is not None
    return getattr(position, "orientation", None) is not None


def has_height(position: Position) -> bool:
    """Whether a position says a height of its own."""
    return isinstance(position, WorldPosition) and position.z is not None


def sample_trajectory(trajectory: Trajectory, resolve: Resolve, corners: bool, start: Pose | None = None) -> PathPoints:
    """Points of a trajectory.

    Args:
        trajectory: Its shape.
        resolve: World pose of a position.
        corners: Turn near a polyline's vertices ('position' mode) instead of all along its segments ('follow' mode).
        start: Where a clothoid spline begins that does not say so.

    Raises:
        ScenarioError: if it is degenerate or too long.
    """
    shape = trajectory.shape
    if isinstance(shape, Polyline):
        return _polyline(trajectory, shape, resolve, corners)
    if isinstance(shape, Clothoid):
        pose = resolve(shape.position)
        end = shape.curvature + shape.curvature_prime * shape.length
        piece = Spiral(0.0, pose.x, pose.y, pose.heading, shape.length, shape.curvature, end)
        ends = (shape.start_time, shape.stop_time)
        times = None if ends[0] is None or ends[1] is None else ([0.0, shape.length], [ends[0], ends[1]])
        return _pieces([piece], pose.z, times)
    if isinstance(shape, ClothoidSpline):
        return _spline(shape, resolve, start)
    return _nurbs(trajectory, shape, resolve)


# --- polylines ----------------------------------------------------------------------------------------------------------


def _polyline(trajectory: Trajectory, shape: Polyline, resolve: Resolve, corners: bool) -> PathPoints:
    poses = [resolve(v.position) for v in shape.vertices]
    if len(poses) < 2:
        raise ScenarioError(f"trajectory {trajectory.name}: a polyline needs at least two vertices")
    pos = np.array([[p.x, p.y, p.z] for p in poses])
    s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(pos[:, :2], axis=0).T))])
    explicit = [has_heading(v.position) for v in shape.vertices]
    heading = np.unwrap(np.where(explicit, [p.heading for p in poses], _directions(pos, s, poses[0].heading)))
    times = np.array([-1.0 if v.time is None else v.time for v in shape.vertices])
    flags = explicit[0], has_height(shape.vertices[0].position)
    if not corners:
        return PathPoints(pos, heading, s, times, *flags)
    return _corners(PathPoints(pos, heading, s, times, *flags))


def _directions(pos: np.ndarray, s: np.ndarray, fallback: float) -> np.ndarray:
    """Direction from each vertex to the next; vertices in one place and the last one keep the one before."""
    steps = np.diff(pos[:, :2], axis=0)
    moving = np.flatnonzero(np.diff(s) > 1e-6)
    current = math.atan2(steps[moving[0], 1], steps[moving[0], 0]) if len(moving) else fallback
    out = []
    for i in range(len(pos)):
        if i < len(steps) and s[i + 1] - s[i] > 1e-6:
            current = math.atan2(steps[i, 1], steps[i, 0])
        out.append(current)
    return np.array(out)


def _corners(path: PathPoints) -> PathPoints:
    """The path with points put in where turns begin and end: headings are then linear between points."""
    pos, heading, s, time = [], [], [], []
    n = len(path.s)
    for i in range(n - 1):
        length = path.s[i + 1] - path.s[i]
        reach = min(CORNER, length / 2)
        here, before, after = path.heading[i], path.heading[max(i - 1, 0)], path.heading[i + 1]
        first = here if i == 0 else (here + before) / 2
        last = after if i == n - 2 else (here + after) / 2
        for at, angle in ((0.0, first), (reach, here), (length - reach, here), (length, last)):
            f = at / length if length > 1e-9 else float(at > 0.0 or angle == last)
            pos.append(path.pos[i] + f * (path.pos[i + 1] - path.pos[i]))
            heading.append(angle)
            s.append(path.s[i] + at)
            time.append(path.time[i] + f * (path.time[i + 1] - path.time[i]))
        time[-1], time[-4] = path.time[i + 1], path.time[i]
    return PathPoints(
        np.array(pos), np.array(heading), np.array(s), np.array(time), path.explicit_heading, path.absolute_z
    )


# --- clothoids ----------------------------------------------------------------------------------------------------------


def _pieces(pieces: list[Geometry], z: float, times: tuple[list[float], list[float]] | None) -> PathPoints:
    """Points along joined curves; ``times``: arc lengths and the times there."""
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
        rows += list(zip(x, y, strict=True))
        headings += list(h)
        s += list(base + ds)
        base += piece.length
    pos = np.column_stack([np.array(rows), np.full(len(rows), z)])
    arc = np.array(s)
    time = np.full(len(arc), -1.0) if times is None else np.interp(arc, *times)
    return PathPoints(pos, np.unwrap(headings), arc, time)


def _spline(shape: ClothoidSpline, resolve: Resolve, start: Pose | None) -> PathPoints:
    first = shape.segments[0].position_start
    pose = resolve(first) if first is not None else start
    if pose is None:
        raise ScenarioError("a clothoid spline without a start position can only be followed by an actor")
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
    begins = [s.time_start for s in shape.segments]
    if shape.time_end is None:
        return _pieces(pieces, z, None)
    if begins[0] is None:
        begins[0] = 0.0
    knots = [(float(np.sum([s.length for s in shape.segments[:i]])), t) for i, t in enumerate(begins) if t is not None]
    knots.append((sum(s.length for s in shape.segments), shape.time_end))
    return _pieces(pieces, z, ([k[0] for k in knots], [k[1] for k in knots]))


# --- NURBS --------------------------------------------------------------------------------------------------------------


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
    reach = float(np.sum(np.hypot(*np.diff(points[:, :2], axis=0).T)))
    if reach <= 0 or reach / NURBS_SPACING > MAX_POINTS:
        raise ScenarioError(f"trajectory {trajectory.name} is {reach:g} m long", hint="More than 0 m, at most 20 km.")
    coarse = int(1 + reach / NURBS_SPACING)
    u = np.linspace(knots[0], knots[-1], coarse * FINE + 1)
    share, _ = _shares(u, knots, weights, k)
    pos = share @ points
    # between the chords' ends the parameter and the heading are linear in s
    ends = u[::FINE]
    chords = np.hypot(*np.diff(pos[::FINE, :2], axis=0).T)
    s = np.interp(u, ends, np.concatenate([[0.0], np.cumsum(chords)]))
    side = np.append(np.ones(coarse), -1.0) * min(1e-3, ends[1] - ends[0])
    beside, basis = _shares(ends + side, knots, weights, k)
    tangents = (beside - share[::FINE]) / side[:, None] * (ends[1] - ends[0])
    ahead = tangents @ points
    tangent = np.unwrap(np.arctan2(ahead[:, 1], ahead[:, 0]))
    tangent[0] = tangent[1]
    heading = np.interp(u, ends, tangent)
    explicit = has_heading(shape.control_points[0].position)
    if explicit:
        heading = share @ np.unwrap([p.heading for p in poses])
    times = [c.time for c in shape.control_points]
    time = np.full(len(u), -1.0)
    if all(t is not None for t in times):
        peaks = ends[np.argmax(basis, axis=0)]
        time = np.interp(u, peaks, [float(t or 0.0) for t in times])
    return PathPoints(
        pos, heading, s, time, explicit, has_height(shape.control_points[0].position), np.vstack([share, tangents])
    )


def _shares(u: np.ndarray, knots: np.ndarray, weights: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the control points in a NURBS's points, and the basis without weights, each (len(u), n)."""
    basis = _basis(u, knots, len(weights), order)
    return basis * weights / (basis * weights).sum(axis=1, keepdims=True), basis


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


# --- relative trajectories ------------------------------------------------------------------------------------------------


def bends(trajectory: Trajectory) -> bool:
    """Whether a trajectory's points follow the road: polylines and NURBS that leave the headings to it."""
    if not isinstance(trajectory.shape, (Polyline, Nurbs)):
        return False
    return not any(has_heading(position) for position in shape_positions(trajectory.shape))


def anchor_of(trajectory: Trajectory) -> Anchor:
    """What a relative trajectory's first relative position is relative to."""
    kinds = {RelativeLanePosition: Anchor.LANE, RelativeRoadPosition: Anchor.ROAD}
    for position in shape_positions(trajectory.shape):
        if getattr(position, "entity", None) is not None:
            if isinstance(position, RelativeWorldPosition) and not isinstance(trajectory.shape, Clothoid):
                return Anchor.WORLD
            return kinds.get(type(position), Anchor.OBJECT)
    return Anchor.OBJECT
