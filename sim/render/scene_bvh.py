"""What stands where in each world at one moment: instances of meshes in a BVH whose groups are the worlds."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import numpy as np
import warp as wp

from sim.render.library import Geometry, MeshLibrary
from sim.render.models import PartMotion
from sim.render.poses import Poses
from sim.types import BURST_TYRE, NO_WHEEL, SEAT_BITS, TICK, Scene

wp.set_module_options({"enable_backward": False})

RUN = wp.constant(1.5)
"""Strides of the walk per second above which walkers run: adults at some 2.1 m/s, the usual change of gait."""

FALL_TIME = 0.4
"""From the hit that fells somebody until the body is limp [s]."""
LONG_AGO = 1 << 20
"""Ticks since somebody fell who lies from the start."""
FLAT = (0.6, 0.95)
"""Upright part of a body's thinnest axis from which limbs spread as it comes to lie flat, and at which they are spread."""


@wp.struct
class Instances:
    """Placed meshes of each world: slot 0 the map, then its statics, then ``part_capacity`` slots per actor.

    With several moments (`sim.render.shutter`) the first axis counts worlds moment by moment: nworld stands for nworld * nmoment.
    """

    bvh: wp.uint64
    """Over all slots of all worlds, grouped by world; the map's own and empty ones are boxes of no size."""
    first: wp.int32
    """Number in ``bvh`` of the first slot of the first row of these arrays."""
    root: wp.array[wp.int32]
    """Node of ``bvh`` that holds the slots of each world, (nworld,)."""
    first_actor: wp.int32
    """Slot of actor 0's first part."""
    part_capacity: wp.int32
    nslot: wp.int32
    mesh: wp.array2d[wp.int32]
    """Mesh in the slot, -1 if hidden, (nworld, nslot)."""
    pos: wp.array2d[wp.vec3]
    """Origin of the mesh in the world frame [m], (nworld, nslot)."""
    linear: wp.array2d[wp.mat33]
    """Mesh frame to world, with scale, (nworld, nslot)."""
    inverse: wp.array2d[wp.mat33]
    """Of ``linear``, (nworld, nslot)."""
    lower: wp.array[wp.vec3]
    """[m], (nworld * nslot,)."""
    upper: wp.array[wp.vec3]
    """[m], (nworld * nslot,)."""


@wp.func(inline=True)
def part_turn(poses: Poses, motion: int, world: int, actor: int) -> wp.mat33:
    """Rotation of a part about its pivot, in the actor's frame."""
    spin = float(0.0)
    turn = float(0.0)
    if motion == wp.static(int(PartMotion.WHEEL)) or motion == wp.static(int(PartMotion.STEERED_WHEEL)):
        spin = poses.wheel_angle[world, actor]
    elif motion == wp.static(int(PartMotion.CRANK)):
        spin = poses.wheel_angle[world, actor] * 0.333333
    if motion == wp.static(int(PartMotion.STEERED_WHEEL)) or motion == wp.static(int(PartMotion.STEERED)):
        turn = poses.steer[world, actor]
    elif motion == wp.static(int(PartMotion.DOOR_LEFT)):
        turn = -poses.door[world, actor][0]
    elif motion == wp.static(int(PartMotion.DOOR_RIGHT)):
        turn = poses.door[world, actor][1]
    c = wp.cos(turn)
    s = wp.sin(turn)
    cw = wp.cos(spin)
    sw = wp.sin(spin)
    return wp.mat33(c * cw, -s, c * sw, s * cw, c, s * sw, -sw, 0.0, cw)


@wp.func
def gait_frame(gait: wp.vec3i, clip: wp.vec4, frames: int, speed: float, traveled: float, scale: float) -> int:
    """Frame of a flip-book: the walk or, above RUN body lengths per cycle of it, the run, by the distance covered."""
    first = int(0)
    count = gait[0]
    if count == 0:
        count = frames
    stride = clip[0]
    if gait[1] > 0 and speed > RUN * stride * scale:
        first = gait[0]
        count = gait[1]
        stride = clip[3]
    phase = traveled / (stride * scale)
    return first + wp.min(int((phase - wp.floor(phase)) * float(count)), count - 1)


@wp.func
def flatness(rot: wp.mat33, thin: int) -> float:
    """How flat a body lies along its thinnest axis, 0..1."""
    up = wp.abs(rot[2, thin])
    return wp.clamp((up - wp.static(FLAT[0])) * wp.static(1.0 / (FLAT[1] - FLAT[0])), 0.0, 1.0)


@wp.func
def fall_frame(gait: wp.vec3i, clip: wp.vec4, since: int, traveled: float, scale: float, flat: float, up: float) -> int:
    """Frame of a flip-book for a body that was felled ``since`` ticks ago.

    From the step it was in, in `FALL_TIME`, halfway into the limp pose; the rest of the way as far as it lies flat, so that a body that
    rolls draws in its limbs and does not put them through the ground. ``up``: vertical part of the thinnest axis, positive on the back.
    """
    steps = gait[2] / 2 - 1
    share = wp.clamp(float(since) * wp.static(TICK / FALL_TIME), 0.0, 1.0) * (0.5 + 0.5 * flat)
    k = wp.min(int(share * float(steps) + 0.01), steps)
    first = int(clip[1]) + 1
    if k == steps:
        return first + 2 * steps + wp.where(up > 0.0, 0, 1)
    phase = traveled / wp.max(clip[0] * scale, 1.0e-3)
    phase -= wp.floor(phase)
    return first + k + wp.where(phase < 0.25 or phase >= 0.75, 0, steps)


@wp.func
def lie_down(geo: Geometry, asset: int, mesh: int, thin: int, rot: wp.mat33) -> float:
    """Way along the thinnest axis that brings the lower side of a limp mesh to that of its box, model's scale [m]."""
    middle = geo.model_center[asset][thin]
    half = 0.5 * geo.model_size[asset][thin]
    if rot[2, thin] > 0.0:
        return middle - half - geo.mesh_lower[mesh][thin]
    return middle + half - geo.mesh_upper[mesh][thin]


@wp.func(inline=True)
def box_scale(model: wp.vec3, size: wp.vec3, even: bool) -> wp.vec3:
    """An actor's size over its model's, along each axis; ``even``: as along the vertical one."""
    scale = wp.vec3(1.0, 1.0, 1.0)
    for k in range(3):
        # Flat things, and actors without a box, keep the model's own size.
        if model[k] > 1.0e-3 and size[k] > 1.0e-3:
            scale[k] = size[k] / model[k]
    if even:
        return wp.vec3(scale[2], scale[2], scale[2])
    return scale


@wp.func(inline=True)
def occupant(crew: int, seat: int) -> int:
    """Which of those who may take a seat does, -1 for nobody."""
    return ((crew >> (wp.static(SEAT_BITS) * seat)) & wp.static((1 << SEAT_BITS) - 1)) - 1


@wp.func(inline=True)
def wheel_of(motion: int, pivot: wp.vec3) -> int:
    """Which of an actor's four wheels a part is, -1 for none: front left, front right, rear left, rear right."""
    if motion != wp.static(int(PartMotion.WHEEL)) and motion != wp.static(int(PartMotion.STEERED_WHEEL)):
        return -1
    return wp.where(motion == wp.static(int(PartMotion.WHEEL)), 2, 0) + wp.where(pivot[1] >= 0.0, 0, 1)


@wp.func(inline=True)
def place_part(geo: Geometry, scene: Scene, poses: Poses, inst: Instances, row: int, world: int, slot: int):
    """Write mesh, position and linear map of an actor's part; ``row``: of the world's poses and instances."""
    actor = (slot - inst.first_actor) / inst.part_capacity
    inst.mesh[row, slot] = -1
    asset = scene.asset[world, actor]
    if scene.valid[world, actor] == 0 or asset < 0 or (poses.visible[row, actor] & 1) == 0:
        return
    part = geo.model_part[asset] + (slot - inst.first_actor) % inst.part_capacity
    if part >= geo.model_part[asset + 1]:
        return
    model = geo.model_size[asset]
    clip = geo.model_clip[asset]
    scale = box_scale(model, scene.size[world, actor], clip[2] > 0.5)
    offset = scene.box_center[world, actor] - wp.cw_mul(scale, geo.model_center[asset])
    motion = geo.part_motion[part]
    frames = geo.part_frames[part]
    own = scale
    frame = int(0)
    wheel = wheel_of(motion, geo.part_pivot[part])
    if wheel >= 0:
        own = wp.vec3(scale[2], scale[1], scale[2])
        if (poses.visible[row, actor] & (wp.static(NO_WHEEL) << wheel)) != 0:
            return
        offset[2] = offset[2] + poses.lift[row, actor][wheel]
        burst = (poses.visible[row, actor] & (wp.static(BURST_TYRE) << wheel)) != 0
        frame = wp.where(burst and frames > 1, 1, 0)
    seat = geo.part_seat[part]
    if seat >= 0:
        frame = occupant(scene.crew[world, actor], seat)
        if frame < 0 or frame >= frames:
            return
    rot = wp.quat_to_matrix(poses.rot[row, actor])
    if frames > 1 and wheel < 0 and seat < 0:
        frame = int(clip[1])
        speed = wp.abs(poses.speed[row, actor])
        gait = geo.model_gait[asset]
        fallen = poses.fallen[row, actor]
        if gait[2] > 0 and fallen != 0:
            thin = wp.where(model[0] <= model[1], 0, 1)
            flat = flatness(rot, thin)
            since = wp.where(fallen > 0, poses.tick[row] + 1 - fallen, wp.static(LONG_AGO))
            frame = fall_frame(gait, clip, since, poses.traveled[row, actor], scale[2], flat, rot[2, thin])
            offset[thin] = offset[thin] + flat * scale[thin] * lie_down(
                geo, asset, geo.part_mesh[part] + frame, thin, rot
            )
        elif clip[0] > 0.0 and speed > 0.05:
            frame = gait_frame(gait, clip, frames, speed, poses.traveled[row, actor], scale[2])
    inst.mesh[row, slot] = geo.part_mesh[part] + frame
    inst.pos[row, slot] = poses.pos[row, actor] + rot * (offset + wp.cw_mul(scale, geo.part_pivot[part]))
    inst.linear[row, slot] = rot * part_turn(poses, motion, row, actor) * wp.diag(own)


@wp.kernel
def _place_instances(geo: Geometry, scene: Scene, poses: Poses, inst: Instances):
    """Reads geometry, scene, poses. Writes mesh, pos, linear, inverse, lower and upper of every slot."""
    world, moment, slot = wp.tid()
    at = moment * scene.map_index.shape[0] + world
    row = at * inst.nslot + slot
    if slot >= inst.first_actor:
        place_part(geo, scene, poses, inst, at, world, slot)
    else:
        inst.mesh[at, slot] = -1
        m = scene.map_index[world]
        if slot == 0:
            inst.mesh[at, slot] = geo.map_mesh[m]
            inst.pos[at, slot] = wp.vec3(0.0, 0.0, 0.0)
            inst.linear[at, slot] = wp.identity(n=3, dtype=float)
        else:
            k = geo.map_static[m] + slot - 1
            if k < geo.map_static[m + 1]:
                inst.mesh[at, slot] = geo.static_mesh[k]
                inst.pos[at, slot] = geo.static_pos[k]
                inst.linear[at, slot] = geo.static_linear[k]
    mesh = inst.mesh[at, slot]
    if slot == 0:
        inst.inverse[at, slot] = wp.identity(n=3, dtype=float)
    if mesh < 0 or slot == 0:
        # Padding hides in a box of no size within the world's own bounds; the map is asked without the tree.
        inst.lower[row] = poses.pos[at, 0]
        inst.upper[row] = poses.pos[at, 0]
        return
    a = inst.linear[at, slot]
    inst.inverse[at, slot] = wp.inverse(a)
    lo = geo.mesh_lower[mesh]
    hi = geo.mesh_upper[mesh]
    center = a * ((lo + hi) * 0.5) + inst.pos[at, slot]
    e = (hi - lo) * 0.5
    extent = wp.vec3(
        wp.abs(a[0, 0]) * e[0] + wp.abs(a[0, 1]) * e[1] + wp.abs(a[0, 2]) * e[2] + 1.0e-4,
        wp.abs(a[1, 0]) * e[0] + wp.abs(a[1, 1]) * e[1] + wp.abs(a[1, 2]) * e[2] + 1.0e-4,
        wp.abs(a[2, 0]) * e[0] + wp.abs(a[2, 1]) * e[1] + wp.abs(a[2, 2]) * e[2] + 1.0e-4,
    )
    inst.lower[row] = center - extent
    inst.upper[row] = center + extent


@wp.kernel
def _find_roots(inst: Instances):
    """Reads the tree. Writes the root of every world, which is searched for once here and not by each ray."""
    world = wp.tid()
    inst.root[world] = wp.bvh_get_group_root(inst.bvh, world)


class SceneBvh:
    """The instances of every world at one moment, in a grouped BVH.

    Args:
        library: Meshes, models and maps.
        scene: The batch's scene.
        poses: Poses to start from, of all worlds at one moment, at the next, and so on.
    """

    def __init__(self, library: MeshLibrary, scene: Scene, poses: Poses) -> None:
        nrow, nactor = poses.pos.shape
        self.nworld = scene.map_index.shape[0]
        self.nmoment = nrow // self.nworld
        device = poses.pos.device
        self.geometry = library.geometry
        inst = Instances()
        inst.first_actor = 1 + library.static_capacity
        inst.part_capacity = library.part_capacity
        inst.nslot = inst.first_actor + nactor * library.part_capacity
        shape = (nrow, inst.nslot)
        inst.mesh = wp.full(shape, -1, dtype=wp.int32, device=device)
        inst.pos = wp.zeros(shape, dtype=wp.vec3, device=device)
        inst.linear = wp.zeros(shape, dtype=wp.mat33, device=device)
        inst.inverse = wp.zeros(shape, dtype=wp.mat33, device=device)
        inst.lower = wp.zeros(nrow * inst.nslot, dtype=wp.vec3, device=device)
        inst.upper = wp.zeros(nrow * inst.nslot, dtype=wp.vec3, device=device)
        self.instances = inst
        self.place(scene, poses)
        rows = np.repeat(np.arange(nrow, dtype=np.int32), inst.nslot)
        groups = wp.array(rows, dtype=wp.int32, device=device)
        self._bvh = wp.Bvh(inst.lower, inst.upper, groups=groups)
        self._groups = groups
        inst.bvh = self._bvh.id
        inst.root = wp.zeros(nrow, dtype=wp.int32, device=device)
        wp.launch(_find_roots, dim=nrow, inputs=[inst], device=device)

    def place(self, scene: Scene, poses: Poses) -> None:
        """Compose the transforms and bounds of every slot."""
        inst = self.instances
        wp.launch(
            _place_instances,
            dim=(self.nworld, self.nmoment, inst.nslot),
            inputs=[self.geometry, scene, poses],
            outputs=[inst],
            device=inst.mesh.device,
        )

    def at(self, moment: int) -> Instances:
        """The instances of one moment, as if there were no others: the same memory."""
        inst, n = self.instances, self.nworld
        out = Instances()
        for name in ("bvh", "first_actor", "part_capacity", "nslot"):
            setattr(out, name, getattr(inst, name))
        out.first = moment * n * inst.nslot
        for name in ("root", "mesh", "pos", "linear", "inverse"):
            setattr(out, name, getattr(inst, name)[moment * n : (moment + 1) * n])
        for name in ("lower", "upper"):
            setattr(out, name, getattr(inst, name)[out.first : out.first + n * inst.nslot])
        return out

    def update(self, scene: Scene, poses: Poses) -> None:
        """Move to new poses; only launches."""
        self.place(scene, poses)
        self.refit()

    def refit(self) -> None:
        """Fit the tree to the slots' bounds as they are now; only launches."""
        self._bvh.refit()

    def rebuild(self, scene: Scene, poses: Poses) -> None:
        """Make a new tree for poses far from those of the last one; not inside captures."""
        self.place(scene, poses)
        self._bvh.rebuild()
        wp.launch(
            _find_roots, dim=self.instances.root.shape, inputs=[self.instances], device=self.instances.root.device
        )
