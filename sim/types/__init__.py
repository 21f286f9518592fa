"""Every array of a batch of worlds: name, shape, unit and meaning, said once, in this package.

Structs of arrays with the world first: (nworld, nactor, ...), padded, with a `valid` mask. `Scene` is constant over an episode, `State`
changes each tick, `Control` comes from whoever drives. `RoadTables` and `SolidTables` are shared by the worlds of a batch; all other arrays
have the world as first axis, which is what resets and splits over CPU threads rely on. World frame ISO 8855 (x forward, y left, z up),
SI units, radians. Actor 0 is the ego.
"""

from __future__ import annotations

from sim.types.car import Axle, CarSet, MagicTyre
from sim.types.faults import Fault, Faults
from sim.types.impact import MAX_IMPACTS, Impacts
from sim.types.metrics import Conflict, Metrics
from sim.types.road import LaneKind, Relief, RoadTables, Shape
from sim.types.solid import SCENERY, SOLID_CELL, SOLID_NAMES, Solid, SolidItem, SolidTables, partner_name
from sim.types.story import PathTables, StoryState, StoryTables
from sim.types.vehicle import VehicleParams, VehicleState
from sim.types.world import BURST_TYRE, NO_WHEEL, SEAT_BITS, TICK, Contact, Control, Lamp, Motion, Scene, State, Weather

__all__ = [
    "BURST_TYRE",
    "MAX_IMPACTS",
    "NO_WHEEL",
    "SCENERY",
    "SEAT_BITS",
    "SOLID_CELL",
    "SOLID_NAMES",
    "TICK",
    "Axle",
    "CarSet",
    "Conflict",
    "Contact",
    "Control",
    "Fault",
    "Faults",
    "Impacts",
    "Lamp",
    "LaneKind",
    "MagicTyre",
    "Metrics",
    "Motion",
    "PathTables",
    "Relief",
    "RoadTables",
    "Scene",
    "Shape",
    "Solid",
    "SolidItem",
    "SolidTables",
    "State",
    "StoryState",
    "StoryTables",
    "VehicleParams",
    "VehicleState",
    "Weather",
    "partner_name",
]
