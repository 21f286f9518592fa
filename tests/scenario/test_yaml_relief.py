"""Speed bumps and potholes of YAML maps: where the file has them, drawn like all else, and no part of maps that have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.files import changed, draw, write

ROWS = """lanes: 1+1, bumps: [{s: 60..80 m, height: 0.05..0.1 m}, {s: 150 m, shape: flat, length: 6 m, lane: 1, marked: false}],
  potholes: {s: 100..110 m, lane: 1, offset: 0.5 m, diameter: 0.4..0.8 m, depth: 0.06 m}"""


def drawn_road(folder: Path, text: str, key: int = 0):
    """The road of one draw, and what was drawn."""
    world = draw(write(folder, text), key)
    return world.network.order[0], world


def test_they_lie_where_the_file_says(tmp_path: Path) -> None:
    seen = set()
    for key in range(5):
        road, world = drawn_road(tmp_path, changed("lanes: 1+1", ROWS), key)
        hump, table = road.bumps
        (hole,) = road.potholes
        assert hump.s == world.record["map.bumps[0].s"] and 60.0 <= hump.s <= 80.0 and 0.05 <= hump.height <= 0.1
        assert (hump.t0, hump.t1, hump.length, hump.shape, hump.marked) == (-3.5, 3.5, 3.7, "round", True)
        assert (table.t0, table.t1, table.shape, table.marked) == (0.0, 3.5, "flat", False)
        assert table.height == 0.075 and table.ramp == pytest.approx(0.75)  # 1 in 10
        assert 100.0 <= hole.s <= 110.0 and 0.4 <= hole.diameter <= 0.8 and hole.depth == 0.06
        assert hole.t == pytest.approx(1.25)  # left of an oncoming lane is towards the middle
        seen.add((hump.s, hole.diameter, world.map_key))
    assert len(seen) > 2  # keys share maps: a scenario has few variants of its road


def test_they_change_no_other_draw_and_no_other_map(tmp_path: Path) -> None:
    _, plain = drawn_road(tmp_path, changed("lanes: 1+1", "lanes: 1+1"))
    _, rough = drawn_road(tmp_path, changed("lanes: 1+1", ROWS))
    kept = {k: v for k, v in rough.record.items() if not k.startswith(("map.bumps", "map.potholes"))}
    assert kept == plain.record
    assert rough.map_key != plain.map_key
    # The key of `tests.scenario.files.BASE`, as it was before roads could have bumps.
    assert plain.map_key == "test/4/6e3c09e6b55e"


def test_tunnels_lie_where_the_file_says(tmp_path: Path) -> None:
    road, _ = drawn_road(
        tmp_path, changed("lanes: 1+1", "lanes: 1+1, tunnels: {s: 50..70 m, length: 90 m, lit: false}")
    )
    (tunnel,) = road.tunnels
    assert 50.0 <= tunnel.s <= 70.0 and tunnel.length == 90.0 and not tunnel.lit
    plain, _ = drawn_road(tmp_path, changed("lanes: 1+1", "lanes: 1+1"))
    assert plain.tunnels == []
