"""Plain road: straight, level, without bumps, potholes or patches, on one lane. Whoever stands on it meets the same ground at all points.

Most wheels do, most of the time: one look at the tables then stands for `sim.road.surface.surface_on` of each.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

import warp as wp

from sim.road.frenet import sample_at, section_at
from sim.road.friction import ASPHALT_LOSS
from sim.road.grip import SurfacePoint
from sim.road.surface import vehicles_may_use
from sim.structs import index
from sim.types import RoadTables, Shape

wp.set_module_options({"enable_backward": False})

PLAIN = int(Shape.STRAIGHT | Shape.LEVEL | Shape.EVEN | Shape.SMOOTH)
"""Of a section that has none of all this."""


@wp.func
def lane_between(road: RoadTables, k: int, low: float, high: float) -> int:
    """Row of the lane of section ``k``, which is `Shape.EVEN`, that holds all t between two; -1 if none does, as where one borders."""
    first = road.section_first_border[k]
    center = -road.section_lane_min[k]
    last = road.section_first_lane[k + 1] - road.section_first_lane[k] - 1
    i = int(0)
    while i < last:  # rows from the right to the left; the centre's border is between the lanes of either side
        if road.border[index(first + i)] < low and high < road.border[index(first + i + 1)]:
            return road.section_first_lane[k] + i + wp.where(i >= center, 1, 0)
        i += 1
    return -1


@wp.func
def plain_lane(road: RoadTables, r: int, s: float, x: wp.vec4, y: wp.vec4) -> int:
    """Row of the lane on which four points of the plane [m], some metres from ``s`` on road ``r``, all stand, -1 if not on plain road."""
    k = section_at(road, r, s)
    if (road.section_shape[k] & wp.static(PLAIN)) != wp.static(PLAIN):
        return -1
    i = sample_at(road, k, s)
    j = index(road.section_first_sample[k] + i)
    begin = road.sample_pos[j]
    heading = road.sample_heading[j]
    ahead = wp.vec2(wp.cos(heading), wp.sin(heading))
    one = wp.vec4(1.0, 1.0, 1.0, 1.0)
    dx = x - begin[0] * one
    dy = y - begin[1] * one
    way = dx * ahead[0] + dy * ahead[1]
    t = dy * ahead[0] - dx * ahead[1]
    ends = road.section_s[k]
    before = float(i) * road.section_step[k] + ends[0]
    first = before + wp.min(way)
    last = before + wp.max(way)
    if first < ends[0] or last >= ends[1]:
        return -1
    for p in range(road.road_first_patch[r], road.road_first_patch[r + 1]):
        if last >= road.patch[p][0] and first <= road.patch[p][1]:
            return -1
    return lane_between(road, k, wp.min(t), wp.max(t))


@wp.func
def plain_point(road: RoadTables, row: int) -> SurfacePoint:
    """The ground on a plain lane."""
    out = SurfacePoint()
    out.normal = wp.vec3(0.0, 0.0, 1.0)
    out.floor_normal = out.normal
    out.z = road.lane_height[row]
    out.friction = road.lane_friction[row]
    out.wet_loss = wp.static(ASPHALT_LOSS)
    out.lane_kind = road.lane_kind[row]
    out.on_road = int(vehicles_may_use(out.lane_kind))
    return out
