"""Checks a lidar's points and a radar's detections of a frame against meshes, boxes and velocities."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sim.export.points import radar_points
from sim.export.sensors import SensorRecorder, sensor_to_ego
from sim.render.mesh import Semantic
from sim.rotation import rotate
from sim.sensors.audit import audit_scan
from sim.sensors.config import RadarConfig
from sim.sensors.radar import Radar
from sim.sensors.radar_rays import DetectionType

ERRORS = 5.0
"""Standard errors of a detection's range, azimuth and speed that are granted: a cell's size over sqrt(2 SNR) each, beside the cell."""
DOOR = 1.3
"""How far an open door stands out [m]."""
LIMB = 0.5
"""The same of who has limbs, running or fallen [m]."""
LIMBED = (Semantic.PERSON, Semantic.RIDER, Semantic.ANIMAL)

Floats = npt.NDArray[np.float64]


def audit_sensors(recorder: SensorRecorder, frame: int) -> list[str]:
    """Scan a frame with every sensor of a data set and check it.

    - lidar points: `sim.sensors.audit.audit_scan`;
    - radar detections of an actor lie on its contact box seen from above, within cell and noise, and their speed is that of some point
      of its box against the sensor's, wheels and limbs granted what they add;
    - what stands still has but the sensor's own speed.

    Args:
        recorder: Of the world.
        frame: Its number in the tracks.

    Returns:
        One sentence per fault.
    """
    faults: list[str] = []
    for _ in recorder.samples(frame):
        pass
    for lidar in recorder.lidars:
        faults += [f"{lidar.config.pattern}: {fault}" for fault in audit_scan(lidar)]
    for radar in recorder.radars:
        faults += [f"{radar.config.name}: {fault}" for fault in check_detections(recorder, radar, frame)]
    return [f"frame {frame}: {fault}" for fault in faults]


def check_detections(recorder: SensorRecorder, radar: Radar, frame: int) -> list[str]:
    """A radar's last frame against the poses of a frame."""
    points, config, arrays = radar_points(radar), radar.config, recorder.tracks.arrays
    ego = [arrays[name][frame, 0].astype(float) for name in ("pos", "rot", "vel", "ang_vel")]
    mount = sensor_to_ego(config)
    turn = rotate(ego[1], mount[:3, :3].T).T
    arm = rotate(ego[1], mount[:3, 3])
    at, own = ego[0] + arm, ego[2] + np.cross(ego[3], arm)
    faults = _check_clutter(points, config, own @ turn)
    for track in np.unique(points["instance"][points["kind"] == DetectionType.TARGET]):
        slot = int(track) - 1
        pos, rot, vel, rate = (arrays[name][frame, slot].astype(float) for name in ("pos", "rot", "vel", "ang_vel"))
        actor = recorder.actors[slot]
        bits = np.array([[i >> axis & 1 for axis in range(3)] for i in range(8)]) - 0.5
        # Open doors and limbs stand out of the contact box, and rays meet them.
        beyond = DOOR if arrays["door"][frame, slot].any() else LIMB if actor.asset.semantic in LIMBED else 0.0
        wide = np.array(actor.size) + (min(beyond, 2.0 * LIMB), 2.0 * beyond, 0.0)
        world = pos + rotate(rot, bits * wide + actor.box_center)
        local = (world - at) @ turn
        moves = (vel + np.cross(rate, world - pos) - own) @ turn
        extra = float(np.linalg.norm(vel)) if _has_moving_parts(actor.asset.semantic) else 0.0
        mine = (points["kind"] == DetectionType.TARGET) & (points["instance"] == track)
        found = {name: array[mine].astype(float) for name, array in points.items()}
        faults += [f"{actor.spec.name}: {fault}" for fault in _check_target(found, config, local, moves, extra)]
    return faults


def _has_moving_parts(semantic: int) -> bool:
    """Whether wheels or limbs move faster and slower than the body: of all but what lies about."""
    return semantic not in (Semantic.OBSTACLE, Semantic.TRAFFIC_CONE, Semantic.STATIC, Semantic.VEGETATION)


def _errors(found: Mapping[str, Floats], config: RadarConfig) -> tuple[Floats, Floats, Floats]:
    """What range [m], azimuth [rad] and speed [m/s] may be off, (n,) each: the cell and the noise's share of it."""
    share = 1.0 + ERRORS / np.sqrt(2.0 * 10.0 ** (found["snr"] / 10.0))
    beam = config.horizontal_fov / config.beams
    return config.range_resolution * share, beam * share, config.speed_resolution * share


def _check_target(
    found: Mapping[str, Floats], config: RadarConfig, corners: Floats, moves: Floats, extra: float
) -> list[str]:
    """Detections of one actor against its box's corners [m] and their velocities [m/s] in the sensor's frame, (8, 3) each."""
    far, beam, step = _errors(found, config)
    distance = np.linalg.norm(corners, axis=1)
    low, high = np.maximum(_nearest(corners), 0.0), distance.max()
    faults = []
    if ((found["range"] < low - far) | (found["range"] > high + far)).any():
        faults.append(f"detections {found['range'].round(1)} m away, its box is from {low:.1f} to {high:.1f} m")
    bearing = np.arctan2(corners[:, 1], corners[:, 0])
    middle = math.atan2(corners[:, 1].mean(), corners[:, 0].mean())
    spread = np.remainder(bearing - middle + math.pi, math.tau) - math.pi
    off = np.remainder(found["azimuth"] - middle + math.pi, math.tau) - math.pi
    if low > 1.0 and ((off < spread.min() - beam) | (off > spread.max() + beam)).any():
        faults.append(f"detections at {off.round(3)} rad from its middle, its box spans {spread.round(3)}")
    # Of a rigid box, the speed along the ray is greatest or least near a corner; between them the ray turns by the box's angle.
    radial = (moves * corners).sum(1) / np.maximum(distance, 1e-3)
    bend = np.linalg.norm(moves, axis=1).max() * (1.0 - math.cos(0.5 * min(np.ptp(spread), math.pi)))
    least, most = radial.min() - bend - extra - step, radial.max() + bend + extra + step
    half = config.max_speed
    over = np.remainder(found["speed"] - 0.5 * (least + most) + half, 2.0 * half) - half
    if (np.abs(over) > 0.5 * (most - least)).any():
        faults.append(
            f"speeds {found['speed'].round(2)} m/s, its box moves with {least.min():.2f} to {most.max():.2f} m/s along the ray"
        )
    return faults


def _nearest(corners: Floats) -> float:
    """Least distance from the origin to a box, whose corners come in the bits of their number [m]."""
    axes = np.stack([corners[1 << k] - corners[0] for k in range(3)])
    size = np.linalg.norm(axes, axis=1)
    unit = axes / np.maximum(size, 1e-9)[:, None]
    beyond = np.maximum(np.abs(unit @ corners.mean(0)) - size / 2, 0.0)
    return float(np.linalg.norm(beyond))


def _check_clutter(points: Mapping[str, np.ndarray], config: RadarConfig, own: Floats) -> list[str]:
    """What stands still comes and goes with the sensor's own velocity in its frame [m/s]."""
    mine = points["kind"] == DetectionType.CLUTTER
    if not mine.any():
        return []
    found = {name: array[mine].astype(float) for name, array in points.items()}
    _, beam, step = _errors(found, config)
    azimuth, flat = found["azimuth"], np.cos(found["elevation"])
    ray = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(found["elevation"])], 1)
    # Elevation is often not measured: then a ray is somewhere between the field's lower and upper edge.
    tall = 0.5 * config.vertical_fov
    along = ray @ own
    across = np.sqrt(np.maximum(own @ own - along**2, 0.0))
    allowed = step + across * beam + np.abs(along) * (0.5 * beam**2 + 1.0 - math.cos(tall)) + abs(own[2]) * tall
    half = config.max_speed
    off = np.abs(np.remainder(found["speed"] + along + half, 2.0 * half) - half)
    bad = off > allowed
    return (
        [f"{int(bad.sum())} of {len(bad)} echoes of what stands still are up to {off.max():.2f} m/s off"]
        if bad.any()
        else []
    )
