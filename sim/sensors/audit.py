"""Checks a lidar's points against the scene: what is found wrong comes back as sentences."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import warp as wp

from sim.render.library import Geometry
from sim.render.mesh import Semantic
from sim.render.scene_bvh import Instances
from sim.rotation import matrices
from sim.sensors.echoes import NO_CLASS, EchoType
from sim.sensors.lidar import Lidar

wp.set_module_options({"enable_backward": False})

MARGIN = 0.02
"""How far a point may lie off the surface it is labelled with, beside the noise of its range [m]."""
DEVIATIONS = 7.0
"""Of the range's noise that are granted."""

Floats = npt.NDArray[np.float64]


@wp.kernel
def _measure_distance(
    geo: Geometry, inst: Instances, world: int, pos: wp.array[wp.vec3], instance: wp.array[wp.int32], reach: float,
    distance_out: wp.array[float],
):  # fmt: skip
    """Reads points of a world at the end of a scan. Writes how far each is from the meshes of its instance, or of the map [m]."""
    i = wp.tid()
    first = int(0)
    stop = inst.first_actor
    if instance[i] > 0:
        first = inst.first_actor + (instance[i] - 1) * inst.part_capacity
        stop = first + inst.part_capacity
    best = float(reach)
    for slot in range(first, stop):
        mesh = inst.mesh[world, slot]
        if mesh >= 0:
            local = inst.inverse[world, slot] * (pos[i] - inst.pos[world, slot])
            near = wp.mesh_query_point_no_sign(geo.mesh_id[mesh], local, 2.0 * reach)
            if near.result:
                at = inst.linear[world, slot] * wp.mesh_eval_position(geo.mesh_id[mesh], near.face, near.u, near.v)
                best = wp.min(best, wp.length(at + inst.pos[world, slot] - pos[i]))
    distance_out[i] = best


def audit_scan(lidar: Lidar, world: int = 0, most: int = 2000) -> list[str]:
    """Check the last scan of a world.

    - every hard echo lies within `MARGIN` and the range's noise of a mesh of its instance (of the map and what stands on it, without
      one), once carried along with the actor to the end of the scan, here by the exact rotation;
    - ``pos`` is what range, angles, time and the ego's motion give;
    - classes, instances and echo types fit each other.

    Args:
        lidar: After `Lidar.scan`.
        world: Which.
        most: About how many points are measured against meshes, evenly spread.

    Returns:
        One sentence per fault.
    """
    out = {name: array[world] for name, array in lidar.numpy().items()}
    faults = _check_labels(out)
    beam, number = np.nonzero(out["echo"])
    ago = lidar.pattern.ago[beam]
    pos = out["pos"][beam, number].astype(float)
    r = out["range"][beam, number].astype(float)
    origin, direction = _fire(lidar, world, out["angles"][beam].astype(float), ago)
    points = _station(lidar, world, pos)
    off = np.linalg.norm(origin + direction * r[:, None] - points, axis=1)
    if len(off) and off.max() > 0.005 + 1e-4 * r.max():
        faults.append(f"pos and range, angles and time differ by up to {off.max():.3f} m")
    hard = np.flatnonzero(out["echo"][beam, number] == EchoType.HARD)
    hard = hard[:: max(1, len(hard) // most)]
    faults += _check_distance(lidar, world, points[hard], out["instance"][beam, number][hard], ago[hard])
    return faults


def _check_labels(out: dict[str, np.ndarray]) -> list[str]:
    """Labels against each other."""
    faults = []
    echo, none = out["echo"], out["echo"] == EchoType.NONE
    if (none != (out["range"] == 0.0)).any():
        faults.append("there are ranges without echoes, or echoes without range")
    soft = echo > EchoType.HARD
    if (out["instance"][none | soft] != 0).any() or (out["semantic"][none | soft] != NO_CLASS).any():
        faults.append("what is no surface has an instance or a class")
    surfaces = [int(s) for s in Semantic if s not in (Semantic.SKY, Semantic.VOID)]
    if not np.isin(out["semantic"][echo == EchoType.HARD], surfaces).all():
        faults.append("a surface has no class")
    if out["echo"].shape[1] == 2 and (none[:, 0] & ~none[:, 1]).any():
        faults.append("a second return has no first")
    return faults


def _check_distance(
    lidar: Lidar, world: int, points: Floats, instance: npt.NDArray[np.int32], ago: Floats
) -> list[str]:
    """Points against the meshes they are labelled with."""
    if not len(points):
        return []
    poses, config = lidar.swept.poses, lidar.config
    pos, vel, rate = (getattr(poses, n).numpy()[world].astype(float) for n in ("pos", "vel", "ang_vel"))
    own = np.maximum(instance - 1, 0)
    carried = pos[own] + _turn(rate[own] * ago[:, None], points - pos[own] + vel[own] * ago[:, None])
    carried = np.where(instance[:, None] > 0, carried, points)
    device = lidar.device
    distance = wp.zeros(len(points), dtype=float, device=device)
    margin = MARGIN + DEVIATIONS * 1.5 * config.range_noise * config.noise
    inputs = [
        lidar.library.geometry, lidar.swept.instances, world, wp.array(carried.astype(np.float32), dtype=wp.vec3, device=device),
        wp.array(instance, dtype=wp.int32, device=device), 2.0 * margin,
    ]  # fmt: skip
    wp.launch(_measure_distance, len(points), inputs, [distance], device=device)
    off = distance.numpy()
    # A beam of several rays mixes surfaces within its pulse.
    bad = off > margin if config.samples == 1 else np.zeros(len(off), bool)
    return [f"{bad.sum()} of {len(off)} points lie {off.max():.3f} m or more off their surface"] if bad.any() else []


def _turn(angle: Floats, v: Floats) -> Floats:
    """Vectors turned by rotation vectors (Rodrigues), (n, 3)."""
    a = np.linalg.norm(angle, axis=1, keepdims=True)
    axis = angle / np.maximum(a, 1e-12)
    along = (axis * v).sum(1, keepdims=True) * axis
    return along + (v - along) * np.cos(a) + np.cross(axis, v) * np.sin(a)


def station_matrix(lidar: Lidar, world: int) -> tuple[Floats, Floats]:
    """Position [m] and rotation (3, 3) of the sensor in the world at the end of the scan."""
    mount = lidar.beams.mount
    pos, rot = np.array(list(mount.pos)), matrices(list(mount.rot))
    if mount.attached:
        poses = lidar.swept.poses
        carrier = matrices(poses.rot.numpy()[world, 0])
        pos, rot = poses.pos.numpy()[world, 0] + carrier @ pos, carrier @ rot
    return pos, rot


def _station(lidar: Lidar, world: int, pos: Floats) -> Floats:
    """Points of the sensor's frame at the end of the scan in the world's."""
    at, rot = station_matrix(lidar, world)
    return pos @ rot.T + at


def _fire(lidar: Lidar, world: int, angles: Floats, ago: Floats) -> tuple[Floats, Floats]:
    """Origins and directions of beams in the world, each at its own time."""
    at, rot = station_matrix(lidar, world)
    flat = np.cos(angles[:, 1])
    sensor = np.stack([flat * np.cos(angles[:, 0]), flat * np.sin(angles[:, 0]), np.sin(angles[:, 1])], 1)
    direction, origin = sensor @ rot.T, np.broadcast_to(at, (len(ago), 3))
    if not lidar.beams.mount.attached:
        return origin, direction
    pos, vel, rate = (getattr(lidar.swept.poses, n).numpy()[world, 0].astype(float) for n in ("pos", "vel", "ang_vel"))
    back = -rate * ago[:, None]
    return pos - vel * ago[:, None] + _turn(back, origin - pos), _turn(back, direction)
