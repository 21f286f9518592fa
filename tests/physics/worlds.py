"""Small worlds for tests of physics: a road, some actors, nothing else."""

from __future__ import annotations

import math

import numpy as np

from sim.physics.parameters import actor_parameters, pack_rows
from sim.road.shorthand import CrossSection, Segment, road
from sim.road.tables import build_road_tables
from sim.rotation import quaternion
from sim.sampling import capacity
from sim.scenery.solids import build_solid_tables
from sim.simulation import WorldGraph, step
from sim.structs import from_rows
from sim.types import CarSet, Contact, Control, Motion, Scene, State

CAR = {
    "category": "car",
    "size": (4.3, 1.8, 1.5),
    "mass": 1400.0,
    "wheelbase": 2.6,
    "wheel_radius": 0.31,
    "box_center": (1.3, 0, 0.75),
}
LORRY = {
    "category": "truck",
    "size": (9.0, 2.5, 3.4),
    "mass": 14000.0,
    "wheelbase": 5.2,
    "wheel_radius": 0.5,
    "box_center": (3.0, 0, 1.7),
}
PERSON = {
    "category": "pedestrian",
    "size": (0.3, 0.5, 1.75),
    "mass": 75.0,
    "wheelbase": 0.2,
    "wheel_radius": 0.1,
    "box_center": (0, 0, 0.875),
}


def actor(kind=CAR, x=0.0, y=0.0, heading=0.0, speed=0.0, motion=Motion.DRIVEN, **more):
    return {"kind": kind, "x": x, "y": y, "heading": heading, "speed": speed, "motion": motion, "more": more}


def corners(pos, yaw, kind):
    """Corners of an actor's box in the plane, (4, 2), counter-clockwise."""
    length, width, _ = kind["size"]
    local = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (length / 2, width / 2) + kind["box_center"][:2]
    turn = np.array([(math.cos(yaw), -math.sin(yaw)), (math.sin(yaw), math.cos(yaw))])
    return local @ turn.T + pos


def straight(length=2000.0, profile=(), lanes=(1, 1), lane_width=3.5, patches=()):
    section = CrossSection(oncoming=lanes[0], forward=lanes[1], lane_width=lane_width)
    return road([Segment(length=length)], section, profile=profile, patches=patches)


def world_rows(actors, friction=1.0, contact=Contact.PHYSICS, path=None, wind=(0.0, 0.0)):
    """Rows of Scene and State of one world; ``path``: the ego's route, (n, 2)."""
    n = len(actors)
    rows = [actor_parameters(**a["kind"]) for a in actors]
    for row, a in zip(rows, actors, strict=True):
        row |= {k: v for k, v in a["more"].items() if k in row}
        for name in a["more"].keys() & set(CarSet.vars):
            setattr(row["car"], name, a["more"][name])
    scene = {
        "contact": int(contact), "valid": np.ones(n), "end_tick": 10**6, "vehicle": pack_rows(rows),
        "weather": {"friction_scale": friction, "wind": wind, "fog_visibility": 1e5},
        "size": np.array([a["kind"]["size"] for a in actors]),
        "box_center": np.array([a["kind"]["box_center"] for a in actors]),
        "desired_speed": np.array([a["more"].get("desired_speed", a["speed"]) for a in actors]),
        "route_path": -1,
    }  # fmt: skip
    if path is not None:
        path = np.asarray(path, float)
        step = np.diff(path, axis=0)
        heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
        scene["route_path"] = 0
        scene["path"] = {
            "first": [0], "count": [len(path)], "point": np.column_stack([path, np.zeros(len(path))]),
            "heading": np.append(heading, heading[-1]),
            "s": np.concatenate([[0], np.cumsum(np.hypot(*step.T))]), "time": np.full(len(path), -1.0),
        }  # fmt: skip
    forward = np.array([(math.cos(a["heading"]), math.sin(a["heading"]), 0.0) for a in actors])
    speed = np.array([a["speed"] for a in actors])
    state = {
        "motion": [int(a["motion"]) for a in actors], "visible": np.full(n, 7),
        "pos": np.array([(a["x"], a["y"], a["more"].get("z", 0.0)) for a in actors]),
        "rot": np.array([quaternion(a["heading"], a["more"].get("nose_down", 0.0)) for a in actors]),
        "speed": speed, "vel": np.array([a["more"].get("vel", f * v) for a, f, v in zip(actors, forward, speed, strict=True)]),
        "road": np.array([a["more"].get("road", 0) for a in actors]),
        "lane": np.array([a["more"].get("lane", -1) for a in actors]),
        "s": np.array([a["more"].get("s", a["x"]) for a in actors]),
        "t": np.array([a["more"].get("t", a["y"]) for a in actors]),
        "story": {
            "direction": np.array([a["more"].get("direction", 1) for a in actors]), "turn": np.zeros(n),
            "end_since": np.full(n, -1),
            "last": np.zeros((n, 4)), "still_since": np.full(n, -1),
            "offroad_since": np.full(n, -1), "path": np.full(n, -1), "route": np.full(n, -1),
            "s_carry": np.zeros(n), "moved": np.zeros(n),
        },
    }  # fmt: skip
    return scene, state


def build(worlds, networks=None, device="cpu", solids=()):
    """(scene, state, control) of several worlds given as `world_rows`; ``solids``: `Solids` of each map."""
    scenes, states = [w[0] for w in worlds], [w[1] for w in worlds]
    for i, row in enumerate(scenes):
        row.setdefault("world_key", np.uint32(i))
    nactor = max(len(s["valid"]) for s in scenes)
    networks = networks or [straight()]
    out = []
    for struct, rows in ((Scene, scenes), (State, states), (Control, [{} for _ in worlds])):
        out.append(from_rows(struct, rows, device, capacity(struct, rows, nactor)))
    out[0].road = build_road_tables(networks, device)
    out[0].solid = build_solid_tables([s.rows() for s in solids], device)
    return tuple(out)


_recorded = []
"""The last graph that `run` recorded: arrays, stages, graph."""


def run(arrays, ticks, stages=None):
    """Step (scene, state, control) in place by ``ticks``; ``stages``: which functions make a tick instead of the whole step."""
    state = arrays[1]

    def make_stage(scene, state, control):
        def stage():
            if stages is None:
                step(scene, state, control)
            else:
                for one in stages:
                    one(scene, state)

        return stage

    if not (_recorded and _recorded[0] is arrays and _recorded[1] == stages):
        _recorded[:] = [arrays, stages, WorldGraph(make_stage, arrays, state.tick.shape[0], "cpu")]
    for _ in range(ticks):
        _recorded[2].launch()
    return state


def press(arrays, steer=0.0, accel=0.0):
    """Set steering and pedals of all actors."""
    arrays[2].steer.fill_(steer)
    arrays[2].accel.fill_(accel)
