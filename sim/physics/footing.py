"""The ground under a vehicle's wheels, read from the road once a tick."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.measures import yaw_of
from sim.physics.four import Vectors, add, mean_of, most, mul, one_of, sub, turned, vector_of, with_one, with_vector  # noqa: F401 (operators of wp.vec4)
from sim.physics.hull import corner, lowest_corner
from sim.physics.options import VEHICLES
from sim.physics.place import STEP, ground_near, road_place, wheel_reach
from sim.physics.wheels import CarMotion, Footing, HullCorners, wheel_x, wheel_y
from sim.road.grip import SurfacePoint, road_friction
from sim.road.plain import plain_lane, plain_point
from sim.types import CarSet, Fault, Scene, State

wp.set_module_options(VEHICLES)

CLIMB = 0.5
"""Slope of the ramp by which wheels meet steps: a wheel of 0.3 m rolls onto a kerb of 0.12 m over 0.24 m."""
CREEP = 0.3
"""Speed at which the ground lifts a wheel that stands in a step [m/s]."""
SIDEWAYS = 1.5
"""Speed across a wheel over that along it from which it does not roll onto a step higher than `STEP`."""
FREE = 0.13
"""Height over the plane under the wheels from which down a body's lowest corner may meet a kerb, or ground off that plane [m]."""
AHEAD = 0.05
"""How far ahead the corners of such a body look for steps [s]."""


@wp.func(inline=True)
def wheel_bottoms(car: CarSet, b: CarMotion, turn: wp.mat33) -> Vectors:
    """Lowest points of the wheels, from the centre of gravity, world axes [m]; ``turn``: body axes to world."""
    hub = Vectors()
    hub.x = wheel_x(car)
    hub.y = wheel_y(car)
    hub.z = b.lift + (car.radius - car.height)
    out = turned(turn, hub)
    out.z = out.z - car.radius
    return out


@wp.func(inline=True)
def slides_across(b: CarMotion, arm: wp.vec3) -> bool:
    """Whether a wheel at ``arm`` from the centre of gravity [m] moves across rather than along itself."""
    v = wp.quat_rotate_inv(b.rot, b.vel + wp.cross(wp.quat_rotate(b.rot, b.rate), arm))
    return wp.abs(v[1]) > wp.static(SIDEWAYS) * wp.abs(v[0]) and wp.abs(v[1]) > wp.static(CREEP)


@wp.func(inline=True)
def read_footing(
    scene: Scene, state: State, world: int, a: int, car: CarSet, b: CarMotion, cog: wp.vec3, dt: float
) -> Footing:
    """Planes under the wheels for the coming tick, ``dt`` seconds; keeps the height of the ground under each.

    A step up (a kerb) is met by a rolling wheel as a ramp, which pushes the vehicle back, and stops a wheel that slides against it; the
    ground falls away at once. ``cog``: centre of gravity of the sprung mass [m].
    """
    turn = wp.quat_to_matrix(b.rot)
    bottom = wheel_bottoms(car, b, turn)
    way = 0.5 * dt * b.vel
    lowest = cog[2] + lowest_corner(car, wp.vec3(turn[2, 0], turn[2, 1], turn[2, 2]))
    if wp.max(state.vehicle.bump[world, a]) == 0.0 and state.road[world, a] >= 0:
        at_x = bottom.x + (cog[0] + way[0])
        at_y = bottom.y + (cog[1] + way[1])
        row = plain_lane(scene.road, state.road[world, a], state.s[world, a], at_x, at_y)
        if row >= 0:
            z = scene.road.lane_height[row]
            base = most(state.vehicle.ground[world, a], bottom.z + cog[2])
            clear = lowest - z >= wp.static(FREE)
            if clear and (state.vehicle.ready[world, a] == 0 or z <= wp.min(base) + climb(b, dt)):
                return plain_footing(scene, state, world, a, car, b, bottom, cog, way, row)
    return read_wheels(scene, state, world, a, car, b, cog, dt)


@wp.func(inline=True)
def climb(b: CarMotion, dt: float) -> float:
    """How high a wheel climbs in a tick without a step's ramp [m]."""
    fast = wp.sqrt(b.vel[0] * b.vel[0] + b.vel[1] * b.vel[1])
    return wp.min((wp.static(CLIMB) * fast + wp.static(CREEP)) * dt, wp.static(STEP))


@wp.func(inline=True)
def plain_footing(
    scene: Scene,
    state: State,
    world: int,
    a: int,
    car: CarSet,
    b: CarMotion,
    bottom: Vectors,
    cog: wp.vec3,
    way: wp.vec3,
    row: int,
) -> Footing:
    """`read_footing` where all wheels stand on one plain lane: ``row``."""
    out = Footing()
    one = wp.vec4(1.0, 1.0, 1.0, 1.0)
    point = plain_point(scene.road, row)
    fast = wp.sqrt(b.vel[0] * b.vel[0] + b.vel[1] * b.vel[1])
    out.friction = one * road_friction(scene.weather, world, point, fast, car.float_factor)
    out.point.x = bottom.x + way[0]
    out.point.y = bottom.y + way[1]
    out.point.z = one * (point.z - cog[2])
    out.normal.z = one
    out.floor = mean_of(out.point)
    out.floor_normal = point.normal
    state.vehicle.ground[world, a] = one * point.z
    return out


@wp.func(inline=True)
def stand_on(ground: Footing, i: int, car: CarSet, point: SurfacePoint, spot: wp.vec3, normal: wp.vec3) -> Footing:
    """``ground`` with wheel ``i``'s plane, through ``spot``, of which ``point`` says the rest; the body spans bumps and potholes."""
    out = ground
    out.point = with_vector(out.point, i, spot)
    out.normal = with_vector(out.normal, i, normal)
    out.rolling = with_one(out.rolling, i, point.rolling)
    out.soft = with_one(out.soft, i, point.soft)
    far = 2.0 * car.hull_half[0]
    out.hump = wp.max(out.hump, point.uneven[0] + 0.5 * far * far * point.uneven[1])
    out.floor += 0.25 * (spot - wp.vec3(0.0, 0.0, point.rise))
    out.floor_normal += 0.25 * point.floor_normal
    return out


@wp.func(inline=True)
def read_wheels(
    scene: Scene, state: State, world: int, a: int, car: CarSet, b: CarMotion, cog: wp.vec3, dt: float
) -> Footing:
    """`read_footing` wheel by wheel, on any ground, and the ground under the corners of a body that is near to it."""
    out = Footing()
    turn = wp.quat_to_matrix(b.rot)
    bottom = wheel_bottoms(car, b, turn)
    near = road_place(state, world, a, yaw_of(b.rot))
    old = state.vehicle.ground[world, a]
    fast = wp.sqrt(b.vel[0] * b.vel[0] + b.vel[1] * b.vel[1])
    way = wp.vec3(b.vel[0], b.vel[1], 0.0) * (wp.static(CLIMB) / wp.max(fast, 1.0))
    rise = (wp.static(CLIMB) * fast + wp.static(CREEP)) * dt
    now = wp.vec4()
    bump = state.vehicle.bump[world, a]  # what lies under the wheels, of this tick alone
    state.vehicle.bump[world, a] = wp.vec4()
    bed = HullCorners()
    lost = state.faults.broken[world, a] // wp.static(int(Fault.WHEEL_LOST))
    along = wheel_reach(wp.vec3(turn[0, 0], turn[1, 0], 0.0), car.radius)
    last = int(4)
    i = int(0)
    while i < last:  # no range: unrolled, look-ups on the road take long to compile and run no faster
        arm = vector_of(bottom, i)
        ahead = 0.5 * dt
        reach = along
        if i >= 4:  # the body's corners
            arm = turn * (car.hull + corner(car.hull_half, i))
            ahead = wp.static(AHEAD)
            reach = wp.vec2()
        at = cog + arm + ahead * b.vel
        point = ground_near(scene.road, scene.map_index[world], near, wp.vec2(at[0], at[1]), reach)
        normal = point.normal
        z = point.z
        if i >= 4:
            z -= wp.where(i >= 8, point.rise, 0.0)  # the lower ones meet bumps with the underside: `belly`
            bed[i & 7] = wp.dot(out.floor_normal, wp.vec3(at[0], at[1], z) - cog - out.floor)
        else:
            z += one_of(bump, i)
            point.rise = point.rise + one_of(bump, i)
            base = wp.max(one_of(old, i), cog[2] + arm[2])
            over = wp.where(state.vehicle.ready[world, a] != 0, z - base, 0.0)
            if over > wp.static(STEP) and slides_across(b, arm):
                out.block = with_one(out.block, i, float(1 - ((lost >> i) & 1)))
                z = base
            elif over > rise:
                z = base + rise
                normal = wp.normalize(normal - way)
            now = with_one(now, i, z)
            out = stand_on(out, i, car, point, wp.vec3(at[0], at[1], z) - cog, normal)
            out.friction = with_one(out.friction, i, road_friction(scene.weather, world, point, fast, car.float_factor))
        i += 1
        if i == 4:
            out.floor_normal = wp.normalize(out.floor_normal)
            lowest = lowest_corner(car, wp.transpose(turn) * out.floor_normal)
            if lowest - wp.dot(out.floor_normal, out.floor) < wp.static(FREE):
                last = 12
    state.vehicle.ground[world, a] = now
    out.bed = bed
    return out
