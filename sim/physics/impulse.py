"""The impulses between two bodies that touch at several points (`wp.func`s).

The plastic impulse with Coulomb friction is found point by point (projected Gauss-Seidel: Jean 1999, The non-smooth contact dynamics
method), then scaled as a whole by one plus the coefficient of restitution, but never so far that kinetic energy would grow (Brach 1991,
Mechanical impact dynamics): both bodies get the same impulse at the same points, so momentum is conserved whatever the search has reached.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.physics.body import PERSON, THING, Body, point_velocity
from sim.physics.collide import NEAR, Column, Manifold, deepest_point, point_of

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

FRICTION = 0.4
"""Between bodies (Fricke 1990: 0.3 to 0.6)."""
REST_SPEED = 0.15
"""Slower contacts do not bounce [m/s]."""
ROUNDS = 24
"""Passes over the points of a contact at most."""
CLOSE_ENOUGH = 1.0e-4
"""Passes end when none changes a velocity at a point by more [m/s]."""


@wp.struct
class Grip:
    """Friction of a contact: how much, and along which way how much of it."""

    along: wp.vec3
    """Unit, world axes."""
    friction: wp.vec2
    """Coefficients along and across."""


@wp.struct
class Impulse:
    """What the second body gets; the first gets the opposite."""

    linear: wp.vec3
    """[N s]."""
    turn0: wp.vec3
    """Moment of ``linear`` about the first body's centre of gravity [N m s]."""
    turn1: wp.vec3
    """About the second's."""


@wp.struct
class Search:
    """State of the search for the plastic impulse: both bodies as they would be, and what acts at each point."""

    a: Body
    b: Body
    total: Impulse
    push: Column
    """Along the normal [N s]."""
    rub_x: Column
    """Friction, world axes [N s]."""
    rub_y: Column
    rub_z: Column
    change: float
    """Greatest change of a velocity at a point in this pass [m/s]."""


@wp.func
def closing_speed(a: Body, b: Body, m: Manifold, near: float) -> float:
    """Greatest speed at which a contact's points close [m/s]; ``near``: greatest gap of those looked at [m]."""
    out = float(0.0)
    for i in range(m.n):
        p = point_of(m, i)
        if m.gap[i] <= near:
            out = wp.max(out, wp.dot(point_velocity(a, p) - point_velocity(b, p), m.normal))
    return out


@wp.func
def restitution(ka: int, kb: int, closing: float) -> float:
    """Coefficient of restitution of two kinds: cars by Antonetti 1998 (SAE 980552, leading term), people and animals do not bounce."""
    if closing < wp.static(REST_SPEED):
        return 0.0
    if ka == wp.static(PERSON) or kb == wp.static(PERSON):
        return 0.05
    if ka == wp.static(THING) or kb == wp.static(THING):
        return 0.2
    return wp.max(0.6 * wp.exp(-0.25 * closing), 0.05)


@wp.func
def give(a: Body, j: wp.vec3, turn: wp.vec3) -> Body:
    """A body after an impulse [N s] and its moment about the centre of gravity [N m s]."""
    out = a
    out.vel = a.vel + j * a.mass
    out.rate = a.rate + a.inertia * turn
    return out


@wp.func
def give_both(s: Search, p: wp.vec3, j: wp.vec3) -> Search:
    """The search with an impulse more on the second body at a point."""
    out = s
    t0 = wp.cross(p - s.a.cog, j)
    t1 = wp.cross(p - s.b.cog, j)
    out.a.vel = s.a.vel - j * s.a.mass
    out.a.rate = s.a.rate - s.a.inertia * t0
    out.b.vel = s.b.vel + j * s.b.mass
    out.b.rate = s.b.rate + s.b.inertia * t1
    out.total.linear = s.total.linear + j
    out.total.turn0 = s.total.turn0 + t0
    out.total.turn1 = s.total.turn1 + t1
    return out


@wp.func
def yielding(a: Body, b: Body, p: wp.vec3, n: wp.vec3) -> float:
    """Change of the velocity between two bodies at a point along ``n`` over the impulse along ``n`` [1/kg]."""
    ra = wp.cross(p - a.cog, n)
    rb = wp.cross(p - b.cog, n)
    return a.mass + b.mass + wp.dot(ra, a.inertia * ra) + wp.dot(rb, b.inertia * rb)


@wp.func
def within_grip(grip: Grip, n: wp.vec3, rub: wp.vec3, push: float) -> wp.vec3:
    """Friction held to Coulomb's ellipse for a normal impulse ``push``."""
    along = grip.along - n * wp.dot(grip.along, n)
    size = wp.length(along)
    if grip.friction[0] == grip.friction[1] or size < 1.0e-3:
        most = grip.friction[1] * push
        return rub * wp.min(most / wp.max(wp.length(rub), 1.0e-12), 1.0)
    along = along / size
    x = wp.dot(rub, along)
    y = wp.dot(rub, wp.cross(n, along))
    use = wp.length(wp.vec2(x / wp.max(grip.friction[0], 1.0e-3), y / wp.max(grip.friction[1], 1.0e-3)))
    return rub * wp.min(push / wp.max(use, 1.0e-12), 1.0)


@wp.func
def settle_point(s: Search, m: Manifold, i: int, room: float, grip: Grip) -> Search:
    """One point of a pass: stops its closing but for ``room`` [m/s], then its sliding as far as friction holds."""
    p = point_of(m, i)
    n = m.normal
    k = yielding(s.a, s.b, p, n)
    v = point_velocity(s.b, p) - point_velocity(s.a, p)
    push = wp.max(s.push[i] - (wp.dot(v, n) + room) / k, 0.0)
    change = wp.abs(push - s.push[i]) * k
    out = give_both(s, p, n * (push - s.push[i]))
    out.push[i] = push
    v = point_velocity(out.b, p) - point_velocity(out.a, p)
    v -= n * wp.dot(v, n)
    speed = wp.length(v)
    rub = wp.vec3(s.rub_x[i], s.rub_y[i], s.rub_z[i])
    new = rub
    if speed > 1.0e-6:
        new = rub - v / yielding(s.a, s.b, p, v / speed)
    new = within_grip(grip, n, new, push)
    out = give_both(out, p, new - rub)
    out.rub_x[i] = new[0]
    out.rub_y[i] = new[1]
    out.rub_z[i] = new[2]
    out.change = wp.max(s.change, wp.max(change, wp.length(new - rub) * k))
    return out


@wp.func
def scaled(j: Impulse, share: float) -> Impulse:
    """A share of an impulse."""
    out = Impulse()
    out.linear = j.linear * share
    out.turn0 = j.turn0 * share
    out.turn1 = j.turn1 * share
    return out


@wp.func
def bounded_share(a: Body, b: Body, j: Impulse, share: float) -> float:
    """``share`` of an impulse, or as much of it as does not raise the kinetic energy."""
    work = wp.dot(j.linear, b.vel - a.vel) + wp.dot(j.turn1, b.rate) - wp.dot(j.turn0, a.rate)
    spread = wp.dot(j.linear, j.linear) * (a.mass + b.mass)
    spread += wp.dot(j.turn0, a.inertia * j.turn0) + wp.dot(j.turn1, b.inertia * j.turn1)
    if work >= 0.0 or spread <= 0.0:
        return 0.0
    return wp.min(share, -2.0 * work / spread)


@wp.func
def contact_impulse(a: Body, b: Body, m: Manifold, grip: Grip, bounce: float, dt: float) -> Impulse:
    """Impulse between two bodies; 0 if they part, or if both are fixed.

    Args:
        a: First body.
        b: Second body.
        m: Where they touch. Points with a gap may close it in ``dt``.
        grip: Friction.
        bounce: Coefficient of restitution.
        dt: [s].
    """
    s = Search()
    if a.mass + b.mass <= 0.0 or closing_speed(a, b, m, wp.static(NEAR)) <= 0.0:
        return s.total
    s.a = a
    s.b = b
    # A first guess: all points take an even share of what stops the bodies' middles. Exact for a box that lands flat.
    even = wp.max(wp.dot(a.vel - b.vel, m.normal), 0.0) / ((a.mass + b.mass) * float(m.n))
    for i in range(m.n):
        s = give_both(s, point_of(m, i), m.normal * even)
        s.push[i] = even
    for round in range(wp.static(ROUNDS)):
        s.change = 0.0
        for k in range(m.n):
            i = wp.where(round % 2 == 0, k, m.n - 1 - k)  # to and fro: no corner is favoured
            s = settle_point(s, m, i, wp.max(m.gap[i], 0.0) / dt, grip)
        if s.change < wp.static(CLOSE_ENOUGH):
            break
    return scaled(s.total, bounded_share(a, b, s.total, 1.0 + bounce))


@wp.func
def slackened(a: Body, b: Body, m: Manifold, j: Impulse, first: bool) -> Impulse:
    """The impulse where one body is limp (``first``: ``a``): over the ground its middle gets no faster than what pushes it.

    Limbs stop one by one on what they strike, and none of them leaves it faster than it moves, so neither does their middle; a rigid body
    that turns over a bonnet would be levered off ahead of the car. The push is cut by so much, and what then still closes is a turn, which
    the pressure on all limbs takes as a couple. Momentum and angular momentum stay, energy never grows.
    """
    p = deepest_point(m)
    one = give(a, -j.linear, -j.turn0)
    two = give(b, j.linear, j.turn1)
    n = wp.vec3(m.normal[0], m.normal[1], 0.0)
    speed = wp.dot(two.vel - point_velocity(one, p), n)
    mass = b.mass
    arm = p - b.cog
    if first:
        speed = wp.dot(point_velocity(two, p) - one.vel, n)
        mass = a.mass
        arm = p - a.cog
    flat = wp.max(wp.length(n), 1.0e-6)
    push = wp.dot(j.linear, n) / flat
    cut = wp.min(speed / (flat * mass), push)
    if cut <= 0.0:
        return j
    out = j
    rub = j.linear - m.normal * wp.dot(j.linear, m.normal)
    rub -= n * (wp.dot(rub, n) / (flat * flat))
    less = n * (cut / flat) + rub * (cut / push)
    out.linear = j.linear - less
    out.turn0 = j.turn0 - wp.cross(p - a.cog, less)
    out.turn1 = j.turn1 - wp.cross(p - b.cog, less)
    one = give(a, -out.linear, -out.turn0)
    two = give(b, out.linear, out.turn1)
    closing = wp.dot(point_velocity(one, p) - point_velocity(two, p), m.normal)
    turn = wp.cross(arm, m.normal)
    ease = wp.dot(wp.cross(p - a.cog, m.normal), a.inertia * turn) + wp.dot(
        wp.cross(p - b.cog, m.normal), b.inertia * turn
    )
    if closing > 0.0 and ease > 1.0e-9:
        out.turn0 = out.turn0 + turn * (closing / ease)
        out.turn1 = out.turn1 + turn * (closing / ease)
    if bounded_share(a, b, out, 1.0) < 1.0:
        return j
    return out
