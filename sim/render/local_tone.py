"""A tone curve that adapts to the place, at night and under a low sun: what stands right before head lamps keeps its form and colour.

There the brightest surface is a thousand times as bright as the road around, which no curve of the whole picture can show. As in Durand and
Dorsey (2002), a pixel's light is parted into a base, the mean of log luminance over what is near and about as bright, and detail about it;
bases beyond ``KNEE`` are compressed, detail is kept. What differs in brightness is left out of the mean, so edges have no halos.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import math

import warp as wp

from sim.render.lights import luminance

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

CELL = 4
"""Pixels per cell of the base, and of the glare (`sim.render.glare`)."""
KNEE = 0.25
"""Luminance of exposed light from which on bases are compressed; what is darker stays as it is."""
KEPT = 0.2
"""Share of an octave that is left of each octave far beyond it."""
SOFT = 0.8
"""Octaves over which compression sets in."""
ALIKE = 1.4
"""Standard deviation of what counts as equally bright [octaves]."""
REACH = 2
"""Cells looked at to each side."""


@wp.kernel
def _gather_base(
    image: wp.array4d[wp.vec3], gain: wp.array2d[wp.vec3], adapts: wp.array2d[float], base: wp.array4d[float]
):
    """Reads light, gains and how far tones adapt. Writes mean log2 luminance of cells, if they do at all."""
    world, camera, row, col = wp.tid()
    if adapts[world, camera] <= 0.0:
        return
    total = float(0.0)
    for k in range(CELL * CELL):
        y = wp.min(row * CELL + k / CELL, image.shape[2] - 1)
        x = wp.min(col * CELL + k % CELL, image.shape[3] - 1)
        c = wp.cw_mul(image[world, camera, y, x], gain[world, camera])
        total += wp.log2(wp.max(luminance(c), 1.0e-4))
    base[world, camera, row, col] = total / wp.static(float(CELL**2))


def gather_base(image: wp.array, gain: wp.array, adapts: wp.array, base: wp.array) -> None:
    """Mean log2 luminance of exposed light in cells of CELL x CELL pixels.

    Args:
        image: Linear light, (nworld, ncamera, height, width).
        gain: Of each picture, (nworld, ncamera).
        adapts: 0 of pictures whose tone stays as it is .. 1, (nworld, ncamera).
        base: Where it goes, (nworld, ncamera, height / CELL, width / CELL), rounded up.
    """
    wp.launch(_gather_base, dim=base.shape, inputs=[image, gain, adapts], outputs=[base], device=image.device)


@wp.func(inline=True)
def adapted(base: wp.array4d[float], adapts: wp.array2d[float], c: wp.vec3, at: wp.vec4i) -> wp.vec3:
    """Exposed light ``c`` of a pixel (world, camera, row, col) with its base compressed, at equal colour; under a high sun as it is."""
    strength = adapts[at[0], at[1]]
    light = luminance(c)
    if strength <= 0.0 or light <= wp.static(0.5 * KNEE):
        return c
    here = wp.log2(light)
    # Wider in larger pictures.
    stride = 1 + base.shape[2] / 80
    row = at[2] / CELL
    col = at[3] / CELL
    # Where the pixel is in its cell, so that cells do not show.
    v = ((float(at[2]) + 0.5) / wp.static(float(CELL)) - float(row) - 0.5) / float(stride)
    u = ((float(at[3]) + 0.5) / wp.static(float(CELL)) - float(col) - 0.5) / float(stride)
    total = here
    weight = float(1.0)
    for k in range(wp.static((2 * REACH + 1) ** 2)):
        i = k / wp.static(2 * REACH + 1) - REACH
        j = k % wp.static(2 * REACH + 1) - REACH
        r = row + i * stride
        s = col + j * stride
        if r >= 0 and s >= 0 and r < base.shape[2] and s < base.shape[3]:
            b = base[at[0], at[1], r, s]
            off = (b - here) / ALIKE
            y = float(i) - v
            x = float(j) - u
            share = wp.exp(-0.5 * off * off - 0.4 * (x * x + y * y))
            total += share * b
            weight += share
    over = wp.max(total / weight - wp.static(float(math.log2(KNEE))), 0.0)
    push = (1.0 - KEPT) * over * over / (over + SOFT)
    return c * wp.pow(2.0, -strength * push)
