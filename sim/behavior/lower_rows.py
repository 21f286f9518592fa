"""The arrays of a lowered storyboard and of the actors at their start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.behavior.codes import ConditionField, ConditionKind, Phase, PositionField, RowField
from sim.behavior.trajectory import PathPoints
from sim.rotation import quaternion, rotate, yaw_of
from sim.types import Motion

if TYPE_CHECKING:
    from sim.behavior.lowering import Lowering, Start

NWORK = 12
"""Working numbers of an action's row."""
FACING = -1e-5
"""Cosine from which an actor faces along its road; esmini turns at right angles."""


def path_rows(paths: list[PathPoints]) -> dict[str, Any]:
    """`sim.types.PathTables` of one world."""
    counts = [len(p.s) for p in paths]
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]) if paths else np.zeros(1)
    join = np.concatenate
    return {
        "first": np.array(first, np.int32),
        "count": np.array(counts or [0], np.int32),
        "point": join([p.pos for p in paths]).astype(np.float32) if paths else np.zeros((1, 3), np.float32),
        "heading": join([p.heading for p in paths]).astype(np.float32) if paths else np.zeros(1, np.float32),
        "s": join([p.s for p in paths]).astype(np.float32) if paths else np.zeros(1, np.float32),
        "time": join([p.time for p in paths]).astype(np.float32) if paths else np.zeros(1, np.float32),
    }


def _starts(counts: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def story_rows(build: Lowering) -> dict[str, Any]:
    """`sim.types.StoryTables` of one world."""
    rows: dict[str, Any] = {"nelement": len(build.elements)}
    for column in ("kind", "parent", "last", "start", "stop", "priority", "max_count", "first_row", "nrow"):
        rows[column] = np.array([e[column] for e in build.elements], np.int32)
    groups = [group for trigger in build.triggers for group in trigger]
    rows["group"] = _starts([len(trigger) for trigger in build.triggers])
    # conditions are listed in the order in which the groups name them
    order = [c for group in groups for c in group]
    rows["condition"] = _starts([len(group) for group in groups])
    conditions = build.conditions
    rows["condition_code"] = np.array([conditions.codes[c] for c in order], np.int32).reshape(-1, len(ConditionField))
    rows["condition_value"] = np.array([conditions.values[c] for c in order], np.float32).reshape(-1, 4)
    rows["watches_edges"] = int(any(code[ConditionField.KIND] == ConditionKind.OFFROAD for code in conditions.codes))
    rows["entity"] = np.array(conditions.entities or [0], np.int32)
    rows["row_code"] = np.array(build.rows.codes, np.int32).reshape(-1, len(RowField))
    rows["row_value"] = np.array(build.rows.values, np.float32).reshape(-1, 8)
    rows["position_code"] = np.array(build.rows.position_codes, np.int32).reshape(-1, len(PositionField))
    rows["position_value"] = np.array(build.rows.position_values, np.float32).reshape(-1, 4)
    rows["position_tilt"] = np.array(build.rows.position_tilts, np.float32).reshape(-1, 3)
    rows["route_first"] = _starts([len(r) for r in build.routes])
    if build.rows.shares:
        rows["share"] = np.array(build.rows.shares, np.float32)
    if any(actor.coupler is not None for actor in build.spec.actors):
        for name in ("hitch", "coupler"):
            rows[name] = np.array([getattr(actor, name) or 0.0 for actor in build.spec.actors], np.float32)
    if any(actor.carrier is not None for actor in build.spec.actors):
        rows["seat"] = np.array([actor.seat for actor in build.spec.actors], np.float32)
    rows["route_road"] = np.array([r for route in build.routes for r in route] or [0], np.int32)
    return rows


def _lie(rows: dict[str, Any], a: int, actor: Any) -> None:
    """Lay an actor down where it stands: a person on the back, head behind, an animal on its right side; a body that rests there."""
    thin = 0 if actor.size[0] <= actor.size[1] else 1
    yaw = yaw_of(rows["rot"][a])
    rot = quaternion(yaw, -0.5 * math.pi) if thin == 0 else quaternion(yaw, 0.0, 0.5 * math.pi)
    middle = rows["pos"][a] + [0.0, 0.0, 0.5 * actor.size[thin]]
    rows["rot"][a], rows["pos"][a] = rot, middle - rotate(rot, actor.box_center)
    rows["motion"][a] = int(Motion.BODY)
    rows["fallen"][a] = -1


def _story_start(build: Lowering, starts: list[Start]) -> dict[str, Any]:
    """`sim.types.StoryState` of one world at its start."""
    spec, n = build.spec, len(starts)
    nrow, nelement = len(build.rows.codes), len(build.elements)
    ncondition = sum(len(g) for t in build.triggers for g in t)
    longest = max([c[ConditionField.DELAY] for c in build.conditions.codes] or [0])
    turn = [math.remainder(s.place.turn, math.tau) for s in starts]
    direction = [1 if math.cos(t) > FACING else -1 for t in turn]
    towing = [-1 if a.trailer is None else build.actor(a.trailer) for a in spec.actors]
    tow = [towing.index(i) if i in towing else -1 for i in range(n)]
    tow = [t if a.carrier is None else build.actor(a.carrier) for t, a in zip(tow, spec.actors, strict=True)]
    return {
        "element_state": np.full(nelement, int(Phase.INIT), np.int32),
        "element_count": np.zeros(nelement, np.int32),
        "transition": np.full(nelement, -1, np.int32),
        "transition_tick": np.full(nelement, -1, np.int32),
        "condition_last": np.full(max(ncondition, 1), -1, np.int32),
        "condition_since": np.full(max(ncondition, 1), -1, np.int32),
        "history": np.zeros((max(ncondition, 1), longest // 32 + 2), np.uint32),
        "variable": np.array(build.values or [0.0], np.float32),
        "row_state": np.zeros(max(nrow, 1), np.int32),
        "row_value": np.zeros((max(nrow, 1), NWORK), np.float32),
        "row_mode": np.zeros(max(nrow, 1), np.int32),
        "s_carry": np.zeros(n, np.float32),
        "path": np.full(n, -1, np.int32),
        "path_s": np.zeros(n, np.float32),
        "route": np.full(n, -1, np.int32),
        "moved": np.zeros(n, np.int32),
        "last": np.zeros((n, 4), np.float32),
        "turn": np.array(
            [t if d > 0 else math.remainder(t - math.pi, math.tau) for t, d in zip(turn, direction, strict=True)],
            np.float32,
        ),
        "towing": np.array(towing, np.int32),
        "tow": np.array(tow, np.int32),
        "posed": np.array([int(s.place.posed) for s in starts], np.int32),
        "direction": np.array(direction, np.int32),
        "still_since": np.full(n, -1, np.int32),
        "offroad_since": np.full(n, -1, np.int32),
        "end_since": np.full(n, -1, np.int32),
    }


def state_rows(build: Lowering) -> dict[str, Any]:
    """`sim.types.State` of one world at its start."""
    spec = build.spec
    starts = [build.starts[a.name] for a in spec.actors]
    poses = [s.place.pose for s in starts]
    motion = {"idm": Motion.TRAFFIC, "vehicle": Motion.DRIVEN}
    speeds = np.array([s.speed for s in starts], np.float32)
    forward = np.array([[math.cos(p.heading), math.sin(p.heading), -math.sin(p.pitch)] for p in poses], np.float32)
    n = len(spec.actors)
    rows: dict[str, Any] = {
        "motion": np.array([int(motion.get(a.controller, Motion.SCRIPTED)) for a in spec.actors], np.int32),
        "visible": np.array([s.visible for s in starts], np.int32),
        "pos": np.array([(p.x, p.y, p.z) for p in poses], np.float32),
        "rot": np.array([quaternion(p.heading, p.pitch, p.roll) for p in poses], np.float32),
        "speed": speeds,
        "vel": forward * speeds[:, None],
        "road": np.array([s.place.road for s in starts], np.int32),
        "lane": np.array([s.place.lane for s in starts], np.int32),
        "s": np.array([s.place.s for s in starts], np.float32),
        "t": np.array([s.place.t for s in starts], np.float32),
        "lamps": np.array([s.lamps for s in starts], np.int32),
        "signal": np.zeros(sum(s.dynamic for road in spec.network.order for s in road.signals), np.int32),
        "fallen": np.zeros(n, np.int32),
        "contact_tick": np.full(n, -1, np.int32),
        "contact_with": np.full(n, -1, np.int32),
        "story": _story_start(build, starts),
    }
    for a, actor in enumerate(build.actors):
        if spec.actors[a].lies:
            _lie(rows, a, actor)
    return rows
