"""Whom TRAFFIC actors follow: the nearest actor in the way along their lane, over road ends.

Leaders are looked for every few ticks, each actor at its own turn. Where one thread has all actors of a world, it keeps them sorted along
their roads and looks only at those near enough; a thread of its own holds each actor against all others. Both find the same.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.road.frenet import LaneCoord, follow_lane, lane_center
from sim.structs import actor_threads, begin_order, index
from sim.types import Motion, Scene, State

wp.set_module_options({"enable_backward": False})

LEADER_TICKS = 5
"""Ticks between two looks for a leader."""
LOOK_AHEAD = 120.0
"""How far drivers look along their lane [m]."""
SIDE_MARGIN = 0.2
"""Sideways room below which whoever is ahead counts as in the way [m]."""
NO_ROAD = 0x7FFFFFFF


@wp.struct
class Leader:
    """Whom a driver follows."""

    actor: int
    """-1 if none."""
    gap: float
    """Free way to it [m]."""


@wp.func
def in_traffic(state: State, world: int, a: int) -> bool:
    """Whether IDM moves the actor along its lane."""
    moves = state.motion[world, a] == wp.static(int(Motion.TRAFFIC))
    return moves and state.road[world, a] >= 0 and state.visible[world, a] != 0


@wp.func
def _road_rank(state: State, world: int, a: int) -> int:
    """The actor's road; who is on none comes last."""
    r = state.road[world, a]
    return wp.where(r < 0, wp.static(NO_ROAD), r)


@wp.func
def _stands_beyond(state: State, world: int, a: int, road: int, s: float) -> bool:
    """Whether an actor stands beyond a road place, roads taken by their index."""
    r = _road_rank(state, world, a)
    return r > road or (r == road and r != wp.static(NO_ROAD) and state.s[world, a] > s)


@wp.func
def sort_queue(state: State, world: int):
    """Bring ``VehicleState.queue`` up to date by insertion: actors change places seldom."""
    n = state.road.shape[1]
    begin_order(state.vehicle.queue, world)
    road = int(-1)
    s = float(0.0)
    for i in range(n):
        a = state.vehicle.queue[world, i]
        own_road = _road_rank(state, world, a)
        own_s = state.s[world, a]
        if own_road > road or (own_road == road and (own_s >= s or own_road == wp.static(NO_ROAD))):
            road = own_road
            s = own_s
        else:
            j = int(i)
            while j > 0:
                b = state.vehicle.queue[world, j - 1]
                if not _stands_beyond(state, world, b, own_road, own_s):
                    break
                state.vehicle.queue[world, j] = b
                j -= 1
            state.vehicle.queue[world, j] = a


@wp.func
def _rank_beyond(state: State, world: int, road: int, s: float) -> int:
    """First rank in ``VehicleState.queue`` beyond a road place, by bisection."""
    low = int(0)
    high = int(state.road.shape[1])
    while low < high:
        middle = (low + high) // 2
        if _stands_beyond(state, world, state.vehicle.queue[world, middle], road, s):
            high = middle
        else:
            low = middle + 1
    return low


@wp.func
def _gap_to(scene: Scene, state: State, world: int, a: int, b: int, at: LaneCoord, begin: float, most: float) -> float:
    """Free way from actor ``a`` to ``b`` [m], `LOOK_AHEAD` if ``b`` is behind or beside its way or farther than ``most``."""
    middle = scene.box_center[world, a][0]
    shift = scene.box_center[world, b][0] * float(state.story.direction[world, b])
    along = begin + (state.s[world, b] + shift - at.s) * float(at.direction)
    if along <= middle:
        return wp.static(LOOK_AHEAD)
    turn = state.story.turn[world, b]
    c = float(1.0)
    n = float(0.0)
    if wp.abs(turn) > 0.05:
        c = wp.abs(wp.cos(turn))
        n = wp.abs(wp.sin(turn))
    size = scene.size[world, b]
    gap = along - 0.5 * (size[0] * c + size[1] * n) - (middle + 0.5 * scene.size[world, a][0])
    if gap > most:
        return wp.static(LOOK_AHEAD)
    line = state.t[world, a]
    if begin > 0.0:
        line = lane_center(scene.road, at.road, at.lane, state.s[world, b])
    room = 0.5 * scene.size[world, a][1] + wp.static(SIDE_MARGIN) + 0.5 * (size[1] * c + size[0] * n)
    return wp.where(wp.abs(state.t[world, b] - line) < room, gap, wp.static(LOOK_AHEAD))


@wp.func
def _search_road(
    scene: Scene, state: State, world: int, a: int, at: LaneCoord, begin: float, reach: float, queued: bool
) -> Leader:
    """The nearest actor in the way on one road, entered at ``at`` after ``begin`` metres; of two as near the one of lesser index.

    Without ``begin`` it is the road that the actor is on. ``reach``: how far boxes reach from reference points at most [m]. ``queued``:
    only those near enough by ``VehicleState.queue``.
    """
    out = Leader()
    out.actor = -1
    out.gap = wp.static(LOOK_AHEAD)
    middle = scene.box_center[world, a][0]
    front = middle + 0.5 * scene.size[world, a][0]
    step = int(1)
    rank = int(0)
    if queued:
        step = int(at.direction)
        nearest = at.s + (middle - begin - reach) * float(step)
        rank = _rank_beyond(state, world, at.road, nearest) - wp.where(step > 0, 0, 1)
    while rank >= 0 and rank < scene.valid.shape[1]:
        b = int(rank)
        if queued:
            b = state.vehicle.queue[world, rank]
        b = index(b)
        rank += step
        way = begin + (state.s[world, b] - at.s) * float(at.direction)
        if state.road[world, b] != at.road or way - front > out.gap + reach:
            if queued:
                break
        elif b != a and (state.visible[world, b] & 4) != 0:
            gap = _gap_to(scene, state, world, a, b, at, begin, out.gap)
            if gap < out.gap or (gap == out.gap and b < out.actor):
                out.actor = b
                out.gap = gap
    return out


@wp.func
def box_reach(scene: Scene, world: int) -> float:
    """How far a box reaches along from its actor's reference point at most [m]."""
    most = float(0.0)
    for a in range(scene.size.shape[1]):
        size = scene.size[world, a]
        most = wp.max(most, wp.abs(scene.box_center[world, a][0]) + 0.5 * (size[0] + size[1]))
    return most


@wp.func
def find_leader(scene: Scene, state: State, world: int, a: int, reach: float, queued: bool) -> Leader:
    """The nearest actor in the way along the lane and its links, within `LOOK_AHEAD`; ``reach``: `box_reach`."""
    at = LaneCoord()
    at.road = state.road[world, a]
    at.lane = state.lane[world, a]
    at.s = state.s[world, a]
    at.direction = state.story.direction[world, a]
    begin = float(0.0)
    out = Leader()
    i = int(0)
    while i < 4:
        out = _search_road(scene, state, world, a, at, begin, reach, queued)
        rest = wp.where(at.direction > 0, scene.road.road_length[at.road] - at.s, at.s)
        begin += wp.max(rest, 1.0e-3)
        if out.actor >= 0 or begin > wp.static(LOOK_AHEAD) or i == 3:
            return out
        then = follow_lane(scene.road, at.road, at.lane, at.s, at.direction, rest + 0.01, 0)
        if then.ended != 0 or then.road == at.road:
            return out
        at = then
        i += 1
    return out


@wp.func
def _leader_speed(state: State, world: int, a: int, b: int) -> float:
    """Speed of the leader along the follower's way [m/s]."""
    speed = state.speed[world, b]
    turn = state.story.turn[world, b]
    if wp.abs(turn) > 0.05:
        speed *= wp.cos(turn)
    if (
        state.road[world, a] == state.road[world, b]
        and state.story.direction[world, a] != state.story.direction[world, b]
    ):
        speed = -speed
    return speed


@wp.kernel
def _find_leaders(scene: Scene, state: State, stride: int):
    """Reads road places and speeds. Writes leaders and gaps of the TRAFFIC actors whose turn it is, and on the CPU their queue.

    Also writes every leader's speed, which its followers may not read while it moves.
    """
    world, first = wp.tid()
    world = index(world)
    if state.done[world] != 0:
        return
    tick = state.tick[world]
    reach = float(-1.0)
    for i in range(first, scene.valid.shape[1], stride):
        a = index(i)
        if in_traffic(state, world, a):
            if (tick + a) % wp.static(LEADER_TICKS) == 0 or tick == 0:
                if reach < 0.0:  # the thread's first look
                    reach = box_reach(scene, world)
                    if stride == 1:
                        sort_queue(state, world)
                leader = find_leader(scene, state, world, a, reach, stride == 1)
                state.vehicle.leader[world, a] = leader.actor + 1
                state.vehicle.leader_gap[world, a] = leader.gap
            b = state.vehicle.leader[world, a] - 1
            speed = float(0.0)
            if b >= 0:
                speed = _leader_speed(state, world, a, index(b))
            state.vehicle.leader_speed[world, a] = speed


def find_leaders(scene: Scene, state: State) -> None:
    """Look for the leaders of the TRAFFIC actors whose turn it is."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_find_leaders, dim=dim, inputs=[scene, state, stride], device=state.tick.device)
