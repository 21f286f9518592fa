"""Pictures of skies on the device: shared by all worlds, four bytes a texel, with the same bits on CPU and CUDA.

Only what is above the horizon is kept; below it lies the scene's own ground. What lights surfaces and what they mirror comes from means
over the cells of the sky's table (`sim.render.sky`), so that light by samples and in closed form agree; a camera sees the texels.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import warp as wp

from sim.scenario.skies import SkyPicture, row_edges
from sim.types import Scene

wp.set_module_options({"enable_backward": False})

ROWS, COLS = 32, 64
"""Size of the sky's table: elevation (finer at the horizon) and azimuth."""
HORIZON = 0.1
"""Height (z of a unit vector) up to which a picture's mean is the light that air at the horizon scatters."""

DECK = 0.42
"""Light of an overcast sky on level ground over that of sun and clear sky."""


@wp.struct
class SkyPictures:
    """All pictures of a library, in the scale of `sim.scenario.skies.SkyPicture`."""

    texel: wp.array[wp.uint32]
    """Rows from zenith to horizon, columns to the right about the middle, one picture after the other: nine bits each of red, green and
    blue, and five of their exponent (as Vulkan's E5B9G9R9), (ntexel,)."""
    first: wp.array[wp.int32]
    """First texel, (npicture,)."""
    rows: wp.array[wp.int32]
    """Of four times as many columns, (npicture,)."""
    table: wp.array3d[wp.vec3]
    """Means over the cells of the sky's table, from the middle to the left, (npicture, ROWS, COLS)."""
    sun: wp.array[wp.vec3]
    """Irradiance facing the sun, (npicture,)."""
    ambient: wp.array[wp.vec3]
    """Irradiance of the rest on level ground over pi, (npicture,)."""
    horizon: wp.array[wp.vec3]
    """Mean near the horizon, (npicture,)."""


@wp.struct
class SkyLook:
    """How a world sees its picture."""

    first: int
    """First texel, -1 without a picture."""
    rows: int
    heading: float
    """Where the middle lies, from x to the left [rad]."""
    scale: float
    """Radiance per unit of the texels."""
    foggy: float
    """Share that fog hides."""
    mist: wp.vec3
    """Radiance of that fog."""


def pack_skies(pictures: Sequence[SkyPicture], device: wp.DeviceLike) -> SkyPictures:
    """Upload pictures."""
    out, rows = SkyPictures(), [len(p.radiance) for p in pictures]
    first = np.concatenate([[0], np.cumsum([4 * n * n for n in rows])])
    texels = [pack_texels(p.radiance).ravel() for p in pictures]
    out.texel = wp.array(np.concatenate(texels or [np.zeros(1, np.uint32)]), dtype=wp.uint32, device=device)
    out.first = wp.array(first[: max(len(rows), 1)].astype(np.int32), dtype=wp.int32, device=device)
    out.rows = wp.array(np.array(rows or [0], np.int32), dtype=wp.int32, device=device)
    tables = np.stack([cell_means(p.radiance) for p in pictures] or [np.zeros((ROWS, COLS, 3))])
    out.table = wp.array(tables.astype(np.float32), dtype=wp.vec3, device=device)
    edge = int(np.ceil(np.sqrt(HORIZON) * ROWS))
    weight = np.diff(np.arange(edge + 1.0) ** 2)
    horizon = np.einsum("r,prk->pk", weight / weight.sum(), tables[:, :edge].mean(axis=2))
    out.horizon = wp.array(horizon.astype(np.float32), dtype=wp.vec3, device=device)
    for name in ("sun", "ambient"):
        values = np.array([getattr(p, name) for p in pictures] or [(0.0, 0.0, 0.0)], np.float32)
        setattr(out, name, wp.array(values, dtype=wp.vec3, device=device))
    return out


def pack_texels(radiance: npt.NDArray[np.float32]) -> npt.NDArray[np.uint32]:
    """Linear RGB, (..., 3), as `SkyPictures.texel` holds it: off by at most 1/512 of the brightest of the three."""
    light = np.clip(radiance, 0.0, 65408.0)
    top = light.max(axis=-1)
    exponent = np.clip(np.floor(np.log2(np.maximum(top, 1e-9))).astype(np.int64) + 16, 0, 31)
    exponent += (np.round(top * 2.0 ** (24 - exponent)) > 511) & (exponent < 31)
    mantissa = np.minimum(np.round(light * 2.0 ** (24 - exponent)[..., None]), 511).astype(np.uint32)
    r, g, b = (mantissa[..., k] for k in range(3))
    return r | g << np.uint32(9) | b << np.uint32(18) | exponent.astype(np.uint32) << np.uint32(27)


def cell_means(radiance: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Means of a picture's upper half over the cells of the sky's table, weighted by solid angle, (ROWS, COLS, 3)."""
    rows, cols, _ = radiance.shape
    # Columns from the middle to the left, as azimuths run.
    ring = np.roll(radiance[:, ::-1].astype(np.float64), -(cols // 2), axis=1)
    edges = row_edges(rows)[::-1]
    up = ring[::-1] * np.diff(edges)[:, None, None]
    means = _means(up, edges, (np.arange(ROWS + 1) / ROWS) ** 2)
    across = means.transpose(1, 0, 2) / cols
    return _means(across, np.linspace(0.0, 1.0, cols + 1), np.linspace(0.0, 1.0, COLS + 1)).transpose(1, 0, 2)


def _means(
    parts: npt.NDArray[np.float64], edges: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Means between ``wanted`` edges of what has the integrals ``parts`` between ``edges``, along the first axis."""
    total = np.concatenate([np.zeros((1, *parts.shape[1:])), np.cumsum(parts, axis=0)])
    flat = total.reshape(len(edges), -1)
    at = np.stack([np.interp(wanted, edges, flat[:, k]) for k in range(flat.shape[1])], axis=-1)
    return (np.diff(at, axis=0) / np.diff(wanted)[:, None]).reshape(len(wanted) - 1, *parts.shape[1:])


@wp.func
def unpack_texel(v: wp.uint32) -> wp.vec3:
    """Linear RGB of a texel."""
    unit = float(wp.uint32(1) << (v >> wp.uint32(27))) * 5.9604645e-8
    low = wp.uint32(511)
    return wp.vec3(float(v & low), float((v >> wp.uint32(9)) & low), float((v >> wp.uint32(18)) & low)) * unit


@wp.func
def picture_radiance(texel: wp.array[wp.uint32], look: SkyLook, d: wp.vec3) -> wp.vec3:
    """Radiance of a world's picture in direction ``d``, between its texels and behind fog; at the horizon for what is below."""
    cols = 4 * look.rows
    u = (0.5 - (wp.atan2(d[1], d[0]) - look.heading) * 0.15915494) * float(cols) - 0.5
    v = wp.acos(wp.clamp(d[2], 0.0, 1.0)) * (0.63661977 * float(look.rows)) - 0.5
    fu = wp.floor(u)
    fv = wp.floor(v)
    x0 = int(fu) % cols
    if x0 < 0:
        x0 += cols
    x1 = (x0 + 1) % cols
    upper = look.first + wp.max(int(fv), 0) * cols
    lower = look.first + wp.min(int(fv) + 1, look.rows - 1) * cols
    a = wp.lerp(unpack_texel(texel[upper + x0]), unpack_texel(texel[upper + x1]), u - fu)
    b = wp.lerp(unpack_texel(texel[lower + x0]), unpack_texel(texel[lower + x1]), u - fu)
    return wp.lerp(wp.lerp(a, b, v - fv) * look.scale, look.mist, look.foggy)


@wp.func
def turned_cell(pictures: SkyPictures, number: int, heading: float, row: int, col: int) -> wp.vec3:
    """A cell of a picture's table once it is turned to its heading."""
    u = float(col) - heading * (float(COLS) / 6.2831853)
    fu = wp.floor(u)
    x = int(fu) % COLS
    if x < 0:
        x += COLS
    return wp.lerp(pictures.table[number, row, x], pictures.table[number, row, (x + 1) % COLS], u - fu)


@wp.func
def look_at(scene: Scene, pictures: SkyPictures, world: int, level: float, beam: float) -> SkyLook:
    """How a world sees its picture; none: ``first`` is -1.

    A file's scale is arbitrary: sun and sky together are scaled to what the computed clear sky gives on level ground, ``level``, of which
    ``beam`` is the sun's. A picture with less of a sun than that is cloudier: as dark as a deck once it has none while there should be one.
    """
    out = SkyLook()
    number = scene.weather.sky[world] - 1
    out.first = -1
    if number >= 0:
        sun = pictures.sun[number]
        mine = (sun[0] + sun[1] + sun[2]) * (0.333333 * 0.31831) * wp.max(scene.weather.sun_direction[world][2], 0.0)
        clear = wp.min((mine + 0.02) / (beam / wp.max(level, 1.0e-6) + 0.02), 1.0)
        out.first = pictures.first[number]
        out.rows = pictures.rows[number]
        out.heading = scene.weather.sky_heading[world]
        out.scale = level * wp.lerp(DECK, 1.0, clear)
    return out
