"""COCO's 17 keypoints of people in each picture: where they are, and whether they are seen."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Views, project
from sim.render.library import Geometry, KeypointTables
from sim.render.options import RAYS
from sim.render.primary import hidden_actor
from sim.render.raycast import trace
from sim.render.scene_bvh import Instances

wp.set_module_options(RAYS | {"fuse_fp": False, "max_unroll": 1})

NKEYPOINT = wp.constant(17)
vec17 = wp.types.vector(length=17, dtype=wp.float32)
REACH = wp.constant(
    vec17(0.05, *[0.06] * 4, *[0.15] * 2, *[0.1] * 2, *[0.09] * 2, *[0.2] * 2, *[0.14] * 2, *[0.12] * 2)
)
"""How deep below their surface keypoints lie, clothes included, of somebody 1.75 m tall [m]: a surface of the same person that far before
one shows it; anything nearer to the eye hides it."""
LEG = 0.83
"""From hip over knee to ankle of somebody so tall [m]."""


@wp.struct
class ActorKeypoints:
    """Keypoints of each actor in each picture; all zero for who is no person."""

    pixel: wp.array4d[wp.vec3]
    """Column, row and plane depth [m], also beyond the picture; zeros behind the camera, (nworld, ncamera, nactor, 17)."""
    visibility: wp.array4d[wp.uint8]
    """COCO's: 0 not in the picture, 1 hidden, 2 visible, (nworld, ncamera, nactor, 17)."""
    point: wp.array3d[wp.vec3]
    """World frame [m], (nworld, nactor, 17)."""


@wp.func(inline=True)
def keypoint_slot(tables: KeypointTables, inst: Instances, world: int, actor: int) -> int:
    """Slot of the part of an actor that has keypoints, -1 for none."""
    for part in range(inst.part_capacity):
        slot = inst.first_actor + actor * inst.part_capacity + part
        mesh = inst.mesh[world, slot]
        if mesh >= 0:
            if tables.first[mesh] >= 0:
                return slot
    return -1


@wp.func(inline=True)
def body_scale(tables: KeypointTables, mesh: int, linear: wp.mat33) -> float:
    """A person's size against one 1.75 m tall, by the length of the left leg, however it is bent."""
    first = tables.first[mesh]
    knee = linear * tables.point[first + 13]
    leg = wp.length(linear * tables.point[first + 11] - knee) + wp.length(linear * tables.point[first + 15] - knee)
    return leg / LEG


@wp.func(inline=True)
def shows_point(
    geo: Geometry, inst: Instances, world: int, hidden: int, slot: int, o: wp.vec3, p: wp.vec3, reach: float
) -> bool:
    """Whether the first surface towards a point is its own actor's and no more than ``reach`` [m] from it."""
    way = p - o
    length = wp.length(way)
    hit = trace(geo, inst, world, o, way, 1.0 + reach / length, hidden)
    if hit.slot < 0:
        return False
    own = (hit.slot - inst.first_actor) / inst.part_capacity == (slot - inst.first_actor) / inst.part_capacity
    return own and hit.slot >= inst.first_actor and wp.abs(1.0 - hit.t) * length <= reach


@wp.struct
class Person:
    """Whose keypoints, and in which picture."""

    world: int
    camera: int
    actor: int
    slot: int
    """Of the part that has keypoints, -1 for who is no person."""


@wp.func(inline=True)
def find_keypoint(
    geo: Geometry, tables: KeypointTables, inst: Instances, cameras: Cameras, views: Views, size: wp.vec2i, out: ActorKeypoints,
    who: Person, k: int,
):  # fmt: skip
    """Write keypoint ``k`` of a person."""
    world = who.world
    camera = who.camera
    actor = who.actor
    mesh = inst.mesh[world, who.slot]
    linear = inst.linear[world, who.slot]
    p = linear * tables.point[tables.first[mesh] + k] + inst.pos[world, who.slot]
    if camera == 0:
        out.point[world, actor, k] = p
    o = views.pos[world, camera]
    q = project(cameras.intrinsics[world, camera], o, views.rot[world, camera], p)
    if q[2] <= 1.0e-4:
        return
    out.pixel[world, camera, actor, k] = q
    if q[0] < -0.5 or q[1] < -0.5 or q[0] >= float(size[1]) - 0.5 or q[1] >= float(size[0]) - 0.5:
        return
    reach = REACH[k] * body_scale(tables, mesh, linear)
    seen = shows_point(geo, inst, world, hidden_actor(cameras, world, camera), who.slot, o, p, reach)
    out.visibility[world, camera, actor, k] = wp.uint8(wp.where(seen, 2, 1))


@wp.kernel
def _find_keypoints(
    geo: Geometry, tables: KeypointTables, inst: Instances, cameras: Cameras, views: Views, size: wp.vec2i, lanes: int,
    out: ActorKeypoints,
):  # fmt: skip
    """Reads geometry, keypoints of meshes, instances, views. Writes every actor's keypoints, ``lanes`` threads an actor."""
    world, camera, actor, lane = wp.tid()
    slot = keypoint_slot(tables, inst, world, actor)
    if hidden_actor(cameras, world, camera) == actor:
        slot = -1
    k = int(lane)
    while k < NKEYPOINT:
        out.pixel[world, camera, actor, k] = wp.vec3(0.0, 0.0, 0.0)
        out.visibility[world, camera, actor, k] = wp.uint8(0)
        if camera == 0:
            out.point[world, actor, k] = wp.vec3(0.0, 0.0, 0.0)
        if slot >= 0:
            find_keypoint(geo, tables, inst, cameras, views, size, out, Person(world, camera, actor, slot), k)
        k += lanes


def make_keypoints(nworld: int, ncamera: int, nactor: int, device: wp.DeviceLike) -> ActorKeypoints:
    """Empty keypoints."""
    out = ActorKeypoints()
    shape = (nworld, ncamera, nactor, int(NKEYPOINT))
    out.pixel = wp.zeros(shape, dtype=wp.vec3, device=device)
    out.visibility = wp.zeros(shape, dtype=wp.uint8, device=device)
    out.point = wp.zeros((nworld, nactor, int(NKEYPOINT)), dtype=wp.vec3, device=device)
    return out
