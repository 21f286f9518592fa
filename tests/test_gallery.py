"""The gallery's command: every weather can be drawn, interrupted work goes on, sheets stay small."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sim.config import SimConfig
from sim.sampling import draw_world
from sim.scenario.reader import load_scenario

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery_script", DOCS / "gallery.py")
    assert spec is not None and spec.loader is not None
    module, before = importlib.util.module_from_spec(spec), list(sys.path)
    sys.modules["gallery_script"] = module
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = before


def test_sheets_together_stay_below_what_the_tree_has_room_for(gallery):
    assert sum(gallery.LIMITS.values()) <= 2500
    assert set(gallery.LIMITS) == {*gallery.FOLDERS, "weather", "moments"}


def test_streets_differ_in_weather_and_hour_alone(gallery, tmp_path):
    text = gallery.STREET.read_text()
    worlds = []
    for k, (weather, hour) in enumerate([(w, h) for w in gallery.WEATHERS.values() for h in gallery.HOURS.values()]):
        path = tmp_path / str(k) / gallery.STREET.name
        path.parent.mkdir()
        path.write_text(gallery.street_text(text, hour, weather))
        worlds.append(draw_world(load_scenario(path, strict=True), SimConfig(), 0, 0))
    assert len({repr(w.environment) for w in worlds}) == len(worlds) == 50
    places = [[(a.name, a.asset, a.position) for a in w.actors] for w in worlds]
    assert len(places[0]) > 20 and all(p == places[0] for p in places)


def test_pictures_that_stand_are_not_made_again(gallery, tmp_path, capsys):
    made = []

    def make():
        made.append(1)
        return np.full((4, 6, 3), len(made), np.uint8), {"draw": 7}

    for again, seen in ((False, 1), (False, 1), (True, 2)):
        picture, about = gallery.Store(tmp_path, again, 1).get("folder/name", make)
        assert picture.shape == (4, 6, 3) and (picture == seen).all() and about == {"draw": 7}
    assert len(made) == 2 and not list(tmp_path.rglob("*.part"))
    assert capsys.readouterr().out.count("folder/name") == 2


def test_a_sheet_is_as_good_as_its_size_allows(gallery, tmp_path):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8))
    for limit in (60_000, 20_000):
        gallery.save(noise, tmp_path / f"{limit}.jpg", limit)
        assert 0.5 * limit < (tmp_path / f"{limit}.jpg").stat().st_size < limit
