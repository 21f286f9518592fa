"""Radar: rays into the field of view, gathered in cells of azimuth, range and radial speed; what stands out of the noise is detected.

Radar equation (e.g. Richards, Fundamentals of Radar Signal Processing, 2nd ed., eq. 2.17): a cross-section sigma at range R gives
SNR = P G^2 lambda^2 sigma T / ((4 pi)^3 R^4 k T0 F L), with the coherent time T of a frame. The cells' powers fluctuate as
Swerling's first case, with noise: (1 + SNR) times an exponential draw, so that a cell is detected with the chance
Pfa^(1 / (1 + SNR)), Pfa = exp(-threshold).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import warp as wp

from sim.render.draws import philox
from sim.render.library import Geometry, MeshLibrary
from sim.render.options import RAYS
from sim.render.poses import Poses, PoseWindow
from sim.render.scene_bvh import Instances
from sim.sensors.config import RadarConfig
from sim.sensors.cross_section import rain_loss
from sim.sensors.detections import CELLS, Cell, Detections, _detect_cells, make_detections
from sim.sensors.draws import key_of
from sim.sensors.mount import station_of
from sim.sensors.radar_figures import RadarSet, antenna_gain, make_radar_set, wrap_speed
from sim.sensors.radar_rays import Return, direct_return, mirrored_return, sensor_velocity
from sim.sensors.sweep import Beam, SweptScene
from sim.types import Scene, State

if TYPE_CHECKING:
    import torch

wp.set_module_options(RAYS | {"fuse_fp": False, "max_unroll": 1})


@wp.func
def row_edge(row: float, radar: RadarSet) -> float:
    """Elevation where a row of rays begins [rad]: the closer to the axis the denser, as what is far away is low."""
    x = 2.0 * row / float(radar.rays[1]) - 1.0
    return 0.5 * radar.fov[1] * x * wp.abs(x)


@wp.func(inline=True)
def keep_return(
    cells: wp.array3d[Cell], world: int, beam: int, count: int, back: Return, snr: float, at: wp.vec4
) -> int:
    """Add a return to its cell, to a new one if it has none; of too many the weakest goes. Returns the count of cells.

    ``at``: azimuth and elevation [rad], then the resolutions of range and speed.
    """
    row = int(wp.floor(back.range / at[2]))
    col = int(wp.floor(back.speed / at[3]))
    k = int(0)
    weakest = int(0)
    while k < count and (cells[world, beam, k].row != row or cells[world, beam, k].col != col):
        if cells[world, beam, k].power < cells[world, beam, weakest].power:
            weakest = k
        k += 1
    cell = Cell()
    if k == wp.static(CELLS):
        k = weakest
        if cells[world, beam, k].power >= snr:
            return count
    elif k < count:
        cell = cells[world, beam, k]
    cell.row = row
    cell.col = col
    cell.power += snr
    cell.range += snr * back.range
    cell.speed += snr * back.speed
    cell.azimuth += snr * at[0]
    cell.elevation += snr * at[1]
    if snr > cell.most:
        cell.most = snr
        cell.label = back.label
    cells[world, beam, k] = cell
    return wp.max(count, k + 1)


@wp.kernel(grid_stride=False, launch_bounds=(64, 8))
def _gather_cells(
    geo: Geometry, inst: Instances, scene: Scene, poses: Poses, radar: RadarSet, cells: wp.array3d[Cell], count: wp.array2d[wp.int32]
):  # fmt: skip
    """Reads the scene. Writes each beam's cells and their number: SNR, then with fluctuation and noise."""
    world, beam = wp.tid()
    station = station_of(radar.mount, poses, world)
    velocity = sensor_velocity(poses, world, radar.mount.attached, station)
    loss = rain_loss(scene, world, radar.rain)
    across = radar.rays[0]
    nray = across * radar.rays[1]
    step = radar.fov[0] / float(radar.beams * across)
    key = key_of(scene, poses, world, radar.mount.purpose)
    n = int(0)
    ray = Beam()
    ray.origin = station.pos
    for i in range(nray):
        # From the left; a ray anywhere in its part of the beam, another one in each frame.
        shift = wp.vec4(0.5, 0.5, 0.0, 0.0)
        if radar.noise != 0:
            shift = philox(key, beam * nray + i, 1)
        azimuth = 0.5 * radar.fov[0] - (float(beam * across + i % across) + shift[0]) * step
        lower = row_edge(float(i / across), radar)
        upper = row_edge(float(i / across) + 1.0, radar)
        elevation = row_edge(float(i / across) + shift[1], radar)
        flat = wp.cos(elevation)
        sensor = wp.vec3(flat * wp.cos(azimuth), flat * wp.sin(azimuth), wp.sin(elevation))
        ray.direction = wp.quat_rotate(station.rot, sensor)
        reach = wp.vec3(radar.reach[1], step * (upper - lower) * flat, float(radar.mount.hidden))
        gain = radar.constant * antenna_gain(azimuth, elevation, radar.fov) * wp.pow(10.0, -0.1 * loss[1])
        at = wp.vec4(azimuth, elevation, radar.resolution[0], radar.resolution[1])
        first = direct_return(geo, inst, scene, poses, radar.table, world, ray, reach, velocity)
        back = first
        for bounce in range(1 + radar.ghosts):
            if bounce == 1:
                back = mirrored_return(geo, inst, scene, poses, radar.table, world, ray, first, reach, velocity)
            if back.section > 0.0 and back.range > radar.reach[0]:
                back.speed = wrap_speed(back.speed, radar.max_speed)
                r2 = back.range * back.range
                snr = gain * back.section / (r2 * r2) * wp.pow(10.0, -0.1 * loss[0] * back.range)
                n = keep_return(cells, world, beam, n, back, snr, at)
    count[world, beam] = n
    for k in range(n):
        cell = cells[world, beam, k]
        cell.snr = cell.power
        if radar.noise != 0:
            u = philox(key, beam * wp.static(CELLS) + k, 0)
            cell.snr = -(1.0 + cell.power) * wp.log(1.0 - u[0])
        cells[world, beam, k] = cell


class Radar:
    """Measures every world; `measure` only launches kernels, so that it may be captured.

    Args:
        library: Meshes, models (rows of ``Scene.asset``) and maps (rows of ``Scene.map_index``).
        scene: The batch's scene.
        state: The batch's state.
        config: The radar.
    """

    def __init__(self, library: MeshLibrary, scene: Scene, state: State, config: RadarConfig) -> None:
        nworld, self.device = state.pos.shape[0], state.pos.device
        self.config, self.library = config, library
        self.radar: RadarSet = make_radar_set(config, self.device)
        self.window = PoseWindow(state)
        self.swept = SweptScene(library, scene, self.window.current, 0.0)
        self.cells = wp.zeros((nworld, config.beams, CELLS), dtype=Cell, device=self.device)
        self.count = wp.zeros((nworld, config.beams), dtype=wp.int32, device=self.device)
        self.detections: Detections = make_detections(nworld, config.beams, self.device)

    def reset(self, scene: Scene, state: State, mask: wp.array | None = None) -> None:
        """Start the masked worlds anew."""
        self.window.reset(state, mask)

    def advance(self, scene: Scene, state: State) -> None:
        """Move on to the next frame; see `sim.render.poses.PoseWindow`."""
        self.window.advance(state)

    def measure(self, scene: Scene, poses: Poses | None = None) -> Detections:
        """A frame of every world.

        Args:
            scene: The batch's scene.
            poses: Of the frame; None: the newest of the window.

        Returns:
            The radar's detections, the same arrays each time.
        """
        self.swept.update(scene, self.window.current if poses is None else poses)
        inputs = [self.library.geometry, self.swept.instances, scene, self.swept.poses, self.radar]
        dim = self.count.shape
        wp.launch(_gather_cells, dim, inputs, [self.cells, self.count], device=self.device, block_dim=64)
        inputs = [scene, self.swept.poses, self.radar, self.cells, self.count]
        wp.launch(_detect_cells, dim, inputs, [self.detections], device=self.device, block_dim=64)
        return self.detections

    def numpy(self) -> dict[str, np.ndarray]:
        """The last frame, as arrays of the host's: the fields of `Detections`, (nworld, nbeam, ...)."""
        return {name: getattr(self.detections, name).numpy().copy() for name in Detections.vars}

    def torch(self) -> dict[str, torch.Tensor]:
        """The fields of `Detections` as tensors on the same device and memory; vectors have a last axis."""
        return {name: wp.to_torch(getattr(self.detections, name)) for name in Detections.vars}
