"""A colour mosaic before the sensor: each pixel measures one colour, the others are worked out from its neighbours.

Malvar, He and Cutler, High-quality linear interpolation for demosaicing of Bayer-patterned color images, ICASSP 2004: bilinear means,
corrected by the second derivative of the colour that was measured. So noise is that of single photosites, passed on to their neighbours.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.cameras import MOSAICS

wp.set_module_options({"enable_backward": False, "max_unroll": 1})


def mosaic_code(pattern: str | None) -> int:
    """0 for none, else 1 + column of red + 2 row of red in the pattern's square of two by two."""
    return 0 if pattern is None else 1 + MOSAICS.index(pattern)


@wp.func
def site_of(code: int, row: int, col: int) -> wp.vec2i:
    """Which of the square's pixels one is, counted from red: (0, 0) red, (1, 1) blue, the others green."""
    red = code - 1
    return wp.vec2i((row + red / 2) & 1, (col + red) & 1)


@wp.func
def colour_of(code: int, row: int, col: int) -> int:
    """The colour that a pixel measures: 0 red, 1 green, 2 blue."""
    site = site_of(code, row, col)
    return site[0] + site[1]


@wp.func
def inside(i: int, size: int) -> int:
    """A row or column, mirrored at the edges, so that colours stay in step."""
    k = wp.abs(i)
    return wp.where(k < size, k, 2 * (size - 1) - k)


@wp.func
def raw_at(raw: wp.array4d[float], world: int, camera: int, row: int, col: int) -> float:
    """What a pixel has measured."""
    return raw[world, camera, inside(row, raw.shape[2]), inside(col, raw.shape[3])]


@wp.func
def demosaiced(raw: wp.array4d[float], world: int, camera: int, row: int, col: int, code: int) -> wp.vec3:
    """The three colours of a pixel; a picture of less than three rows or columns is not for a mosaic."""
    c = raw_at(raw, world, camera, row, col)
    left = raw_at(raw, world, camera, row, col - 1) + raw_at(raw, world, camera, row, col + 1)
    up = raw_at(raw, world, camera, row - 1, col) + raw_at(raw, world, camera, row + 1, col)
    across = raw_at(raw, world, camera, row, col - 2) + raw_at(raw, world, camera, row, col + 2)
    down = raw_at(raw, world, camera, row - 2, col) + raw_at(raw, world, camera, row + 2, col)
    corners = (
        raw_at(raw, world, camera, row - 1, col - 1)
        + raw_at(raw, world, camera, row - 1, col + 1)
        + raw_at(raw, world, camera, row + 1, col - 1)
        + raw_at(raw, world, camera, row + 1, col + 1)
    )
    site = site_of(code, row, col)
    beside = (5.0 * c + 4.0 * left - corners - across + 0.5 * down) * 0.125
    above = (5.0 * c + 4.0 * up - corners - down + 0.5 * across) * 0.125
    green = (4.0 * c + 2.0 * (left + up) - across - down) * 0.125
    corner = (6.0 * c + 2.0 * corners - 1.5 * (across + down)) * 0.125
    # Red and blue have both their neighbours of the other colour at the corners; a green pixel has one beside and one above.
    out = wp.vec3(beside, c, above)
    if site[0] == 1:
        out = wp.vec3(above, c, beside)
    if site[0] == site[1]:
        out = wp.vec3(c, green, corner)
        if site[0] == 1:
            out = wp.vec3(corner, green, c)
    return wp.max(out, wp.vec3(0.0, 0.0, 0.0))
