"""Logical values of conditions (`wp.func`s), with edges, delays and triggering entities."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.codes import ConditionField, ConditionKind, Phase
from sim.behavior.measures import Spot, compare, component, distance_to, gap_along, spot_of, yaw_of
from sim.physics.pairs import touches_now
from sim.road.frenet import section_at
from sim.scenario.storyboard import Coordinates, DistanceType, Edge, ElementState
from sim.types import TICK, LaneKind, Scene, State

wp.set_module_options({"enable_backward": False})

_KIND, _RULE, _EDGE = (int(ConditionField[n]) for n in ("KIND", "RULE", "EDGE"))
_DELAY, _ANY, _FIRST, _COUNT = (int(ConditionField[n]) for n in ("DELAY", "ANY", "FIRST_ENTITY", "NENTITY"))
_TARGET, _POSITION, _REFERENCE = (int(ConditionField[n]) for n in ("TARGET", "POSITION", "REFERENCE"))
_STATE, _FREE, _COORDINATES, _DISTANCE = (
    int(ConditionField[n]) for n in ("STATE", "FREESPACE", "COORDINATES", "DISTANCE")
)


@wp.func
def _since(now: int, since: int) -> float:
    if since < 0:
        return -1.0
    return float(now - since) * wp.static(TICK)


@wp.func
def _element_is(state: State, world: int, element: int, wanted: int) -> bool:
    phase = state.story.element_state[world, element]
    if wanted == wp.static(int(ElementState.STANDBY)):
        return phase == wp.static(int(Phase.STANDBY))
    if wanted == wp.static(int(ElementState.RUNNING)):
        return phase == wp.static(int(Phase.RUNNING))
    if wanted == wp.static(int(ElementState.COMPLETE)):
        return phase == wp.static(int(Phase.COMPLETE))
    recent = state.tick[world] - state.story.transition_tick[world, element] <= 1
    return recent and state.story.transition[world, element] == wanted


@wp.func
def _closing_speed(state: State, world: int, a: int, b: int, spot: Spot, distance: float, kind: int) -> float:
    """Speed at which actor ``a`` nears ``b``, or a spot where ``b`` is -1 [m/s]."""
    line = spot.pos - state.pos[world, a]
    relative = state.vel[world, a]
    if b >= 0:
        line = state.pos[world, b] - state.pos[world, a]
        relative = relative - state.vel[world, b]
        if kind != wp.static(int(DistanceType.EUCLIDEAN)):
            return component(relative, yaw_of(state.rot[world, a]), kind) * wp.sign(distance)
    return wp.dot(relative, line) / wp.max(wp.length(line), 1.0e-6)


@wp.func
def _distance_holds(scene: Scene, state: State, world: int, c: int, a: int) -> bool:
    """Conditions on a distance, or a distance over a speed; what is not defined does not hold."""
    kind = scene.story.condition_code[world, c, wp.static(_KIND)]
    target = scene.story.condition_code[world, c, wp.static(_TARGET)]
    part = scene.story.condition_code[world, c, wp.static(_DISTANCE)]
    how = wp.vec3i(
        scene.story.condition_code[world, c, wp.static(_FREE)],
        scene.story.condition_code[world, c, wp.static(_COORDINATES)],
        part,
    )
    if kind == wp.static(int(ConditionKind.TIME_TO_REACH)):
        how = wp.vec3i(1, wp.static(int(Coordinates.ROAD)), wp.static(int(DistanceType.LONGITUDINAL)))
    spot = Spot()
    if target < 0:
        spot = spot_of(scene, state, world, scene.story.condition_code[world, c, wp.static(_POSITION)])
    value = distance_to(scene, state, world, a, target, spot, how)
    speed = float(1.0)
    if kind == wp.static(int(ConditionKind.TIME_TO_COLLISION)):
        speed = _closing_speed(state, world, a, target, spot, value, part)
        value = wp.abs(value)
    elif kind == wp.static(int(ConditionKind.HEADWAY)) or kind == wp.static(int(ConditionKind.TIME_TO_REACH)):
        speed = state.speed[world, a]
        if value < 0.0:
            return False  # behind
    if speed < 1.0e-6:
        return False
    limit = scene.story.condition_value[world, c][0]
    return compare(wp.abs(value) / speed, limit, scene.story.condition_code[world, c, wp.static(_RULE)])


@wp.func
def _lane_steps(of: int, lane: int, facing: int) -> int:
    """Lanes from ``of`` to ``lane``, positive to the left of who faces ``facing``."""
    d = lane - of
    if (lane > 0) != (of > 0):
        d -= wp.where(d > 0, 1, -1)
    return d * facing


@wp.func
def _clear(scene: Scene, state: State, world: int, c: int, a: int) -> bool:
    """No other actor on the given lanes beside ``a`` within the given distances, and such a lane is there."""
    limits = scene.story.condition_value[world, c]
    free = scene.story.condition_code[world, c, wp.static(_FREE)]
    only = scene.story.condition_code[world, c, wp.static(_TARGET)]
    opposite = scene.story.condition_code[world, c, wp.static(_STATE)] != 0
    r = state.road[world, a]
    lane = state.lane[world, a]
    facing = state.story.direction[world, a]
    if r < 0:
        return False
    for b in range(scene.valid.shape[1]):
        if b != a and (only < 0 or b == only) and scene.valid[world, b] != 0 and state.visible[world, b] != 0:
            other = state.lane[world, b]
            steps = float(_lane_steps(lane, other, facing))
            beside = state.road[world, b] == r and steps >= limits[2] and steps <= limits[3]
            if beside and (opposite or (other > 0) == (lane > 0)):
                d = gap_along(scene, state, world, a, b, free)
                if d <= limits[0] and d >= -limits[1]:
                    return False
    k = section_at(scene.road, r, state.s[world, a])
    low = scene.road.section_lane_min[k]
    first = scene.road.section_first_lane[k]
    for row in range(first, scene.road.section_first_lane[k + 1]):
        i = low + row - first
        steps = float(_lane_steps(lane, i, facing))
        if (
            i != 0
            and scene.road.lane_kind[row] == wp.static(int(LaneKind.DRIVING))
            and steps >= limits[2]
            and steps <= limits[3]
        ):
            if opposite or (i > 0) == (lane > 0):
                return True
    return False


@wp.func
def _entity_holds(scene: Scene, state: State, world: int, c: int, a: int) -> bool:
    """The condition's logical value for one triggering entity."""
    kind = scene.story.condition_code[world, c, wp.static(_KIND)]
    rule = scene.story.condition_code[world, c, wp.static(_RULE)]
    target = scene.story.condition_code[world, c, wp.static(_TARGET)]
    part = scene.story.condition_code[world, c, wp.static(_DISTANCE)]
    limit = scene.story.condition_value[world, c][0]
    now = state.tick[world]
    if kind == wp.static(int(ConditionKind.COLLISION)):
        return touches_now(state, world, a, target)
    if kind == wp.static(int(ConditionKind.CLEARANCE)):
        return _clear(scene, state, world, c, a)
    if kind == wp.static(int(ConditionKind.STAND_STILL)):
        return _since(now, state.story.still_since[world, a]) >= limit - 1.0e-4
    if kind == wp.static(int(ConditionKind.OFFROAD)):
        return _since(now, state.story.offroad_since[world, a]) >= limit - 1.0e-4
    if kind == wp.static(int(ConditionKind.END_OF_ROAD)):
        return _since(now, state.story.end_since[world, a]) >= limit - 1.0e-4
    measured = kind >= wp.static(int(ConditionKind.HEADWAY)) and kind <= wp.static(int(ConditionKind.DISTANCE))
    if measured or kind == wp.static(int(ConditionKind.REACH_POSITION)):
        return _distance_holds(scene, state, world, c, a)
    value = float(0.0)
    yaw = yaw_of(state.rot[world, a])
    if kind == wp.static(int(ConditionKind.SPEED)):
        value = wp.where(part == 0, state.speed[world, a], component(state.vel[world, a], yaw, part))
        if target >= 0:
            value -= state.speed[world, target]
    elif kind == wp.static(int(ConditionKind.ACCELERATION)):
        value = component(state.accel[world, a], yaw, part)
    elif kind == wp.static(int(ConditionKind.TRAVELED)):
        value = state.traveled[world, a] - 2.0e-4  # what is a whole number of steps falls just short in a sum of chords
    return compare(value, limit, rule)


@wp.func
def _holds(scene: Scene, state: State, world: int, c: int) -> bool:
    """The condition's logical value now."""
    kind = scene.story.condition_code[world, c, wp.static(_KIND)]
    reference = scene.story.condition_code[world, c, wp.static(_REFERENCE)]
    rule = scene.story.condition_code[world, c, wp.static(_RULE)]
    limit = scene.story.condition_value[world, c][0]
    if kind == wp.static(int(ConditionKind.TIME)):
        return compare(float(state.tick[world]) * wp.static(TICK), limit, rule)
    if kind == wp.static(int(ConditionKind.ELEMENT)):
        return _element_is(state, world, reference, scene.story.condition_code[world, c, wp.static(_STATE)])
    if kind == wp.static(int(ConditionKind.VARIABLE)):
        return compare(state.story.variable[world, reference], limit, rule)
    if kind == wp.static(int(ConditionKind.SIGNAL)):
        return state.signal[world, reference] == scene.story.condition_code[world, c, wp.static(_STATE)]
    first = scene.story.condition_code[world, c, wp.static(_FIRST)]
    count = scene.story.condition_code[world, c, wp.static(_COUNT)]
    need_any = scene.story.condition_code[world, c, wp.static(_ANY)] != 0
    for k in range(count):
        a = scene.story.entity[world, first + k]
        holds = _entity_holds(scene, state, world, c, a)
        if holds and need_any:
            return True
        if not holds and not need_any:
            return False
    return not need_any and count > 0


@wp.func
def _condition(scene: Scene, state: State, world: int, c: int) -> bool:
    """Value of a condition after its edge and delay; keeps its history."""
    now = state.tick[world]
    value = _holds(scene, state, world, c)
    last = state.story.condition_last[world, c]
    edge = scene.story.condition_code[world, c, wp.static(_EDGE)]
    active = bool(value)
    if edge == wp.static(int(Edge.RISING)):
        active = value and last == 0
    elif edge == wp.static(int(Edge.FALLING)):
        active = (not value) and last == 1
    elif edge == wp.static(int(Edge.RISING_OR_FALLING)):
        active = last >= 0 and int(value) != last
    state.story.condition_last[world, c] = int(value)
    delay = scene.story.condition_code[world, c, wp.static(_DELAY)]
    if delay == 0:
        return active
    if state.story.condition_since[world, c] < 0:
        state.story.condition_since[world, c] = now
    nbit = state.story.history.shape[2] * 32
    slot = now % nbit
    word = state.story.history[world, c, slot // 32]
    bit = wp.uint32(1) << wp.uint32(slot % 32)
    if active:
        word = word | bit
    else:
        word = word & (~bit)
    state.story.history[world, c, slot // 32] = word
    past = now - delay
    if past < state.story.condition_since[world, c]:
        return False
    slot = past % nbit
    return (state.story.history[world, c, slot // 32] >> wp.uint32(slot % 32)) & wp.uint32(1) != wp.uint32(0)


@wp.func
def fires(scene: Scene, state: State, world: int, trigger: int) -> bool:
    """Whether all conditions of any of a trigger's groups hold; delayed conditions are always evaluated."""
    fired = bool(False)
    for g in range(scene.story.group[world, trigger], scene.story.group[world, trigger + 1]):
        first = scene.story.condition[world, g]
        last = scene.story.condition[world, g + 1]
        all_hold = bool(last > first)
        for c in range(first, last):
            if all_hold or scene.story.condition_code[world, c, wp.static(_DELAY)] > 0:
                if not _condition(scene, state, world, c):
                    all_hold = False
        if all_hold:
            fired = True
    return fired
