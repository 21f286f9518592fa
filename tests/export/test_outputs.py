"""A data set with every label: the files, what they hold, and the same again."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim.config import LABELS, OUTPUTS, USUAL_LABELS, DatasetConfig
from sim.console import parse_outputs
from sim.errors import SwerveError
from sim.export import outputs
from sim.export.class_maps import CLASS_MAPS
from sim.export.dataset import render_dataset
from sim.render.mesh import Semantic
from sim.types import Lamp
from tests.export.conftest import hashes

FRAMES = 2
SETTINGS = {"size": (96, 54), "fps": 4.0, "duration": 0.5, "seed": 7, "quality": "fast", "quiet": True}


@pytest.fixture(scope="module")
def full(scenario, tmp_path_factory):
    out = tmp_path_factory.mktemp("full") / "out"
    render_dataset([scenario], out, **SETTINGS, outputs=LABELS)
    return out


def file_of(root, name, frame=0):
    output = outputs.OUTPUTS[name]
    alone = output.folder != "masks"
    suffix = output.file.rsplit(".", 1)[-1] if alone else output.file
    return root / output.folder / "crossing-0000" / f"{frame:06d}.{suffix}"


def read(root, name, frame=0):
    path = file_of(root, name, frame)
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return {k: arrays[k] for k in arrays.files}
    if path.suffix == ".json":
        return json.loads(path.read_text())
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def mask(root, kind, frame=0):
    return cv2.imread(str(root / f"masks/crossing-0000/{frame:06d}.{kind}.png"), cv2.IMREAD_UNCHANGED)


def test_every_output_has_its_file_and_is_told_of(full):
    calibration = json.loads((full / "calibration.json").read_text())
    for name in LABELS:
        for frame in range(FRAMES):
            assert file_of(full, name, frame).is_file(), name
        assert outputs.OUTPUTS[name].folder in calibration["conventions"][name]
    assert calibration["parts"]["2"] == "wheel" and calibration["parts"]["65"] == "broken white line"
    assert calibration["occupancy"]["size"] == [200, 200, 16] and calibration["bev"]["cell"] == 0.25
    assert calibration["class_maps"]["car"]["nuscenes_detection"] == "car"
    assert all(set(output.images) <= set(OUTPUTS) for output in outputs.OUTPUTS.values())


def test_arrays_hold_what_is_promised(full):
    size = (54, 96)
    for name, key, dtype, last in (
        ("depth", "depth", np.float16, ()), ("flow_back", "flow", np.float16, (2,)), ("scene_flow", "motion", np.float32, (3,)),
        ("normals_world", "normals", np.float16, (3,)), ("hdr", "radiance", np.float16, (3,)),
    ):  # fmt: skip
        array = read(full, name)[key]
        assert array.dtype == dtype and array.shape == (*size, *last), name
    for name in ("part", "lane", "drivable", "anomaly", "lamp"):
        image = read(full, name)
        assert image.dtype == np.uint8 and image.shape == size, name
    bev, grid = read(full, "bev"), read(full, "occupancy")
    assert bev["ground"].shape == (400, 400) and bev["instance"].dtype == np.uint16
    assert grid["semantic"].shape == (200, 200, 16) and set(np.unique(grid["observed"])) == {0, 1}
    assert read(full, "albedo").shape == (*size, 3) and read(full, "albedo").any()


def test_panoptic_files_are_cocos(full):
    data = json.loads((full / "panoptic.json").read_text())
    assert {c["id"] for c in data["categories"]} == {int(s) for s in Semantic if s is not Semantic.VOID}
    assert len(data["images"]) == len(data["annotations"]) == FRAMES
    row = data["annotations"][1]
    bgr = cv2.imread(str(full / row["file_name"])).astype(int)
    ids = bgr @ np.array([65536, 256, 1])
    semantic, instance = mask(full, "semantic", 1).astype(int), mask(full, "instance", 1).astype(int)
    np.testing.assert_array_equal(ids, 256 * instance + semantic + 1)
    for segment in row["segments_info"]:
        mine = ids == segment["id"]
        assert mine.sum() == segment["area"] and set(np.unique(semantic[mine])) == {segment["category_id"]}
        assert set(np.unique(instance[mine])) == {segment["track_id"]}
    assert sum(s["area"] for s in row["segments_info"]) == ids.size


def test_annotations_tell_states_keypoints_and_weather(full):
    data = json.loads((full / "annotations.json").read_text())
    rows = data["annotations"] + data["hidden"]
    child = next(a for a in rows if a["actor"] == "child")
    assert len(child["keypoints"]) == 51 and len(child["keypoints_3d"]) == 17
    van = next(a for a in rows if a["actor"] == "van")
    assert set(van["lamps"]) <= {lamp.name.lower() for lamp in Lamp} and "keypoints" not in van
    environment = data["images"][0]["environment"]
    assert environment["cloud_cover"] == pytest.approx(0.2) and 11 * 3600 <= environment["time_of_day"] <= 14 * 3600
    assert np.linalg.norm(environment["sun_direction"]) == pytest.approx(1.0, abs=1e-5)
    assert data["images"][0]["signals"] == []


def test_lane_lines_of_the_street(full):
    lines = read(full, "lane_lines")
    centre = [row for row in lines["lane_lines"] if row["kind"] == "broken"]
    assert len(centre) == 1 and centre[0]["category"] == 1 and centre[0]["attribute"] == 2
    assert any(row["visibility"].count(1) > 10 for row in centre)
    assert lines["drivable_area"] and len(lines["drivable_area"][0]["outer"]) >= 4


def test_replay_gives_the_same_bytes(full, tmp_path):
    render_dataset([], tmp_path / "again", replay=full / "manifest.json", quiet=True)
    assert hashes(tmp_path / "again") == hashes(full)


def test_an_interrupted_output_is_made_again(full, scenario, tmp_path):
    out = tmp_path / "out"
    chosen = ("part", "occupancy")
    render_dataset([scenario], out, **SETTINGS, outputs=chosen)
    whole = hashes(out)
    assert not (out / "depth").exists() and not (out / "flow").exists()
    assert whole["masks/crossing-0000/000001.part.png"] == hashes(full)["masks/crossing-0000/000001.part.png"]
    (out / "manifest.json").unlink()
    file_of(out, "occupancy", 1).unlink()
    (out / ".swerve-run.json").write_text(json.dumps({"format": "swerve-dataset", **_identity(full, chosen, scenario)}))
    render_dataset([scenario], out, **SETTINGS, outputs=chosen)
    assert hashes(out) == whole


def _identity(full, chosen, scenario):
    from sim.export.dataset import describe_device
    from sim.export.plan import identity, plan_draws

    config = DatasetConfig(size=(96, 54), fps=4.0, duration=0.5, seed=7, quality="fast", outputs=chosen)
    return identity(plan_draws([scenario], config), describe_device(None))


def test_lists_of_outputs():
    assert parse_outputs("all") == LABELS and parse_outputs("usual") == USUAL_LABELS and parse_outputs("none") == ()
    assert parse_outputs("part, depth usual") == ("part", "depth", *USUAL_LABELS)
    assert DatasetConfig(outputs=("part", "depth")).outputs == ("depth", "part"), "in the order of the files"
    with pytest.raises(SwerveError, match=r"no output 'dept'.*depth"):
        parse_outputs("dept")
    for text in ("", " , "):
        with pytest.raises(SwerveError, match=r"no outputs are named.*depth.*none"):
            parse_outputs(text)
    for text in ("all,none", "none, depth", "usual none"):
        with pytest.raises(SwerveError, match=rf"outputs '{text}': none goes with no other"):
            parse_outputs(text)
    with pytest.raises(SwerveError, match="no output 'x'"):
        DatasetConfig(outputs=("x",))


def test_srgb_and_panoptic_codes():
    np.testing.assert_array_equal(outputs.encode_srgb(np.array([0.0, 0.0031308, 0.2140411, 1.0])), (0, 10, 127, 255))
    ids = np.array([[1, 256 * 3 + 14, 65536 * 2 + 256 * 5 + 7]])
    np.testing.assert_array_equal(outputs.panoptic_rgb(ids).astype(int) @ np.array([1, 256, 65536]), ids)


def test_the_loader_in_the_documentation_runs(full):
    text = (Path(__file__).parents[2] / "docs" / "dataset.md").read_text()
    code = text.split("```python")[1].split("```")[0]
    code = code.replace('Path("data"), "deer-at-night-0002/000012"', f'Path({str(full)!r}), "crossing-0000/000001"')
    names: dict = {}
    exec(compile(code, "dataset.md", "exec"), names)
    assert names["wheels"].any() and (names["semantic"] == mask(full, "semantic", 1)).all()
    assert (names["track_id"] == mask(full, "instance", 1)).all() and names["occupied"].sum() > 1000


def test_the_documentation_names_every_output_and_class():
    text = (Path(__file__).parents[2] / "docs" / "dataset.md").read_text()
    for name in LABELS:
        assert f"| `{name}` |" in text, name
    for semantic, names in CLASS_MAPS.items():
        row = f"| {int(semantic)} {semantic.name.lower()} | {names.cityscapes} | {names.cityscapes_train} | {names.coco} |"
        assert row in text, semantic.name
