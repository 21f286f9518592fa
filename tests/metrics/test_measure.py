"""Metrics against NumPy: gaps and times to collision of random boxes, the hazard's onset and its kind, road and goal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.assets.spec import Category
from sim.metrics.measure import measure, measure_gaps
from sim.physics.contact import resolve_contacts
from sim.types import Conflict, Contact, Motion
from tests.physics.worlds import CAR, LORRY, PERSON, actor, build, corners, run, straight, world_rows

FIELD = [straight(length=2000.0, lanes=(2, 2), lane_width=100.0)]
KINDS = (CAR, LORRY, PERSON)
STILL = [resolve_contacts, measure, measure_gaps]
"""Measure without moving anybody."""


def segment_distance(p, a, b):
    f = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    return np.linalg.norm(p - a - f * (b - a))


def distance(p, q):
    """Between two convex polygons, 0 if they overlap."""
    apart = False
    for poly in (p, q):
        for edge in np.roll(poly, -1, axis=0) - poly:
            n = np.array([-edge[1], edge[0]])
            apart |= (p @ n).max() <= (q @ n).min() or (q @ n).max() <= (p @ n).min()
    if not apart:
        return 0.0
    pairs = [(u, v) for u, v in ((p, q), (q, p))]
    return min(segment_distance(c, v[k], v[(k + 1) % 4]) for u, v in pairs for c in u for k in range(4))


def march(a, b, near=0.012, horizon=10.0):
    """Time to come within ``near`` metres by moving both on their circles, in steps in which they cannot come nearer than they are."""
    fastest = a["speed"] + b["speed"] + 8.0 * (abs(a["rate"]) + abs(b["rate"])) + 1e-6
    t = 0.0
    while t < horizon:
        shapes = []
        for c in (a, b):
            yaw, rate = c["heading"], c["rate"]
            turn = rate * t
            chord = np.array([math.sin(turn) / rate, (1 - math.cos(turn)) / rate]) if rate else np.array([t, 0.0])
            turned = np.array([(math.cos(yaw), -math.sin(yaw)), (math.sin(yaw), math.cos(yaw))])
            shapes.append(corners((c["x"], c["y"]) + turned @ chord * c["speed"], yaw + turn, c["kind"]))
        d = distance(*shapes)
        if d < near:
            return t
        t += max(d / fastest, 0.001)
    return math.inf


def random_actors(rng, n, turning):
    out = []
    for k in range(n):
        reach = 40.0 if k else 0.0
        x, y = rng.uniform(-reach, reach, 2)
        heading = math.atan2(-y, -x) + rng.normal(0, 0.12)
        made = actor(
            KINDS[rng.integers(3)], 500 + x, y, heading, rng.uniform(2, 15) if k else 0.5, motion=Motion.SCRIPTED
        )
        made["rate"] = rng.uniform(-0.2, 0.2) if turning and rng.random() < 0.7 else 0.0
        out.append(made)
    return out


@pytest.mark.parametrize("turning", [False, True])
def test_times_and_gaps_agree_with_an_oracle(turning):
    rng = np.random.default_rng(11 + turning)
    worlds = [random_actors(rng, 6, turning) for _ in range(8)]
    arrays = build([world_rows(w, contact=Contact.REPORT) for w in worlds], FIELD)
    arrays[1].ang_vel.assign(np.array([[(0, 0, a["rate"]) for a in w] for w in worlds], np.float32))
    state = run(arrays, 1, STILL)
    ttc, gap = state.ttc.numpy(), state.gap.numpy()
    hits = 0
    for w, actors in enumerate(worlds):
        ego = corners((actors[0]["x"], actors[0]["y"]), actors[0]["heading"], actors[0]["kind"])
        for k in range(1, 6):
            b = actors[k]
            assert gap[w, k] == pytest.approx(
                distance(ego, corners((b["x"], b["y"]), b["heading"], b["kind"])), abs=2e-3
            )
            expected = march(actors[0], b)
            hits += math.isfinite(expected)
            if math.isfinite(march(actors[0], b, 0.05)) != math.isfinite(march(actors[0], b, 0.002)):
                continue  # they graze each other: rounding decides
            if math.isfinite(expected):
                assert ttc[w, k] == pytest.approx(expected, abs=0.02), (w, k)
            else:
                assert ttc[w, k] > 9.9 or math.isinf(ttc[w, k]), (w, k)
        least = ttc[w].min()
        assert state.metrics.time_to_collision.numpy()[w] == least
        assert state.metrics.distance.numpy()[w] == gap[w].min()
        assert state.metrics.conflict_actor.numpy()[w] == (ttc[w].argmin() if math.isfinite(least) else -1)
    assert hits >= 5


def test_who_comes_near_slowly_in_a_bend_is_followed_to_the_end():
    """Side by side in a bend, the outer car drifts inward: each step of the search is short, and contact comes late."""
    worlds = []
    for gap, tilt, rate in ((0.1, 0.001, 0.1), (0.3, 0.002, 0.1), (0.6, 0.01, 0.3)):
        apart = CAR["size"][1] + gap
        inner = actor(x=500.0, speed=20.0, motion=Motion.SCRIPTED)
        outer = actor(x=500.0, y=-apart, heading=tilt, speed=20.0 + rate * apart, motion=Motion.SCRIPTED)
        worlds.append([inner | {"rate": rate}, outer | {"rate": rate}])
    arrays = build([world_rows(w, contact=Contact.REPORT) for w in worlds], FIELD)
    arrays[1].ang_vel.assign(np.array([[(0, 0, a["rate"]) for a in w] for w in worlds], np.float32))
    ttc = run(arrays, 1, STILL).ttc.numpy()
    for w, actors in enumerate(worlds):
        assert 3.0 < march(*actors, 0.014) < ttc[w, 1] < march(*actors, 0.004) < 9.0


def test_time_to_collision_needs_the_same_height():
    actors = [
        actor(x=100.0, speed=20.0, motion=Motion.SCRIPTED),
        actor(x=140.0, z=4.0, road=-1, motion=Motion.SCRIPTED),
    ]
    state = run(build([world_rows(actors)], FIELD), 1, STILL)
    assert math.isinf(state.ttc.numpy()[0, 1])
    assert state.gap.numpy()[0, 1] == pytest.approx(35.7, abs=1e-3)


def test_least_values_are_kept():
    actors = [actor(x=100.0, y=-4.0, speed=20.0, motion=Motion.SCRIPTED), actor(x=120.0, y=0.0, motion=Motion.SCRIPTED)]
    state = run(build([world_rows(actors, contact=Contact.REPORT)], FIELD), 300)
    assert state.metrics.min_distance.numpy()[0] == pytest.approx(4.0 - 1.8, abs=0.01)
    assert state.metrics.distance.numpy()[0] > 20.0
    assert math.isinf(state.metrics.min_time_to_collision.numpy()[0])
    assert state.tick.numpy()[0] == 300


def lane_of_sight(blocker, fog=1e5, profile=(), stand=160.0):
    """A car at 20 m/s towards one that stands in its lane; ``blocker``: another actor."""
    z = [0.0, 0.0]
    if profile:
        at = np.interp([100.0, stand], *np.array(profile).T)
        z = list(at)
    actors = [
        actor(x=100.0, y=-1.75, z=z[0], speed=20.0, motion=Motion.SCRIPTED),
        actor(x=stand, y=-1.75, z=z[1], motion=Motion.SCRIPTED),
        *blocker,
    ]
    scene, state = world_rows(actors, contact=Contact.REPORT)
    scene["weather"]["fog_visibility"] = fog
    scene["category"] = [int(Category.CAR)] * len(actors)
    return build([(scene, state)], [straight(length=1000.0, profile=profile)])


def test_onset_is_the_first_tick_within_four_seconds():
    state = run(lane_of_sight([], stand=220.0), 400)
    tick = int(state.metrics.onset_tick.numpy()[0])
    # 115.7 m between the bumpers: 4 s before contact are left when 35.7 m are covered.
    assert tick == pytest.approx((115.7 - 80.0) / 20.0 * 100, abs=2)
    assert state.metrics.onset_actor.numpy()[0] == 1
    assert state.metrics.conflict.numpy()[0] == Conflict.REAR_END
    assert state.metrics.occluder.numpy()[0] == -1


def test_onset_waits_for_sight_and_names_the_occluder():
    # A lorry crosses between them and leaves the line of sight after a while.
    lorry = actor(LORRY, x=135.0, y=-7.0, heading=math.pi / 2, speed=5.0, motion=Motion.SCRIPTED, road=-1)
    state = run(lane_of_sight([lorry]), 1)
    assert state.metrics.onset_actor.numpy()[0] != 1 and state.ttc.numpy()[0, 1] < 4.0
    arrays = lane_of_sight([lorry])
    arrays[1].visible.assign(
        np.array([[7, 7, 5]])
    )  # so that the lorry is no hazard itself it would have to be away; it is one
    hidden = run(arrays, 1)
    assert hidden.hidden_tick.numpy()[0, 1] == 1 and hidden.hidden_by.numpy()[0, 1] == 3
    open_road = run(lane_of_sight([]), 1)
    assert open_road.metrics.onset_tick.numpy()[0] == 1


def test_parked_lorry_hides_a_crossing_person_until_it_steps_out():
    lorry = actor(LORRY, x=150.0, y=-5.2, motion=Motion.SCRIPTED)
    person = actor(PERSON, x=158.5, y=-6.2, heading=math.pi / 2, speed=1.3, motion=Motion.SCRIPTED, road=-1)
    ego = actor(x=110.0, y=-1.75, speed=13.0, motion=Motion.SCRIPTED)
    scene, rows = world_rows([ego, lorry, person], contact=Contact.REPORT)
    scene["category"] = [int(Category.CAR), int(Category.TRUCK), int(Category.PEDESTRIAN)]
    arrays = build([(scene, rows)], [straight(length=1000.0)])
    first = 0
    for tick in range(1, 350):
        state = run(arrays, 1)
        if first == 0 and state.ttc.numpy()[0, 2] <= 4.0:
            first = tick
    onset = int(state.metrics.onset_tick.numpy()[0])
    assert state.metrics.onset_actor.numpy()[0] == 2
    assert state.metrics.occluder.numpy()[0] == 1
    assert state.metrics.conflict.numpy()[0] == Conflict.VRU_CROSSING
    assert first > 0 and onset > first + 20  # contact was foreseeable before it could be seen


def test_a_cyclist_looks_over_a_wall_from_the_saddle_and_through_nobody_but_himself():
    cycle = {
        "category": "bicycle", "size": (1.75, 0.54, 1.0), "mass": 15.0, "wheelbase": 1.1, "wheel_radius": 0.34,
        "box_center": (0.53, 0, 0.5),
    }  # fmt: skip
    rider = PERSON | {"size": (0.25, 0.53, 1.71), "box_center": (0.37, 0, 1.17)}
    wall = PERSON | {"category": "obstacle", "size": (0.3, 3.0, 1.2), "box_center": (0, 0, 0.6)}
    seen = []
    for rides, ahead in ((True, 0.37), (True, 3.0), (False, 0.37)):
        rider["box_center"] = (ahead, 0, 1.17)
        motion = Motion.SCRIPTED if rides else Motion.BODY
        places = [(cycle, 100.0), (wall, 105.0), (PERSON, 110.0), (rider, 100.0)]
        actors = [actor(k, x=x, y=-1.75, motion=motion if k is rider else Motion.SCRIPTED) for k, x in places]
        scene, rows = world_rows(actors, contact=Contact.REPORT)
        rows["story"]["tow"] = np.array([-1, -1, -1, 0])
        state = run(build([(scene, rows)], [straight(length=1000.0)]), 40, STILL)
        hidden = bool(state.hidden_tick.numpy()[0, 2] > 0)
        assert not hidden or state.hidden_by.numpy()[0, 2] == 1 + 1
        seen.append(not hidden)
    assert seen == [True, True, False], "0.85 of 1.74 m up, of 1 m once he has left it"


def test_fog_and_crest_delay_the_onset():
    clear = run(lane_of_sight([], stand=170.0), 1)
    fog = run(lane_of_sight([], stand=170.0, fog=40.0), 200)
    assert clear.metrics.onset_tick.numpy()[0] == 1
    onset = int(fog.metrics.onset_tick.numpy()[0])
    assert 100.0 + 20.0 * onset * 0.01 == pytest.approx(170.0 - 40.0, abs=4.5)
    crest = ((0.0, 0.0), (90.0, 0.0), (140.0, 4.0), (190.0, 0.0), (1000.0, 0.0))
    over = run(lane_of_sight([], stand=178.0, profile=crest), 200)
    flat = run(lane_of_sight([], stand=178.0), 200)
    assert int(over.metrics.onset_tick.numpy()[0]) > int(flat.metrics.onset_tick.numpy()[0]) + 40


CASES = [
    (Category.CAR, dict(x=140.0, y=-1.75, speed=5.0), Conflict.REAR_END),
    (Category.CAR, dict(x=140.0, y=1.2, heading=-0.12, speed=5.0, road=-1), Conflict.CUT_IN),
    (Category.CAR, dict(x=160.0, y=-1.75, heading=math.pi, speed=10.0, road=-1), Conflict.ONCOMING),
    (Category.TRUCK, dict(x=130.0, y=-12.0, heading=math.pi / 2, speed=8.0, road=-1), Conflict.CROSSING),
    (Category.PEDESTRIAN, dict(x=130.0, y=-1.9, heading=math.pi / 2, speed=0.0, road=-1), Conflict.VRU_CROSSING),
    (Category.BICYCLE, dict(x=130.0, y=-1.75, speed=4.0), Conflict.VRU_ALONG),
    (Category.ANIMAL, dict(x=130.0, y=-1.75), Conflict.ANIMAL),
    (Category.OBSTACLE, dict(x=130.0, y=-1.75), Conflict.OBSTACLE),
]


@pytest.mark.parametrize(("category", "place", "expected"), CASES, ids=[c[2].name for c in CASES])
def test_kind_of_conflict(category, place, expected):
    ego = actor(x=100.0, y=-1.75, speed=20.0, motion=Motion.SCRIPTED)
    scene, rows = world_rows([ego, actor(motion=Motion.SCRIPTED, **place)], contact=Contact.REPORT)
    scene["category"] = [int(Category.CAR), int(category)]
    state = run(build([(scene, rows)], [straight(length=1000.0)]), 100)
    assert state.metrics.onset_tick.numpy()[0] > 0
    assert state.metrics.conflict.numpy()[0] == expected


def test_off_road_goal_and_end():
    def row(y, **scene_more):
        scene, state = world_rows(
            [actor(x=100.0, y=y, speed=20.0, t=y, lane=1 if y > 0 else -1, motion=Motion.SCRIPTED)]
        )
        return scene | scene_more, state

    worlds = [
        row(-1.75), row(1.75), row(-9.0), row(-1.75, goal=(120.0, -1.75, 0.0), goal_radius=3.0), row(-1.75, end_tick=50),
    ]  # fmt: skip
    arrays = build(worlds, [straight(length=1000.0)])
    state = run(arrays, 100)
    assert state.metrics.off_road.numpy().tolist() == [0, 0, 1, 0, 0]
    assert state.metrics.goal_reached.numpy().tolist() == [0, 0, 0, 1, 0]
    assert state.done.numpy().tolist() == [0, 0, 0, 0, 1]
    assert state.tick.numpy().tolist() == [100, 100, 100, 100, 50]
    assert state.pos.numpy()[4, 0, 0] == pytest.approx(110.0, abs=1e-2)


def test_the_ego_s_first_contact_is_kept():
    actors = [
        actor(x=100.0, speed=20.0, motion=Motion.SCRIPTED),
        actor(x=120.0, motion=Motion.SCRIPTED),
        actor(x=140.0, motion=Motion.SCRIPTED),
    ]
    state = run(build([world_rows(actors, contact=Contact.REPORT)], FIELD), 300)
    m = state.metrics
    assert m.collided.numpy()[0] == 1 and m.collision_actor.numpy()[0] == 1
    assert m.collision_tick.numpy()[0] == pytest.approx((20.0 - 4.3) / 20.0 * 100, abs=1.01)
    assert m.min_time_to_collision.numpy()[0] == 0.0 and m.min_distance.numpy()[0] == 0.0
