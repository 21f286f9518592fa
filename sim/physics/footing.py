"""The ground under a vehicle's wheels, read from the road once a tick."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.measures import yaw_of
from sim.physics.hull import corner
from sim.physics.options import VEHICLES
from sim.physics.place import ground_near, road_place, wheel_reach
from sim.physics.wheels import CarMotion, Footing, wheel_axle, wheel_side
from sim.road.grip import road_friction
from sim.types import CarSet, Fault, Scene, State

wp.set_module_options(VEHICLES)

CLIMB = 0.5
"""Slope of the ramp by which wheels meet steps: a wheel of 0.3 m rolls onto a kerb of 0.12 m over 0.24 m."""
CREEP = 0.3
"""Speed at which the ground lifts a wheel that stands in a step [m/s]."""
SIDEWAYS, STEP = 1.5, 0.04
"""Speed across a wheel over that along it from which it does not roll onto a step higher than this [m]."""
TILTED = 0.97
"""Height of a body's unit vertical from which down it may meet steps with its own corners."""
AHEAD = 0.05
"""How far ahead such a corner looks for steps [s]."""


@wp.func
def wheel_bottom(car: CarSet, b: CarMotion, turn: wp.mat33, i: int) -> wp.vec3:
    """Lowest point of a wheel, from the centre of gravity [m]; ``turn``: body axes to world."""
    axle = wheel_axle(car, i)
    hub = turn * wp.vec3(axle.x, 0.5 * wheel_side(i) * axle.track, car.radius - car.height + b.lift[i])
    return hub - wp.vec3(0.0, 0.0, car.radius)


@wp.func
def body_spot(car: CarSet, b: CarMotion, turn: wp.mat33, i: int) -> wp.vec3:
    """What meets the ground: the bottom of a wheel or, from index 4 on, a corner of the body, from the centre of gravity [m]."""
    if i < 4:
        return wheel_bottom(car, b, turn, i)
    return turn * (car.hull + corner(car.hull_half, i))


@wp.func
def slides_across(b: CarMotion, arm: wp.vec3) -> bool:
    """Whether a wheel at ``arm`` from the centre of gravity [m] moves across rather than along itself."""
    v = wp.quat_rotate_inv(b.rot, b.vel + wp.cross(wp.quat_rotate(b.rot, b.rate), arm))
    return wp.abs(v[1]) > wp.static(SIDEWAYS) * wp.abs(v[0]) and wp.abs(v[1]) > wp.static(CREEP)


@wp.func
def read_footing(
    scene: Scene, state: State, world: int, a: int, car: CarSet, b: CarMotion, cog: wp.vec3, dt: float
) -> Footing:
    """Planes under the wheels for the coming tick, ``dt`` seconds; keeps the height of the ground under each.

    A step up (a kerb) is met by a rolling wheel as a ramp, which pushes the vehicle back, and stops a wheel that slides against it; the
    ground falls away at once. ``cog``: centre of gravity of the sprung mass [m].
    """
    out = Footing()
    turn = wp.quat_to_matrix(b.rot)
    near = road_place(state, world, a, yaw_of(b.rot))
    old = state.vehicle.ground[world, a]
    fast = wp.sqrt(b.vel[0] * b.vel[0] + b.vel[1] * b.vel[1])
    way = wp.vec3(b.vel[0], b.vel[1], 0.0) * (wp.static(CLIMB) / wp.max(fast, 1.0))
    rise = (wp.static(CLIMB) * fast + wp.static(CREEP)) * dt
    now = wp.vec4()
    bump = state.vehicle.bump[world, a]
    if wp.max(bump) > 0.0:
        state.vehicle.bump[world, a] = wp.vec4()
    lost = state.faults.broken[world, a] // wp.static(int(Fault.WHEEL_LOST))
    last = wp.where(turn[2, 2] < wp.static(TILTED), 12, 4)
    along = wheel_reach(wp.vec3(turn[0, 0], turn[1, 0], 0.0), car.radius)
    i = int(0)
    while i < last:  # no range: unrolled, look-ups on the road take long to compile and run no faster
        bottom = body_spot(car, b, turn, i)
        at = cog + bottom + wp.where(i < 4, 0.5 * dt, wp.static(AHEAD)) * b.vel
        reach = wp.where(i < 4, along, wp.vec2())
        point = ground_near(scene.road, scene.map_index[world], near, wp.vec2(at[0], at[1]), reach)
        normal = point.normal
        z = point.z
        if i >= 4:
            out.bed[i & 7] = wp.dot(out.floor_normal, wp.vec3(at[0], at[1], z) - cog - out.floor)
        else:
            z += bump[i]
            if state.vehicle.ready[world, a] != 0:
                base = wp.max(old[i], cog[2] + bottom[2])
                if z > base + wp.min(rise, wp.static(STEP)):
                    if z > base + wp.static(STEP) and slides_across(b, bottom):
                        out.block[i] = float(1 - ((lost >> i) & 1))
                        z = base
                    elif z > base + rise:
                        z = base + rise
                        normal = wp.normalize(normal - way)
            now[i] = z
            out.point[i] = wp.vec3(at[0], at[1], z) - cog
            out.normal[i] = normal
            out.friction[i] = road_friction(scene.weather, world, point, fast, car.float_factor)
            out.rolling[i] = point.rolling
            out.soft[i] = point.soft
            out.floor += 0.25 * (out.point[i] - wp.vec3(0.0, 0.0, point.rise + bump[i]))  # the body spans bumps
            out.floor_normal += 0.25 * point.floor_normal
        i += 1
        if i == 4:
            out.floor_normal = wp.normalize(out.floor_normal)
    state.vehicle.ground[world, a] = now
    return out
