"""Optical flow: each pixel's point on its triangle, followed into the neighbouring frame."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.camera import Cameras, Spot, Views, pixel_direction, place_at, start_search, take_step
from sim.render.label_images import Labels
from sim.render.library import Geometry
from sim.render.primary import BLOCK, VOID, Hits, Pixel, PixelHit, Share, is_inside, pixel_of
from sim.render.raycast import FAR
from sim.render.scene_bvh import Instances

wp.set_module_options({"enable_backward": False, "fuse_fp": False})


@wp.struct
class ViewPair:
    """The cameras in two frames."""

    now: Views
    """Of the picture."""
    then: Views
    """Of the frame that flow leads to."""
    moments: int
    """1, or a moment for every row of either picture (`sim.render.shutter`), whose instances and views then follow one another."""


@wp.struct
class Sight:
    """A pixel's ray in the world, of its own row's moment."""

    eye: wp.vec3
    """[m]."""
    ray: wp.vec3
    """Its hit's ``t`` counts in units of this."""


@wp.struct
class Followed:
    """A pixel's point in the other frame."""

    slot: int
    """Instance slot, -1 for the sky."""
    face: int
    gone: int
    """1 if the other frame does not have it, or the pixel shows nothing."""
    point: wp.vec3
    """World frame [m]."""


@wp.func(inline=True)
def sight_of(cameras: Cameras, views: ViewPair, px: Pixel) -> Sight:
    """Where a pixel looks from and along which ray."""
    own = wp.where(views.moments == 1, 0, px.row) * cameras.flags.shape[0] + px.world
    out = Sight()
    out.eye = views.now.pos[own, px.camera]
    out.ray = views.now.rot[own, px.camera] * pixel_direction(
        cameras, px.world, px.camera, float(px.col), float(px.row)
    )
    return out


@wp.func(inline=True)
def follow(
    geo: Geometry, then: Instances, views: ViewPair, at: PixelHit, sight: Sight, px: Pixel, row: int
) -> Followed:  # fmt: skip
    """Where the point that a pixel shows is in the other frame, at a row of its instances and views."""
    out = Followed()
    out.slot = at.slot
    out.face = at.face
    if at.slot == VOID:
        out.gone = 1
    elif at.slot < 0:
        # The sky turns with the camera and is infinitely far.
        out.point = views.then.pos[row, px.camera] + sight.ray * FAR
    elif at.slot < then.first_actor:
        # It stands still: where depth says, which is exact to the last bit; weights on a triangle 100 m long are so to a millimetre.
        out.point = sight.eye + sight.ray * at.t
    else:
        mesh = then.mesh[row, at.slot]
        if mesh < 0:
            out.gone = 1
        else:
            p = wp.mesh_eval_position(geo.mesh_id[mesh], at.face, at.u, at.v)
            out.point = then.linear[row, at.slot] * p + then.pos[row, at.slot]
    return out


@wp.func(inline=True)
def spot_at(
    geo: Geometry, then: Instances, cameras: Cameras, views: ViewPair, at: PixelHit, sight: Sight, px: Pixel, moment: int
) -> Spot:  # fmt: skip
    """Where a pixel's point is in the other picture as that one's moment has it; not seen if it is gone."""
    row = moment * cameras.flags.shape[0] + px.world
    out = Spot()
    to = follow(geo, then, views, at, sight, px, row)
    if to.gone == 0:
        out = place_at(cameras, views.then, px.world, px.camera, to.point, moment)
    return out


@wp.func(inline=True)
def land(
    geo: Geometry, then: Instances, cameras: Cameras, views: ViewPair, at: PixelHit, sight: Sight, px: Pixel
) -> Spot:  # fmt: skip
    """Where a pixel's point is in the other picture: on the row that sees when the point is on that row.

    A point that outruns the shutter may be on no row when it is read: then it is where its own row has it, and ``seen`` is 2.
    """
    if views.moments == 1:
        return spot_at(geo, then, cameras, views, at, sight, px, 0)
    search = start_search(px.row, views.moments)
    while search.ended == 0:
        one = spot_at(geo, then, cameras, views, at, sight, px, search.first)
        two = spot_at(geo, then, cameras, views, at, sight, px, search.first + 1)
        search = take_step(search, one, two)
    out = search.spot
    if search.ended == 2:
        out = spot_at(geo, then, cameras, views, at, sight, px, px.row)
        out.seen = 2 * out.seen
    return out


@wp.func(inline=True)
def follow_pixel(
    geo: Geometry, then: Instances, cameras: Cameras, views: ViewPair, hits: Hits, back: int, labels: Labels, px: Pixel,
):  # fmt: skip
    """Write a pixel's flow into the other frame and whether it leaves the picture."""
    world = px.world
    camera = px.camera
    row = px.row
    col = px.col
    flow = wp.vec2(wp.nan, wp.nan)
    occluded = int(1)
    at = hits.at[world, camera, row, col]
    q = land(geo, then, cameras, views, at, sight_of(cameras, views, px), px)
    if q.seen > 0:
        flow = wp.vec2(q.col - float(col), q.row - float(row))
        right = float(hits.at.shape[3]) - 0.5
        bottom = float(hits.at.shape[2]) - 0.5
        if q.seen == 1 and q.col >= -0.5 and q.row >= -0.5 and q.col < right and q.row < bottom:
            occluded = 0
    elif at.slot == VOID:
        flow = wp.vec2(0.0, 0.0)
    if back == 0:
        labels.flow[world, camera, row, col] = flow
        labels.flow_occluded[world, camera, row, col] = wp.uint8(occluded)
    else:
        labels.flow_back[world, camera, row, col] = flow
        labels.flow_back_occluded[world, camera, row, col] = wp.uint8(occluded)


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _follow_pixels(
    geo: Geometry, then: Instances, cameras: Cameras, views: ViewPair, hits: Hits, back: int, share: Share, labels: Labels,
):  # fmt: skip
    """Reads the frame's hits and views, the other frame's instances and views. Writes flow (``back`` 1: flow back) to it.

    Its mask holds what leaves the picture; `sim.render.hidden` adds what is hidden there.
    """
    world, camera, tile, lane = wp.tid()
    while lane < BLOCK:
        px = pixel_of(world, camera, share.first + tile, lane, hits.at.shape[3])
        lane += share.lanes
        if is_inside(px, share, hits.at):
            follow_pixel(geo, then, cameras, views, hits, back, labels, px)
