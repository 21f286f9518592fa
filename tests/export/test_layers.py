"""Films of labels: colours say what the legend says, of every label that is a picture, and stand with the data set."""

from __future__ import annotations

import colorsys
import json
import math

import cv2
import numpy as np
import pytest

from sim.config import LABELS, DatasetConfig
from sim.errors import SwerveError
from sim.export import layers
from sim.export.colors import depth_color, direction_color, number_color, wheel_color
from sim.export.dataset import render_dataset
from sim.export.video import decode_video
from tests.export.conftest import FRAMES, hashes
from tests.review.test_page import parse

CONFIG = DatasetConfig(size=(800, 450), outputs=LABELS)
LEGENDS = layers.legends(CONFIG)


def test_depth_is_read_off_its_legend():
    legend = LEGENDS["depth"]
    assert legend["unit"] == "m" and legend["ticks"][0] == [0.0, "1"]
    for share, text in legend["ticks"]:
        assert share == pytest.approx(math.log(float(text)) / math.log(200.0), abs=1e-3)
    shares, colors = (np.array([stop[k] for stop in legend["stops"]]) for k in (0, 1))
    for away in (1.0, 3.0, 7.5, 40.0, 200.0):
        at = math.log(away) / math.log(200.0)
        expected = [np.interp(at, shares, colors[:, channel]) for channel in range(3)]
        np.testing.assert_allclose(depth_color(np.array([away]))[0], expected, atol=24)
    near, far, beyond, *none = depth_color(np.array([0.5, 200.0, 900.0, np.inf, np.nan, 0.0])).astype(int)
    assert np.array_equal(far, beyond) and np.array_equal(near, depth_color(np.array([1.0]))[0])
    assert all(np.array_equal(color, layers.NOTHING) for color in none)


def test_flow_has_the_hue_of_its_direction_and_fades_to_white():
    full = layers.flow_scale(CONFIG)
    assert (full, LEGENDS["flow"]["rim"]) == (50.0, "50 px"), "800 pixels at 10 Hz"
    for turn in np.linspace(0.0, 0.99, 12):
        vector = np.array([math.cos(2 * math.pi * turn), math.sin(2 * math.pi * turn)])
        for share in (0.01, 0.25, 1.0, 3.0):
            got = wheel_color(vector * full * share, full)
            expected = colorsys.hsv_to_rgb(turn, math.sqrt(min(share, 1.0)), 1.0)
            np.testing.assert_allclose(got, np.array(expected) * 255, atol=1.5)
    assert [255] * 3 == wheel_color(np.zeros(2), full).tolist()
    assert list(layers.NOTHING) == wheel_color(np.array([np.nan, 1.0]), full).tolist()
    for share, color in LEGENDS["flow"]["stops"]:
        np.testing.assert_allclose(color, np.array(colorsys.hsv_to_rgb(share % 1.0, 1.0, 1.0)) * 255, atol=1.5)
    flow = np.full((2, 2, 2), 25.0, np.float16)
    drawn = layers.LAYERS["flow"].draw({"flow": flow, "occluded": np.array([[0, 1], [0, 0]])}, CONFIG).astype(int)
    np.testing.assert_allclose(drawn[0, 1], 0.4 * drawn[0, 0], atol=1)


def test_normals_are_named_by_their_colours():
    names = {text: color for color, text in LEGENDS["normals"]["names"]}
    # The camera's frame: x right, y down, z forward.
    for vector, name in (
        ((1, 0, 0), "right"),
        ((0, -1, 0), "up"),
        ((0, 0, -1), "towards the camera"),
        ((0, 0, 1), "away"),
    ):
        drawn = layers.LAYERS["normals"].draw({"normals": np.array([[vector]], np.float16)}, CONFIG)
        assert drawn[0, 0].tolist() == names[name]
    assert names["up"] == [128, 255, 128] and len({tuple(c) for c in names.values()}) == 6
    assert direction_color(np.zeros((1, 3)))[0].tolist() == list(layers.NOTHING)
    world = {text: color for color, text in LEGENDS["normals_world"]["names"]}
    assert direction_color(np.array([0.0, 0.0, 1.0])).tolist() == world["up"]


@pytest.mark.parametrize("name", ["part", "lane", "drivable", "anomaly", "lamp"])
def test_masks_are_named_by_their_colours(name):
    """And no two of a mask's few numbers are drawn alike."""
    rows = LEGENDS[name]["names"]
    drawn = layers.LAYERS[name].draw(np.arange(len(rows) + 1 if len(rows) < 8 else 128)[None], CONFIG)[0]
    assert drawn[0].tolist() == list(layers.NOTHING)
    assert all(color in drawn[1:].tolist() for color, _ in rows)
    assert len({tuple(color) for color, _ in rows}) == len(rows)


def test_numbers_far_apart_have_colours_and_zero_has_none():
    assert (number_color(np.array([1, 255, 256, 65535])) != np.array(layers.NOTHING)).any(-1).all()
    assert number_color(np.array(0)).tolist() == list(layers.NOTHING)


def test_labels_that_are_pictures_all_have_a_layer():
    assert set(LABELS) - set(layers.LAYERS) == {"occupancy", "lane_lines"}
    assert list(LEGENDS) == ["", *layers.LAYERS]
    json.dumps(LEGENDS, allow_nan=False)


def test_every_draw_has_its_layers_frame_by_frame(dataset, manifest):
    page = json.loads(parse((dataset / "index.html").read_bytes()).scripts[0])
    assert list(page["legends"]) == ["", "depth", "flow", "normals"]
    assert page["parts"] == [["picture", 128], ["labels", 128]]
    for draw in page["draws"]:
        assert list(draw["layers"]) == ["depth", "flow", "normals"]
        for name, path in draw["layers"].items():
            film = decode_video(dataset / path)
            assert len(film) == FRAMES and film[0].shape == (72, 128, 3), name
        with np.load(dataset / f"depth/{draw['id']}/000004.npz") as file:
            shown = depth_color(file["range"]).astype(int)
        # Chroma is at half resolution, so edges differ.
        off = np.abs(decode_video(dataset / draw["layers"]["depth"])[4].astype(int) - shown).mean(-1)
        assert np.median(off) < 6 and off.mean() < 14
        for name, folder, suffix, once in page["labels"]:
            assert not once and (dataset / folder / draw["id"] / f"000004.{suffix}").is_file(), name


def test_a_layer_that_is_gone_is_made_again_alone(scenario, tmp_path):
    settings = {"size": (64, 36), "fps": 5.0, "duration": 0.4, "seed": 7, "quality": "fast", "quiet": True}
    out = tmp_path / "out"
    chosen = ("depth", "albedo", "part", "bev")
    render_dataset([scenario], out, **settings, outputs=chosen)
    whole = hashes(out)
    assert {n for n in whole if n.startswith("layers")} == {f"layers/crossing-0000/{name}.mp4" for name in chosen}
    kept = (out / "layers/crossing-0000/part.mp4").stat().st_mtime_ns, (out / "video.mp4").stat().st_mtime_ns
    (out / "layers/crossing-0000/depth.mp4").unlink()
    render_dataset([scenario], out, **settings, outputs=chosen)
    assert hashes(out) == whole
    assert kept == ((out / "layers/crossing-0000/part.mp4").stat().st_mtime_ns, (out / "video.mp4").stat().st_mtime_ns)
    page = json.loads(parse((out / "index.html").read_bytes()).scripts[0])
    for name, folder, suffix, _ in page["labels"]:
        assert (out / folder / "crossing-0000" / f"000001.{suffix}").is_file(), name


def test_a_damaged_label_is_told(tmp_path):
    path = tmp_path / "000000.part.png"
    path.write_bytes(cv2.imencode(".png", np.full((4, 4), 7, np.uint8))[1].tobytes())
    assert (layers._read_label(path) == 7).all()
    for broken in (path, path.with_suffix(".npz")):
        for data in (b"", b"PK\x03\x04 no more"):
            broken.write_bytes(data)
            with pytest.raises(SwerveError, match="is damaged"):
                layers._read_label(broken)
