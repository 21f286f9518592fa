"""The closest hit of the ray through every pixel's centre, cast as rays.

Rays that share their origin need no search: `sim.render.drawing` finds the same hits triangle by triangle. On a CPU that is several
times faster; on a GPU, where many small pictures are made at once, rays are.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import warp as wp

from sim.cameras import CameraConfig
from sim.render.camera import HIDES_EGO, Cameras, Views, pixel_direction
from sim.render.library import Geometry
from sim.render.options import RAYS
from sim.render.raycast import FAR, Hit, trace
from sim.render.scene_bvh import Instances

wp.set_module_options(RAYS | {"fuse_fp": False, "max_unroll": 4})

Primary = Literal["rays", "triangles"]
"""How hits are found: here, or in `sim.render.drawing`."""

TILE = 8
"""Threads of a block work on a square of TILE x TILE pixels."""
BLOCK = wp.constant(TILE * TILE)


SKY, VOID = wp.constant(-1), wp.constant(-2)
"""Slots of pixels that show no surface."""


@wp.struct
class PixelHit:
    """Closest surface along the ray through a pixel's centre."""

    t: float
    """Distance in units of the pixel's direction [m]: plane depth, of a fisheye the length of the ray; `FAR` for none."""
    slot: int
    """Instance slot, `SKY` for none, `VOID` where the lens shows nothing."""
    face: int
    """Triangle of the slot's mesh."""
    u: float
    """Barycentric weight of the first vertex."""
    v: float
    """Barycentric weight of the second vertex."""


@wp.struct
class Hits:
    """What the cameras see."""

    at: wp.array4d[PixelHit]
    """(nworld, ncamera, height, width)."""
    sun: wp.array4d[float]
    """Share of the sun that reaches the surface, 0..1, of pixels of even row and column: for the fast pass, shaped like
    ``at``, else (1, 1, 1, 1)."""


def make_hits(shape: tuple[int, int, int, int], device: wp.DeviceLike, *, sun: bool) -> Hits:
    """Empty hits; (1, 1, 1, 1) of the sun's share if it is not asked for."""
    out = Hits()
    out.at = wp.zeros(shape, dtype=PixelHit, device=device)
    out.sun = wp.zeros(shape if sun else (1, 1, 1, 1), dtype=float, device=device)
    return out


@wp.struct
class Share:
    """The part of a picture that a launch works on: tiles from ``first`` on, ``lanes`` threads each.

    A GPU takes a thread for every pixel. On a CPU, where a thread first reads all its arguments, one does a whole tile.
    """

    first: int
    lanes: int
    top: int
    """First row."""
    end: int
    """Row after the last one."""


@wp.struct
class Pixel:
    """Whose pixel it is, and where."""

    world: int
    camera: int
    row: int
    col: int


@wp.func
def pixel_of(world: int, camera: int, tile: int, lane: int, width: int) -> Pixel:
    """The pixel of a thread: tiles row by row, pixels of a tile row by row."""
    across = (width + TILE - 1) / TILE
    return Pixel(world, camera, (tile / across) * TILE + lane / TILE, (tile % across) * TILE + lane % TILE)


@wp.func
def is_inside(px: Pixel, share: Share, hits: wp.array4d[PixelHit]) -> bool:
    """Whether a pixel of a tile at the edge belongs to the picture, and to the rows of a launch."""
    return px.row >= share.top and px.row < share.end and px.col < hits.shape[3]


def tile_count(height: int, width: int) -> int:
    """Tiles that cover a picture."""
    return -(-height // TILE) * -(-width // TILE)


@wp.func(inline=True)
def hidden_actor(cameras: Cameras, world: int, camera: int) -> int:
    """The actor that a camera does not see, -1 for none."""
    if (cameras.flags[world, camera] & HIDES_EGO) != 0:
        return 0
    return -1


@wp.func(inline=True)
def known_hit(geo: Geometry, inst: Instances, hits: Hits, px: Pixel, o: wp.vec3, d: wp.vec3) -> Hit:
    """A pixel's hit, found before, along a ray of any length; slot -1 for sky."""
    world = px.world
    out = Hit()
    at = hits.at[world, px.camera, px.row, px.col]
    out.slot = at.slot
    if out.slot >= 0:
        out.mesh = inst.mesh[world, out.slot]
        out.face = at.face
        out.u = at.u
        out.v = at.v
        mesh = geo.mesh_id[out.mesh]
        p = (
            inst.linear[world, out.slot] * wp.mesh_eval_position(mesh, out.face, out.u, out.v)
            + inst.pos[world, out.slot]
        )
        out.t = wp.dot(p - o, d) / wp.dot(d, d)
        n = wp.normalize(wp.transpose(inst.inverse[world, out.slot]) * wp.mesh_eval_face_normal(mesh, out.face))
        if wp.dot(n, d) > 0.0:
            n = -n
        out.normal = n
    return out


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _cast_hits(
    geo: Geometry, inst: Instances, cameras: Cameras, views: Views, mask: wp.array[wp.int32], share: Share, hits: Hits,
):  # fmt: skip
    """Reads geometry, instances, cameras, views. Writes the hits of the masked worlds by rays."""
    world, camera, tile, lane = wp.tid()
    while lane < BLOCK and mask[world] != 0:
        px = pixel_of(world, camera, share.first + tile, lane, hits.at.shape[3])
        lane += share.lanes
        if is_inside(px, share, hits.at):
            row = px.row
            col = px.col
            d = pixel_direction(cameras, world, camera, float(col), float(row))
            if d[0] == 0.0 and d[1] == 0.0 and d[2] == 0.0:
                hits.at[world, camera, row, col] = PixelHit(FAR, VOID, 0, 0.0, 0.0)
            else:
                d = views.rot[world, camera] * d
                hit = trace(geo, inst, world, views.pos[world, camera], d, FAR, hidden_actor(cameras, world, camera))
                hits.at[world, camera, row, col] = PixelHit(hit.t, hit.slot, hit.face, hit.u, hit.v)


def choose_primary(cameras: Sequence[CameraConfig], wanted: Primary | None, device: Any) -> Primary:
    """How a renderer finds the hits of the rays through its pixels' centres.

    Args:
        cameras: The renderer's.
        wanted: As of `sim.render.frames.Renderer`.
        device: Warp device.

    Raises:
        ValueError: for cameras of more than one kind, and for what cannot be done with them.
    """
    if len({camera.kin for camera in cameras}) != 1:
        raise ValueError("the cameras of a renderer share one size, kind of lens and shutter")
    if wanted not in (None, "rays", "triangles"):
        raise ValueError(f"primary must be 'rays' or 'triangles', not {wanted!r}")
    straight = cameras[0].lens.model == "pinhole" and cameras[0].shutter.readout == 0.0
    if wanted == "triangles" and not straight:
        raise ValueError("triangles are drawn for pinholes that see all rows at once; others take rays")
    return wanted or ("triangles" if device.is_cpu and straight else "rays")
