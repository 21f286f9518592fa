"""What holds a trailer to the vehicle that pulls it: a ball, or a fifth wheel, between two vehicles of six degrees of freedom.

The joint works once a tick, after everything else has moved: an impulse that makes both coupling points move alike, with the effective
mass of both bodies (Catto 2005, Iterative dynamics with temporal coherence, section 4). What it took is put on both vehicles as a constant
force over the next tick's steps, so that the impulse has only its change to make up for: wheels, springs and tyres feel the load at each
step, and no vehicle moves in jerks. That is a splitting between the vehicles, whose tyres are implicit, and a projection that takes
energy, so it needs no damping at any ratio of masses. What gap is left is taken out of the positions alone (split impulse, Catto 2009).

A fifth wheel turns freely in yaw and, up to its stops, in pitch. In roll its plate bears as long as the trailer's load keeps it from
tilting over one edge (load times half its width), and without bound once the king pin's play is used up. A ball turns in all
three, to stops.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportReturnType=false
from __future__ import annotations

import warp as wp

from sim.physics.chassis import Demand
from sim.physics.sets import FOUR_WHEELS, SEMITRAILER
from sim.physics.wheels import reference_arm
from sim.structs import actor_threads
from sim.types import TICK, CarSet, Motion, Scene, State

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

PLATE_HEIGHT, BALL_HEIGHT = 1.15, 0.42
"""Of a fifth wheel (ISO 1726) and of a ball (ISO 1103: 0.35 to 0.42) over the ground [m]."""
PLATE_HALF, PLATE_PLAY, PLATE_STOP = 0.4, 0.04, 1.0e7
"""Of a fifth wheel: half its width [m], the tilt to either side that its king pin leaves it [rad], and the stiffness beyond [N m/rad]."""
MAX_BEND = 1.9
"""Angle at which a trailer meets the back of what pulls it [rad]."""
PLATE_PITCH, BALL_TILT = 0.26, 0.4
"""Stops of a fifth wheel in pitch (ISO 1726: 15 degrees) and of a ball in pitch and roll [rad]."""
JOLT = 0.5
"""Change of the joint's force in a sweep, over the trailer's mass, up to which it is put on both vehicles in the next tick: what is more
was an impact, and over [m/s^2]."""
CLOSE = 0.4
"""Share of a gap that is taken out of the positions per tick."""
SWEEPS = 4
"""Over all joints of a train, per tick."""


@wp.struct
class End:
    """A vehicle at a joint; world axes."""

    cog: wp.vec3
    rot: wp.quat
    vel: wp.vec3
    """Of the centre of gravity [m/s]."""
    rate: wp.vec3
    arm: wp.vec3
    """From the centre of gravity to the joint [m]."""
    mass: wp.mat33
    """Inverse."""
    inertia: wp.mat33
    """Inverse."""


@wp.func
def train_head(state: State, world: int, a: int) -> int:
    """The actor at the head of the train that ``a`` is in; itself where nothing pulls it."""
    head = int(a)
    link = state.story.tow[world, a]
    while link >= 0:  # no train pulls itself (`sim.behavior.trailers.couple`)
        head = link
        link = state.story.tow[world, head]
    return head


@wp.func
def on_plate(scene: Scene, world: int, b: int) -> bool:
    """Whether a trailer lies on a fifth wheel."""
    return scene.vehicle.kind[world, b] == wp.static(SEMITRAILER)


@wp.func
def coupling_arm(scene: Scene, world: int, b: int, car: CarSet, ahead: float) -> wp.vec3:
    """From a vehicle's centre of gravity to the coupling of trailer ``b``, body axes; ``ahead``: of the vehicle's reference point [m]."""
    height = wp.where(on_plate(scene, world, b), wp.static(PLATE_HEIGHT), wp.static(BALL_HEIGHT))
    return reference_arm(car) + wp.vec3(ahead, 0.0, height)


@wp.func
def on_wheels(scene: Scene, state: State, world: int, a: int) -> bool:
    """Whether an actor is a vehicle that physics moves on four wheels."""
    motion = state.motion[world, a]
    moves = motion == wp.static(int(Motion.DRIVEN)) or motion == wp.static(int(Motion.BODY))
    return moves and scene.vehicle.kind[world, a] < wp.static(FOUR_WHEELS)


@wp.func
def roll_axis(front: wp.quat, back: wp.quat) -> wp.vec3:
    """About which a fifth wheel passes roll: square to the pulling vehicle's left and to the trailer's vertical."""
    left = wp.quat_rotate(front, wp.vec3(0.0, 1.0, 0.0))
    return wp.normalize(wp.cross(left, wp.quat_rotate(back, wp.vec3(0.0, 0.0, 1.0))))


@wp.func
def couple_loads(scene: Scene, state: State, world: int, a: int, car: CarSet, rot: wp.quat, ask: Demand) -> Demand:
    """``ask`` with what the couplings of a vehicle to its trailer and to what pulls it do to it over the tick."""
    out = ask
    if scene.story.hitch.shape[1] < 2:
        return out
    tow = state.story.tow[world, a]
    coupled = tow >= 0 and state.story.towing[world, wp.max(tow, 0)] == a
    if coupled and on_wheels(scene, state, world, tow):
        push = state.vehicle.pull[world, a]
        arm = coupling_arm(scene, world, a, car, scene.story.coupler[world, a])
        turn = state.vehicle.plate[world, a] * roll_axis(state.rot[world, tow], rot)
        out.firm = 1.0
        out.push = out.push + push
        out.twist = out.twist + wp.cross(arm, wp.quat_rotate_inv(rot, push)) + wp.quat_rotate_inv(rot, turn)
    b = state.story.towing[world, a]
    if b >= 0 and on_wheels(scene, state, world, b):
        push = -state.vehicle.pull[world, b]
        arm = coupling_arm(scene, world, b, car, scene.story.hitch[world, a])
        turn = -state.vehicle.plate[world, b] * roll_axis(rot, state.rot[world, b])
        out.firm = 1.0
        out.push = out.push + push
        out.twist = out.twist + wp.cross(arm, wp.quat_rotate_inv(rot, push)) + wp.quat_rotate_inv(rot, turn)
    return out


@wp.func
def load_end(state: State, world: int, a: int, car: CarSet, arm: wp.vec3) -> End:
    """A vehicle; ``arm``: from its centre of gravity to the joint, body axes [m]."""
    out = End()
    out.rot = state.rot[world, a]
    out.rate = state.ang_vel[world, a]
    back = wp.quat_rotate(out.rot, reference_arm(car))
    out.cog = state.pos[world, a] - back
    out.vel = state.vel[world, a] - wp.cross(out.rate, back)
    out.arm = wp.quat_rotate(out.rot, arm)
    turn = wp.quat_to_matrix(out.rot)
    light = wp.vec3(1.0 / car.mass, 1.0 / car.mass, 1.0 / car.sprung)
    out.mass = turn * wp.diag(light) * wp.transpose(turn)
    slow = wp.vec3(1.0 / car.inertia[0], 1.0 / car.inertia[1], 1.0 / car.inertia[2])
    out.inertia = turn * wp.diag(slow) * wp.transpose(turn)
    return out


@wp.func
def keep_end(state: State, world: int, a: int, car: CarSet, end: End, dt: float):
    """Write a vehicle's pose and velocities."""
    back = wp.quat_rotate(end.rot, reference_arm(car))
    vel = end.vel + wp.cross(end.rate, back)
    state.accel[world, a] = state.accel[world, a] + (vel - state.vel[world, a]) / dt
    state.pos[world, a] = end.cog + back
    state.rot[world, a] = end.rot
    state.vel[world, a] = vel
    state.ang_vel[world, a] = end.rate
    state.speed[world, a] = wp.dot(vel, wp.quat_rotate(end.rot, wp.vec3(1.0, 0.0, 0.0)))


@wp.func
def give_way(end: End) -> wp.mat33:
    """Change of velocity of a vehicle's joint with an impulse there."""
    arm = wp.skew(end.arm)
    return end.mass - arm * end.inertia * arm


@wp.func
def push_end(end: End, impulse: wp.vec3) -> End:
    """A vehicle after an impulse at its joint."""
    out = end
    out.vel = end.vel + end.mass * impulse
    out.rate = end.rate + end.inertia * wp.cross(end.arm, impulse)
    return out


@wp.func
def shift(end: End, impulse: wp.vec3, turn: wp.vec3) -> End:
    """A vehicle moved as an impulse at its joint and an angular one would in a second, with no speed left."""
    out = end
    out.cog = end.cog + end.mass * impulse
    half = 0.5 * (end.inertia * (wp.cross(end.arm, impulse) + turn))
    out.rot = wp.normalize(wp.quat(half[0], half[1], half[2], 1.0) * end.rot)
    return out


@wp.func
def stop(axis: wp.vec3, angle: float, limit: float, rate: wp.vec3, light: wp.mat33) -> wp.vec3:
    """Angular impulse on a trailer that ends a turn beyond a stop; ``rate``: against what pulls it, ``light``: inverse inertia of both."""
    past = wp.abs(angle) - limit
    away = wp.dot(rate, axis) * wp.sign(angle)
    if past <= 0.0 or away <= 0.0:
        return wp.vec3()
    return axis * (-wp.sign(angle) * away / wp.dot(axis, light * axis))


@wp.func
def stops(front: End, back: End, plate: bool) -> wp.vec3:
    """Angular impulse of all stops on a trailer."""
    x = wp.quat_rotate(front.rot, wp.vec3(1.0, 0.0, 0.0))
    y = wp.quat_rotate(front.rot, wp.vec3(0.0, 1.0, 0.0))
    z = wp.quat_rotate(front.rot, wp.vec3(0.0, 0.0, 1.0))
    ahead = wp.quat_rotate(back.rot, wp.vec3(1.0, 0.0, 0.0))
    up = wp.quat_rotate(back.rot, wp.vec3(0.0, 0.0, 1.0))
    rate = back.rate - front.rate
    light = front.inertia + back.inertia
    tilt = wp.where(plate, wp.static(PLATE_PITCH), wp.static(BALL_TILT))
    out = stop(z, wp.atan2(wp.dot(ahead, y), wp.dot(ahead, x)), wp.static(MAX_BEND), rate, light)
    out += stop(y, wp.asin(wp.clamp(wp.dot(up, x), -1.0, 1.0)), tilt, rate, light)
    if not plate:
        out += stop(x, -wp.asin(wp.clamp(wp.dot(up, y), -1.0, 1.0)), tilt, rate, light)
    return out


@wp.func
def hold_plate(state: State, world: int, b: int, front: End, back: End, dt: float) -> float:
    """Roll impulse of a fifth wheel on its trailer about `roll_axis` [N m s]; keeps the moment."""
    axis = roll_axis(front.rot, back.rot)
    tilt = wp.dot(wp.quat_rotate(front.rot, wp.vec3(0.0, 1.0, 0.0)), wp.quat_rotate(back.rot, wp.vec3(0.0, 0.0, 1.0)))
    old = state.vehicle.plate[world, b]
    resist = wp.dot(axis, (front.inertia + back.inertia) * axis)
    # The tilt grows with the trailer's turn against the axis; `CLOSE` of it ends in the next tick.
    wanted = wp.dot(front.rate - back.rate, axis) + wp.static(CLOSE) * tilt / dt
    most = wp.max(state.vehicle.pull[world, b][2], 0.0) * wp.static(PLATE_HALF)
    most += wp.max(wp.abs(tilt) - wp.static(PLATE_PLAY), 0.0) * wp.static(PLATE_STOP)
    new = wp.clamp(old + wanted / (resist * dt), -most, most)
    state.vehicle.plate[world, b] = new
    return (new - old) * dt


@wp.func
def hold(scene: Scene, state: State, world: int, a: int, b: int, last: bool, dt: float):
    """Make the joint of trailer ``b`` and whatever pulls it move alike; ``last``: close the gap, too."""
    car = scene.vehicle.car[world, a]
    trailer = scene.vehicle.car[world, b]
    front = load_end(state, world, a, car, coupling_arm(scene, world, b, car, scene.story.hitch[world, a]))
    back = load_end(state, world, b, trailer, coupling_arm(scene, world, b, trailer, scene.story.coupler[world, b]))
    plate = on_plate(scene, world, b)
    turn = stops(front, back, plate)
    if plate:
        turn += hold_plate(state, world, b, front, back, dt) * roll_axis(front.rot, back.rot)
    front.rate = front.rate - front.inertia * turn
    back.rate = back.rate + back.inertia * turn
    stiff = wp.inverse(give_way(front) + give_way(back))
    gap = back.vel + wp.cross(back.rate, back.arm) - front.vel - wp.cross(front.rate, front.arm)
    impulse = -(stiff * gap)
    front = push_end(front, -impulse)
    back = push_end(back, impulse)
    most = wp.static(JOLT) * trailer.mass * dt
    kept = impulse * wp.min(most / wp.max(wp.length(impulse), 0.001 * most), 1.0)
    state.vehicle.pull[world, b] = state.vehicle.pull[world, b] + kept / dt
    if last:
        apart = back.cog + back.arm - front.cog - front.arm
        impulse = stiff * (-wp.static(CLOSE) * apart)
        front = shift(front, -impulse, wp.vec3())
        back = shift(back, impulse, wp.vec3())
    keep_end(state, world, a, car, front, dt)
    keep_end(state, world, b, trailer, back, dt)


@wp.func
def hold_train(scene: Scene, state: State, world: int, head: int, last: bool, dt: float):
    """One sweep over the joints of a train, front to back; both sides of a joint stand still only together."""
    a = int(head)
    b = state.story.towing[world, head]
    for _i in range(state.story.tow.shape[1]):
        if b >= 0:
            if on_wheels(scene, state, world, a) and on_wheels(scene, state, world, b):
                still = wp.min(state.rest[world, a], state.rest[world, b])
                state.rest[world, a] = still
                state.rest[world, b] = still
                moves = wp.length_sq(state.vel[world, a]) + wp.length_sq(state.vel[world, b]) > 0.0
                if moves:
                    hold(scene, state, world, a, b, last, dt)
            a = b
            b = state.story.towing[world, b]


@wp.kernel
def _hold_trailers(scene: Scene, state: State, dt: float, stride: int):
    """Reads couplings and what they took in the last tick. Writes poses and velocities of vehicles that physics moves in trains.

    A thread has a whole train, from its head.
    """
    world, first = wp.tid()
    if state.done[world] != 0:
        return
    for a in range(first, scene.valid.shape[1], stride):
        if state.story.towing[world, a] >= 0 and state.story.tow[world, a] < 0:
            for sweep in range(wp.static(SWEEPS)):
                hold_train(scene, state, world, a, sweep == wp.static(SWEEPS - 1), dt)


def hold_trailers(scene: Scene, state: State) -> None:
    """Hold trailers to what pulls them, where physics moves both; launches nothing if the batch has no trailers."""
    if scene.story.hitch.shape[1] > 1:
        dim, stride = actor_threads(state.motion)
        wp.launch(_hold_trailers, dim=dim, inputs=[scene, state, TICK, stride], device=state.tick.device)
