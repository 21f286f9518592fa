"""What the tree of eights says is in a ray's way, against every triangle asked in double precision."""

# pyright: reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

import numpy as np
import pytest
import warp as wp

from sim.render.library import Geometry
from sim.render.occlusion import is_blocked
from tests.render import scenes


@wp.kernel
def _ask_ways(
    geo: Geometry, origin: wp.array[wp.vec3], way: wp.array[wp.vec3], longest: float, out: wp.array[wp.int32]
):
    """Reads geometry, origin, way. Writes out: 1 where the first mesh is in the way."""
    ray = wp.tid()
    if is_blocked(geo, 0, origin[ray], way[ray], longest):
        out[ray] = 1


def ask(mesh, origins, ways, longest=1.0):
    library = scenes.library([], mesh)
    out = wp.zeros(len(origins), dtype=wp.int32, device="cpu")
    rays = [wp.array(x.astype(np.float32), dtype=wp.vec3, device="cpu") for x in (origins, ways)]
    wp.launch(_ask_ways, len(origins), [library.geometry, *rays, longest], [out], device="cpu")
    return out.numpy() == 1


def margins(corners, origins, ways):
    """How far inside its nearest triangle each ray meets one (negative: passes outside), least weight over all, (nray,)."""
    a, b, c = (corners[None, :, k] for k in range(3))
    n = np.cross(b - a, c - a)
    t = ((a - origins[:, None]) * n).sum(-1) / (ways[:, None] * n).sum(-1)
    p = origins[:, None] + ways[:, None] * t[..., None]
    area = (n * n).sum(-1)
    weights = [(np.cross(y - x, p - x) * n).sum(-1) / area for x, y in ((a, b), (b, c), (c, a))]
    return np.minimum(np.minimum.reduce(weights), np.minimum(t, 1.0 - t)).max(axis=1)


@pytest.mark.parametrize("ntriangle", [1, 8, 9, 70, 700])
def test_every_triangle_counts(ntriangle):
    rng = np.random.default_rng(ntriangle)
    corners = rng.uniform(-1, 1, (ntriangle, 1, 3)) + rng.normal(0, 0.3, (ntriangle, 3, 3)) * rng.uniform(
        0.1, 1, (ntriangle, 1, 1)
    )
    mesh = scenes.build(corners.reshape(-1, 3), np.arange(3 * ntriangle).reshape(-1, 3), np.ones((3 * ntriangle, 3)))
    origins = rng.uniform(-2, 2, (400, 3))
    ways = rng.uniform(-2, 2, (400, 3)) - origins
    ways[:30, 0] = 0.0
    ways[20:50, 1] = 0.0
    margin = margins(corners.astype(np.float32).astype(float), origins, ways)
    clear = np.abs(margin) > 1e-4
    assert clear.mean() > 0.97 and (ntriangle < 8 or 0.02 < (margin > 0).mean() < 0.999)
    assert (ask(mesh, origins, ways)[clear] == (margin > 0)[clear]).all()


def test_no_ray_slips_between_neighbours():
    rng = np.random.default_rng(5)
    x, y = np.meshgrid(np.arange(12.0), np.arange(12.0), indexing="ij")
    points = np.stack([x, y, rng.uniform(-0.2, 0.2, x.shape)], -1).reshape(-1, 3)
    corner = (np.arange(11)[:, None] * 12 + np.arange(11)).ravel()
    triangles = np.concatenate(
        [np.stack([corner, corner + 12, corner + 13], 1), np.stack([corner, corner + 13, corner + 1], 1)]
    )
    mesh = scenes.build(points, triangles, np.tile([0.0, 0.0, 1.0], (len(points), 1)))
    inner = triangles[(triangles % 12 % 11 > 0).all(1) & (triangles // 12 % 11 > 0).all(1)]
    share = rng.uniform(0, 1, (len(inner), 1))
    on_edges = points[inner[:, 0]] * share + points[inner[:, 1]] * (1 - share)
    targets = np.concatenate([points[inner[:, 2]], on_edges])
    origins = targets + rng.normal(0, 1, targets.shape) * 0.3 + (0, 0, 3)
    assert ask(mesh, origins, 2 * (targets - origins)).all()
    assert not ask(mesh, origins, 2 * (targets - origins), 0.4).any()
