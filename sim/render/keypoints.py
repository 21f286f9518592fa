"""COCO's 17 keypoints of people in each picture: where they are, and whether they are seen."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Spot, Views, found_spot, place_at, row_of, start_search, take_step
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
BESIDE = wp.constant(2)
"""How far from a visible keypoint a pixel of its person is, at most [pixels, by row and by column]."""
LEG = 0.83
"""From hip over knee to ankle of somebody so tall [m]."""


@wp.struct
class ActorKeypoints:
    """Keypoints of each actor in each picture; all zero for who is no person."""

    pixel: wp.array4d[wp.vec3]
    """Column, row and plane depth [m], also beyond the picture; zeros where no lens shows it, (nworld, ncamera, nactor, 17)."""
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
def keypoint_at(tables: KeypointTables, inst: Instances, row: int, slot: int, k: int) -> wp.vec3:
    """Where a keypoint is in the world [m], at a row of the instances."""
    return inst.linear[row, slot] * tables.point[tables.first[inst.mesh[row, slot]] + k] + inst.pos[row, slot]


@wp.func(inline=True)
def spot_of(
    tables: KeypointTables, inst: Instances, cameras: Cameras, views: Views, who: Person, k: int, moment: int
) -> Spot:
    """Where a keypoint is in the picture as a moment has it."""
    p = keypoint_at(tables, inst, moment * cameras.flags.shape[0] + who.world, who.slot, k)
    return place_at(cameras, views, who.world, who.camera, p, moment)


@wp.func(inline=True)
def land_keypoint(tables: KeypointTables, inst: Instances, cameras: Cameras, views: Views, who: Person, k: int) -> Spot:
    """Where a keypoint is in the picture; with a moment for every row (`sim.render.shutter`): on the row that sees it."""
    moments = views.pos.shape[0] / cameras.flags.shape[0]
    if moments == 1:
        return spot_of(tables, inst, cameras, views, who, k, 0)
    search = start_search(moments / 2 - 1, moments)
    while search.ended == 0:
        one = spot_of(tables, inst, cameras, views, who, k, search.first)
        two = spot_of(tables, inst, cameras, views, who, k, search.first + 1)
        search = take_step(search, one, two)
    return found_spot(search)


@wp.func
def is_pictured(instance: wp.array4d[wp.int32], who: Person, q: Spot) -> bool:
    """Whether a pixel within `BESIDE` of a spot shows the person: through gaps narrower than a pixel the picture shows nobody."""
    row, col = int(wp.round(q.row)), int(wp.round(q.col))
    for y in range(wp.max(row - BESIDE, 0), wp.min(row + BESIDE + 1, instance.shape[2])):
        for x in range(wp.max(col - BESIDE, 0), wp.min(col + BESIDE + 1, instance.shape[3])):
            if instance[who.world, who.camera, y, x] == who.actor + 1:
                return True
    return False


@wp.func(inline=True)
def find_keypoint(
    geo: Geometry, tables: KeypointTables, inst: Instances, cameras: Cameras, views: Views, instance: wp.array4d[wp.int32],
    out: ActorKeypoints, who: Person, k: int,
):  # fmt: skip
    """Write keypoint ``k`` of a person."""
    world = who.world
    camera = who.camera
    q = land_keypoint(tables, inst, cameras, views, who, k)
    if q.seen == 0:
        return
    out.pixel[world, camera, who.actor, k] = wp.vec3(q.col, q.row, q.depth)
    if (
        q.col < -0.5
        or q.row < -0.5
        or q.col >= float(instance.shape[3]) - 0.5
        or q.row >= float(instance.shape[2]) - 0.5
    ):
        return
    row = row_of(cameras, views, world, q.row)
    p = keypoint_at(tables, inst, row, who.slot, k)
    reach = REACH[k] * body_scale(tables, inst.mesh[row, who.slot], inst.linear[row, who.slot])
    hidden = hidden_actor(cameras, world, camera)
    seen = is_pictured(instance, who, q) and shows_point(
        geo, inst, row, hidden, who.slot, views.pos[row, camera], p, reach
    )
    out.visibility[world, camera, who.actor, k] = wp.uint8(wp.where(seen, 2, 1))


@wp.kernel
def _place_keypoints(tables: KeypointTables, inst: Instances, lanes: int, out: ActorKeypoints):
    """Reads keypoints of meshes, the frame's instances. Writes where every actor's keypoints are, ``lanes`` threads an actor."""
    world, actor, lane = wp.tid()
    slot = keypoint_slot(tables, inst, world, actor)
    k = int(lane)
    while k < NKEYPOINT:
        out.point[world, actor, k] = wp.vec3(0.0, 0.0, 0.0)
        if slot >= 0:
            out.point[world, actor, k] = keypoint_at(tables, inst, world, slot, k)
        k += lanes


@wp.kernel
def _find_keypoints(
    geo: Geometry, tables: KeypointTables, inst: Instances, cameras: Cameras, views: Views, instance: wp.array4d[wp.int32], lanes: int,
    out: ActorKeypoints,
):  # fmt: skip
    """Reads geometry, keypoints, instances and views (of every row under a rolling shutter), who is where. Writes keypoints in pictures."""
    world, camera, actor, lane = wp.tid()
    slot = keypoint_slot(tables, inst, world, actor)
    if hidden_actor(cameras, world, camera) == actor:
        slot = -1
    k = int(lane)
    while k < NKEYPOINT:
        out.pixel[world, camera, actor, k] = wp.vec3(0.0, 0.0, 0.0)
        out.visibility[world, camera, actor, k] = wp.uint8(0)
        if slot >= 0:
            find_keypoint(geo, tables, inst, cameras, views, instance, out, Person(world, camera, actor, slot), k)
        k += lanes


def make_keypoints(nworld: int, ncamera: int, nactor: int, device: wp.DeviceLike) -> ActorKeypoints:
    """Empty keypoints."""
    out = ActorKeypoints()
    shape = (nworld, ncamera, nactor, int(NKEYPOINT))
    out.pixel = wp.zeros(shape, dtype=wp.vec3, device=device)
    out.visibility = wp.zeros(shape, dtype=wp.uint8, device=device)
    out.point = wp.zeros((nworld, nactor, int(NKEYPOINT)), dtype=wp.vec3, device=device)
    return out
