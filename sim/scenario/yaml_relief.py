"""Speed bumps, potholes and tunnels of a YAML map."""

from __future__ import annotations

from collections.abc import Callable

from sim.road.elements import Bump, Pothole, Tunnel
from sim.scenario.draws import Draws, Rejected
from sim.scenario.fields import Quantity
from sim.scenario.schema_map import Map
from sim.scenario.source import Path_

HEIGHT, LENGTH, RAMP = 0.075, 3.7, 10.0
"""Of a hump, and the length of a flat one's ramps over its height, unless the file says otherwise [m]: see `sim.road.relief`."""
DIAMETER, DEPTH = 0.6, 0.08
"""Of a pothole [m]."""

Borders = Callable[[Quantity | None, Path_], tuple[float, float]]
"""Right and left border of a lane, or of all lanes to drive on [m]."""


def draw_bumps(m: Map, length: float, draws: Draws, borders: Borders) -> tuple[Bump, ...]:
    """The bumps of a map whose road is ``length`` long.

    Raises:
        Rejected: if one is off the road or too steep.
    """
    out = []
    for i, bump in enumerate(m.bumps or []):
        at = ("map", "bumps", i)
        s = draws.number(bump.s, (*at, "s"))
        height = draws.number(bump.height, (*at, "height"), HEIGHT)
        long = draws.number(bump.length, (*at, "length"), LENGTH)
        shape = draws.word(bump.shape, (*at, "shape"), "round")
        ramp = draws.number(bump.ramp, (*at, "ramp"), min(RAMP * height, 0.5 * long))
        if not (long > 0.0 and 0.5 * long <= s <= length - 0.5 * long):
            raise Rejected(
                f"a bump from {s - 0.5 * long:g} to {s + 0.5 * long:g} m is not on the road of {length:g} m",
                at,
                "All of its length lies on the road: s is its middle.",
            )
        if not 0.0 < height <= 0.2 * long:
            raise Rejected(f"a bump {height:g} m high and {long:g} m long", at, "At most a fifth of its length high.")
        if shape == "flat" and not height <= ramp <= 0.5 * long + 1e-9:
            raise Rejected(
                f"ramps of {ramp:g} m for a bump {height:g} m high and {long:g} m long",
                (*at, "ramp"),
                "At least its height, at most half its length.",
            )
        t0, t1 = borders(bump.lane, at)
        out.append(Bump(s, t0, t1, height, long, shape, ramp, bump.marked))
    return tuple(out)


def draw_potholes(m: Map, length: float, draws: Draws, borders: Borders) -> tuple[Pothole, ...]:
    """The potholes of a map whose road is ``length`` long.

    Raises:
        Rejected: if one is outside its lane or too steep.
    """
    out = []
    for i, hole in enumerate(m.potholes or []):
        at = ("map", "potholes", i)
        s = draws.number(hole.s, (*at, "s"))
        diameter = draws.number(hole.diameter, (*at, "diameter"), DIAMETER)
        depth = draws.number(hole.depth, (*at, "depth"), DEPTH)
        offset = draws.number(hole.offset, (*at, "offset"))
        t0, t1 = borders(hole.lane, at)
        t = 0.5 * (t0 + t1) + (offset if t1 <= 0.0 else -offset)
        half = 0.5 * diameter
        if not 0.0 < depth <= diameter / 3.0:
            raise Rejected(
                f"a pothole {depth:g} m deep and {diameter:g} m wide", at, "At most a third as deep as wide."
            )
        if not (half <= s <= length - half and t0 + half <= t <= t1 - half):
            raise Rejected(
                f"a pothole {diameter:g} m wide at s {s:g} m, {offset:g} m off, is not inside its lane",
                at,
                f"All of it lies inside: offset up to {0.5 * (t1 - t0) - half:g} m.",
            )
        out.append(Pothole(s, t, diameter, depth))
    return tuple(out)


def draw_tunnels(m: Map, draws: Draws) -> tuple[Tunnel, ...]:
    """The tunnels of a map; one that reaches beyond the road ends with it."""
    return tuple(
        Tunnel(
            draws.number(t.s, ("map", "tunnels", i, "s")),
            draws.number(t.length, ("map", "tunnels", i, "length")),
            t.lit,
        )
        for i, t in enumerate(m.tunnels or [])
    )
