"""Skies from pictures in scenario files: their sun, their light, what is refused, and what a data set keeps of them."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from sim.config import DatasetConfig
from sim.errors import ScenarioError, SwerveError
from sim.export.plan import identity, plan_draws, plan_replay
from sim.export.states import environment_label
from sim.random import Stream
from sim.sampling import sample_worlds
from sim.scenario import skies
from sim.scenario.own_assets import FOLDERS
from sim.scenario.reader import load_scenario
from sim.scenario.skies import read_sky, texel_directions
from sim.scenario.world import sun_direction
from tests.skies import SUN, gradient, irradiance, unit, write_sky

SCENE = """\
name: Under a picture
map: {road: straight, length: 250 m, lanes: 1+1}
setting: motorway
environment: ENVIRONMENT
actors:
  ego: {kind: car, at: {lane: -1, s: 20 m}, speed: 8 m/s, goal: {lane: -1, s: 220 m}}
end: {after: 3 s}
"""


@pytest.fixture(autouse=True)
def _no_shared_folders(monkeypatch):
    monkeypatch.delenv(FOLDERS, raising=False)


def scene(folder: Path, environment: str, text: str = SCENE) -> Path:
    path = folder / "scene.yaml"
    path.write_text(text.replace("ENVIRONMENT", environment))
    return path


def draw(folder: Path, environment: str, key: int = 0):
    return load_scenario(scene(folder, environment)).draw(Stream(0, key, 0))


def planes() -> list[np.ndarray]:
    return [np.array([0.0, 0.0, 1.0]), unit(SUN[0], 0.3), unit(SUN[0] + 1.2, 0.8), unit(SUN[0] + np.pi, 0.5)]


@pytest.mark.parametrize(("width", "kept"), [(256, 2048), (1024, 2048), (1024, 512)])
def test_sun_and_rest_are_where_and_as_much_as_in_the_picture(tmp_path, monkeypatch, width, kept):
    """Direction within a texel; light on level and tilted planes within 2 % of the integral over the file's texels."""
    monkeypatch.setattr(skies, "KEPT_WIDTH", kept)
    path = write_sky(tmp_path / "day.hdr", gradient(width))
    sky = read_sky(path)
    assert sky.sun_direction is not None
    assert np.linalg.norm(sky.sun_direction - unit(*SUN)) < 2 * np.pi / width
    rows, cols, _ = sky.radiance.shape
    assert cols == 4 * rows == min(width, kept)
    solid = np.cos(np.arange(rows) * np.pi / (2 * rows)) - np.cos((np.arange(rows) + 1) * np.pi / (2 * rows))
    solid *= 2 * np.pi / cols
    whole = irradiance(path, np.array([0.0, 0.0, 1.0])).mean()
    for normal in planes():
        facing = np.maximum(texel_directions(rows, cols) @ normal, 0.0)
        found = np.einsum("rc,r,rck->k", facing, solid, sky.radiance) + sky.sun * max(normal @ sky.sun_direction, 0.0)
        assert found == pytest.approx(irradiance(path, normal) * np.pi / whole, rel=0.02)
    assert sky.ambient * np.pi + sky.sun * sky.sun_direction[2] == pytest.approx(
        irradiance(path, planes()[0]) * np.pi / whole, rel=0.005
    )
    assert sky.radiance.max() < 0.05 * 30000.0 * np.pi / whole, "no sun is left in the sky"


def test_a_bright_cloud_is_no_sun_and_a_low_sun_is_one(tmp_path):
    cloud = gradient(sun=None)
    cloud[40:50, 100:120] *= 3.0
    grey = read_sky(write_sky(tmp_path / "grey.hdr", cloud))
    assert grey.sun_direction is None and not grey.sun.any() and grey.ambient.mean() == pytest.approx(1.0, rel=1e-4)
    low = read_sky(write_sky(tmp_path / "low.hdr", gradient(sun=(-2.9, 0.04), amount=6000.0)))
    assert low.sun_direction == pytest.approx(unit(-2.9, 0.04), abs=0.013)


def test_the_pictures_sun_is_the_scenes_turned_with_the_picture(tmp_path):
    write_sky(tmp_path / "day.hdr", gradient())
    for heading in (0.0, 200.0):
        world = draw(tmp_path, f"{{sky: day, sky_heading: {heading} deg, time: 18:00}}")
        expected = unit(SUN[0] + math.radians(heading), SUN[1])
        assert sun_direction(world.environment) == pytest.approx(expected, abs=0.013)
        label = environment_label(world.environment, sun_direction(world.environment))
        assert label["sky"] == "day" and str(tmp_path) not in json.dumps(label)


def test_without_a_sun_the_hour_says_how_bright_it_is_and_a_night_keeps_its_moon(tmp_path):
    write_sky(tmp_path / "grey.hdr", gradient(sun=None))
    write_sky(tmp_path / "night.hdr", gradient(sun=(1.0, 0.5)))
    grey, plain = (draw(tmp_path, e).environment for e in ("{sky: grey, time: 09:00}", "{time: 09:00}"))
    assert sun_direction(grey) == sun_direction(plain)
    night = draw(tmp_path, "{sky: night, time: 23:30}")
    assert night.sky is not None and not night.sky.has_sun and sun_direction(night.environment)[2] < -0.1
    assert night.actors[0].lamps == ("lowBeam",)
    assert read_sky(night.sky.path, False).radiance.max() > 100.0, "the moon stays in the picture"
    assert draw(tmp_path, "{sky: night}").environment.sun_elevation == pytest.approx(0.5, abs=0.013)


def test_a_sky_may_be_drawn_and_draws_nothing_else_anew(tmp_path):
    for name in ("a", "b"):
        write_sky(tmp_path / f"{name}.hdr", gradient(64))
    scenario = load_scenario(scene(tmp_path, "{sky: choice(a | b | computed), cloud: 0..1, fog: 100..900 m}"))
    worlds = [scenario.draw(Stream(0, key, 0)) for key in range(12)]
    assert {w.environment.sky for w in worlds} == {"a", "b", None}
    assert [p.name for p in scenario.inputs] == ["scene.yaml", "a.hdr", "b.hdr"]
    plain = load_scenario(scene(tmp_path, "{cloud: 0..1, fog: 100..900 m}")).draw(Stream(0, 3, 0)).environment
    assert (plain.cloud_cover, plain.fog_visibility) == (
        worlds[3].environment.cloud_cover, worlds[3].environment.fog_visibility
    )  # fmt: skip
    batch = sample_worlds([scenario], list(range(12)), "cpu")
    named = [None if n == 0 else batch.skies[n - 1].path.stem for n in batch.scene.weather.sky.numpy()]
    assert named == [w.environment.sky for w in worlds]


def test_names_are_found_beside_the_file_in_its_asset_folders_and_in_shared_ones(tmp_path, monkeypatch):
    home = tmp_path / "home"
    write_sky(home / "skies" / "inner.hdr", gradient(64))
    write_sky(tmp_path / "shared" / "outer.hdr", gradient(64))
    assets = SCENE.replace("setting:", "assets: skies\nsetting:")
    assert load_scenario(scene(home, "{sky: inner}", assets)).inputs[-1].name == "inner.hdr"
    assert load_scenario(scene(home, "{sky: skies/inner.hdr}")).inputs[-1].name == "inner.hdr"
    with pytest.raises(ScenarioError, match="no sky 'outer'"):
        load_scenario(scene(home, "{sky: outer}"))
    monkeypatch.setenv(FOLDERS, str(tmp_path / "shared"))
    assert load_scenario(scene(home, "{sky: outer}")).inputs[-1] == tmp_path / "shared" / "outer.hdr"


HEAD = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no Radiance picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "no Radiance picture"),
        (HEAD + b"+Y 32 +X 64\n" + bytes(32 * 64 * 4), "no Radiance picture"),
        (HEAD + b"-Y 64 +X 64\n" + bytes(64 * 64 * 4), "64 x 64 is no equirectangular"),
        (HEAD + b"-Y 31 +X 62\n" + bytes(62 * 31 * 4), "62 x 31 is no equirectangular"),
        (HEAD + b"-Y 16 +X 32\n" + bytes(32 * 16 * 4), "too small"),
        (HEAD + b"-Y 8192 +X 16384\n", "16384 x 8192 is too large"),
        # Sizes that stand elsewhere than readers look for them.
        (HEAD[:-1] + b"# -Y 32 +X 64\n\n-Y 4096 +X 64\n", "64 x 4096 is no equirectangular"),
        (HEAD[:-1] + b"#" * 127 + b"\n-Y 32 +X 64\n\n-Y 32 +X 64\n", "no Radiance picture"),
        (HEAD + b"-Y 32 +X 64\n" + bytes(99), "damaged"),
        (HEAD.replace(b"rgbe", b"xyze") + b"-Y 32 +X 64\n" + bytes(32 * 64 * 4), "damaged"),
        (HEAD + b"-Y 32 +X 64\n" + bytes(32 * 64 * 4), "no light above the horizon"),
        (HEAD + b"-Y 32 +X 64\n" + b"\xff\x00\x00\xff" * (32 * 64), "negative, infinite or undefined"),
    ],
)
def test_what_is_no_sky_is_refused_with_file_and_line(tmp_path, content, message):
    (tmp_path / "bad.hdr").write_bytes(content)
    with pytest.raises(ScenarioError, match=message) as caught:
        draw(tmp_path, "{sky: bad}")
    assert Path(str(caught.value.file)).name == "scene.yaml" and caught.value.line == 4
    assert "bad.hdr" in str(caught.value)


def test_more_bytes_than_any_sky_has_are_refused_unread(tmp_path):
    with (tmp_path / "bad.hdr").open("wb") as file:
        file.write(HEAD)
        file.truncate(201 << 20)
    with pytest.raises(ScenarioError, match="201 MiB are too many"):
        draw(tmp_path, "{sky: bad}")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ("{sky: gone}", "no sky 'gone'"),
        ("{sky: ../day.hdr}", "outside"),
        ("{sky: /etc/day.hdr}", "outside"),
        ("{sky: day.exr}", "no sky 'day.exr'"),
        ('{sky: "a\\0b"}', "cannot be a file's name"),
        (f"{{sky: {'a' * 300}}}", "cannot be a file's name"),
        ("{sky: skies/day.png}", "no .hdr file"),
        ("{sky: day, cloud: 0.5}", "cloud has no use"),
        ("{sky: day, turbidity: 4}", "turbidity has no use"),
        ("{sky_heading: 20 deg}", "there is none"),
        ("{sky: 3 m}", "no sky"),
        ("{sky: [day]}", "expected sky"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, environment, message):
    write_sky(tmp_path / "home" / "day.hdr", gradient(64))
    write_sky(tmp_path / "day.hdr", gradient(64))
    with pytest.raises(ScenarioError, match=message) as caught:
        load_scenario(scene(tmp_path / "home", environment))
    assert caught.value.line == 4


def test_more_pictures_than_a_batch_holds_are_refused_on_reading(tmp_path):
    words = [f"s{i}" for i in range(skies.MAX_SKIES + 1)]
    write_sky(tmp_path / f"{words[0]}.hdr", gradient(64))
    for word in words[1:]:
        (tmp_path / f"{word}.hdr").write_bytes((tmp_path / f"{words[0]}.hdr").read_bytes())
    load_scenario(scene(tmp_path, f"{{sky: choice({' | '.join(words[:-1])})}}"))
    with pytest.raises(ScenarioError, match=f"more than {skies.MAX_SKIES}") as caught:
        load_scenario(scene(tmp_path, f"{{sky: choice({' | '.join(words)})}}"))
    assert caught.value.line == 4 and caught.value.file is not None


@pytest.mark.parametrize("environment", ["{sky: skies/outer.hdr}", "{sky: outer}"])
def test_links_do_not_lead_out_of_the_folder(tmp_path, environment):
    outer = write_sky(tmp_path / "outer.hdr", gradient(64))
    (tmp_path / "home" / "skies").mkdir(parents=True)
    (tmp_path / "home" / "skies" / "outer.hdr").symlink_to(outer)
    text = SCENE.replace("setting:", "assets: skies\nsetting:")
    with pytest.raises(ScenarioError, match=r"outside|no sky 'outer'"):
        load_scenario(scene(tmp_path / "home", environment, text))


def test_a_record_with_another_sky_is_refused(tmp_path):
    write_sky(tmp_path / "day.hdr", gradient(64))
    scenario = load_scenario(scene(tmp_path, "{sky: choice(day | computed)}"))
    drawn = scenario.draw(Stream(0, 0, 0)).record
    record = {key: "dawn" if value in ("day", "computed") else value for key, value in drawn.items()}
    with pytest.raises(ScenarioError, match="no sky 'dawn'"):
        scenario.rebuild(record)


def test_a_data_set_names_the_picture_and_its_replay_refuses_another(tmp_path):
    sky = write_sky(tmp_path / "day.hdr", gradient(64))
    plan = plan_draws([scene(tmp_path, "{sky: choice(day | computed)}")], DatasetConfig(draws=4))
    known = identity(plan, {})
    assert [Path(row["path"]).name for row in known["scenarios"][0]["inputs"]] == ["scene.yaml", "day.hdr"]
    rows = [{"id": d.id, "key": d.key, "scenario": 0, "record": d.spec.record} for d in plan.draws]
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"format": "swerve-dataset", **known, "draws": rows}))
    again = plan_replay(manifest)
    assert [d.spec.environment for d in again.draws] == [d.spec.environment for d in plan.draws]
    assert {d.spec.environment.sky for d in again.draws} == {"day", None}
    write_sky(sky, gradient(64, amount=20000.0))
    os.utime(sky, ns=(1, 1))
    with pytest.raises(SwerveError, match="a file that it includes has changed"):
        plan_replay(manifest)
