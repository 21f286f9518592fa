"""Running actions: one thread per world carries them out in the storyboard's order, so an action sees what earlier ones did.

Motion follows esmini's default controller: speeds and lanes change by transitions, trajectories are followed by arc length.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.cargo import come_loose
from sim.behavior.codes import ActionKind, PositionField, PositionKind, RowField, RowPhase
from sim.behavior.follow_path import follow_trajectory, start_follow
from sim.behavior.lateral import change_lane, offset_lane, pose_rotation, start_lane_change, start_lane_offset
from sim.behavior.lateral_distance import keep_side
from sim.behavior.longitudinal import change_speed, keep_distance, start_speed
from sim.behavior.measures import spot_of, yaw_of
from sim.behavior.pedals import hold_controls, let_go, take_hold
from sim.behavior.places import take_place
from sim.behavior.speed_profile import run_profile, start_profile
from sim.behavior.synchronize import start_synchronize, synchronize
from sim.behavior.trailers import couple
from sim.physics.faults import break_part
from sim.road.frenet import locate
from sim.types import NO_WHEEL, TICK, Fault, Scene, State

wp.set_module_options({"enable_backward": False})

_KIND, _ACTOR, _FLAGS, _INDEX, _POSITION = (int(RowField[n]) for n in ("KIND", "ACTOR", "FLAGS", "INDEX", "POSITION"))
ANGLE, DURATION = 0, 1
"""Numbers of a door's row: how far it opens [rad], how long that takes [s]."""
CLOCK = 0
"""Its working number: time since the start [s]."""


@wp.func
def _put(scene: Scene, state: State, world: int, a: int, position: int):
    """Teleport an actor to a position of the table."""
    spot = spot_of(scene, state, world, position)
    coord = locate(scene.road, scene.map_index[world], wp.vec2(spot.pos[0], spot.pos[1]), spot.heading, spot.road)
    tilt = scene.story.position_tilt[world, position]
    kind = scene.story.position_code[world, position, wp.static(int(PositionField.KIND))]
    own = scene.story.position_code[world, position, wp.static(int(PositionField.PATH))] == 1
    state.story.posed[world, a] = 0
    state.pos[world, a] = spot.pos
    if kind == wp.static(int(PositionKind.WORLD)) and own:
        state.pos[world, a] = wp.vec3(spot.pos[0], spot.pos[1], tilt[2])
        state.rot[world, a] = pose_rotation(spot.heading, tilt[0], tilt[1])
        state.story.posed[world, a] = 1
    elif kind == wp.static(int(PositionKind.OBJECT_RELATIVE)) and (tilt[0] != 0.0 or tilt[1] != 0.0):
        b = scene.story.position_code[world, position, wp.static(int(PositionField.ENTITY))]
        lean = pose_rotation(spot.heading - yaw_of(state.rot[world, b]), tilt[0], tilt[1])
        state.rot[world, a] = wp.where(own, pose_rotation(spot.heading, tilt[0], tilt[1]), state.rot[world, b] * lean)
        state.story.posed[world, a] = 1
    else:
        state.rot[world, a] = wp.quat_from_axis_angle(wp.vec3(0.0, 0.0, 1.0), spot.heading)
    take_place(scene, state, world, a, coord, spot.heading)
    if spot.road >= 0:
        state.lane[world, a] = spot.lane


@wp.func
def _do_at_once(scene: Scene, state: State, world: int, r: int, kind: int, a: int) -> bool:
    """Carry out an action that takes no time; False if it takes some."""
    flags = scene.story.row_code[world, r, wp.static(_FLAGS)]
    index = scene.story.row_code[world, r, wp.static(_INDEX)]
    position = scene.story.row_code[world, r, wp.static(_POSITION)]
    shows = kind == wp.static(int(ActionKind.VISIBILITY))
    teleports = kind == wp.static(int(ActionKind.TELEPORT))
    if teleports or (shows and position >= 0):
        _put(scene, state, world, a, position)
    if kind == wp.static(int(ActionKind.ASSIGN_ROUTE)):
        state.story.route[world, a] = index
    elif kind == wp.static(int(ActionKind.LIGHT)):
        if flags != 0:
            state.lamps[world, a] = state.lamps[world, a] | index
        else:
            state.lamps[world, a] = state.lamps[world, a] & (~index)
    elif shows:
        gone = (state.faults.broken[world, a] // wp.static(int(Fault.WHEEL_LOST))) & 15
        state.visible[world, a] = index | wp.where(index != 0, gone * wp.static(NO_WHEEL), 0)
    elif kind == wp.static(int(ActionKind.TRAILER)):
        couple(state, world, a, index)
    elif kind == wp.static(int(ActionKind.FAULT)):
        value = scene.story.row_value[world, r]
        brakes = wp.vec4(value[0], value[1], value[2], value[3])
        break_part(scene, state, world, a, flags, brakes, value[4], value[5])
    elif kind == wp.static(int(ActionKind.LOOSE)):
        come_loose(state, world, a)
    elif kind == wp.static(int(ActionKind.OVERRIDE)) and index == 0:
        let_go(scene, state, world, r, a)
    else:
        # variables and signals were set when the event started (`sim.behavior.triggers`)
        return (
            teleports
            or kind == wp.static(int(ActionKind.VARIABLE))
            or kind == wp.static(int(ActionKind.SIGNAL))
            or kind == wp.static(int(ActionKind.NOTHING))
        )
    return True


@wp.func
def _open_door(scene: Scene, state: State, world: int, r: int, a: int, dt: float) -> bool:
    """Turn a door towards its angle; True once it is there."""
    angle = scene.story.row_value[world, r, wp.static(ANGLE)]
    duration = scene.story.row_value[world, r, wp.static(DURATION)]
    door = state.door[world, a]
    side = scene.story.row_code[world, r, wp.static(_INDEX)]
    t = state.story.row_value[world, r, wp.static(CLOCK)] + dt
    state.story.row_value[world, r, wp.static(CLOCK)] = t
    f = wp.clamp(t / duration, 0.0, 1.0)
    now = angle * f * f * (3.0 - 2.0 * f)
    if side == 0:
        state.door[world, a] = wp.vec2(now, door[1])
    else:
        state.door[world, a] = wp.vec2(door[0], now)
    return f >= 1.0


@wp.func
def _begin(scene: Scene, state: State, world: int, r: int, kind: int, a: int):
    """Prepare an action that takes time."""
    for k in range(state.story.row_value.shape[2]):
        state.story.row_value[world, r, k] = 0.0
    state.story.row_mode[world, r] = 0
    if kind == wp.static(int(ActionKind.SPEED)):
        start_speed(scene, state, world, r, a)
    elif kind == wp.static(int(ActionKind.SPEED_PROFILE)):
        start_profile(scene, state, world, r, a)
    elif kind == wp.static(int(ActionKind.LANE_CHANGE)):
        start_lane_change(scene, state, world, r, a)
    elif kind == wp.static(int(ActionKind.LANE_OFFSET)):
        start_lane_offset(scene, state, world, r, a)
    elif kind == wp.static(int(ActionKind.SYNCHRONIZE)):
        start_synchronize(scene, state, world, r)
    elif kind == wp.static(int(ActionKind.FOLLOW_TRAJECTORY)):
        start_follow(scene, state, world, r, a)
    elif kind == wp.static(int(ActionKind.OVERRIDE)):
        take_hold(scene, state, world, r, a)


@wp.func
def _run(scene: Scene, state: State, world: int, r: int, kind: int, a: int, dt: float) -> bool:
    """Go on with an action; True once it is finished."""
    if kind == wp.static(int(ActionKind.SPEED)):
        return change_speed(scene, state, world, r, a, dt)
    if kind == wp.static(int(ActionKind.SPEED_PROFILE)):
        return run_profile(scene, state, world, r, a, dt)
    if kind == wp.static(int(ActionKind.LONGITUDINAL_DISTANCE)):
        return keep_distance(scene, state, world, r, a, dt)
    if kind == wp.static(int(ActionKind.LATERAL_DISTANCE)):
        return keep_side(scene, state, world, r, a, dt)
    if kind == wp.static(int(ActionKind.LANE_CHANGE)):
        return change_lane(scene, state, world, r, a, dt)
    if kind == wp.static(int(ActionKind.LANE_OFFSET)):
        return offset_lane(scene, state, world, r, a, dt)
    if kind == wp.static(int(ActionKind.SYNCHRONIZE)):
        return synchronize(scene, state, world, r, a, dt)
    if kind == wp.static(int(ActionKind.FOLLOW_TRAJECTORY)):
        return follow_trajectory(scene, state, world, r, a, dt)
    if kind == wp.static(int(ActionKind.DOOR)):
        return _open_door(scene, state, world, r, a, dt)
    if kind == wp.static(int(ActionKind.OVERRIDE)):
        return hold_controls(scene, state, world, r, a, dt)
    return True


@wp.func
def step_actions(scene: Scene, state: State, world: int, dt: float):
    """One step of all running actions of a world."""
    for a in range(scene.valid.shape[1]):
        state.story.moved[world, a] = 0
    for r in range(state.story.row_state.shape[1]):
        phase = state.story.row_state[world, r]
        kind = scene.story.row_code[world, r, wp.static(_KIND)]
        a = scene.story.row_code[world, r, wp.static(_ACTOR)]
        if phase == wp.static(int(RowPhase.STARTING)):
            if _do_at_once(scene, state, world, r, kind, a):
                state.story.row_state[world, r] = wp.static(int(RowPhase.FINISHED))
                phase = wp.static(int(RowPhase.FINISHED))
            else:
                _begin(scene, state, world, r, kind, a)
                state.story.row_state[world, r] = wp.static(int(RowPhase.RUNNING))
                phase = wp.static(int(RowPhase.RUNNING))
        if phase == wp.static(int(RowPhase.RUNNING)):
            free = state.motion[world, a] == 0 or kind == wp.static(int(ActionKind.DOOR))
            if free or kind == wp.static(int(ActionKind.OVERRIDE)):
                if _run(scene, state, world, r, kind, a, dt):
                    state.story.row_state[world, r] = wp.static(int(RowPhase.FINISHED))
            else:
                state.story.row_state[world, r] = wp.static(int(RowPhase.FINISHED))


@wp.kernel
def _run_actions(scene: Scene, state: State, dt: float):
    """Reads the storyboard's rows. Writes speeds, lanes, paths, lamps, doors, signals, variables and row states."""
    world = wp.tid()
    if state.done[world] == 0 and scene.story.nelement[world] > 0:
        step_actions(scene, state, world, dt)


def run_actions(scene: Scene, state: State, dt: float = TICK) -> None:
    """Carry out one tick of all running actions; actors that physics has taken over leave theirs."""
    wp.launch(_run_actions, dim=state.tick.shape[0], inputs=[scene, state, dt], device=state.tick.device)
