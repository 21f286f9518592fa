"""Lidar: the echoes of every beam of a scan, with label, time and what weather does to them.

Power and intensity. A matt surface of reflectance rho at an angle theta to the beam gives, once it fills the beam, a power proportional to
rho cos(theta) / R^2 exp(-2 alpha R) (lidar equation of an extended target: e.g. Wagner 2010, Hahner et al. 2021). Powers are told in
units of a white board hit squarely at 1 m. A receiver detects what exceeds its threshold, 0.1 / range_10^2, its noise having
1/`THRESHOLD` of that as standard deviation. The reported ``intensity`` is power R^2: calibrated reflectance, 1 for a white board in
clear air, less through weather and at a slant, more for retroreflectors.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import warp as wp

from sim.render.draws import Key, normals, philox
from sim.render.library import Geometry, MeshLibrary
from sim.render.options import RAYS
from sim.render.poses import Poses, PoseWindow
from sim.render.raycast import actor_of
from sim.render.scene_bvh import Instances
from sim.render.shading import around
from sim.sensors.air import LIGHT, Air, drop_echo, fill_air, fog_echo, make_air, overlap, rain_drops, snow_flakes
from sim.sensors.config import LidarConfig
from sim.sensors.draws import key_of
from sim.sensors.echoes import NO_CLASS, Echoes, EchoType, add_echo, last, pack_label, strongest
from sim.sensors.mount import Mount, Station, fire, make_mount, station_of
from sim.sensors.pattern import make_pattern
from sim.sensors.reflectance import surface_echo
from sim.sensors.sweep import Beam, SweptScene, carried_along, trace_beam
from sim.types import TICK, Scene, State

if TYPE_CHECKING:
    import torch

wp.set_module_options(RAYS | {"fuse_fp": False, "max_unroll": 4})

THRESHOLD = 5.0
"""Detection threshold in standard deviations of the receiver's noise."""
BLOCK = 64
"""Beams that a block of threads, or one thread of a CPU, works on."""
PANES = 3
"""Surfaces that a beam meets at most, panes of glass among them."""
GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))
"""Turn of the rosette from one scan to the next [rad]."""


@wp.struct
class Receiver:
    """A lidar's figures, from `LidarConfig`."""

    near: float
    far: float
    """[m]."""
    least: float
    """Detected power."""
    resolution: float
    """Echoes closer than this overlap [m]."""
    false_alarm: float
    """Chance of a false echo per beam."""
    range_noise: float
    """[m]; negative: no noise at all."""
    shape: wp.vec2
    """Diameter of the beam where it leaves [m], and its divergence [rad]."""
    samples: int
    turn: float
    """How far the pattern turns about the x axis per tick [rad]."""


@wp.struct
class Beams:
    """What a lidar fires in a scan."""

    mount: Mount
    direction: wp.array[wp.vec3]
    """Sensor frame, (npoint,)."""
    ago: wp.array[float]
    """Before the end of the scan [s], (npoint,)."""
    receiver: Receiver


@wp.struct
class Points:
    """What a lidar reports: for each beam its returns, the strongest first."""

    pos: wp.array3d[wp.vec3]
    """In the sensor's frame at the end of the scan, the ego's motion undone [m], (nworld, npoint, nreturn)."""
    range: wp.array3d[float]
    """Measured along the beam [m], 0 where there is no echo, (nworld, npoint, nreturn)."""
    intensity: wp.array3d[float]
    """Calibrated reflectance, (nworld, npoint, nreturn)."""
    semantic: wp.array3d[wp.uint8]
    """`sim.render.mesh.Semantic`, NO_CLASS of what is no surface, (nworld, npoint, nreturn)."""
    instance: wp.array3d[wp.int32]
    """Actor's slot + 1, 0 for none, (nworld, npoint, nreturn)."""
    echo: wp.array3d[wp.uint8]
    """`EchoType`, (nworld, npoint, nreturn)."""
    angles: wp.array2d[wp.vec2]
    """Azimuth and elevation of each beam in the sensor's frame when it is fired [rad], (nworld, npoint)."""


def make_points(nworld: int, npoint: int, nreturn: int, device: wp.DeviceLike) -> Points:
    """Empty points."""
    out = Points()
    for name, dtype in (
        ("pos", wp.vec3), ("range", float), ("intensity", float), ("semantic", wp.uint8), ("instance", wp.int32), ("echo", wp.uint8),
    ):  # fmt: skip
        setattr(out, name, wp.zeros((nworld, npoint, nreturn), dtype=dtype, device=device))
    out.angles = wp.zeros((nworld, npoint), dtype=wp.vec2, device=device)
    return out


def make_beams(config: LidarConfig, device: wp.DeviceLike) -> Beams:
    """Tables of a lidar's scan and figures of its receiver."""
    pattern = make_pattern(config)
    out = Beams()
    out.mount = make_mount(config)
    out.direction = wp.array(pattern.directions.astype(np.float32), dtype=wp.vec3, device=device)
    out.ago = wp.array(pattern.ago.astype(np.float32), dtype=float, device=device)
    receiver = Receiver()
    receiver.near, receiver.far = config.min_range, config.max_range
    receiver.least = 0.1 / config.range_10**2
    receiver.resolution = 0.5 * LIGHT * config.pulse
    gates = config.max_range / receiver.resolution
    receiver.false_alarm = gates * 0.5 * math.erfc(THRESHOLD / math.sqrt(2.0)) if config.noise else 0.0
    receiver.range_noise = config.range_noise if config.noise else -1.0
    receiver.shape = wp.vec2(config.beam_exit, config.beam_divergence)
    receiver.samples = config.samples
    receiver.turn = GOLDEN_ANGLE * config.rate * TICK if config.pattern == "rosette" else 0.0
    out.receiver = receiver
    return out


@wp.func(inline=True)
def surface_echoes(
    geo: Geometry, inst: Instances, scene: Scene, poses: Poses, world: int, beams: Beams, beam: Beam, k: float
) -> Echoes:
    """Echoes of surfaces, through panes of glass too; ``k`` is the air's extinction [1/m]."""
    out = Echoes()
    rx = beams.receiver
    for j in range(rx.samples):
        ray = Beam()
        ray.origin = beam.origin
        ray.ago = beam.ago
        ray.direction = beam.direction
        if rx.samples > 1:
            # Evenly over the beam's section (Vogel's spiral).
            turns = 0.381966 * float(j)
            ray.direction = around(beam.direction, 0.5 * rx.shape[1], (float(j) + 0.5) / float(rx.samples), turns)
        share = 1.0 / float(rx.samples)
        gone = float(0.0)
        panes = int(0)
        while panes < PANES:
            panes += 1
            hit = trace_beam(geo, inst, poses, world, ray, rx.far - gone, beams.mount.hidden)
            if hit.slot < 0:
                panes = PANES
            else:
                actor = actor_of(inst, hit.slot)
                own = carried_along(poses, world, actor, ray)
                r = gone + hit.t
                cosine = -wp.dot(hit.normal, own.direction)
                foot = rx.shape[0] + rx.shape[1] * r
                at = own.origin + own.direction * hit.t
                echo = surface_echo(geo, inst, scene, world, hit, at, cosine, foot)
                power = share * echo.reflectance * overlap(r) / (r * r) * wp.exp(-2.0 * k * r)
                label = pack_label(echo.semantic, wp.static(int(EchoType.HARD)), actor + 1)
                out = add_echo(out, r, power, label, rx.resolution)
                share = share * echo.passed * echo.passed
                if share * rx.least == 0.0:
                    panes = PANES
                ray.origin = ray.origin + ray.direction * (hit.t + 1.0e-3)
                gone = r + 1.0e-3
    return out


@wp.func(inline=True)
def air_echoes(scene: Scene, air: Air, world: int, e: Echoes, rx: Receiver, key: Key, i: int) -> Echoes:
    """Adds what fog, rain and snow send back from before the last surface, and false alarms."""
    out = e
    k = air.extinction[world]
    reach = float(rx.far)
    back = last(e, -1)
    if back >= 0:
        reach = e.range[back]
    soft = fog_echo(air, world, reach)
    none = pack_label(NO_CLASS, 0, 0)
    if soft[0] > 0.2 * rx.least:
        at = soft[1]
        power = soft[0]
        if rx.range_noise >= 0.0:
            # Fog is patchy: its power scatters as speckle does, and its flat peak by a part of the pulse's length.
            n = normals(philox(key, i, 3))
            power = power * wp.exp(0.5 * n[0] - 0.125)
            at = wp.max(at + 0.1 * rx.resolution * n[1], rx.near)
        out = add_echo(out, at, power, none | wp.static(int(EchoType.FOG) << 8), rx.resolution)
    rain = scene.weather.rain[world]
    if rain > 0.0 and rx.range_noise >= 0.0:
        drop = drop_echo(rain_drops(rain), key, i, reach, rx.least, rx.shape, rx.near, k)
        out = add_echo(out, drop[1], drop[0], none | wp.static(int(EchoType.RAIN) << 8), rx.resolution)
    snow = scene.weather.snow[world]
    if snow > 0.0 and rx.range_noise >= 0.0:
        flake = drop_echo(snow_flakes(snow), key, -1 - i, reach, rx.least, rx.shape, rx.near, k)
        out = add_echo(out, flake[1], flake[0], none | wp.static(int(EchoType.SNOW) << 8), rx.resolution)
    if rx.false_alarm > 0.0:
        u = philox(key, i, 2)
        if u[0] < rx.false_alarm:
            at = rx.near + u[1] * (rx.far - rx.near)
            out = add_echo(out, at, rx.least * (1.2 + 0.3 * u[2]), none | wp.static(int(EchoType.NOISE) << 8), 0.0)
    return out


@wp.func(inline=True)
def detect(e: Echoes, rx: Receiver, noise: wp.vec4) -> Echoes:
    """Echoes with the receiver's noise in power and range; none where the threshold is not reached."""
    out = e
    for k in range(4):
        power = e.power[k]
        if power > 0.0:
            if rx.range_noise >= 0.0:
                power += noise[k] * rx.least * wp.static(1.0 / THRESHOLD)
            out.power[k] = wp.where(power >= rx.least and e.range[k] >= rx.near, power, 0.0)
    return out


@wp.func(inline=True)
def put_point(
    points: Points, at: wp.vec3i, e: Echoes, pick: int, beam: Beam, station: Station, noise: float, least: float
):
    """Write the return ``at`` world, beam and number: echo ``pick``, or nothing if it is -1."""
    r = float(0.0)
    power = float(0.0)
    pos = wp.vec3()
    label = int(NO_CLASS)
    if pick >= 0:
        power = e.power[pick]
        # A weaker echo's peak is less certain: twice the variance at the threshold.
        r = e.range[pick] + noise * wp.sqrt(1.0 + least / power)
        pos = wp.quat_rotate_inv(station.rot, beam.origin + beam.direction * r - station.pos)
        label = e.label[pick]
    points.range[at[0], at[1], at[2]] = r
    points.intensity[at[0], at[1], at[2]] = power * r * r
    points.pos[at[0], at[1], at[2]] = pos
    points.semantic[at[0], at[1], at[2]] = wp.uint8(label & 255)
    points.echo[at[0], at[1], at[2]] = wp.uint8((label >> 8) & 15)
    points.instance[at[0], at[1], at[2]] = label >> 12


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _scan_beams(
    geo: Geometry, inst: Instances, scene: Scene, poses: Poses, beams: Beams, air: Air, share: wp.vec2i, points: Points,
):  # fmt: skip
    """Reads the scene, poses, air and the beams from block ``share[0]`` on, ``share[1]`` threads each. Writes their points."""
    world, block, lane = wp.tid()
    station = station_of(beams.mount, poses, world)
    key = key_of(scene, poses, world, beams.mount.purpose)
    rx = beams.receiver
    while lane < BLOCK:
        i = (share[0] + block) * BLOCK + lane
        lane += share[1]
        if i < points.pos.shape[1]:
            direction = beams.direction[i]
            if rx.turn != 0.0:
                turn = wp.quat_from_axis_angle(wp.vec3(1.0, 0.0, 0.0), rx.turn * float(poses.tick[world]))
                direction = wp.quat_rotate(turn, direction)
            points.angles[world, i] = wp.vec2(
                wp.atan2(direction[1], direction[0]), wp.asin(wp.clamp(direction[2], -1.0, 1.0))
            )
            beam = fire(beams.mount, station, poses, world, direction, beams.ago[i])
            e = surface_echoes(geo, inst, scene, poses, world, beams, beam, air.extinction[world])
            e = air_echoes(scene, air, world, e, rx, key, i)
            noise = wp.vec4()
            spread = wp.vec4()
            if rx.range_noise >= 0.0:
                noise = normals(philox(key, i, 0))
                spread = normals(philox(key, i, 1))
            e = detect(e, rx, noise)
            pick = strongest(e, -1)
            for n in range(points.pos.shape[2]):
                if n == 1 and pick >= 0:
                    pick = last(e, pick)
                put_point(points, wp.vec3i(world, i, n), e, pick, beam, station, spread[n] * rx.range_noise, rx.least)


class Lidar:
    """Scans every world; `scan` only launches kernels, so that it may be captured (with ``threads`` 1).

    Args:
        library: Meshes, models (rows of ``Scene.asset``) and maps (rows of ``Scene.map_index``).
        scene: The batch's scene.
        state: The batch's state.
        config: The lidar.
        threads: CPU threads that share a scan; 1 inside captures.
    """

    def __init__(
        self, library: MeshLibrary, scene: Scene, state: State, config: LidarConfig, *, threads: int = 1
    ) -> None:
        nworld, self.device = state.pos.shape[0], state.pos.device
        self.config, self.library = config, library
        self.pattern = make_pattern(config)
        self.beams: Beams = make_beams(config, self.device)
        self.window = PoseWindow(state)
        self.swept = SweptScene(library, scene, self.window.current, 1.0 / config.rate)
        self.air: Air = make_air(nworld, self.device)
        self.points: Points = make_points(nworld, len(self.pattern.ago), config.returns, self.device)
        self._pool = ThreadPoolExecutor(threads) if threads > 1 and self.device.is_cpu else None
        self._threads = threads
        self._loaded = False

    def reset(self, scene: Scene, state: State, mask: wp.array | None = None) -> None:
        """Start the masked worlds anew."""
        self.window.reset(state, mask)

    def advance(self, scene: Scene, state: State) -> None:
        """Move on to the next scan; see `sim.render.poses.PoseWindow`."""
        self.window.advance(state)

    def scan(self, scene: Scene, poses: Poses | None = None) -> Points:
        """Scan the worlds.

        Args:
            scene: The batch's scene.
            poses: At the end of the scan; None: the newest of the window.

        Returns:
            The lidar's points, the same arrays each time.
        """
        self.swept.update(scene, self.window.current if poses is None else poses)
        fill_air(scene.weather, self.config.wavelength, self.config.pulse, self.air)
        nworld, npoint, _ = self.points.pos.shape
        inputs = [self.library.geometry, self.swept.instances, scene, self.swept.poses, self.beams, self.air]
        lanes = 1 if self.device.is_cpu else BLOCK

        def launch(first: int, stop: int) -> None:
            dim, share = (nworld, stop - first, lanes), wp.vec2i(first, lanes)
            wp.launch(_scan_beams, dim, [*inputs, share], [self.points], device=self.device, block_dim=BLOCK)

        blocks = -(-npoint // BLOCK)
        if self._pool is None or not self._loaded:
            self._loaded = True
            launch(0, blocks)
        else:
            parts = min(blocks, 8 * self._threads)
            bounds = [round(blocks * i / parts) for i in range(parts + 1)]
            list(self._pool.map(launch, bounds[:-1], bounds[1:]))
        return self.points

    def numpy(self) -> dict[str, np.ndarray]:
        """The last scan, as arrays of the host's: the fields of `Points`, (nworld, npoint, ...)."""
        return {name: getattr(self.points, name).numpy().copy() for name in Points.vars}

    def torch(self) -> dict[str, torch.Tensor]:
        """The fields of `Points` as tensors on the same device and memory; vectors have a last axis."""
        return {name: wp.to_torch(getattr(self.points, name)) for name in Points.vars}
