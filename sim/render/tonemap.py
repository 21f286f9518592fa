"""From linear light to 8-bit sRGB: exposure and white balance of each picture, glare, filmic curve."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

from collections.abc import Sequence

import warp as wp

from sim.cameras import CameraConfig
from sim.render.camera import Cameras, Views, pixel_direction
from sim.render.glare import glare_at, scatter_glare
from sim.render.glass import Glass, _pass_glass, has_glass, set_glass, spoils_light
from sim.render.lens import PINHOLE
from sim.render.lights import luminance
from sim.render.local_tone import CELL, adapted, gather_base
from sim.render.mosaic import colour_of, demosaiced
from sim.render.poses import Poses
from sim.render.primary import Pixel
from sim.render.sensor import Chip, sensed, set_chip
from sim.render.sky import Sky
from sim.types import Scene

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

KEY = 0.19
"""Mean display luminance aimed at, before the filmic curve."""
SKY_SHARE = 4
"""One in so many pixels of the sky is metered: cameras of cars expose and balance for the road and what stands on it."""
BINS = 96
"""Histogram of log2 luminance from 2^-16 to 2^8, four bins an octave."""
CURVE_FIRST = wp.constant((127 - 14) << 7)
CURVE_SIZE = wp.constant(20 << 7)
"""The table of codes spans 2^-14 to 2^6, 128 steps an octave: each within half a code."""
BALANCE, GOLD = 0.45, 0.6
"""Share of the light's colour that white balance removes, and how much of that it leaves where the sun is low and the light warm."""
DARKER = 0.27
"""Octaves by which a picture of dusk or night is darker for each octave that its light is less; exposure makes up for the rest."""
HIGHEST, BRIGHT_SHARE, HELD_DOWN = 2.0, 0.015, 0.5
"""Display luminance towards which exposure holds down the brightest part of a picture, how large that part is, and the least factor."""


@wp.struct
class Exposure:
    """Gains per channel and what they are measured from."""

    world: wp.array[wp.vec3]
    """From the world's sun and sky alone, for the fast pass, (nworld,)."""
    picture: wp.array2d[wp.vec3]
    """Of each picture, (nworld, ncamera)."""
    histogram: wp.array3d[wp.int32]
    """Pixels by luminance, (nworld, ncamera, BINS)."""
    chroma: wp.array3d[wp.int64]
    """Sums of red, green and blue shares in 1/4096, and the count, (nworld, ncamera, 4)."""
    low: wp.array[wp.vec2]
    """1 of worlds in the light of a low sun, and of those or where the sun is down, (nworld,)."""
    adapts: wp.array2d[float]
    """How far tones adapt to the place: 0 under a high sun .. 1 at night and where the sun is low, (nworld, ncamera)."""
    base: wp.array4d[float]
    """Of `sim.render.local_tone`, in cells of each picture; (1, 1, 1, 1) if only the fast pass is used."""
    curve: wp.array[wp.uint8]
    """sRGB code of light after its gain, by the upper half of the float's bits from CURVE_FIRST on, (CURVE_SIZE,)."""


def make_exposure(nworld: int, ncamera: int, device: wp.DeviceLike) -> Exposure:
    """Empty statistics."""
    out = Exposure()
    out.world = wp.zeros(nworld, dtype=wp.vec3, device=device)
    out.picture = wp.zeros((nworld, ncamera), dtype=wp.vec3, device=device)
    out.histogram = wp.zeros((nworld, ncamera, BINS), dtype=wp.int32, device=device)
    out.chroma = wp.zeros((nworld, ncamera, 4), dtype=wp.int64, device=device)
    out.low = wp.zeros(nworld, dtype=wp.vec2, device=device)
    out.adapts = wp.zeros((nworld, ncamera), dtype=float, device=device)
    out.base = wp.zeros((1, 1, 1, 1), dtype=float, device=device)
    out.curve = wp.zeros(int(CURVE_SIZE), dtype=wp.uint8, device=device)
    wp.launch(_tabulate_curve, dim=int(CURVE_SIZE), inputs=[], outputs=[out.curve], device=device)
    return out


@wp.func
def filmic(x: float) -> float:
    """Film-like response in 0..1 (Narkowicz's fit of the ACES curve), in linear display light."""
    y = wp.max(x, 0.0) * 0.8
    return wp.clamp(y * (2.51 * y + 0.03) / (y * (2.43 * y + 0.59) + 0.14), 0.0, 1.0)


@wp.kernel
def _tabulate_curve(curve: wp.array[wp.uint8]):
    """Writes the sRGB codes (IEC 61966-2-1) of the filmic response at the middle of each step."""
    k = wp.tid()
    x = filmic(wp.cast(((k + CURVE_FIRST) << 16) + 0x8000, wp.float32))
    y = 12.92 * x
    if x > 0.0031308:
        y = 1.055 * wp.pow(x, 1.0 / 2.4) - 0.055
    curve[k] = wp.uint8(wp.clamp(y * 255.0 + 0.5, 0.0, 255.0))


@wp.func
def code_of(curve: wp.array[wp.uint8], x: float) -> wp.uint8:
    """Code in sRGB of exposed linear light."""
    return curve[wp.clamp((wp.cast(wp.max(x, 0.0), wp.int32) >> 16) - CURVE_FIRST, 0, CURVE_SIZE - 1)]


@wp.func
def display(curve: wp.array[wp.uint8], c: wp.vec3) -> wp.vec3ub:
    """Exposed linear light to a pixel."""
    return wp.vec3ub(code_of(curve, c[0]), code_of(curve, c[1]), code_of(curve, c[2]))


@wp.func
def balance(light: wp.vec3, low: float) -> wp.vec3:
    """Gains that take part of a light's colour out, at equal luminance; ``low``: 1 in the light of a low sun, whose gold stays."""
    y = luminance(light)
    warm = wp.clamp(2.0 * (light[0] - light[2]) / wp.max(y, 1.0e-5), 0.0, 1.0)
    share = BALANCE * (1.0 - GOLD * low * warm)
    gain = wp.vec3(
        wp.pow(y / wp.max(light[0], 1.0e-5), share),
        wp.pow(y / wp.max(light[1], 1.0e-5), share),
        wp.pow(y / wp.max(light[2], 1.0e-5), share),
    )
    gain = wp.vec3(wp.clamp(gain[0], 0.5, 2.0), wp.clamp(gain[1], 0.5, 2.0), wp.clamp(gain[2], 0.5, 2.0))
    return gain / luminance(wp.cw_mul(gain, light / wp.max(y, 1.0e-6)))


@wp.kernel
def _expose_world(sky: Sky, exposure: Exposure):
    """Reads the sky. Writes the fast pass's gains."""
    world = wp.tid()
    light = sky.ambient[world] + sky.sun[world] * (0.31831 * wp.max(sky.sun_direction[world][2], 0.15) * 0.7)
    # Lamps take over once daylight is gone.
    level = wp.max(luminance(light), 0.012 * wp.max(sky.night[world], 0.1))
    shines = luminance(sky.sun[world]) / wp.max(luminance(sky.beam[world]), 1.0e-6)
    up = sky.sun_direction[world][2]
    low = wp.smoothstep(0.3, 0.12, up) * wp.min(2.0 * shines, 1.0)
    exposure.low[world] = wp.vec2(low, wp.max(low, wp.smoothstep(0.06, -0.04, up)))
    exposure.world[world] = balance(light, low) * (KEY / (0.26 * level))


def expose_world(sky: Sky, exposure: Exposure) -> None:
    """Set the gains of the fast pass; needed whenever the sky changes."""
    wp.launch(
        _expose_world, dim=exposure.world.shape[0], inputs=[sky], outputs=[exposure], device=exposure.world.device
    )


@wp.kernel
def _count_light(cameras: Cameras, image: wp.array4d[wp.vec3], depth: wp.array4d[float], exposure: Exposure):
    """Reads light and depth. Adds the picture to the histogram (integers: any order)."""
    world, camera, row, col = wp.tid()
    c = image[world, camera, row, col]
    if cameras.lens[world, camera].model != wp.static(PINHOLE):
        ray = pixel_direction(cameras, world, camera, float(col), float(row))
        if wp.dot(ray, ray) == 0.0:
            return
    if depth[world, camera, row, col] > 1.0e4 and col % wp.static(SKY_SHARE) != 0:
        return
    y = luminance(c)
    bin = wp.clamp(int(4.0 * (wp.log2(wp.max(y, 1.0e-6)) + 16.0)), 0, BINS - 1)
    wp.atomic_add(exposure.histogram, world, camera, bin, 1)
    total = c[0] + c[1] + c[2]
    if total > 1.0e-5:
        for k in range(3):
            wp.atomic_add(exposure.chroma, world, camera, k, wp.int64(c[k] / total * 4096.0))
        wp.atomic_add(exposure.chroma, world, camera, 3, wp.int64(1))


@wp.kernel
def _expose_picture(exposure: Exposure):
    """Reads and clears the statistics. Writes the gains: KEY over mean luminance clipped at its 95th percentile.

    At night, as cameras' highlight metering does, less the nearer the brightest BRIGHT_SHARE of the picture would come to HIGHEST: what
    stands before head lamps is a hundred times as bright as the road around, and is what matters. By day a bright sky shall darken no road.
    """
    world, camera = wp.tid()
    count = int(0)
    for k in range(BINS):
        count += exposure.histogram[world, camera, k]
    seen = int(0)
    mean = float(0.0)
    top = float(1.0e9)
    bright = float(0.0)
    for k in range(BINS):
        n = exposure.histogram[world, camera, k]
        y = wp.pow(2.0, (float(k) + 0.5) * 0.25 - 16.0)
        if float(seen + n) > 0.95 * float(count) and top > 1.0e8:
            top = y
        if float(seen) <= (1.0 - BRIGHT_SHARE) * float(count):
            bright = y
        mean += float(n) * wp.min(y, top) / float(count)
        seen += n
        exposure.histogram[world, camera, k] = 0
    lit = wp.max(float(exposure.chroma[world, camera, 3]), 1.0) * 4096.0
    light = wp.vec3(0.0, 0.0, 0.0)
    for k in range(3):
        light[k] = float(exposure.chroma[world, camera, k]) / lit
        exposure.chroma[world, camera, k] = wp.int64(0)
    exposure.chroma[world, camera, 3] = wp.int64(0)
    # Night stays darker than day: the gain grows slower than the light falls.
    night = wp.clamp(0.12 / wp.max(mean, 1.0e-4), 1.0, 1.0e4)
    gain = KEY / wp.max(mean, 1.0e-4) * wp.pow(night, -DARKER)
    exposure.adapts[world, camera] = exposure.low[world][1]
    over = gain * bright / HIGHEST * wp.min(night - 1.0, 1.0)
    exposure.picture[world, camera] = balance(light, exposure.low[world][0]) * (
        gain * wp.max(wp.pow(1.0 + over * over * over * over, -0.25), HELD_DOWN)
    )


@wp.kernel
def _expose_alike(exposure: Exposure):
    """Reads the worlds' gains. Writes the pictures'."""
    world, camera = wp.tid()
    exposure.picture[world, camera] = exposure.world[world]


@wp.kernel
def _time_pictures(exposure: Exposure, poses: Poses, faulty: int, run: wp.array2d[wp.vec4]):
    """Reads gains and ticks. Writes them for the glass: the tick less than zero where its faults are left out."""
    world, camera = wp.tid()
    gain = exposure.picture[world, camera]
    tick = float(poses.tick[world])
    run[world, camera] = wp.vec4(gain[0], gain[1], gain[2], wp.where(faulty == 1, tick, -1.0 - tick))


@wp.func(inline=True)
def measured_light(
    image: wp.array4d[wp.vec3], exposure: Exposure, glare: wp.array4d[wp.vec3], chip: Chip, scene: Scene, poses: Poses, cameras: Cameras,
    px: Pixel,
) -> wp.vec3:  # fmt: skip
    """A pixel's light with its gain and the glare of others, as the camera's sensor measures it."""
    world = px.world
    camera = px.camera
    row = px.row
    col = px.col
    gain = exposure.picture[world, camera]
    c = wp.cw_mul(image[world, camera, row, col], gain)
    c += glare_at(glare, world, camera, row, col)
    if chip.full_well[camera] > 0.0:
        number = cameras.number[world, camera]
        c = sensed(
            chip, scene, poses.tick[world], world, camera, number, row * image.shape[3] + col, c, luminance(gain)
        )
    return c


@wp.kernel
def _develop(
    image: wp.array4d[wp.vec3], exposure: Exposure, glare: wp.array4d[wp.vec3], chip: Chip, scene: Scene, poses: Poses, cameras: Cameras,
    rgb: wp.array4d[wp.vec3ub],
):  # fmt: skip
    """Reads light, gains, glare and sensors. Writes the picture."""
    world, camera, row, col = wp.tid()
    c = measured_light(image, exposure, glare, chip, scene, poses, cameras, Pixel(world, camera, row, col))
    c = adapted(exposure.base, exposure.adapts, c, wp.vec4i(world, camera, row, col))
    rgb[world, camera, row, col] = display(exposure.curve, c)


@wp.kernel
def _read_mosaic(
    image: wp.array4d[wp.vec3], exposure: Exposure, glare: wp.array4d[wp.vec3], chip: Chip, scene: Scene, poses: Poses, cameras: Cameras,
    raw: wp.array4d[float],
):  # fmt: skip
    """Reads light, gains, glare and sensors. Writes the one colour that each pixel measures."""
    world, camera, row, col = wp.tid()
    c = measured_light(image, exposure, glare, chip, scene, poses, cameras, Pixel(world, camera, row, col))
    raw[world, camera, row, col] = c[colour_of(chip.mosaic[camera], row, col)]


@wp.kernel
def _develop_mosaic(raw: wp.array4d[float], mosaic: wp.array[int], exposure: Exposure, rgb: wp.array4d[wp.vec3ub]):
    """Reads what pixels measured. Writes the picture."""
    world, camera, row, col = wp.tid()
    c = demosaiced(raw, world, camera, row, col, mosaic[camera])
    c = adapted(exposure.base, exposure.adapts, c, wp.vec4i(world, camera, row, col))
    rgb[world, camera, row, col] = display(exposure.curve, c)


class Developer:
    """Exposes and tone-maps linear light; holds the statistics, the glare of bright lamps, lenses' glass and sensors.

    Args:
        shape: (nworld, ncamera, height, width); (.., 1, 1) if only the fast pass is used.
        device: Warp device.
        cameras: Their optics, sensors and faults.
    """

    def __init__(
        self, shape: tuple[int, int, int, int], device: wp.DeviceLike, cameras: Sequence[CameraConfig] = ()
    ) -> None:
        nworld, ncamera, height, width = shape
        self.exposure = make_exposure(nworld, ncamera, device)
        cells = (nworld, ncamera, -(-height // CELL), -(-width // CELL))
        self.exposure.base = wp.zeros(cells, dtype=float, device=device)
        self._glare = [wp.zeros(cells, dtype=wp.vec3, device=device) for _ in range(2)]
        self._device, self._glass, self._chip = device, Glass(), Chip()
        self._behind: wp.array | None = None
        self.clean: wp.array | None = None
        """The picture without the lens's faults, if it has any, as ``rgb``."""
        if any(has_glass(camera) for camera in cameras):
            self._behind = wp.zeros(shape, dtype=wp.vec3, device=device)
        if any(spoils_light(camera) for camera in cameras):
            self.clean = wp.zeros(shape, dtype=wp.vec3ub, device=device)
        mosaic = any(c.sensor is not None and c.sensor.mosaic is not None for c in cameras)
        self._raw = wp.zeros(shape, dtype=float, device=device) if mosaic else None
        self._run = wp.zeros((nworld, ncamera), dtype=wp.vec4, device=device)
        self.fit(cameras)

    def fit(self, cameras: Sequence[CameraConfig]) -> None:
        """Take over the optics, sensors and faults of other cameras of the same kin; not inside captures."""
        set_glass(self._glass, cameras, self._device)
        set_chip(self._chip, cameras, self._device)

    def develop(
        self, scene: Scene, poses: Poses, sky: Sky, cameras: Cameras, views: Views, image: wp.array, depth: wp.array | None,
        rgb: wp.array,
    ) -> None:  # fmt: skip
        """Turn linear light into a picture; only launches.

        Args:
            scene: The batch's scene.
            poses: Of the picture.
            sky: Of its worlds.
            cameras: The renderer's.
            views: Where they are.
            image: The light.
            depth: Distances of what is seen, in units of the pixels' directions; None for the fast pass, which knows no
                glare and is exposed for the world's sun and sky.
            rgb: Where the picture goes.
        """
        device, exposure = rgb.device, self.exposure
        if depth is None:
            wp.launch(_expose_alike, dim=rgb.shape[:2], inputs=[], outputs=[exposure], device=device)
        else:
            inputs = [cameras, image, depth]
            wp.launch(_count_light, dim=rgb.shape, inputs=inputs, outputs=[exposure], device=device)
            wp.launch(_expose_picture, dim=rgb.shape[:2], inputs=[], outputs=[exposure], device=device)
        for faulty, target in ((0, self.clean), (1, rgb)):
            if target is None:
                continue
            light = image
            if self._behind is not None:
                light, run = self._behind, self._run
                wp.launch(_time_pictures, dim=run.shape, inputs=[exposure, poses, faulty], outputs=[run], device=device)
                inputs = [self._glass, scene, cameras, views, sky, image, run]
                wp.launch(_pass_glass, dim=rgb.shape, inputs=inputs, outputs=[light], device=device)
            if depth is not None:
                gather_base(light, exposure.picture, exposure.adapts, exposure.base)
                scatter_glare(light, exposure.picture, sky.night, self._glare)
            inputs = [light, exposure, self._glare[0], self._chip, scene, poses, cameras]
            if self._raw is None:
                wp.launch(_develop, dim=rgb.shape, inputs=inputs, outputs=[target], device=device)
                continue
            wp.launch(_read_mosaic, dim=rgb.shape, inputs=inputs, outputs=[self._raw], device=device)
            inputs = [self._raw, self._chip.mosaic, exposure]
            wp.launch(_develop_mosaic, dim=rgb.shape, inputs=inputs, outputs=[target], device=device)
