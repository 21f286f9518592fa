"""What has failed on each vehicle: set by actions of the storyboard, felt by `sim.physics.faults`."""

from __future__ import annotations

from enum import IntFlag

import warp as wp


class Fault(IntFlag):
    """Bits of `Faults.broken`. Those of wheels are the first's, front left; front right, rear left and rear right follow."""

    STEERING_LOCKED = 1
    """The wheels stay as they are turned."""
    STEERING_FREE = 2
    """The wheels turn where they are dragged."""
    THROTTLE = 4
    """The engine gives `Faults.throttle` at least."""
    BRAKES = 8
    """`Faults.brake_loss` holds."""
    BURST = 16
    """A tyre loses its air (16, 32, 64, 128)."""
    WHEEL_LOST = 256
    """(256, 512, 1024, 2048)."""


@wp.struct
class Faults:
    """Faults of each actor; all zero at the start of an episode."""

    broken: wp.array2d[wp.int32]
    """Bits of `Fault`; 0: nothing is broken, (nworld, nactor)."""
    tick: wp.array2d[wp.int32]
    """Tick plus one of the last fault's onset, 0 before, (nworld, nactor)."""
    flat: wp.array2d[wp.vec4]
    """Share of its air that each tyre has lost; wheels front left, front right, rear left, rear right, (nworld, nactor)."""
    brake_loss: wp.array2d[wp.vec4]
    """Share of each wheel's brake force that is lost, (nworld, nactor)."""
    throttle: wp.array2d[float]
    """Where the accelerator sticks, 0..1, (nworld, nactor)."""
    heat: wp.array2d[wp.vec2]
    """Of the front and the rear axle's brakes above the air's temperature [K], (nworld, nactor)."""
