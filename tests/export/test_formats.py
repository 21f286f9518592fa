"""Encoders, masks, videos, hazards and overlays by themselves: exact, and the same bytes each time."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from sim.config import DatasetConfig, SimConfig
from sim.export.coco import CATEGORIES, Film, category_of, decode_mask, encode_mask, merge_annotations
from sim.export.hazard import BRAKING, find_events, format_csv, hazard_rows
from sim.export.summary import hazard_actor, merge_views, page_draw
from sim.export.tracks import METRICS, POSES, STATE, Tracks, frame_count, frame_rate, record
from sim.export.video import decode_video, encode_video, join_videos, pad_even, side_by_side
from sim.export.views import views_of
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
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from sim.types import SCENERY, Conflict, Lamp, Solid, partner_name


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
    merged = json.loads(b"".join(merge_annotations([Film(n, (64, 32), "png", lambda: frames) for n in "ab"], {"x": 1})))
    assert set(merged) == {"info", "licenses", "categories", "videos", "images", "annotations", "hidden"}
    assert [i["id"] for i in merged["images"]] == [1, 2, 3, 4, 5, 6]
    assert [a["id"] for a in merged["annotations"]] == [1, 2, 3, 4, 5, 6]
    assert [a["image_id"] for a in merged["annotations"]] == [2, 3, 3, 5, 6, 6]
    assert merged["images"][2]["environment"] == {"rain": 2.0}
    people = next(c for c in merged["categories"] if c["name"] == "person")
    assert len(people["keypoints"]) == 17 and max(max(pair) for pair in people["skeleton"]) == 17
    assert merged["images"][3]["file_name"] == "frames/b/000000.png" and merged["images"][3]["video_id"] == 2


# --- videos ---------------------------------------------------------------------------------------------------------------


def film(count, first=0, size=(36, 64)):
    return [np.full((*size, 3), 20 + 6 * (first + k), np.uint8) for k in range(count)]


def test_videos_are_equal_bytes_and_join_without_loss(tmp_path):
    parts = [film(7), film(5, 7)]
    paths = [tmp_path / "0.mp4", tmp_path / "1.mp4"]
    for path, frames in zip(paths, parts, strict=True):
        path.write_bytes(encode_video(frames, Fraction(30000, 1001)))
        assert path.read_bytes() == encode_video(frames, Fraction(30000, 1001))
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(join_videos(paths))
    assert joined.read_bytes() == join_videos(paths)
    levels = [frame.mean() for frame in decode_video(joined)]
    assert levels == pytest.approx([20 + 6 * k for k in range(12)], abs=2.5)
    import av

    with av.open(str(joined)) as container:
        times = [float(frame.time) for frame in container.decode(video=0) if frame.time is not None]
    np.testing.assert_allclose(np.diff(times), 1001 / 30000, atol=1e-4)


def test_colours_of_a_video_are_those_of_the_picture(tmp_path):
    colors = [(220, 40, 40), (40, 200, 60), (50, 60, 220), (235, 235, 235)]
    path = tmp_path / "v.mp4"
    path.write_bytes(encode_video([np.full((32, 64, 3), c, np.uint8) for c in colors], Fraction(5)))
    for frame, color in zip(decode_video(path), colors, strict=True):
        np.testing.assert_allclose(frame.reshape(-1, 3).mean(0), color, atol=6)


def test_odd_sizes_are_padded():
    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    assert pad_even(image).shape == (6, 8, 3) and np.array_equal(pad_even(image)[:5, :7], image)
    assert side_by_side(image, image).shape == (6, 14, 3)
    with pytest.raises(ValueError, match="at least one"):
        encode_video([], Fraction(10))


# --- tracks, hazards, overlays ----------------------------------------------------------------------------------------------


BUMP = """
name: Bump
tags: [road]
danger: A speed bump taken too fast.
source: Made up for tests
map: {road: straight, length: 200 m, lanes: 1+1, bumps: {s: 45 m, height: 0.1 m}}
setting: town
actors:
  ego: {kind: car, at: {lane: -1, s: 25 m}, speed: 40 km/h, goal: {lane: -1, s: 190 m}}
end: {after: 5 s}
"""


def made_up_tracks(count=20, onset=35, contact=120):
    """An ego and a child: onset and contact at these ticks, braking from 0.6 s on, 10 frames/s."""
    n = count + 1
    ticks = np.arange(n) * 10
    arrays = {name: np.zeros((n, 2), np.float32) for name in (*POSES, *STATE)}
    arrays["tick"] = arrays["done"] = ticks.astype(np.int32)
    arrays["rot"] = np.tile(np.array([0, 0, np.sqrt(0.5), np.sqrt(0.5)], np.float32), (n, 2, 1))
    arrays["accel"] = np.zeros((n, 2, 3), np.float32)
    arrays["accel"][6:, 0] = (0, -6, 0)
    arrays["lamps"] = np.zeros((n, 2), np.int32)
    arrays["contact_speed"][:, 0] = np.where(ticks >= contact, 4.25, 0)
    arrays["speed"][:, 0] = 10.0
    arrays["vel"] = np.zeros((n, 2, 3), np.float32)
    arrays["vel"][:, 0, 1] = np.where(ticks < 60, 10.0, 10.0 - 0.06 * (ticks - 60))
    metrics = {name: np.full(n, -1, np.int32) for name in METRICS}
    arrays["gap"][:] = np.inf, 9.25
    for name in ("collided", "off_road", "goal_reached", "conflict"):
        metrics[name] = np.zeros(n, np.int32)
    metrics["time_to_collision"] = np.where(ticks < onset, np.inf, 2.0).astype(np.float32)
    metrics["distance"] = np.full(n, 5.0, np.float32)
    for name, value in (
        ("onset_tick", onset),
        ("onset_actor", 1),
        ("conflict_actor", 1),
        ("conflict", int(Conflict.VRU_CROSSING)),
    ):
        metrics[name] = np.where(ticks >= onset, value, metrics[name])
    metrics["collided"] = (ticks >= contact).astype(np.int32)
    for name, value in (("collision_tick", contact), ("collision_actor", 1)):
        metrics[name] = np.where(ticks >= contact, value, -1)
    # The car loses 1 m/s, the child gains 9.
    one = {
        "count": 1, "tick": [contact] + [0] * 7, "pair": [(0, 1)] + [(0, 0)] * 7, "point": [(1, 2, 0.5)] * 8, "normal": [(0, 1, 0)] * 8,
        "speed": [10.0] * 8, "delta_first": [(0, -1, 0)] * 8, "delta_second": [(0, 7.2, 5.4)] * 8, "risk": [(0.0, 0.0250)] * 8,
    }  # fmt: skip
    impacts = {f"impacts.{k}": np.stack([np.asarray(v) * (t >= contact) for t in ticks]) for k, v in one.items()}
    arrays |= impacts
    return Tracks(Fraction(10), arrays | {f"metrics.{k}": v for k, v in metrics.items()})


def test_hazard_rows_and_events_say_what_the_tracks_hold():
    tracks = made_up_tracks()
    rows = hazard_rows("d", tracks, ["ego", "child"])
    assert [row["hazard"] for row in rows] == [0] * 4 + [1] * 16
    assert rows[3]["time_to_collision"] is None and rows[4]["time_to_collision"] == 2.0
    assert rows[3]["conflict_distance"] is None
    assert rows[4]["distance"] == 5.0 and rows[4]["conflict_distance"] == 9.25 and rows[4]["conflict_actor"] == "child"
    assert rows[4]["onset_time"] == 0.35 and rows[4]["onset_actor"] == "child" and rows[4]["conflict"] == "vru_crossing"
    # The ego heads along y, so a pull of 6 m/s^2 along -y is braking.
    assert rows[5]["ego_acceleration"] == 0 and rows[6]["ego_acceleration"] == pytest.approx(-6, abs=1e-4)
    assert [row["collided"] for row in rows] == [0] * 12 + [1] * 8
    events = find_events(tracks, rows)
    assert [(e["kind"], e["time"]) for e in events] == [("onset", 0.35), ("brake", 0.6), ("contact", 1.2)]
    assert (
        events[0]["text"] == "Hazard: child, crossing the ego's way"
        and events[2]["text"] == "Contact with child at 4.2 m/s"
    )
    assert format_csv(rows).splitlines()[4].split(",")[5] == ""


def test_the_impact_of_the_contact_is_told_with_it():
    tracks, names = made_up_tracks(), ["ego", "child"]
    impacts = tracks.impacts(names)
    assert [i["actors"] for i in impacts] == [names] and impacts[0]["t"] == 1.2 and impacts[0]["closing_speed"] == 10.0
    assert impacts[0]["delta_v"] == [1.0, 9.0] and impacts[0]["fatality_risk"] == [0.0, 0.025]
    text = find_events(tracks, hazard_rows("d", tracks, names), impacts)[2]["text"]
    assert text == (
        "Contact with child at 4.2 m/s: ego changes speed by 1.0 m/s; child changes speed by 9.0 m/s, risk of death 2.5%"
    )


@pytest.mark.parametrize(("code", "who"), [(1, "the actor tree"), (SCENERY - Solid.TREE, "tree (scenery)")])
def test_an_actor_called_as_scenery_is_told_apart_from_it(code, who):
    """And scenery keeps its plain name where no actor has it."""
    tracks, names = made_up_tracks(), ["ego", "tree"]
    tracks.arrays["metrics.collision_actor"][12:] = code
    tracks.arrays["impacts.pair"][12:, 0] = (0, code)
    rows = hazard_rows("d", tracks, names)
    events = find_events(tracks, rows, tracks.impacts(names))
    assert events[0]["text"].startswith("Hazard: the actor tree")
    assert events[2]["text"].startswith(f"Contact with {who} at 4.2 m/s: ego changes speed by 1.0 m/s; ")
    assert hazard_actor(rows, names) == "tree", "whom the hazard is about, whatever was touched"
    assert partner_name(SCENERY - Solid.TREE, ["ego", "child"]) == "tree" and partner_name(1, names) == "tree"


def test_the_page_lists_whom_any_camera_sees_as_the_one_that_sees_most_of_it():
    def frame(*objects):
        return {
            "objects": [
                dict(zip(("track_id", "category_id", "distance", "occlusion", "area"), o, strict=True)) for o in objects
            ]
        }

    front = [frame((2, 1, 30.0, 0.5, 40), (3, 3, 9.0, 0.0, 200)), frame()]
    rear = [frame((2, 1, 31.0, 0.25, 60)), frame((4, 3, 5.0, 0.0, 10))]
    assert merge_views([front, rear]) == [
        [[3, 3, 9.0, 0.0, 200, [0]], [2, 1, 31.0, 0.25, 60, [0, 1]]],
        [[4, 3, 5.0, 0.0, 10, [1]]],
    ]


def test_brake_lights_alone_are_braking_and_braking_after_contact_is_none():
    tracks = made_up_tracks()
    tracks.arrays["vel"][:, 0, 1] = 10.0
    tracks.arrays["lamps"][15:, 0] = int(Lamp.BRAKE)
    assert [e["kind"] for e in find_events(tracks, hazard_rows("d", tracks, ["ego", "child"]))] == ["onset", "contact"]
    tracks.arrays["lamps"][6:, 0] = int(Lamp.BRAKE)
    brake = find_events(tracks, hazard_rows("d", tracks, ["ego", "child"]))[1]
    assert (brake["kind"], brake["time"]) == ("brake", 0.6)


@pytest.mark.parametrize(("slower", "lit", "brakes"), [(1, 0, []), (4, 0, []), (5, 0, [0.6]), (1, 1, [1.0])])
def test_a_jolt_just_before_the_contact_is_no_braking(slower, lit, brakes):
    tracks = made_up_tracks()
    speed = np.full(tracks.nframe, 10.0)
    speed[12 - slower : 12] -= 0.3 * np.arange(1, slower + 1)
    speed[12:] = speed[11]
    tracks.arrays["vel"][: tracks.nframe, 0, 1] = speed
    tracks.arrays["lamps"][10:, 0] = lit * int(Lamp.BRAKE)
    events = find_events(tracks, hazard_rows("d", tracks, ["ego", "child"]))
    assert [e["time"] for e in events if e["kind"] == "brake"] == brakes


@pytest.mark.parametrize(("driver", "brakes"), [("constant", []), ("brake", [0.1])])
def test_a_speed_bump_is_no_braking(driver, brakes, tmp_path):
    path = tmp_path / "bump.yaml"
    path.write_text(BUMP)
    batch = sample_worlds([load_scenario(path)], [0], "cpu", SimConfig(driver=driver))
    tracks = record(batch, Fraction(10), 3.0)[0]
    rows = hazard_rows("d", tracks, ["ego"])
    events = find_events(tracks, rows)
    assert [e["time"] for e in events] == brakes
    if driver == "constant":
        assert min(row["ego_acceleration"] for row in rows) < -BRAKING, "the hump itself pulls at the car"
    else:
        decelerations = [float(e["text"].split("(")[1].split()[0]) for e in events]
        assert decelerations == pytest.approx([7.7], abs=0.5)


def test_a_goal_reached_is_an_event_and_braking_in_answer_to_the_hazard_comes_first():
    tracks = made_up_tracks(onset=35, contact=10_000)
    tracks.arrays["vel"][:, 0, 1] = 10.0
    tracks.arrays["metrics.goal_reached"][17:] = 1
    tracks.arrays["lamps"][[1, 2, 3, 9, 10, 11, 12, 13], 0] = int(Lamp.BRAKE)
    tracks.arrays["lamps"][4:6, 0] = int(Lamp.BRAKE)
    events = find_events(tracks, hazard_rows("d", tracks, ["ego", "child"]))
    assert [(e["kind"], e["time"]) for e in events] == [("onset", 0.35), ("brake", 0.9), ("goal", 1.7)]


def test_the_page_shows_no_time_to_collision_from_the_contact_on():
    tracks, names = made_up_tracks(), ["ego", "child"]
    rows = hazard_rows("d", tracks, names)
    spec = SimpleNamespace(actors=[SimpleNamespace(name=name) for name in names], record={})
    draw = SimpleNamespace(id="d", key=0, spec=spec)
    page = page_draw(
        draw,
        0,
        tracks,
        views_of("d", DatasetConfig()),
        [[]] * 20,
        rows,
        find_events(tracks, rows),
        "video.mp4",
    )
    assert page["series"]["time_to_collision"] == [None] * 4 + [2.0] * 8 + [None] * 8
    assert [row["time_to_collision"] for row in rows] == [None] * 4 + [2.0] * 16, "hazard.csv keeps it"


def test_tracks_survive_their_file():
    tracks = made_up_tracks()
    back = Tracks.decode(tracks.encode())
    assert back.rate == tracks.rate and back.nframe == 20
    assert all(np.array_equal(back.arrays[k], v) and back.arrays[k].dtype == v.dtype for k, v in tracks.arrays.items())
    assert tracks.encode() == back.encode()


def test_frames_are_counted_to_the_end_or_the_duration():
    assert frame_count(Fraction(10), 2.0, None) == 21 and frame_count(Fraction(10), 2.0, 1.0) == 10
    assert frame_count(Fraction(10), 0.55, 3.0) == 6 and frame_count(Fraction(1, 10), 2.0, None) == 1
    assert frame_rate(29.97) == Fraction(2997, 100) and frame_rate(10) == 10


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
