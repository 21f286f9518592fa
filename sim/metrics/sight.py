"""What the ego's driver can see: lines of sight past other actors and over crests, field of view and fog (`wp.func`s)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.body import is_cycle, is_seated
from sim.physics.boxes import Footprint, cross2, footprint, outline_corner
from sim.road.frenet import road_pose
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})

EYE = (0.1, 0.85)
"""Place of the driver's eye: ahead of the box's centre over its length, height over the box's, a rider included."""
SEATED = 0.83
"""Height of a seated rider's head over his box, which is that of his body stretched out (cyclists 0.83, motorcyclist 0.825)."""
FIELD = -0.17
"""Cosine of half the field of view: 100 degrees to each side."""
NPOINT = 9
"""Points of a box that are looked at: its corners at two heights and its centre."""
NEED = 2
"""Free points from which it counts as seen."""
GROUND_STEPS = 12
OUT_OF_VIEW, SEEN = -2, -1
"""Results of `look`, besides the actor in between."""


@wp.func
def rider_on(scene: Scene, state: State, world: int, a: int) -> int:
    """Who rides cycle ``a`` now, -1 if it is none or nobody does."""
    if is_cycle(scene.vehicle.kind[world, a]):
        for b in range(1, scene.valid.shape[1]):
            if state.story.tow[world, b] == a and is_seated(scene, state, world, b):
                return b
    return -1


@wp.func
def eye_of(scene: Scene, state: State, world: int, rider: int) -> wp.vec3:
    """The ego driver's eye [m]; ``rider``: who rides the ego if it is a cycle, or -1."""
    box = scene.box_center[world, 0]
    size = scene.size[world, 0]
    low = box[2] - 0.5 * size[2]
    high = low + size[2]
    if rider >= 0:
        high = scene.box_center[world, rider][2] + (wp.static(SEATED) - 0.5) * scene.size[world, rider][2]
    local = wp.vec3(box[0] + wp.static(EYE[0]) * size[0], 0.0, low + wp.static(EYE[1]) * (high - low))
    return state.pos[world, 0] + wp.quat_rotate(state.rot[world, 0], local)


@wp.func
def aim_point(p: Footprint, k: int) -> wp.vec3:
    """Point ``k`` of a box, a little inside its faces."""
    if k == 8:
        return wp.vec3(p.center[0], p.center[1], 0.5 * (p.low + p.high))
    c = p.center + (outline_corner(p, k % 4) - p.center) * 0.9
    return wp.vec3(c[0], c[1], p.low + (p.high - p.low) * wp.where(k < 4, 0.35, 0.9))


@wp.func
def crosses(p: Footprint, a: wp.vec3, b: wp.vec3) -> bool:
    """Whether the segment from ``a`` to ``b`` passes through a box (slabs)."""
    low = float(0.0)
    high = float(1.0)
    oa = wp.vec2(a[0], a[1]) - p.center
    ob = wp.vec2(b[0], b[1]) - p.center
    for k in range(3):
        u = wp.dot(oa, p.axis)
        v = wp.dot(ob, p.axis)
        h = p.half[0]
        if k == 1:
            u = cross2(p.axis, oa)
            v = cross2(p.axis, ob)
            h = p.half[1]
        if k == 2:
            middle = 0.5 * (p.low + p.high)
            u = a[2] - middle
            v = b[2] - middle
            h = 0.5 * (p.high - p.low)
        d = v - u
        if wp.abs(d) < 1.0e-6:
            if wp.abs(u) > h:
                return False
        else:
            t0 = (-h - u) / d
            t1 = (h - u) / d
            low = wp.max(low, wp.min(t0, t1))
            high = wp.min(high, wp.max(t0, t1))
    return low < high


@wp.func
def _near_line(bound: wp.vec4, a: wp.vec3, b: wp.vec3, reach: float) -> bool:
    """Whether a circle comes within ``reach`` of the segment from ``a`` to ``b`` in the plane."""
    if bound[3] < 0.0:
        return False
    d = wp.vec2(b[0] - a[0], b[1] - a[1])
    m = wp.vec2(bound[0] - a[0], bound[1] - a[1])
    f = wp.clamp(wp.dot(m, d) / wp.max(wp.length_sq(d), 1.0e-6), 0.0, 1.0)
    r = reach + bound[3]
    return wp.length_sq(m - d * f) < r * r


@wp.func
def ground_horizon(scene: Scene, state: State, world: int, a: int, eye: wp.vec3) -> float:
    """Least height that can be seen at actor ``a`` over the road between, where both are on one road [m]."""
    r = state.road[world, 0]
    if r < 0 or r != state.road[world, a]:
        return -1.0e9
    slope = float(-1.0e9)
    for k in range(1, wp.static(GROUND_STEPS)):
        f = float(k) / wp.static(float(GROUND_STEPS))
        s = state.s[world, 0] + (state.s[world, a] - state.s[world, 0]) * f
        t = state.t[world, 0] + (state.t[world, a] - state.t[world, 0]) * f
        slope = wp.max(slope, (road_pose(scene.road, r, s, t).pos[2] - eye[2]) / f)
    return eye[2] + slope


@wp.func
def in_view(scene: Scene, state: State, world: int, a: int, eye: wp.vec3) -> bool:
    """Whether an actor is in the driver's field of view and nearer than one sees in fog."""
    bound = state.bound[world, a]
    d = wp.vec2(bound[0] - eye[0], bound[1] - eye[1])
    distance = wp.length(d)
    x = wp.quat_rotate(state.rot[world, 0], wp.vec3(1.0, 0.0, 0.0))
    fog = scene.weather.fog_visibility[world]
    if fog > 0.0 and distance - bound[3] > fog:
        return False
    return d[0] * x[0] + d[1] * x[1] > wp.static(FIELD) * distance


@wp.func
def with_rider(scene: Scene, state: State, world: int, a: int) -> Footprint:
    """An actor's box, a cycle's as high as who rides it."""
    out = footprint(scene, state, world, a)
    b = rider_on(scene, state, world, a)
    if b >= 0:
        rider = footprint(scene, state, world, b)
        out.high = wp.max(out.high, rider.low + wp.static(SEATED) * (rider.high - rider.low))
    return out


@wp.func
def look(scene: Scene, state: State, world: int, a: int, ground: bool) -> int:
    """`SEEN`, `OUT_OF_VIEW` (fog, field of view, or with ``ground`` a crest), or the actor that hides most of actor ``a``."""
    own = rider_on(scene, state, world, 0)
    eye = eye_of(scene, state, world, own)
    if (state.visible[world, a] & 1) == 0 or not in_view(scene, state, world, a, eye):
        return wp.static(OUT_OF_VIEW)
    p = with_rider(scene, state, world, a)
    horizon = float(-1.0e9)
    if ground:
        horizon = ground_horizon(scene, state, world, a, eye)
    free = int(0)
    for k in range(wp.static(NPOINT)):
        if aim_point(p, k)[2] > horizon:
            free = free | (1 << k)
    center = aim_point(p, 8)
    worst = int(0)
    by = int(wp.static(OUT_OF_VIEW))
    for b in range(1, scene.valid.shape[1]):
        if b != a and b != own and (state.visible[world, b] & 1) != 0 and state.story.tow[world, b] != a:
            if _near_line(state.bound[world, b], eye, center, state.bound[world, a][3]):
                q = footprint(scene, state, world, b)
                hidden = int(0)
                for k in range(wp.static(NPOINT)):
                    if crosses(q, eye, aim_point(p, k)):
                        free = free & (~(1 << k))
                        hidden += 1
                if hidden > worst:
                    worst = hidden
                    by = b
    left = int(0)
    for k in range(wp.static(NPOINT)):
        left += (free >> k) & 1
    return wp.where(left >= wp.static(NEED), wp.static(SEEN), by)
