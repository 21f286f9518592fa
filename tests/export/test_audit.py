"""The label audit over frames of the library's scenarios, and that it finds what is wrong."""

from __future__ import annotations

import copy
from fractions import Fraction

import numpy as np
import pytest

from sim.cameras import CameraConfig, Lens, Shutter
from sim.config import DatasetConfig, SimConfig
from sim.export import audit
from sim.export.frames import FrameRenderer
from sim.export.tracks import record
from sim.export.views import views_of
from sim.render.world import build_library
from sim.sampling import sample_worlds
from sim.scenario.reader import library_files, load_scenario

SIZE = (128, 72)
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


def renderer_of(name, key=0, duration=None, rig=()):
    batch = sample_worlds([load_scenario(FILES[name])], [key], "cpu", SimConfig(pool=1))
    config = DatasetConfig(size=SIZE, quality="fast", rig=rig)
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
