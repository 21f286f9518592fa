"""Encoders, writers, masks and annotations by themselves: exact, and the same bytes each time."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest

from sim.export.coco import CATEGORIES, Film, category_of, decode_mask, encode_mask, merge_annotations
from sim.export.writer import (
    DirectoryWriter,
    encode,
    encode_json,
    encode_npz,
    encode_png,
    remove_unfinished,
    write_bytes,
)
from sim.render.mesh import Semantic


@pytest.mark.parametrize("shape", [(5, 7, 3), (5, 7)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_keeps_every_value(shape, dtype):
    import cv2

    if len(shape) == 3 and dtype == np.uint16:
        return
    image = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype)
    back = cv2.imdecode(np.frombuffer(encode_png(image), np.uint8), cv2.IMREAD_UNCHANGED)
    assert back.dtype == dtype
    assert np.array_equal(back[..., ::-1] if len(shape) == 3 else back, image)
    with pytest.raises(ValueError, match="float"):
        encode_png(image.astype(float))


def test_npz_is_equal_for_equal_arrays_and_keeps_them():
    arrays = {"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b": np.array([np.inf, -1.0])}
    data = encode_npz(arrays)
    assert data == encode_npz({k: v.copy() for k, v in arrays.items()})
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        for name, array in arrays.items():
            assert archive[name].dtype == array.dtype and np.array_equal(archive[name], array)


def test_json_is_strict():
    data = {
        "a": np.float32(1.5),
        "b": np.array([1, 2]),
        "c": float("nan"),
        "d": np.bool_(True),
        "e": (np.int64(3), "\u00fc"),
    }
    assert json.loads(encode_json(data)) == {"a": 1.5, "b": [1, 2], "c": None, "d": True, "e": [3, "\u00fc"]}


def test_writer_puts_entries_where_they_belong(tmp_path):
    writer = DirectoryWriter(tmp_path, {"rgb.png": "frames", "a.png": "masks", "b.png": "masks", "json": "labels"})
    writer.write(
        {"__key__": "x/01", "rgb.png": np.zeros((2, 2, 3), np.uint8), "b.png": np.ones((2, 2), np.uint8), "json": {}}
    )
    names = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert names == ["frames/x/01.png", "labels/x/01.json", "masks/x/01.b.png"]
    with pytest.raises(ValueError, match="no encoder"):
        encode("jpeg", 1)


def test_unfinished_files_are_removed_and_no_others(tmp_path):
    write_bytes(tmp_path / "a" / "b.bin", b"1")
    (tmp_path / "a" / ".swerve-tmp-9-b.bin").write_bytes(b"")
    remove_unfinished(tmp_path)
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.bin"]


# --- masks and categories -------------------------------------------------------------------------------------------------


def test_masks_survive_their_runs():
    rng = np.random.default_rng(3)
    for share in (0.0, 0.3, 1.0):
        mask = rng.random((13, 29)) < share
        runs = encode_mask(mask)
        assert runs["size"] == [13, 29] and runs["counts"].isascii()
        assert np.array_equal(decode_mask(runs), mask)


def test_categories_keep_cocos_ids():
    assert len({c.id for c in CATEGORIES}) == len(CATEGORIES)
    for category in CATEGORIES:
        assert (category.id < 100) == (category.id == category.coco_id)
    assert category_of(Semantic.PERSON).id == 1 and category_of(Semantic.CAR).id == 3
    assert category_of(Semantic.ANIMAL, ["dog"]).id == 18 and category_of(Semantic.ANIMAL, ["deer"]).name == "animal"
    assert category_of(200).name == "object"


def test_merged_annotations_count_from_one():
    item = {"track_id": 2, "bbox": [0, 0, 1, 1]}
    base = {"camera": {}, "environment": {"rain": 2.0}, "signals": [], "hidden": []}
    frames = [{"frame": k, "time": k / 10, "objects": [item] * k, **base} for k in range(3)]
    films = [Film(n, (64, 32), "png", lambda: frames, "s", split) for n, split in (("a", "train"), ("b", "val"))]
    merged = json.loads(b"".join(merge_annotations(films, {"x": 1})))
    assert set(merged) == {"info", "licenses", "categories", "videos", "images", "annotations", "hidden"}
    assert [i["id"] for i in merged["images"]] == [1, 2, 3, 4, 5, 6]
    assert [a["id"] for a in merged["annotations"]] == [1, 2, 3, 4, 5, 6]
    assert [a["image_id"] for a in merged["annotations"]] == [2, 3, 3, 5, 6, 6]
    assert merged["images"][2]["environment"] == {"rain": 2.0}
    assert [v["split"] for v in merged["videos"]] == ["train", "val"] and merged["videos"][0]["scenario"] == "s"
    people = next(c for c in merged["categories"] if c["name"] == "person")
    assert len(people["keypoints"]) == 17 and max(max(pair) for pair in people["skeleton"]) == 17
    assert merged["images"][3]["file_name"] == "frames/b/000000.png" and merged["images"][3]["video_id"] == 2


def test_labels_hold_what_coco_and_3d_need():
    from sim.export.annotate import Subject, annotate

    instance = np.zeros((4, 6), np.int32)
    instance[1:3, 2:4] = 2
    n = 3
    labels = {
        "visible_count": np.array([0, 4, 0]), "amodal_count": np.array([0, 8, 5]),
        "visible_box": np.array([[0, 0, 0, 0], [2, 1, 2, 2], [0, 0, 0, 0]]), "amodal_box": np.array([[0] * 4, [1, 1, 4, 2], [0, 0, 5, 1]]),
        "occlusion": np.array([0, 0.5, 1.0]), "truncation": np.zeros(n),
        "box_rot": np.tile([0, 0, 0, 1.0], (n, 1)), "box_size": np.ones((n, 3)), "box_pos": np.ones((n, 3)),
        "camera_pos": np.tile([0, 3.0, 4.0], (n, 1)), "camera_rot": np.tile([0, 0, 0, 1.0], (n, 1)), "corner": np.full((n, 8, 3), np.nan),
        "keypoint": np.full((n, 17, 3), 2.0), "keypoint_seen": np.zeros((n, 17)), "keypoint_3d": np.zeros((n, 17, 3)),
    }  # fmt: skip
    labels["keypoint_3d"][1], labels["keypoint_seen"][1, :3] = 1.5, (2, 1, 0)
    person = SimpleNamespace(id=1)
    who = SimpleNamespace(asset=SimpleNamespace(semantic=Semantic.PERSON), size=(1.0, 1.0, 1.0))
    subjects = [Subject(name, person, (0.0, 0.0, 0.5), (1.0, 1.0, 1.0), who) for name in ("ego", "child", "dog")]  # type: ignore[arg-type]
    pose = {
        "pos": np.zeros((n, 3)),
        "rot": labels["box_rot"],
        "visible": np.array([7, 7, 7]),
        "fallen": np.array([0, 30, 0]),
    }
    out = annotate(3, 0.3, instance, labels, None, pose, (np.zeros(3), np.eye(3)), subjects, "front")
    assert [o["actor"] for o in out["objects"]] == ["child"] and [o["actor"] for o in out["hidden"]] == ["dog"]
    child = out["objects"][0]
    assert child["track_id"] == 2 and child["bbox"] == [2, 1, 2, 2] and child["area"] == 4 and child["distance"] == 5.0
    assert np.array_equal(decode_mask(child["segmentation"]), instance == 2)
    assert child["box_3d"]["corners_image"][0] == [None, None, None], "behind the camera"
    assert child["contact_box_3d"]["center"] == [0.0, 0.0, 0.5]
    assert child["keypoints"][:9] == [2.0, 2.0, 2, 2.0, 2.0, 1, 0, 0, 0] and child["num_keypoints"] == 2
    assert child["anomaly"] == "fallen" and "keypoints" not in out["hidden"][0] and "anomaly" not in out["hidden"][0]
    assert "segmentation" not in out["hidden"][0] and out["hidden"][0]["occlusion"] == 1.0
    pose["visible"] = np.array([7, 5, 7])
    assert (
        annotate(3, 0.3, instance, labels, None, pose, (np.zeros(3), np.eye(3)), subjects, "front")["objects"] == []
    ), "no sensor sees it"
