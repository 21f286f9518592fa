"""A-trous filters (Dammertz et al. 2010) of bounced, lamps' and mirrored light and of the sun's penumbras, guided by normal and distance.

Each is carried as sum and weight, apart from what it is multiplied with: textures stay as they are.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Callable

import warp as wp

from sim.render.colour import Buffers
from sim.render.lights import luminance
from sim.render.options import RAYS

wp.set_module_options(RAYS | {"max_unroll": 1})

PASSES = 5
MIRROR_PASSES = 4
SHARE_OF_BLUR = 0.4
"""Standard deviation of the filter of mirrored light over half the width of what the surface blurs anyway."""
STANDS_OUT = 4.0
"""Standard deviations of the noise by which the light of lamps may differ without being another light."""
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
def _estimate_noise(guide: wp.array4d[wp.vec4], src: wp.array4d[wp.vec4], first_row: int, noise: wp.array4d[float]):
    """Reads guide and light as sum and weight. Writes the variance of its luminance among the like pixels of 5 x 5."""
    world, camera, row, col = wp.tid()
    row += first_row
    if src[world, camera, row, col][3] == 0.0:
        noise[world, camera, row, col] = 0.0
        return
    own = guide[world, camera, row, col]
    grade = slope(guide, world, camera, row, col)
    count = float(0.0)
    mean = float(0.0)
    square = float(0.0)
    for i in range(25):
        y = row + i / 5 - 2
        x = col + i % 5 - 2
        if x >= 0 and y >= 0 and x < src.shape[3] and y < src.shape[2]:
            light = src[world, camera, y, x]
            if light[3] > 0.0:
                expected = grade[0] * float(x - col) + grade[1] * float(y - row)
                k = likeness(own, guide[world, camera, y, x], expected, 1.0)
                v = luminance(wp.vec3(light[0], light[1], light[2])) / light[3]
                count += k
                mean += k * v
                square += k * v * v
    mean = mean / wp.max(count, 1.0e-6)
    out = wp.max(square / wp.max(count, 1.0e-6) - mean * mean, 0.0)
    if count > 1.5:
        out = out * count / (count - 1.0)
    noise[world, camera, row, col] = wp.where(count > 1.5, out, mean * mean)


@wp.kernel
def _filter_lamps(
    step: int, guide: wp.array4d[wp.vec4], src: wp.array4d[wp.vec4], noise: wp.array4d[float], first_row: int,
    dst: wp.array4d[wp.vec4], noise_out: wp.array4d[float],
):  # fmt: skip
    """Reads guide, one level of the lamps' light and its variance. Writes the next level: shadows that stand out of the noise stay.

    Spatiotemporal variance-guided filtering (Schied et al. 2017), here in space alone.
    """
    world, camera, row, col = wp.tid()
    row += first_row
    own = src[world, camera, row, col]
    total = wp.vec4(0.0, 0.0, 0.0, 0.0)
    left = float(0.0)
    # By day, and where no lamp reaches, there is nothing to do.
    if own[3] > 0.0:
        here = guide[world, camera, row, col]
        grade = slope(guide, world, camera, row, col)
        y0 = luminance(wp.vec3(own[0], own[1], own[2])) / wp.max(own[3], 1.0e-12)
        around = float(0.0)
        for i in range(9):
            y = wp.clamp(row + i / 3 - 1, 0, src.shape[2] - 1)
            x = wp.clamp(col + i % 3 - 1, 0, src.shape[3] - 1)
            around += noise[world, camera, y, x] * (1.0 / 9.0)
        spread = STANDS_OUT * wp.sqrt(around) + 1.0e-4
        for i in range(9):
            y = row + (i / 3 - 1) * step
            x = col + (i % 3 - 1) * step
            if x >= 0 and y >= 0 and x < src.shape[3] and y < src.shape[2]:
                light = src[world, camera, y, x]
                k = float(4.0)
                if i != 4:
                    expected = grade[0] * float(x - col) + grade[1] * float(y - row)
                    k = likeness(here, guide[world, camera, y, x], expected, float(step))
                    v = luminance(wp.vec3(light[0], light[1], light[2])) / wp.max(light[3], 1.0e-12)
                    k = k * wp.exp(-wp.abs(v - y0) / spread)
                    if i % 2 == 1:
                        k = k * 2.0
                total += light * k
                left += k * k * light[3] * light[3] * noise[world, camera, y, x]
    dst[world, camera, row, col] = total
    noise_out[world, camera, row, col] = left / wp.max(total[3] * total[3], 1.0e-20)


@wp.kernel
def _tame_mirror(
    src: wp.array4d[wp.vec4],
    blur: wp.array4d[wp.vec2],
    first_row: int,
    dst: wp.array4d[wp.vec4],
    reach: wp.array4d[wp.vec2],
):
    """Reads mirrored light and blur. Writes it with pixels no brighter than the second brightest around them, and the mean blur.

    What is brighter alone is a lamp that was met by chance.
    """
    world, camera, row, col = wp.tid()
    row += first_row
    own = src[world, camera, row, col]
    out = own
    if own[3] > 0.0:
        most = float(0.0)
        second = float(0.0)
        for i in range(9):
            y = row + i / 3 - 1
            x = col + i % 3 - 1
            if i != 4 and x >= 0 and y >= 0 and x < src.shape[3] and y < src.shape[2]:
                light = src[world, camera, y, x]
                v = luminance(wp.vec3(light[0], light[1], light[2])) / wp.max(light[3], 1.0e-12)
                second = wp.max(second, wp.min(v, most))
                most = wp.max(most, v)
        v = luminance(wp.vec3(own[0], own[1], own[2])) / own[3]
        if v > second:
            k = second / v
            out = wp.vec4(own[0] * k, own[1] * k, own[2] * k, own[3])
    dst[world, camera, row, col] = out
    reach[world, camera, row, col] = blur[world, camera, row, col] / wp.max(own[3], 1.0e-12)


@wp.kernel
def _filter_mirror(
    step: int, guide: wp.array4d[wp.vec4], reach: wp.array4d[wp.vec2], src: wp.array4d[wp.vec4], first_row: int, dst: wp.array4d[wp.vec4],
):  # fmt: skip
    """Reads guide, by how many pixels surfaces blur, mirrored light. Writes its next level.

    As far as the surface itself blurs: what a smooth coat mirrors stays sharp.
    """
    world, camera, row, col = wp.tid()
    row += first_row
    own = guide[world, camera, row, col]
    total = src[world, camera, row, col] * 4.0
    far = reach[world, camera, row, col] * SHARE_OF_BLUR
    # Earlier passes have blurred by a variance of (step^2 - 1) / 6, this one adds half the square of its step.
    done = float(step * step - 1) / 6.0
    share = wp.vec2(far[0] * far[0] - done, far[1] * far[1] - done) / (0.5 * float(step * step))
    share = wp.vec2(wp.clamp(share[0], 0.0, 1.0), wp.clamp(share[1], 0.0, 1.0))
    if share[0] + share[1] > 0.0:
        grade = slope(guide, world, camera, row, col)
        for i in range(9):
            y = row + (i / 3 - 1) * step
            x = col + (i % 3 - 1) * step
            if i != 4 and x >= 0 and y >= 0 and x < src.shape[3] and y < src.shape[2]:
                expected = grade[0] * float(x - col) + grade[1] * float(y - row)
                k = likeness(own, guide[world, camera, y, x], expected, float(step))
                if x != col:
                    k = k * share[0]
                if y != row:
                    k = k * share[1]
                if i % 2 == 1:
                    k = k * 2.0
                total += src[world, camera, y, x] * k
    dst[world, camera, row, col] = total


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


@wp.struct
class Filtered:
    """What the filters leave."""

    bounce: wp.array4d[wp.vec4]
    lamps: wp.array4d[wp.vec4]
    mirror: wp.array4d[wp.vec4]
    shade: wp.array4d[wp.vec2]
    """Share of the sun, and a flag."""


@wp.func
def mean_of(light: wp.vec4) -> wp.vec3:
    """Light carried as sum and weight."""
    return wp.vec3(light[0], light[1], light[2]) / wp.max(light[3], 1.0e-12)


@wp.kernel
def _compose_light(buffers: Buffers, light: Filtered, first_row: int, out: wp.array4d[wp.vec3]):
    """Reads what the colour pass left and what of it was filtered. Writes the whole light."""
    world, camera, row, col = wp.tid()
    row += first_row
    sun = buffers.sun[world, camera, row, col]
    total = buffers.direct[world, camera, row, col]
    total += wp.vec3(sun[0], sun[1], sun[2]) * light.shade[world, camera, row, col][0]
    total += wp.cw_mul(buffers.albedo[world, camera, row, col], mean_of(light.bounce[world, camera, row, col]))
    total += wp.cw_mul(buffers.glow[world, camera, row, col], mean_of(light.lamps[world, camera, row, col]))
    total += wp.cw_mul(buffers.tint[world, camera, row, col], mean_of(light.mirror[world, camera, row, col]))
    out[world, camera, row, col] = total


class Denoiser:
    """Filters the noisy parts of the light.

    Args:
        shape: Of the buffers, (nworld, ncamera, height, width).
        device: Warp device.
    """

    def __init__(self, shape: tuple[int, int, int, int], device: wp.DeviceLike) -> None:
        self._scratch = wp.zeros(shape, dtype=wp.vec4, device=device)
        self._noise = [wp.zeros(shape, dtype=float, device=device) for _ in range(2)]
        self._shade = [wp.zeros(shape, dtype=wp.vec2, device=device) for _ in range(2)]

    def run(
        self, buffers: Buffers, out: wp.array, launch: Callable[[wp.Kernel, list[object], list[object]], None]
    ) -> None:
        """Filter the parts and compose the light.

        Args:
            buffers: What the colour pass left; ``bounce``, ``lamps`` and ``mirror`` are written to.
            out: Receives the light, (nworld, ncamera, height, width).
            launch: Launches a kernel over all pixels, row by row; appends the first row to the inputs.
        """
        light, guide, free = Filtered(), buffers.guide, self._scratch
        src = buffers.bounce
        for k in range(PASSES):
            launch(_filter_bounce, [1 << k, guide, src], [free])
            src, free = free, src
        light.bounce, src = src, buffers.lamps
        noise, rest = self._noise
        launch(_estimate_noise, [guide, src], [noise])
        for k in range(PASSES):
            launch(_filter_lamps, [1 << k, guide, src, noise], [free, rest])
            src, free, noise, rest = free, src, rest, noise
        light.lamps, src = src, buffers.mirror
        one, two = self._shade
        launch(_tame_mirror, [src, buffers.blur], [free, one])
        src, free = free, src
        for k in range(MIRROR_PASSES):
            launch(_filter_mirror, [1 << k, guide, one, src], [free])
            src, free = free, src
        light.mirror = src
        for step in (1, 2):
            launch(_smooth_penumbra, [step, buffers, one], [two])
            one, two = two, one
        light.shade = one
        launch(_compose_light, [buffers, light], [out])
