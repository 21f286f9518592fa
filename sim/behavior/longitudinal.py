"""Actions on speed: transitions, keeping a distance (`wp.func`s over the working numbers of a row)."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior import codes
from sim.behavior.codes import RowField
from sim.behavior.measures import actor_distance
from sim.behavior.transition import end_by_rate, peak_factor, transition_value
from sim.scenario.storyboard import UNLIMITED, Coordinates, Dimension, DistanceType, Shape
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})

_SHAPE, _DIMENSION, _ENTITY, _FLAGS, _INDEX = (
    int(RowField[n]) for n in ("SHAPE", "DIMENSION", "ENTITY", "FLAGS", "INDEX")
)
WISH, AMOUNT = 0, 1
"""Numbers of a SpeedAction's row: target speed [m/s] or factor; how long, far or fast the change is, by its `Dimension`."""
START, TARGET, PARAM, END, SCALE = 0, 1, 2, 3, 4
"""Working numbers of a transition."""

GAP, UP, DOWN, TOP, RATE_UP, RATE_DOWN = 0, 1, 2, 3, 4, 5
"""Numbers of a row that keeps a distance: distance [m] or time gap [s]; greatest acceleration, deceleration, speed, and rates of both."""
LAST = 0
"""Its working number: acceleration of the last tick [m/s^2]."""

SPRING = 0.4
"""Spring constant of distance keeping per (m/s^2) of allowed acceleration [1/m]; esmini's."""


@wp.func
def _target_speed(scene: Scene, state: State, world: int, r: int, a: int) -> float:
    value = scene.story.row_value[world, r, wp.static(WISH)]
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    if (flags & wp.static(codes.FLAG_RELATIVE)) != 0:
        other = state.speed[world, scene.story.row_code[world, r, wp.static(_ENTITY)]]
        if (flags & wp.static(codes.FLAG_FACTOR)) != 0:
            value = other * value
        else:
            value = other + value
    limit = scene.max_speed[world, a]
    return wp.clamp(value, -limit, limit)


@wp.func
def start_speed(scene: Scene, state: State, world: int, r: int, a: int):
    """Prepare a SpeedAction; a step sets the speed at once."""
    shape = scene.story.row_code[world, r, wp.static(_SHAPE)]
    dimension = scene.story.row_code[world, r, wp.static(_DIMENSION)]
    value = scene.story.row_value[world, r, wp.static(AMOUNT)]
    v0 = state.speed[world, a]
    v1 = _target_speed(scene, state, world, r, a)
    end = float(value)
    if dimension == wp.static(int(Dimension.RATE)):
        end = end_by_rate(shape, v0, v1, value)
    elif dimension == wp.static(int(Dimension.DISTANCE)):
        if wp.abs(v1 - v0) < 1.0e-6:
            end = 0.0
        elif v0 * v1 < 0.0:
            first = value * v0 * v0 / (v0 * v0 + v1 * v1)
            end = 2.0 * first / wp.abs(v0) + 2.0 * (value - first) / wp.abs(v1)
        else:
            end = 2.0 * value / wp.abs(v0 + v1)
    limit = wp.where(v1 > v0, scene.max_acceleration[world, a], scene.max_deceleration[world, a])
    peak = peak_factor(shape) * wp.abs(v1 - v0) / wp.max(end, 1.0e-9)
    scale = float(1.0)
    if shape != wp.static(int(Shape.STEP)) and end > 1.0e-6 and peak > limit:
        scale = peak / limit
    state.story.row_value[world, r, wp.static(START)] = v0
    state.story.row_value[world, r, wp.static(TARGET)] = v1
    state.story.row_value[world, r, wp.static(PARAM)] = 0.0
    state.story.row_value[world, r, wp.static(END)] = end
    state.story.row_value[world, r, wp.static(SCALE)] = scale
    state.speed[world, a] = transition_value(shape, v0, v1, 0.0, end)


@wp.func
def change_speed(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> bool:
    """One step of a SpeedAction, within the actor's performance; True once the target is reached."""
    shape = scene.story.row_code[world, r, wp.static(_SHAPE)]
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    v = state.speed[world, a]
    v0 = state.story.row_value[world, r, wp.static(START)]
    target = state.story.row_value[world, r, wp.static(TARGET)]
    if (flags & wp.static(codes.FLAG_RELATIVE)) != 0:
        target = _target_speed(scene, state, world, r, a)
        state.story.row_value[world, r, wp.static(TARGET)] = target
    param = state.story.row_value[world, r, wp.static(PARAM)]
    end = state.story.row_value[world, r, wp.static(END)]
    scale = state.story.row_value[world, r, wp.static(SCALE)]
    up = scene.max_acceleration[world, a]
    down = scene.max_deceleration[world, a]
    new = float(v)
    if end > 0.0 and param > end - 1.0e-5:
        new = v + wp.clamp(target - v, -down * dt, up * dt)
    else:
        param = wp.min(param + dt / scale, end)
        new = transition_value(shape, v0, target, param, end)
        step = shape == wp.static(int(Shape.STEP)) or end < 1.0e-6
        wanted = new - v
        if not step and (wanted > (up + 1.0e-3) * dt or wanted < -(down + 1.0e-3) * dt):
            new = v + wp.clamp(wanted, -down * dt, up * dt)
            param = wp.max(param - (dt - dt * (new - v) / wanted) / scale, 0.0)
    state.story.row_value[world, r, wp.static(PARAM)] = param
    reached = param > end - 1.0e-5 and wp.abs(new - target) < 1.0e-5
    if reached:
        new = target
    state.speed[world, a] = new
    return reached and (flags & wp.static(codes.FLAG_CONTINUOUS)) == 0


@wp.func
def keep_distance(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> bool:
    """One step of a LongitudinalDistanceAction: a critically damped spring on the gap, or the exact gap if nothing limits it."""
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    b = scene.story.row_code[world, r, wp.static(_ENTITY)]
    side = scene.story.row_code[world, r, wp.static(_INDEX)]
    free = int((flags & wp.static(codes.FLAG_FREESPACE)) != 0)
    road = wp.static(int(Coordinates.ROAD))
    distance = actor_distance(scene, state, world, a, b, free, road, wp.static(int(DistanceType.LONGITUDINAL)))
    if state.story.row_mode[world, r] == 0:
        state.story.row_mode[world, r] = wp.where(distance < 0.0 or side > 0, -1, 1)
    wanted = scene.story.row_value[world, r, wp.static(GAP)]
    if (flags & wp.static(codes.FLAG_TIME_GAP)) != 0:
        wanted = wanted * wp.abs(state.speed[world, b])
    wanted = wanted * float(state.story.row_mode[world, r])
    d = distance - wanted
    up = scene.story.row_value[world, r, wp.static(UP)]
    down = scene.story.row_value[world, r, wp.static(DOWN)]
    finished = (flags & wp.static(codes.FLAG_CONTINUOUS)) == 0 and wp.abs(d) < 0.05
    if up >= wp.static(UNLIMITED) and down >= wp.static(UNLIMITED):
        state.s[world, a] = state.s[world, a] + d * float(state.story.direction[world, a])
        state.speed[world, a] = state.speed[world, b]
        return finished
    tension = wp.where(d < 0.0, up, down) * wp.static(SPRING)
    acc = d * tension - (state.speed[world, a] - state.speed[world, b]) * 2.0 * wp.sqrt(tension)
    acc = wp.clamp(acc, -down, up)
    last = state.story.row_value[world, r, wp.static(LAST)]
    if acc < 0.0 and acc < last:
        acc = wp.max(last - scene.story.row_value[world, r, wp.static(RATE_DOWN)] * dt, acc)
    elif acc > 0.0 and acc > last:
        acc = wp.min(last + scene.story.row_value[world, r, wp.static(RATE_UP)] * dt, acc)
    state.story.row_value[world, r, wp.static(LAST)] = acc
    top = scene.story.row_value[world, r, wp.static(TOP)]
    state.speed[world, a] = wp.clamp(state.speed[world, a] + acc * dt, -top, top)
    return finished
