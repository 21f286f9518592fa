"""Faults of vehicles in the YAML format: actions that break something for good."""

# pyright: reportInvalidTypeForm=false
# Types made by calls (word(...)) are what pydantic reads.
from __future__ import annotations

from sim.scenario.fields import Heat, Share, Strict, word

WHEELS = ("front_left", "front_right", "rear_left", "rear_right")
AXLES = ("front", "rear")
CIRCUITS: dict[str, tuple[int, ...]] = {
    "all": (0, 1, 2, 3), "front": (0, 1), "rear": (2, 3), "diagonal_left": (0, 3), "diagonal_right": (1, 2),
}  # fmt: skip
"""Wheels that lose their brakes, in the order of `WHEELS`; a diagonal is named by its front wheel."""


class BurstTyre(Strict):
    """A tyre bursts, or both of an axle."""

    burst_tyre: word("wheel", *WHEELS, *AXLES)


class LoseWheel(Strict):
    """A wheel comes off, or both of an axle."""

    lose_wheel: word("wheel", *WHEELS, *AXLES)


class FailBrakes(Strict):
    """A circuit of the brakes fails, wholly or by ``share``."""

    fail_brakes: word("circuit", *CIRCUITS)
    share: Share | None = None


class HeatBrakes(Strict):
    """The brakes are that hot and fade."""

    heat_brakes: Heat


class FailSteering(Strict):
    """The front wheels stay as they are turned, or turn where they are dragged."""

    fail_steering: word("failure of the steering", "locked", "free")


class StickThrottle(Strict):
    """The accelerator sticks there."""

    stick_throttle: Share


class ComeLoose(Strict):
    """What lies on a carrier comes loose and goes on as a body."""

    come_loose: bool


FAULTS: dict[str, type[Strict]] = {
    "burst_tyre": BurstTyre,
    "lose_wheel": LoseWheel,
    "fail_brakes": FailBrakes,
    "heat_brakes": HeatBrakes,
    "fail_steering": FailSteering,
    "stick_throttle": StickThrottle,
}
"""Faults of vehicles by their key."""
