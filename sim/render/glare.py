"""Glare: the light of lamps and skies brighter than white that a lens scatters about them."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

from collections.abc import Sequence

import warp as wp

from sim.render.lights import luminance
from sim.render.local_tone import CELL

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

GLARE_LEAST, GLARE_DARK = 1.5, 3.0
"""Luminance from which on a pixel gives to the glare, and how much more it takes at night: lamps glow, what they light does not."""
GLARE_MOST = 9.0
"""Luminance beyond white that a pixel gives to the glare at most: small lamps glow, they do not bleach the picture."""
GLARE_SHARE = 0.16
"""Share of it that the lens scatters about."""


@wp.kernel
def _gather_glare(
    image: wp.array4d[wp.vec3], gains: wp.array2d[wp.vec3], night: wp.array[float], out: wp.array4d[wp.vec3]
):
    """Reads light, gains and how much night it is. Writes what is brighter than white, in cells of CELL x CELL pixels."""
    world, camera, row, col = wp.tid()
    gain = gains[world, camera]
    least = GLARE_LEAST + GLARE_DARK * night[world]
    total = wp.vec3(0.0, 0.0, 0.0)
    for k in range(CELL * CELL):
        y = wp.min(row * CELL + k / CELL, image.shape[2] - 1)
        x = wp.min(col * CELL + k % CELL, image.shape[3] - 1)
        c = wp.cw_mul(image[world, camera, y, x], gain)
        m = luminance(c)
        if m > least:
            total += c * (wp.min(m - least, GLARE_MOST) / m)
    out[world, camera, row, col] = total / wp.static(float(CELL**2))


@wp.kernel
def _spread_glare(src: wp.array4d[wp.vec3], across: int, width: float, dst: wp.array4d[wp.vec3]):
    """Reads glare. Writes it spread along rows (``across`` 1) or columns by a bell ``width`` cells wide."""
    world, camera, row, col = wp.tid()
    total = wp.vec3(0.0, 0.0, 0.0)
    for k in range(-9, 10):
        y = row + k * (1 - across)
        x = col + k * across
        if x >= 0 and y >= 0 and x < src.shape[3] and y < src.shape[2]:
            total += src[world, camera, y, x] * (wp.exp(-0.5 * float(k * k) / (width * width)) * 0.39894 / width)
    dst[world, camera, row, col] = total


def scatter_glare(light: wp.array, gains: wp.array, night: wp.array, glare: Sequence[wp.array]) -> None:
    """Glare of what is brighter than white; only launches.

    Args:
        light: Linear light, (nworld, ncamera, height, width).
        gains: Of each picture, (nworld, ncamera).
        night: 0 by day .. 1 at night, as `Sky.night`, (nworld,).
        glare: The glare, in cells of CELL x CELL pixels, and another array like it.
    """
    one, two = glare
    device = light.device
    width = min(max(light.shape[2] / 160.0, 0.5), 3.5)
    wp.launch(_gather_glare, dim=one.shape, inputs=[light, gains, night], outputs=[one], device=device)
    wp.launch(_spread_glare, dim=one.shape, inputs=[one, 1, width], outputs=[two], device=device)
    wp.launch(_spread_glare, dim=one.shape, inputs=[two, 0, width], outputs=[one], device=device)


@wp.func
def glare_at(glare: wp.array4d[wp.vec3], world: int, camera: int, row: int, col: int) -> wp.vec3:
    """What a pixel gets of it, between its cells."""
    v = wp.max((float(row) + 0.5) / wp.static(float(CELL)) - 0.5, 0.0)
    u = wp.max((float(col) + 0.5) / wp.static(float(CELL)) - 0.5, 0.0)
    y0 = wp.min(int(v), glare.shape[2] - 1)
    x0 = wp.min(int(u), glare.shape[3] - 1)
    y1 = wp.min(y0 + 1, glare.shape[2] - 1)
    x1 = wp.min(x0 + 1, glare.shape[3] - 1)
    v -= float(y0)
    u -= float(x0)
    a = wp.lerp(glare[world, camera, y0, x0], glare[world, camera, y0, x1], u)
    b = wp.lerp(glare[world, camera, y1, x0], glare[world, camera, y1, x1], u)
    return wp.lerp(a, b, v) * GLARE_SHARE
