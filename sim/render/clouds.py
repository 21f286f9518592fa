"""Clouds: a layer of fractal noise above the world, thresholded so that it hides the share of the sky that the weather says.

Each world has clouds of its own, by its key and seed: from heaps with flat grey bases to drawn-out veils; towards full cover both close
to a deck. Noise: sums of octaves after Perlin 1985 and Musgrave (Ebert et al. 1994, Texturing and modeling, ch. 15), bent by itself.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.materials import hash3, plane_noise

wp.set_module_options({"enable_backward": False})

SCALE = 1.5
"""Cells of the noise per height of the layer."""


@wp.struct
class Clouds:
    """A world's clouds."""

    shift: wp.vec2
    """Where in the noise the world lies."""
    veil: float
    """0 heaps .. 1 veils."""
    level: float
    """Noise above which there is cloud."""
    soft: float
    """Range of noise over which it thickens."""
    deck: float
    """How far the clouds have closed to a deck, 0..1."""


@wp.func
def clouds_of(key: wp.uint32, seed: wp.uint32, cover: float) -> Clouds:
    """The clouds of a world of the given key and seed that hide the share ``cover`` of its sky."""
    out = Clouds()
    k = int(key % wp.uint32(1000003))
    j = int(seed % wp.uint32(1000003))
    out.shift = wp.vec2(500.0 * hash3(k, j, 211), 500.0 * hash3(k, j, 212))
    out.deck = wp.smoothstep(0.6, 1.0, cover)
    out.veil = wp.smoothstep(0.45, 0.95, hash3(k, j, 213)) * (1.0 - out.deck)
    out.soft = 0.12 + 0.3 * out.veil + 0.2 * out.deck
    # A fit to the quantiles of `cloud_noise`.
    x = 1.0 - 2.0 * wp.clamp(cover, 0.0, 1.0)
    out.level = 0.5 + x * (0.168 + 0.105 * x * x * x * x) - 0.4 * out.soft
    out.level += 0.3 * (1.0 - wp.smoothstep(0.0, 0.1, cover)) - 0.35 * out.deck
    return out


@wp.func
def cloud_noise(x: float, y: float, octaves: int) -> float:
    """Noise of mean 0.5; grids are turned from octave to octave, or they would line up."""
    bend = 0.9 * plane_noise(0.6 * x + 9.3, 0.6 * y - 4.1)
    x += bend
    y += 0.7 * bend
    total = float(0.0)
    weight = float(0.5)
    for _ in range(octaves):
        total += weight * plane_noise(x, y)
        z = 1.72 * x + 1.18 * y + 17.3
        y = 1.72 * y - 1.18 * x + 5.9
        x = z
        weight = 0.5 * weight
    # What the octaves left out would add on average: shares agree however many there are.
    return total + weight


@wp.func
def cloud_place(clouds: Clouds, d: wp.vec3) -> wp.vec2:
    """Where a view upwards meets the layer, in cells; bent down at the horizon, as the earth is round."""
    s = SCALE / (d[2] + 0.07)
    return wp.vec2(d[0] * s * (1.0 - 0.65 * clouds.veil), d[1] * s) + clouds.shift


@wp.func
def cloud_depth(clouds: Clouds, at: wp.vec2, octaves: int) -> float:
    """How thick the layer is at a place, 0: none, 1 and more: nothing shines through."""
    return (cloud_noise(at[0], at[1], octaves) - clouds.level) / clouds.soft


@wp.func
def cloud_share(clouds: Clouds, depth: float, up: float) -> float:
    """Share of what is behind that a cloud of the given depth hides, at the height ``up`` (z of the view)."""
    x = wp.clamp(depth, 0.0, 1.0)
    most = wp.lerp(0.97, 0.55, clouds.veil)
    return most * x * x * (3.0 - 2.0 * x) * wp.clamp(up * 14.0, 0.0, 1.0)
