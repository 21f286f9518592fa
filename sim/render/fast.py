"""The fast pass for learning: each pixel's first surface in the light of the sky, of lamps and of the sun, with its shadow."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Views, pixel_direction
from sim.render.gloss import coat_width, facet_cosine
from sim.render.ground import track_of
from sim.render.lens import PINHOLE
from sim.render.lights import lamp_light
from sim.render.materials import MESH_CUTOUT, plane_noise
from sim.render.mesh import Surface
from sim.render.options import RAYS
from sim.render.primary import BLOCK, TILE, VOID, Hits, Pixel, PixelHit, Share, is_inside, pixel_of
from sim.render.raycast import FAR, Hit, visibility
from sim.render.shading import (
    World,
    ambient_light,
    base_surface,
    lift,
    object_point,
    on_lane,
    open_sky,
    smooth_normal,
)
from sim.render.sky import plain_sky, sky_radiance
from sim.render.tonemap import Exposure, display
from sim.render.weather import is_weathered, through_air, weathered

wp.set_module_options(RAYS | {"max_unroll": 1})

ASKED = wp.constant(TILE * TILE // 4)
"""Pixels of even row and column in a tile: they ask whether they see the sun."""


@wp.func(inline=True)
def hit_of(w: World, world: int, at: PixelHit) -> Hit:
    """The surface that a pixel shows; its geometric normal is left out."""
    out = Hit()
    out.t = at.t
    out.slot = at.slot
    out.mesh = w.inst.mesh[world, at.slot]
    out.face = at.face
    out.u = at.u
    out.v = at.v
    return out


@wp.func(inline=True)
def asked_sun(cameras: Cameras, views: Views, hits: Hits, px: Pixel, n: wp.vec3) -> float:
    """Share of the sun of the asked pixels around one that lie on its surface; -1 if they differ or fewer than two do."""
    world = px.world
    camera = px.camera
    row = px.row
    col = px.col
    if ((row | col) & 1) == 0:
        return hits.sun[world, camera, row, col]
    # Asked are pixels of even row and column: one, two or four of them are next to each pixel.
    share = float(-1.0)
    found = int(0)
    here = hits.at[world, camera, row, col]
    normal = wp.transpose(views.rot[world, camera]) * n
    d = pixel_direction(cameras, world, camera, float(col), float(row))
    k = cameras.intrinsics[world, camera]
    step = wp.vec2(1.0 / k[0], 1.0 / k[1])
    straight = cameras.lens[world, camera].model == wp.static(PINHOLE)
    r = row - (row & 1)
    while r <= row + (row & 1) and r < hits.at.shape[2]:
        c = col - (col & 1)
        while c <= col + (col & 1) and c < hits.at.shape[3]:
            at = hits.at[world, camera, r, c]
            # Its place from this pixel's, in the camera's frame.
            off = d * (at.t - here.t) + wp.vec3(float(c - col) * step[0], float(r - row) * step[1], 0.0) * at.t
            if not straight:
                off = pixel_direction(cameras, world, camera, float(c), float(r)) * at.t - d * here.t
            rise = wp.dot(off, normal)
            if at.slot == here.slot and rise * rise <= 0.02 * wp.dot(off, off) + 1.0e-6:
                sun = hits.sun[world, camera, r, c]
                if share >= 0.0 and sun != share:
                    return -1.0
                share = sun
                found += 1
            c += 2
        r += 2
    return wp.where(found < 2, -1.0, share)


@wp.func(inline=True)
def sun_share(w: World, world: int, p: wp.vec3, n: wp.vec3, distance: float) -> float:
    """Share of the sun that reaches a surface."""
    l = w.sky.sun_direction[world]
    if wp.dot(n, l) <= 0.0 or w.sky.sun[world][1] <= 1.0e-4:
        return 0.0
    return visibility(w.geo, w.inst, world, lift(p, n, distance), l, 300.0, MESH_CUTOUT)


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _ask_sun(w: World, cameras: Cameras, views: Views, hits: Hits, mask: wp.array[wp.int32], share: Share):
    """Reads the world, cameras, views, hits. Writes ``hits.sun`` of the pixels of even row and column, of the masked worlds."""
    world, camera, tile, lane = wp.tid()
    while lane < ASKED and mask[world] != 0:
        px = pixel_of(
            world,
            camera,
            share.first + tile,
            2 * TILE * (lane / (TILE / 2)) + 2 * (lane % (TILE / 2)),
            hits.at.shape[3],
        )
        lane += share.lanes
        if is_inside(px, share, hits.at):
            row = px.row
            col = px.col
            at = hits.at[world, camera, row, col]
            sun = float(0.0)
            if at.slot >= 0:
                ray = views.rot[world, camera] * pixel_direction(cameras, world, camera, float(col), float(row))
                length = wp.length(ray)
                n = smooth_normal(w, world, hit_of(w, world, at), ray / length)
                sun = sun_share(w, world, views.pos[world, camera] + ray * at.t, n, at.t * length)
            hits.sun[world, camera, row, col] = sun


@wp.func(inline=True)
def shade_pixel(w: World, cameras: Cameras, views: Views, hits: Hits, px: Pixel) -> wp.vec3:
    """Radiance that reaches a pixel."""
    world = px.world
    camera = px.camera
    row = px.row
    col = px.col
    at = hits.at[world, camera, row, col]
    if at.slot == VOID:
        return wp.vec3(0.0, 0.0, 0.0)
    k = cameras.intrinsics[world, camera]
    ray = views.rot[world, camera] * pixel_direction(cameras, world, camera, float(col), float(row))
    length = wp.length(ray)
    d = ray / length
    if at.slot < 0:
        return through_air(w.sky, world, plain_sky(w.sky, world, d), d, FAR)
    hit = hit_of(w, world, at)
    distance = hit.t * length
    p = views.pos[world, camera] + ray * hit.t
    n = smooth_normal(w, world, hit, d)
    s = base_surface(w, world, hit, distance / (k[0] * wp.max(0.2, wp.abs(wp.dot(n, d)))))
    if s.surface == wp.static(int(Surface.ASPHALT)):
        s.albedo = s.albedo * (0.85 + 0.3 * plane_noise(p[0] * 1.1, p[1] * 1.1))
    if is_weathered(w.weather, world, s.surface):
        q = object_point(w, world, hit, p)
        s = weathered(w.weather, world, s, q, n, 1.0, w.tick[world], track_of(on_lane(w.geo, s.surface, hit)))
    e = ambient_light(w, world, n) * open_sky(w, world, p, n)
    nl = wp.dot(n, w.sky.sun_direction[world])
    if nl > 0.0:
        sun = asked_sun(cameras, views, hits, px, n)
        if sun < 0.0:
            sun = sun_share(w, world, p, n, distance)
        e += w.sky.sun[world] * (0.31831 * nl * sun)
    for i in range(w.lights.count[world]):
        e += lamp_light(w.lights, world, i, p, n) * 0.31831
    color = wp.cw_mul(s.albedo, e) + s.emission
    s.coat = wp.max(s.coat, wp.min(s.transmission * 3.0, 1.0))
    if s.coat > 0.0:
        c = facet_cosine(wp.dot(n, d), coat_width(s))
        f = s.coat * (0.05 + 0.95 * wp.pow(1.0 - c, 5.0))
        color = wp.lerp(color, sky_radiance(w.sky, world, d - n * (2.0 * wp.dot(n, d))), f)
    return through_air(w.sky, world, color, d, distance)


@wp.struct
class Film:
    """Where the fast pass's light goes."""

    rgb: wp.array4d[wp.vec3ub]
    """The picture, exposed for the world's sun and sky."""
    light: wp.array4d[wp.vec3]
    """Linear light, if it is kept; else (1, 1, 1, 1)."""
    shown: int
    """1: the light goes to ``rgb`` at once; 0: it is developed later, or not at all."""
    weight: float
    """Share of it that this pass adds to ``light``; 1: it takes its place; 0: none."""


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _shade_hits(
    w: World, cameras: Cameras, views: Views, hits: Hits, mask: wp.array[wp.int32], exposure: Exposure, share: Share,
    film: Film,
):  # fmt: skip
    """Reads the world, cameras, views, hits, the world's exposure. Writes rgb of the masked worlds, or adds to the film's light."""
    world, camera, tile, lane = wp.tid()
    while lane < BLOCK and mask[world] != 0:
        px = pixel_of(world, camera, share.first + tile, lane, hits.at.shape[3])
        lane += share.lanes
        if is_inside(px, share, hits.at):
            color = shade_pixel(w, cameras, views, hits, px)
            if film.shown == 1:
                exposed = wp.cw_mul(color, exposure.world[world])
                film.rgb[world, camera, px.row, px.col] = display(exposure.curve, exposed)
            if film.weight == 1.0:
                film.light[world, camera, px.row, px.col] = color
            elif film.weight > 0.0:
                film.light[world, camera, px.row, px.col] += color * film.weight
