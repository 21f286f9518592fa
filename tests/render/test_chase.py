"""The camera behind the ego: level, and never within anything nor cut off from the ego."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.config import RenderConfig, SimConfig
from sim.render.camera import CHASE
from sim.render.chase import KEEP_OFF
from sim.render.frames import Renderer
from sim.render.world import build_library
from sim.rotation import quaternion
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from tests.scenario.files import write

TEXT = """\
name: Test
map: {{road: straight, length: 250 m, lanes: 0+2}}
setting: rural
actors:
  ego: {{{ego}, at: {{lane: -1, s: 100 m}}, speed: 10 m/s, goal: {{lane: -1, s: 240 m}}}}
{rest}
end: {{after: 4 s}}
"""
ALONE = "  far: {kind: car, at: {lane: -2, s: 200 m}}"


def film(
    folder: Path, ego: str = "kind: car, asset: sedan", rest: str = ALONE, rot: object = None
) -> tuple[np.ndarray, ...]:
    """Where the camera is [m], its forward axis, and the picture of instances; ``rot``: the ego's, if not as it stands."""
    batch = sample_worlds(
        [load_scenario(write(folder, TEXT.format(ego=ego, rest=rest)))], [0], "cpu", SimConfig(pool=1)
    )
    if rot is not None:
        turned = batch.state.rot.numpy()
        turned[0, 0] = rot
        batch.state.rot.assign(turned)
    camera = replace(CHASE, width=96, height=54)
    renderer = Renderer(build_library(batch), batch.scene, batch.state, RenderConfig((camera,), "fast", ("instance",)))
    renderer.render(batch.scene)
    view = renderer.views[1]
    eye = view.pos.numpy()[0, 0] - batch.state.pos.numpy()[0, 0]
    return eye, view.rot.numpy()[0, 0][:, 2], renderer.frames.numpy()["instance"][0, 0]


def test_in_the_open_it_stands_where_it_is_mounted(tmp_path: Path) -> None:
    eye, ahead, instance = film(tmp_path)
    assert eye == pytest.approx(CHASE.pos, abs=1e-3)
    assert ahead == pytest.approx((math.cos(CHASE.pitch), 0.0, -math.sin(CHASE.pitch)), abs=1e-3)
    assert (instance == 1).mean() > 0.02


def test_it_is_never_inside_a_lorry_behind(tmp_path: Path) -> None:
    eye, _, instance = film(tmp_path, rest="  lorry: {kind: lorry, at: {behind: ego, gap: 2.5 m}}\n" + ALONE)
    tail, top = -1.0, 4.0  # the ego's rear overhang, about; the lorry's height, about
    assert eye[0] > tail - 2.5 - 0.5 or eye[2] > top - 0.3
    assert np.linalg.norm(eye) > 2.0 + KEEP_OFF and (instance == 1).mean() > 0.02


def test_it_looks_over_the_ego_s_own_trailer(tmp_path: Path) -> None:
    eye, _, instance = film(tmp_path, "kind: tractor, trailer: semitrailer")
    assert (instance == 1).any() and eye[2] > 4.2


@pytest.mark.parametrize(("pitch", "roll"), [(0.0, math.pi), (0.5, 0.0), (0.0, 1.5)])
def test_it_stays_level_and_over_the_road_when_the_ego_rolls_over(tmp_path: Path, pitch: float, roll: float) -> None:
    eye, ahead, _ = film(tmp_path, rot=quaternion(0.0, pitch, roll))
    assert eye[2] > 2.0 and abs(ahead[1]) < 0.3 and ahead[0] > 0.5


def test_it_turns_with_the_ego(tmp_path: Path) -> None:
    eye, ahead, _ = film(tmp_path, rot=quaternion(math.pi / 2, 0.0, 0.0))
    assert eye == pytest.approx((0.0, CHASE.pos[0], CHASE.pos[2]), abs=1e-3) and ahead[1] > 0.9
