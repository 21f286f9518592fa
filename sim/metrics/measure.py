"""What happened to the ego: time to collision, distances, contacts, the hazard's onset, road and goal; and the end of the tick.

The hazard's onset is the first tick at which the ego's driver can see an actor with which, both going on at their present speed and yaw
rate, contact follows within `HAZARD_TIME`.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.assets.spec import Category
from sim.metrics.courses import MARGIN, course_of, time_to_collision
from sim.metrics.sight import SEEN, look
from sim.physics.body import is_seated
from sim.physics.boxes import footprint, plane_distance
from sim.physics.pairs import same_train
from sim.road.frenet import lane_border, lane_row, section_at
from sim.road.surface import surface, vehicles_may_use
from sim.structs import actor_threads, index
from sim.types import Conflict, RoadTables, Scene, State

# Longer loops stay loops: unrolled, this module takes half as long again to compile and runs no faster.
wp.set_module_options({"enable_backward": False, "max_unroll": 4})

HAZARD_TIME = 4.0
"""Contact within this time makes a hazard [s]."""
OCCLUDER_TICKS = 300
"""How long before onset an actor counts as having hidden the other."""
LOOK_TICKS = 10
"""Ticks between two looks at an actor that is no hazard yet."""
LOOK_TIME, LOOK_SPEED = 7.0, 8.0
"""Such looks go to whom the ego could meet within this time if the relative speed grew by so much [s, m/s]."""
OFF_ROAD = 0.05
"""How far beyond the outermost lane the reference point is off the road [m]."""
GOAL_HEIGHT = 5.0
"""How far above or below the goal does not count as there [m]."""

_RIDERS = (int(Category.PEDESTRIAN), int(Category.WHEELCHAIR), int(Category.BICYCLE))
_ANIMAL = int(Category.ANIMAL)
_VEHICLES = (int(Category.CAR), int(Category.TRAM))
"""First and last category of vehicles."""


@wp.func
def watch_actor(scene: Scene, state: State, world: int, a: int):
    """Note whether actor ``a`` is out of the ego's sight, if it may become a hazard soon."""
    own = state.bound[world, 0]
    other = state.bound[world, a]
    if own[3] < 0.0 or other[3] < 0.0:
        return
    now = state.tick[world] + 1
    hazard = state.ttc[world, a] <= wp.static(HAZARD_TIME)
    if not hazard:
        if (now + a) % wp.static(LOOK_TICKS) != 0:
            return
        rel = state.vel[world, a] - state.vel[world, 0]
        reach = own[3] + other[3] + wp.static(LOOK_TIME) * (wp.static(LOOK_SPEED) + wp.length(wp.vec2(rel[0], rel[1])))
        if wp.length_sq(wp.vec2(other[0] - own[0], other[1] - own[1])) > reach * reach:
            return
    seen = look(scene, state, world, a, hazard)
    if seen != wp.static(SEEN):
        state.hidden_tick[world, a] = now
        state.hidden_by[world, a] = wp.max(seen + 1, 0)


@wp.func
def own_train(state: State, world: int, a: int) -> bool:
    """Whether actor ``a`` pulls the ego or is pulled by it (`same_train`)."""
    if state.story.tow[world, a] < 0 and state.story.tow[world, 0] < 0:
        return False
    return same_train(state, world, 0, a)


@wp.kernel
def _measure_actors(scene: Scene, state: State, stride: int):
    """Reads boxes and velocities. Writes the ego's time to collision with each actor."""
    world, first = wp.tid()
    world = index(world)
    if state.done[world] != 0:
        return
    ego = course_of(scene, state, world, 0)
    present = state.bound[world, 0][3] > 0.0
    for i in range(first, scene.valid.shape[1], stride):
        a = index(i)
        ttc = float(wp.inf)
        mine = own_train(state, world, a) or is_seated(scene, state, world, a)
        if present and a > 0 and state.bound[world, a][3] > 0.0 and not mine:
            ttc = time_to_collision(scene, state, world, ego, a)
        state.ttc[world, a] = ttc


@wp.kernel
def _watch_sight(scene: Scene, state: State, stride: int):
    """Reads lines of sight until a hazard begins. Writes when each actor was last out of the ego's sight, and behind whom."""
    world, first = wp.tid()
    world = index(world)
    if state.done[world] != 0 or state.metrics.onset_tick[world] >= 0:
        return
    for i in range(first, scene.valid.shape[1], stride):
        a = index(i)
        if a > 0 and not is_seated(scene, state, world, a):
            watch_actor(scene, state, world, a)


@wp.func
def conflict_type(scene: Scene, state: State, world: int, a: int) -> int:
    """How the ego and actor ``a`` meet (`Conflict`)."""
    category = scene.category[world, a]
    if category == wp.static(_ANIMAL):
        return wp.static(int(Conflict.ANIMAL))
    own = footprint(scene, state, world, 0)
    other = footprint(scene, state, world, a)
    v = state.vel[world, a]
    way = wp.vec2(other.axis)
    if v[0] * v[0] + v[1] * v[1] > 0.09:
        way = wp.normalize(wp.vec2(v[0], v[1]))
    along = wp.dot(own.axis, way)
    if category == wp.static(_RIDERS[0]) or category == wp.static(_RIDERS[1]) or category == wp.static(_RIDERS[2]):
        return wp.where(wp.abs(along) < 0.7, wp.static(int(Conflict.VRU_CROSSING)), wp.static(int(Conflict.VRU_ALONG)))
    if category != 0 and (category < wp.static(_VEHICLES[0]) or category > wp.static(_VEHICLES[1])):
        return wp.static(int(Conflict.OBSTACLE))
    if along < -0.7:
        return wp.static(int(Conflict.ONCOMING))
    if along < 0.7:
        return wp.static(int(Conflict.CROSSING))
    d = other.center - own.center
    aside = wp.abs(own.axis[0] * d[1] - own.axis[1] * d[0])
    return wp.where(
        aside < own.half[1] + other.half[1], wp.static(int(Conflict.REAR_END)), wp.static(int(Conflict.CUT_IN))
    )


@wp.func
def beyond_lanes(road: RoadTables, r: int, lane: int, s: float, t: float) -> bool:
    """Whether a road place is on no lane that vehicles may use."""
    if r < 0:
        return True
    k = section_at(road, r, s)
    low = road.section_lane_min[k]
    high = low + road.section_first_lane[k + 1] - road.section_first_lane[k] - 1
    margin = wp.static(OFF_ROAD)
    if t > lane_border(road, r, s, high) + margin or t < lane_border(road, r, s, low) - margin:
        return True
    row = lane_row(road, r, s, lane)
    if row < 0:
        return True
    return not vehicles_may_use(road.lane_kind[row])


@wp.func
def is_off_road(scene: Scene, state: State, world: int) -> bool:
    """Whether the ego's reference point is off every lane that vehicles may use, on any road there."""
    if not beyond_lanes(scene.road, state.road[world, 0], state.lane[world, 0], state.s[world, 0], state.t[world, 0]):
        return False
    pos = state.pos[world, 0]
    return surface(scene.road, scene.map_index[world], wp.vec2(pos[0], pos[1]), -1).on_road == 0


@wp.func
def least_gap(scene: Scene, state: State, world: int) -> float:
    """Distance of the ego's box to the nearest other [m]; circles leave only a few boxes to be looked at."""
    own = state.bound[world, 0]
    least = float(wp.inf)
    first = int(-1)
    nearest = float(wp.inf)
    for a in range(1, scene.valid.shape[1]):
        other = state.bound[world, a]
        d = wp.vec2(other[0] - own[0], other[1] - own[1])
        mine = own_train(state, world, a) or is_seated(scene, state, world, a)
        if other[3] > 0.0 and wp.dot(d, d) < nearest and not mine:
            nearest = wp.dot(d, d)
            first = a
    if first < 0 or own[3] <= 0.0:
        return least
    box = footprint(scene, state, world, 0)
    least = plane_distance(box, footprint(scene, state, world, first))
    for a in range(1, scene.valid.shape[1]):
        other = state.bound[world, a]
        d = wp.vec2(other[0] - own[0], other[1] - own[1])
        reach = least + own[3] + other[3] + wp.static(MARGIN)
        mine = own_train(state, world, a) or is_seated(scene, state, world, a)
        if other[3] > 0.0 and a != first and wp.dot(d, d) < reach * reach and not mine:
            least = wp.min(least, plane_distance(box, footprint(scene, state, world, a)))
    return least


@wp.func
def note_onset(scene: Scene, state: State, world: int, a: int, now: int):
    """Keep what the hazard is that begins now."""
    state.metrics.onset_tick[world] = now
    state.metrics.onset_actor[world] = a
    state.metrics.conflict[world] = conflict_type(scene, state, world, a)
    state.metrics.occluder[world] = -1
    if state.hidden_by[world, a] > 0 and now - state.hidden_tick[world, a] <= wp.static(OCCLUDER_TICKS):
        state.metrics.occluder[world] = state.hidden_by[world, a] - 1


@wp.func
def note_contact(state: State, world: int):
    """Keep the ego's first contact."""
    if state.metrics.collided[world] == 0 and state.contact_tick[world, 0] >= 0:
        state.metrics.collided[world] = 1
        state.metrics.collision_tick[world] = state.contact_tick[world, 0]
        state.metrics.collision_actor[world] = state.contact_with[world, 0]


@wp.kernel
def _measure_worlds(scene: Scene, state: State):
    """Reads boxes, times, contacts and the ego's place. Writes `Metrics`, and ends the tick."""
    world = wp.tid()
    if state.done[world] != 0:
        return
    now = state.tick[world] + 1
    state.tick[world] = now
    least = float(wp.inf)
    gap = least_gap(scene, state, world)
    who = int(-1)
    hazard = int(-1)
    hazard_time = float(wp.static(HAZARD_TIME))
    for a in range(1, scene.valid.shape[1]):
        t = state.ttc[world, a]
        if t < least:
            least = t
            who = a
        if t <= hazard_time and state.hidden_tick[world, a] != now:
            hazard_time = t
            hazard = a
    state.metrics.time_to_collision[world] = least
    state.metrics.conflict_actor[world] = who
    state.metrics.distance[world] = gap
    state.metrics.min_time_to_collision[world] = wp.min(state.metrics.min_time_to_collision[world], least)
    state.metrics.min_distance[world] = wp.min(state.metrics.min_distance[world], gap)
    if hazard >= 0 and state.metrics.onset_tick[world] < 0:
        note_onset(scene, state, world, hazard, now)
    note_contact(state, world)
    state.metrics.off_road[world] = int(is_off_road(scene, state, world))
    d = state.pos[world, 0] - scene.goal[world]
    radius = scene.goal_radius[world]
    if d[0] * d[0] + d[1] * d[1] < radius * radius and wp.abs(d[2]) < wp.static(GOAL_HEIGHT):
        state.metrics.goal_reached[world] = 1
    if scene.end_tick[world] > 0 and now >= scene.end_tick[world]:
        state.done[world] = 1


def measure(scene: Scene, state: State) -> None:
    """Measure everything in `Metrics` and the ego's times to collision, and advance the tick of every world that is not done."""
    device = state.tick.device
    dim, stride = actor_threads(state.motion)
    wp.launch(_measure_actors, dim=dim, inputs=[scene, state, stride], device=device)
    wp.launch(_watch_sight, dim=dim, inputs=[scene, state, stride], device=device)
    wp.launch(_measure_worlds, dim=state.tick.shape[0], inputs=[scene, state], device=device)


@wp.kernel
def _measure_gaps(scene: Scene, state: State, stride: int):
    """Reads boxes. Writes the gap between the ego and each actor."""
    world, first = wp.tid()
    box = footprint(scene, state, world, 0)
    for a in range(first, scene.valid.shape[1], stride):
        gap = float(wp.inf)
        mine = own_train(state, world, a) or is_seated(scene, state, world, a)
        if a > 0 and state.bound[world, a][3] > 0.0 and state.bound[world, 0][3] > 0.0 and not mine:
            gap = plane_distance(box, footprint(scene, state, world, a))
        state.gap[world, a] = gap


def measure_gaps(scene: Scene, state: State) -> None:
    """Bring ``State.gap`` up to where the actors are; `measure` itself needs only the least gap."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_measure_gaps, dim=dim, inputs=[scene, state, stride], device=state.tick.device)
