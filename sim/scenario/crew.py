"""Who sits in vehicles: drawn for each seat from the look stream and the actor's name, as paint is; a seat's draw moves no other."""

from __future__ import annotations

from sim.assets import AssetSpec
from sim.assets.occupants import LOOKS
from sim.random import Stream
from sim.types import SEAT_BITS

TAKEN = 0.4
"""Share of seats taken, but for the driver's."""


def draw_crew(name: str, asset: AssetSpec, look_seed: int) -> int:
    """`sim.types.Scene.crew` of an actor whom somebody drives: a driver, perhaps others."""
    look = Stream(look_seed, 0, 0)
    crew = 0
    for seat in range(len(asset.seats)):
        if seat == 0 or look.uniform(f"seat/{name}", seat) < TAKEN:
            crew |= (1 + look.integer(f"occupant/{name}", len(LOOKS), seat)) << (SEAT_BITS * seat)
    return crew
