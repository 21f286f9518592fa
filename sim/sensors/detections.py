"""From a radar's cells to its detections: peaks above the noise, measured with its errors, and false alarms."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.draws import normals, philox
from sim.render.poses import Poses
from sim.sensors.draws import key_of
from sim.sensors.echoes import NO_CLASS
from sim.sensors.radar_figures import RadarSet, antenna_gain, wrap_speed
from sim.sensors.radar_rays import DetectionType
from sim.types import Scene

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

CELLS = 32
"""Cells of a beam that can hold echoes; of more, the weakest are lost."""
FLOOR = 0.03
"""Least error of a measurement, in cells: calibration."""


@wp.struct
class Cell:
    """Echoes of one beam that range and radial speed do not tell apart; sums are weighted with SNR."""

    row: int
    """Of range."""
    col: int
    """Of speed."""
    power: float
    """SNR of all of them."""
    snr: float
    """With this frame's fluctuation and noise."""
    range: float
    speed: float
    azimuth: float
    elevation: float
    most: float
    """SNR of the strongest, whose label it bears."""
    label: int


@wp.struct
class Detections:
    """What a radar reports, (nworld, nbeam, CELLS + 1) each; the last of a beam is for false alarms."""

    kind: wp.array3d[wp.uint8]
    """`DetectionType`, 0 where there is none."""
    range: wp.array3d[float]
    """[m]."""
    azimuth: wp.array3d[float]
    """Left of the axis [rad]."""
    elevation: wp.array3d[float]
    """Above it [rad], 0 of a radar that does not measure it."""
    speed: wp.array3d[float]
    """How fast the range grows [m/s], within the radar's unambiguous interval."""
    snr: wp.array3d[float]
    """[dB]."""
    section: wp.array3d[float]
    """Radar cross-section, as told from SNR and range in dry air [dBsm]."""
    semantic: wp.array3d[wp.uint8]
    """`sim.render.mesh.Semantic`, NO_CLASS of noise."""
    instance: wp.array3d[wp.int32]
    """Actor's slot + 1, 0 for none; of a ghost: whose it is."""


def make_detections(nworld: int, nbeam: int, device: wp.DeviceLike) -> Detections:
    """Empty detections."""
    out = Detections()
    for name in ("kind", "semantic"):
        setattr(out, name, wp.zeros((nworld, nbeam, CELLS + 1), dtype=wp.uint8, device=device))
    out.instance = wp.zeros((nworld, nbeam, CELLS + 1), dtype=wp.int32, device=device)
    for name in ("range", "azimuth", "elevation", "speed", "snr", "section"):
        setattr(out, name, wp.zeros((nworld, nbeam, CELLS + 1), dtype=float, device=device))
    return out


@wp.func
def beam_axis(radar: RadarSet, beam: int) -> float:
    """Azimuth of a beam's middle [rad]."""
    return radar.fov[0] * (0.5 - (float(beam) + 0.5) / float(radar.beams))


@wp.func
def direction_at_peak(
    radar: RadarSet, cells: wp.array3d[Cell], count: wp.array2d[wp.int32], world: int, beam: int, cell: Cell, mine: int
) -> wp.vec3:
    """Azimuth and elevation of the power about a cell, neighbouring beams and cells included [rad]; last, 1 if it is a peak among them."""
    total = float(0.0)
    azimuth = float(0.0)
    elevation = float(0.0)
    for b in range(wp.max(beam - 1, 0), wp.min(beam + 2, radar.beams)):
        for k in range(count[world, b]):
            other = cells[world, b, k]
            if wp.abs(other.row - cell.row) <= 1 and wp.abs(other.col - cell.col) <= 1:
                own = b == beam and k == mine
                before = b < beam or (b == beam and k < mine)
                if not own and (other.snr > cell.snr or (other.snr == cell.snr and before)):
                    return wp.vec3(0.0, 0.0, 0.0)
                total += other.power
                azimuth += other.azimuth
                elevation += other.elevation
    return wp.vec3(azimuth / total, elevation / total, 1.0)


@wp.func
def put_detection(radar: RadarSet, out: Detections, at: wp.vec3i, label: int, measured: wp.vec4, snr: float):
    """Write a detection ``at`` world, beam and number; ``measured``: range, azimuth, elevation, speed."""
    world = at[0]
    beam = at[1]
    n = at[2]
    r = measured[0]
    out.kind[world, beam, n] = wp.uint8((label >> 8) & 15)
    out.semantic[world, beam, n] = wp.uint8(label & 255)
    out.instance[world, beam, n] = label >> 12
    out.range[world, beam, n] = r
    out.azimuth[world, beam, n] = measured[1]
    out.elevation[world, beam, n] = measured[2] * float(radar.elevation)
    out.speed[world, beam, n] = measured[3]
    out.snr[world, beam, n] = 4.3429448 * wp.log(snr)
    gain = radar.constant * antenna_gain(measured[1], measured[2] * float(radar.elevation), radar.fov)
    out.section[world, beam, n] = 4.3429448 * wp.log(snr * r * r * r * r / gain)


@wp.kernel
def _detect_cells(
    scene: Scene, poses: Poses, radar: RadarSet, cells: wp.array3d[Cell], count: wp.array2d[wp.int32], out: Detections
):
    """Reads the cells. Writes the detections of each beam."""
    world, beam = wp.tid()
    key = key_of(scene, poses, world, radar.mount.purpose)
    width = radar.fov[0] / float(radar.beams)
    for k in range(wp.static(CELLS + 1)):
        out.kind[world, beam, k] = wp.uint8(0)
    for k in range(count[world, beam]):
        cell = cells[world, beam, k]
        if cell.snr >= radar.threshold:
            toward = direction_at_peak(radar, cells, count, world, beam, cell, k)
            if toward[2] > 0.0:
                measured = wp.vec4(cell.range / cell.power, toward[0], toward[1], cell.speed / cell.power)
                if radar.noise != 0:
                    # Cramer and Rao: a peak is found to a cell over the root of twice the SNR.
                    e = normals(philox(key, beam * wp.static(CELLS) + k, 2)) * (FLOOR + 1.0 / wp.sqrt(2.0 * cell.snr))
                    errors = wp.vec4(radar.resolution[0], width, width, radar.resolution[1])
                    measured += wp.cw_mul(e, errors)
                    measured[3] = wrap_speed(measured[3], radar.max_speed)
                put_detection(radar, out, wp.vec3i(world, beam, k), cell.label, measured, cell.snr)
    if radar.noise != 0:
        tried = radar.reach[1] / radar.resolution[0] * 2.0 * radar.max_speed / radar.resolution[1]
        u = philox(key, beam, 3)
        if u[0] < 1.0 - wp.exp(-tried * wp.exp(-radar.threshold)):
            v = philox(key, beam, 4)
            measured = wp.vec4(
                wp.lerp(radar.reach[0], radar.reach[1], u[1]), beam_axis(radar, beam) + (u[2] - 0.5) * width,
                (u[3] - 0.5) * radar.fov[1], (2.0 * v[0] - 1.0) * radar.max_speed,
            )  # fmt: skip
            label = NO_CLASS | (wp.static(int(DetectionType.NOISE)) << 8)
            snr = radar.threshold - wp.log(1.0 - v[1])
            put_detection(radar, out, wp.vec3i(world, beam, wp.static(CELLS)), label, measured, snr)
