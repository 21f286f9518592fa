"""Free bodies: they fly, tumble, slide on the road under them, come to rest and sleep.

A tick is `SUBSTEPS` steps: move and turn with the angular momentum kept, fall, then the impulses of the ground on up to eight corners. The
velocities that a tick leaves behind are what `sim.physics.contact` works on, and the next tick moves by, so what rests on another body
does not sink.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.behavior.measures import yaw_of
from sim.behavior.path import wrap_angle
from sim.physics.body import (
    PERSON,
    SLEEP_TICKS,
    THING,
    Body,
    axis_of,
    inverse_inertia,
    is_balanced,
    is_cycle,
    is_fixed,
    keep_velocity,
    load_body,
    point_velocity,
    reference_point,
)
from sim.physics.collide import NEAR, Column, Manifold, greatest_depth, with_point
from sim.physics.impulse import Grip, closing_speed, contact_impulse, give
from sim.physics.place import ground_near, keep_place, place_near, road_place
from sim.physics.sets import FOUR_WHEELS, GRAVITY
from sim.road.frenet import RoadCoord
from sim.road.grip import road_friction
from sim.structs import actor_threads, world_threads
from sim.types import TICK, Motion, Scene, State

# Loops stay loops: unrolled, this module takes three times as long to compile for a GPU and runs no faster.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

SUBSTEPS = 2
TURNS = 3
"""Rounds of the search for the rate midway of a step."""
REST_SPEED, REST_RATE = 0.05, 0.1
"""Below both a body counts as still [m/s, rad/s]."""
BOUNCE_SPEED = 0.5
"""Slower falls do not bounce [m/s]."""
SLOP, PUSH, RISE = 0.002, 0.2, 1.5
"""Overlap with the ground that is left alone [m], share of the rest taken out per step, and the greatest speed of that [m/s]."""
SIDE_FRICTION = 0.5
"""Of a vehicle on its side or roof, over the road's: sheet metal (Fricke 1990)."""
LEDGE = 0.02
"""Steps that are higher over a body's corner stop it, lower ones lift it [m]."""
HESITATION = 0.01
"""How far behind itself a moving corner looks for the ground under it [m]."""
CYCLE_WIDTH = 0.1
"""Width of what a cycle stands on, over its box's."""


@wp.struct
class Ground:
    """Under each corner of a body, over a tick: the plane n . p = level."""

    x: Column
    y: Column
    z: Column
    level: Column
    wall: wp.vec3
    """Level unit vector away from a step (a kerb) that corners are about to reach, 0 if none is."""
    blocked: Column
    """1 for these corners, 2 if they are in it now."""
    face: float
    """Where the step's face is, along ``wall`` [m]."""
    friction: float
    """Mean under the body, weather included."""


@wp.func
def corner_of(scene: Scene, world: int, a: int, i: int, radius: float) -> wp.vec3:
    """Corner 0..7 of an actor's box less its rounding, in the actor's frame [m]."""
    half = 0.5 * scene.size[world, a] - wp.vec3(radius, radius, radius)
    low = i % 2 == 0
    y = half[1]
    if low and is_cycle(scene.vehicle.kind[world, a]):
        y *= wp.static(CYCLE_WIDTH)
    return scene.box_center[world, a] + wp.vec3(
        wp.where((i // 4) % 2 == 0, half[0], -half[0]),
        wp.where((i // 2) % 2 == 0, y, -y),
        wp.where(low, -half[2], half[2]),
    )


@wp.func
def away_from(scene: Scene, world: int, near: RoadCoord, step: wp.vec3, middle: wp.vec3) -> wp.vec3:
    """Across the road, as kerbs face, from a step towards a body's middle: level unit vector."""
    coord = place_near(scene.road, scene.map_index[world], near, wp.vec2(step[0], step[1]), near.heading)
    left = wp.vec3(-wp.sin(coord.heading), wp.cos(coord.heading), 0.0)
    return left * wp.where(wp.dot(left, middle - step) >= 0.0, 1.0, -1.0)


@wp.func
def find_step(scene: Scene, world: int, near: RoadCoord, low: wp.vec3, ahead: wp.vec3, high: float) -> wp.vec3:
    """The last point of the way from ``low`` to ``ahead`` that is before the ground over ``high``, within 1/32 of the way [m]."""
    way = ahead - low
    share = float(0.0)
    step = float(0.5)
    for _i in range(5):
        p = low + way * (share + step)
        ground = ground_near(scene.road, scene.map_index[world], near, wp.vec2(p[0], p[1]), wp.vec2())
        if ground.z - ground.rise <= high:
            share += step
        step *= 0.5
    return low + way * share


@wp.func
def read_plane(scene: Scene, state: State, world: int, a: int, body: Body, reach: float) -> Ground:
    """The ground under those corners that may meet it within ``reach`` [m] of their height; below the others there is none.

    Keeps that under the body's middle in `State.ground`.
    """
    out = Ground()
    pos = state.pos[world, a]
    near = road_place(state, world, a, yaw_of(state.rot[world, a]))
    under = ground_near(scene.road, scene.map_index[world], near, wp.vec2(body.center[0], body.center[1]), wp.vec2())
    out.friction = road_friction(scene.weather, world, under, wp.length(body.vel), 0.0)
    level = under.z * under.normal[2] + body.center[0] * under.normal[0] + body.center[1] * under.normal[1]
    state.ground[world, a] = wp.vec4(under.normal[0], under.normal[1], under.normal[2], level)
    state.vehicle.friction[world, a] = out.friction
    for i in range(8):
        p = pos + body.axes * corner_of(scene, world, a, i, body.radius)
        point = under
        out.level[i] = -1.0e9
        if p[2] - body.radius < under.z + reach:
            way = point_velocity(body, p) * wp.static(TICK)
            ahead = p + way
            # What stands at a step's face is still before it.
            back = way * wp.min(wp.static(HESITATION) / wp.max(wp.length(way), 1.0e-6), 1.0)
            p -= wp.vec3(back[0], back[1], 0.0)
            point = ground_near(scene.road, scene.map_index[world], near, wp.vec2(p[0], p[1]), wp.vec2())
            next = ground_near(scene.road, scene.map_index[world], near, wp.vec2(ahead[0], ahead[1]), wp.vec2())
            climb = wp.length(wp.vec2(under.floor_normal[0], under.floor_normal[1])) * wp.length(ahead - p)
            base = wp.min(under.z - under.rise, point.z - point.rise)
            high = wp.max(p[2] - body.radius, base) + climb + wp.static(LEDGE)
            if next.z - next.rise > high:
                inside = point.z - point.rise > high - climb
                out.blocked[i] = wp.where(inside, 2.0, 1.0)
                out.wall = away_from(scene, world, near, ahead, wp.where(inside, body.center, p))
                out.face = wp.dot(out.wall, find_step(scene, world, near, p, ahead, high))
                if inside:
                    point = under
                    p = wp.vec3(body.center[0], body.center[1], p[2])
            out.level[i] = point.z * point.normal[2] + p[0] * point.normal[0] + p[1] * point.normal[1]
        out.x[i] = point.normal[0]
        out.y[i] = point.normal[1]
        out.z[i] = point.normal[2]
    return out


@wp.func
def meet_ground(scene: Scene, world: int, a: int, body: Body, ground: Ground, dt: float) -> Manifold:
    """Points at which a body's corners touch the ground or will within a step."""
    m = Manifold()
    origin = reference_point(scene, world, a, body)
    sum = wp.vec3()
    for i in range(8):
        n = wp.vec3(ground.x[i], ground.y[i], ground.z[i])
        p = origin + body.axes * corner_of(scene, world, a, i, body.radius) - n * body.radius
        gap = wp.dot(n, p) - ground.level[i]
        speed = wp.dot(n, body.vel + wp.cross(body.rate, p - body.cog))
        if gap + speed * dt < 0.0:
            m = with_point(m, p, gap)
            sum += n
    m.normal = wp.normalize(sum)
    return m


@wp.func
def ground_grip(scene: Scene, world: int, a: int, body: Body, friction: float) -> Grip:
    """Friction of a body on the ground: a vehicle on its wheels slides easier along them than across."""
    grip = Grip()
    grip.along = axis_of(body.axes, 0)
    share = scene.vehicle.slide[world, a]
    if scene.vehicle.kind[world, a] < wp.static(PERSON) and body.axes[2, 2] < 0.5:
        share = wp.vec2(wp.static(SIDE_FRICTION), wp.static(SIDE_FRICTION))
    grip.friction = share * friction
    return grip


@wp.func
def turned(axes: wp.mat33, rate: wp.vec3, dt: float) -> wp.mat33:
    """Axes after a turn."""
    angle = wp.length(rate) * dt
    if angle < 1.0e-9:
        return axes
    return wp.quat_to_matrix(wp.quat_from_axis_angle(wp.normalize(rate), angle)) * axes


@wp.func
def fly(scene: Scene, world: int, a: int, body: Body, upright: bool, dt: float) -> Body:
    """A step in the air: moved, turned with the angular momentum kept and never more energy, and faster by gravity."""
    out = body
    out.cog = body.cog + body.vel * dt
    out.vel = body.vel - wp.vec3(0.0, 0.0, wp.static(GRAVITY) * dt)
    if not upright:
        inertia = scene.vehicle.inertia[world, a]
        momentum = body.axes * wp.cw_mul(inertia, wp.transpose(body.axes) * body.rate)
        # The midpoint's rate turns it: with the rate at the start slender bodies would spin up about their long axis.
        for _i in range(wp.static(TURNS)):
            out.axes = turned(body.axes, 0.5 * (body.rate + out.rate), dt)
            out.inertia = inverse_inertia(out.axes, inertia)
            out.rate = out.inertia * momentum
        energy = wp.dot(body.rate, momentum)
        out.rate *= wp.sqrt(wp.min(energy / wp.max(wp.dot(out.rate, momentum), 1.0e-12), 1.0))
    return out


@wp.func
def land(scene: Scene, world: int, a: int, body: Body, ground: Ground, dt: float) -> Body:
    """A step of the ground: its impulses, and a share of the overlap taken out."""
    m = meet_ground(scene, world, a, body, ground, dt)
    if m.n == 0:
        return body
    earth = Body()
    m.normal = -m.normal
    bounce = float(0.0)
    if closing_speed(body, earth, m, wp.static(NEAR)) > wp.static(BOUNCE_SPEED):
        bounce = wp.where(scene.vehicle.kind[world, a] == wp.static(THING), 0.2, 0.1)
        if scene.vehicle.kind[world, a] == wp.static(PERSON):
            bounce = 0.0
    # What bounces does so where it is, up to a step's way above the ground; all else may first come down to it.
    window = wp.where(bounce > 0.0, 1.0e9, dt)
    j = contact_impulse(body, earth, m, ground_grip(scene, world, a, body, ground.friction), bounce, window)
    out = give(body, -j.linear, -j.turn0)
    lift = wp.static(PUSH) * wp.max(greatest_depth(m) - wp.static(SLOP), 0.0)
    out.cog = out.cog - m.normal * wp.min(lift, wp.static(RISE) * dt)
    return out


@wp.func
def stop_at_step(scene: Scene, world: int, a: int, body: Body, ground: Ground, dt: float) -> Body:
    """A step of a kerb's face: it stops the corners that are about to reach it, and presses out what stands in it."""
    m = Manifold()
    m.normal = -ground.wall
    origin = reference_point(scene, world, a, body)
    inside = float(0.0)
    for i in range(8):
        inside = wp.max(inside, ground.blocked[i])
        if ground.blocked[i] > 0.0:
            p = origin + body.axes * corner_of(scene, world, a, i, body.radius)
            gap = wp.where(ground.blocked[i] > 1.0, 0.0, wp.max(wp.dot(ground.wall, p) - ground.face, 0.0))
            m = with_point(m, p + m.normal * body.radius, gap)
    out = body
    if closing_speed(body, Body(), m, wp.static(NEAR)) > 0.0:
        j = contact_impulse(body, Body(), m, ground_grip(scene, world, a, body, ground.friction), 0.0, dt)
        out = give(body, -j.linear, -j.turn0)
    elif inside > 1.0:
        out.cog = body.cog + ground.wall * (wp.static(PUSH) * wp.static(RISE) * dt)
    return out


@wp.func
def keep_body(scene: Scene, state: State, world: int, a: int, body: Body, dt: float):
    """Write pose, velocities and road place of a body."""
    before = state.vel[world, a]
    old = state.pos[world, a]
    pos = reference_point(scene, world, a, body)
    state.pos[world, a] = pos
    state.rot[world, a] = wp.normalize(wp.quat_from_matrix(body.axes))
    keep_velocity(state, world, a, body)
    vel = state.vel[world, a]
    state.accel[world, a] = (vel - before) / dt
    speed = wp.dot(vel, axis_of(body.axes, 0))
    state.speed[world, a] = speed
    if scene.vehicle.kind[world, a] < wp.static(PERSON):
        radius = wp.max(scene.vehicle.wheel_radius[world, a], 0.1)
        state.wheel_angle[world, a] = wrap_angle(state.wheel_angle[world, a] + speed * dt / radius)
    moved = float(0.0)
    if state.fallen[world, a] == 0:  # who was felled does not walk on
        moved = wp.length(wp.vec2(pos[0] - old[0], pos[1] - old[1]))
    keep_place(scene, state, world, a, yaw_of(state.rot[world, a]), moved)


@wp.func
def sleeps(state: State, world: int, a: int) -> bool:
    """Whether a body has been still for so long that it sleeps."""
    return state.rest[world, a] >= wp.static(SLEEP_TICKS)


@wp.func
def falls_asleep(state: State, world: int, a: int, body: Body) -> bool:
    """Count how long a body has been still; one that sleeps is left bit for bit where it is."""
    still = wp.length(body.vel) < wp.static(REST_SPEED) and wp.length(body.rate) < wp.static(REST_RATE)
    if not still:
        state.rest[world, a] = 0
        return False
    if not sleeps(state, world, a):
        state.rest[world, a] = state.rest[world, a] + 1
        if not sleeps(state, world, a):
            return False
    state.vel[world, a] = wp.vec3()
    state.ang_vel[world, a] = wp.vec3()
    state.accel[world, a] = wp.vec3()
    state.speed[world, a] = 0.0
    return True


@wp.func
def bear(scene: Scene, state: State, world: int, a: int, dt: float):
    """Let the ground bear what other bodies have put on a body since it was moved: impulses only."""
    plane = state.ground[world, a]
    if plane[2] == 0.0 or sleeps(state, world, a):
        return
    ground = Ground()
    ground.friction = state.vehicle.friction[world, a]
    for i in range(8):
        ground.x[i] = plane[0]
        ground.y[i] = plane[1]
        ground.z[i] = plane[2]
        ground.level[i] = plane[3]
    body = load_body(scene, state, world, a)
    after = land(scene, world, a, body, ground, dt)
    body.vel = after.vel
    body.rate = after.rate
    keep_velocity(state, world, a, body)


@wp.func
def move_body(scene: Scene, state: State, world: int, a: int, dt: float):
    """A tick of a body."""
    body = load_body(scene, state, world, a)
    if falls_asleep(state, world, a, body):
        return
    upright = is_balanced(scene, state, world, a)
    if upright:
        body.rate = wp.vec3()
    reach = 0.3 + 2.0 * wp.length(body.vel) * dt + wp.length(body.rate) * wp.length(scene.size[world, a]) * dt
    ground = read_plane(scene, state, world, a, body, reach)
    h = dt / wp.static(float(SUBSTEPS))
    for _i in range(wp.static(SUBSTEPS)):
        if wp.length_sq(ground.wall) > 0.0:
            body = stop_at_step(scene, world, a, body, ground, h)
        body = fly(scene, world, a, body, upright, h)
        body = land(scene, world, a, body, ground, h)
    keep_body(scene, state, world, a, body, dt)


@wp.func
def is_free(scene: Scene, state: State, world: int, a: int) -> bool:
    """Whether this stage moves an actor; what stands on four wheels is moved by `sim.physics.vehicle`."""
    return (
        scene.vehicle.kind[world, a] >= wp.static(FOUR_WHEELS)
        and state.motion[world, a] == wp.static(int(Motion.BODY))
        and scene.valid[world, a] != 0
        and not is_fixed(scene, world, a)
    )


@wp.kernel
def _integrate_bodies(scene: Scene, state: State, dt: float, worlds: int, stride: int):
    """Reads the ground and parameters. Writes pose, velocities, rest and road place of bodies."""
    world, first = wp.tid()
    for w in range(world, state.tick.shape[0], worlds):
        if state.done[w] == 0:
            for a in range(first, scene.valid.shape[1], stride):
                if is_free(scene, state, w, a):
                    move_body(scene, state, w, a, dt)


def integrate_bodies(scene: Scene, state: State) -> None:
    """Move all bodies by one tick: a thread for each actor on CUDA, one for all worlds on the CPU."""
    worlds, across = world_threads(state.tick)
    dim, stride = actor_threads(state.motion)
    wp.launch(
        _integrate_bodies,
        dim=(worlds, dim[1]),
        inputs=[scene, state, TICK, across, stride],
        device=state.tick.device,
    )
