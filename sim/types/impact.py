"""The impacts of a world, as `sim.physics.contact` records them where collisions act (`Contact.PHYSICS`)."""

from __future__ import annotations

import warp as wp

MAX_IMPACTS = 8
"""Impacts that are kept of an episode: its first ones."""


@wp.struct
class Impacts:
    """The first impacts of each world in order of time; a pair that touches again within 0.1 s goes on with the same one."""

    count: wp.array[wp.int32]
    """How many are listed, (nworld,)."""
    tick: wp.array2d[wp.int32]
    """When it began, (nworld, MAX_IMPACTS)."""
    last: wp.array2d[wp.int32]
    """When the pair last exchanged an impulse, (nworld, MAX_IMPACTS)."""
    pair: wp.array2d[wp.vec2i]
    """The actors, the lower index first; or an actor and the number that `SCENERY` gives to the kind of what it struck: two trees that it
    strikes within 0.1 s are one impact, (nworld, MAX_IMPACTS)."""
    point: wp.array2d[wp.vec3]
    """Middle of the contact's points at first [m], (nworld, MAX_IMPACTS)."""
    normal: wp.array2d[wp.vec3]
    """Unit, from the first to the second, (nworld, MAX_IMPACTS)."""
    speed: wp.array2d[float]
    """Closing speed at first [m/s], (nworld, MAX_IMPACTS): along the normal; of who is run over the whole speed against the vehicle."""
    delta_first: wp.array2d[wp.vec3]
    """Change of velocity of the first actor's centre of gravity by this contact so far [m/s], (nworld, MAX_IMPACTS): by its first 0.2 s.
    That of the two against each other is at most the greatest speed at which they closed, or what one impulse alone made."""
    delta_second: wp.array2d[wp.vec3]
    """Of the second's [m/s], (nworld, MAX_IMPACTS)."""
    risk: wp.array2d[wp.vec2]
    """Estimated risk of death in or on the first and the second actor, by the curves of `sim.physics.injury`, 0..1,
    (nworld, MAX_IMPACTS)."""
