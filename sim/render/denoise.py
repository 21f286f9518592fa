"""A-trous filter of the bounced light (Dammertz et al. 2010), guided by normal and distance."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.colour import Buffers

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

PASSES = 4


@wp.func
def likeness(a: wp.vec4, b: wp.vec4, step: float) -> float:
    """1 for pixels of the same surface, near 0 across edges."""
    cosine = wp.max(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], 0.0)
    c2 = cosine * cosine
    c4 = c2 * c2
    c8 = c4 * c4
    return c8 * c8 * wp.exp(-wp.abs(a[3] - b[3]) / (0.012 * a[3] * step + 0.02))


@wp.kernel
def _filter_bounce(step: int, guide: wp.array4d[wp.vec4], src: wp.array4d[wp.vec4], dst: wp.array4d[wp.vec4]):
    """Reads guide and one level of the light. Writes the next level: 3 x 3 taps, ``step`` pixels apart.

    Light is carried as sum and weight: pixels whose samples all missed the surface take their neighbours' light.
    """
    world, camera, row, col = wp.tid()
    height = src.shape[2]
    width = src.shape[3]
    own = guide[world, camera, row, col]
    total = src[world, camera, row, col] * 4.0
    for i in range(9):
        y = row + (i / 3 - 1) * step
        x = col + (i % 3 - 1) * step
        if i != 4 and x >= 0 and y >= 0 and x < width and y < height:
            k = likeness(own, guide[world, camera, y, x], float(step)) + 1.0e-4
            if i % 2 == 1:
                k = k * 2.0
            total += src[world, camera, y, x] * k
    dst[world, camera, row, col] = total * 0.0625


@wp.kernel
def _compose_light(buffers: Buffers, bounce: wp.array4d[wp.vec4], out: wp.array4d[wp.vec3]):
    """Reads direct, albedo and the filtered bounce. Writes the whole light."""
    world, camera, row, col = wp.tid()
    b = bounce[world, camera, row, col]
    light = wp.cw_mul(buffers.albedo[world, camera, row, col], wp.vec3(b[0], b[1], b[2])) / wp.max(b[3], 1.0e-12)
    out[world, camera, row, col] = buffers.direct[world, camera, row, col] + light


def denoise(buffers: Buffers, scratch: wp.array, out: wp.array) -> None:
    """Filter ``buffers.bounce`` (used as scratch, as is ``scratch`` of its size) and compose the light into ``out``."""
    src, dst = buffers.bounce, scratch
    for k in range(PASSES):
        wp.launch(_filter_bounce, dim=out.shape, inputs=[1 << k, buffers.guide, src], outputs=[dst], device=out.device)
        src, dst = dst, src
    wp.launch(_compose_light, dim=out.shape, inputs=[buffers, src], outputs=[out], device=out.device)
