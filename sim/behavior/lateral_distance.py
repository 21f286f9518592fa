"""LateralDistanceAction (`wp.func`s over the working numbers of a row): keep beside an entity, across the road."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior import codes
from sim.behavior.codes import RowField
from sim.behavior.lateral import LATERAL, LONGITUDINAL, advance
from sim.behavior.longitudinal import SPRING
from sim.behavior.measures import actor_distance
from sim.road.frenet import lane_at, lane_center
from sim.scenario.storyboard import UNLIMITED, Coordinates, DistanceType
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})

_ENTITY, _FLAGS, _INDEX = (int(RowField[n]) for n in ("ENTITY", "FLAGS", "INDEX"))
SPEED, ACCELERATION = 0, 1
"""Working numbers: speed [m/s] and acceleration [m/s^2] across the road, left along s positive."""
REACHED = 0.01
"""How near the distance must be for the action to end [m]; esmini's."""
DISTANCE, LIMIT, TOP, RATE = 0, 1, 2, 3
"""Numbers of a row: distance [m]; greatest acceleration [m/s^2], speed [m/s] and jerk [m/s^3], `UNLIMITED` without."""


@wp.func
def _side_error(scene: Scene, state: State, world: int, r: int, a: int) -> float:
    """How far the actor must move across its road, left along s positive [m]."""
    b = scene.story.row_code[world, r, wp.static(_ENTITY)]
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    side = float(scene.story.row_code[world, r, wp.static(_INDEX)])
    road = wp.static(int(Coordinates.ROAD))
    beside = actor_distance(scene, state, world, a, b, 0, road, wp.static(int(DistanceType.LATERAL)))
    beside = beside * float(state.story.direction[world, a])
    facing = float(state.story.direction[world, b])
    if side == 0.0:
        side = wp.where(beside * facing > 0.0, -1.0, 1.0)
    wanted = scene.story.row_value[world, r, wp.static(DISTANCE)]
    if (flags & wp.static(codes.FLAG_FREESPACE)) != 0:
        wanted += 0.5 * (scene.size[world, a][1] + scene.size[world, b][1])
    return beside + side * facing * wanted


@wp.func
def _speed_across(scene: Scene, state: State, world: int, r: int, error: float, most: float, dt: float) -> float:
    """Speed across the road at which a limited actor closes the error [m/s]: by a critically damped spring, or as fast as it may."""
    limit = scene.story.row_value[world, r, wp.static(LIMIT)]
    if limit >= wp.static(UNLIMITED):
        return wp.clamp(error / dt, -most, most)
    tension = wp.static(SPRING) * limit
    last = state.story.row_value[world, r, wp.static(ACCELERATION)]
    speed = state.story.row_value[world, r, wp.static(SPEED)]
    acc = error * tension - speed * 2.0 * wp.sqrt(tension)
    rate = scene.story.row_value[world, r, wp.static(RATE)] * dt
    acc = wp.clamp(last + wp.clamp(acc - last, -rate, rate), -limit, limit)
    state.story.row_value[world, r, wp.static(ACCELERATION)] = acc
    return wp.clamp(speed + acc * dt, -most, most)


@wp.func
def keep_side(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> bool:
    """One step of a LateralDistanceAction; what the actor moves across the road it does not move along it."""
    if state.road[world, a] < 0:
        return True
    if state.story.row_mode[world, r] == 0:
        state.story.row_mode[world, r] = 1
        return False
    speed = wp.abs(state.speed[world, a])
    if dt <= 0.0:
        return False
    continuous = (scene.story.row_code[world, r, wp.static(_FLAGS)] & wp.static(codes.FLAG_CONTINUOUS)) != 0
    facing = float(state.story.direction[world, a]) * wp.where(state.speed[world, a] < 0.0, -1.0, 1.0)
    error = _side_error(scene, state, world, r, a)
    top = scene.story.row_value[world, r, wp.static(TOP)]
    limit = scene.story.row_value[world, r, wp.static(LIMIT)]
    if top >= wp.static(UNLIMITED) and limit >= wp.static(UNLIMITED):
        t = state.t[world, a] + error
        state.t[world, a] = t  # the actor goes on along its lane by itself
        state.lane[world, a] = lane_at(scene.road, state.road[world, a], state.s[world, a], t)
        state.story.turn[world, a] = wp.atan2(error, wp.max(speed * dt, 1.0e-6)) * facing
        if not continuous and wp.abs(error) < wp.static(REACHED):
            state.story.turn[world, a] = 0.0
            return True
        return False
    across = _speed_across(scene, state, world, r, error, wp.max(wp.min(top, speed) - 1.0e-6, 0.0), dt)
    state.story.row_value[world, r, wp.static(SPEED)] = across
    along = wp.sqrt(wp.max(speed * speed - across * across, 0.0))
    lane = state.lane[world, a]
    offset = state.t[world, a] - lane_center(scene.road, state.road[world, a], lane, state.s[world, a])
    before = state.story.direction[world, a]
    advance(scene, state, world, a, lane, offset, along * wp.sign(state.speed[world, a]) * dt)
    turned = wp.where(state.story.direction[world, a] != before, -1.0, 1.0)
    state.t[world, a] = state.t[world, a] + across * dt * turned
    state.lane[world, a] = lane_at(scene.road, state.road[world, a], state.s[world, a], state.t[world, a])
    state.story.row_value[world, r, wp.static(SPEED)] = across * turned
    state.story.turn[world, a] = wp.atan2(across, wp.max(along, 1.0e-6)) * facing
    state.story.moved[world, a] = wp.static(LONGITUDINAL | LATERAL)
    if not continuous and wp.abs(error) < wp.static(REACHED):
        state.story.turn[world, a] = 0.0
        return True
    return False
