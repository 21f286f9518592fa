"""Pedals and steering of the YAML format: actions that the storyboard does in place of an actor's driver."""

# pyright: reportInvalidTypeForm=false
# Types made by calls (word(...)) are what pydantic reads.
from __future__ import annotations

from sim.scenario.fields import Share, Strict, Time, WheelAngle, word


class PressBrake(Strict):
    """The foot goes to the brake pedal, ``over`` a time, and stays there."""

    brake: Share
    over: Time | None = None


class Throttle(Strict):
    """The foot goes to the accelerator, and stays there."""

    throttle: Share
    over: Time | None = None


class Steer(Strict):
    """The front wheels turn by an angle, left positive, and stay so."""

    steer: WheelAngle
    over: Time | None = None


class Release(Strict):
    """The driver gets the pedals or the steering back."""

    release: word("thing to release", "pedals", "steering", "all")


def presses_brake(value: object) -> bool:
    """Whether ``brake: value`` means the pedal: a share of it, in percent, where a deceleration has a unit."""
    return "%" in str(value)


PEDALS: dict[str, type[Strict]] = {"throttle": Throttle, "steer": Steer, "release": Release}
"""Actions by their key; `PressBrake` shares its own with a deceleration."""
