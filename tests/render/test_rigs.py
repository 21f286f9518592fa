"""Rigs: presets as published, files with units and lines, sizes in proportion."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim.cameras import CameraConfig, CameraFault, Lens, Sensor, config_of
from sim.errors import SwerveError
from sim.export.summary import camera_row
from sim.render.lens import intrinsic_matrix
from sim.render.rigs import load_rig

FILE = """
cameras:
  - name: front
    size: 640x480
    pos: [1.7 m, 0 m, 150 cm]
    pitch: -2 deg
    lens: {model: kannala_brandt, intrinsics: [210, 212, 321.2, 238.9], distortion: [0.07, -0.01, 0.002, 0]}
    faults: [{kind: dirt, strength: 0.4, start: 1 s}]
    shutter: {readout: 20 ms, moments: 4}
    sensor: {bits: 10}
  - {name: rear, size: 320x200, pos: [-0.6 m, 0 m, 1.1 m], yaw: 180 deg, horizontal_fov: 100 deg, jpeg: 80}
"""


def test_nuscenes_is_as_published():
    """Two cameras' quaternions (w, x, y, z) as nuScenes' calibrated_sensor.json has them, to what the preset keeps."""
    rows = {c.name: camera_row(c) for c in load_rig("nuscenes6")}
    assert len(rows) == 6
    published = {
        "CAM_FRONT": (0.4998015430569128, -0.5030316162024876, 0.4997798114386805, -0.49737083824542755),
        "CAM_BACK_LEFT": (0.6924185592174665, -0.7031619420114925, -0.11648342771943819, 0.11203317912370753),
    }
    for name, turn in published.items():
        assert abs(np.dot(rows[name]["rotation"], turn)) == pytest.approx(1.0, abs=1e-8)
    fov = {n: math.degrees(2 * math.atan(800 / r["camera_intrinsic"][0, 0])) for n, r in rows.items()}
    assert fov["CAM_BACK"] > 85 and all(60 < v < 70 for n, v in fov.items() if n != "CAM_BACK")


@pytest.mark.parametrize(("model", "count"), [("pinhole", 5), ("brown_conrady", 5), ("kannala_brandt", 4)])
def test_opencv_takes_the_coefficients_of_a_lens_without_any(model, count):
    row = camera_row(CameraConfig(lens=Lens(model)))
    assert row["distortion"] == [0.0] * count
    project = cv2.fisheye.projectPoints if model == "kannala_brandt" else cv2.projectPoints
    ahead = np.array([[[0.0, 0.0, 5.0]]])
    pixel = project(ahead, np.zeros(3), np.zeros(3), row["intrinsics"], np.array(row["distortion"]))[0]
    assert pixel.ravel() == pytest.approx((399.5, 224.5))


def test_calibration_tells_whether_a_camera_rides_on_the_ego(tmp_path):
    path = tmp_path / "rig.yaml"
    path.write_text(
        "cameras:\n - {name: a}\n - {name: b, attached: false, pos: [60 m, 0 m, 30 m]}\n - {name: c, follows: true}\n"
    )
    rows = [camera_row(camera) for camera in load_rig(path)]
    assert [(row["attached"], row["follows"]) for row in rows] == [(True, False), (False, False), (True, True)]
    assert rows[1]["translation"] == [60.0, 0.0, 30.0]


def test_a_rig_of_a_file(tmp_path):
    path = tmp_path / "rig.yaml"
    path.write_text(FILE)
    front, rear = load_rig(path)
    assert (front.width, front.height, front.pos) == (640, 480, (1.7, 0.0, 1.5))
    assert front.pitch == pytest.approx(math.radians(-2)) and front.lens.distortion == (0.07, -0.01, 0.002, 0.0)
    assert front.faults == (CameraFault("dirt", 0.4, 1.0),) and front.sensor == Sensor(bits=10)
    assert front.shutter.readout == pytest.approx(0.02) and front.shutter.moments == 4
    assert rear.yaw == pytest.approx(math.pi) and rear.jpeg == 80 and rear.lens == Lens()
    for camera in (front, rear):
        assert config_of(CameraConfig, json.loads(json.dumps(asdict(camera)))) == camera


def test_sizes_are_those_of_the_first_camera(tmp_path):
    path = tmp_path / "rig.yaml"
    path.write_text(FILE)
    front, rear = load_rig(path, (320, 240))
    assert (front.width, front.height, rear.width, rear.height) == (320, 240, 160, 100)
    k, whole = intrinsic_matrix(front), intrinsic_matrix(load_rig(path)[0])
    # The middle of the picture's first half-size pixel is the middle between the whole one's first two.
    assert k[0, 0] == whole[0, 0] / 2 and 2 * k[0, 2] + 0.5 == pytest.approx(whole[0, 2])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cameras: []", "1: cameras: 'cameras' must be a list"),
        ("rig: 1", "unknown key 'rig'"),
        ("cameras:\n - {nme: a}", r"2: cameras\[0\].nme: unknown key 'nme'. Did you mean 'name'?"),
        ("cameras:\n - {yaw: 55}", r"2: cameras\[0\].yaw: yaw must be an angle with its unit, not '55'"),
        ("cameras:\n - {focus: 55}", "unknown key 'focus'"),
        ("cameras:\n - {lens: {model: fish}}", "2: .*no lens model 'fish': choose one of pinhole"),
        ("cameras:\n - {name: a/b}", "cannot"),
        ("cameras:\n - {name: a}\n - {name: a}", "3: .*two cameras 'a'"),
        ("cameras:\n - {size: 3}", "size must be like 1280x960"),
        ("cameras:\n - {faults: [{strength: 0.2}]}", "2: .*missing 1 required"),
        ("cameras:\n - {faults: [{kind: dirt, start: 3 s, end: 1 s}]}", "must come after its start"),
        ("cameras:\n - {faults: {kind: dirt}}", r"2: cameras\[0\].faults: faults must be a list, not {'kind': 'dirt'}"),
        ("cameras:\n - {pos: 3 m}", "pos must be a list, not '3 m'"),
        ("cameras:\n - {pos: [1e300 m, 0 m, 1 m]}", "must lie between -1e"),
        ("cameras:\n - {yaw: [1 deg]}", r"yaw must be a number, not \['1 deg'\]"),
        ("cameras:\n - {yaw: true}", "yaw must be a number, not True"),
        ("cameras:\n - {name: [a]}", r"name must be a word, not \['a'\]"),
        ("cameras:\n - {lens: pinhole}", "here belongs a mapping, not 'pinhole'. Its keys: model, "),
        ("cameras:\n - {lens: null}", "lens has no value"),
        ("cameras:\n - {show_ego: 7}", "show_ego must be true or false, not '7'"),
        ("cameras:\n - {sensor: {mosaic: rgbg}}", "no mosaic 'rgbg': choose one of rggb"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(tmp_path, text, message):
    path = tmp_path / "rig.yaml"
    path.write_text(text)
    with pytest.raises(SwerveError, match=message):
        load_rig(path)


def test_the_rig_of_the_documentation_reads(tmp_path):
    text = (Path(__file__).resolve().parents[2] / "docs" / "dataset.md").read_text()
    (rig,) = [block for block in re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S) if "cameras:" in block]
    path = tmp_path / "rig.yaml"
    path.write_text(rig)
    front, rear = load_rig(path)
    assert front.sensor == Sensor(10_500.0, 2.3, bits=12, mosaic="rggb") and front.jpeg == 92
    assert [fault.kind for fault in front.faults] == ["dirt", "frozen"] and front.optics.aperture == 0.003
    assert rear.sensor is None and rear.faults == ()


def test_there_is_no_such_rig():
    with pytest.raises(SwerveError, match="no rig 'waymo': choose one of single, nuscenes6, surround4"):
        load_rig("waymo")
