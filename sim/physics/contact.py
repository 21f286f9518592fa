"""Contacts between all pairs of actors of a world: found, recorded and, with `Contact.PHYSICS`, answered by impulses.

Boxes are upright; bodies move in the plane by the impulses of `sim.physics.impulse`, and narrow ones topple.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.boxes import (
    Footprint,
    Touch,
    closed_footprint,
    cross2,
    door_reach,
    footprint,
    overlaps,
    side_of,
    touch,
)
from sim.physics.impulse import (
    FRICTION,
    Pair,
    contact_impulse,
    gravity_center,
    is_fixed,
    load_pair,
    restitution,
    slip_velocity,
)
from sim.physics.parameters import SETS
from sim.structs import actor_threads, begin_order, index
from sim.types import Contact, Motion, Scene, State

# Loops stay loops: unrolled, this module takes three times as long to compile for a GPU and runs no faster.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

SWEEPS = 4
"""Passes over the touching pairs of a world per tick."""
WAKE_SPEED = 0.02
"""Closing speed from which a contact turns actors into bodies [m/s]."""
SLOP = 0.01
"""Overlap that is left alone [m]."""
PUSH = 0.15
"""Share of the further overlap that is taken out per tick."""
JOSTLE_SPEED = 4.0
"""People and animals that touch each other more slowly go on as they were [m/s]."""
TOPPLE_SPEED, RIDER_SPEED = 2.0, 0.3
"""Change of speed that knocks a person or a two-wheeler over; under it, it is only stopped or pushed [m/s]."""
LIFT = 0.2
"""Upward share of the speed that a person takes from a hit (Searle 1983: launched at about 10 degrees)."""
DOOR_IMPULSE = 1200.0
"""Greatest impulse of an open door, which then gives way: about 10 kJ at 10 m/s [N s]."""
FALL_RATE = 5.0
"""Greatest rate at which a hit makes something topple [rad/s]."""

_PERSON = list(SETS).index("person")


@wp.func
def topple(scene: Scene, state: State, world: int, a: int, push: wp.vec2):
    """Start the fall of a narrow body that was given the velocity ``push`` [m/s], and lift it a little."""
    lean = state.vehicle.lean[world, a]
    speed = wp.length(push)
    needed = wp.where(
        scene.vehicle.kind[world, a] < wp.static(_PERSON), wp.static(RIDER_SPEED), wp.static(TOPPLE_SPEED)
    )
    if scene.vehicle.topples[world, a] == 0 or lean[1] > 0.0 or lean[0] > 0.0 or speed < needed:
        return
    size = scene.size[world, a]
    x = wp.quat_rotate(state.rot[world, a], wp.vec3(1.0, 0.0, 0.0))
    along = x[0] * push[0] + x[1] * push[1]
    across = x[0] * push[1] - x[1] * push[0]
    direction = wp.atan2(across, along)
    if size[0] > 0.8 * size[2]:  # what is long falls on its side
        direction = wp.where(across >= 0.0, 0.5, -0.5) * wp.pi
    rate = wp.min(speed / size[2], wp.static(FALL_RATE))
    state.vehicle.lean[world, a] = wp.vec4(0.0, wp.max(rate, 0.3), direction, 0.0)
    v = state.vel[world, a]
    state.vel[world, a] = wp.vec3(v[0], v[1], wp.max(v[2], wp.static(LIFT) * wp.clamp(speed - 2.0, 0.0, 12.0)))


@wp.func
def push_body(scene: Scene, state: State, world: int, a: int, impulse: wp.vec2, arm: wp.vec2):
    """Change an actor's velocities by an impulse [N s] at ``arm`` from its centre of gravity; it becomes a body."""
    if is_fixed(scene, world, a):
        return
    if state.motion[world, a] != wp.static(int(Motion.BODY)):
        state.motion[world, a] = wp.static(int(Motion.BODY))
        if scene.vehicle.topples[world, a] != 0:
            state.vehicle.lean[world, a] = wp.vec4()
    c = gravity_center(scene, state, world, a)
    dv = impulse / scene.vehicle.mass[world, a]
    dw = cross2(arm, impulse) / scene.vehicle.inertia[world, a][2]
    change = dv - side_of(c) * dw
    v = state.vel[world, a]
    state.vel[world, a] = wp.vec3(v[0] + change[0], v[1] + change[1], v[2])
    w = state.ang_vel[world, a]
    state.ang_vel[world, a] = wp.vec3(w[0], w[1], w[2] + dw)
    topple(scene, state, world, a, dv)


@wp.func
def note_touch(state: State, world: int, a: int, b: int):
    """Set actor ``b``'s bit in what actor ``a`` touches now."""
    bit = wp.uint32(1) << wp.uint32(b % 32)
    state.contact_now[world, a, b // 32] = state.contact_now[world, a, b // 32] | bit


@wp.func
def touches_now(state: State, world: int, a: int, b: int) -> bool:
    """Whether actor ``a`` touches ``b``, or anything if ``b`` is -1."""
    if b >= 0:
        return (state.contact_now[world, a, b // 32] & (wp.uint32(1) << wp.uint32(b % 32))) != wp.uint32(0)
    for k in range(state.contact_now.shape[2]):
        if state.contact_now[world, a, k] != wp.uint32(0):
            return True
    return False


@wp.func
def record_contact(state: State, world: int, a: int, b: int, hit: Touch, closing: float, z: float):
    """Keep who touches whom now, and everything of each actor's first contact."""
    now = state.tick[world] + 1
    note_touch(state, world, a, b)
    note_touch(state, world, b, a)
    n = wp.vec3(hit.normal[0], hit.normal[1], 0.0)
    point = wp.vec3(hit.point[0], hit.point[1], z)
    if state.contact_tick[world, a] < 0:
        state.contact_tick[world, a] = now
        state.contact_with[world, a] = b
        state.contact_speed[world, a] = closing
        state.contact_point[world, a] = point
        state.contact_normal[world, a] = -n
    if state.contact_tick[world, b] < 0:
        state.contact_tick[world, b] = now
        state.contact_with[world, b] = a
        state.contact_speed[world, b] = closing
        state.contact_point[world, b] = point
        state.contact_normal[world, b] = n


@wp.func
def only_door(scene: Scene, state: State, world: int, a: int, b: int) -> bool:
    """Whether two actors whose footprints overlap touch by an open door alone."""
    da = state.door[world, a]
    db = state.door[world, b]
    if da[0] <= 0.0 and da[1] <= 0.0 and db[0] <= 0.0 and db[1] <= 0.0:
        return False
    return not overlaps(closed_footprint(scene, state, world, a), closed_footprint(scene, state, world, b))


@wp.func
def hit_door(scene: Scene, state: State, world: int, a: int, b: int, pair: Pair, n: wp.vec2):
    """An open door is hit: it takes what it can and is pressed shut."""
    impulse = contact_impulse(pair, n, wp.static(FRICTION), 0.0)
    impulse *= wp.min(wp.static(DOOR_IMPULSE) / wp.max(wp.length(impulse), 1.0), 1.0)
    push_body(scene, state, world, a, -impulse, pair.arm0)
    push_body(scene, state, world, b, impulse, pair.arm1)
    state.door[world, a] = wp.vec2(0.0, 0.0)
    state.door[world, b] = wp.vec2(0.0, 0.0)


@wp.func
def meet(scene: Scene, state: State, world: int, a: int, b: int, sweep: int):
    """One pass over a pair whose circles overlap: find the contact, record it, exchange an impulse."""
    p = footprint(scene, state, world, a)
    q = footprint(scene, state, world, b)
    v = state.vel[world, b] - state.vel[world, a]
    hit = touch(p, q, wp.vec2(v[0], v[1]))
    if hit.touches == 0:
        return
    pair = load_pair(scene, state, world, a, b, hit.point)
    closing = wp.max(-wp.dot(slip_velocity(pair), hit.normal), 0.0)
    if sweep == 0:
        record_contact(state, world, a, b, hit, closing, 0.5 * (wp.max(p.low, q.low) + wp.min(p.high, q.high)))
    if scene.contact[world] != wp.static(int(Contact.PHYSICS)):
        return
    people = scene.vehicle.kind[world, a] == wp.static(_PERSON) and scene.vehicle.kind[world, b] == wp.static(_PERSON)
    if people and closing < wp.static(JOSTLE_SPEED):
        return
    bodies = state.motion[world, a] == wp.static(int(Motion.BODY)) and state.motion[world, b] == wp.static(
        int(Motion.BODY)
    )
    if closing > wp.where(bodies, 0.0, wp.static(WAKE_SPEED)):
        if only_door(scene, state, world, a, b):
            hit_door(scene, state, world, a, b, pair, hit.normal)
            return
        bounce = wp.where(sweep == 0, restitution(scene, world, a, b, closing), 0.0)
        impulse = contact_impulse(pair, hit.normal, wp.static(FRICTION), bounce)
        push_body(scene, state, world, a, -impulse, pair.arm0)
        push_body(scene, state, world, b, impulse, pair.arm1)


@wp.func
def part_bodies(scene: Scene, state: State, world: int, a: int, b: int):
    """Take out some of the overlap of two bodies, shared by inverse mass; velocities stay."""
    free_a = state.motion[world, a] == wp.static(int(Motion.BODY)) and not is_fixed(scene, world, a)
    free_b = state.motion[world, b] == wp.static(int(Motion.BODY)) and not is_fixed(scene, world, b)
    if not free_a and not free_b:
        return
    hit = touch(footprint(scene, state, world, a), footprint(scene, state, world, b), wp.vec2(0.0, 0.0))
    if hit.touches == 0 or hit.depth <= wp.static(SLOP):
        return
    ma = wp.where(free_a, 1.0 / scene.vehicle.mass[world, a], 0.0)
    mb = wp.where(free_b, 1.0 / scene.vehicle.mass[world, b], 0.0)
    shift = hit.normal * (wp.static(PUSH) * (hit.depth - wp.static(SLOP)) / (ma + mb))
    step = wp.vec3(shift[0], shift[1], 0.0)
    state.pos[world, a] = state.pos[world, a] - step * ma
    state.pos[world, b] = state.pos[world, b] + step * mb


@wp.func
def circle_about(scene: Scene, state: State, world: int, a: int) -> wp.vec4:
    """`State.bound` of an actor."""
    if scene.valid[world, a] == 0 or state.visible[world, a] == 0:
        return wp.vec4(0.0, 0.0, 0.0, -1.0e9)
    c = state.pos[world, a] + wp.quat_rotate(state.rot[world, a], scene.box_center[world, a])
    door = state.door[world, a]
    radius = 0.5 * wp.length(scene.size[world, a]) + door_reach(door[0]) + door_reach(door[1])
    return wp.vec4(c[0], c[1], c[2], radius)


@wp.func
def sort_actors(state: State, world: int):
    """Bring ``State.order`` up to date by insertion: actors change places seldom."""
    n = state.order.shape[1]
    begin_order(state.order, world)
    last = float(-1.0e30)
    for i in range(n):
        a = state.order[world, i]
        circle = state.bound[world, a]
        begin = circle[0] - circle[3]
        if begin >= last:
            last = begin
        else:
            j = int(i)
            while j > 0:
                other = state.bound[world, state.order[world, j - 1]]
                if other[0] - other[3] <= begin:
                    break
                state.order[world, j] = state.order[world, j - 1]
                j -= 1
            state.order[world, j] = a


@wp.kernel
def _bound_actors(scene: Scene, state: State, stride: int):
    """Reads poses and boxes. Writes each actor's circle, and clears the contacts of the tick before.

    Where one thread has all actors of a world it also sorts them.
    """
    world, first = wp.tid()
    world = index(world)
    if state.done[world] != 0:
        return
    for i in range(first, scene.valid.shape[1], stride):
        a = index(i)
        for k in range(state.contact_now.shape[2]):
            state.contact_now[world, a, k] = wp.uint32(0)
        state.touching[world, a] = 0
        state.bound[world, a] = circle_about(scene, state, world, a)
    if stride == 1:
        sort_actors(state, world)


@wp.func
def same_train(state: State, world: int, a: int, b: int) -> bool:
    """Whether one of two actors pulls the other, straight or by trailers between: these overlap where they are coupled."""
    p = int(a)
    q = int(b)
    for _i in range(state.story.tow.shape[1]):
        if p >= 0:
            p = state.story.tow[world, p]
        if q >= 0:
            q = state.story.tow[world, q]
        if p == b or q == a:
            return True
        if p < 0 and q < 0:
            return False
    return False


@wp.func
def circles_overlap(p: wp.vec4, q: wp.vec4) -> bool:
    """Whether two circles of `State.bound` overlap; absent actors' never do."""
    reach = p[3] + q[3]
    x = q[0] - p[0]
    y = q[1] - p[1]
    return reach > 0.0 and x * x + y * y < reach * reach


@wp.kernel
def _find_contacts(scene: Scene, state: State, stride: int):
    """Reads circles, poses and boxes. Writes how many actors of a higher index each actor touches.

    A thread of its own holds each actor against all of a higher index; where one thread has all actors of a world it sweeps over them in
    order, each against those that begin before it ends.
    """
    world, first = wp.tid()
    if state.done[world] != 0:
        return
    n = scene.valid.shape[1]
    for i in range(first, n, stride):
        a = int(i)
        if stride == 1:
            a = state.order[world, i]
        own = state.bound[world, a]
        end = own[0] + own[3] + wp.static(SLOP)
        box = Footprint()
        known = bool(False)
        for j in range(i + 1, n):
            b = int(j)
            if stride == 1:
                b = state.order[world, j]
            other = state.bound[world, b]
            if stride == 1 and other[0] - other[3] > end:
                break
            if circles_overlap(own, other) and not same_train(state, world, a, b):
                if not known:
                    box = footprint(scene, state, world, a)
                    known = True
                if overlaps(box, footprint(scene, state, world, b)):
                    k = wp.min(a, b)
                    state.touching[world, k] = state.touching[world, k] + 1


@wp.kernel
def _resolve_contacts(scene: Scene, state: State):
    """Reads the pairs that touch, in order of their indices. Writes contact records, and motion and velocities of bodies."""
    world = wp.tid()
    if state.done[world] != 0:
        return
    n = scene.valid.shape[1]
    total = int(0)
    for a in range(n):
        total += state.touching[world, a]
    if total == 0:
        return
    for sweep in range(wp.static(SWEEPS + 1)):
        for a in range(n):
            if state.touching[world, a] > 0:
                own = state.bound[world, a]
                for b in range(a + 1, n):
                    if circles_overlap(own, state.bound[world, b]) and not same_train(state, world, a, b):
                        if sweep < wp.static(SWEEPS):
                            meet(scene, state, world, a, b, sweep)
                        else:
                            part_bodies(scene, state, world, a, b)


def bound_actors(scene: Scene, state: State) -> None:
    """Bring ``State.bound`` up to where the actors are."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_bound_actors, dim=dim, inputs=[scene, state, stride], device=state.tick.device)


def resolve_contacts(scene: Scene, state: State) -> None:
    """Find the contacts of all pairs, record them, and let them act where the world's `Contact` is PHYSICS."""
    device = state.tick.device
    dim, stride = actor_threads(state.motion)
    bound_actors(scene, state)
    wp.launch(_find_contacts, dim=dim, inputs=[scene, state, stride], device=device)
    wp.launch(_resolve_contacts, dim=state.tick.shape[0], inputs=[scene, state], device=device)
