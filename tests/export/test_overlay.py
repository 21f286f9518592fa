"""What a video draws over a picture: classes, boxes, names, the caption."""

from __future__ import annotations

import numpy as np
import pytest

from sim.export import overlay
from sim.export.hazard import COLUMNS
from sim.export.overlay import PALETTE, VEHICLE_COLOR, colorize, draw_overlay
from sim.render.mesh import Semantic


def test_overlay_shows_classes_boxes_and_danger():
    rgb = np.full((90, 160, 3), 120, np.uint8)
    semantic = np.full((90, 160), int(Semantic.ROAD), np.uint8)
    corner = [[None, None, -1.0]] * 8
    item = {"actor": "child", "category_id": 1, "track_id": 2, "distance": 9.0, "bbox": [60, 30, 20, 40], "area": 500,
            "box_3d": {"corners_image": corner}}  # fmt: skip
    row = hazard_row()
    calm = draw_overlay(rgb, semantic, {"objects": [item]}, row)
    assert calm.shape == rgb.shape
    road = 0.55 * 120 + 0.45 * np.array(PALETTE[Semantic.ROAD])
    np.testing.assert_allclose(calm[80, 120], road, atol=1)
    assert calm[50, 60, 0] > 230 and np.array_equal(calm[50, 65], calm[80, 120]), "an outline, not a filled box"
    danger = draw_overlay(
        rgb, semantic, {"objects": [item]}, row | {"time_to_collision": 0.8, "conflict_actor": "child"}
    )
    assert np.array_equal(danger[45, 0], (255, 60, 60)) and not np.array_equal(calm[45, 0], (255, 60, 60))
    assert np.array_equal(colorize(np.array([[int(Semantic.SKY)]]))[0, 0], PALETTE[Semantic.SKY])


def boxed(actor, category, distance, bbox):
    """A label of which the 3D box is behind the camera."""
    box = {"corners_image": [[None, None, -1.0]] * 8}
    track = {"child": 2}.get(actor, 3)
    return {"actor": actor, "category_id": category, "track_id": track, "distance": distance, "bbox": bbox,
            "area": bbox[2] * bbox[3], "box_3d": box}  # fmt: skip


def hazard_row(**values):
    """A row of which only time and speed are known."""
    return dict.fromkeys(COLUMNS) | {"time": 1.0, "ego_speed": 10.0} | values


@pytest.mark.parametrize(
    ("van", "distance"), [([108, 111, 60, 60], 4.0), ([60, 80, 60, 100], 20.0), ([112, 130, 60, 60], 20.0)]
)
@pytest.mark.parametrize("touched", [False, True])
def test_nothing_covers_box_and_name_of_whom_the_ego_is_in_conflict_with(van, distance, touched):
    rgb, semantic = np.full((225, 400, 3), 120, np.uint8), np.full((225, 400), int(Semantic.ROAD), np.uint8)
    child, vans = boxed("child", 1, 9.0, [110, 110, 20, 40]), [boxed("van", 3, distance, van)]
    row = hazard_row(time_to_collision=5.0, conflict_actor="child")
    if touched:
        row |= {"conflict_actor": "van", "collision_actor": "child", "collision_time": 0.9}
    empty, alone, both = (draw_overlay(rgb, semantic, {"objects": o}, row) for o in ([], [child], [child, *vans]))
    mine = (alone != empty).any(-1)
    assert mine[90:110, 110:130].any() and mine[110, 110:130].all(), "a name above a box"
    assert np.array_equal(both[mine], alone[mine])
    inside = both[113:147, 113:127].reshape(-1, 3)
    assert (inside == VEHICLE_COLOR).all(-1).sum() <= 2 * 34, "at most an outline goes through the box, no name"


@pytest.mark.parametrize("seed", range(8))
def test_no_name_covers_another_or_a_box_that_is_nearer(monkeypatch, seed):
    """In a crowd; nobody who is near and has room goes without."""
    rgb, semantic = np.full((450, 800, 3), 120, np.uint8), np.full((450, 800), int(Semantic.ROAD), np.uint8)
    rng, named = np.random.default_rng(seed), {}
    items = []
    for k in range(40):
        distance = rng.uniform(5.0, 120.0)
        width, height = 1500 / distance, 1200 / distance
        items.append(boxed(f"van {k}", 3, distance, [rng.uniform(250, 550 - width), 200, width, height]))
    place = overlay._draw_name

    def spy(draw, item, conflict, scale, taken, boxes, size):
        before = len(taken)
        place(draw, item, conflict, scale, taken, boxes, size)
        named.update({item["actor"]: taken[-1]} if len(taken) > before else {})

    monkeypatch.setattr(overlay, "_draw_name", spy)
    draw_overlay(rgb, semantic, {"objects": items}, hazard_row())
    items.sort(key=lambda item: item["distance"])
    assert items[0]["actor"] in named and 2 <= len(named) < 20
    for k, item in enumerate(items):
        for other in items[:k]:
            if item["actor"] in named:
                assert not overlay._overlap(named[item["actor"]], overlay._rectangle(other))
                assert other["actor"] not in named or not overlay._overlap(named[item["actor"]], named[other["actor"]])


@pytest.mark.parametrize(("height", "named"), [(6, False), (8, True)])
def test_low_boxes_have_no_name_but_those_in_conflict(height, named):
    rgb, semantic = np.full((225, 400, 3), 120, np.uint8), np.full((225, 400), int(Semantic.ROAD), np.uint8)
    item = boxed("child", 3, 90.0, [200, 110, 60, height])
    for row, there in ((hazard_row(), named), (hazard_row(conflict_actor="child", time_to_collision=5.0), True)):
        empty, drawn = (draw_overlay(rgb, semantic, {"objects": o}, row) for o in ([], [item]))
        assert (drawn != empty)[:108].any() == there


def test_the_caption_says_whose_gap_it_is():
    row = hazard_row(distance=0.9)
    assert overlay._caption(row) == "t 1.00 s   36 km/h   gap to the nearest 0.9 m"
    row |= {"conflict_actor": "child", "conflict_distance": 6.04, "time_to_collision": 0.6}
    assert overlay._caption(row) == "t 1.00 s   36 km/h   gap to child 6.0 m"
    # Whom the ego heads for after contact says nothing.
    assert overlay._caption(row | {"collision_time": 0.8}).endswith("gap to the nearest 0.9 m")
    assert overlay._caption(hazard_row()) == "t 1.00 s   36 km/h"


def test_every_class_has_a_colour_of_its_own():
    named = [s for s in Semantic if s.name not in ("NONE", "VOID", "UNKNOWN", "EGO")]
    assert set(named) <= set(PALETTE), f"without a colour: {set(named) - set(PALETTE)}"
    assert len(set(PALETTE.values())) == len(PALETTE)
