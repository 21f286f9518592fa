"""Ways on foot in the YAML format: actions of people and animals."""

# pyright: reportInvalidTypeForm=false
# Types made by calls (word(...)) are what pydantic reads.
from __future__ import annotations

from typing import Annotated

from sim.scenario.fields import ListOrOne, PositiveLength, Slant, Speed, Strict, Time, word
from sim.scenario.schema_place import Place


class WalkAcross(Strict):
    """Walk (or run, or ride) straight across the road from where one stands."""

    walk_across: word("thing to cross", "road")
    speed: Speed
    slant: Slant | None = None
    reach: PositiveLength | None = None


class GoTo(Strict):
    """Go through places in straight lines, off the lanes if need be."""

    go_to: Annotated[list[Place], ListOrOne]
    speed: Speed


class Startle(Strict):
    """Take fright: stop dead, stand for ``freeze``, then run on along the way one was on, or ``back`` for ``reach``."""

    startle: word("way out", "on", "back")
    speed: Speed | None = None
    freeze: Time | None = None
    reach: PositiveLength | None = None
