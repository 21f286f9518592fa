"""Rule-based drivers: they work pedals and steering of DRIVEN actors along their route.

Steering follows the route's curvature, corrected for understeer, and its offset and heading error as a damped oscillator over distance.
IDM: Treiber, Hennecke and Helbing 2000, Congested traffic states in empirical observations and microscopic simulations (Phys. Rev. E 62).
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior.follow import idm_acceleration
from sim.behavior.measures import yaw_of
from sim.behavior.path import PathPoint, path_point, path_project, wrap_angle
from sim.behavior.pedals import as_held
from sim.physics.sets import GRAVITY
from sim.road.frenet import follow_lane, lane_center, road_pose
from sim.structs import actor_threads
from sim.types import TICK, Control, Motion, Scene, State

wp.set_module_options({"enable_backward": False})

DRIVERS: dict[str, int] = {
    "constant": 0,
    "brake": 1,
    "idm": 2,
    "idm_aeb": 3,
    "evade_brake": 4,
    "evade_left": 5,
    "evade_right": 6,
}
"""Codes of `VehicleParams.driver`.

constant: keeps its route at its desired speed. brake: full brake from the start. idm: follows whoever is ahead on its route. idm_aeb: the
same with emergency braking. evade_*: as constant until `REACTION` after the hazard's onset, then full braking, or braking and swerving.
"""

REACTION = 0.5
"""From the hazard's onset to the evasive action [s]."""
SWERVE = 3.0
"""How far an evasive driver goes aside [m]."""
SWERVE_BRAKE = 0.55
"""Brake pedal while swerving: leaves the tyres grip to steer."""
AEB_TIME = 1.4
"""Time to collision at which emergency braking begins (UN R152: at or below 1.5 s)."""
AEB_DELAY = 0.1
"""How long it must have been seen [s]."""
LOOK_AHEAD = 120.0
"""How far ahead a following driver looks [m]."""

_CONSTANT, _BRAKE, _IDM, _AEB, _EVADE, _LEFT, _RIGHT = DRIVERS.values()


@wp.struct
class Course:
    """The line to drive, at the rear axle's place."""

    here: PathPoint
    """Nearest point, with the actor's offset from the line."""
    turn: float
    """Heading of the actor against the line's [rad]."""
    curvature: float
    """Of the line a little ahead [1/m]."""


@wp.func
def route_course(scene: Scene, state: State, world: int, a: int, p: int, yaw: float) -> Course:
    """Course along path ``p``."""
    out = Course()
    out.here = path_project(scene.path, world, p, state.pos[world, a])
    out.turn = wrap_angle(yaw - out.here.heading)
    near = wp.max(0.2 * state.speed[world, a], 1.0)
    far = near + wp.max(0.5 * state.speed[world, a], 3.0)
    h0 = path_point(scene.path, world, p, out.here.s + near).heading
    h1 = path_point(scene.path, world, p, out.here.s + far).heading
    out.curvature = wrap_angle(h1 - h0) / (far - near)
    return out


@wp.func
def lane_course(scene: Scene, state: State, world: int, a: int, yaw: float) -> Course:
    """Course along the actor's lane, for actors without a route; straight on where there is no road."""
    out = Course()
    r = state.road[world, a]
    if r < 0:
        return out
    facing = state.story.direction[world, a]
    s = state.s[world, a]
    lane = state.lane[world, a]
    far = wp.max(0.7 * state.speed[world, a], 4.0)
    ahead = follow_lane(scene.road, r, lane, s, facing, far, 0)
    pose = road_pose(scene.road, r, s, 0.0)
    then = road_pose(scene.road, ahead.road, ahead.s, 0.0)
    heading = pose.heading + wp.where(facing > 0, 0.0, wp.pi)
    later = then.heading + wp.where(ahead.direction > 0, 0.0, wp.pi)
    out.here.offset = (state.t[world, a] - lane_center(scene.road, r, lane, s)) * float(facing)
    out.turn = wrap_angle(yaw - heading)
    out.curvature = wrap_angle(later - heading) / far
    return out


@wp.func
def steer_along(scene: Scene, state: State, world: int, a: int, course: Course, aside: float, hurry: float) -> float:
    """Steering command -1..1 that keeps ``aside`` metres left of the course; ``hurry``: seconds to settle."""
    speed = wp.max(state.speed[world, a], 1.0)
    reach = wp.max(hurry * speed, 3.0)
    error = wp.clamp(course.here.offset - aside, -0.35 * reach, 0.35 * reach)
    rear = scene.vehicle.car[world, a].slip_rear
    turn = course.turn - rear * speed * speed * course.curvature  # a slipping rear axle points the nose into the bend
    curvature = course.curvature - error / (reach * reach) - 1.8 / reach * wp.sin(turn)
    grip = 0.85 * wp.max(state.vehicle.friction[world, a], 0.15) * wp.static(GRAVITY) / (speed * speed)
    curvature = wp.clamp(curvature, -grip, grip)
    angle = wp.atan(scene.vehicle.wheelbase[world, a] * curvature)
    angle += (scene.vehicle.car[world, a].slip_front - rear) * speed * speed * curvature
    return wp.clamp(angle / scene.vehicle.car[world, a].max_steer, -1.0, 1.0)


@wp.func
def pedal_for(scene: Scene, state: State, world: int, a: int, accel: float) -> float:
    """Pedal command -1..1 for an acceleration [m/s^2]: drag and rolling resistance are made up for."""
    v = scene.vehicle
    speed = state.speed[world, a]
    mass = v.mass[world, a]
    resist = v.car[world, a].drag * speed * wp.abs(speed) + v.car[world, a].rolling * mass * wp.static(
        GRAVITY
    ) * wp.clamp(speed, -1.0, 1.0)
    x = wp.quat_rotate(state.rot[world, a], wp.vec3(1.0, 0.0, 0.0))
    force = mass * (accel + wp.static(GRAVITY) * x[2]) + resist
    if force >= 0.0:
        most = wp.min(v.car[world, a].max_drive, v.car[world, a].power / wp.max(wp.abs(speed), 1.0))
        return wp.min(force / wp.max(most, 1.0), 1.0)
    return wp.max(force / wp.max(v.car[world, a].max_brake, 1.0), -1.0)


@wp.func
def leader_on_route(scene: Scene, state: State, world: int, a: int, course: Course) -> wp.vec2:
    """Free way to the next actor on the route ahead [m] and its speed along it [m/s]; the way is `LOOK_AHEAD` if there is none."""
    best = float(wp.static(LOOK_AHEAD))
    speed = float(0.0)
    p = scene.route_path[world]
    pos = state.pos[world, a]
    x = wp.quat_rotate(state.rot[world, a], wp.vec3(1.0, 0.0, 0.0))
    front = scene.box_center[world, a][0] + 0.5 * scene.size[world, a][0]
    for b in range(scene.valid.shape[1]):
        if b != a and scene.valid[world, b] != 0 and (state.visible[world, b] & 4) != 0:
            d = state.pos[world, b] - pos
            along = d[0] * x[0] + d[1] * x[1]
            if along > 0.0 and along < wp.static(LOOK_AHEAD) + 10.0:
                middle = state.pos[world, b] + wp.quat_rotate(state.rot[world, b], scene.box_center[world, b])
                s = along
                offset = d[1] * x[0] - d[0] * x[1] + course.here.offset
                heading = yaw_of(state.rot[world, a]) - course.turn
                if a == 0 and p >= 0:
                    at = path_project(scene.path, world, p, middle)
                    s = at.s - course.here.s
                    offset = at.offset
                    heading = at.heading
                turn = yaw_of(state.rot[world, b]) - heading
                size = scene.size[world, b]
                half = 0.5 * (size[0] * wp.abs(wp.cos(turn)) + size[1] * wp.abs(wp.sin(turn)))
                wide = 0.5 * (size[1] * wp.abs(wp.cos(turn)) + size[0] * wp.abs(wp.sin(turn)))
                gap = s - half - front
                if (
                    wp.abs(offset) < wide + 0.5 * scene.size[world, a][1] + 0.2
                    and gap + 2.0 * half > 0.0
                    and gap < best
                ):
                    best = gap
                    v = state.vel[world, b]
                    speed = v[0] * wp.cos(heading) + v[1] * wp.sin(heading)
    return wp.vec2(best, speed)


@wp.func
def emergency(scene: Scene, state: State, world: int, a: int) -> bool:
    """Whether the emergency brake is on: from `AEB_DELAY` after a collision is near until the vehicle stands or the danger is over."""
    near = a == 0 and state.metrics.time_to_collision[world] < wp.static(AEB_TIME)
    now = state.tick[world] + 1
    if not near:
        state.vehicle.alarm_tick[world, a] = 0
        over = state.metrics.time_to_collision[world] > 2.0 * wp.static(AEB_TIME)
        if over or state.speed[world, a] < 0.05:
            state.vehicle.braking[world, a] = 0
    elif state.vehicle.alarm_tick[world, a] == 0:
        state.vehicle.alarm_tick[world, a] = now
    elif float(now - state.vehicle.alarm_tick[world, a]) * wp.static(TICK) >= wp.static(AEB_DELAY):
        state.vehicle.braking[world, a] = 1
    return state.vehicle.braking[world, a] != 0


@wp.func
def curve_speed(scene: Scene, state: State, world: int, a: int, course: Course) -> float:
    """Highest speed at which a following driver takes the course's bends [m/s]."""
    friction = wp.max(state.vehicle.friction[world, a], 0.2)
    return wp.sqrt(0.35 * friction * wp.static(GRAVITY) / wp.max(wp.abs(course.curvature), 1.0e-4))


@wp.func
def work_pedals(scene: Scene, state: State, world: int, a: int, code: int) -> wp.vec2:
    """What driver ``code`` does with steering and pedals of an actor, each -1..1. Keeps the driver's memory."""
    yaw = yaw_of(state.rot[world, a])
    course = Course()
    if a == 0 and scene.route_path[world] >= 0:
        course = route_course(scene, state, world, a, scene.route_path[world], yaw)
    else:
        course = lane_course(scene, state, world, a, yaw)
    wish = scene.desired_speed[world, a]
    speed = state.speed[world, a]
    request = wp.clamp(1.5 * (wish - speed), -3.0, 2.5)
    aside = float(0.0)
    hurry = float(0.9)
    if code == wp.static(_BRAKE):
        request = -100.0
    elif code == wp.static(_IDM) or code == wp.static(_AEB):
        ahead = leader_on_route(scene, state, world, a, course)
        wish = wp.min(wish, curve_speed(scene, state, world, a, course))
        request = idm_acceleration(speed, wish, ahead[0], ahead[1], ahead[0] >= wp.static(LOOK_AHEAD))
        if code == wp.static(_AEB) and emergency(scene, state, world, a):
            request = -100.0
    elif code >= wp.static(_EVADE):
        onset = state.metrics.onset_tick[world]
        if onset >= 0 and float(state.tick[world] - onset) * wp.static(TICK) >= wp.static(REACTION) - 1.0e-4:
            state.vehicle.braking[world, a] = 1
            request = -100.0
            if code != wp.static(_EVADE):
                request = (
                    wp.static(SWERVE_BRAKE) * -scene.vehicle.car[world, a].max_brake / scene.vehicle.car[world, a].mass
                )
                aside = wp.where(code == wp.static(_LEFT), wp.static(SWERVE), -wp.static(SWERVE))
                hurry = 0.45
    state.vehicle.request[world, a] = request
    steer = steer_along(scene, state, world, a, course, aside, hurry)
    return wp.vec2(steer, pedal_for(scene, state, world, a, request))


@wp.kernel
def _work_pedals(scene: Scene, state: State, control: Control, stride: int):
    """Reads the route and the traffic. Writes pedals and steering of DRIVEN actors that a rule-based driver works."""
    world, first = wp.tid()
    if state.done[world] != 0:
        return
    for a in range(first, scene.valid.shape[1], stride):
        code = scene.vehicle.driver[world, a]
        if code >= 0 and state.motion[world, a] == wp.static(int(Motion.DRIVEN)):
            out = as_held(scene, state, world, a, work_pedals(scene, state, world, a, code))
            control.steer[world, a] = out[0]
            control.accel[world, a] = out[1]


def work_all_pedals(scene: Scene, state: State, control: Control) -> None:
    """Let the rule-based drivers work the pedals of their vehicles for the coming tick."""
    dim, stride = actor_threads(state.motion)
    wp.launch(_work_pedals, dim=dim, inputs=[scene, state, control, stride], device=state.tick.device)


@wp.kernel
def _work_ego(scene: Scene, state: State, code: int, action_out: wp.array2d[float]):
    """Reads the route and the traffic. Writes what driver ``code`` does with each ego: steer and accelerate/brake."""
    world = wp.tid()
    out = work_pedals(scene, state, world, 0, code)
    action_out[world, 0] = out[0]
    action_out[world, 1] = out[1]


def ego_actions(scene: Scene, state: State, name: str, action_out: wp.array) -> None:
    """Write the actions of driver ``name`` for all egos, (nworld, 2): steer and accelerate/brake in -1..1."""
    wp.launch(
        _work_ego,
        dim=state.tick.shape[0],
        inputs=[scene, state, DRIVERS[name]],
        outputs=[action_out],
        device=state.tick.device,
    )
