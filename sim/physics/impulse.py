"""Two bodies at a point of contact: their velocities there, and the impulse between them (`wp.func`s).

An impulse is the plastic one with Coulomb friction, scaled by one plus the coefficient of restitution, which conserves momentum and never
adds energy whatever the geometry (Brach 1991, Mechanical impact dynamics).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.assets.spec import Category
from sim.physics.boxes import cross2, side_of
from sim.physics.parameters import SETS
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})

FRICTION = 0.4
"""Between bodies (Fricke 1990: 0.3 to 0.6)."""
REST_SPEED = 0.15
"""Slower contacts do not bounce [m/s]."""

_PERSON, _THING = list(SETS).index("person"), list(SETS).index("thing")
_FIXED = sum(
    1 << int(Category[name])
    for name in ("BUILDING", "GANTRY", "POLE", "RAILING", "SOUNDBARRIER", "STREETLAMP", "TRAFFICISLAND", "TREE")
)
"""Bits of the categories that stand in the ground; barriers do if they are heavy."""
HEAVY_BARRIER = 500.0
"""[kg]."""


@wp.struct
class Pair:
    """Two bodies at a point of contact; in the plane, world axes."""

    mass: wp.vec2
    """Inverse masses [1/kg]."""
    inertia: wp.vec2
    """Inverse yaw inertias [1/(kg m^2)]."""
    arm0: wp.vec2
    """From the centre of gravity to the point [m]."""
    arm1: wp.vec2
    vel0: wp.vec2
    """Of the centre of gravity [m/s]."""
    vel1: wp.vec2
    rate: wp.vec2
    """Yaw rates [rad/s]."""


@wp.func
def is_fixed(scene: Scene, world: int, a: int) -> bool:
    """Whether an actor stands in the ground: nothing moves it."""
    c = scene.category[world, a]
    heavy = scene.vehicle.mass[world, a] >= wp.static(HEAVY_BARRIER)
    return ((wp.static(_FIXED) >> c) & 1) != 0 or (c == wp.static(int(Category.BARRIER)) and heavy)


@wp.func
def gravity_center(scene: Scene, state: State, world: int, a: int) -> wp.vec2:
    """Centre of gravity in the plane, from the reference point, world axes [m]."""
    q = state.rot[world, a]
    x = wp.quat_rotate(q, wp.vec3(1.0, 0.0, 0.0))
    forward = wp.vec2(x[0], x[1])
    if scene.vehicle.topples[world, a] == 0:
        forward = wp.normalize(forward)
    return forward * scene.vehicle.cog[world, a][0]


@wp.func
def plane_velocity(state: State, world: int, a: int, arm: wp.vec2) -> wp.vec2:
    """Velocity of a point ``arm`` away from the reference point [m/s]."""
    v = state.vel[world, a]
    return wp.vec2(v[0], v[1]) + side_of(arm) * state.ang_vel[world, a][2]


@wp.func
def load_pair(scene: Scene, state: State, world: int, a: int, b: int, point: wp.vec2) -> Pair:
    """Two actors as bodies about a point of contact."""
    out = Pair()
    ca = gravity_center(scene, state, world, a)
    cb = gravity_center(scene, state, world, b)
    pa = state.pos[world, a]
    pb = state.pos[world, b]
    out.arm0 = point - wp.vec2(pa[0], pa[1]) - ca
    out.arm1 = point - wp.vec2(pb[0], pb[1]) - cb
    out.vel0 = plane_velocity(state, world, a, ca)
    out.vel1 = plane_velocity(state, world, b, cb)
    out.rate = wp.vec2(state.ang_vel[world, a][2], state.ang_vel[world, b][2])
    if not is_fixed(scene, world, a):
        out.mass[0] = 1.0 / scene.vehicle.mass[world, a]
        out.inertia[0] = 1.0 / scene.vehicle.inertia[world, a][2]
    if not is_fixed(scene, world, b):
        out.mass[1] = 1.0 / scene.vehicle.mass[world, b]
        out.inertia[1] = 1.0 / scene.vehicle.inertia[world, b][2]
    return out


@wp.func
def slip_velocity(pair: Pair) -> wp.vec2:
    """Velocity of the second body against the first at the point of contact [m/s]."""
    v0 = pair.vel0 + side_of(pair.arm0) * pair.rate[0]
    v1 = pair.vel1 + side_of(pair.arm1) * pair.rate[1]
    return v1 - v0


@wp.func
def restitution(scene: Scene, world: int, a: int, b: int, closing: float) -> float:
    """Coefficient of restitution: cars by Antonetti 1998 (SAE 980231, leading term), people and animals do not bounce."""
    if closing < wp.static(REST_SPEED):
        return 0.0
    ka = scene.vehicle.kind[world, a]
    kb = scene.vehicle.kind[world, b]
    if ka == wp.static(_PERSON) or kb == wp.static(_PERSON):
        return 0.05
    if ka == wp.static(_THING) or kb == wp.static(_THING):
        return 0.2
    return wp.max(0.6 * wp.exp(-0.25 * closing), 0.05)


@wp.func
def contact_impulse(pair: Pair, n: wp.vec2, friction: float, bounce: float) -> wp.vec2:
    """Impulse on the second body [N s], world axes; 0 if the bodies part.

    ``n``: unit normal from the first to the second; ``bounce``: coefficient of restitution.
    """
    v = slip_velocity(pair)
    t = side_of(n)
    vn = wp.dot(v, n)
    vt = wp.dot(v, t)
    if vn >= 0.0:
        return wp.vec2(0.0, 0.0)
    an = cross2(pair.arm0, n)
    bn = cross2(pair.arm1, n)
    at = cross2(pair.arm0, t)
    bt = cross2(pair.arm1, t)
    m = pair.mass[0] + pair.mass[1]
    knn = m + an * an * pair.inertia[0] + bn * bn * pair.inertia[1]
    ktt = m + at * at * pair.inertia[0] + bt * bt * pair.inertia[1]
    knt = an * at * pair.inertia[0] + bn * bt * pair.inertia[1]
    if knn <= 0.0:
        return wp.vec2(0.0, 0.0)
    det = wp.max(knn * ktt - knt * knt, 1.0e-6 * knn * ktt)
    pn = (-vn * ktt + vt * knt) / det
    pt = (-vt * knn + vn * knt) / det
    if pn <= 0.0 or wp.abs(pt) > friction * pn:
        slope = wp.where(pt > 0.0, friction, -friction)
        stiff = knn + knt * slope
        pn = wp.where(stiff > 0.2 * knn, -vn / wp.max(stiff, 0.2 * knn), -vn / knn)
        pt = wp.where(stiff > 0.2 * knn, slope * pn, 0.0)
    k = 1.0 + bounce
    energy = k * (pn * vn + pt * vt) + 0.5 * k * k * (pn * pn * knn + 2.0 * pn * pt * knt + pt * pt * ktt)
    if energy > 0.0:
        pn = -vn / knn
        pt = 0.0
    return n * (k * pn) + t * (k * pt)
