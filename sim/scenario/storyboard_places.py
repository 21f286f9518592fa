"""Positions, routes and trajectories of the storyboard, named as in ASAM OpenSCENARIO XML."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Orientation:
    """Angles [rad]; relative to the position's own reference (lane, road, object) where ``relative``, else to the world."""

    h: float = 0.0
    p: float = 0.0
    r: float = 0.0
    relative: bool = True


@dataclass(frozen=True)
class WorldPosition:
    """Point [m] and heading [rad] in the world frame; None: take the road's height and angles, and of a trajectory its direction."""

    x: float
    y: float
    z: float | None = None
    h: float | None = None
    p: float | None = None
    r: float | None = None


@dataclass(frozen=True)
class LanePosition:
    """s [m] along a road and offset [m] (left positive in the road's s direction) from a lane's centre."""

    road: str
    lane: int
    s: float
    offset: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RoadPosition:
    """s, t [m] of a road's reference line."""

    road: str
    s: float
    t: float
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RelativeLanePosition:
    """Lanes and metres away from an entity, along the lane (``ds_lane``) or the road (``ds``)."""

    entity: str
    d_lane: int
    ds: float = 0.0
    ds_lane: float | None = None
    offset: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RelativeRoadPosition:
    """ds, dt [m] away from an entity in road coordinates."""

    entity: str
    ds: float
    dt: float
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RelativeObjectPosition:
    """dx, dy, dz [m] in an entity's own frame."""

    entity: str
    dx: float
    dy: float
    dz: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RelativeWorldPosition:
    """dx, dy, dz [m] along the world's axes from an entity."""

    entity: str
    dx: float
    dy: float
    dz: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True)
class TrajectoryPosition:
    """s, t [m] along a trajectory."""

    trajectory: Trajectory
    s: float
    t: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True)
class RoutePosition:
    """s, t [m] along a route (``lane``: offset from that lane's centre instead of t)."""

    route: Route
    s: float
    t: float = 0.0
    lane: int | None = None
    orientation: Orientation | None = None


Position = (
    WorldPosition
    | LanePosition
    | RoadPosition
    | RelativeLanePosition
    | RelativeRoadPosition
    | RelativeObjectPosition
    | RelativeWorldPosition
    | TrajectoryPosition
    | RoutePosition
)


@dataclass(frozen=True)
class Route:
    """Waypoints to pass in order; the road network finds the way between them."""

    name: str
    waypoints: tuple[Position, ...]
    closed: bool = False


@dataclass(frozen=True)
class Vertex:
    """A corner of a polyline; ``time`` [s] where the trajectory is timed."""

    position: Position
    time: float | None = None


@dataclass(frozen=True)
class Polyline:
    """Straight segments between vertices."""

    vertices: tuple[Vertex, ...]


@dataclass(frozen=True)
class Clothoid:
    """A curve of linearly changing curvature from ``position``."""

    position: Position
    curvature: float
    """At the start [1/m], left positive."""
    curvature_prime: float
    """Change per metre [1/m^2]."""
    length: float
    start_time: float | None = None
    stop_time: float | None = None


@dataclass(frozen=True)
class ClothoidSegment:
    """One piece of a clothoid spline."""

    curvature_start: float
    curvature_end: float
    length: float
    h_offset: float = 0.0
    position_start: Position | None = None
    time_start: float | None = None


@dataclass(frozen=True)
class ClothoidSpline:
    """Clothoid pieces joined end to end; without a first start they begin where the actor is."""

    segments: tuple[ClothoidSegment, ...]
    time_end: float | None = None


@dataclass(frozen=True)
class ControlPoint:
    """A control point of a NURBS."""

    position: Position
    weight: float = 1.0
    time: float | None = None


@dataclass(frozen=True)
class Nurbs:
    """Non-uniform rational B-spline."""

    order: int
    control_points: tuple[ControlPoint, ...]
    knots: tuple[float, ...]


@dataclass(frozen=True)
class Trajectory:
    """A path in space, timed or not."""

    name: str
    shape: Polyline | Clothoid | ClothoidSpline | Nurbs
    closed: bool = False
