"""What one drives and walks on: wear, repairs, seams and cracks of roads; concrete, soil, gravel, grass and worn markings."""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.render.materials import Surf, fade, hash3, joint, plane_noise, turned_noise
from sim.render.mesh import Surface

wp.set_module_options({"enable_backward": False})


@wp.func
def track_of(lane: wp.vec2) -> float:
    """1 where tyres run, 0 elsewhere; ``lane``: metres left of the lane's middle, and 1 on lanes (``uv`` of a road's mesh)."""
    off = (wp.abs(lane[0]) - 0.76) / 0.26
    return lane[1] * wp.exp(-off * off)


@wp.func
def wear_tone(p: wp.vec3, lane: wp.vec2, large: float, foot: float) -> float:
    """What traffic does to a lane's colour: a factor of its albedo, drawn out along the lane and seen from afar.

    Tyres leave rubber and press the binder up (two darker bands), engines drip between them, dust stays where nobody drives; how much
    changes along the road. A footprint is far longer along the lane than across it, so streaks are seen beyond their width.
    """
    age = wp.clamp(0.55 + 1.6 * large, 0.15, 1.0)
    drip = lane[0] / 0.34
    outer = wp.smoothstep(1.05, 1.7, wp.abs(lane[0]))
    # Streaks along the lane: noise across it, which strays slowly, whatever way the lane runs.
    streak = (plane_noise(lane[0] * 5.3, 0.021 * (p[0] + p[1]) + 0.9 * large) - 0.5) * fade(foot, 8.0)
    streak += (plane_noise(lane[0] * 17.0, 0.06 * (p[0] - p[1]) - 1.3 * large) - 0.5) * (0.5 * fade(foot, 1.5))
    k = 1.0 - age * (0.15 * track_of(lane) + 0.12 * wp.exp(-drip * drip)) + 0.12 * outer + 0.13 * streak
    return wp.lerp(1.0, k, lane[1])


@wp.func
def asphalt_tone(p: wp.vec3, large: float, mottle: float, fine: float, foot: float) -> float:
    """Repairs, sealed seams and cracks of a road: a factor of its albedo."""
    k = float(1.0)
    # Repairs: rectangles of younger or older surface, with a sealed seam.
    cx = p[0] / 7.3
    cy = p[1] / 3.1
    chance = hash3(int(wp.floor(cx)), int(wp.floor(cy)), 3)
    if chance < 0.05:
        k = 0.82 + 5.0 * chance
        k = k * (1.0 - 0.3 * wp.max(joint(cx, 0.012, foot / 7.3), joint(cy, 0.025, foot / 3.1)))
    if large > 0.05:
        # Cracks: pieces of long jagged contours.
        line = turned_noise(p, 0.13, 0.8, 0.6) - 0.5 + 0.11 * (turned_noise(p, 1.3, 0.28, 0.96) - 0.5)
        line = wp.abs(line + 0.012 * mottle + 0.006 * fine)
        width = 0.0011 + 0.05 * foot
        piece = wp.clamp((turned_noise(p, 0.31, 0.6, 0.8) - 0.5) * 8.0, 0.0, 1.0)
        if line < width:
            k = k * (1.0 - 0.5 * piece * fade(foot, 0.06) * (1.0 - line / width))
    elif large < -0.08:
        # Sealed cracks: a hand's breadth of bitumen along lines that stray.
        line = wp.abs(turned_noise(p, 0.17, 0.62, 0.78) - 0.5 + 0.06 * (turned_noise(p, 1.1, 0.95, 0.31) - 0.5))
        width = 0.008 + 0.06 * foot
        piece = wp.clamp((-0.08 - large) * 20.0, 0.0, 1.0)
        if line < width:
            k = k * (1.0 - 0.45 * piece * wp.min(1.0, 0.08 / foot) * wp.min(1.0, 2.0 * (1.0 - line / width)))
    # Drops of oil where cars stand and drive.
    spot = turned_noise(p, 2.7, 0.9, 0.44)
    k = k * (1.0 - 0.22 * wp.clamp((spot - 0.92) * 16.0, 0.0, 1.0) * fade(foot, 0.3))
    return k


@wp.func
def look_of_ground(s: Surf, p: wp.vec3, lane: wp.vec2, foot: float) -> Surf:
    """Asphalt, concrete, soil, gravel, grass and worn markings: noise over several scales in the plane."""
    out = s
    large = turned_noise(p, 0.11, 0.97, 0.26) - 0.5
    middle = turned_noise(p, 0.83, 0.72, 0.69) - 0.5
    fine = (turned_noise(p, 19.0, 0.34, 0.94) - 0.5) * fade(foot, 0.05)
    grain = (turned_noise(p, 97.0, 0.88, 0.47) - 0.5) * fade(foot, 0.011)
    k = 1.0 + 0.2 * large + 0.14 * middle + 0.18 * fine + 0.5 * grain
    if s.surface == wp.static(int(Surface.ASPHALT)):
        mottle = (turned_noise(p, 4.1, 0.5, 0.87) - 0.5) * fade(foot, 0.25)
        k = (
            k
            * (1.0 + 0.1 * mottle + 0.16 * fine)
            * asphalt_tone(p, large, mottle, fine, foot)
            * wear_tone(p, lane, large, foot)
        )
        out.roughness = s.roughness + 0.1 * fine
        out.albedo = s.albedo * k
    elif s.surface == wp.static(int(Surface.MARKING)):
        wear = plane_noise(p[0] * 2.3, p[1] * 2.3) * 0.6 + (fine + 0.5) * 0.4 + 0.9 * grain
        gone = wp.clamp((wear - 0.62 - 0.25 * large) * 5.0, 0.0, 0.85)
        out.albedo = wp.lerp(s.albedo * (0.92 + 0.25 * middle), wp.vec3(0.11, 0.11, 0.108), gone)
    elif s.surface == wp.static(int(Surface.GRASS)):
        dry = wp.clamp(0.45 + 1.3 * large + 0.5 * middle, 0.0, 1.0)
        patch = (turned_noise(p, 3.1, 0.94, 0.34) - 0.5) * fade(foot, 0.4)
        middle = 0.6 * middle + 0.6 * patch
        blade = (plane_noise(p[0] * 31.0, p[1] * 11.0) - 0.5) * fade(foot, 0.1)
        out.albedo = wp.cw_mul(s.albedo, wp.lerp(wp.vec3(0.85, 1.05, 0.8), wp.vec3(1.5, 1.15, 0.9), dry))
        out.albedo = out.albedo * (1.0 + 0.35 * middle + 0.5 * fine + 0.7 * blade)
    else:
        out.albedo = s.albedo * (k + 0.35 * fine + 0.2 * middle)
    out.bump = wp.vec2(0.25 * fine + 0.3 * grain, 0.25 * fine - 0.3 * grain)
    return out
