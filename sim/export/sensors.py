"""Lidar and radar of a data set: scans from a world's tracks, a file per frame and sensor; what stands already is left as it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import warp as wp

from sim.config import DatasetConfig
from sim.export.coco import category_of
from sim.export.points import count_instances, encode_pcd, lidar_cloud, lidar_points, radar_cloud, radar_points
from sim.export.tracks import POSES, Tracks, assign_poses
from sim.export.writer import DirectoryWriter
from sim.render.library import MeshLibrary
from sim.render.poses import pose_owner
from sim.rotation import quaternion, rotate
from sim.sampling import Batch
from sim.sensors.config import LidarConfig, MountConfig, RadarConfig
from sim.sensors.echoes import EchoType
from sim.sensors.lidar import Lidar
from sim.sensors.presets import LIDARS, RADARS, find_preset
from sim.sensors.radar import Radar
from sim.sensors.radar_rays import DetectionType
from sim.structs import slice_worlds

EXTENSIONS = ("npz", "pcd", "json")
"""Of each frame's files, in the order in which they are written: the last marks a frame as done."""

CONVENTIONS = {
    "frame": "x forward, y left, z up; of lidar points: where the sensor is at the frame's time, when the scan ends",
    "motion": "during a scan every actor keeps the velocity and the turn rate it has at the frame's time",
    "time": "of a point [s], 0 at the frame's time and negative before",
    "intensity": "npz: calibrated reflectance, power times range squared, 1 for a white board hit squarely in clear air; pcd: 0 to 100 matt, 101 to 255 retroreflecting",  # noqa: E501
    "semantic": "as in masks, 255 for what is no surface; instance: track_id, 0 for none",
    "speed": "of a radar's detection: how fast its range grows [m/s], within -max_speed .. max_speed; snr [dB], section [dBsm]",
}
"""What the numbers mean, said in calibration.json."""


def check_presets(config: DatasetConfig) -> None:
    """Look whether a data set's sensors are known.

    Raises:
        SwerveError: naming those that are.
    """
    find_preset("lidar", config.lidar, LIDARS)
    find_preset("radar", config.radar, RADARS)


def sensor_configs(config: DatasetConfig) -> list[MountConfig]:
    """The sensors of a data set besides its cameras."""
    check_presets(config)
    return [*([LIDARS[config.lidar]] if config.lidar else []), *(RADARS[config.radar] if config.radar else ())]


def file_path(root: Path, name: str, draw: str, frame: int, extension: str) -> Path:
    """Where a file of a sensor's frame stands."""
    return root / name / draw / f"{frame:06d}.{extension}"


def sensor_frames_missing(root: Path, draw: str, count: int, config: DatasetConfig) -> list[int]:
    """Frames of a draw of which some sensor's files do not all stand."""
    names = [sensor.name for sensor in sensor_configs(config)]
    return [
        k
        for k in range(count)
        if not all(file_path(root, n, draw, k, e).is_file() for n in names for e in reversed(EXTENSIONS))
    ]


def sensor_to_ego(config: MountConfig) -> npt.NDArray[np.float64]:
    """Sensor frame to the ego's, (4, 4)."""
    turn = quaternion(config.yaw, config.pitch, config.roll)
    out = np.eye(4)
    out[:3, :3] = rotate(turn, np.eye(3)).T
    out[:3, 3] = config.pos
    return np.round(out, 12)


def sensor_calibration(config: DatasetConfig) -> list[dict[str, Any]]:
    """Mounting and figures of every sensor, for calibration.json."""
    rows = []
    for sensor in sensor_configs(config):
        kind = "lidar" if isinstance(sensor, LidarConfig) else "radar"
        row = {"name": sensor.name, "kind": kind, "sensor_to_ego": sensor_to_ego(sensor), **asdict(sensor)}
        if kind == "lidar":
            row["echo_types"] = {str(int(e)): e.name.lower() for e in EchoType if e}
        else:
            row["detection_types"] = {str(int(e)): e.name.lower() for e in DetectionType if e}
        rows.append(row)
    return rows


class SensorRecorder:
    """Scans of one world of a batch.

    Args:
        library: Meshes of the batch.
        batch: The batch.
        world: Which of its worlds.
        tracks: The world's tracks.
        config: Which sensors.
    """

    def __init__(self, library: MeshLibrary, batch: Batch, world: int, tracks: Tracks, config: DatasetConfig) -> None:
        n = batch.nworld
        self.tracks = tracks
        self.scene = slice_worlds(batch.scene, world, world + 1, n)
        self.state = slice_worlds(batch.state, world, world + 1, n)
        self.actors = batch.actor_specs[world][0]
        for name in POSES:
            owner = pose_owner(self.state, name)
            setattr(owner, name, wp.clone(getattr(owner, name)))
        assign_poses(tracks, 0, self.state)
        threads = os.cpu_count() or 1
        configs = sensor_configs(config)
        self.lidars = [
            Lidar(library, self.scene, self.state, c, threads=threads) for c in configs if isinstance(c, LidarConfig)
        ]
        self.radars = [Radar(library, self.scene, self.state, c) for c in configs if isinstance(c, RadarConfig)]

    def samples(self, frame: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Name of each sensor, and what its files of a frame hold, by extension."""
        assign_poses(self.tracks, frame, self.state)
        for lidar in self.lidars:
            lidar.reset(self.scene, self.state)
            lidar.scan(self.scene)
            points = lidar_points(lidar)
            yield self._sample(lidar.config, frame, points, lidar_cloud(points))
        for radar in self.radars:
            radar.reset(self.scene, self.state)
            radar.measure(self.scene)
            points = radar_points(radar)
            yield self._sample(radar.config, frame, points, radar_cloud(points))

    def _sample(
        self, config: MountConfig, frame: int, points: Mapping[str, np.ndarray], cloud: Mapping[str, np.ndarray]
    ) -> tuple[str, dict[str, Any]]:
        """Name of a sensor, and its files of a frame; the last marks it as done."""
        files = {"npz": points, "pcd": encode_pcd(cloud), "json": self._describe(config, frame, points)}
        return config.name, files

    def _describe(self, config: MountConfig, frame: int, points: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Time, pose and counts of a scan."""
        arrays = self.tracks.arrays
        pos, rot = arrays["pos"][frame, 0].astype(float), arrays["rot"][frame, 0].astype(float)
        ego = np.eye(4)
        ego[:3, :3] = rotate(rot, np.eye(3)).T
        ego[:3, 3] = pos
        to_world = ego @ sensor_to_ego(config) if config.attached else sensor_to_ego(config)
        return {
            "sensor": config.name,
            "frame": frame,
            "time": self.tracks.time(frame),
            "sensor_to_world": np.round(to_world, 7),
            "ego_to_world": np.round(ego, 7),
            "ego_velocity": np.round(arrays["vel"][frame, 0].astype(float), 5),
            "ego_turn_rate": np.round(arrays["ang_vel"][frame, 0].astype(float), 6),
            "points": len(points["range"]),
            "objects": self._objects(frame, count_instances(points["instance"])),
        }

    def _objects(self, frame: int, counts: Mapping[int, int]) -> list[dict[str, Any]]:
        """Everybody who has points: who it is, its box in the world and how fast it is."""
        arrays = self.tracks.arrays
        rows = []
        for track, count in counts.items():
            actor, rot = self.actors[track - 1], arrays["rot"][frame, track - 1].astype(float)
            center = arrays["pos"][frame, track - 1].astype(float) + rotate(rot, np.array(actor.box_center))
            rows.append(
                {
                    "track_id": track,
                    "actor": actor.spec.name,
                    "category_id": category_of(int(actor.asset.semantic), actor.asset.kinds).id,
                    "points": count,
                    "contact_box_3d": {
                        "size": np.round(actor.size, 4), "center": np.round(center, 4), "rotation": np.round(rot, 7),
                    },
                    "velocity": np.round(arrays["vel"][frame, track - 1].astype(float), 4),
                }
            )  # fmt: skip
        return rows


def write_sensors(recorder: SensorRecorder, root: Path, draw: str, frames: list[int]) -> None:
    """Scan and write some frames.

    Args:
        recorder: Of the world.
        root: The data set's folder.
        draw: Id of the draw.
        frames: Which.
    """
    writer = DirectoryWriter(root, {})
    for frame in frames:
        for name, sample in recorder.samples(frame):
            writer.write({"__key__": f"{name}/{draw}/{frame:06d}", **sample})
    writer.close()


def sensor_index(root: Path, draws: list[tuple[str, int]], config: DatasetConfig) -> dict[str, Any]:
    """All scans of a data set, for sensors.json.

    Args:
        root: The data set's folder.
        draws: Id and number of frames of each draw.
        config: Which sensors.
    """
    scans = []
    for draw, count in draws:
        for frame in range(count):
            for sensor in sensor_configs(config):
                row = json.loads(file_path(root, sensor.name, draw, frame, "json").read_bytes())
                file = file_path(root, sensor.name, draw, frame, "npz").relative_to(root).as_posix()
                scans.append({"draw": draw, "file": file, **row})
    return {"sensors": sensor_calibration(config), "conventions": CONVENTIONS, "scans": scans}


def read_points(root: Path, name: str, draw: str, frame: int) -> dict[str, np.ndarray]:
    """A sensor's points of a frame, by name."""
    with np.load(file_path(root, name, draw, frame, "npz"), allow_pickle=False) as file:
        return {key: file[key] for key in file.files}
