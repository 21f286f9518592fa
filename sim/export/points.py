"""Point clouds as files: a lidar's or a radar's detections by name, and PCD, which viewers open."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.sensors.echoes import EchoType
from sim.sensors.lidar import Lidar
from sim.sensors.radar import Radar
from sim.sensors.radar_rays import DetectionType

Arrays = dict[str, np.ndarray]

PCD_KINDS = {"f": "F", "i": "I", "u": "U"}


def lidar_points(lidar: Lidar, world: int = 0) -> Arrays:
    """The echoes of a lidar's last scan in a world, in the order in which they were fired, by name, (npoint, ...) each.

    Returns:
        ``pos`` in the sensor's frame at the end of the scan [m], ``range`` [m], ``azimuth`` and ``elevation`` [rad] as measured, ``time``
        until the end of the scan (negative) [s], ``intensity`` (calibrated reflectance), ``channel``, ``return_number`` from 1,
        ``echo`` (`EchoType`), ``semantic`` (255 for none), ``instance`` (track_id, 0 for none).
    """
    out = {name: array[world] for name, array in lidar.numpy().items()}
    beam, number = np.nonzero(out["echo"] != EchoType.NONE)
    return {
        "pos": out["pos"][beam, number],
        "range": out["range"][beam, number],
        "azimuth": out["angles"][beam, 0],
        "elevation": out["angles"][beam, 1],
        "time": -lidar.pattern.ago[beam].astype(np.float32),
        "intensity": out["intensity"][beam, number],
        "channel": lidar.pattern.channel[beam].astype(np.uint8),
        "return_number": (number + 1).astype(np.uint8),
        "echo": out["echo"][beam, number],
        "semantic": out["semantic"][beam, number],
        "instance": out["instance"][beam, number].astype(np.uint16),
    }


def intensity_byte(intensity: np.ndarray) -> np.ndarray:
    """Calibrated reflectance as common sensors report it: 0 to 100 for matt surfaces in percent, 101 to 255 for retroreflectors.

    Above 1 the scale is logarithmic and ends at a thousand white boards.
    """
    bright = 100.0 + 155.0 / 3.0 * np.log10(np.maximum(intensity, 1.0))
    return np.clip(np.where(intensity <= 1.0, 100.0 * intensity, bright) + 0.5, 0, 255).astype(np.uint8)


def lidar_cloud(points: Mapping[str, np.ndarray]) -> Arrays:
    """What PCD holds of a lidar's points: position, intensity 0..255 and labels."""
    x, y, z = points["pos"].T
    return {
        "x": x, "y": y, "z": z, "intensity": intensity_byte(points["intensity"]).astype(np.float32), "time": points["time"],
        "ring": points["channel"], "semantic": points["semantic"], "instance": points["instance"],
    }  # fmt: skip


def radar_points(radar: Radar, world: int = 0) -> Arrays:
    """The detections of a radar's last frame in a world, the strongest first, by name, (ndetection, ...) each.

    Returns:
        ``pos`` in the sensor's frame [m], ``range`` [m], ``azimuth`` and ``elevation`` [rad], ``speed`` (how fast the range grows) [m/s],
        ``snr`` [dB], ``section`` (radar cross-section) [dBsm], ``kind`` (`DetectionType`), ``semantic`` (255 for none), ``instance``
        (track_id, 0 for none; of a ghost: whose it is).
    """
    out = {name: array[world] for name, array in radar.numpy().items()}
    found = out["kind"] != DetectionType.NONE
    columns = {name: array[found] for name, array in out.items()}
    order = np.argsort(-columns["snr"], kind="stable")
    columns = {name: array[order] for name, array in columns.items()}
    azimuth, elevation, flat = columns["azimuth"], columns["elevation"], np.cos(columns["elevation"])
    direction = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], 1)
    pos = (direction * columns["range"][:, None]).astype(np.float32)
    names = ("range", "azimuth", "elevation", "speed", "snr", "section", "kind", "semantic")
    instance = columns["instance"].astype(np.uint16)
    return {"pos": pos, **{name: columns[name] for name in names}, "instance": instance}


def radar_cloud(points: Mapping[str, np.ndarray]) -> Arrays:
    """What PCD holds of a radar's detections."""
    x, y, z = points["pos"].T
    names = ("speed", "snr", "section", "kind", "semantic", "instance")
    return {"x": x, "y": y, "z": z, **{name: points[name] for name in names}}


def encode_pcd(fields: Mapping[str, np.ndarray]) -> bytes:
    """Binary PCD 0.7 of named columns of equal length."""
    columns = {name: np.asarray(array) for name, array in fields.items()}
    kinds = [(name, array.dtype.newbyteorder("<")) for name, array in columns.items()]
    count = len(next(iter(columns.values())))
    table = np.empty(count, np.dtype(kinds))
    for name, array in columns.items():
        table[name] = array
    head = [
        "# .PCD v0.7 - Point Cloud Data file format",
        "VERSION 0.7",
        f"FIELDS {' '.join(columns)}",
        f"SIZE {' '.join(str(kind.itemsize) for _, kind in kinds)}",
        f"TYPE {' '.join(PCD_KINDS[kind.kind] for _, kind in kinds)}",
        f"COUNT {' '.join('1' for _ in kinds)}",
        f"WIDTH {count}",
        "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {count}",
        "DATA binary",
    ]
    return "\n".join(head).encode() + b"\n" + table.tobytes()


def decode_pcd(data: bytes) -> Arrays:
    """The columns of `encode_pcd`'s bytes.

    Raises:
        ValueError: if they are no binary PCD.
    """
    head, mark, body = data.partition(b"DATA binary\n")
    if not mark:
        raise ValueError("these bytes are no binary PCD")
    words = {line.split()[0]: line.split()[1:] for line in head.decode().splitlines() if line and line[0] != "#"}
    codes = {v: k for k, v in PCD_KINDS.items()}
    kinds = [
        (name, f"<{codes[kind]}{size}") for name, kind, size in zip(words["FIELDS"], words["TYPE"], words["SIZE"], strict=True)
    ]  # fmt: skip
    table = np.frombuffer(body, np.dtype(kinds), count=int(words["POINTS"][0]))
    return {name: table[name] for name, _ in kinds}


def count_instances(instance: np.ndarray) -> dict[int, int]:
    """How many points each track_id has."""
    found, counts = np.unique(instance[instance > 0], return_counts=True)
    return {int(k): int(n) for k, n in zip(found, counts, strict=True)}
