"""Which actors of a world touch: circles about their boxes, swept in order on the CPU, then footprints and heights.

What they do then is `sim.physics.contact`.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.boxes import Footprint, door_reach, footprint, met_within, overlaps
from sim.structs import actor_threads, begin_order, index
from sim.types import TICK, Contact, Scene, State

# Loops stay loops: unrolled, this module takes three times as long to compile for a GPU and runs no faster.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

MARGIN = 0.01
"""By how much circles are taken larger along the sweep [m]."""


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
def same_train(state: State, world: int, a: int, b: int) -> bool:
    """Whether one of two actors pulls or carries the other, straight or by others between, or both ride on a third: these may overlap."""
    if state.story.tow[world, a] >= 0 and state.story.tow[world, a] == state.story.tow[world, b]:
        return True
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
def circle_about(scene: Scene, state: State, world: int, a: int) -> wp.vec4:
    """`State.bound` of an actor."""
    if scene.valid[world, a] == 0 or state.visible[world, a] == 0:
        return wp.vec4(0.0, 0.0, 0.0, -1.0e9)
    c = state.pos[world, a] + wp.quat_rotate(state.rot[world, a], scene.box_center[world, a])
    door = state.door[world, a]
    size = scene.size[world, a]
    radius = 0.5 * wp.length(size) + door_reach(door[0]) + door_reach(door[1])
    way = state.vel[world, a] * wp.static(TICK)
    thin = 0.5 * wp.min(size[0], size[1])
    if wp.length_sq(way) > thin * thin:
        radius += wp.length(way)  # it may have passed through something thin
    return wp.vec4(c[0], c[1], c[2], radius)


@wp.func
def circles_overlap(p: wp.vec4, q: wp.vec4) -> bool:
    """Whether two circles of `State.bound` overlap; absent actors' never do."""
    reach = p[3] + q[3]
    x = q[0] - p[0]
    y = q[1] - p[1]
    return reach > 0.0 and x * x + y * y < reach * reach


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


@wp.func
def may_touch(scene: Scene, state: State, world: int, a: int, b: int, p: Footprint, q: Footprint) -> bool:
    """Whether two actors overlap or, with `Contact.PHYSICS`, were so fast that they passed through each other within the tick."""
    if overlaps(p, q):
        return True
    v = state.vel[world, b] - state.vel[world, a]
    way = wp.vec2(v[0], v[1]) * wp.static(TICK)
    thin = wp.min(p.half[0], p.half[1]) + wp.min(q.half[0], q.half[1])
    if (
        wp.length_sq(way) <= thin * thin
        or scene.contact[world] != wp.static(int(Contact.PHYSICS))
        or p.low >= q.high
        or q.low >= p.high
    ):
        return False
    return met_within(p, q, wp.vec2(v[0], v[1]), wp.static(TICK)) > 0.0


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
        end = own[0] + own[3] + wp.static(MARGIN)
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
                if may_touch(scene, state, world, a, b, box, footprint(scene, state, world, b)):
                    k = wp.min(a, b)
                    state.touching[world, k] = state.touching[world, k] + 1


def bound_actors(scene: Scene, state: State) -> None:
    """Bring ``State.bound`` up to where the actors are."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_bound_actors, dim=dim, inputs=[scene, state, stride], device=state.tick.device)


def find_contacts(scene: Scene, state: State) -> None:
    """Count whom each actor touches, after `bound_actors`."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_find_contacts, dim=dim, inputs=[scene, state, stride], device=state.tick.device)
