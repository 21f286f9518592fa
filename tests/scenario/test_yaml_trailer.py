"""Trailers in YAML files: an actor of its own behind what pulls it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.assets import list_assets
from sim.config import SimConfig
from sim.errors import ScenarioError
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from sim.simulation import step
from sim.types import Motion
from tests.scenario.files import changed, draw, write

PULLED = changed(
    "ego: {kind: car, at: {lane: -1, s: 20 m}", "ego: {kind: tractor, trailer: semitrailer, at: {lane: -1, s: 40 m}"
)


def test_a_trailer_is_an_actor_behind_its_tractor(tmp_path: Path) -> None:
    world = draw(write(tmp_path, PULLED))
    ego, trailer = (next(a for a in world.actors if a.name == name) for name in ("ego", "ego+"))
    assets = list_assets()
    assert (ego.trailer, ego.hitch) == ("ego+", assets["tractor"].hitch)
    assert (trailer.category, trailer.coupler) == ("semitrailer", assets["semitrailer"].coupler)
    assert trailer.speed == ego.speed


@pytest.mark.parametrize("tow", ["suv", "van", "mpv"])
def test_a_caravan_hangs_on_a_ball_behind_the_bumper(tmp_path: Path, tow: str) -> None:
    text = changed(
        "ego: {kind: car, at: {lane: -1, s: 20 m}", f"ego: {{kind: {tow}, trailer: caravan, at: {{lane: -1, s: 40 m}}"
    )
    ego, trailer = (next(a for a in draw(write(tmp_path, text)).actors if a.name == name) for name in ("ego", "ego+"))
    spec = list_assets()[ego.asset or ""]
    assert trailer.category == "trailer" and ego.hitch == spec.hitch
    assert spec.hitch is not None and spec.hitch < spec.box_center[0] - spec.length / 2


@pytest.mark.parametrize(("tow", "trailer"), [("tractor", "caravan"), ("suv", "semitrailer"), ("coach", "caravan")])
def test_what_does_not_fit_is_refused(tmp_path: Path, tow: str, trailer: str) -> None:
    text = changed(
        "ego: {kind: car, at: {lane: -1, s: 20 m}", f"ego: {{kind: {tow}, trailer: {trailer}, at: {{lane: -1, s: 40 m}}"
    )
    with pytest.raises(ScenarioError, match="cannot pull"):
        draw(write(tmp_path, text))


def reach() -> tuple[float, float]:
    """Where the tractor pulls, and where the semi-trailer is pulled, ahead of their reference points [m]."""
    hitch, coupler = list_assets()["tractor"].hitch, list_assets()["semitrailer"].coupler
    assert hitch is not None and coupler is not None
    return hitch, coupler


def test_both_meshes_meet_at_the_king_pin() -> None:
    """The trailer's front stands over the tractor's frame, clear of the cab by its corners' swing but for the last 15 cm."""
    (hitch, coupler), trailer = reach(), list_assets()["semitrailer"]
    front = trailer.box_center[0] + trailer.length / 2 - coupler
    assert 1.2 < front < 2.0
    cab = 2.75 - hitch
    assert front < cab and math.hypot(front, trailer.width / 2) < cab + 0.15


@pytest.mark.parametrize("driver", ["default", "brake"])
def test_a_train_keeps_together_scripted_and_driven(tmp_path: Path, driver: str) -> None:
    scenario = load_scenario(write(tmp_path, PULLED))
    batch = sample_worlds([scenario], [0], "cpu", SimConfig(driver=driver, pool=1))
    for _ in range(200):
        step(batch.scene, batch.state, batch.control)
    names = [a.name for a in batch.specs[0][0].actors]
    pos = batch.state.pos.numpy()[0]
    k = batch.state.story.towing.numpy()[0, 0]
    assert names[k] == "ego+"
    moved = Motion.SCRIPTED if driver == "default" else Motion.DRIVEN
    assert batch.state.motion.numpy()[0, k] == moved
    assert pos[0, 0] > 45.0
    hitch, coupler = reach()
    assert np.linalg.norm(pos[0] - pos[k]) == pytest.approx(coupler - hitch, abs=0.01)


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("kind: tractor, trailer: semitrailer", "kind: car, trailer: semitrailer", "car cannot pull semitrailer"),
        ("trailer: semitrailer", "trailer: car", "tractor cannot pull car"),
        ("trailer: semitrailer", "trailer: boat", "boat"),
        ("s: 40 m}", "s: 5 m}", "lies off the road"),
    ],
)
def test_what_cannot_be_pulled_is_refused(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    with pytest.raises(ScenarioError, match=wrong) as caught:
        draw(write(tmp_path, PULLED.replace(old, new)))
    assert caught.value.line is not None
