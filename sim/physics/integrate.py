"""Free bodies after a contact: they slide and spin down on the road, fall, and come to rest.

Friction acts at four points under the body; vehicles slide easier along their wheels than across them (`VehicleParams.slide`). Narrow
bodies topple about their foot like a rod.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

import warp as wp

from sim.behavior.lateral import pose_rotation
from sim.behavior.measures import yaw_of
from sim.behavior.path import wrap_angle
from sim.physics.boxes import cross2, side_of
from sim.physics.parameters import FOUR_WHEELS, GRAVITY
from sim.physics.place import ground_near, keep_place, road_place
from sim.road.grip import road_friction
from sim.structs import actor_threads
from sim.types import TICK, Motion, Scene, State

# Loops stay loops: unrolled, this module takes three times as long to compile for a GPU and runs no faster.
wp.set_module_options({"enable_backward": False, "max_unroll": 1})

REST_SPEED, REST_RATE = 0.03, 0.03
"""Below both a body is at rest, where friction holds it [m/s, rad/s]."""
RISE = 1.5
"""Speed at which a body is lifted over a kerb [m/s]."""


@wp.struct
class Ground:
    """What a body lies on, over a tick."""

    z: float
    """Mean height [m]."""
    pitch: float
    """Positive nose down [rad]."""
    roll: float
    """Positive left side up [rad]."""
    friction: wp.vec4
    """Under each point, weather included."""


@wp.struct
class Slide:
    """A body's motion in the plane; world axes."""

    vel: wp.vec2
    """Of the centre of gravity [m/s]."""
    rate: float
    """[rad/s]."""


@wp.func
def read_ground(scene: Scene, state: State, world: int, a: int, yaw: float) -> Ground:
    """Height, slope and friction under four points of a body."""
    out = Ground()
    pos = state.pos[world, a]
    base = 0.7 * scene.size[world, a][0]
    half = 0.35 * scene.size[world, a][1]
    near = road_place(state, world, a, yaw)
    c = wp.cos(yaw)
    s = wp.sin(yaw)
    z = wp.vec4()
    speed = wp.length(state.vel[world, a])
    for i in range(4):
        x = scene.box_center[world, a][0] + wp.where(i < 2, 0.5, -0.5) * base
        y = wp.where(i % 2 == 0, half, -half)
        point = ground_near(
            scene.road, scene.map_index[world], near, wp.vec2(pos[0] + c * x - s * y, pos[1] + s * x + c * y)
        )
        z[i] = point.z
        out.friction[i] = road_friction(scene.weather, world, point, speed, 0.0)
    out.z = 0.25 * (z[0] + z[1] + z[2] + z[3])
    out.pitch = wp.atan(0.5 * (z[2] + z[3] - z[0] - z[1]) / base)
    out.roll = wp.atan(0.5 * (z[0] + z[2] - z[1] - z[3]) / wp.max(2.0 * half, 0.1))
    return out


@wp.func
def tilt_rotation(lean: wp.vec4) -> wp.quat:
    """Rotation in the actor's frame that tilts z towards the direction of the fall."""
    return wp.quat_from_axis_angle(wp.vec3(-wp.sin(lean[2]), wp.cos(lean[2]), 0.0), lean[0])


@wp.func
def body_yaw(scene: Scene, state: State, world: int, a: int) -> float:
    """Heading of a body, whatever its tilt [rad]."""
    q = state.rot[world, a]
    if scene.vehicle.topples[world, a] != 0:
        q = q * wp.quat_inverse(tilt_rotation(state.vehicle.lean[world, a]))
    return yaw_of(q)


@wp.func
def rub(slide: Slide, arm: wp.vec2, forward: wp.vec2, drop: wp.vec2, inverse: wp.vec2) -> Slide:
    """Friction at one point: takes at most ``drop`` along and across [N s], never more than stops the point.

    ``inverse``: of mass and yaw inertia.
    """
    v = slide.vel + side_of(arm) * slide.rate
    speed = wp.length(v)
    if speed < 1.0e-6:
        return slide
    left = side_of(forward)
    j = forward * (-drop[0] * wp.dot(v, forward) / speed) + left * (-drop[1] * wp.dot(v, left) / speed)
    size = wp.length(j)
    if size <= 0.0:
        return slide
    turn = cross2(arm, j) / size
    most = 0.5 * speed / (inverse[0] + turn * turn * inverse[1])
    j *= wp.min(most / size, 1.0)
    out = Slide()
    out.vel = slide.vel + j * inverse[0]
    out.rate = slide.rate + cross2(arm, j) * inverse[1]
    return out


@wp.func
def slide_on(scene: Scene, world: int, a: int, slide: Slide, yaw: float, ground: Ground, dt: float) -> Slide:
    """A tick of friction and slope."""
    out = Slide()
    mass = scene.vehicle.mass[world, a]
    inverse = wp.vec2(1.0 / mass, 1.0 / scene.vehicle.inertia[world, a][2])
    share = scene.vehicle.slide[world, a]
    forward = wp.vec2(wp.cos(yaw), wp.sin(yaw))
    left = side_of(forward)
    pull = forward * wp.sin(ground.pitch) - left * wp.sin(ground.roll)
    mean = 0.25 * (ground.friction[0] + ground.friction[1] + ground.friction[2] + ground.friction[3])
    slow = wp.length(slide.vel) < wp.static(REST_SPEED) and wp.abs(slide.rate) < wp.static(REST_RATE)
    if slow and wp.length(pull) < mean * wp.min(share[0], share[1]):
        return out
    out.vel = slide.vel + pull * (wp.static(GRAVITY) * dt)
    out.rate = slide.rate
    for i in range(4):
        x = 0.35 * scene.size[world, a][0]
        y = 0.35 * scene.size[world, a][1]
        arm = forward * wp.where(i < 2, x, -x) + left * wp.where(i % 2 == 0, y, -y)
        drop = 0.25 * ground.friction[i] * mass * wp.static(GRAVITY) * dt
        out = rub(out, arm, forward, share * drop, inverse)
    return out


@wp.func
def fall_over(scene: Scene, state: State, world: int, a: int, dt: float) -> wp.vec4:
    """A tick of toppling: a rod of the body's height about its foot, from its first tilt to the ground."""
    lean = state.vehicle.lean[world, a]
    if lean[1] <= 0.0:
        return lean
    height = scene.size[world, a][2]
    rate = lean[1] + 1.5 * wp.static(GRAVITY) / height * wp.sin(lean[0]) * dt
    tilt = lean[0] + rate * dt
    if tilt >= 0.5 * wp.pi:
        return wp.vec4(0.5 * wp.pi, 0.0, lean[2], 0.0)
    return wp.vec4(tilt, rate, lean[2], 0.0)


@wp.func
def settle_height(z: float, rise: float, ground: float, dt: float) -> wp.vec2:
    """Height and vertical speed after a tick: free fall above the ground, lifted onto it from below."""
    if z <= ground and rise <= 0.0:
        return wp.vec2(wp.min(z + wp.static(RISE) * dt, ground), 0.0)
    v = rise - wp.static(GRAVITY) * dt
    new = z + v * dt
    if new <= ground:
        return wp.vec2(ground, 0.0)
    return wp.vec2(new, v)


@wp.func
def place_body(scene: Scene, state: State, world: int, a: int, yaw: float, ground: Ground, z: float):
    """Orientation and height of a body on the ground; one that lies on its side rests on it."""
    lean = state.vehicle.lean[world, a]
    pos = state.pos[world, a]
    if scene.vehicle.topples[world, a] == 0:
        state.rot[world, a] = pose_rotation(wrap_angle(yaw), ground.pitch + lean[2], ground.roll + lean[0])
        state.pos[world, a] = wp.vec3(pos[0], pos[1], z)
        return
    size = scene.size[world, a]
    thick = 0.5 * (size[0] * wp.abs(wp.cos(lean[2])) + size[1] * wp.abs(wp.sin(lean[2])))
    state.rot[world, a] = pose_rotation(wrap_angle(yaw), ground.pitch, ground.roll) * tilt_rotation(lean)
    state.pos[world, a] = wp.vec3(pos[0], pos[1], z + thick * wp.sin(lean[0]))


@wp.func
def move_body(scene: Scene, state: State, world: int, a: int, dt: float):
    """A tick of a body."""
    topples = scene.vehicle.topples[world, a] != 0
    yaw = body_yaw(scene, state, world, a)
    ground = read_ground(scene, state, world, a, yaw)
    lean = state.vehicle.lean[world, a]
    size = scene.size[world, a]
    thick = float(0.0)
    cog = scene.vehicle.cog[world, a][0]
    if topples:
        x = wp.quat_rotate(state.rot[world, a], wp.vec3(1.0, 0.0, 0.0))
        cog *= wp.cos(yaw) * x[0] + wp.sin(yaw) * x[1]
        thick = 0.5 * (size[0] * wp.abs(wp.cos(lean[2])) + size[1] * wp.abs(wp.sin(lean[2]))) * wp.sin(lean[0])
        state.vehicle.lean[world, a] = fall_over(scene, state, world, a, dt)
    else:
        state.vehicle.lean[world, a] = lean * (1.0 - 5.0 * dt)
    before = state.vel[world, a]
    pos = state.pos[world, a]
    forward = wp.vec2(wp.cos(yaw), wp.sin(yaw))
    slide = Slide()
    slide.rate = state.ang_vel[world, a][2]
    slide.vel = wp.vec2(before[0], before[1]) + side_of(forward) * (slide.rate * cog)
    vertical = settle_height(pos[2] - thick, before[2], ground.z, dt)
    if pos[2] - thick < ground.z + 0.02 or not topples:
        slide = slide_on(scene, world, a, slide, yaw, ground, dt)
    turned = yaw + slide.rate * dt
    ahead = wp.vec2(wp.cos(turned), wp.sin(turned))
    shift = slide.vel * dt + (forward - ahead) * cog
    vel = slide.vel - side_of(ahead) * (slide.rate * cog)
    state.pos[world, a] = wp.vec3(pos[0] + shift[0], pos[1] + shift[1], pos[2])
    place_body(scene, state, world, a, turned, ground, vertical[0])
    after = wp.vec3(vel[0], vel[1], vertical[1])
    state.vel[world, a] = after
    state.accel[world, a] = (after - before) / dt
    state.ang_vel[world, a] = wp.vec3(0.0, 0.0, slide.rate)
    speed = wp.dot(vel, ahead)
    state.speed[world, a] = speed
    radius = wp.max(scene.vehicle.wheel_radius[world, a], 0.1)
    state.wheel_angle[world, a] = wrap_angle(state.wheel_angle[world, a] + speed * dt / radius)
    keep_place(scene, state, world, a, turned, wp.length(shift))


@wp.kernel
def _integrate_bodies(scene: Scene, state: State, dt: float, stride: int):
    """Reads the ground and parameters. Writes pose, velocities, fall and road place of bodies.

    Vehicles on four wheels are moved by `sim.physics.vehicle`.
    """
    world, first = wp.tid()
    if state.done[world] != 0:
        return
    for a in range(first, scene.valid.shape[1], stride):
        body = state.motion[world, a] == wp.static(int(Motion.BODY)) and scene.valid[world, a] != 0
        if body and scene.vehicle.kind[world, a] >= wp.static(FOUR_WHEELS):
            move_body(scene, state, world, a, dt)


def integrate_bodies(scene: Scene, state: State) -> None:
    """Move all bodies by one tick."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_integrate_bodies, dim=dim, inputs=[scene, state, TICK, stride], device=state.tick.device)
