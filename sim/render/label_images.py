"""Label images: what the ray through each pixel's centre found."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Views, pixel_direction
from sim.render.library import Geometry
from sim.render.mesh import Semantic
from sim.render.primary import BLOCK, VOID, Hits, Pixel, Share, is_inside, known_hit, pixel_of
from sim.render.raycast import actor_of
from sim.render.scene_bvh import Instances

wp.set_module_options({"enable_backward": False, "fuse_fp": False})

OUTPUT_NAMES = (
    "rgb", "depth", "range", "semantic", "instance", "normal", "flow", "flow_back",
    "panoptic", "part", "lane", "drivable", "anomaly", "lamp", "normal_world", "albedo", "hdr", "scene_flow",
)  # fmt: skip
OUTPUT_BITS = {name: 1 << k for k, name in enumerate(OUTPUT_NAMES)}
RGB, DEPTH, RANGE, SEMANTIC, INSTANCE, NORMAL, FLOW, FLOW_BACK = (1 << k for k in range(8))
PANOPTIC, PART, LANE, DRIVABLE, ANOMALY, LAMP, NORMAL_WORLD, ALBEDO, HDR, SCENE_FLOW = (1 << k for k in range(8, 18))
GEOMETRY = DEPTH | RANGE | SEMANTIC | INSTANCE | NORMAL
"""What `_write_labels` writes."""
CLASSES = PANOPTIC | PART | LANE | DRIVABLE | ANOMALY | LAMP | NORMAL_WORLD
"""What `sim.render.class_images` writes."""


@wp.struct
class Labels:
    """Label images, (nworld, ncamera, height, width) each; the bits of ``wanted`` say which are allocated."""

    wanted: wp.int32
    depth: wp.array4d[float]
    """Distance along the optical axis [m], inf for sky; negative where a fisheye sees behind itself."""
    range: wp.array4d[float]
    """Length of the ray [m], inf for sky."""
    semantic: wp.array4d[wp.uint8]
    """`sim.render.mesh.Semantic`."""
    instance: wp.array4d[wp.int32]
    """Actor's slot + 1; 0 for everything that is no actor."""
    normal: wp.array4d[wp.vec3]
    """Unit normal in the camera frame (x right, y down, z forward), towards the camera; 0 for sky."""
    flow: wp.array4d[wp.vec2]
    """(u right, v down) to the next frame [pixels]; NaN where the point goes behind the camera."""
    flow_occluded: wp.array4d[wp.uint8]
    """1 where the pixel's point is hidden or out of the picture in the next frame."""
    flow_back: wp.array4d[wp.vec2]
    """(u right, v down) to the previous frame [pixels]."""
    flow_back_occluded: wp.array4d[wp.uint8]
    """1 where the pixel's point is hidden or out of the picture in the previous frame."""


@wp.func(inline=True)
def label_pixel(
    geo: Geometry, inst: Instances, cameras: Cameras, views: Views, hits: Hits, out: Labels, px: Pixel,
):  # fmt: skip
    """Write a pixel's wanted labels."""
    world = px.world
    camera = px.camera
    row = px.row
    col = px.col
    at = hits.at[world, camera, row, col]
    t = at.t
    semantic = wp.uint8(wp.static(int(Semantic.SKY)))
    actor = int(-1)
    if at.slot < 0:
        t = wp.inf
        if at.slot == VOID:
            semantic = wp.uint8(wp.static(int(Semantic.VOID)))
    else:
        first = geo.mesh_triangle[inst.mesh[world, at.slot]]
        semantic = wp.uint8((geo.triangle[first + at.face][3] >> 16) & 255)
        actor = actor_of(inst, at.slot)
    if (out.wanted & DEPTH) != 0:
        out.depth[world, camera, row, col] = t
        if at.slot >= 0:
            out.depth[world, camera, row, col] = t * pixel_direction(cameras, world, camera, float(col), float(row))[2]
    if (out.wanted & SEMANTIC) != 0:
        out.semantic[world, camera, row, col] = semantic
    if (out.wanted & INSTANCE) != 0:
        out.instance[world, camera, row, col] = actor + 1
    if (out.wanted & (RANGE | NORMAL)) != 0:
        d = pixel_direction(cameras, world, camera, float(col), float(row))
        if (out.wanted & RANGE) != 0:
            out.range[world, camera, row, col] = wp.where(at.slot < 0, wp.inf, t * wp.length(d))
        if (out.wanted & NORMAL) != 0:
            rot = views.rot[world, camera]
            hit = known_hit(geo, inst, hits, px, views.pos[world, camera], rot * d)
            out.normal[world, camera, row, col] = wp.transpose(rot) * hit.normal


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _write_labels(
    geo: Geometry, inst: Instances, cameras: Cameras, views: Views, hits: Hits, mask: wp.array[wp.int32], share: Share,
    out: Labels,
):  # fmt: skip
    """Reads geometry, instances, cameras, views, hits. Writes the wanted label images but flow, of the masked worlds."""
    world, camera, tile, lane = wp.tid()
    while lane < BLOCK and mask[world] != 0:
        px = pixel_of(world, camera, share.first + tile, lane, hits.at.shape[3])
        lane += share.lanes
        if is_inside(px, share, hits.at):
            label_pixel(geo, inst, cameras, views, hits, out, px)
