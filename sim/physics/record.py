"""What is kept of contacts: who touches whom, each actor's first contact, and a world's impacts (`wp.func`s)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.body import is_fixed
from sim.physics.collide import Manifold, mean_point
from sim.physics.injury import injury_risk
from sim.physics.pairs import note_touch
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

IMPACT_SPEED = 0.5
"""Contacts that close more slowly are no impacts [m/s]."""
IMPACT_TICKS = 10
"""A pair apart for longer begins a new impact."""
BLOW_TICKS = 20
"""How long an impact's blows count towards its change of velocity: crash pulses last 0.1 s to 0.2 s; then the two lean on each other."""


@wp.func
def record_contact(state: State, world: int, a: int, b: int, m: Manifold, closing: float):
    """Keep who touches whom now, and everything of each actor's first contact; ``b`` may be a partner of `sim.types.SCENERY`."""
    now = state.tick[world] + 1
    note_touch(state, world, a, wp.where(b >= 0, b, state.motion.shape[1]))
    point = mean_point(m)
    if state.contact_tick[world, a] < 0:
        state.contact_tick[world, a] = now
        state.contact_with[world, a] = b
        state.contact_speed[world, a] = closing
        state.contact_point[world, a] = point
        state.contact_normal[world, a] = -m.normal
    if b < 0:
        return
    note_touch(state, world, b, a)
    if state.contact_tick[world, b] < 0:
        state.contact_tick[world, b] = now
        state.contact_with[world, b] = a
        state.contact_speed[world, b] = closing
        state.contact_point[world, b] = point
        state.contact_normal[world, b] = m.normal


@wp.func(inline=True)
def begin_impact(state: State, world: int, k: int, pair: wp.vec2i, m: Manifold, closing: float):
    """Write the first of an impact: when, between whom, where and how fast they closed."""
    state.impacts.count[world] = k + 1
    state.impacts.tick[world, k] = state.tick[world] + 1
    state.impacts.pair[world, k] = pair
    state.impacts.point[world, k] = mean_point(m)
    state.impacts.normal[world, k] = m.normal
    state.impacts.speed[world, k] = closing
    state.impacts.delta_first[world, k] = wp.vec3()
    state.impacts.delta_second[world, k] = wp.vec3()


@wp.func
def record_impact(
    scene: Scene, state: State, world: int, a: int, b: int, m: Manifold, closing: float, linear: wp.vec3
):  # fmt: skip
    """Add an impulse [N s] on ``b``, and its opposite on ``a``, to the pair's impact, or begin one; ``b`` as in `record_contact`.

    What the two weigh or press on each other later is no part of it, nor do the blows to somebody who is thrown to and fro between others
    add up: all of an impact changes their velocities against each other by no more than the greatest speed at which they closed, or that
    one of its blows alone changed it by.
    """
    now = state.tick[world] + 1
    n = state.impacts.count[world]
    k = int(n)
    pair = wp.vec2i(a, b)
    if b >= 0:
        pair = wp.vec2i(wp.min(a, b), wp.max(a, b))
    for i in range(n):
        if state.impacts.pair[world, i] == pair and now - state.impacts.last[world, i] <= wp.static(IMPACT_TICKS):
            k = i
    if k == n:
        if closing < wp.static(IMPACT_SPEED) or n >= state.impacts.tick.shape[1]:
            return
        begin_impact(state, world, k, pair, m, closing)
    state.impacts.last[world, k] = now
    if now - state.impacts.tick[world, k] >= wp.static(BLOW_TICKS):
        return
    speed = state.impacts.speed[world, k]
    first = state.impacts.delta_first[world, k]
    second = state.impacts.delta_second[world, k]
    change = wp.vec3()
    back = wp.vec3()
    if b >= 0 and not is_fixed(scene, world, b):
        change = linear / scene.vehicle.mass[world, b]
    if not is_fixed(scene, world, a):
        back = linear / scene.vehicle.mass[world, a]
    most = wp.max(wp.max(speed, closing), wp.max(wp.length(second - first), wp.length(change + back)))
    first -= back
    second += change
    share = wp.min(most / wp.max(wp.length(second - first), 1.0e-9), 1.0)
    first *= share
    second *= share
    state.impacts.delta_first[world, k] = first
    state.impacts.delta_second[world, k] = second
    risk = wp.vec2(injury_risk(scene, world, a, speed, wp.length(first)), 0.0)
    if b >= 0:
        risk[1] = injury_risk(scene, world, b, speed, wp.length(second))
    state.impacts.risk[world, k] = risk
