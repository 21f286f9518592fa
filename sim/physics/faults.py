"""Faults of vehicles: what a burst tyre, a lost wheel, failed or hot brakes, steering and a stuck accelerator do within a tick.

A tyre that bursts loses radius, stiffness and grip and gains rolling resistance over `BURST_TIME`: the layout of Blythe, Day and Grimes
1998, 3-dimensional simulation of vehicle response to tire blow-outs (SAE 980221). The numbers are ours, for a tyre that stays on its rim:
the radius falls by about the height of the sidewall, and resistance and stiffness are those of rubber folded under the rim. Brakes are
lumps of iron that take up what they dissipate (Limpert 2011, Brake design and safety, ch. 3) and lose friction when hot.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.physics.chassis import Demand
from sim.physics.options import VEHICLES
from sim.physics.sets import CYCLES
from sim.physics.wheels import CarMotion, Footing, tractive_force, turn_steering, wheel_axle
from sim.types import BURST_TYRE, NO_WHEEL, CarSet, Fault, Motion, Scene, State

wp.set_module_options(VEHICLES)

BURST_TIME = 0.1
"""From the first hole to a flat tyre [s]."""
DROP, FLAT_SLACK, FLAT_GRIP, FLAT_ROLLING = 0.28, 0.75, 0.6, 0.25
"""Of a flat tyre: radius lost, over it; share of the slip stiffness that is lost; share of friction that is left; rolling resistance."""
GONE = 10.0
"""How far the ground falls away under a wheel that is lost [m]: nothing carries its corner but the body."""
BRAKE_IRON, IRON_HEAT, COOLING = 0.0157, 460.0, 250.0
"""Mass of discs and drums over the vehicle's (22 kg of 1400 kg), their heat capacity [J/(kg K)], time constant of cooling [s]."""
FADE_START, FADE_END, FADE_LEFT = 350.0, 700.0, 0.35
"""Temperatures at which linings begin and cease to fade [degC], and the share of brake force that is left then (assumed)."""
CASTER_SPEED = 0.5
"""Speed from which free wheels turn where they are dragged [m/s]."""


@wp.func
def break_part(
    scene: Scene, state: State, world: int, a: int, fault: int, brakes: wp.vec4, throttle: float, warm: float
):
    """Let a fault begin: bits of `Fault`, brake force lost by wheel, where the accelerator sticks, temperature of the brakes [degC].

    A scripted vehicle is driven from then on, as only physics knows what a fault does.
    """
    if scene.vehicle.kind[world, a] >= wp.static(CYCLES):
        return
    state.faults.broken[world, a] = state.faults.broken[world, a] | fault
    state.faults.tick[world, a] = state.tick[world] + 1
    state.faults.brake_loss[world, a] = wp.max(state.faults.brake_loss[world, a], brakes)
    state.faults.throttle[world, a] = wp.max(state.faults.throttle[world, a], throttle)
    heat = warm - scene.weather.temperature[world]
    state.faults.heat[world, a] = wp.max(state.faults.heat[world, a], wp.vec2(heat, heat))
    gone = (fault // wp.static(int(Fault.WHEEL_LOST))) & 15
    if state.visible[world, a] != 0:
        state.visible[world, a] = state.visible[world, a] | (gone * wp.static(NO_WHEEL))
    state.rest[world, a] = 0
    if state.motion[world, a] != wp.static(int(Motion.BODY)):
        state.motion[world, a] = wp.static(int(Motion.DRIVEN))


@wp.func
def damage_wheels(state: State, world: int, a: int, car: CarSet, ground: Footing, dt: float) -> Footing:
    """The ground as burst tyres and lost wheels meet it; tyres go on losing air."""
    broken = state.faults.broken[world, a]
    if broken < wp.static(int(Fault.BURST)):
        return ground
    out = ground
    flat = state.faults.flat[world, a]
    for i in range(4):
        if (broken & (wp.static(int(Fault.BURST)) << i)) != 0:
            flat[i] = wp.min(flat[i] + dt * wp.static(1.0 / BURST_TIME), 1.0)
            if flat[i] > 0.5 and state.visible[world, a] != 0:
                state.visible[world, a] = state.visible[world, a] | (wp.static(BURST_TYRE) << i)
            out.friction[i] = out.friction[i] * wp.lerp(1.0, wp.static(FLAT_GRIP), flat[i])
            out.rolling[i] = out.rolling[i] + wp.static(FLAT_ROLLING) * flat[i]
            out.slack[i] = wp.static(FLAT_SLACK) * flat[i]
            drop = wp.static(DROP) * car.radius * flat[i]
            out.point.x[i] = out.point.x[i] - out.normal.x[i] * drop
            out.point.y[i] = out.point.y[i] - out.normal.y[i] * drop
            out.point.z[i] = out.point.z[i] - out.normal.z[i] * drop
        if (broken & (wp.static(int(Fault.WHEEL_LOST)) << i)) != 0:
            out.friction[i] = 0.0
            out.point.z[i] = out.point.z[i] - wp.static(GONE)
    state.faults.flat[world, a] = flat
    return out


@wp.func
def brake_shares(state: State, world: int, a: int, air: float) -> wp.vec4:
    """Share of each wheel's brake force that failures and heat leave; ``air``: its temperature [degC]."""
    heat = state.faults.heat[world, a]
    out = wp.vec4(1.0, 1.0, 1.0, 1.0) - state.faults.brake_loss[world, a]
    for i in range(4):
        over = (air + heat[i // 2] - wp.static(FADE_START)) * wp.static(1.0 / (FADE_END - FADE_START))
        out[i] = out[i] * wp.lerp(1.0, wp.static(FADE_LEFT), wp.clamp(over, 0.0, 1.0))
    return out


@wp.func
def damage_controls(
    scene: Scene, state: State, world: int, a: int, car: CarSet, b: CarMotion, ask: Demand, dt: float
) -> Demand:
    """What faults leave of a driver's demand."""
    broken = state.faults.broken[world, a]
    out = ask
    vel = wp.quat_rotate_inv(b.rot, b.vel)
    if (broken & wp.static(int(Fault.STEERING_LOCKED))) != 0:
        out.aim = b.steer
    elif (broken & wp.static(int(Fault.STEERING_FREE))) != 0:
        drag = b.steer
        if vel[0] > wp.static(CASTER_SPEED):
            drag = wp.atan2(vel[1] + b.rate[2] * car.front.x, vel[0])
        out.aim = turn_steering(car, b.steer, drag, dt)
    if (broken & wp.static(int(Fault.THROTTLE))) != 0:
        stuck = state.faults.throttle[world, a]
        state.vehicle.throttle[world, a] = wp.max(state.vehicle.throttle[world, a], stuck)
        out.drive = wp.max(out.drive, stuck * tractive_force(car, wp.abs(vel[0]), b.spin))
    out.brake = wp.cw_mul(out.brake, brake_shares(state, world, a, scene.weather.temperature[world]))
    return out


@wp.func
def warm_brakes(state: State, world: int, a: int, car: CarSet, b: CarMotion, dt: float):
    """Brakes take up what they have dissipated in a tick and cool."""
    heat = state.faults.heat[world, a]
    if wp.max(b.brake) <= 0.0 and wp.max(heat) <= 0.0:
        return
    iron = wp.static(BRAKE_IRON * IRON_HEAT) * car.mass
    for k in range(2):
        axle = wheel_axle(car, 2 * k)
        spin = b.brake[2 * k] * wp.abs(b.spin[2 * k]) + b.brake[2 * k + 1] * wp.abs(b.spin[2 * k + 1])
        # The axle's share of the iron is that of its brake force.
        power = 0.5 * car.radius * car.max_brake * spin * wp.where(axle.brake > 0.0, 1.0, 0.0)
        heat[k] = heat[k] + dt * (power / iron - heat[k] * wp.static(1.0 / COOLING))
    state.faults.heat[world, a] = heat
