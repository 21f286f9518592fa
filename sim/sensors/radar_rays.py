"""What one ray of a radar meets: how strong, how far, how fast; directly, or by way of a mirroring surface."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from enum import IntEnum

import warp as wp

from sim.render.library import Geometry
from sim.render.mesh import Semantic
from sim.render.models import PartMotion
from sim.render.poses import Poses
from sim.render.raycast import Hit, actor_of
from sim.render.scene_bvh import Instances
from sim.sensors.cross_section import Reflectivity, cross_section, projected_area
from sim.sensors.mount import Station
from sim.sensors.sweep import Beam, trace_beam
from sim.types import Scene

wp.set_module_options({"enable_backward": False})


class DetectionType(IntEnum):
    """What a detection comes from."""

    NONE = 0
    TARGET = 1
    """An actor."""
    CLUTTER = 2
    """The ground and what stands on it."""
    GHOST = 3
    """An actor, seen in a mirror."""
    NOISE = 4


@wp.struct
class Return:
    """What comes back along a ray."""

    section: float
    """Radar cross-section of what the ray stands for [m^2], 0 for nothing."""
    range: float
    """[m]."""
    speed: float
    """How fast the range grows [m/s]."""
    label: int
    """As of `sim.sensors.echoes.pack_label`, with `DetectionType`."""
    hit: Hit


@wp.func(inline=True)
def limb_speed(geo: Geometry, scene: Scene, poses: Poses, world: int, actor: int, local: wp.vec3) -> float:
    """How much faster than its body a walker's limb goes ahead [m/s]: legs and arms swing, left against right.

    A foot stands half of the time, so it swings about the walker's speed by as much again; less up to the hip. A rider's feet only
    pedal. ``local`` in its frame.
    """
    asset = scene.asset[world, actor]
    clip = geo.model_clip[asset]
    if clip[0] <= 0.0 or geo.model_gait[asset][0] == 0:
        return 0.0
    height = wp.max(scene.size[world, actor][2], 0.1)
    phase = 6.2831853 * poses.traveled[world, actor] / (clip[0] * height / wp.max(geo.model_size[asset][2], 0.1))
    swing = wp.sin(phase) * wp.where(local[1] >= 0.0, 1.0, -1.0)
    semantic = scene.semantic[world, actor]
    if semantic != wp.static(int(Semantic.PERSON)) and semantic != wp.static(int(Semantic.ANIMAL)):
        swing = 0.3 * swing
    return poses.speed[world, actor] * swing * wp.clamp(1.0 - 2.0 * local[2] / height, 0.0, 1.0)


@wp.func(inline=True)
def surface_velocity(
    geo: Geometry, inst: Instances, scene: Scene, poses: Poses, world: int, hit: Hit, p: wp.vec3
) -> wp.vec3:
    """Velocity of the surface at a hit [m/s]: the actor's, and that of its rolling wheels and swinging limbs in it."""
    actor = actor_of(inst, hit.slot)
    if actor < 0:
        return wp.vec3()
    vel = poses.vel[world, actor] + wp.cross(poses.ang_vel[world, actor], p - poses.pos[world, actor])
    rot = poses.rot[world, actor]
    part = geo.model_part[scene.asset[world, actor]] + (hit.slot - inst.first_actor) % inst.part_capacity
    motion = geo.part_motion[part]
    if motion == wp.static(int(PartMotion.WHEEL)) or motion == wp.static(int(PartMotion.STEERED_WHEEL)):
        up = inst.linear[world, hit.slot] * wp.vec3(0.0, 1.0, 0.0)
        radius = wp.max(geo.mesh_upper[hit.mesh][2] * wp.length(up), 0.1)
        axle = wp.quat_rotate(rot, wp.vec3(0.0, poses.speed[world, actor] / radius, 0.0))
        vel += wp.cross(axle, p - inst.pos[world, hit.slot])
    elif geo.part_frames[part] > 1 and poses.fallen[world, actor] == 0:
        local = wp.quat_rotate_inv(rot, p - poses.pos[world, actor])
        ahead = wp.quat_rotate(rot, wp.vec3(1.0, 0.0, 0.0))
        vel += ahead * limb_speed(geo, scene, poses, world, actor, local)
    return vel


@wp.func(inline=True)
def hit_section(
    geo: Geometry, inst: Instances, scene: Scene, poses: Poses, table: Reflectivity, world: int, hit: Hit, d: wp.vec3
) -> float:
    """Radar cross-section at a hit per square metre across the ray."""
    semantic = wp.min((geo.triangle[geo.mesh_triangle[hit.mesh] + hit.face][3] >> 16) & 255, 31)
    actor = actor_of(inst, hit.slot)
    if actor < 0:
        cosine = wp.abs(wp.dot(hit.normal, d))
        section = table.surface[semantic]
        if table.mirror[semantic] > 0.0:
            # What is smooth shines where it is hit squarely.
            c = cosine * cosine
            c = c * c * c * c
            section = section * (1.0 + 60.0 * c * c)
        return section
    own = wp.quat_rotate_inv(poses.rot[world, actor], d)
    area = wp.max(projected_area(scene.size[world, actor], own), 0.05)
    return cross_section(table.actor[semantic], own, area) / area


@wp.func(inline=True)
def direct_return(
    geo: Geometry, inst: Instances, scene: Scene, poses: Poses, table: Reflectivity, world: int, ray: Beam, reach: wp.vec3,
    velocity: wp.vec3,
) -> Return:  # fmt: skip
    """The first surface along a ray.

    Args:
        geo: Meshes.
        inst: Where they are.
        scene: Of the batch.
        poses: Of the moment.
        table: Cross-sections.
        world: Which.
        ray: From the sensor.
        reach: Longest range [m]; solid angle that the ray stands for [sr]; the actor that the sensor does not see, -1 for none.
        velocity: Of the sensor [m/s].
    """
    out = Return()
    out.hit = trace_beam(geo, inst, poses, world, ray, reach[0], int(reach[2]))
    if out.hit.slot >= 0:
        hit = out.hit
        p = ray.origin + ray.direction * hit.t
        out.range = hit.t
        out.section = hit_section(geo, inst, scene, poses, table, world, hit, ray.direction) * reach[1] * hit.t * hit.t
        out.speed = wp.dot(surface_velocity(geo, inst, scene, poses, world, hit, p) - velocity, ray.direction)
        actor = actor_of(inst, hit.slot)
        kind = wp.where(actor >= 0, wp.static(int(DetectionType.TARGET)), wp.static(int(DetectionType.CLUTTER)))
        semantic = (geo.triangle[geo.mesh_triangle[hit.mesh] + hit.face][3] >> 16) & 255
        out.label = semantic | (kind << 8) | ((actor + 1) << 12)
    return out


@wp.func(inline=True)
def mirrored_return(
    geo: Geometry, inst: Instances, scene: Scene, poses: Poses, table: Reflectivity, world: int, ray: Beam, first: Return,
    reach: wp.vec3, velocity: wp.vec3,
) -> Return:  # fmt: skip
    """An actor behind the mirror that the first surface is, there and back by way of it: a ghost in the mirror's direction.

    A flat mirror shows what is behind it at the length of the whole way, and as large as it is there; its power is lost twice.
    """
    out = Return()
    semantic = wp.min(first.label & 255, 31)
    share = table.mirror[semantic]
    if first.section <= 0.0 or share <= 0.0:
        return out
    hit = first.hit
    bounce = Beam()
    bounce.direction = ray.direction - hit.normal * (2.0 * wp.dot(hit.normal, ray.direction))
    bounce.origin = ray.origin + ray.direction * hit.t + hit.normal * 2.0e-3
    mirror = actor_of(inst, hit.slot)
    far = trace_beam(geo, inst, poses, world, bounce, reach[0] - hit.t, int(reach[2]))
    actor = int(-1)
    if far.slot >= 0:
        actor = actor_of(inst, far.slot)
    if actor < 0 or actor == mirror:
        return out
    p = bounce.origin + bounce.direction * far.t
    out.hit = far
    out.range = hit.t + far.t
    section = hit_section(geo, inst, scene, poses, table, world, far, bounce.direction)
    out.section = section * share * share * reach[1] * out.range * out.range
    moves = surface_velocity(geo, inst, scene, poses, world, hit, bounce.origin)
    target = surface_velocity(geo, inst, scene, poses, world, far, p)
    out.speed = wp.dot(moves - velocity, ray.direction) + wp.dot(target - moves, bounce.direction)
    semantic = (geo.triangle[geo.mesh_triangle[far.mesh] + far.face][3] >> 16) & 255
    out.label = semantic | (wp.static(int(DetectionType.GHOST)) << 8) | ((actor + 1) << 12)
    return out


@wp.func(inline=True)
def sensor_velocity(poses: Poses, world: int, attached: int, station: Station) -> wp.vec3:
    """Of a sensor on the ego [m/s]."""
    if attached == 0:
        return wp.vec3()
    return poses.vel[world, 0] + wp.cross(poses.ang_vel[world, 0], station.pos - poses.pos[world, 0])
