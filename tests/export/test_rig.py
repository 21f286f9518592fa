"""A data set of several cameras: a folder per camera, labels by name, the same bytes again; its labels pass the audit."""

from __future__ import annotations

import json
from fractions import Fraction

import cv2
import numpy as np
import pytest

from sim.config import LABELS, DatasetConfig, SimConfig
from sim.export import audit
from sim.export.dataset import render_dataset
from sim.export.frames import FrameRenderer
from sim.export.tracks import record
from sim.export.video import decode_video
from sim.render.rigs import load_rig
from sim.render.world import build_library
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from tests.export.conftest import hashes
from tests.review.test_page import parse

RIG = """
cameras:
  - name: front
    size: 96x64
    pos: [1.6 m, 0 m, 1.45 m]
    lens: {model: brown_conrady, intrinsics: [80, 78, 47, 33], distortion: [-0.3, 0.1, 0.001, -0.001]}
  - name: wide
    size: 80x80
    pos: [3.6 m, 0 m, 0.9 m]
    pitch: 10 deg
    horizontal_fov: 190 deg
    lens: {model: kannala_brandt}
    shutter: {readout: 30 ms, exposure: 8 ms, moments: 3}
    jpeg: 90
  - {name: rear, size: 96x64, pos: [-0.6 m, 0 m, 1.1 m], yaw: 180 deg, horizontal_fov: 100 deg}
  - {name: rolling, size: 96x64, yaw: 20 deg, shutter: {readout: 40 ms}}
  - name: worn
    size: 96x64
    optics: {vignetting: 0.8, aberration: 0.004}
    sensor: {full_well: 4000}
    faults: [{kind: drops, strength: 0.7}, {kind: dropped, start: 0.9 s, end: 1.1 s}]
  - name: stuck
    size: 96x64
    faults: [{kind: frozen, start: 0.4 s, end: 1.1 s}]
"""
SETTINGS = {"fps": 2.0, "duration": 1.5, "seed": 7, "quality": "fast", "quiet": True}


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    path = tmp_path_factory.mktemp("rig") / "rig.yaml"
    path.write_text(RIG)
    return path


def test_every_camera_has_its_folder_and_replays(scenario, rig, tmp_path):
    out = tmp_path / "out"
    chosen = ("depth", "flow", "normals", "part", "bev")
    render_dataset([scenario], out, rig=rig, outputs=chosen, **SETTINGS)
    files = hashes(out)
    for camera, suffix in (("front", "png"), ("wide", "jpg"), ("rear", "png"), ("rolling", "png"), ("worn", "png")):
        for k in range(3):
            assert f"frames/crossing-0000/{camera}/{k:06d}.{suffix}" in files
            assert {f"masks/crossing-0000/{camera}/{k:06d}.{kind}.png" for kind in ("instance", "part")} <= set(files)
    assert [f for f in sorted(files) if f.startswith("bev")] == [f"bev/crossing-0000/{k:06d}.npz" for k in range(3)]
    data = json.loads((out / "annotations.json").read_text())
    names = [image["camera"]["name"] for image in data["images"]]
    assert sorted(set(names)) == ["front", "rear", "rolling", "stuck", "wide", "worn"] and len(names) == 18
    assert [v["name"] for v in data["videos"]] == [
        f"crossing-0000/{c}" for c in ("front", "wide", "rear", "rolling", "worn", "stuck")
    ]
    assert {(i["width"], i["height"]) for i in data["images"]} == {(96, 64), (80, 80)}
    cameras = json.loads((out / "calibration.json").read_text())["cameras"]
    assert [c["model"] for c in cameras] == ["brown_conrady", "kannala_brandt", *["pinhole"] * 4]
    assert cameras[0]["distortion"] == [-0.3, 0.1, 0.001, -0.001]
    film = decode_video(out / "video.mp4")
    assert len(film) == 3 and film[0].shape == (2 * 80, 3 * 3 * 96, 3), "pictures, classes and depth"
    check_faults(out, data, files)
    page = json.loads(parse((out / "index.html").read_bytes()).scripts[0])["draws"][0]
    assert [(c, folder) for c, folder, _ in page["pictures"]] == [(c, f"crossing-0000/{c}") for c in names[:18:3]]
    for k, objects in enumerate(page["objects"]):
        seen = {
            names.index(i["camera"]["name"]) // 3: {
                a["track_id"] for a in data["annotations"] if a["image_id"] == i["id"]
            }
            for i in data["images"]
            if i["frame_id"] == k
        }
        assert {(o[0], c) for o in objects for c in o[5]} == {(t, c) for c, tracks in seen.items() for t in tracks}
    # An interrupted run goes on with the same bytes; a replay needs no rig file.
    (out / "labels/crossing-0000/wide/000001.json").unlink()
    (out / "frames/crossing-0000/wide/000001.jpg").write_bytes(b"")
    (out / "manifest.json").rename(tmp_path / "manifest.json")
    (out / ".swerve-run.json").write_text((tmp_path / "manifest.json").read_text())
    (out / "bev/crossing-0000/000002.npz").unlink()
    render_dataset([scenario], out, rig=rig, outputs=chosen, **SETTINGS)
    assert hashes(out) == files
    again = tmp_path / "again"
    rig.rename(rig.with_suffix(".gone"))
    try:
        render_dataset([], again, replay=out / "manifest.json", quiet=True)
    finally:
        rig.with_suffix(".gone").rename(rig)
    assert hashes(again) == files


def check_faults(out, data, files):
    """Twins beside the faulty pictures, and what is said of them."""

    def picture(folder, camera, frame):
        return cv2.imread(str(out / folder / "crossing-0000" / camera / f"{frame:06d}.png")).astype(int)

    told = {(i["camera"]["name"], i["frame_id"]): i["camera"] for i in data["images"]}
    assert "faults" not in told["front", 0] and not [f for f in files if f.startswith("clean/crossing-0000/front")]
    assert [told["worn", k]["faults"] for k in range(3)] == [["drops"], ["drops"], ["drops", "dropped"]]
    assert (
        told["worn", 2]["shows_frame"] == -1
        and not picture("frames", "worn", 2).any()
        and picture("clean", "worn", 2).any()
    )
    assert (np.abs(picture("frames", "worn", 0) - picture("clean", "worn", 0)).max(-1) > 8).mean() > 0.05
    assert [told["stuck", k]["shows_frame"] for k in range(3)] == [0, 0, 0]
    assert [told["stuck", k]["faults"] for k in range(3)] == [[], ["frozen"], ["frozen"]]
    first = picture("clean", "stuck", 0)
    for k in range(3):
        assert (picture("frames", "stuck", k) == first).all() and (
            k == 0 or (picture("clean", "stuck", k) != first).any()
        )


def test_labels_of_every_lens_pass_the_audit(scenario, rig):
    batch = sample_worlds([load_scenario(scenario)], [0], "cpu", SimConfig(pool=1))
    config = DatasetConfig(quality="fast", rig=load_rig(rig), outputs=LABELS)
    tracks = record(batch, Fraction(5), 3.0, span=config.span)[0]
    renderer = FrameRenderer(build_library(batch), batch, 0, tracks, config)
    faults = [f"{c}: {f}" for c in range(6) for k in (0, 7, 14) for f in audit.audit_frame(renderer, k, c)]
    assert not faults, "\n".join(faults)
