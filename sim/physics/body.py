"""An actor as a rigid body: loaded from and kept in the arrays of `State` (`wp.func`s)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
from __future__ import annotations

import warp as wp

from sim.assets.spec import Category
from sim.physics.boxes import door_reach
from sim.physics.sets import CLEARANCE, FOUR_WHEELS, SETS
from sim.types import Motion, Scene, State

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

PERSON, THING = list(SETS).index("person"), list(SETS).index("thing")
"""Kinds: people and animals; what neither rolls nor walks. Kinds below PERSON stand on wheels."""
_CYCLES = (list(SETS).index("motorcycle"), list(SETS).index("bicycle"))
ROOTED = ("BUILDING", "GANTRY", "POLE", "RAILING", "SOUNDBARRIER", "STREETLAMP", "TRAFFICISLAND", "TREE")
"""Categories that stand in the ground; barriers do if they are heavy."""
_FIXED = sum(1 << int(Category[name]) for name in ROOTED)
CARS = list(SETS).index("pickup")
"""Last kind that has a bonnet."""
BONNET = wp.vec2(0.24, 0.37)
"""Its length over the car's, and how far it lies below the roof over the car's height: means of the meshes of `assets/vehicles`."""
HEAVY_BARRIER = 500.0
"""[kg]."""
SLEEP_TICKS = 50
"""A body or a vehicle still for so long sleeps: only another body, or its driver, moves it."""


@wp.struct
class Body:
    """A rigid body; world axes."""

    center: wp.vec3
    """Of its box [m]."""
    cog: wp.vec3
    """Centre of gravity [m]."""
    axes: wp.mat33
    """Columns: its own axes."""
    half: wp.vec3
    """Half of the box's length, width and height [m]."""
    bonnet: wp.vec2
    """Of a car against people: length of its bonnet, and how far that lies below the roof [m]; 0: a box."""
    room: float
    """Of what stands on four wheels: height of its floor over the ground [m]; else 0."""
    radius: float
    """Of a capsule about the box's longest axis, and of the box's rounded edges against the ground [m]; 0: a sharp box."""
    vel: wp.vec3
    """Of the centre of gravity [m/s]."""
    rate: wp.vec3
    """[rad/s]."""
    mass: float
    """Inverse mass [1/kg], 0 for what nothing moves."""
    inertia: wp.mat33
    """Inverse inertia about the centre of gravity [1/(kg m^2)]."""


@wp.func
def axis_of(axes: wp.mat33, k: int) -> wp.vec3:
    """One of a body's own axes."""
    return wp.vec3(axes[0, k], axes[1, k], axes[2, k])


@wp.func
def is_fixed(scene: Scene, world: int, a: int) -> bool:
    """Whether an actor stands in the ground: nothing moves it."""
    c = scene.category[world, a]
    heavy = scene.vehicle.mass[world, a] >= wp.static(HEAVY_BARRIER)
    return ((wp.static(_FIXED) >> c) & 1) != 0 or (c == wp.static(int(Category.BARRIER)) and heavy)


@wp.func
def is_cycle(kind: int) -> bool:
    """Whether a kind has two wheels in line."""
    return kind == wp.static(_CYCLES[0]) or kind == wp.static(_CYCLES[1])


@wp.func
def is_rider(scene: Scene, state: State, world: int, a: int) -> bool:
    """Whether an actor rides a cycle or has left it."""
    cycle = state.story.tow[world, a]
    if cycle < 0 or scene.vehicle.kind[world, a] != wp.static(PERSON):
        return False
    return is_cycle(scene.vehicle.kind[world, cycle])


@wp.func
def is_seated(scene: Scene, state: State, world: int, a: int) -> bool:
    """Whether an actor rides a cycle now: to others it is a part of that."""
    return state.motion[world, a] != wp.static(int(Motion.BODY)) and is_rider(scene, state, world, a)


@wp.func
def is_balanced(scene: Scene, state: State, world: int, a: int) -> bool:
    """Whether an actor keeps itself upright: people, animals and cycles until a hit fells them."""
    kind = scene.vehicle.kind[world, a]
    return state.fallen[world, a] == 0 and (kind == wp.static(PERSON) or is_cycle(kind))


@wp.func
def round_radius(scene: Scene, world: int, a: int) -> float:
    """Radius of people and animals as capsules [m]; 0 for everything else."""
    if scene.vehicle.kind[world, a] != wp.static(PERSON):
        return 0.0
    size = scene.size[world, a]
    return 0.5 * wp.min(wp.min(size[0], size[1]), size[2])


@wp.func
def inverse_inertia(axes: wp.mat33, inertia: wp.vec3) -> wp.mat33:
    """Inverse of a body's inertia in world axes, from that about its own."""
    return axes * wp.diag(wp.vec3(1.0 / inertia[0], 1.0 / inertia[1], 1.0 / inertia[2])) * wp.transpose(axes)


@wp.func
def load_body(scene: Scene, state: State, world: int, a: int) -> Body:
    """An actor as a body; its box is widened by open doors over its whole length."""
    out = Body()
    q = state.rot[world, a]
    pos = state.pos[world, a]
    center = scene.box_center[world, a]
    out.half = 0.5 * scene.size[world, a]
    if scene.vehicle.kind[world, a] <= wp.static(CARS):
        out.bonnet = 2.0 * wp.vec2(wp.static(BONNET[0]) * out.half[0], wp.static(BONNET[1]) * out.half[2])
    if scene.vehicle.kind[world, a] < wp.static(FOUR_WHEELS):
        out.room = wp.static(CLEARANCE) * scene.vehicle.wheel_radius[world, a]
    door = state.door[world, a]
    if door[0] > 0.0 or door[1] > 0.0:
        left = door_reach(door[0])
        right = door_reach(door[1])
        out.half[1] = out.half[1] + 0.5 * (left + right)
        center += wp.vec3(0.0, 0.5 * (left - right), 0.0)
    out.axes = wp.quat_to_matrix(q)
    out.center = pos + out.axes * center
    out.radius = round_radius(scene, world, a)
    cog = scene.vehicle.cog[world, a]
    arm = out.axes * wp.vec3(cog[0], 0.0, cog[1])
    out.cog = pos + arm
    out.rate = state.ang_vel[world, a]
    out.vel = state.vel[world, a] + wp.cross(out.rate, arm)
    if not is_fixed(scene, world, a):
        out.mass = 1.0 / scene.vehicle.mass[world, a]
        if not is_balanced(scene, state, world, a):
            out.inertia = inverse_inertia(out.axes, scene.vehicle.inertia[world, a])
    return out


@wp.func
def reference_point(scene: Scene, world: int, a: int, body: Body) -> wp.vec3:
    """An actor's reference point (`State.pos`), from where its centre of gravity is [m]."""
    cog = scene.vehicle.cog[world, a]
    return body.cog - body.axes * wp.vec3(cog[0], 0.0, cog[1])


@wp.func
def point_velocity(body: Body, point: wp.vec3) -> wp.vec3:
    """Velocity of a body's material at a point [m/s]."""
    return body.vel + wp.cross(body.rate, point - body.cog)


@wp.func
def keep_velocity(state: State, world: int, a: int, body: Body):
    """Write a body's velocities: `State.vel` is the reference point's."""
    state.vel[world, a] = body.vel + wp.cross(body.rate, state.pos[world, a] - body.cog)
    state.ang_vel[world, a] = body.rate
