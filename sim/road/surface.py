"""The surface under a wheel or foot: height, normal, friction."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

import warp as wp

from sim.road.frenet import RoadCoord, RoadPose, lane_at, lane_border, lane_row, locate, road_pose, section_at
from sim.road.friction import ASPHALT_LOSS, GROUND_LOSS
from sim.road.grip import SurfacePoint
from sim.road.relief import relief_at, rolled_relief
from sim.types import LaneKind, RoadTables, Shape

wp.set_module_options({"enable_backward": False})

EDGE = 0.03
"""How far outside a road a place counts as on it: more than rounding leaves of a projection [m]."""
OFF_ROAD_FRICTION = 0.6
"""Of grass and soil beside the road, dry."""


@wp.func
def vehicles_may_use(kind: int) -> bool:
    """Whether vehicles may use a lane of this `LaneKind`: to drive, to stop or to swerve."""
    return (
        kind == wp.static(int(LaneKind.DRIVING))
        or kind == wp.static(int(LaneKind.SHOULDER))
        or kind == wp.static(int(LaneKind.PARKING))
        or kind == wp.static(int(LaneKind.BORDER))
    )


@wp.func
def slope_normal(pose: RoadPose, banked: bool) -> wp.vec3:
    """Normal of a road that climbs and, where ``banked``, leans to a side."""
    c = pose.ahead[0]
    n = pose.ahead[1]
    forward = wp.vec3(c * wp.cos(pose.pitch), n * wp.cos(pose.pitch), -wp.sin(pose.pitch))
    across = wp.vec3(-n, c, 0.0)
    if banked:
        across = wp.vec3(-n * wp.cos(pose.roll), c * wp.cos(pose.roll), wp.sin(pose.roll))
    return wp.normalize(wp.cross(forward, across))


@wp.func
def open_ground() -> SurfacePoint:
    """Grass and soil at height 0, where no road is near."""
    out = SurfacePoint()
    out.normal = wp.vec3(0.0, 0.0, 1.0)
    out.floor_normal = out.normal
    out.friction = wp.static(OFF_ROAD_FRICTION)
    out.wet_loss = wp.static(GROUND_LOSS)
    out.soft = 1.0
    return out


@wp.func
def relief_above(road: RoadTables, r: int, s: float, t: float) -> float:
    """Height of a road's bumps and potholes over its smooth surface [m]; costs next to nothing where there is none."""
    if (road.section_shape[section_at(road, r, s)] & wp.static(int(Shape.SMOOTH))) != 0:
        return 0.0
    return relief_at(road, r, s, t)[0]


@wp.func
def lay_relief(road: RoadTables, coord: RoadCoord, reach: wp.vec2, point: SurfacePoint) -> SurfacePoint:
    """A surface with what a wheel that stands there along ``reach`` feels of the road's bumps and potholes."""
    out = point
    ahead = wp.vec3(wp.cos(coord.heading), wp.sin(coord.heading), 0.0)
    left = wp.vec3(-ahead[1], ahead[0], 0.0)
    ds = reach[0] * ahead[0] + reach[1] * ahead[1]
    dt = reach[0] * left[0] + reach[1] * left[1]
    rise = rolled_relief(road, coord.road, coord.s, coord.t, ds, dt)
    out.z += rise[0]
    out.rise = rise[0]
    out.normal = wp.normalize(point.normal / point.normal[2] - ahead * rise[1] - left * rise[2])
    return out


@wp.func
def surface_on(road: RoadTables, coord: RoadCoord, reach: wp.vec2) -> SurfacePoint:
    """Height, normal and what a road place offers to tyres; beyond the road's edge the ground goes on level across.

    ``reach``: 0 for the surface itself; for a wheel as `sim.road.relief.rolled_relief` takes it, in the world.
    """
    out = open_ground()
    r = coord.road
    k = section_at(road, r, coord.s)
    out.uneven = road.section_rise[k]
    on = coord.outside <= wp.static(EDGE)
    if (road.section_shape[k] & wp.static(int(Shape.LEVEL))) == 0:
        high = road.section_lane_min[k] + road.section_first_lane[k + 1] - road.section_first_lane[k] - 1
        left = lane_border(road, r, coord.s, high)
        right = lane_border(road, r, coord.s, road.section_lane_min[k])
        pose = road_pose(road, r, coord.s, wp.clamp(coord.t, right, left))
        out.z = pose.pos[2]
        out.normal = slope_normal(pose, on)
        out.floor_normal = out.normal
    if on:
        out.soft = 0.0
        lane = lane_at(road, r, coord.s, coord.t)
        row = lane_row(road, r, coord.s, lane)
        if row >= 0:
            out.lane_kind = road.lane_kind[row]
            out.friction = road.lane_friction[row]
            out.wet_loss = wp.static(ASPHALT_LOSS)
            out.z += road.lane_height[row]
            out.on_road = int(vehicles_may_use(out.lane_kind))
        for p in range(road.road_first_patch[r], road.road_first_patch[r + 1]):
            box = road.patch[p]
            if coord.s >= box[0] and coord.s <= box[1] and coord.t >= box[2] and coord.t <= box[3]:
                grip = road.patch_grip[p]
                out.friction = grip[0]
                out.wet_loss = grip[1]
                out.rolling = grip[2]
                out.film = grip[3]
        if (road.section_shape[k] & wp.static(int(Shape.SMOOTH))) == 0:
            out = lay_relief(road, coord, reach, out)
    return out


@wp.func
def surface(road: RoadTables, map: int, pos: wp.vec2, hint: int) -> SurfacePoint:
    """Height, normal and what a world point offers to tyres; level ground at 0 where no road is near."""
    coord = locate(road, map, pos, 0.0, hint)
    if coord.road < 0:
        return open_ground()
    return surface_on(road, coord, wp.vec2())
