"""A-trous filter of the bounced light (Dammertz et al. 2010), guided by normal and distance."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Callable, Sequence

import warp as wp

from sim.render.colour import Buffers
from sim.render.options import RAYS

wp.set_module_options(RAYS | {"max_unroll": 1})

PASSES = 5
PENUMBRA = 0.7
"""Share of half-lit pixels around one above which it lies in a wide penumbra."""


@wp.func
def flatter(z: float, before: float, after: float) -> float:
    """Change of distance from a pixel to the next: of both sides the smaller, as an edge lies on one only."""
    down = z - before
    up = after - z
    return wp.where(wp.abs(down) < wp.abs(up), down, up)


@wp.func
def slope(guide: wp.array4d[wp.vec4], world: int, camera: int, row: int, col: int) -> wp.vec2:
    """Change of distance per pixel to the right and down on the surface seen [m]."""
    z = guide[world, camera, row, col][3]
    x0 = wp.max(col - 1, 0)
    x1 = wp.min(col + 1, guide.shape[3] - 1)
    y0 = wp.max(row - 1, 0)
    y1 = wp.min(row + 1, guide.shape[2] - 1)
    return wp.vec2(
        flatter(z, guide[world, camera, row, x0][3], guide[world, camera, row, x1][3]),
        flatter(z, guide[world, camera, y0, col][3], guide[world, camera, y1, col][3]),
    )


@wp.func
def likeness(a: wp.vec4, b: wp.vec4, expected: float, step: float) -> float:
    """1 for pixels of the same surface, near 0 across edges; ``expected``: change of distance if the surface goes on."""
    cosine = wp.max(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], 0.0)
    c2 = cosine * cosine
    c4 = c2 * c2
    c8 = c4 * c4
    apart = wp.abs(b[3] - a[3] - expected)
    return c8 * c8 * wp.exp(-apart / (0.006 * a[3] * step + 0.02 + 0.4 * wp.abs(expected)))


@wp.kernel
def _filter_bounce(
    step: int, guide: wp.array4d[wp.vec4], src: wp.array4d[wp.vec4], first_row: int, dst: wp.array4d[wp.vec4]
):
    """Reads guide and one level of the light. Writes the next level: 3 x 3 taps, ``step`` pixels apart.

    Light is carried as sum and weight: pixels whose samples all missed the surface take their neighbours' light.
    """
    world, camera, row, col = wp.tid()
    row += first_row
    height = src.shape[2]
    width = src.shape[3]
    own = guide[world, camera, row, col]
    grade = slope(guide, world, camera, row, col)
    total = src[world, camera, row, col] * 4.0
    for i in range(9):
        y = row + (i / 3 - 1) * step
        x = col + (i % 3 - 1) * step
        if i != 4 and x >= 0 and y >= 0 and x < width and y < height:
            expected = grade[0] * float(x - col) + grade[1] * float(y - row)
            k = likeness(own, guide[world, camera, y, x], expected, float(step)) + 1.0e-4
            if i % 2 == 1:
                k = k * 2.0
            total += src[world, camera, y, x] * k
    dst[world, camera, row, col] = total * 0.0625


@wp.kernel
def _smooth_penumbra(step: int, buffers: Buffers, src: wp.array4d[wp.vec2], first_row: int, dst: wp.array4d[wp.vec2]):
    """Reads the sun's share (with ``step`` 1 from the buffers) and guides. Writes it smoothed where it is a wide penumbra.

    Sharp shadows have a seam one pixel wide at most, and are left alone; src and dst hold share and flag.
    """
    world, camera, row, col = wp.tid()
    row += first_row
    own = buffers.sun[world, camera, row, col]
    share = own[3]
    wide = float(0.0)
    if step > 1:
        was = src[world, camera, row, col]
        share = was[0]
        wide = was[1]
    if own[1] > 0.0 and (step == 1 or wide > 0.0):
        guide = buffers.guide[world, camera, row, col]
        grade = slope(buffers.guide, world, camera, row, col)
        total = share
        weight = float(1.0)
        partial = float(0.0)
        count = float(0.0)
        for i in range(25):
            y = row + (i / 5 - 2) * step
            x = col + (i % 5 - 2) * step
            if i != 12 and x >= 0 and y >= 0 and x < dst.shape[3] and y < dst.shape[2]:
                other = buffers.sun[world, camera, y, x]
                if other[1] > 0.0:
                    expected = grade[0] * float(x - col) + grade[1] * float(y - row)
                    k = likeness(guide, buffers.guide[world, camera, y, x], expected, float(step))
                    value = other[3]
                    if step > 1:
                        value = src[world, camera, y, x][0]
                    total += value * k
                    weight += k
                    count += k
                    if other[3] > 0.02 and other[3] < 0.98:
                        partial += k
        if step == 1:
            wide = wp.where(partial > PENUMBRA * count and count > 3.0, 1.0, 0.0)
        if wide > 0.0:
            share = total / weight
    dst[world, camera, row, col] = wp.vec2(share, wide)


@wp.kernel
def _compose_light(
    buffers: Buffers,
    bounce: wp.array4d[wp.vec4],
    shade: wp.array4d[wp.vec2],
    first_row: int,
    out: wp.array4d[wp.vec3],
):
    """Reads direct, sun, albedo, the filtered bounce and shadow. Writes the whole light."""
    world, camera, row, col = wp.tid()
    row += first_row
    b = bounce[world, camera, row, col]
    light = wp.cw_mul(buffers.albedo[world, camera, row, col], wp.vec3(b[0], b[1], b[2])) / wp.max(b[3], 1.0e-12)
    sun = buffers.sun[world, camera, row, col]
    light += wp.vec3(sun[0], sun[1], sun[2]) * shade[world, camera, row, col][0]
    out[world, camera, row, col] = buffers.direct[world, camera, row, col] + light


def denoise(
    buffers: Buffers,
    scratch: wp.array,
    shade: Sequence[wp.array],
    out: wp.array,
    launch: Callable[[wp.Kernel, list[object], list[object]], None],
) -> None:
    """Filter ``buffers.bounce`` and the sun's penumbras and compose the light into ``out``.

    Args:
        buffers: What the colour pass left; ``bounce`` is written to.
        scratch: Of the size of ``bounce``.
        shade: Two arrays of `wp.vec2` of the picture's size.
        out: Receives the light.
        launch: Launches a kernel over all pixels, row by row; appends the first row to the inputs.
    """
    src, dst = buffers.bounce, scratch
    for k in range(PASSES):
        launch(_filter_bounce, [1 << k, buffers.guide, src], [dst])
        src, dst = dst, src
    one, two = shade
    for step in (1, 2):
        launch(_smooth_penumbra, [step, buffers, one], [two])
        one, two = two, one
    launch(_compose_light, [buffers, src, one], [out])
