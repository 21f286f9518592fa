"""What hazards, events and the page say of tracks; tracks in their file."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from sim.config import DatasetConfig, SimConfig
from sim.export.hazard import BRAKING, find_events, format_csv, hazard_rows
from sim.export.summary import hazard_actor, merge_views, page_draw
from sim.export.tracks import METRICS, POSES, STATE, Tracks, record
from sim.export.views import views_of
from sim.sampling import sample_worlds
from sim.scenario.reader import load_scenario
from sim.types import SCENERY, Conflict, Lamp, Solid, partner_name

BUMP = """
name: Bump
tags: [road]
danger: A speed bump taken too fast.
source: Made up for tests
map: {road: straight, length: 200 m, lanes: 1+1, bumps: {s: 45 m, height: 0.1 m}}
setting: town
actors:
  ego: {kind: car, at: {lane: -1, s: 25 m}, speed: 40 km/h, goal: {lane: -1, s: 190 m}}
end: {after: 5 s}
"""


def made_up_tracks(count=20, onset=35, contact=120):
    """An ego and a child: onset and contact at these ticks, braking from 0.6 s on, 10 frames/s."""
    n = count + 1
    ticks = np.arange(n) * 10
    arrays = {name: np.zeros((n, 2), np.float32) for name in (*POSES, *STATE)}
    arrays["tick"] = arrays["done"] = ticks.astype(np.int32)
    arrays["rot"] = np.tile(np.array([0, 0, np.sqrt(0.5), np.sqrt(0.5)], np.float32), (n, 2, 1))
    arrays["accel"] = np.zeros((n, 2, 3), np.float32)
    arrays["accel"][6:, 0] = (0, -6, 0)
    arrays["lamps"] = np.zeros((n, 2), np.int32)
    arrays["contact_speed"][:, 0] = np.where(ticks >= contact, 4.25, 0)
    arrays["speed"][:, 0] = 10.0
    arrays["vel"] = np.zeros((n, 2, 3), np.float32)
    arrays["vel"][:, 0, 1] = np.where(ticks < 60, 10.0, 10.0 - 0.06 * (ticks - 60))
    metrics = {name: np.full(n, -1, np.int32) for name in METRICS}
    arrays["gap"][:] = np.inf, 9.25
    for name in ("collided", "off_road", "goal_reached", "conflict"):
        metrics[name] = np.zeros(n, np.int32)
    metrics["time_to_collision"] = np.where(ticks < onset, np.inf, 2.0).astype(np.float32)
    metrics["distance"] = np.full(n, 5.0, np.float32)
    for name, value in (
        ("onset_tick", onset),
        ("onset_actor", 1),
        ("conflict_actor", 1),
        ("conflict", int(Conflict.VRU_CROSSING)),
    ):
        metrics[name] = np.where(ticks >= onset, value, metrics[name])
    metrics["collided"] = (ticks >= contact).astype(np.int32)
    for name, value in (("collision_tick", contact), ("collision_actor", 1)):
        metrics[name] = np.where(ticks >= contact, value, -1)
    # The car loses 1 m/s, the child gains 9.
    one = {
        "count": 1, "tick": [contact] + [0] * 7, "pair": [(0, 1)] + [(0, 0)] * 7, "point": [(1, 2, 0.5)] * 8, "normal": [(0, 1, 0)] * 8,
        "speed": [10.0] * 8, "delta_first": [(0, -1, 0)] * 8, "delta_second": [(0, 7.2, 5.4)] * 8, "risk": [(0.0, 0.0250)] * 8,
    }  # fmt: skip
    impacts = {f"impacts.{k}": np.stack([np.asarray(v) * (t >= contact) for t in ticks]) for k, v in one.items()}
    arrays |= impacts
    return Tracks(Fraction(10), arrays | {f"metrics.{k}": v for k, v in metrics.items()})


def test_hazard_rows_and_events_say_what_the_tracks_hold():
    tracks = made_up_tracks()
    rows = hazard_rows("d", tracks, ["ego", "child"])
    assert [row["hazard"] for row in rows] == [0] * 4 + [1] * 16
    assert rows[3]["time_to_collision"] is None and rows[4]["time_to_collision"] == 2.0
    assert rows[3]["conflict_distance"] is None
    assert rows[4]["distance"] == 5.0 and rows[4]["conflict_distance"] == 9.25 and rows[4]["conflict_actor"] == "child"
    assert rows[4]["onset_time"] == 0.35 and rows[4]["onset_actor"] == "child" and rows[4]["conflict"] == "vru_crossing"
    # The ego heads along y, so a pull of 6 m/s^2 along -y is braking.
    assert rows[5]["ego_acceleration"] == 0 and rows[6]["ego_acceleration"] == pytest.approx(-6, abs=1e-4)
    assert [row["collided"] for row in rows] == [0] * 12 + [1] * 8
    events = find_events(tracks, rows)
    assert [(e["kind"], e["time"]) for e in events] == [("onset", 0.35), ("brake", 0.6), ("contact", 1.2)]
    assert (
        events[0]["text"] == "Hazard: child, crossing the ego's way"
        and events[2]["text"] == "Contact with child at 4.2 m/s"
    )
    assert format_csv(rows).splitlines()[4].split(",")[5] == ""


def test_the_impact_of_the_contact_is_told_with_it():
    tracks, names = made_up_tracks(), ["ego", "child"]
    impacts = tracks.impacts(names)
    assert [i["actors"] for i in impacts] == [names] and impacts[0]["t"] == 1.2 and impacts[0]["closing_speed"] == 10.0
    assert impacts[0]["delta_v"] == [1.0, 9.0] and impacts[0]["fatality_risk"] == [0.0, 0.025]
    text = find_events(tracks, hazard_rows("d", tracks, names), impacts)[2]["text"]
    assert text == (
        "Contact with child at 4.2 m/s: ego changes speed by 1.0 m/s; child changes speed by 9.0 m/s, risk of death 2.5%"
    )


@pytest.mark.parametrize(("code", "who"), [(1, "the actor tree"), (SCENERY - Solid.TREE, "tree (scenery)")])
def test_an_actor_called_as_scenery_is_told_apart_from_it(code, who):
    """And scenery keeps its plain name where no actor has it."""
    tracks, names = made_up_tracks(), ["ego", "tree"]
    tracks.arrays["metrics.collision_actor"][12:] = code
    tracks.arrays["impacts.pair"][12:, 0] = (0, code)
    rows = hazard_rows("d", tracks, names)
    events = find_events(tracks, rows, tracks.impacts(names))
    assert events[0]["text"].startswith("Hazard: the actor tree")
    assert events[2]["text"].startswith(f"Contact with {who} at 4.2 m/s: ego changes speed by 1.0 m/s; ")
    assert hazard_actor(rows, names) == "tree", "whom the hazard is about, whatever was touched"
    assert partner_name(SCENERY - Solid.TREE, ["ego", "child"]) == "tree" and partner_name(1, names) == "tree"


def test_the_page_lists_whom_any_camera_sees_as_the_one_that_sees_most_of_it():
    def frame(*objects):
        return {
            "objects": [
                dict(zip(("track_id", "category_id", "distance", "occlusion", "area"), o, strict=True)) for o in objects
            ]
        }

    front = [frame((2, 1, 30.0, 0.5, 40), (3, 3, 9.0, 0.0, 200)), frame()]
    rear = [frame((2, 1, 31.0, 0.25, 60)), frame((4, 3, 5.0, 0.0, 10))]
    assert merge_views([front, rear]) == [
        [[3, 3, 9.0, 0.0, 200, [0]], [2, 1, 31.0, 0.25, 60, [0, 1]]],
        [[4, 3, 5.0, 0.0, 10, [1]]],
    ]


def test_brake_lights_alone_are_braking_and_braking_after_contact_is_none():
    tracks = made_up_tracks()
    tracks.arrays["vel"][:, 0, 1] = 10.0
    tracks.arrays["lamps"][15:, 0] = int(Lamp.BRAKE)
    assert [e["kind"] for e in find_events(tracks, hazard_rows("d", tracks, ["ego", "child"]))] == ["onset", "contact"]
    tracks.arrays["lamps"][6:, 0] = int(Lamp.BRAKE)
    brake = find_events(tracks, hazard_rows("d", tracks, ["ego", "child"]))[1]
    assert (brake["kind"], brake["time"]) == ("brake", 0.6)


@pytest.mark.parametrize(("slower", "lit", "brakes"), [(1, 0, []), (4, 0, []), (5, 0, [0.6]), (1, 1, [1.0])])
def test_a_jolt_just_before_the_contact_is_no_braking(slower, lit, brakes):
    tracks = made_up_tracks()
    speed = np.full(tracks.nframe, 10.0)
    speed[12 - slower : 12] -= 0.3 * np.arange(1, slower + 1)
    speed[12:] = speed[11]
    tracks.arrays["vel"][: tracks.nframe, 0, 1] = speed
    tracks.arrays["lamps"][10:, 0] = lit * int(Lamp.BRAKE)
    events = find_events(tracks, hazard_rows("d", tracks, ["ego", "child"]))
    assert [e["time"] for e in events if e["kind"] == "brake"] == brakes


@pytest.mark.parametrize(("driver", "brakes"), [("constant", []), ("brake", [0.1])])
def test_a_speed_bump_is_no_braking(driver, brakes, tmp_path):
    path = tmp_path / "bump.yaml"
    path.write_text(BUMP)
    batch = sample_worlds([load_scenario(path)], [0], "cpu", SimConfig(driver=driver))
    tracks = record(batch, Fraction(10), 3.0)[0]
    rows = hazard_rows("d", tracks, ["ego"])
    events = find_events(tracks, rows)
    assert [e["time"] for e in events] == brakes
    if driver == "constant":
        assert min(row["ego_acceleration"] for row in rows) < -BRAKING, "the hump itself pulls at the car"
    else:
        decelerations = [float(e["text"].split("(")[1].split()[0]) for e in events]
        assert decelerations == pytest.approx([7.7], abs=0.5)


def test_a_goal_reached_is_an_event_and_braking_in_answer_to_the_hazard_comes_first():
    tracks = made_up_tracks(onset=35, contact=10_000)
    tracks.arrays["vel"][:, 0, 1] = 10.0
    tracks.arrays["metrics.goal_reached"][17:] = 1
    tracks.arrays["lamps"][[1, 2, 3, 9, 10, 11, 12, 13], 0] = int(Lamp.BRAKE)
    tracks.arrays["lamps"][4:6, 0] = int(Lamp.BRAKE)
    events = find_events(tracks, hazard_rows("d", tracks, ["ego", "child"]))
    assert [(e["kind"], e["time"]) for e in events] == [("onset", 0.35), ("brake", 0.9), ("goal", 1.7)]


def test_the_page_shows_no_time_to_collision_from_the_contact_on():
    tracks, names = made_up_tracks(), ["ego", "child"]
    rows = hazard_rows("d", tracks, names)
    spec = SimpleNamespace(actors=[SimpleNamespace(name=name) for name in names], record={})
    draw = SimpleNamespace(id="d", key=0, spec=spec)
    page = page_draw(
        draw,
        0,
        tracks,
        views_of("d", DatasetConfig()),
        [[]] * 20,
        rows,
        find_events(tracks, rows),
        "video.mp4",
    )
    assert page["series"]["time_to_collision"] == [None] * 4 + [2.0] * 8 + [None] * 8
    assert [row["time_to_collision"] for row in rows] == [None] * 4 + [2.0] * 16, "hazard.csv keeps it"


def test_tracks_survive_their_file():
    tracks = made_up_tracks()
    back = Tracks.decode(tracks.encode())
    assert back.rate == tracks.rate and back.nframe == 20
    assert all(np.array_equal(back.arrays[k], v) and back.arrays[k].dtype == v.dtype for k, v in tracks.arrays.items())
    assert tracks.encode() == back.encode()
