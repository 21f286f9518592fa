"""The label audit over frames of the library's scenarios, and that it finds what is wrong."""

from __future__ import annotations

import copy
import math
from fractions import Fraction

import numpy as np
import pytest

from sim.cameras import LENSES, MOSAICS, CameraConfig, Lens, Shutter
from sim.config import LABELS, DatasetConfig, SimConfig
from sim.errors import SwerveError
from sim.export import audit, audit_geometry, audit_images, audit_sensors, audit_space, random_audit
from sim.export.frames import FrameRenderer
from sim.export.sensors import SensorRecorder
from sim.export.tracks import frame_rate, record
from sim.export.views import views_of
from sim.render.camera import intrinsic_matrix
from sim.render.frames import camera_at
from sim.render.parts import Part
from sim.render.rigs import load_rig
from sim.render.world import build_library
from sim.sampling import sample_worlds
from sim.scenario.reader import library_files, load_scenario
from sim.scenery.signals import lens_points
from sim.sensors.radar_rays import DetectionType

SIZE, LARGE = (128, 72), (256, 144)
FILES = library_files()


RIG = (
    CameraConfig(width=128, height=72),
    CameraConfig("brown", 128, 72, lens=Lens("brown_conrady", (95.0, 93.0, 64.0, 36.0), (-0.3, 0.1, 1e-3, -1e-3))),
    CameraConfig("fisheye", 96, 96, 3.3, (3.75, 0.0, 0.9), pitch=0.2, lens=Lens("kannala_brandt")),
    CameraConfig("rolling", 128, 72, yaw=0.6, shutter=Shutter(0.04)),
    CameraConfig(
        "all", 96, 96, 3.3, (-1.2, 0.0, 0.9), 3.14, shutter=Shutter(0.03, 0.01, 2), lens=Lens("kannala_brandt")
    ),
)
"""The plain camera, and others of which each random frame takes the next."""


def renderer_of(name, key=0, duration=None, size=SIZE, rig=()):
    batch = sample_worlds([load_scenario(FILES[name])], [key], "cpu", SimConfig(pool=1))
    config = DatasetConfig(size=size, quality="fast", rig=rig, outputs=LABELS)
    tracks = record(batch, Fraction(5), duration, span=config.span)[0]
    return FrameRenderer(build_library(batch), batch, 0, tracks, config)


@pytest.fixture(scope="module")
def crossing():
    return renderer_of("child-between-parked-cars", duration=8.0)


def test_frames_of_a_scenario_pass(crossing):
    faults = [fault for frame in (0, 17, 33) for fault in audit.audit_frame(crossing, frame)]
    assert not faults, "\n".join(faults)


def test_wrong_labels_are_found(crossing):
    picture = crossing.render(20)
    seen = np.unique(picture["arrays"]["instance"])
    a = int(max(seen[seen > 0], key=lambda k: (picture["arrays"]["instance"] == k).sum()))

    def changed():
        return copy.deepcopy(picture)

    one = changed()
    one["labels"]["visible_box"][a - 1][2] += 1
    assert any("visible box" in fault for fault in audit.check_boxes(one))
    one = changed()
    one["amodal"][a - 1] = False
    assert any("not in its amodal mask" in fault for fault in audit.check_boxes(one))
    one = changed()
    one["arrays"]["depth"][one["arrays"]["instance"] == a] *= 1.3
    assert any("outside its 3D box" in fault for fault in audit.check_depth(crossing, one, 20))
    one = changed()
    one["arrays"]["flow"][..., 0] += 3.0
    assert audit.check_flow(crossing, one, 20)
    one = changed()
    one["arrays"]["flow_occluded"][:] = 0
    assert audit.check_flow(crossing, one, 20)
    labels = crossing.sample(views_of("x", crossing.config)[0], 20, picture)["json"]
    one = changed()
    one["arrays"]["instance"][one["arrays"]["instance"] == a] = 0
    assert any("no visible pixel" in fault for fault in audit.check_export(one, labels))


@pytest.fixture(scope="module")
def shown():
    """A frame in which people are seen, its labels, the points it shows, the ego's pose and the next frame's view."""
    renderer = renderer_of("child-between-parked-cars", duration=4.0, size=LARGE)
    picture = renderer.render(18)
    labels = renderer.sample(views_of("x", renderer.config)[0], 18, picture)["json"]
    with np.errstate(invalid="ignore"):
        points = audit.world_points(renderer, picture)
    poses = renderer.renderer.window.current
    view = renderer.renderer.views[2]
    then = view.pos.numpy()[0, 0].astype(float), view.rot.numpy()[0, 0]
    return picture, labels, points, (poses.pos.numpy()[0, 0].astype(float), poses.rot.numpy()[0, 0].astype(float)), then


def pick(array, where, value, count=1):
    """A copy of an image with some pixels changed."""
    out = array.copy()
    out[tuple(np.argwhere(where)[:count].T)] = value
    return out


def test_wrong_class_images_are_found(shown):
    picture, labels, _, _, _ = shown
    arrays = picture["arrays"]
    assert not audit_images.check_parts(arrays) and not audit_images.check_panoptic(arrays, labels)
    road, thing = arrays["semantic"] == 0, arrays["instance"] > 0
    for name, where, value, text in (
        ("part", road, 64, "markings"), ("part", thing, 0, "without parts"), ("part", road, 16, "limbs"),
        ("lane", road, 64, "lane mask"), ("drivable", road, 0, "drivable"), ("drivable", thing, 1, "drivable"),
    ):  # fmt: skip
        faults = audit_images.check_parts({**arrays, name: pick(arrays[name], where, value)})
        assert any(text in fault for fault in faults), (name, value)
    assert audit_images.check_panoptic({**arrays, "panoptic": pick(arrays["panoptic"], thing, 1)}, labels)
    assert audit_images.check_panoptic(arrays, {**labels, "segments": labels["segments"][1:]})
    for name, where, value, text in (
        ("anomaly", thing, 2, "anomaly"),
        ("anomaly", road, 1, "no actor"),
        ("lamp", road, 2, "lamps"),
    ):
        faults = audit_images.check_states({**arrays, name: pick(arrays[name], where, value)}, labels)
        assert any(text in fault for fault in faults), (name, value)
    lit = arrays["part"] == 7
    assert lit.any() and any(
        "brake" in f for f in audit_images.check_states({**arrays, "lamp": pick(arrays["lamp"], lit, 2)}, labels)
    )


def test_wrong_light_and_motion_are_found(shown):
    picture, _, points, _, then = shown
    arrays, rot = picture["arrays"], picture["rows"][1]
    assert not audit_images.check_light(arrays, rot)
    sky = arrays["semantic"] == 10
    for name, where, value in (
        ("normal_world", ~sky, (0.0, 0.0, -1.0)), ("normal_world", ~sky, (0.0, 0.0, 0.9)), ("albedo", sky, 0.5),
        ("albedo", ~sky, 1.5), ("hdr", ~sky, np.nan), ("hdr", sky, -1.0),
    ):  # fmt: skip
        assert audit_images.check_light({**arrays, name: pick(arrays[name], where, value)}, rot), (name, value)
    k = intrinsic_matrix(CameraConfig(width=LARGE[0], height=LARGE[1]))

    def project(p):
        return (p @ k.T)[:, :2] / p[:, 2:]

    assert not audit_images.check_motion(arrays, points, project, then)
    moved = pick(arrays["scene_flow"], arrays["instance"] == 0, (0.01, 0.0, 0.0))
    assert any(
        "no actor moves" in f for f in audit_images.check_motion({**arrays, "scene_flow": moved}, points, project, then)
    )
    near = (arrays["instance"] > 0) & (arrays["depth"] < 12.0) & np.isfinite(arrays["flow"]).all(-1)
    off = arrays["scene_flow"].copy()
    off[near] += (0.0, 0.05, 0.0)
    assert near.any() and any(
        "differ" in f for f in audit_images.check_motion({**arrays, "scene_flow": off}, points, project, then)
    )


def test_wrong_labels_of_space_are_found(shown):
    picture, labels, points, ego, _ = shown
    assert not audit_space.check_keypoints(picture, labels)
    person = max((o for o in labels["objects"] if o.get("num_keypoints")), key=lambda o: o["area"])
    assert person["amodal_bbox"][3] >= audit_space.SMALL and max(person["keypoints"][2::3]) == 2
    for key, change, text in (
        ("keypoints", lambda v: [x + 20 if i % 3 == 0 and v[i + 2] else x for i, x in enumerate(v)], "not on it"),
        ("keypoints_3d", lambda v: [[p[0], p[1], p[2] + 0.5] for p in v], "3D box"),
        ("num_keypoints", lambda v: v + 1, "number"),
    ):
        wrong = {**labels, "objects": [{**person, key: change(person[key])}]}
        assert any(text in f for f in audit_space.check_keypoints(picture, wrong)), key
    assert not audit_space.check_birds_eye(picture, points, ego)
    for key, change in (("ground", lambda a: np.roll(a, 12, 1)), ("instance", lambda a: np.roll(a, 40, 0))):
        wrong = {**picture, "bev": {**picture["bev"], key: change(picture["bev"][key])}}
        assert audit_space.check_birds_eye(wrong, points, ego), key
    assert not audit_space.check_occupancy(picture, points, ego)
    for key, change in (("semantic", lambda a: np.roll(a, 2, 2)), ("observed", lambda a: 0 * a)):
        wrong = {**picture, "occupancy": {**picture["occupancy"], key: change(picture["occupancy"][key])}}
        assert audit_space.check_occupancy(wrong, points, ego), key
    solid = {"kind": "solid", "track_id": 1, "xyz": [[x, -5.0, 0.0] for x in range(40)]}
    assert any("marked" in f for f in audit_space.check_lanes({**picture, "lane_lines": {"lane_lines": [solid]}}))


def test_signals_are_told_where_they_are():
    renderer = renderer_of("red-light-runner", duration=2.0, size=(320, 180))
    picture = renderer.render(3)
    labels = renderer.sample(views_of("x", renderer.config)[0], 3, picture)["json"]
    seen = [s for s in labels["signals"] if s["visible"]]
    assert seen and not audit_space.check_signals(picture, labels, 32.0)
    for signal in seen:
        bits = int(renderer.tracks.arrays["signal"][3][signal["signal"] - 1])
        assert (
            signal["state"] == [n for k, n in enumerate(("red", "amber", "green")) if bits >> k & 1] and signal["state"]
        )
        col, row = (round(v) for v in signal["pixel"])
        near = picture["arrays"]["part"][max(row - 2, 0) : row + 3, max(col - 2, 0) : col + 3]
        assert (np.isin(near, (34, 35, 36, 37))).any(), "a head or its lamps"

    def lowered(lamp):
        return {**lamp, "pixel": [lamp["pixel"][0], lamp["pixel"][1] + 60]}

    shifted = [{**s, "lamps": [lowered(lamp) for lamp in s["lamps"]], "position": [0.0] * 3} for s in seen]
    close = {**picture, "view": (np.zeros(3), np.eye(3))}
    assert any("should be seen" in fault for fault in audit_space.check_signals(close, {"signals": shifted}, 32.0))
    denied = {"signals": [{**s, "visible": False} for s in seen]}
    assert any("not visible" in fault for fault in audit_space.check_signals(close, denied, 32.0))


@pytest.mark.parametrize(("ahead", "seen"), [(2.5, True), (-2.5, False)])
def test_a_signal_from_beside_is_where_its_lenses_are(ahead, seen):
    """From so near and so far aside that a hand's width before its face, or behind, is none of its pixels."""
    library = build_library(sample_worlds([load_scenario(FILES["red-light-runner"])], [0], "cpu", SimConfig(pool=1)))
    head = next(i for i in library.maps[0].instances if i.signal == 0)
    front, left = np.asarray(head.matrix)[:3, 0], np.asarray(head.matrix)[:3, 1]
    lenses = lens_points(head.model)[:, 0] @ np.asarray(head.matrix)[:3, :3].T + np.asarray(head.matrix)[:3, 3]
    eye = lenses.mean(0) + ahead * front - 4.5 * left
    away = lenses.mean(0) - eye
    camera = camera_at(eye, yaw=math.atan2(away[1], away[0]) + 0.1, width=320, height=180, horizontal_fov=0.8)
    renderer = renderer_of("red-light-runner", duration=1.0, rig=(camera,))
    picture = renderer.render(0)
    labels = renderer.sample(views_of("x", renderer.config)[0], 0, picture)["json"]
    (signal,) = (s for s in labels["signals"] if s["signal"] == 1)
    assert signal["visible"] == seen and not audit_space.check_signals(picture, labels, 32.0)
    assert np.allclose(signal["position"], lenses[1], atol=1e-3)
    assert [lamp["aspect"] for lamp in signal["lamps"]] == ["red", "amber", "green"]
    for lamp, part in zip(signal["lamps"], (Part.SIGNAL_RED, Part.SIGNAL_AMBER, Part.SIGNAL_GREEN), strict=True):
        col, row = (round(v) for v in lamp["pixel"])
        near = picture["arrays"]["part"][row - 6 : row + 7, col - 3 : col + 4]
        assert lamp["visible"] == seen == bool((near == part).any())


@pytest.fixture(scope="module")
def lenses():
    return renderer_of("child-between-parked-cars", 1, duration=4.0, rig=RIG)


@pytest.mark.parametrize("camera", range(len(RIG)))
def test_points_that_land_elsewhere_are_found(lenses, camera):
    """Of every lens and shutter: flow, boxes' corners and keypoints hold, and a tenth of a pixel more does not."""
    picture = lenses.render(14, camera)

    def faults(one):
        return (
            audit_geometry.check_flow_geometry(lenses, one, 14),
            audit_geometry.check_corners(lenses, one, 14),
            audit_geometry.check_keypoints_land(lenses, one),
        )

    assert faults(picture) == ([], [], [])
    assert (np.isfinite(picture["labels"]["corner"]).all(-1) & (picture["labels"]["visible_count"] > 0)[:, None]).any()
    one = copy.deepcopy(picture)
    one["arrays"]["flow"][..., 0] += 0.1
    one["labels"]["corner"][..., 1] += 0.3
    one["labels"]["keypoint"][..., 0] += 0.1
    flow, corners, keypoints = faults(one)
    assert flow and corners
    seen = (one["labels"]["keypoint_seen"] > 0).any(1) & (one["labels"]["visible_count"] > 0)
    assert bool(keypoints) == bool(seen.any() and not lenses.tracks.span)


def test_wrong_detections_are_found():
    batch = sample_worlds([load_scenario(FILES["cut-in-wet-motorway"])], [3], "cpu", SimConfig(pool=1))
    tracks = record(batch, Fraction(5), 3.0)[0]
    recorder = SensorRecorder(build_library(batch), batch, 0, tracks, DatasetConfig(lidar="spin16", radar="long"))
    assert not audit_sensors.audit_sensors(recorder, 10)
    radar = recorder.radars[0]
    kinds = radar.detections.kind.numpy()
    assert {int(DetectionType.TARGET), int(DetectionType.CLUTTER)} <= set(np.unique(kinds).tolist())
    changes = (
        ("speed", 40.0, "stands still"),
        ("speed", 80.0, "its box"),
        ("range", 30.0, "away"),
        ("azimuth", 0.3, "rad"),
    )
    for name, change, text in changes:
        array = getattr(radar.detections, name)
        whole = array.numpy().copy()
        array.assign(whole + np.float32(change) * (kinds > 0))
        assert any(text in fault for fault in audit_sensors.check_detections(recorder, radar, 10)), name
        array.assign(whole)


def test_a_random_audit_is_the_same_again_and_goes_on(tmp_path, monkeypatch):
    files = [FILES[name] for name in sorted(FILES)]
    blocks = [random_audit.plan_block(5, k, files) for k in range(60)]
    assert blocks == [random_audit.plan_block(5, k, files) for k in range(60)]
    cameras = [camera for block in blocks for camera in block.config.rig]
    assert {c.lens.model for c in cameras} == set(LENSES) and any(c.shutter.readout for c in cameras)
    assert {c.sensor.mosaic for c in cameras if c.sensor} >= {None, *MOSAICS}
    assert any(c.optics.exposed for c in cameras if c.name.startswith("camera"))
    assert {b.config.lidar for b in blocks} == set(random_audit.MAP_LIDARS) and {c.width > 96 for c in cameras} == {
        True,
        False,
    }
    looked = []

    def audit_block(block, seed, most):
        looked.append(block.number)
        yield from ([f"fault {block.number}"] if k == 1 else [] for k in range(min(20, most)))

    monkeypatch.setattr(random_audit, "audit_block", audit_block)
    assert len(random_audit.run(30, 5, tmp_path, files)) == 2 and looked == [0, 1]
    rows = tmp_path / "blocks.jsonl"
    rows.write_text(rows.read_text() + '\n{"block": 2, "pict')
    for _ in range(2):
        assert len(random_audit.run(50, 5, tmp_path, files)) == 3 and looked == [0, 1, 2]


def test_an_audit_of_something_else_does_not_go_on_there(tmp_path, monkeypatch):
    files = [FILES[name] for name in sorted(FILES)]
    edited = tmp_path / files[0].name
    edited.write_text(files[0].read_text() + "\n# other\n")
    monkeypatch.setattr(random_audit, "audit_block", lambda block, seed, most: iter([[]] * min(20, most)))
    out = tmp_path / "out"
    assert random_audit.run(20, 5, out, files) == []
    before = (out / "blocks.jsonl").read_bytes()
    for seed, others, text in (
        (6, files, "seed 5 there and 6 here"),
        (5, files[1:], "scenarios differ"),
        (5, [edited, *files[1:]], "scenarios differ"),
    ):
        for only in (None, 0):
            with pytest.raises(SwerveError, match=text):
                random_audit.run(20, seed, out, others, only)
    with monkeypatch.context() as patch:
        patch.setattr("sim.__version__", "0.0.0")
        with pytest.raises(SwerveError, match=r"version .* there and 0\.0\.0 here"):
            random_audit.run(20, 5, out, files)
    assert (out / "blocks.jsonl").read_bytes() == before
    (out / "blocks.jsonl").write_text('{"block": 0, "pictures": 20, "faults": []}')
    with pytest.raises(SwerveError, match="does not say"):
        random_audit.run(20, 5, out, files)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(FILES)), ids=sorted(FILES))
def test_random_frames_pass(number):
    """A share of what ``python -m sim.export.random_audit`` looks at: the first block of each scenario, three of its pictures."""
    block = random_audit.plan_block(5, number, [FILES[name] for name in sorted(FILES)])
    faults = list(random_audit.audit_block(block, 5, 3))
    assert faults == [[]] * 3


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FILES))
def test_random_frames_of_all_scenarios_pass(name):
    """In sum 500 frames or more, each scenario its share, of two draws."""
    share = -(-500 // len(FILES))
    rng = np.random.default_rng(5)
    faults = []
    for key in (1, 2):
        renderer = renderer_of(name, key, rig=RIG)
        count = renderer.tracks.nframe
        frames = rng.choice(count, min(-(-share // 2), count), replace=False)
        for i, k in enumerate(frames):
            camera = i % len(RIG)
            faults += [f"draw {key}, {RIG[camera].name}, {f}" for f in audit.audit_frame(renderer, int(k), camera)]
    assert not faults, "\n".join(faults)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FILES))
def test_six_cameras_and_a_lidar_at_full_size_pass(name):
    """Each scenario as ``swerve render --size 1280x720 --rig nuscenes6 --lidar spin32 --duration 1 --fps 2 --quality fast`` sees it."""
    sim_config = SimConfig()
    batch = sample_worlds([load_scenario(FILES[name])], [0], "cpu", sim_config)
    rig = load_rig("nuscenes6", (1280, 720))
    config = DatasetConfig(rig=rig, fps=2.0, duration=1.0, quality="fast", lidar="spin32", outputs=LABELS)
    tracks = record(batch, frame_rate(config.fps), config.duration, span=config.span)[0]
    library = build_library(batch)
    renderer = FrameRenderer(library, batch, 0, tracks, config)
    sensors = SensorRecorder(library, batch, 0, tracks, config)
    faults = []
    for frame in range(tracks.nframe):
        faults += [f"frame {frame}, lidar: {fault}" for fault in audit_sensors.audit_sensors(sensors, frame)]
        for camera, seen in enumerate(rig):
            faults += [f"frame {frame}, {seen.name}: {f}" for f in audit.audit_frame(renderer, frame, camera)]
    assert tracks.nframe == 2 and not faults, "\n".join(faults)
