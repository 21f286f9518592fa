"""What conditions and actions measure between actors and positions (`wp.func`s)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.codes import PositionField, PositionKind
from sim.behavior.path import path_point
from sim.road.frenet import follow_lane, lane_center, lane_direction, road_pose
from sim.scenario.storyboard import Coordinates, DistanceType, Rule
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})

FAR = 1.0e9
EPSILON = 1.0e-4


@wp.struct
class Spot:
    """A resolved position."""

    pos: wp.vec3
    heading: float
    road: int
    lane: int
    s: float


@wp.func
def yaw_of(q: wp.quat) -> float:
    """Heading of an orientation [rad]."""
    return wp.atan2(2.0 * (q[3] * q[2] + q[0] * q[1]), 1.0 - 2.0 * (q[1] * q[1] + q[2] * q[2]))


@wp.func
def compare(value: float, limit: float, rule: int) -> bool:
    """A condition's rule, with a margin for rounding."""
    d = value - limit
    eps = wp.static(EPSILON) * wp.max(1.0, wp.abs(limit) * 0.01)
    if rule == wp.static(int(Rule.LESS_THAN)):
        return d < -eps
    if rule == wp.static(int(Rule.GREATER_THAN)):
        return d > eps
    if rule == wp.static(int(Rule.LESS_OR_EQUAL)):
        return d <= eps
    if rule == wp.static(int(Rule.GREATER_OR_EQUAL)):
        return d >= -eps
    if rule == wp.static(int(Rule.EQUAL_TO)):
        return wp.abs(d) <= eps
    return wp.abs(d) > eps


@wp.func(inline=True)
def _spot_on_road(scene: Scene, state: State, world: int, p: int, v: wp.vec4) -> Spot:
    """Where position ``p`` of the table, of values ``v``, is by the road or the lane of the entity that it is relative to."""
    out = Spot()
    kind = scene.story.position_code[world, p, wp.static(int(PositionField.KIND))]
    entity = scene.story.position_code[world, p, wp.static(int(PositionField.ENTITY))]
    road = state.road[world, entity]
    lane = state.lane[world, entity]
    s = state.s[world, entity]
    out.road = road
    out.lane = lane
    out.s = s + v[0]
    t = state.t[world, entity] + v[1]
    back = float(0.0)
    if kind == wp.static(int(PositionKind.LANE_RELATIVE)):
        way = int(1)
        if scene.story.position_code[world, p, wp.static(int(PositionField.PATH))] != 0:
            way = lane_direction(scene.road, road, lane, s)
        steps = scene.story.position_code[world, p, wp.static(int(PositionField.LANE))] * way
        target = lane + steps
        if steps != 0 and (target == 0 or (target > 0) != (lane > 0)):
            target += wp.where(steps > 0, 1, -1)
        ahead = v[0] * float(way)
        moved = follow_lane(scene.road, road, target, s, wp.where(ahead >= 0.0, 1, -1), wp.abs(v[0]), 0)
        out.road = moved.road
        out.lane = moved.lane
        out.s = moved.s
        t = lane_center(scene.road, moved.road, moved.lane, moved.s) + v[1] * float(way)
        back = wp.where(way > 0, 0.0, wp.pi)
    pose = road_pose(scene.road, out.road, out.s, t)
    out.pos = pose.pos
    out.heading = wp.where(v[3] != 0.0, v[2], pose.heading + back + v[2])
    return out


@wp.func
def spot_of(scene: Scene, state: State, world: int, p: int) -> Spot:
    """Where position ``p`` of the table is now."""
    out = Spot()
    kind = scene.story.position_code[world, p, wp.static(int(PositionField.KIND))]
    entity = scene.story.position_code[world, p, wp.static(int(PositionField.ENTITY))]
    v = scene.story.position_value[world, p]
    first = scene.road.map_first_road[scene.map_index[world]]
    out.road = -1
    if kind == wp.static(int(PositionKind.WORLD)):
        out.pos = wp.vec3(v[0], v[1], 0.0)
        out.s = v[2]
        out.heading = v[3]
        road = scene.story.position_code[world, p, wp.static(int(PositionField.ROAD))]
        if road >= 0:
            out.road = first + road
        out.lane = scene.story.position_code[world, p, wp.static(int(PositionField.LANE))]
        return out
    if kind == wp.static(int(PositionKind.PATH)):
        path = scene.story.position_code[world, p, wp.static(int(PositionField.PATH))]
        point = path_point(scene.path, world, path, v[0])
        n = wp.sin(point.heading)
        c = wp.cos(point.heading)
        out.pos = point.pos + wp.vec3(-n * v[1], c * v[1], 0.0)
        out.heading = point.heading
        out.s = v[0]
        return out
    base = state.pos[world, entity]
    yaw = yaw_of(state.rot[world, entity])
    road = state.road[world, entity]
    own = scene.story.position_code[world, p, wp.static(int(PositionField.PATH))] == 1
    if kind == wp.static(int(PositionKind.OBJECT_RELATIVE)):
        out.pos = base + wp.quat_rotate(state.rot[world, entity], wp.vec3(v[0], v[1], v[2]))
        out.heading = wp.where(own, v[3], yaw + v[3])
        return out
    if kind == wp.static(int(PositionKind.WORLD_RELATIVE)) or road < 0:
        out.pos = base + wp.vec3(v[0], v[1], v[2])
        out.heading = wp.where(own, v[3], yaw + v[3])
        return out
    return _spot_on_road(scene, state, world, p, v)


@wp.func
def _reach(scene: Scene, state: State, world: int, a: int, axis: wp.vec2) -> wp.vec2:
    """Least and greatest extent of an actor's box along a unit axis, from its reference point [m]."""
    yaw = yaw_of(state.rot[world, a])
    c = wp.cos(yaw)
    n = wp.sin(yaw)
    box = scene.box_center[world, a]
    size = scene.size[world, a]
    middle = axis[0] * (c * box[0] - n * box[1]) + axis[1] * (n * box[0] + c * box[1])
    half = 0.5 * (size[0] * wp.abs(axis[0] * c + axis[1] * n) + size[1] * wp.abs(axis[1] * c - axis[0] * n))
    return wp.vec2(middle - half, middle + half)


@wp.func
def gap_between(low: wp.vec2, high: wp.vec2, distance: float) -> float:
    """Signed gap between two extents on an axis, the second being ``distance`` ahead; 0 if they overlap."""
    if distance + high[0] > low[1]:
        return distance + high[0] - low[1]
    if distance + high[1] < low[0]:
        return distance + high[1] - low[0]
    return 0.0


@wp.func
def _axes(scene: Scene, state: State, world: int, a: int, coordinates: int) -> wp.vec2:
    """Unit vector along which longitudinal distances are measured from actor ``a``."""
    yaw = yaw_of(state.rot[world, a])
    if coordinates == wp.static(int(Coordinates.WORLD)):
        return wp.vec2(1.0, 0.0)
    if coordinates != wp.static(int(Coordinates.ENTITY)) and state.road[world, a] >= 0:
        yaw -= state.story.turn[world, a]
    return wp.vec2(wp.cos(yaw), wp.sin(yaw))


@wp.func
def gap_along(scene: Scene, state: State, world: int, a: int, b: int, freespace: int) -> float:
    """Signed distance along their road from actor ``a`` to ``b`` on the same one; free space is measured between boxes."""
    along = (state.s[world, b] - state.s[world, a]) * float(state.story.direction[world, a])
    if freespace != 0:
        axis = _axes(scene, state, world, a, wp.static(int(Coordinates.ROAD)))
        along = gap_between(_reach(scene, state, world, a, axis), _reach(scene, state, world, b, axis), along)
    return along


@wp.func
def distance_to(scene: Scene, state: State, world: int, a: int, b: int, spot: Spot, how: wp.vec3i) -> float:
    """Signed distance from actor ``a`` to actor ``b``, or to a spot where ``b`` is -1: positive ahead (sideways: to the left).

    ``how``: whether free space is measured between boxes, `Coordinates`, `DistanceType`. Along roads, what is on one road is apart by its
    s; otherwise the vector between them is projected on ``a``'s direction.
    """
    pos = spot.pos
    road = spot.road
    s = spot.s
    if b >= 0:
        pos = state.pos[world, b]
        road = state.road[world, b]
        s = state.s[world, b]
    axis = _axes(scene, state, world, a, how[1])
    side = wp.vec2(-axis[1], axis[0])
    d = wp.vec2(pos[0] - state.pos[world, a][0], pos[1] - state.pos[world, a][1])
    along = wp.dot(d, axis)
    across = wp.dot(d, side)
    on_road = how[1] == wp.static(int(Coordinates.ROAD)) or how[1] == wp.static(int(Coordinates.LANE))
    if on_road and road >= 0 and road == state.road[world, a]:
        facing = float(state.story.direction[world, a])
        along = (s - state.s[world, a]) * facing
        if b >= 0:
            across = (state.t[world, b] - state.t[world, a]) * facing
    if how[0] != 0:
        front = wp.vec2(0.0, 0.0)
        flank = wp.vec2(0.0, 0.0)
        if b >= 0:
            front = _reach(scene, state, world, b, axis)
            flank = _reach(scene, state, world, b, side)
        along = gap_between(_reach(scene, state, world, a, axis), front, along)
        across = gap_between(_reach(scene, state, world, a, side), flank, across)
    if how[2] == wp.static(int(DistanceType.LONGITUDINAL)):
        return along
    if how[2] == wp.static(int(DistanceType.LATERAL)):
        return across
    return wp.sqrt(along * along + across * across) * wp.where(along > 0.0, 1.0, -1.0)


@wp.func
def actor_distance(
    scene: Scene, state: State, world: int, a: int, b: int, freespace: int, coordinates: int, kind: int
) -> float:
    """`distance_to` an actor."""
    return distance_to(scene, state, world, a, b, Spot(), wp.vec3i(freespace, coordinates, kind))


@wp.func
def component(v: wp.vec3, yaw: float, kind: int) -> float:
    """Length of a vector, or its part along or across a heading."""
    if kind == wp.static(int(DistanceType.LONGITUDINAL)):
        return v[0] * wp.cos(yaw) + v[1] * wp.sin(yaw)
    if kind == wp.static(int(DistanceType.LATERAL)):
        return -v[0] * wp.sin(yaw) + v[1] * wp.cos(yaw)
    return wp.length(v)
