"""The scene as a sensor sees it that takes its time: everybody moves while it scans.

During a scan each actor, the ego too, keeps the velocity and the turn rate that it has at the scan's end, where its pose is the frame's.
A ray fired ``ago`` seconds before the end therefore meets an actor as the ray, carried along with the actor until the end, meets it
there: trees and meshes stay those of the end, and every hit lies on the actor's mesh at the frame's pose. Limbs, wheels and doors keep
their pose of the end; an impact within the scan is not undone.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.library import Geometry, MeshLibrary
from sim.render.poses import Poses
from sim.render.raycast import Hit, actor_of, mesh_hit, off_axes
from sim.render.scene_bvh import Instances, SceneBvh
from sim.types import Scene

wp.set_module_options({"enable_backward": False, "fuse_fp": False})


@wp.struct
class Beam:
    """A ray in the world frame and when it is fired."""

    origin: wp.vec3
    """[m]."""
    direction: wp.vec3
    """Unit."""
    ago: float
    """Before the end of the scan [s]."""


@wp.func
def turn_since(rate: wp.vec3, ago: float) -> wp.quat:
    """The rotation of the last ``ago`` seconds at a turn rate [rad/s]."""
    half = 0.5 * ago
    angle = half * wp.length(rate)
    if angle > 1.0e-3:
        half *= wp.tan(angle) / angle
    return wp.normalize(wp.quat(rate[0] * half, rate[1] * half, rate[2] * half, 1.0))


@wp.func(inline=True)
def carried_along(poses: Poses, world: int, actor: int, beam: Beam) -> Beam:
    """A beam as an actor has it at the end of the scan, which it reaches at another time; as it is without an actor (-1)."""
    out = Beam()
    out.origin = beam.origin
    out.direction = beam.direction
    if actor >= 0 and beam.ago > 0.0:
        vel = poses.vel[world, actor]
        rate = poses.ang_vel[world, actor]
        if wp.length_sq(vel) + wp.length_sq(rate) > 0.0:
            pos = poses.pos[world, actor]
            turn = turn_since(rate, beam.ago)
            out.origin = pos + wp.quat_rotate(turn, beam.origin - pos + vel * beam.ago)
            out.direction = wp.quat_rotate(turn, beam.direction)
    return out


@wp.func(inline=True)
def trace_beam(geo: Geometry, inst: Instances, poses: Poses, world: int, beam: Beam, t_max: float, hidden: int) -> Hit:
    """Closest hit of a beam as `sim.render.raycast.trace` finds it, every actor being where it was when the beam was fired.

    The normal is that of the end of the scan, on the side from which the beam carried along comes.
    """
    out = mesh_hit(geo, inst, world, 0, beam.origin, beam.direction, t_max)
    best = out.t
    q = wp.bvh_query_ray(inst.bvh, beam.origin, off_axes(beam.direction), inst.root[world])
    row = int(0)
    while wp.bvh_query_next(q, row, best):
        slot = row - inst.first - world * inst.nslot
        actor = actor_of(inst, slot)
        if slot > 0 and inst.mesh[world, slot] >= 0 and (hidden < 0 or actor != hidden):
            own = carried_along(poses, world, actor, beam)
            near = mesh_hit(geo, inst, world, slot, own.origin, own.direction, best)
            if near.slot >= 0:
                out = near
                best = near.t
    if out.slot >= 0:
        normal = wp.normalize(out.normal)
        own = carried_along(poses, world, actor_of(inst, out.slot), beam)
        if wp.dot(normal, own.direction) > 0.0:
            normal = -normal
        out.normal = normal
    return out


@wp.kernel
def _choose_visible(visible: wp.array2d[wp.int32], visible_out: wp.array2d[wp.int32]):
    """Reads the bits of ``State.visible``. Writes them with the sensors' bit in place of the pictures'."""
    world, actor = wp.tid()
    bits = visible[world, actor]
    visible_out[world, actor] = (bits & ~1) | ((bits >> 1) & 1)


@wp.kernel
def _widen_boxes(poses: Poses, reach: float, inst: Instances):
    """Reads poses. Widens the actors' boxes by where they were during the last ``reach`` seconds."""
    world, slot = wp.tid()
    actor = actor_of(inst, slot)
    if actor < 0 or inst.mesh[world, slot] < 0:
        return
    row = world * inst.nslot + slot
    lower = inst.lower[row]
    upper = inst.upper[row]
    away = wp.vec3(
        wp.max(wp.abs(lower[0] - poses.pos[world, actor][0]), wp.abs(upper[0] - poses.pos[world, actor][0])),
        wp.max(wp.abs(lower[1] - poses.pos[world, actor][1]), wp.abs(upper[1] - poses.pos[world, actor][1])),
        wp.max(wp.abs(lower[2] - poses.pos[world, actor][2]), wp.abs(upper[2] - poses.pos[world, actor][2])),
    )
    # No point moves further about the reference point than along its circle.
    arc = wp.length(away) * wp.length(poses.ang_vel[world, actor]) * reach
    back = poses.vel[world, actor] * reach
    side = wp.vec3(arc, arc, arc)
    inst.lower[row] = wp.min(lower, lower - back) - side
    inst.upper[row] = wp.max(upper, upper - back) + side


class SweptScene:
    """The instances of every world over the time of a scan.

    Args:
        library: Meshes, models and maps.
        scene: The batch's scene.
        poses: Poses to start from.
        reach: How long before the end of a scan its first beam is fired [s].
    """

    def __init__(self, library: MeshLibrary, scene: Scene, poses: Poses, reach: float) -> None:
        self.reach = reach
        self.geometry = library.geometry
        self.poses = Poses()
        """Poses of the last `update`; ``visible`` says who is visible to sensors."""
        self._visible = wp.clone(poses.visible)
        self._take(poses)
        self._bvh = SceneBvh(library, scene, self.poses)
        self.instances: Instances = self._bvh.instances

    def _take(self, poses: Poses) -> None:
        for name in Poses.vars:
            setattr(self.poses, name, getattr(poses, name))
        self.poses.visible = self._visible
        shape, device = poses.visible.shape, poses.visible.device
        wp.launch(_choose_visible, shape, [poses.visible], [self._visible], device=device)

    def update(self, scene: Scene, poses: Poses) -> None:
        """Move to the poses of a scan's end; only launches."""
        self._take(poses)
        self._bvh.place(scene, self.poses)
        inst = self.instances
        wp.launch(_widen_boxes, inst.mesh.shape, [self.poses, self.reach], [inst], device=inst.mesh.device)
        self._bvh.refit()
