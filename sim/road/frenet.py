"""Road coordinates on the device: from road to world, from world to road, and along lanes."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.road.tables import CELL
from sim.structs import index
from sim.types import RoadTables, Shape

wp.set_module_options({"enable_backward": False})


@wp.struct
class RoadPose:
    """A pose on a road, heading along the reference line."""

    pos: wp.vec3
    """[m]."""
    heading: float
    """[rad]."""
    ahead: wp.vec2
    """Cosine and sine of the heading."""
    pitch: float
    """Positive nose down [rad]."""
    roll: float
    """Superelevation [rad]."""
    curvature: float
    """Of the reference line [1/m]."""
    twist: float
    """Change of the superelevation [rad/m]."""


@wp.struct
class RoadCoord:
    """A world point in road coordinates."""

    road: int
    """-1 if no road is near."""
    s: float
    t: float
    heading: float
    """Of the reference line [rad]."""
    outside: float
    """Distance beyond the road's outermost lanes [m], 0 on the road."""


@wp.struct
class LaneCoord:
    """A place on a lane and the way one moves on it."""

    road: int
    lane: int
    s: float
    direction: int
    """+1: s grows, -1: s falls."""
    ended: int
    """1 if the lane ended before the whole distance was covered."""


@wp.func
def section_at(road: RoadTables, r: int, s: float) -> int:
    """Lane section of road ``r`` at ``s``."""
    last = road.road_first_section[r + 1] - 1
    k = road.road_first_section[r]
    while k < last and s >= road.section_s[k + 1][0]:
        k += 1
    return index(k)


@wp.func
def sample_at(road: RoadTables, k: int, s: float) -> int:
    """Sample of section ``k`` at or before ``s``."""
    n = road.section_first_sample[k + 1] - road.section_first_sample[k]
    i = int((s - road.section_s[k][0]) / road.section_step[k])
    return index(wp.clamp(i, 0, n - 2))


@wp.func
def _bulge(chord: wp.vec3, curvature: float, before: float, after: float) -> wp.vec2:
    """Way from a chord to its bend, where the chord goes on for two lengths to its ends [m]."""
    bulge = -0.5 * curvature * before * after
    length = wp.max(wp.sqrt(chord[0] * chord[0] + chord[1] * chord[1]), 1.0e-9)
    return wp.vec2(-chord[1] / length * bulge, chord[0] / length * bulge)


@wp.func
def _height(z0: float, z1: float, slope0: float, slope1: float, f: float, step: float) -> float:
    """Height between two, ``step`` apart, at the share ``f`` of the way, by the slopes there (cubic Hermite) [m]."""
    h00 = (1.0 + 2.0 * f) * (1.0 - f) * (1.0 - f)
    return h00 * z0 + (1.0 - h00) * z1 + step * f * (1.0 - f) * ((1.0 - f) * slope0 - f * slope1)


@wp.func
def road_pose(road: RoadTables, r: int, s: float, t: float) -> RoadPose:
    """Pose at (s, t) of road ``r``; beyond the road's ends it goes on straight."""
    k = section_at(road, r, s)
    i = sample_at(road, k, s)
    step = road.section_step[k]
    d = s - road.section_s[k][0] - float(i) * step
    j = index(road.section_first_sample[k] + i)
    f = wp.clamp(d / step, 0.0, 1.0)
    inside = f * step
    a = road.sample_pos[j]
    b = road.sample_pos[j + 1]
    chord = b - a
    at = wp.vec2(a[0] + chord[0] * f, a[1] + chord[1] * f)
    shape = road.section_shape[k]
    heading = road.sample_heading[j]
    k0 = float(0.0)
    k1 = float(0.0)
    if (shape & wp.static(int(Shape.STRAIGHT))) == 0:
        k0 = road.sample_curvature[j]
        turn = road.sample_heading[j + 1] - heading
        k1 = 2.0 * (turn - k0 * step) / (step * step)
        heading = heading + k0 * inside + 0.5 * k1 * inside * inside
        at += _bulge(chord, k0 + k1 * (inside + step) / 3.0, inside, step - inside)
    beyond = d - inside
    c = wp.cos(heading)
    n = wp.sin(heading)
    out = RoadPose()
    z = float(0.0)
    flat = float(t)
    if (shape & wp.static(int(Shape.LEVEL))) == 0:
        slope0 = road.sample_slope[j]
        slope1 = road.sample_slope[j + 1]
        slope = slope0 + (slope1 - slope0) * f
        z = _height(a[2], b[2], slope0, slope1, f, step) + slope * beyond
        roll = road.sample_roll[j] + (road.sample_roll[j + 1] - road.sample_roll[j]) * f
        if roll != 0.0:
            flat = t * wp.cos(roll)
            z += t * wp.sin(roll)
        if slope != 0.0:
            out.pitch = -wp.atan(slope)
        out.roll = roll
        out.twist = (road.sample_roll[j + 1] - road.sample_roll[j]) / step
    out.pos = wp.vec3(at[0] + c * beyond - n * flat, at[1] + n * beyond + c * flat, z)
    out.heading = heading
    out.ahead = wp.vec2(c, n)
    out.curvature = k0 + k1 * inside
    return out


@wp.func
def lane_row(road: RoadTables, r: int, s: float, lane: int) -> int:
    """Row of a lane in the lane arrays, -1 if the road has no such lane at ``s``."""
    k = section_at(road, r, s)
    row = road.section_first_lane[k] + lane - road.section_lane_min[k]
    if lane < road.section_lane_min[k] or row >= road.section_first_lane[k + 1]:
        return -1
    return row


@wp.func
def lane_rise(road: RoadTables, r: int, s: float, lane: int) -> float:
    """Height of a lane above the road's surface [m]: of a pavement."""
    row = lane_row(road, r, s, lane)
    if row < 0:
        return 0.0
    return road.lane_height[row]


@wp.func
def lane_border(road: RoadTables, r: int, s: float, lane: int) -> float:
    """T of a lane's outer border (lane 0: the lane offset); lanes beyond the outermost count as that one."""
    k = section_at(road, r, s)
    n = road.section_first_lane[k + 1] - road.section_first_lane[k]
    c = wp.clamp(lane - road.section_lane_min[k], 0, n - 1)
    if (road.section_shape[k] & wp.static(int(Shape.EVEN))) != 0:
        return road.border[index(road.section_first_border[k] + c)]
    i = sample_at(road, k, s)
    f = wp.clamp((s - road.section_s[k][0]) / road.section_step[k] - float(i), 0.0, 1.0)
    j = index(road.section_first_border[k] + i * n + c)
    return road.border[j] + (road.border[j + n] - road.border[j]) * f


@wp.func
def lane_slope(road: RoadTables, r: int, lane: int, s: float) -> float:
    """Change of t per metre of a lane's centre line: where lanes widen or shift."""
    k = section_at(road, r, s)
    i = sample_at(road, k, s)
    n = road.section_first_lane[k + 1] - road.section_first_lane[k]
    j = road.section_first_border[k] + i * n
    outer = j + wp.clamp(lane - road.section_lane_min[k], 0, n - 1)
    inner = j + wp.clamp(lane - road.section_lane_min[k] - wp.where(lane > 0, 1, wp.where(lane < 0, -1, 0)), 0, n - 1)
    change = road.border[outer + n] - road.border[outer] + road.border[inner + n] - road.border[inner]
    return 0.5 * change / road.section_step[k]


@wp.func
def center_in_section(road: RoadTables, k: int, lane: int, s: float) -> float:
    """T of a lane's centre line at ``s``, which section ``k`` holds [m]; lane 0: the lane offset."""
    n = road.section_first_lane[k + 1] - road.section_first_lane[k]
    row = lane - road.section_lane_min[k]
    outer = wp.clamp(row, 0, n - 1)
    inner = wp.clamp(row - wp.where(lane > 0, 1, wp.where(lane < 0, -1, 0)), 0, n - 1)
    j = index(road.section_first_border[k])
    if (road.section_shape[k] & wp.static(int(Shape.EVEN))) != 0:
        return 0.5 * (road.border[j + outer] + road.border[j + inner])
    i = sample_at(road, k, s)
    f = wp.clamp((s - road.section_s[k][0]) / road.section_step[k] - float(i), 0.0, 1.0)
    j = index(j + i * n)
    low = 0.5 * (road.border[j + outer] + road.border[j + inner])
    high = 0.5 * (road.border[j + n + outer] + road.border[j + n + inner])
    return low + (high - low) * f


@wp.func
def lane_center(road: RoadTables, r: int, lane: int, s: float) -> float:
    """T of a lane's centre line [m]; lane 0: the lane offset; lanes beyond the outermost count as that one."""
    return center_in_section(road, section_at(road, r, s), lane, s)


@wp.func
def lane_width(road: RoadTables, r: int, lane: int, s: float) -> float:
    """Width of a lane [m]."""
    return wp.abs(lane_border(road, r, s, lane) - lane_border(road, r, s, lane - wp.where(lane > 0, 1, -1)))


@wp.func
def lane_at(road: RoadTables, r: int, s: float, t: float) -> int:
    """Lane that holds t at ``s``; beyond the road's edge its outermost lane."""
    k = section_at(road, r, s)
    low = road.section_lane_min[k]
    high = low + road.section_first_lane[k + 1] - road.section_first_lane[k] - 1
    last = float(lane_border(road, r, s, 0))
    lane = int(0)
    if t > last:
        for i in range(1, high + 1):
            b = lane_border(road, r, s, i)
            if lane <= 0 or t > last:
                if b - last > 1.0e-4 or lane == 0:
                    lane = i
                last = b
    else:
        for i in range(1, 1 - low):
            b = lane_border(road, r, s, -i)
            if lane >= 0 or t < last:
                if last - b > 1.0e-4 or lane == 0:
                    lane = -i
                last = b
    return lane


@wp.func
def lane_direction(road: RoadTables, r: int, lane: int, s: float) -> int:
    """+1 where the lane's traffic runs with s, -1 against it."""
    row = lane_row(road, r, s, lane)
    if row < 0:
        return wp.where(lane <= 0, 1, -1)
    return road.lane_direction[row]


@wp.func
def project(road: RoadTables, r: int, s_start: float, pos: wp.vec2) -> RoadCoord:
    """Foot of the perpendicular from ``pos`` on road ``r``, found from ``s_start``."""
    out = RoadCoord()
    s = float(s_start)
    length = road.road_length[r]
    along = float(0.0)
    out.road = r
    i = int(0)
    while i < 7:  # no range: unrolled, it would take most of the time that kernels take to compile
        pose = road_pose(road, r, s, 0.0)
        c = pose.ahead[0]
        n = pose.ahead[1]
        dx = pos[0] - pose.pos[0]
        dy = pos[1] - pose.pos[1]
        along = dx * c + dy * n
        out.s = s
        out.t = dy * c - dx * n
        if pose.roll != 0.0:
            out.t /= wp.cos(pose.roll)
        out.heading = pose.heading
        s = wp.clamp(s + along / wp.max(1.0 - pose.curvature * out.t, 0.2), 0.0, length)
        i += 1
        if wp.abs(along) < 1.0e-6:
            i = 7
    k = section_at(road, r, out.s)
    high = road.section_lane_min[k] + road.section_first_lane[k + 1] - road.section_first_lane[k] - 1
    left = lane_border(road, r, out.s, high)
    right = lane_border(road, r, out.s, road.section_lane_min[k])
    out.outside = wp.max(wp.max(out.t - left, right - out.t), 0.0) + wp.abs(along)
    return out


@wp.func
def locate(road: RoadTables, map: int, pos: wp.vec2, heading: float, hint: int) -> RoadCoord:
    """Road place of a world point: the road whose lanes hold it, preferring ``hint`` (-1: none), then the best-aligned one."""
    best = RoadCoord()
    best.road = -1
    best_cost = float(1.0e30)
    cell = pos - road.grid_origin[map]
    column = int(wp.floor(cell[0] / wp.static(CELL)))
    row = int(wp.floor(cell[1] / wp.static(CELL)))
    size = road.grid_size[map]
    if column < 0 or row < 0 or column >= size[0] or row >= size[1]:
        return best
    index = road.grid_first_cell[map] + row * size[0] + column
    for e in range(road.cell_first[index], road.cell_first[index + 1]):
        coord = project(road, road.entry_road[e], road.entry_s[e], pos)
        turn = wp.abs(wp.sin(heading - coord.heading))
        cost = coord.outside + 0.05 * turn + 0.001 * wp.abs(coord.t)
        if coord.road == hint:
            cost -= 0.3
        if cost < best_cost:
            best_cost = cost
            best = coord
    return best


@wp.func
def follow_lane(
    road: RoadTables, r: int, lane: int, s: float, direction: int, distance: float, choice: int
) -> LaneCoord:
    """Move ``distance`` along a lane, over sections, roads and through junctions.

    ``choice`` takes the connecting road in a junction: 0 the straightest, and so on, cyclically. At a lane's end without a link one
    stops there with ``ended`` = 1.
    """
    out = LaneCoord()
    out.road = r
    out.lane = lane
    out.direction = direction
    out.s = s + float(direction) * distance
    k = section_at(road, r, s)
    if direction < 0 and s == road.section_s[k][0] and k > road.road_first_section[r]:
        k -= 1
    for _i in range(64):
        over = float(0.0)
        column = int(0)
        if out.direction > 0:
            over = out.s - road.section_s[k][1]
        else:
            over = road.section_s[k][0] - out.s
            column = 1
        if over <= 0.0:
            return out
        row = road.section_first_lane[k] + out.lane - road.section_lane_min[k]
        n = int(0)
        if out.lane >= road.section_lane_min[k] and row < road.section_first_lane[k + 1]:
            n = road.lane_nlink[row, column]
        if n == 0:
            out.s = wp.where(out.direction > 0, road.section_s[k][1], road.section_s[k][0])
            out.ended = 1
            return out
        link = road.lane_link[row, column] + choice % n
        k = road.link_section[link]
        out.road = road.link_road[link]
        out.lane = road.link_lane[link]
        if road.link_at_end[link] != 0:
            out.direction = -1
            out.s = road.section_s[k][1] - over
        else:
            out.direction = 1
            out.s = road.section_s[k][0] + over
    return out
