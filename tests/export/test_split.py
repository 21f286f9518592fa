"""Draws are split into train and val as a whole, seeded, evenly and whatever else is rendered."""

from __future__ import annotations

import json

import numpy as np

from sim.export.dataset import render_dataset
from sim.export.outputs import AMBIENT, encode_srgb, flat_picture
from sim.export.split import EVERY, split_of
from sim.paths import data_root
from sim.render.mesh import Semantic
from sim.scenario.reader import expand, library_files


def test_one_of_five_draws_validates_and_the_seed_says_which():
    def chosen(seed, scenario, count=100):
        return [key for key in range(count) if split_of(seed, scenario, key) == "val"]

    draws = chosen(0, "deer-at-night")
    assert [key // EVERY for key in draws] == list(range(20))
    assert draws == chosen(0, "deer-at-night") and draws[:8] == chosen(0, "deer-at-night", 40)
    assert draws != chosen(1, "deer-at-night") and draws != chosen(0, "red-light-runner")
    assert len({key % EVERY for key in draws}) > 2  # not always the same one of five


def test_a_data_set_is_one_coco_set_of_two_disjoint_parts(scenario, tmp_path):
    out = tmp_path / "out"
    render_dataset(
        [scenario],
        out,
        size=(64, 36),
        fps=1.0,
        duration=1.0,
        draws=EVERY,
        seed=3,
        quality="fast",
        outputs=("flat",),
        quiet=True,
    )
    whole, train, val = (json.loads((out / f"{name}.json").read_text()) for name in ("annotations", "train", "val"))
    wanted = {f"crossing-{key:04d}": split_of(3, "crossing", key) for key in range(EVERY)}
    assert {v["name"]: v["split"] for v in whole["videos"]} == wanted and sorted(wanted.values()) == ["train"] * 4 + [
        "val"
    ]
    names = [{image["file_name"] for image in part["images"]} for part in (train, val, whole)]
    assert not names[0] & names[1] and names[0] | names[1] == names[2]
    assert {wanted[name.split("/")[1]] for name in names[1]} == {"val"}
    assert len(train["annotations"]) + len(val["annotations"]) == len(whole["annotations"])
    for name in names[2]:
        assert (out / name).is_file() and (out / name.replace("frames", "flat")).is_file()
    manifest = json.loads((out / "manifest.json").read_text())
    assert {"train.json", "val.json"} <= set(manifest["outputs"])


def test_a_single_draw_is_not_split(scenario, tmp_path):
    out = tmp_path / "out"
    render_dataset([scenario], out, size=(64, 36), fps=1.0, duration=1.0, draws=1, quality="fast", quiet=True)
    (video,) = json.loads((out / "annotations.json").read_text())["videos"]
    assert video["split"] == split_of(0, "crossing", 0)
    assert not (out / "train.json").exists() and not (out / "val.json").exists()


def test_a_flat_picture_is_albedo_under_a_lamp_at_the_camera():
    albedo = np.full((1, 4, 3), 0.4)
    normal = np.array([[(0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)]])
    semantic = np.array([[Semantic.CAR, Semantic.ROAD, Semantic.SKY, Semantic.VOID]])
    facing, grazing, sky, beyond_the_lens = flat_picture(albedo, normal, semantic)[0]
    assert (facing == encode_srgb(np.array(0.4))).all()
    assert (grazing == encode_srgb(np.array(0.4 * AMBIENT))).all()
    assert (sky == encode_srgb(np.array(0.5))).all()
    assert (beyond_the_lens == 0).all()


def test_the_librarys_folder_stands_for_the_library():
    found = {path.stem for path in expand([data_root("scenarios")])}
    assert found == set(library_files()) and "motorway-50" not in found
    assert [path.stem for path in expand([data_root("scenarios") / "benchmark"])] == ["motorway-50"]
