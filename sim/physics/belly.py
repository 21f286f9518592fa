"""The underside of a vehicle on its wheels: where it grounds on a hump, a crest or a kerb, scrapes, and may be left hanging.

It is the lower face of the body's box, at the set's ground clearance from bumper to bumper, so approach and departure angles follow from
clearance and overhangs. In each quarter of it the point that the ground comes nearest to is found once a tick; what stops these points
from sinking in, and rubs along them, is a force through the tick's steps. Wherever a bound for the road (`RoadTables.section_rise`)
says that nothing reaches the underside, none of this happens.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.measures import yaw_of
from sim.physics.chassis import Demand
from sim.physics.four import Vectors, add, axles, mul, one_of, sub, total, vector_of, with_one, with_vector  # noqa: F401 (operators of wp.vec4)
from sim.physics.hull import SCRAPE, SLOP, lowest_corner
from sim.physics.options import VEHICLES
from sim.physics.place import ground_near, road_place
from sim.physics.sets import GRAVITY
from sim.physics.wheels import CarMotion, Footing, wheel_x, wheel_y
from sim.types import CarSet, Scene, State

wp.set_module_options(VEHICLES)

SPACING = 0.25
"""Between points along the vehicle [m]."""
ROWS = (0.9, 0.3)
"""How far they lie to the side, over half the width."""
RAISE = 0.3
"""Share of the depth beyond `SLOP` that is taken out of the position in a tick."""
SWEEPS, RELAX = 16, 0.25
"""Over all points, per tick, and the share of each point's impulse that a sweep takes: a quarter, as all four may be one."""


@wp.struct
class Belly:
    """The point of each quarter (front left, front right, rear left, rear right) that the ground is nearest to."""

    arm: Vectors
    """From the centre of gravity, body axes [m]."""
    normal: Vectors
    """Of the ground there, body axes."""
    depth: wp.vec4
    """Of the point in the ground, negative above it [m]."""


@wp.func
def belly_clearance(car: CarSet, b: CarMotion, ground: Footing, dt: float) -> float:
    """Height that the body's lowest corner will keep over the plane under the wheels through a tick [m]."""
    up = wp.quat_rotate_inv(b.rot, ground.floor_normal)
    falls = wp.max(-wp.dot(ground.floor_normal, b.vel), 0.0) * dt
    return lowest_corner(car, up) - wp.dot(ground.floor_normal, ground.floor) - falls


@wp.func(inline=True)
def find_belly(
    scene: Scene, state: State, world: int, a: int, car: CarSet, b: CarMotion, cog: wp.vec3, dt: float
) -> Belly:
    """Where the ground is nearest to the underside, half a tick ahead; ``cog``: centre of gravity [m]."""
    out = Belly()
    low = -1.0e3
    out.depth = wp.vec4(low, low, low, low)
    near = road_place(state, world, a, yaw_of(b.rot))
    half = car.hull_half
    count = 1 + int(wp.ceil(half[0] * wp.static(1.0 / SPACING)))
    i = int(0)
    while i < 8 * count:
        quarter = i & 3
        x = half[0] * float(i // 8) / float(count - 1)
        y = half[1] * wp.where((i & 4) == 0, wp.static(ROWS[0]), wp.static(ROWS[1]))
        arm = car.hull + wp.vec3(wp.where(quarter < 2, x, -x), wp.where((quarter & 1) == 0, y, -y), -half[2])
        at = cog + wp.quat_rotate(b.rot, arm) + 0.5 * dt * b.vel
        point = ground_near(scene.road, scene.map_index[world], near, wp.vec2(at[0], at[1]), wp.vec2())
        depth = (point.z - at[2]) * point.normal[2]
        if depth > one_of(out.depth, quarter):
            out.depth = with_one(out.depth, quarter, depth)
            out.arm = with_vector(out.arm, quarter, arm)
            out.normal = with_vector(out.normal, quarter, wp.quat_rotate_inv(b.rot, point.normal))
        i += 1
    return out


@wp.func
def belly_push(
    car: CarSet, vel: wp.vec3, rate: wp.vec3, arm: wp.vec3, up: wp.vec3, free: float, grip: float
) -> wp.vec3:
    """Impulse on a point of the underside that may come ``free`` m/s nearer to the ground [N s]; body axes, ``up``: the ground's normal."""
    v = vel + wp.cross(rate, arm)
    sinks = -wp.dot(v, up) - free
    if sinks <= 0.0:
        return wp.vec3()
    turn = wp.cross(arm, up)
    normal = sinks / (1.0 / car.sprung + wp.dot(turn, wp.cw_div(turn, car.inertia)))
    slip = v - wp.dot(v, up) * up
    speed = wp.max(wp.length(slip), 1.0e-6)
    along = slip / speed
    turn = wp.cross(arm, along)
    stop = speed / (1.0 / car.mass + wp.dot(turn, wp.cw_div(turn, car.inertia)))
    return normal * up - wp.min(grip * normal, stop) * along


@wp.struct
class Grounded:
    """A vehicle and what is asked of it, once its underside has met the ground."""

    body: CarMotion
    ask: Demand


@wp.func(inline=True)
def ground_belly(car: CarSet, b: CarMotion, ground: Footing, belly: Belly, ask: Demand, dt: float) -> Grounded:
    """The ground's forces on the underside, through the tick: as much as stops it from sinking in, and friction."""
    out = Grounded()
    out.body = b
    out.ask = ask
    up = wp.quat_rotate_inv(b.rot, wp.vec3(0.0, 0.0, 1.0))
    # Where weight and struts take the body by the end of the tick if nothing else does.
    bears = b.load - axles(0.5 * car.front.mass, 0.5 * car.rear.mass) * wp.static(GRAVITY)
    weight = car.sprung * wp.static(GRAVITY)
    vel = wp.quat_rotate_inv(b.rot, b.vel) + (dt / car.sprung) * (wp.vec3(0.0, 0.0, total(bears)) - weight * up)
    moment = wp.vec3(total(wheel_y(car) * bears), -total(wheel_x(car) * bears), 0.0)
    rate = b.rate + dt * wp.cw_div(moment, car.inertia)
    grip = wp.static(SCRAPE) * 0.25 * total(ground.friction)
    push = wp.vec3()
    twist = wp.vec3()
    n = int(0)
    while n < wp.static(SWEEPS):
        pushes = wp.vec3()  # all points answer to the same motion: left and right stay alike
        twists = wp.vec3()
        i = int(0)
        while i < 4:
            depth = one_of(belly.depth, i)
            arm = vector_of(belly.arm, i)
            free = wp.max(-depth, 0.0) / dt
            j = wp.static(RELAX) * belly_push(car, vel, rate, arm, vector_of(belly.normal, i), free, grip)
            pushes += j
            twists += wp.cross(arm, j)
            i += 1
        vel += pushes / car.sprung
        rate += wp.cw_div(twists, car.inertia)
        push += pushes
        twist += twists
        n += 1
    deepest = wp.max(belly.depth) - wp.static(SLOP)
    if deepest > 0.0:
        out.body.shift = ground.floor_normal * (wp.static(RAISE) * deepest)
    out.ask.push = ask.push + wp.quat_rotate(b.rot, push) * (1.0 / dt)
    out.ask.twist = ask.twist + twist * (1.0 / dt)
    return out
