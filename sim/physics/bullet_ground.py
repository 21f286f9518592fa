"""What PyBullet's bodies need of the road tables: the planes they stand on before a tick, and their road places after it."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.measures import yaw_of
from sim.physics.place import ground_near, keep_place, road_place, wheel_reach
from sim.road.grip import road_friction
from sim.structs import actor_threads
from sim.types import Motion, Scene, State

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

SPOTS = 5
"""Places under an actor: wheels front left, front right, rear left, rear right, and its centre of gravity."""


@wp.struct
class Planes:
    """The ground under each actor, and how far it moved: between the road tables and PyBullet."""

    plane: wp.array3d[wp.vec4]
    """Unit normal n and offset d of the tangent plane n . x = d [m] at each spot, (nworld, nactor, SPOTS)."""
    friction: wp.array3d[float]
    """There, weather included, (nworld, nactor, SPOTS)."""
    moved: wp.array2d[float]
    """Way of the reference point over the last tick [m], (nworld, nactor)."""


@wp.func
def stand_on(scene: Scene, state: State, planes: Planes, world: int, a: int):
    """Read the ground at all spots of an actor."""
    pos = state.pos[world, a]
    q = state.rot[world, a]
    near = road_place(state, world, a, yaw_of(q))
    base = scene.vehicle.wheelbase[world, a]
    half = 0.5 * scene.vehicle.car[world, a].front.track
    cog = scene.vehicle.cog[world, a]
    for i in range(wp.static(SPOTS)):
        local = wp.vec3(wp.where(i < 2, base, 0.0), wp.where(i % 2 == 0, half, -half), 0.0)
        reach = wheel_reach(wp.quat_rotate(q, wp.vec3(1.0, 0.0, 0.0)), scene.vehicle.wheel_radius[world, a])
        if i == 4:
            reach = wp.vec2()
            local = wp.vec3(cog[0], 0.0, cog[1])
        spot = pos + wp.quat_rotate(q, local)
        point = ground_near(scene.road, scene.map_index[world], near, wp.vec2(spot[0], spot[1]), reach)
        n = point.normal
        d = n[0] * spot[0] + n[1] * spot[1] + n[2] * point.z
        planes.plane[world, a, i] = wp.vec4(n[0], n[1], n[2], d)
        planes.friction[world, a, i] = road_friction(
            scene.weather, world, point, wp.length(state.vel[world, a]), scene.vehicle.car[world, a].float_factor
        )


@wp.kernel
def _read_planes(scene: Scene, state: State, planes: Planes, stride: int):
    """Reads poses and the road. Writes planes and friction under every actor."""
    world, first = wp.tid()
    if state.done[world] != 0:
        return
    for a in range(first, scene.valid.shape[1], stride):
        if scene.valid[world, a] != 0:
            stand_on(scene, state, planes, world, a)


@wp.kernel
def _keep_places(scene: Scene, state: State, planes: Planes, stride: int):
    """Reads poses and ways. Writes road places, distances and clocks of DRIVEN and BODY actors."""
    world, first = wp.tid()
    if state.done[world] != 0:
        return
    for a in range(first, scene.valid.shape[1], stride):
        motion = state.motion[world, a]
        free = motion == wp.static(int(Motion.DRIVEN)) or motion == wp.static(int(Motion.BODY))
        if free and scene.valid[world, a] != 0:
            moved = wp.where(
                state.fallen[world, a] == 0, planes.moved[world, a], 0.0
            )  # who was felled does not walk on
            keep_place(scene, state, world, a, yaw_of(state.rot[world, a]), moved)


def make_planes(state: State) -> Planes:
    """Arrays for all actors of ``state``."""
    nworld, nactor = state.motion.shape
    planes = Planes()
    planes.plane = wp.zeros((nworld, nactor, SPOTS), dtype=wp.vec4, device=state.motion.device)
    planes.friction = wp.zeros((nworld, nactor, SPOTS), dtype=float, device=state.motion.device)
    planes.moved = wp.zeros((nworld, nactor), dtype=float, device=state.motion.device)
    return planes


def read_planes(scene: Scene, state: State, planes: Planes) -> None:
    """Bring planes and friction up to where the actors are."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_read_planes, dim=dim, inputs=[scene, state, planes, stride], device=state.tick.device)


def keep_places(scene: Scene, state: State, planes: Planes) -> None:
    """Bring road places up to where PyBullet left the actors it moves."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_keep_places, dim=dim, inputs=[scene, state, planes, stride], device=state.tick.device)
