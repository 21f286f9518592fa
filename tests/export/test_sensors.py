"""Lidar and radar of a data set: files, frames, labels; interrupted and replayed runs give the same bytes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from sim.errors import SwerveError
from sim.export.dataset import render_dataset
from sim.export.folder import RUN
from sim.export.points import decode_pcd, encode_pcd, intensity_byte
from sim.export.tracks import Tracks
from sim.export.video import decode_video
from sim.rotation import inverse, rotate
from sim.sensors.echoes import NO_CLASS, EchoType
from sim.sensors.radar_rays import DetectionType
from tests.export.conftest import hashes

SETTINGS = {
    "size": (96, 64), "fps": 4.0, "duration": 1.0, "seed": 7, "quality": "fast", "lidar": "spin16", "radar": "long+short", "quiet": True,
}  # fmt: skip
FRAMES = 4
DRAW = "crossing-0000"
NAMES = ("lidar", "radar_long", "radar_short")


@pytest.fixture(scope="module")
def folder(scenario, tmp_path_factory):
    out = tmp_path_factory.mktemp("sensors") / "out"
    render_dataset([scenario], out, **SETTINGS)
    return out


@pytest.fixture(scope="module")
def index(folder):
    return json.loads((folder / "sensors.json").read_text())


def points_of(folder, scan):
    with np.load(folder / scan["file"], allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def test_every_frame_of_every_sensor_is_there_and_in_the_index(folder, index):
    assert [s["name"] for s in index["sensors"]] == list(NAMES)
    assert [(s["sensor"], s["frame"]) for s in index["scans"]] == [(n, k) for k in range(FRAMES) for n in NAMES]
    for name in NAMES:
        found = sorted(p.name for p in (folder / name / DRAW).iterdir())
        assert found == [f"{k:06d}.{e}" for k in range(FRAMES) for e in ("json", "npz", "pcd")]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["config"]["lidar"] == "spin16" and "sensors.json" in manifest["outputs"]


def test_points_are_where_ranges_angles_and_poses_say(folder, index):
    tracks = Tracks.decode((folder / f"tracks/{DRAW}.npz").read_bytes()).arrays
    calibration = {s["name"]: np.array(s["sensor_to_ego"]) for s in index["sensors"]}
    for scan in index["scans"]:
        points, k = points_of(folder, scan), scan["frame"]
        assert len(points["range"]) == scan["points"] > 20
        ego = np.array(scan["ego_to_world"])
        np.testing.assert_allclose(ego[:3, 3], tracks["pos"][k, 0], atol=1e-5)
        np.testing.assert_allclose(ego[:3, 0], rotate(tracks["rot"][k, 0], [1.0, 0, 0]), atol=1e-5)
        np.testing.assert_allclose(np.array(scan["sensor_to_world"]), ego @ calibration[scan["sensor"]], atol=1e-5)
        flat = np.cos(points["elevation"])
        ray = np.stack(
            [flat * np.cos(points["azimuth"]), flat * np.sin(points["azimuth"]), np.sin(points["elevation"])], 1
        )
        # Of the lidar, fired on the way: the ego went on since by its velocity times the points' age.
        off = points["pos"] - ray * points["range"][:, None]
        age = -points.get("time", np.zeros(len(ray)))
        speed = math.hypot(*scan["ego_velocity"])
        assert 9.0 < speed < 12.0
        np.testing.assert_allclose(np.linalg.norm(off, axis=1), speed * age, atol=0.05)
        assert age.min() >= 0.0 and age.max() <= 0.1 + 1e-6


def test_labels_of_points_are_those_of_the_scene(folder, index):
    classes = json.loads((folder / "calibration.json").read_text())["classes"]
    seen = set()
    for scan in index["scans"]:
        points = points_of(folder, scan)
        counts = {o["track_id"]: o["points"] for o in scan["objects"]}
        found = dict(zip(*np.unique(points["instance"][points["instance"] > 0], return_counts=True), strict=True))
        assert counts == found
        known = points["semantic"] != NO_CLASS
        assert {str(k) for k in np.unique(points["semantic"][known])} <= set(classes)
        hard = points["echo"] == EchoType.HARD if scan["sensor"] == "lidar" else points["kind"] == DetectionType.TARGET
        assert hard.any()
        to_world = np.array(scan["sensor_to_world"])
        world = points["pos"] @ to_world[:3, :3].T + to_world[:3, 3]
        for item in scan["objects"]:
            seen.add(item["actor"])
            box = item["contact_box_3d"]
            mine = hard & (points["instance"] == item["track_id"])
            local = rotate(inverse(box["rotation"]), world[mine] - box["center"])
            # Range noise; of people, limbs beyond the box; of radar, a cell's width and, without elevation, its height.
            margin = 0.15 if scan["sensor"] == "lidar" else 1.0 + 0.04 * points["range"][mine].max(initial=0.0)
            size = np.array(box["size"]) / 2
            axes = 3 if scan["sensor"] == "lidar" else 2
            age = np.linalg.norm(item["velocity"]) * 0.1
            assert (np.abs(local[:, :axes]) <= size[:axes] + margin + age).all()
    assert seen == {"van", "child"}


def test_pcd_holds_the_same_points(folder, index):
    for scan in index["scans"][:3]:
        points = points_of(folder, scan)
        cloud = decode_pcd((folder / scan["file"]).with_suffix(".pcd").read_bytes())
        np.testing.assert_array_equal(np.stack([cloud["x"], cloud["y"], cloud["z"]], 1), points["pos"])
        np.testing.assert_array_equal(cloud["instance"], points["instance"])
        if scan["sensor"] == "lidar":
            np.testing.assert_array_equal(cloud["intensity"], intensity_byte(points["intensity"]))


def test_pcd_is_as_the_format_says():
    data = encode_pcd({"x": np.array([1.5, -2.0], np.float32), "instance": np.array([7, 65535], np.uint16)})
    head, _, body = data.partition(b"DATA binary\n")
    lines = head.decode().splitlines()
    assert lines[1:6] == ["VERSION 0.7", "FIELDS x instance", "SIZE 4 2", "TYPE F U", "COUNT 1 1"]
    assert "WIDTH 2" in lines and "HEIGHT 1" in lines and "POINTS 2" in lines
    assert body == np.float32(1.5).tobytes() + b"\x07\x00" + np.float32(-2.0).tobytes() + b"\xff\xff"
    with pytest.raises(ValueError, match="no binary PCD"):
        decode_pcd(b"ply")


def test_intensity_is_told_on_the_scale_of_common_sensors():
    given = np.array([0.0, 0.1, 0.5, 1.0, 10.0, 1000.0, 1e6])
    assert intensity_byte(given).tolist() == [0, 10, 50, 100, 152, 255, 255]


def test_the_view_from_above_stands_beside_the_film(folder):
    frames = decode_video(folder / "video.mp4")
    assert len(frames) == FRAMES and frames[0].shape == (64, 2 * 96 + 64, 3)
    # Bright points in it, and other ones in each frame.
    above = [frame[:, 192:].astype(int) for frame in frames]
    assert all((a.max(-1) > 100).mean() > 0.02 for a in above)
    assert np.abs(above[0] - above[3]).max() > 100


def test_an_interrupted_run_and_a_replay_end_with_the_same_bytes(folder, scenario, tmp_path):
    before = hashes(folder)
    again = tmp_path / "again"
    render_dataset([], again, replay=folder / "manifest.json", quiet=True)
    assert hashes(again) == before
    # As an unfinished run leaves it.
    (again / "manifest.json").rename(again / RUN)
    for name in ("video.mp4", f"lidar/{DRAW}/000002.json", f"lidar/{DRAW}/000001.npz"):
        (again / name).unlink()
    (again / f"radar_long/{DRAW}/000003.pcd").unlink()
    render_dataset([scenario], again, **SETTINGS)
    assert hashes(again) == before


@pytest.mark.parametrize("kind", ["lidar", "radar"])
def test_a_preset_that_is_not_there_is_refused(kind, scenario, tmp_path):
    with pytest.raises(SwerveError, match=f"no {kind} preset 'sonar': choose one of"):
        render_dataset([scenario], tmp_path / "out", **{**SETTINGS, kind: "sonar"})
    assert not (tmp_path / "out").exists()
