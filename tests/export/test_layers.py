"""Films of labels: colours say what the legend says, of every label that is a picture, and stand with the data set."""

from __future__ import annotations

import colorsys
import json
import math
import signal
import threading
import time
import tracemalloc
from fractions import Fraction
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from sim.config import LABELS, DatasetConfig
from sim.errors import SwerveError
from sim.export import layers
from sim.export.colors import BAND, depth_color, direction_color, draw_bands, number_color, wheel_color
from sim.export.dataset import render_dataset
from sim.export.film import _read_depth
from sim.export.outputs import panoptic_rgb
from sim.export.overlay import PALETTE
from sim.export.video import decode_video
from sim.export.views import read_label, views_of
from sim.render.mesh import Semantic
from sim.render.parts import LineColor, LineKind, Part, line_part
from tests.export.conftest import FRAMES, hashes
from tests.review.test_page import parse

CONFIG = DatasetConfig(size=(800, 450), outputs=LABELS)
LEGENDS = layers.legends(CONFIG)
WHITE_LINE = line_part(LineKind.SOLID, LineColor.WHITE)


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


@pytest.mark.parametrize(
    ("name", "count", "known"),
    [
        ("part", 44 + 13 + 42, {Part.WHEEL: "wheel", Part.CROSSWALK: "crosswalk", WHITE_LINE: "solid white line"}),
        ("lane", 5 + 42, {Part.STOP_LINE: "stop line", Part.CROSSWALK: "crosswalk", WHITE_LINE: "solid white line"}),
        ("drivable", 2, {1: "lanes and junctions", 2: "paved beside them"}),
        ("anomaly", 4, {1: "animal", 2: "obstacle", 3: "somebody or a cycle that lies", 4: "overturned vehicle"}),
        ("lamp", 2, {1: "off", 2: "on"}),
    ],
)  # fmt: skip
def test_masks_are_named_by_their_colours(name, count, known):
    """And no two of a mask's few numbers are drawn alike."""
    rows = LEGENDS[name]["names"]
    listed = {text: color for color, text in rows}
    mask = np.array([[0, *known]], np.uint8)
    drawn = layers.LAYERS[name].draw(mask, CONFIG)[0].tolist()
    assert drawn == [list(layers.NOTHING), *(listed[text] for text in known.values())]
    assert len(rows) == len(listed) == count == len({tuple(color) for color, _ in rows})
    if name == "lamp":
        assert drawn[2][0] > 2 * drawn[1][0], "one that is on is bright"


def test_panoptic_things_are_told_apart_and_stuff_has_its_class_colour():
    classes = [s for s in Semantic if s is not Semantic.VOID]
    segments = {(s, track): 256 * track + s + 1 for s in classes for track in range(41)}
    ids = np.array([[0, *segments.values()]])
    drawn = layers.LAYERS["panoptic"].draw(panoptic_rgb(ids), CONFIG)[0]
    colors = dict(zip(segments, (tuple(c) for c in drawn[1:].tolist()), strict=True))
    assert tuple(drawn[0]) == layers.NOTHING
    assert all(colors[s, 0] == PALETTE[s] for s in classes)
    assert len(set(colors.values()) | {layers.NOTHING}) == len(colors) + 1
    cars = np.array([colors[Semantic.CAR, track] for track in range(13)])
    apart = np.abs(cars[:, None] - cars).max(-1)
    assert apart[~np.eye(13, dtype=bool)].min() > 20, "of a dozen cars, to the eye too"
    listed = {text: tuple(color) for color, text in LEGENDS["panoptic"]["names"]}
    assert listed["sky"] == colors[Semantic.SKY, 0] and len(listed) == len(classes)


def test_scene_flow_has_north_up():
    full, draw = 2.0, layers.LAYERS["scene_flow"].draw
    assert LEGENDS["scene_flow"]["rim"] == f"{full:g} m", "30 m/s at 10 Hz, rounded down"
    motion = np.array([[[2, 0, 0], [0, 2, 0], [0, -2, 0], [0, 0, 9], [np.nan] * 3]], np.float32)
    east, north, south, up, gone = draw({"motion": motion}, CONFIG)[0].astype(int)
    # The wheel's hues run clockwise, so what the picture shows up is three quarters round.
    stops = {share: color for share, color in LEGENDS["scene_flow"]["stops"]}
    np.testing.assert_allclose([east, north, south], [stops[0.0], stops[0.75], stops[0.25]], atol=1.5)
    assert up.tolist() == [255] * 3 and gone.tolist() == list(layers.NOTHING)


def test_radiance_is_read_off_its_legend():
    legend = LEGENDS["hdr"]
    shares, colors = (np.array([stop[k] for stop in legend["stops"]]) for k in (0, 1))
    for value in (0.001, 0.1, 2.0, 100.0):
        at = (math.log10(value) + 3.0) / 5.0
        drawn = layers.LAYERS["hdr"].draw({"radiance": np.full((1, 1, 3), value, np.float16)}, CONFIG)[0, 0]
        np.testing.assert_allclose(drawn, [np.interp(at, shares, colors[:, k]) for k in range(3)], atol=24)
    assert legend["ticks"][2] == [0.4, "0.1"]
    green, blue = (np.array(c, np.float16).reshape(1, 1, 3) for c in ((0, 1, 0), (0, 0, 1)))
    shown = [layers.LAYERS["hdr"].draw({"radiance": c}, CONFIG)[0, 0].tolist() for c in (green, blue)]
    grey = np.array([0.7152, 0.0722])
    expected = [layers.LAYERS["hdr"].draw({"radiance": np.full((1, 1, 3), g, np.float16)}, CONFIG)[0, 0] for g in grey]
    np.testing.assert_allclose(
        shown, expected, atol=8, err_msg="green counts for most of the luminance, blue for least"
    )


def test_from_above_shows_classes_with_actors_and_nothing_beyond_the_map():
    bev = {name: np.full((1, 3), 255, np.uint8) for name in ("ground", "semantic", "part", "instance")}
    bev["semantic"][0, :2] = Semantic.ROAD, Semantic.CAR
    bev["ground"][0, :2] = Semantic.ROAD
    drawn = layers.LAYERS["bev"].draw(bev, CONFIG)[0].tolist()
    names = {text: color for color, text in LEGENDS["bev"]["names"]}
    assert drawn == [names["road"], names["car"], list(layers.NOTHING)]


@pytest.mark.parametrize("name", [n for n in layers.LAYERS if n not in ("albedo", "flat")])
def test_memory_of_drawing_does_not_grow_with_the_picture(name):
    shape = 4 * BAND // 1024 + 3, 1024
    random = np.random.default_rng(3)

    def label(key, *more, dtype=np.float16, top=3):
        return {key: (top * random.random((*shape, *more), np.float32)).astype(dtype)}

    several = {
        "depth": lambda: label("range"), "scene_flow": lambda: label("motion", 3, dtype=np.float32),
        "flow": lambda: label("flow", 2) | label("occluded", dtype=np.uint8, top=2), "hdr": lambda: label("radiance", 3),
        "normals": lambda: label("normals", 3), "bev": lambda: label("semantic", dtype=np.uint8),
        "panoptic": lambda: label("", 3, dtype=np.uint8)[""],
    }  # fmt: skip
    kind = {"flow_back": "flow", "normals_world": "normals"}.get(name, name)
    stored = several[kind]() if kind in several else label("", dtype=np.uint8)[""]
    layer = layers.LAYERS[name]
    whole = layer.draw(stored, CONFIG)
    tracemalloc.start()
    drawn = draw_bands(lambda part: layer.draw(part, CONFIG), stored)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.array_equal(drawn, whole)
    assert peak < drawn.nbytes + 90 * BAND, f"{(peak - drawn.nbytes) / BAND:.0f} bytes a pixel of a band"


def test_large_pictures_are_drawn_by_fewer_threads(monkeypatch):
    monkeypatch.setattr(layers.os, "cpu_count", lambda: 64)
    assert layers.worker_count(16, CONFIG) == 16 and layers.worker_count(3, CONFIG) == 3
    huge = DatasetConfig(size=(8192, 8192), outputs=LABELS)
    assert 1 <= layers.worker_count(16, huge) <= 4
    monkeypatch.setattr(layers.os, "cpu_count", lambda: None)
    assert layers.worker_count(16, CONFIG) == 1


@pytest.mark.parametrize("cause", ["damage", "interrupt"])
def test_an_error_ends_all_films(cause, monkeypatch, tmp_path):
    drawn = {name: 0 for name in "abcd"}
    running = threading.Event()

    def frames(root, draw, name, count, config):
        for k in range(count):
            if name == "a" and k == 1:
                assert running.wait(30)
                if cause == "damage":
                    raise SwerveError("a is damaged")
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            if name == "b" and k == 2:
                running.set()
            drawn[name] += 1
            time.sleep(0.01 if name in "ab" else 0.0)
            yield np.zeros((16, 16, 3), np.uint8)

    # A shell starts what runs in the background without it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(layers, "layer_frames", frames)
    monkeypatch.setattr(layers.os, "cpu_count", lambda: 2)
    tracks, told = SimpleNamespace(nframe=400, rate=Fraction(10)), []
    with pytest.raises(SwerveError if cause == "damage" else KeyboardInterrupt):
        layers.write_layers(tmp_path, "draw", list("abcd"), tracks, CONFIG, told.append)
    signal.signal(signal.SIGINT, before)
    assert drawn["a"] < 400 and 2 <= drawn["b"] < 400 and drawn["c"] < 400 and drawn["d"] == 0, drawn
    assert not list(tmp_path.rglob("*.mp4"))
    assert 0 < sum(told) <= sum(drawn.values())


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


def test_flow_is_dark_where_a_lens_shows_nothing(tmp_path):
    """There flow is 0 and occluded 1, as where a camera at rest sees what is then hidden."""
    (view,) = views_of("draw", CONFIG)
    flow, classes = (layers.label_path(tmp_path, view, "flow", 0), tmp_path / "masks/draw/000000.semantic.png")
    for path in (flow, classes):
        path.parent.mkdir(parents=True)
    np.savez(flow, flow=np.zeros((1, 3, 2), np.float16), occluded=np.array([[1, 1, 0]], np.uint8))
    cv2.imwrite(str(classes), np.array([[Semantic.VOID, Semantic.ROAD, Semantic.ROAD]], np.uint8))
    drawn = layers.draw_layer(tmp_path, view, "flow", 0, CONFIG)[0].tolist()
    assert drawn == [list(layers.NOTHING), [102] * 3, [255] * 3]
    motion = layers.label_path(tmp_path, view, "scene_flow", 0)
    motion.parent.mkdir(parents=True)
    np.savez(motion, motion=np.zeros((1, 3, 3), np.float32))
    assert layers.draw_layer(tmp_path, view, "scene_flow", 0, CONFIG)[0].tolist() == [drawn[0], [255] * 3, [255] * 3]


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
    assert (read_label(path) == 7).all()
    for broken in (path, path.with_suffix(".npz")):
        for data in (b"", b"PK\x03\x04 no more"):
            broken.write_bytes(data)
            with pytest.raises(SwerveError, match="is damaged"):
                read_label(broken)
    (view,) = views_of("draw", CONFIG)
    depth = layers.label_path(tmp_path, view, "depth", 0)
    depth.parent.mkdir(parents=True)
    depth.write_bytes(b"PK no more")
    with pytest.raises(SwerveError, match="is damaged"):
        _read_depth(tmp_path, view, 0)
