"""What `swerve render` writes: every file, its format, and that files agree with each other."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.export.coco import decode_mask
from sim.export.dataset import render_dataset
from sim.export.hazard import COLUMNS
from sim.export.plan import sha256_of
from sim.export.tracks import Tracks
from sim.export.video import decode_video
from sim.rotation import matrices
from tests.export.conftest import FRAMES, SETTINGS, hashes
from tests.review.test_page import parse

WIDTH, HEIGHT = 128, 72


def read_png(path):
    import cv2

    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return image


def frame_names(manifest):
    return [f"{draw['id']}/{k:06d}" for draw in manifest["draws"] for k in range(draw["frames"])]


def test_every_frame_has_every_file_and_there_is_no_other(dataset, manifest):
    names = frame_names(manifest)
    assert len(names) == 2 * FRAMES
    expected = {"index.html", "video.mp4", "annotations.json", "hazard.csv", "calibration.json", "manifest.json"}
    expected |= {f"tracks/{d['id']}.npz" for d in manifest["draws"]} | {
        f"videos/{d['id']}.mp4" for d in manifest["draws"]
    }
    expected |= {f"layers/{d['id']}/{name}.mp4" for d in manifest["draws"] for name in ("depth", "flow", "normals")}
    for name in names:
        expected |= {
            f"frames/{name}.png",
            f"masks/{name}.semantic.png",
            f"masks/{name}.instance.png",
            f"labels/{name}.json",
        }
        expected |= {f"{folder}/{name}.npz" for folder in ("depth", "flow", "normals")}
    assert set(hashes(dataset)) == expected


def test_pictures_and_arrays_have_the_types_and_sizes_promised(dataset, manifest):
    classes = json.loads((dataset / "calibration.json").read_text())["classes"]
    assert classes["0"] == "road"
    name = frame_names(manifest)[FRAMES // 2]
    assert {str(c) for c in np.unique(read_png(dataset / f"masks/{name}.semantic.png"))} <= set(classes)
    rgb = read_png(dataset / f"frames/{name}.png")
    assert rgb.shape == (HEIGHT, WIDTH, 3) and rgb.dtype == np.uint8 and rgb.std() > 10
    assert read_png(dataset / f"masks/{name}.semantic.png").dtype == np.uint8
    assert read_png(dataset / f"masks/{name}.instance.png").dtype == np.uint16
    shapes = {"depth": {"depth": (), "range": ()}, "flow": {"flow": (2,), "occluded": ()}, "normals": {"normals": (3,)}}
    for folder, arrays in shapes.items():
        with np.load(dataset / f"{folder}/{name}.npz", allow_pickle=False) as archive:
            assert set(archive.files) == set(arrays)
            for key, last in arrays.items():
                array = archive[key]
                assert array.shape == (HEIGHT, WIDTH, *last), key
                assert array.dtype == (np.uint8 if key == "occluded" else np.float16), key
                assert not np.isnan(array).any(), key


def test_depth_range_and_normals_agree_with_the_masks(dataset, manifest):
    from sim.render.mesh import Semantic

    calibration = json.loads((dataset / "calibration.json").read_text())
    k = np.array(calibration["cameras"][0]["intrinsics"])
    cols, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    ray = np.sqrt(1 + ((cols - k[0, 2]) / k[0, 0]) ** 2 + ((rows - k[1, 2]) / k[1, 1]) ** 2)
    for name in frame_names(manifest)[::7]:
        depth = {key: a.astype(np.float32) for key, a in np.load(dataset / f"depth/{name}.npz").items()}
        sky = read_png(dataset / f"masks/{name}.semantic.png") == int(Semantic.SKY)
        assert np.array_equal(np.isinf(depth["depth"]), sky) and sky.any()
        np.testing.assert_allclose(depth["range"][~sky], (depth["depth"] * ray)[~sky], rtol=2e-3)
        normals = np.load(dataset / f"normals/{name}.npz")["normals"].astype(np.float32)
        np.testing.assert_allclose(np.linalg.norm(normals, axis=-1)[~sky], 1.0, atol=2e-3)


def test_annotations_are_coco_and_their_masks_are_those_of_the_pictures(dataset, annotations):
    from contextlib import redirect_stdout

    from pycocotools.coco import COCO

    with redirect_stdout(io.StringIO()):
        coco = COCO(str(dataset / "annotations.json"))
    assert sorted(coco.getImgIds()) == list(range(1, 2 * FRAMES + 1))
    assert sorted(coco.getAnnIds()) == list(range(1, len(annotations["annotations"]) + 1))
    assert len(annotations["annotations"]) > 15
    for image in annotations["images"]:
        instance = read_png(dataset / image["file_name"].replace("frames/", "masks/").replace(".png", ".instance.png"))
        found = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
        assert {a["track_id"] for a in found} == set(np.unique(instance)) - {0}
        for a in found:
            mask = instance == a["track_id"]
            assert np.array_equal(coco.annToMask(a).astype(bool), mask)
            assert isinstance(a["segmentation"]["counts"], str) and a["segmentation"]["counts"].isascii()
            rows, cols = np.nonzero(mask)
            assert a["bbox"] == [cols.min(), rows.min(), np.ptp(cols) + 1, np.ptp(rows) + 1]
            assert a["area"] == mask.sum() and a["iscrowd"] == 0
            assert (decode_mask(a["amodal_segmentation"]) | ~mask).all(), "amodal holds visible"
            assert a["occlusion"] == pytest.approx(1 - a["area"] / a["amodal_area"], abs=1e-5)
            assert a["category_id"] in coco.getCatIds()
    names = {a["actor"]: coco.loadCats(a["category_id"])[0]["name"] for a in annotations["annotations"]}
    assert names == {"child": "person", "van": "van"}


def test_camera_and_boxes_project_onto_the_pictures_boxes(dataset, annotations):
    calibration = json.loads((dataset / "calibration.json").read_text())
    k = np.array(calibration["cameras"][0]["intrinsics"])
    images = {image["id"]: image for image in annotations["images"]}
    tested = 0
    for a in annotations["annotations"]:
        camera, box = images[a["image_id"]]["camera"], a["box_3d"]
        rotation = np.array(camera["rotation"]).reshape(3, 3)
        signs = np.array([[(i >> axis & 1) * 2 - 1 for axis in range(3)] for i in range(8)])
        turn = matrices(box["rotation"])
        corners = np.array(box["center"]) + (signs * np.array(box["size"]) / 2) @ turn.T
        local = (corners - np.array(camera["position"])) @ rotation
        if (local[:, 2] < 0.5).any():
            continue
        pixel = (local @ k.T)[:, :2] / local[:, 2:]
        np.testing.assert_allclose(pixel, np.array(box["corners_image"])[:, :2], atol=0.05)
        left, top, width, height = a["amodal_bbox"]
        low, high = pixel.min(0), pixel.max(0)
        # The silhouette lies within the hull of the corners, and a tight box is not much larger than it.
        assert low[0] <= left + 0.5 and low[1] <= top + 0.5, a["actor"]
        assert high[0] >= left + width - 1.5 and high[1] >= top + height - 1.5, a["actor"]
        if a["truncation"] == 0:
            assert (high - low)[1] <= height + 0.35 * height + 3
            tested += 1
    assert tested >= 5


def test_calibration_places_the_camera_on_the_ego(dataset, manifest, annotations):
    to_ego = np.array(json.loads((dataset / "calibration.json").read_text())["cameras"][0]["camera_to_ego"])
    for draw in manifest["draws"]:
        tracks = Tracks.decode((dataset / f"tracks/{draw['id']}.npz").read_bytes())
        images = [i for i in annotations["images"] if draw["id"] in i["file_name"]]
        for k, image in enumerate(images):
            turn = matrices(tracks.arrays["rot"][k, 0])
            np.testing.assert_allclose(
                image["camera"]["position"], tracks.arrays["pos"][k, 0] + turn @ to_ego[:3, 3], atol=2e-3
            )
            np.testing.assert_allclose(
                np.array(image["camera"]["rotation"]).reshape(3, 3), turn @ to_ego[:3, :3], atol=1e-3
            )


def test_video_is_h264_that_browsers_play_frame_by_frame(dataset, manifest):
    import av

    for name, count in [("video.mp4", 2 * FRAMES)] + [(f"videos/{d['id']}.mp4", FRAMES) for d in manifest["draws"]]:
        data = (dataset / name).read_bytes()
        assert data.index(b"moov") < data.index(b"mdat"), "the index comes first, so that playing starts at once"
        with av.open(str(dataset / name)) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.pix_fmt, stream.average_rate) == ("h264", "yuv420p", 5)
            assert (stream.width, stream.height) == (2 * WIDTH, HEIGHT)
        assert len(decode_video(dataset / name)) == count
    film = decode_video(dataset / "video.mp4")
    for shown, name in zip(film, frame_names(manifest), strict=True):
        picture = read_png(dataset / f"frames/{name}.png")[..., ::-1]
        assert np.abs(shown[:, :WIDTH].astype(float) - picture).mean() < 6
        assert np.abs(shown[:, WIDTH:].astype(float) - picture).mean() > 6, "beside it: boxes and classes"


def test_hazards_agree_with_tracks_and_manifest(dataset, manifest):
    rows = list(csv.DictReader(io.StringIO((dataset / "hazard.csv").read_text())))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 2 * FRAMES
    assert any(row["time_to_collision"] for row in rows) and any(row["hazard"] == "1" for row in rows)
    for draw in manifest["draws"]:
        mine = [row for row in rows if row["draw"] == draw["id"]]
        tracks = Tracks.decode((dataset / f"tracks/{draw['id']}.npz").read_bytes())
        assert [int(row["frame"]) for row in mine] == list(range(FRAMES))
        assert [float(row["time"]) for row in mine] == [round(k / 5, 6) for k in range(FRAMES)]
        np.testing.assert_allclose([float(r["ego_speed"]) for r in mine], tracks.arrays["speed"][:FRAMES, 0], atol=1e-4)
        assert bool(int(mine[-1]["collided"])) == draw["collided"]
        contact = [e for e in draw["events"] if e["kind"] == "contact"]
        assert bool(contact) == draw["collided"]
        onset = [e for e in draw["events"] if e["kind"] == "onset"]
        for row in mine:
            assert bool(row["conflict_distance"]) == bool(row["conflict_actor"])
            if row["conflict_actor"]:
                assert float(row["conflict_distance"]) >= float(row["distance"]) - 1e-3
            assert row["hazard"] == str(int(bool(onset) and float(row["time"]) >= onset[0]["time"] - 1e-6))
            assert row["collided"] == str(int(bool(contact) and float(row["time"]) >= contact[0]["time"] - 1e-6))
            if row["collided"] == "1":
                assert row["collision_actor"] == "child"


def test_manifest_says_what_was_written(dataset, manifest, scenario):
    import sim

    assert manifest["version"] == sim.__version__ and manifest["device"]["kind"] in ("cpu", "cuda")
    assert manifest["config"]["size"] == [WIDTH, HEIGHT] and manifest["config"]["seed"] == 7
    assert manifest["scenarios"][0]["inputs"] == [{"path": str(scenario), "sha256": sha256_of(scenario)}]
    for name, digest in manifest["outputs"].items():
        assert sha256_of(dataset / name) == digest
    for key, draw in enumerate(manifest["draws"]):
        assert draw["key"] == key and draw["record"]["parameters.run"] > 1
        assert sha256_of(dataset / f"tracks/{draw['id']}.npz") == draw["tracks_sha256"]
    assert manifest["draws"][0]["record"] != manifest["draws"][1]["record"]


def test_page_holds_every_draw_and_frame(dataset, manifest, annotations):
    data = json.loads(parse((dataset / "index.html").read_bytes()).scripts[0])
    assert [d["id"] for d in data["draws"]] == [d["id"] for d in manifest["draws"]]
    assert data["scenarios"][0]["name"] == "A child </script> crosses"
    for draw, row in zip(data["draws"], manifest["draws"], strict=True):
        assert (dataset / draw["video"]).is_file()
        assert draw["events"] == row["events"]
        assert all(len(values) == FRAMES for values in draw["series"].values())
        assert set(draw["parameters"]) == set(row["record"])
        assert draw["hazard_actor"] == ("child" if row["min_time_to_collision"] is not None else None)
    danger = data["draws"][0]["series"]
    assert data["draws"][0]["hazard_actor"] and danger["hazard_distance"] != danger["distance"]
    shown = [objects for draw in data["draws"] for objects in draw["objects"]]
    for image, objects in zip(annotations["images"], shown, strict=True):
        tracks = [a["track_id"] for a in annotations["annotations"] if a["image_id"] == image["id"]]
        assert sorted(o[0] for o in objects) == sorted(tracks)


def test_what_is_not_chosen_is_not_written_and_all_else_stays_the_same(scenario, tmp_path):
    """Also when the data set is written again, and by its manifest."""
    settings = {**SETTINGS, "draws": 1, "duration": 0.4, "quiet": True}
    render_dataset([scenario], tmp_path / "all", **settings)
    render_dataset([scenario], tmp_path / "some", **settings, outputs=("depth",))
    whole, part = hashes(tmp_path / "all"), hashes(tmp_path / "some")
    same = {name for name in part if name.split("/")[0] in ("frames", "masks", "depth", "labels", "tracks")}
    assert len(same) == 2 * 5 + 1 and all(part[name] == whole[name] for name in same)
    assert not [name for name in part if name.startswith(("flow", "normals"))]
    assert part["video.mp4"] == whole["video.mp4"]
    render_dataset([], tmp_path / "again", replay=tmp_path / "some" / "manifest.json", quiet=True)
    assert hashes(tmp_path / "again") == part


def test_chase_films_from_behind_and_shows_it_in_the_video(scenario, tmp_path):
    options = ["--size", "128x72", "--fps", "5", "--duration", "0.4", "--seed", "7", "--quality", "fast"]
    result = CliRunner().invoke(app, ["render", str(scenario), "--out", str(tmp_path / "out"), *options, "--chase"])
    assert result.exit_code == 0, result.output
    chase, front = (
        read_png(tmp_path / "out" / folder / "crossing-0000" / "000001.png")[..., ::-1].astype(float)
        for folder in ("chase", "frames")
    )
    assert chase.shape == front.shape and np.abs(chase - front).mean() > 5
    left = decode_video(tmp_path / "out" / "video.mp4")[1][:HEIGHT, :WIDTH].astype(float)
    assert np.abs(left - chase).mean() < 0.5 * np.abs(left - front).mean()
