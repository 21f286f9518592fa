"""Settings that cannot be meant are refused where they are made, with what would be right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.config import OUTPUTS, QUALITIES, CameraConfig, DatasetConfig, RenderConfig, RewardConfig, SimConfig
from sim.errors import SwerveError
from sim.render.frames import QUALITY
from sim.render.label_images import OUTPUT_BITS
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario

REFUSED = [
    (SimConfig, {"contact": "Physics"}, "no contact 'Physics': choose one of physics, report"),
    (SimConfig, {"physics": "havok"}, "no physics 'havok': choose one of swerve, bullet"),
    (SimConfig, {"contact": None}, "choose one of physics, report"),
    (SimConfig, {"seed": -1}, "seed must be a whole number between 0 and 4294967295, not -1"),
    (SimConfig, {"seed": 1 << 32}, "seed must be a whole number"),
    (SimConfig, {"seed": 1.0}, "seed must be a whole number"),
    (SimConfig, {"seed": True}, "seed must be a whole number"),
    (SimConfig, {"map_variants": 0}, "map_variants must be a whole number between 1"),
    (SimConfig, {"pool": 0}, "pool must be a whole number between 1"),
    (CameraConfig, {"width": 0}, "width must be a whole number between 1 and 8192, not 0"),
    (CameraConfig, {"height": -4}, "height must be a whole number between 1 and 8192"),
    (CameraConfig, {"horizontal_fov": 70.0}, r"horizontal_fov \[rad\] must lie between 0.001 and 3.1, not 70"),
    (CameraConfig, {"horizontal_fov": float("nan")}, "must be a finite number, not nan"),
    (CameraConfig, {"pos": (1.0, 2.0)}, r"pos must be x, y, z \[m\]"),
    (CameraConfig, {"pos": (1.0, float("inf"), 0.0)}, "pos.y must be a finite number"),
    (CameraConfig, {"pitch": "down"}, "pitch must be a finite number, not 'down'"),
    (RenderConfig, {"cameras": ()}, "at least one CameraConfig"),
    (RenderConfig, {"quality": "lovely"}, "no quality 'lovely': choose one of fast, draft, standard, high"),
    (RenderConfig, {"outputs": ("rgb", "colour")}, "no output 'colour': choose one of rgb, depth"),
    (RewardConfig, {"goal": float("nan")}, "the reward's goal must be a finite number"),
    (DatasetConfig, {"size": (0, 450)}, "size: width must be a whole number between 16 and 8192, not 0"),
    (DatasetConfig, {"size": (9, 9), "rig": (CameraConfig("tiny", 9, 9),)}, "camera tiny, the rig's first: width must be"),
    (DatasetConfig, {"size": (800, 450.0)}, "size: height must be a whole number"),
    (DatasetConfig, {"size": (800,)}, "width and height"),
    (DatasetConfig, {"fps": -10.0}, "fps must lie between 0.1 and 1000, not -10"),
    (DatasetConfig, {"fps": "10"}, "fps must be a finite number, not '10'"),
    (DatasetConfig, {"duration": 0.0}, r"duration \[s\] must lie between 0.01 and 3600, not 0"),
    (DatasetConfig, {"draws": 10**9}, "draws must be a whole number between 1 and 100000"),
    (DatasetConfig, {"seed": -1}, "seed must be a whole number"),
    (DatasetConfig, {"quality": "best"}, "no quality 'best'"),
    (DatasetConfig, {"physics": "magic"}, "choose one of swerve, bullet"),
    (DatasetConfig, {"contact": "magic"}, "no contact 'magic'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "settings", "message"), REFUSED, ids=[f"{c.__name__}-{next(iter(s))}" for c, s, _ in REFUSED]
)
def test_a_setting_that_cannot_be_meant_is_refused(config: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SwerveError, match=message):
        config(**settings)


def test_numbers_of_numpy_are_numbers() -> None:
    whole: Any = np.int64(3)
    real: Any = np.float32(2.0)
    assert SimConfig(seed=whole, pool=whole).seed == 3
    assert RewardConfig(goal=real).goal == 2.0


def test_an_unknown_driver_is_refused() -> None:
    with pytest.raises(SwerveError, match="no driver 'nobody': choose default or one of constant"):
        sample_worlds([load_scenario("hard-braking-queue")], [0], "cpu", SimConfig(driver="nobody"))


@pytest.mark.parametrize(
    ("scenarios", "message"),
    [
        ([], "a list of at least one scenario"),
        ("deer-at-night", "a list of at least one scenario, not 'deer-at-night'"),
        (load_scenario("deer-at-night"), "a list of at least one scenario, not .*YamlScenario"),
        (["deer-at-night"], "'deer-at-night' is no scenario: read it by sim.load_scenario first"),
    ],
)
def test_what_is_no_list_of_scenarios_is_refused(scenarios: Any, message: str) -> None:
    with pytest.raises(SwerveError, match=message):
        sample_worlds(scenarios, [0], "cpu")


def test_words_are_those_of_the_renderer() -> None:
    assert set(QUALITIES) == set(QUALITY)
    assert set(OUTPUTS) == set(OUTPUT_BITS)
