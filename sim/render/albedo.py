"""The albedo of each pixel's first surface."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Views, pixel_direction
from sim.render.ground import track_of
from sim.render.primary import BLOCK, Hits, Pixel, Share, is_inside, known_hit, pixel_of
from sim.render.shading import World, base_surface, detailed, object_point, on_lane, smooth_normal
from sim.render.weather import weathered

wp.set_module_options({"enable_backward": False, "max_unroll": 1})


@wp.func(inline=True)
def pixel_albedo(w: World, cameras: Cameras, views: Views, hits: Hits, px: Pixel) -> wp.vec3:
    """Linear base colour of a pixel's surface, wet or under snow as the weather has it; 0 for sky."""
    world = px.world
    camera = px.camera
    at = hits.at[world, camera, px.row, px.col]
    if at.slot < 0:
        return wp.vec3(0.0, 0.0, 0.0)
    k = cameras.intrinsics[world, camera]
    ray = views.rot[world, camera] * pixel_direction(cameras, world, camera, float(px.col), float(px.row))
    length = wp.length(ray)
    d = ray / length
    hit = known_hit(w.geo, w.inst, hits, px, views.pos[world, camera], d)
    p = views.pos[world, camera] + ray * at.t
    n = smooth_normal(w, world, hit, d)
    foot = at.t * length / (k[0] * wp.max(0.2, wp.abs(wp.dot(n, d))))
    s = base_surface(w, world, hit, foot)
    lane = on_lane(w.geo, s.surface, hit)
    q = object_point(w, world, hit, p)
    s = detailed(s, q, n, lane, foot, w.sky.night[world], hit.slot == 0)
    s = weathered(w.weather, world, s, q, n, foot, w.tick[world], track_of(lane))
    return wp.vec3(wp.clamp(s.albedo[0], 0.0, 1.0), wp.clamp(s.albedo[1], 0.0, 1.0), wp.clamp(s.albedo[2], 0.0, 1.0))


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _write_albedo(
    w: World, cameras: Cameras, views: Views, hits: Hits, mask: wp.array[wp.int32], share: Share, albedo: wp.array4d[wp.vec3],
):  # fmt: skip
    """Reads the world, cameras, views, hits. Writes albedo of the masked worlds."""
    world, camera, tile, lane = wp.tid()
    while lane < BLOCK and mask[world] != 0:
        px = pixel_of(world, camera, share.first + tile, lane, hits.at.shape[3])
        lane += share.lanes
        if is_inside(px, share, hits.at):
            albedo[world, camera, px.row, px.col] = pixel_albedo(w, cameras, views, hits, px)
