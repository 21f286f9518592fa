"""Further label images from the same hits: panoptic ids, parts, road marks, drivable area, anomalies, lamps, normals in the world.

A kernel of its own, launched only if one of them is wanted, so that pictures without them cost what they did.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from enum import IntEnum

import warp as wp

from sim.assets.spec import Category
from sim.render.camera import Cameras, Views, pixel_direction
from sim.render.label_images import ANOMALY, DRIVABLE, LAMP, LANE, NORMAL_WORLD, PANOPTIC, PART
from sim.render.materials import lamp_radiance
from sim.render.mesh import Role, Semantic
from sim.render.parts import FIRST_MARKING, Part
from sim.render.primary import BLOCK, VOID, Hits, Pixel, Share, is_inside, known_hit, pixel_of
from sim.render.raycast import actor_of
from sim.render.shading import World

wp.set_module_options({"enable_backward": False, "fuse_fp": False, "max_unroll": 1})


class Anomaly(IntEnum):
    """What has no business on a road."""

    NONE = 0
    ANIMAL = 1
    OBSTACLE = 2  # lost cargo, debris, fallen trees; not what closes off road works
    FALLEN = 3  # people and cycles that lie
    OVERTURNED = 4  # vehicles not on their wheels


class Drivable(IntEnum):
    """Where one may drive."""

    NONE = 0
    LANE = 1  # lanes and junctions, with their markings
    BESIDE = 2  # shoulders, parking and cycle lanes, paved borders


class LampState(IntEnum):
    """Lamps of vehicles, signals and streets."""

    NONE = 0
    OFF = 1
    ON = 2


UPRIGHT = 0.6
"""Vertical part of a vehicle's own vertical axis below which it is overturned."""


LYING = 0.6
"""Height over length below which a tree lies."""


@wp.struct
class ActorFacts:
    """What labels need to know of actors."""

    semantic: wp.array2d[wp.int32]
    """As in `Scene`, like the following, (nworld, nactor)."""
    category: wp.array2d[wp.int32]
    size: wp.array2d[wp.vec3]
    rot: wp.array2d[wp.quat]
    """As in `Poses`, like the following, (nworld, nactor)."""
    fallen: wp.array2d[wp.int32]


@wp.struct
class ClassImages:
    """Label images, (nworld, ncamera, height, width) each; the bits of ``wanted`` say which are allocated."""

    wanted: wp.int32
    panoptic: wp.array4d[wp.int32]
    """256 (actor's slot + 1) + class + 1, 0 where the lens shows nothing; the slot's share is 0 for everything that is no actor."""
    part: wp.array4d[wp.uint8]
    """`sim.render.parts.Part`, or a line's code from 64 on; 0 for sky and what has no parts."""
    lane: wp.array4d[wp.uint8]
    """The same where it is a road marking, else 0."""
    drivable: wp.array4d[wp.uint8]
    """`Drivable`."""
    anomaly: wp.array4d[wp.uint8]
    """`Anomaly`."""
    lamp: wp.array4d[wp.uint8]
    """`LampState`."""
    normal_world: wp.array4d[wp.vec3]
    """Unit normal in the world frame, towards the camera; 0 for sky."""


@wp.func
def drivable_of(part: int) -> int:
    """`Drivable` of a part."""
    if part == wp.static(int(Part.LANE)) or part >= FIRST_MARKING:
        return wp.static(int(Drivable.LANE))
    if part > wp.static(int(Part.LANE)) and part <= wp.static(int(Part.BORDER)):
        return wp.static(int(Drivable.BESIDE))
    return 0


@wp.func(inline=True)
def anomaly_of(facts: ActorFacts, world: int, actor: int) -> int:
    """`Anomaly` of an actor."""
    semantic = facts.semantic[world, actor]
    if semantic == wp.static(int(Semantic.ANIMAL)):
        return wp.static(int(Anomaly.ANIMAL))
    size = facts.size[world, actor]
    lies = semantic == wp.static(int(Semantic.VEGETATION)) and size[2] < LYING * wp.max(size[0], size[1])
    if lies or (
        semantic == wp.static(int(Semantic.OBSTACLE))
        and facts.category[world, actor] != wp.static(int(Category.BARRIER))
    ):
        return wp.static(int(Anomaly.OBSTACLE))
    if facts.fallen[world, actor] != 0:
        return wp.static(int(Anomaly.FALLEN))
    driven = semantic >= wp.static(int(Semantic.CAR)) and semantic <= wp.static(int(Semantic.BICYCLE))
    if driven or semantic >= wp.static(int(Semantic.VAN)):
        if wp.quat_rotate(facts.rot[world, actor], wp.vec3(0.0, 0.0, 1.0))[2] < UPRIGHT:
            return wp.static(int(Anomaly.OVERTURNED))
    return 0


@wp.func(inline=True)
def lamp_of(w: World, world: int, slot: int, actor: int, role: int) -> int:
    """`LampState` of a surface by its `Role`."""
    if role < wp.static(int(Role.HEAD_LAMP)) or role == wp.static(int(Role.PLATE)):
        return 0
    if role == wp.static(int(Role.CLOTH_TOP)) or role == wp.static(int(Role.CLOTH_BOTTOM)):
        return 0
    lamps = int(0)
    aspect = int(0)
    if actor >= 0:
        lamps = w.lamp_bits[world, actor]
    elif slot > 0:
        signal = w.geo.static_signal[w.geo.map_static[w.map_index[world]] + slot - 1]
        if signal >= 0:
            aspect = w.signal[world, signal]
    light = lamp_radiance(role, lamps, w.tick[world], aspect, w.sky.night[world])
    return wp.where(light[0] + light[1] + light[2] > 0.0, wp.static(int(LampState.ON)), wp.static(int(LampState.OFF)))


@wp.func(inline=True)
def classify_pixel(
    w: World, cameras: Cameras, views: Views, hits: Hits, facts: ActorFacts, out: ClassImages, px: Pixel
):
    """Write a pixel's wanted classes."""
    world = px.world
    camera = px.camera
    row = px.row
    col = px.col
    at = hits.at[world, camera, row, col]
    word = int(wp.static(int(Semantic.SKY) << 16))
    actor = int(-1)
    if at.slot >= 0:
        word = w.geo.triangle[w.geo.mesh_triangle[w.inst.mesh[world, at.slot]] + at.face][3]
        actor = actor_of(w.inst, at.slot)
    part = word >> 24
    if (out.wanted & PANOPTIC) != 0:
        out.panoptic[world, camera, row, col] = 256 * (actor + 1) + ((word >> 16) & 255) + 1
        if at.slot == VOID:
            out.panoptic[world, camera, row, col] = 0
    if (out.wanted & PART) != 0:
        out.part[world, camera, row, col] = wp.uint8(part)
    if (out.wanted & LANE) != 0:
        out.lane[world, camera, row, col] = wp.uint8(wp.where(part >= FIRST_MARKING, part, 0))
    if (out.wanted & DRIVABLE) != 0:
        out.drivable[world, camera, row, col] = wp.uint8(drivable_of(part))
    if (out.wanted & ANOMALY) != 0:
        anomaly = int(0)
        if actor >= 0:
            anomaly = anomaly_of(facts, world, actor)
        out.anomaly[world, camera, row, col] = wp.uint8(anomaly)
    if (out.wanted & LAMP) != 0:
        lamp = int(0)
        if at.slot >= 0:
            lamp = lamp_of(w, world, at.slot, actor, w.geo.materials.kind[word & 65535][2])
        out.lamp[world, camera, row, col] = wp.uint8(lamp)
    if (out.wanted & NORMAL_WORLD) != 0:
        d = views.rot[world, camera] * pixel_direction(cameras, world, camera, float(col), float(row))
        out.normal_world[world, camera, row, col] = known_hit(
            w.geo, w.inst, hits, px, views.pos[world, camera], d
        ).normal


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _write_classes(
    w: World, cameras: Cameras, views: Views, hits: Hits, mask: wp.array[wp.int32], facts: ActorFacts, share: Share,
    out: ClassImages,
):  # fmt: skip
    """Reads the world, cameras, views, hits, facts of actors. Writes the wanted class images of the masked worlds."""
    world, camera, tile, lane = wp.tid()
    while lane < BLOCK and mask[world] != 0:
        px = pixel_of(world, camera, share.first + tile, lane, hits.at.shape[3])
        lane += share.lanes
        if is_inside(px, share, hits.at):
            classify_pixel(w, cameras, views, hits, facts, out, px)
