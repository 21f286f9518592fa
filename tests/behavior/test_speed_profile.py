"""SpeedProfileAction against closed form: straight lines, limits, jerks, speeds relative to an entity."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from sim.errors import ScenarioError
from tests.behavior.run import Run, run
from tests.behavior.test_motion import after, at
from tests.scenario.openx import car_xml, load, speed_xml, teleport_xml


def profile(*entries: tuple[float, float | None], mode: str = "position", limits: str = "", more: str = "") -> str:
    """An action; entries are speed and time after the one before."""
    rows = "".join(
        f'<SpeedProfileEntry speed="{speed}"{"" if time is None else f" time={chr(34)}{time}{chr(34)}"}/>'
        for speed, time in entries
    )
    constraints = f"<DynamicConstraints {limits}/>" if limits else ""
    return (
        f'<PrivateAction><LongitudinalAction><SpeedProfileAction followingMode="{mode}" {more}>{constraints}{rows}'
        "</SpeedProfileAction></LongitudinalAction></PrivateAction>"
    )


def speeds(found: Run, times: dict[float, float], tolerance: float = 0.02) -> None:
    """Compare the ego's speeds at some seconds after the action's start."""
    for time, speed in times.items():
        assert at(found, found.speed, 1.0 + time) == pytest.approx(speed, abs=tolerance), f"{time} s"


def test_lines_between_the_entries(tmp_path: Path) -> None:
    found = run(tmp_path, after(profile((10, 0.0), (20, 2.0), (14, 3.0))), 7.0)
    speeds(found, {1.0: 15.0, 2.0: 20.0, 3.5: 17.0, 5.0: 14.0, 6.0: 14.0})
    assert found.when("go action", 3) == pytest.approx(6.0, abs=0.02)


def test_what_the_limits_do_not_allow_takes_longer(tmp_path: Path) -> None:
    limits = 'maxAcceleration="2" maxDeceleration="4"'
    found = run(tmp_path, after(profile((20, 1.0), (10, None), limits=limits)), 9.0)
    speeds(found, {2.5: 15.0, 5.0: 20.0, 6.25: 15.0, 7.5: 10.0})


def test_a_jerk_at_both_ends(tmp_path: Path) -> None:
    """6 m/s more within 4 s at 2 m/s^3: k t - k^2 / j = 6 gives 2 m/s^2, reached in 1 s and left in the last."""
    rates = 'maxAcceleration="5" maxDeceleration="5" maxAccelerationRate="2" maxDecelerationRate="2"'
    found = run(tmp_path, after(profile((16, 4.0), mode="follow", limits=rates)), 6.0)
    speeds(found, {0.5: 10.25, 1.0: 11.0, 2.0: 13.0, 3.0: 15.0, 3.5: 15.75, 4.0: 16.0})


def test_jerks_without_time_for_a_constant_acceleration(tmp_path: Path) -> None:
    """6 m/s at 2 m/s^3 up and down take 2 sqrt(6 / 2) s however soon they are wanted; with at most 2 m/s^2 they take 1 + 2 + 1 s."""
    rates = 'maxDeceleration="5" maxAccelerationRate="2" maxDecelerationRate="2"'
    found = run(tmp_path, after(profile((16, 1.0), mode="follow", limits=rates)), 6.0)
    half = math.sqrt(3.0)
    speeds(found, {half / 2: 10 + half**2 / 4, half: 13.0, 1.5 * half: 16 - half**2 / 4, 2 * half: 16.0})
    slow = run(tmp_path, after(profile((16, 1.0), mode="follow", limits=f'{rates} maxAcceleration="2"')), 6.0)
    speeds(slow, {1.0: 11.0, 2.0: 13.0, 3.0: 15.0, 4.0: 16.0})


def test_jerks_round_the_corners(tmp_path: Path) -> None:
    """The first line begins late by half its jerk; the others are met exactly between the corners."""
    rates = 'maxAcceleration="5" maxDeceleration="5" maxAccelerationRate="4" maxDecelerationRate="3"'
    entries = ((10, 0.0), (20, 4.0), (14, 3.0), (14, 2.0))
    found = run(tmp_path, after(profile(*entries, mode="follow", limits=rates)), 12.0)
    late = 2.5**2 / (2 * 4)
    speeds(found, {2.0: 15.0 - late, 5.5: 17.0, 8.0: 14.0})
    acceleration = np.diff(found.of(found.speed)[101:1000]) / 0.01
    jerk = np.diff(acceleration) / 0.01
    assert jerk.max() < 4.2
    assert jerk.min() > -3.2


def test_speeds_relative_to_an_entity(tmp_path: Path) -> None:
    init = {"Ego": teleport_xml() + speed_xml(10), "Other": teleport_xml(100) + speed_xml(5)}
    entities = car_xml("Ego") + car_xml("Other")
    action = profile((10, 2.0), more='entityRef="Other"')
    found = run(tmp_path, after(action, init=init, entities=entities), 4.0)
    speeds(found, {1.0: 12.5, 2.5: 15.0})


def test_a_lone_entry_wanted_now_comes_as_soon_as_possible(tmp_path: Path) -> None:
    """Without a jerk's limit at the greatest acceleration; with one it is met as if no time were given."""
    rates = 'maxAcceleration="2" maxDeceleration="2" maxAccelerationRate="2" maxDecelerationRate="2"'
    found = run(tmp_path, after(profile((16, 0.0), mode="follow", limits='maxAcceleration="2"')), 5.0)
    speeds(found, {1.0: 12.0, 2.0: 14.0, 3.5: 16.0}, 0.05)
    smooth = [run(tmp_path, after(profile((16, t), mode="follow", limits=rates)), 6.0) for t in (0.0, None)]
    speeds(smooth[0], {1.0: 11.0, 2.0: 13.0, 3.0: 15.0, 4.0: 16.0})
    assert (smooth[0].speed == smooth[1].speed).all()


@pytest.mark.parametrize("name", ["maxAcceleration", "maxDeceleration", "maxAccelerationRate", "maxDecelerationRate"])
def test_limits_of_zero_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScenarioError, match=f"{name}=0") as caught:
        load(tmp_path, after(profile((16, None), mode="follow", limits=f'{name}="0"')))
    assert caught.value.line is not None


def test_an_actor_that_cannot_change_its_speed_runs_no_profile_within_its_limits(tmp_path: Path) -> None:
    fixed = re.sub('maxAcceleration="[^"]*"', 'maxAcceleration="0"', car_xml("Ego"))
    assert fixed != car_xml("Ego")
    with pytest.raises(ScenarioError, match="Ego cannot run through a speed profile"):
        run(tmp_path, after(profile((16, None)), entities=fixed), 0.0)
    speeds(run(tmp_path, after(profile((12, 1.0)), entities=fixed), 2.5), {0.5: 11.0, 1.0: 12.0})
