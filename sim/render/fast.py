"""The fast pass for learning: one ray per pixel gives colour and labels, with the sun's shadow and the sky's light."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import HIDES_EGO, Cameras, Views, pixel_direction
from sim.render.lights import lamp_light
from sim.render.materials import MESH_CUTOUT, plane_noise
from sim.render.mesh import Surface
from sim.render.raycast import FAR, RGB, Labels, pixel_of, trace, visibility, write_labels
from sim.render.shading import World, ambient_light, base_surface, lift, smooth_normal
from sim.render.sky import sky_radiance
from sim.render.tonemap import Exposure, display
from sim.render.weather import through_air, weathered

wp.set_module_options({"enable_backward": False, "max_unroll": 1})


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _trace_fast(
    w: World, cameras: Cameras, views: Views, size: wp.vec2i, mask: wp.array[wp.int32], exposure: Exposure,
    first_tile: int, labels: Labels, rgb: wp.array4d[wp.vec3ub],
):  # fmt: skip
    """Reads the world, cameras, views, the world's exposure. Writes rgb and the wanted labels of the masked worlds."""
    world, camera, tile, lane = wp.tid()
    if mask[world] == 0:
        return
    pixel = pixel_of(first_tile + tile, lane, size[1])
    row = pixel[0]
    col = pixel[1]
    if row >= size[0] or col >= size[1]:
        return
    k = cameras.intrinsics[world, camera]
    rot = views.rot[world, camera]
    o = views.pos[world, camera]
    ray = rot * pixel_direction(k, float(col), float(row))
    hidden = int(-1)
    if (cameras.flags[world, camera] & HIDES_EGO) != 0:
        hidden = 0
    hit = trace(w.geo, w.inst, world, o, ray, FAR, hidden)
    write_labels(labels, w.geo, w.inst, world, camera, row, col, hit, ray, rot)
    if (labels.wanted & RGB) == 0:
        return
    length = wp.length(ray)
    d = ray / length
    color = wp.vec3(0.0, 0.0, 0.0)
    distance = float(FAR)
    if hit.slot < 0:
        color = sky_radiance(w.sky, world, d)
    else:
        distance = hit.t * length
        p = o + ray * hit.t
        n = smooth_normal(w, world, hit, d)
        s = base_surface(w, world, hit, distance / (k[0] * wp.max(0.2, wp.abs(wp.dot(n, d)))))
        if s.surface == wp.static(int(Surface.ASPHALT)):
            s.albedo = s.albedo * (0.85 + 0.3 * plane_noise(p[0] * 1.1, p[1] * 1.1))
        s = weathered(w.weather, world, s, p, n, 1.0)
        l = w.sky.sun_direction[world]
        nl = wp.dot(n, l)
        e = ambient_light(w, world, n)
        sun = w.sky.sun[world]
        start = lift(p, n, distance)
        if nl > 0.0 and sun[1] > 1.0e-4:
            e += sun * (0.31831 * nl * visibility(w.geo, w.inst, world, start, l, 300.0, MESH_CUTOUT))
        for i in range(w.lights.count[world]):
            e += lamp_light(w.lights, world, i, p, n) * 0.31831
        color = wp.cw_mul(s.albedo, e) + s.emission
        gloss = wp.max(s.coat, wp.min(s.transmission * 3.0, 1.0))
        if gloss > 0.0:
            c = wp.abs(wp.dot(n, d))
            f = gloss * (0.05 + 0.95 * wp.pow(1.0 - c, 5.0))
            color = wp.lerp(color, sky_radiance(w.sky, world, d - n * (2.0 * wp.dot(n, d))), f)
    color = through_air(w.sky, world, color, d, distance)
    rgb[world, camera, row, col] = display(wp.cw_mul(color, exposure.world[world]))
